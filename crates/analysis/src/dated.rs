//! From the parts of a sample's models to cells with dates, graders and prompts.
//!
//! Reads [`crate::sample`] for [`crate::over_time`]. A part without prompts has no
//! dates either and gives one undated cell. A sample holds the verdicts that count
//! and no others, so that no cell shows a regrading; grades beside these are the
//! caller's to add.

use std::collections::BTreeSet;

use crate::{over_time::DatedCell, sample::SampleModel};

/// How finely dates are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// Days.
    Day,
    /// Calendar months.
    Month,
}

impl Span {
    /// The number yyyymmdd of a day, shortened to yyyymm for months.
    fn of(self, day: u32) -> u32 {
        match self {
            Span::Day => day,
            Span::Month => day / 100,
        }
    }

    fn label(self, number: u32) -> String {
        let (year, month, day) = match self {
            Span::Day => (number / 10_000, number / 100 % 100, Some(number % 100)),
            Span::Month => (number / 100, number % 100, None),
        };
        match day {
            Some(day) => format!("{year:04}-{month:02}-{day:02}"),
            None => format!("{year:04}-{month:02}"),
        }
    }
}

/// The cells of a sample, and its dates in order of time as `2026-03` or `2026-03-09`.
/// Models stand for their places in `models`, graders for theirs in the labels.
pub fn dated_cells(models: &[SampleModel], span: Span) -> (Vec<DatedCell>, Vec<String>) {
    let days = || {
        let parts = models.iter().flat_map(|m| &m.parts);
        parts.filter_map(|p| p.prompts.as_ref()).flatten()
    };
    let numbers: BTreeSet<u32> = days().filter_map(|t| Some(span.of(t.day?))).collect();
    let numbers: Vec<u32> = numbers.into_iter().collect();
    let mut cells = Vec::new();
    for (model, part) in models
        .iter()
        .enumerate()
        .flat_map(|(i, m)| m.parts.iter().map(move |p| (i, p)))
    {
        let cell = DatedCell {
            model,
            period: None,
            grader: part.grader.and_then(|g| usize::try_from(g).ok()),
            prompt: None,
            counted: true,
            succeeded: part.succeeded,
            n: part.n,
        };
        match &part.prompts {
            None => cells.push(cell),
            Some(tallies) => cells.extend(tallies.iter().map(|t| DatedCell {
                period: t.day.and_then(|d| numbers.binary_search(&span.of(d)).ok()),
                prompt: Some(t.prompt),
                succeeded: t.succeeded,
                n: t.n,
                ..cell
            })),
        }
    }
    let labels = numbers.into_iter().map(|n| span.label(n)).collect();
    (cells, labels)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{PromptTally, SamplePart};

    fn model(prompts: Option<Vec<PromptTally>>) -> SampleModel {
        SampleModel {
            model: String::new(),
            provider: String::new(),
            params_total_b: None,
            params_active_b: None,
            size_b: None,
            params_disclosed: None,
            params_source: String::new(),
            n: 3,
            succeeded: 1,
            not_evaluable: 0,
            prompts: None,
            graders: Vec::new(),
            parts: vec![SamplePart {
                harm_category: None,
                technique: None,
                grader: Some(2),
                n: 3,
                succeeded: 1,
                not_evaluable: 0,
                prompts,
            }],
        }
    }

    #[test]
    fn days_become_dates_in_order_of_time() {
        let tally = |day| PromptTally {
            prompt: 7,
            day,
            n: 1,
            succeeded: 0,
        };
        let tallies = vec![
            tally(None),
            tally(Some(20_260_109)),
            tally(Some(20_251_231)),
        ];
        let models = [model(Some(tallies)), model(None)];
        let (cells, dates) = dated_cells(&models, Span::Month);
        assert_eq!(dates, ["2025-12", "2026-01"]);
        let periods: Vec<_> = cells.iter().map(|c| c.period).collect();
        assert_eq!(periods, [None, Some(1), Some(0), None]);
        assert_eq!((cells[3].prompt, cells[3].n, cells[3].model), (None, 3, 1));
        let (_, dates) = dated_cells(&models, Span::Day);
        assert_eq!(dates, ["2025-12-31", "2026-01-09"]);
    }
}
