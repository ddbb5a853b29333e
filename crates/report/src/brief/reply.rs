//! A vendor's reply as it was handed in.
//!
//! The date stands in the first line (`2026-11-20`, also after `Date:`) or in
//! front matter between two lines of `---` or `+++` as `date`. All else is text:
//! nothing in it is read as markup, and nothing is left out.

use schemars::JsonSchema;
use serde::Serialize;

use crate::definition::day;

/// Longest paragraph that is printed as one; a longer one is printed in pieces.
const LONGEST_PARAGRAPH: usize = 1_200;

/// Paragraphs after which empty lines no longer begin a new one: a reply of one
/// word a line would else fill hundreds of pages.
const MOST_PARAGRAPHS: usize = 60;

/// A reply.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Reply {
    /// File that it was read from, relative to the report.
    pub file: String,
    /// SHA-256 of the file.
    pub sha256: String,
    /// Its date, YYYY-MM-DD, if it states one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    /// Its paragraphs.
    pub paragraphs: Vec<String>,
}

impl Reply {
    /// Reads a reply.
    pub fn parse(text: &str, file: &str, sha256: &str) -> Reply {
        let text = text.trim_start_matches('\u{feff}').trim();
        let (date, body) = front_matter(text)
            .or_else(|| first_line(text))
            .unwrap_or((None, text));
        Reply {
            file: file.to_owned(),
            sha256: sha256.to_owned(),
            date,
            paragraphs: paragraphs(body),
        }
    }
}

fn front_matter(text: &str) -> Option<(Option<String>, &str)> {
    let fence = ["---", "+++"].into_iter().find(|fence| {
        text.lines()
            .next()
            .is_some_and(|line| line.trim_end() == *fence)
    })?;
    let inside = text.get(fence.len()..)?.trim_start_matches(['\r', '\n']);
    let mut length = 0;
    for line in inside.split_inclusive('\n') {
        if line.trim() == fence {
            let head = inside.get(..length)?;
            let body = inside.get(length + line.len()..).unwrap_or_default();
            return Some((head.lines().find_map(dated), body.trim()));
        }
        length += line.len();
    }
    None
}

fn first_line(text: &str) -> Option<(Option<String>, &str)> {
    let (line, rest) = text.split_once('\n').unwrap_or((text, ""));
    let date = written(line).or_else(|| dated(line))?;
    Some((Some(date), rest.trim()))
}

/// The date of a line such as `date: 2026-11-20`.
fn dated(line: &str) -> Option<String> {
    let (name, value) = line.split_once([':', '='])?;
    name.trim().eq_ignore_ascii_case("date").then_some(())?;
    written(value)
}

fn written(text: &str) -> Option<String> {
    let date = text.trim().trim_matches(['"', '\'']);
    day(date).map(|_| date.to_owned())
}

fn paragraphs(body: &str) -> Vec<String> {
    let mut paragraphs: Vec<String> = Vec::new();
    let mut open = String::new();
    for word in body.lines().flat_map(|line| {
        let words = line.split_whitespace().map(Some);
        let end = line.trim().is_empty().then_some(None);
        words.chain(end)
    }) {
        let Some(word) = word else {
            if paragraphs.len() < MOST_PARAGRAPHS {
                close(&mut open, &mut paragraphs);
            }
            continue;
        };
        if open.chars().count() + word.chars().count() >= LONGEST_PARAGRAPH {
            close(&mut open, &mut paragraphs);
        }
        if !open.is_empty() {
            open.push(' ');
        }
        open.push_str(word);
    }
    close(&mut open, &mut paragraphs);
    paragraphs
}

fn close(open: &mut String, paragraphs: &mut Vec<String>) {
    if !open.is_empty() {
        paragraphs.push(std::mem::take(open));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> (Option<String>, Vec<String>) {
        let reply = Reply::parse(text, "replies/a.md", "00");
        (reply.date, reply.paragraphs)
    }

    #[test]
    fn the_date_stands_in_the_first_line_or_in_front_matter() {
        let dated = (
            Some("2026-11-20".to_owned()),
            vec!["We disagree.".to_owned()],
        );
        for text in [
            "2026-11-20\n\nWe disagree.",
            "Date: 2026-11-20\nWe disagree.\n",
            "---\ntitle: x\ndate: \"2026-11-20\"\n---\nWe disagree.",
            "+++\ndate = 2026-11-20\n+++\n\nWe\n  disagree.",
        ] {
            assert_eq!(parsed(text), dated, "{text}");
        }
    }

    #[test]
    fn what_is_no_date_is_text_and_nothing_is_left_out() {
        assert_eq!(
            parsed("We met on 2026-11-20.\n\n# Two"),
            (
                None,
                vec!["We met on 2026-11-20.".to_owned(), "# Two".to_owned()]
            )
        );
        assert_eq!(parsed("---\nno end"), (None, vec!["--- no end".to_owned()]));
        assert_eq!(parsed("2026-13-40").0, None);
        assert_eq!(parsed(""), (None, Vec::new()));
        let long = "word ".repeat(1000);
        let (_, pieces) = parsed(&long);
        assert!(pieces.len() > 1);
        assert_eq!(pieces.join(" "), long.trim());
    }
}
