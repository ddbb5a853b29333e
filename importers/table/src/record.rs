//! Makes a record of one row.
//!
//! What a row does not state stays absent; what it states wrongly makes the
//! whole row a reject, with the column and the value. An empty cell is absent,
//! but for the response: an empty reply is a reply.

use std::borrow::Cow;

use caveat_corpus::{
    Cell as CountCell, Digest, Grade, Location, ModelName, Outcome, PromptKey, Record, Trace,
    Verdict, VerdictCounts,
};
use caveat_importer::text::printable;
use caveat_importer::{Limits, quote, secrets};

use crate::join::Joined;
use crate::mapping::{Field, Kind};
use crate::plan::{Binding, GradePlan, Plan, Rule};
use crate::row::Cell;

/// Largest count of one row. Nine million such rows still fit the 63 bits of
/// the store's integers.
const MAX_COUNT: u64 = 1_000_000_000_000;

/// How many known values a message lists.
const MAX_LISTED: usize = 20;

/// What turns rows into records.
pub(crate) struct Builder<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) joined: Option<&'a Joined>,
    pub(crate) limits: &'a Limits,
    pub(crate) keep_text: bool,
}

impl Builder<'_> {
    /// Makes the record of a row, or says why there is none.
    pub(crate) fn record(&self, location: Location, cells: &[Cell<'_>]) -> Result<Record, String> {
        let row = RowReader {
            plan: self.plan,
            limits: self.limits,
            cells,
            facts: &[],
        };
        let name = row.label(Field::Model)?.ok_or_else(|| {
            format!(
                "no model in column `{}`",
                printable(self.plan.column(Field::Model))
            )
        })?;
        let facts = match self.joined {
            Some(joined) => joined.model(&name)?,
            None => &[],
        };
        let row = RowReader { facts, ..row };
        let model = ModelName {
            coded_size: row.label(Field::Size)?,
            ..secrets::model_name(name, row.label(Field::Provider)?)
        };
        match self.plan.kind {
            Kind::Traces => self.trace(location, model, &row),
            Kind::Counts => self.counts(location, model, &row),
        }
    }

    fn trace(
        &self,
        location: Location,
        model: ModelName,
        row: &RowReader<'_>,
    ) -> Result<Record, String> {
        let dataset = row.label(Field::Dataset)?;
        let prompt_text = row.text(Field::Prompt)?;
        let outcome = row.outcome()?;
        let response = row.response(outcome)?;
        let plans = self.plan.grades.iter();
        let grades = plans.filter_map(|grade| row.grade(grade, outcome).transpose());
        Ok(Record::Trace(Box::new(Trace {
            location,
            run_id: row.label(Field::RunId)?,
            record_id: row.label(Field::RecordId)?,
            model,
            prompt: row.prompt(dataset.as_deref(), prompt_text.as_deref())?,
            prompt_text: prompt_text.filter(|_| self.keep_text).map(Cow::into_owned),
            dataset,
            technique: row.label(Field::Technique)?,
            attack_family: row.label(Field::AttackFamily)?,
            harm_category: row.label(Field::HarmCategory)?,
            attempt: row.attempt()?,
            turns: row.small_number(Field::Turns)?,
            observed_at: row.label(Field::ObservedAt)?,
            prompt_tokens: row.number(Field::PromptTokens)?,
            response_tokens: row.number(Field::ResponseTokens)?,
            duration_ms: row.number(Field::DurationMs)?,
            response_digest: response.as_deref().map(|text| Digest::of(text.as_bytes())),
            response_text: response.filter(|_| self.keep_text).map(Cow::into_owned),
            outcome,
            grades: grades.collect::<Result<_, _>>()?,
        })))
    }

    fn counts(
        &self,
        location: Location,
        model: ModelName,
        row: &RowReader<'_>,
    ) -> Result<Record, String> {
        let grader_kind = self
            .plan
            .grader_kind
            .ok_or("the grader's kind is not declared")?;
        Ok(Record::Cell(Box::new(CountCell {
            location,
            model,
            dataset: row.label(Field::Dataset)?,
            technique: row.label(Field::Technique)?,
            attack_family: row.label(Field::AttackFamily)?,
            harm_category: row.label(Field::HarmCategory)?,
            grader: row.label(Field::Grader)?,
            grader_kind,
            observed_at: row.label(Field::ObservedAt)?,
            counts: row.verdict_counts()?,
        })))
    }
}

