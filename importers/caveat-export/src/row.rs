//! One row of a table of an export, as the line that the same record would be.

use std::borrow::Cow;

use caveat_corpus::Digest;
use caveat_corpus::text::is_hidden;
use caveat_import_table::mapping::FileKind;
use caveat_importer::quote;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::line::{LineCell, LineCounts, LineGrade, LineSource, LineTrace};

/// The cells of a row under the names of their columns.
pub(crate) struct Row<'a> {
    pub(crate) columns: &'a [String],
    pub(crate) cells: &'a [Option<&'a str>],
    pub(crate) file: FileKind,
}

impl Row<'_> {
    /// A trace with the grade of the row, if there is one, and how many grades it has in all.
    pub(crate) fn trace(&self) -> Result<(LineTrace, u64), String> {
        let grades = self.whole("grades")?.ok_or_else(|| self.absent("grades"))?;
        let grade = match self.whole("grade")? {
            None => None,
            Some(_) => Some(LineGrade {
                grader: self.text("grader"),
                grader_kind: self.word("grader_kind")?,
                verdict: self.word("verdict")?,
                raw_score: self.text("raw_score"),
                grader_version: self.text("grader_version"),
                graded_at: self.text("graded_at"),
            }),
        };
        let line = LineTrace {
            id: self.digest("id")?.ok_or_else(|| self.absent("id"))?,
            model: self.text("model").ok_or_else(|| self.absent("model"))?,
            provider: self.text("provider"),
            coded_size: self.text("coded_size"),
            dataset: self.text("dataset"),
            technique: self.text("technique"),
            attack_family: self.text("attack_family"),
            harm_category: self.text("harm_category"),
            prompt_dataset: self.text("prompt_dataset"),
            prompt_id: self.text("prompt_id"),
            prompt_sha256: self.digest("prompt_sha256")?,
            attempt: self.small("attempt")?,
            turns: self.small("turns")?,
            observed_at: self.text("observed_at"),
            outcome: self.word("outcome")?,
            prompt_tokens: self.whole("prompt_tokens")?,
            response_tokens: self.whole("response_tokens")?,
            duration_ms: self.whole("duration_ms")?,
            response_sha256: self.digest("response_sha256")?,
            grades: grade.into_iter().collect(),
            source: LineSource {
                run_id: self.text("source_run_id"),
                record_id: self.text("source_record_id"),
                ..self.source()?
            },
            prompt_text: self.text("prompt_text"),
            response_text: self.text("response_text"),
        };
        Ok((line, grades))
    }

    /// A row of counts.
    pub(crate) fn cell(&self) -> Result<LineCell, String> {
        let mut counts = LineCounts::default();
        for verdict in caveat_corpus::Verdict::ALL {
            let name = verdict.name();
            *counts.of(verdict) = self.whole(name)?.ok_or_else(|| self.absent(name))?;
        }
        Ok(LineCell {
            id: self.digest("id")?.ok_or_else(|| self.absent("id"))?,
            model: self.text("model").ok_or_else(|| self.absent("model"))?,
            provider: self.text("provider"),
            coded_size: self.text("coded_size"),
            dataset: self.text("dataset"),
            technique: self.text("technique"),
            attack_family: self.text("attack_family"),
            harm_category: self.text("harm_category"),
            observed_at: self.text("observed_at"),
            grader: self.text("grader"),
            grader_kind: self.word("grader_kind")?,
            n: self.whole("n")?.ok_or_else(|| self.absent("n"))?,
            counts,
            source: self.source()?,
        })
    }

    fn source(&self) -> Result<LineSource, String> {
        Ok(LineSource {
            format: self
                .text("source_format")
                .ok_or_else(|| self.absent("source_format"))?,
            sha256: self
                .digest("source_sha256")?
                .ok_or_else(|| self.absent("source_sha256"))?,
            run_id: None,
            record_id: None,
            entry: self.text("source_entry"),
            record: self.text("source_record"),
            byte: self.whole("source_byte")?,
        })
    }

    /// The cell as it stands. An empty one of a CSV file is nothing.
    fn stands(&self, column: &str) -> Option<&str> {
        let position = self.columns.iter().position(|name| name == column)?;
        let text = self.cells.get(position).copied().flatten()?;
        (self.file == FileKind::Parquet || !text.is_empty()).then_some(text)
    }

    fn text(&self, column: &str) -> Option<String> {
        let text = self.stands(column)?;
        Some(match self.file {
            FileKind::Parquet => text.to_owned(),
            _ => as_it_was(text).into_owned(),
        })
    }

    fn whole(&self, column: &str) -> Result<Option<u64>, String> {
        let Some(text) = self.stands(column) else {
            return Ok(None);
        };
        let plain = text.bytes().all(|byte| byte.is_ascii_digit());
        match text.parse::<u64>() {
            Ok(number) if plain => Ok(Some(number)),
            _ => Err(self.wrong(column, text, "a whole number from 0")),
        }
    }

    fn small(&self, column: &str) -> Result<Option<u32>, String> {
        let number = self.whole(column)?;
        let small = number.map(u32::try_from).transpose();
        small.map_err(|_| format!("column `{column}` holds a number above {}", u32::MAX))
    }

    fn digest(&self, column: &str) -> Result<Option<Digest>, String> {
        let Some(text) = self.stands(column) else {
            return Ok(None);
        };
        let digest = Digest::from_hex(text).map(Some);
        digest.map_err(|_| self.wrong(column, text, "64 hexadecimal digits"))
    }

    /// One of the closed words of the corpus.
    fn word<T: DeserializeOwned>(&self, column: &str) -> Result<T, String> {
        let text = self.stands(column).ok_or_else(|| self.absent(column))?;
        serde_json::from_value(Value::String(text.to_owned()))
            .map_err(|_| self.wrong(column, text, "a word that `caveat export` writes there"))
    }

    fn absent(&self, column: &str) -> String {
        format!("column `{column}` is empty")
    }

    fn wrong(&self, column: &str, found: &str, expected: &str) -> String {
        let found = quote::word(found);
        format!("column `{column}` holds {found}, expected {expected}")
    }
}

/// A text of a CSV file without what keeps spreadsheets and readers safe: the
/// apostrophe in front, and the escapes of hidden characters, of spaces at its
/// ends and of delimiters. A text that itself spelled such an escape becomes the character.
fn as_it_was(text: &str) -> Cow<'_, str> {
    let text = text.strip_prefix('\'').unwrap_or(text);
    if !text.contains("[U+") {
        return Cow::Borrowed(text);
    }
    let mut whole = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("[U+") {
        whole.push_str(before);
        match escaped(after) {
            Some((character, behind)) => {
                whole.push(character);
                rest = behind;
            }
            None => {
                whole.push_str("[U+");
                rest = after;
            }
        }
    }
    whole.push_str(rest);
    Cow::Owned(whole)
}

fn escaped(after: &str) -> Option<(char, &str)> {
    let (digits, behind) = after.split_once(']')?;
    let spelled = (4..=6).contains(&digits.len())
        && digits
            .bytes()
            .all(|byte| byte.is_ascii_digit() || (b'A'..=b'F').contains(&byte));
    let code = u32::from_str_radix(digits, 16).ok().filter(|_| spelled)?;
    let character = char::from_u32(code)?;
    let is_escaped =
        is_hidden(character) || character.is_whitespace() || matches!(character, ';' | '|');
    is_escaped.then_some((character, behind))
}

#[cfg(test)]
mod tests {
    use super::as_it_was;

    #[test]
    fn what_keeps_a_spreadsheet_safe_is_taken_off_again() {
        for (cell, text) in [
            ("gpt-4", "gpt-4"),
            ("'=1+1", "=1+1"),
            ("''quoted'", "'quoted'"),
            ("a[U+202E]b[U+000A]", "a\u{202e}b\n"),
            ("[U+0020]a", " a"),
            ("a[U+003B]=1[U+007C]-1", "a;=1|-1"),
            ("[U+0041] [U+zz] [U+", "[U+0041] [U+zz] [U+"),
        ] {
            assert_eq!(as_it_was(cell), text);
        }
    }
}