/// Reads typed values from the cells of one row.
struct RowReader<'a> {
    plan: &'a Plan,
    limits: &'a Limits,
    cells: &'a [Cell<'a>],
    /// What the second table says of the row's model.
    facts: &'a [Option<String>],
}

impl<'a> RowReader<'a> {
    /// The text of a slot, which may be empty.
    fn slot(&self, slot: usize) -> Result<Option<&'a str>, String> {
        match self.cells.get(slot) {
            None | Some(Cell::Absent) => Ok(None),
            Some(Cell::Text(text)) => Ok(Some(text)),
            // Python's tables write NaN where there is nothing.
            Some(Cell::NotFinite(_)) => Ok(None),
            Some(Cell::Structure(what)) => Err(format!(
                "column `{}` holds {what} where a single value is expected",
                printable(self.plan.slots.get(slot).map_or("", String::as_str))
            )),
        }
    }

    fn bound(&self, binding: &'a Binding) -> Result<Option<&'a str>, String> {
        let text = match binding {
            Binding::Absent => None,
            Binding::Constant(text) => Some(text.as_str()),
            Binding::Slot(slot) => self.slot(*slot)?,
            Binding::Joined(place) => self.facts.get(*place).and_then(Option::as_deref),
        };
        Ok(text.filter(|text| !text.trim().is_empty()))
    }

    fn text(&self, field: Field) -> Result<Option<Cow<'a, str>>, String> {
        Ok(self.bound(self.plan.field(field))?.map(Cow::Borrowed))
    }

    fn label(&self, field: Field) -> Result<Option<String>, String> {
        let text = self.bound(self.plan.field(field))?;
        self.name(text, self.plan.column(field))
    }

    fn name(&self, text: Option<&str>, column: &str) -> Result<Option<String>, String> {
        let limit = self.limits.max_name_chars;
        match text {
            Some(text) if text.chars().nth(limit).is_some() => Err(format!(
                "column `{}` has more than {limit} characters",
                printable(column)
            )),
            other => Ok(other.map(str::to_owned)),
        }
    }

    fn number(&self, field: Field) -> Result<Option<u64>, String> {
        let Some(text) = self.bound(self.plan.field(field))? else {
            return Ok(None);
        };
        let digits = text.trim();
        let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
        match digits.parse::<u64>() {
            Ok(number) if plain => Ok(Some(number)),
            _ => Err(format!(
                "column `{}` holds {}, expected a whole number from 0",
                printable(self.plan.column(field)),
                quote::word(text)
            )),
        }
    }

    fn small_number(&self, field: Field) -> Result<Option<u32>, String> {
        let number = self.number(field)?;
        number.map(u32::try_from).transpose().map_err(|_| {
            let column = printable(self.plan.column(field));
            format!("column `{column}` holds a number above {}", u32::MAX)
        })
    }

    /// The attempt from 1, whatever the source calls its first.
    fn attempt(&self) -> Result<Option<u32>, String> {
        let Some(attempt) = self.small_number(Field::Attempt)? else {
            return Ok(None);
        };
        let first = self.plan.attempts_start_at;
        let column = || printable(self.plan.column(Field::Attempt));
        match attempt
            .checked_sub(first)
            .and_then(|after| after.checked_add(1))
        {
            Some(attempt) => Ok(Some(attempt)),
            None if attempt == 0 => Err(format!(
                "column `{}` holds attempt 0, expected 1 or more; \
                 if the source counts from 0, set `attempts_start_at = 0`",
                column()
            )),
            None => Err(format!(
                "column `{}` holds a number above {}",
                column(),
                u32::MAX - 1
            )),
        }
    }

    fn prompt(
        &self,
        dataset: Option<&str>,
        text: Option<&str>,
    ) -> Result<Option<PromptKey>, String> {
        match (self.label(Field::PromptId)?, dataset) {
            (Some(id), Some(dataset)) => Ok(Some(PromptKey::Id {
                dataset: dataset.to_owned(),
                id,
            })),
            (Some(_), None) => Err(format!(
                "column `{}` numbers a prompt, but the row names no data set",
                printable(self.plan.column(Field::PromptId))
            )),
            (None, _) => Ok(text.map(|text| PromptKey::Text(Digest::of(text.as_bytes())))),
        }
    }

    fn outcome(&self) -> Result<Outcome, String> {
        let Some(plan) = &self.plan.outcome else {
            return Ok(Outcome::Response);
        };
        match self.slot(plan.slot)?.map(str::trim) {
            None | Some("") => Ok(Outcome::Response),
            Some(word) => plan.map.get(word).copied().ok_or_else(|| {
                let column = self.plan.slots.get(plan.slot).map_or("", String::as_str);
                unknown("outcome", word, column, plan.map.keys())
            }),
        }
    }

    /// The reply; an empty cell is an empty reply unless something stood in for it.
    fn response(&self, outcome: Outcome) -> Result<Option<Cow<'a, str>>, String> {
        let Binding::Slot(slot) = self.plan.field(Field::Response) else {
            return Ok(None);
        };
        let text = self.slot(*slot)?;
        let reply = text.filter(|text| outcome == Outcome::Response || !text.is_empty());
        Ok(reply.map(Cow::Borrowed))
    }

    fn grade(&self, plan: &GradePlan, outcome: Outcome) -> Result<Option<Grade>, String> {
        let token = match self.cells.get(plan.slot) {
            Some(Cell::NotFinite(token)) => Some(*token),
            _ => None,
        };
        let value = match token {
            Some(token) => token,
            None => self.slot(plan.slot)?.map_or("", str::trim),
        };
        let verdict = self.verdict(plan, value, outcome);
        let verdict = match verdict {
            // A token that no rule knows stands for nothing.
            Err(_) if token.is_some() => None,
            verdict => verdict?,
        };
        let Some(verdict) = verdict else {
            return Ok(None);
        };
        let column = self.plan.slots.get(plan.slot).map_or("", String::as_str);
        let raw = Some(value).filter(|value| !value.is_empty());
        Ok(Some(Grade {
            grader: self.name(self.bound_grader(plan)?, "grader")?,
            kind: plan.kind,
            verdict,
            raw: self.name(raw, column)?,
            version: plan.version.clone(),
            graded_at: None,
        }))
    }

    /// The verdict of a value, or `None` if it means that there is no grade.
    fn verdict(
        &self,
        plan: &GradePlan,
        value: &str,
        outcome: Outcome,
    ) -> Result<Option<Verdict>, String> {
        let is_in = |list: &[String]| list.iter().any(|known| known.trim() == value);
        if is_in(&plan.missing) {
            return Ok(None);
        }
        if is_in(&plan.failed) {
            // Where there was no reply, an empty cell is no fault of the grader.
            let graded = !value.is_empty() || outcome == Outcome::Response;
            return Ok(graded.then_some(Verdict::ParseError));
        }
        if value.is_empty() {
            return Ok(None);
        }
        let column = self.plan.slots.get(plan.slot).map_or("", String::as_str);
        let succeeded = |judge: &dyn Fn(f64) -> bool| {
            let score = self.score(value, column)?;
            Ok::<_, String>(match score.map(judge) {
                Some(true) => Verdict::Compliance,
                Some(false) => Verdict::Refusal,
                None => Verdict::ParseError,
            })
        };
        let verdict = match &plan.rule {
            Rule::Map(map) => *map
                .get(value)
                .ok_or_else(|| unknown("verdict", value, column, map.keys()))?,
            Rule::Threshold(bound) => succeeded(&|score| score >= *bound)?,
            Rule::Below(bound) => succeeded(&|score| score < *bound)?,
        };
        Ok(Some(verdict))
    }

    /// A score, or `None` for one that is not finite: no bound judges it.
    fn score(&self, value: &str, column: &str) -> Result<Option<f64>, String> {
        let comma = self.plan.decimal_comma && !value.contains('.');
        let number = match comma {
            true => value.replacen(',', ".", 1).parse::<f64>(),
            false => value.parse::<f64>(),
        };
        match number {
            Ok(score) => Ok(Some(score).filter(|score| score.is_finite())),
            Err(_) => {
                let hint = if value.contains(',') && !self.plan.decimal_comma {
                    "; if it is written with a comma, set `decimal = \",\"`"
                } else {
                    ""
                };
                Err(format!(
                    "column `{}` holds {}, expected a number{hint}",
                    printable(column),
                    quote::word(value)
                ))
            }
        }
    }

    fn bound_grader<'p>(&'p self, plan: &'p GradePlan) -> Result<Option<&'p str>, String> {
        match &plan.grader {
            Binding::Slot(slot) => Ok(self.slot(*slot)?.filter(|text| !text.trim().is_empty())),
            Binding::Constant(name) => Ok(Some(name)),
            Binding::Absent | Binding::Joined(_) => Ok(None),
        }
    }

    fn count(&self, field: Field) -> Result<Option<u64>, String> {
        match self.number(field)? {
            Some(count) if count > MAX_COUNT => Err(format!(
                "column `{}` holds {count}, more than the limit of {MAX_COUNT}",
                printable(self.plan.column(field))
            )),
            count => Ok(count),
        }
    }

    fn required_count(&self, field: Field) -> Result<u64, String> {
        self.count(field)?.ok_or_else(|| {
            format!(
                "column `{}` holds no number",
                printable(self.plan.column(field))
            )
        })
    }

    /// Counts by verdict whose sum is `n`.
    fn verdict_counts(&self) -> Result<VerdictCounts, String> {
        let n = self.required_count(Field::N)?;
        let succeeded = self.required_count(Field::Succeeded)?;
        let partial = self.optional_count(Field::Partial)?;
        let not_evaluable = self.optional_count(Field::NotEvaluable)?;
        if n == 0 {
            return Err(format!(
                "column `{}` holds 0: the row counts no trace",
                printable(self.plan.column(Field::N))
            ));
        }
        let stated = succeeded + partial + not_evaluable;
        let left = n.checked_sub(stated).ok_or_else(|| {
            format!(
                "column `{}` holds {n}, less than the {stated} that `{}` and the other counts make",
                printable(self.plan.column(Field::N)),
                printable(self.plan.column(Field::Succeeded))
            )
        })?;
        let resisted = match self.plan.field(Field::Resisted) {
            Binding::Absent => left,
            _ => self.required_count(Field::Resisted)?,
        };
        if resisted != left {
            return Err(format!(
                "the counts add up to {}, but column `{}` holds {n}",
                stated + resisted,
                printable(self.plan.column(Field::N))
            ));
        }
        let mut counts = VerdictCounts::default();
        counts.add(Verdict::Compliance, succeeded);
        counts.add(Verdict::Partial, partial);
        counts.add(Verdict::Refusal, resisted);
        counts.add(Verdict::NotGradeable, not_evaluable);
        Ok(counts)
    }

    /// A count that is 0 only where no such column is mapped.
    fn optional_count(&self, field: Field) -> Result<u64, String> {
        match self.plan.field(field) {
            Binding::Absent => Ok(0),
            _ => self.required_count(field),
        }
    }
}

fn unknown<'k>(
    what: &str,
    value: &str,
    column: &str,
    known: impl Iterator<Item = &'k String>,
) -> String {
    let known: Vec<String> = known
        .take(MAX_LISTED)
        .map(|value| format!("`{}`", printable(value)))
        .collect();
    format!(
        "unknown {what} value {} in column `{}`, the mapping knows {}",
        quote::word(value),
        printable(column),
        known.join(", ")
    )
}
