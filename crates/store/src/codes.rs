//! The numbers that stand for verdicts, outcomes and kinds in the file.
//!
//! They are part of the format and independent of the order of the enums: a
//! number never changes its meaning.

use caveat_corpus::{GraderKind, Outcome, Verdict};

use crate::error::Fault;

pub(crate) const fn verdict_code(verdict: Verdict) -> i64 {
    match verdict {
        Verdict::Compliance => 0,
        Verdict::Partial => 1,
        Verdict::Refusal => 2,
        Verdict::HallucinationRefusal => 3,
        Verdict::BenignQuery => 4,
        Verdict::NotGradeable => 5,
        Verdict::Error => 6,
        Verdict::ParseError => 7,
        Verdict::InfraError => 8,
        Verdict::Unscored => 9,
    }
}

pub(crate) fn verdict_from(code: i64) -> Result<Verdict, Fault> {
    Ok(match code {
        0 => Verdict::Compliance,
        1 => Verdict::Partial,
        2 => Verdict::Refusal,
        3 => Verdict::HallucinationRefusal,
        4 => Verdict::BenignQuery,
        5 => Verdict::NotGradeable,
        6 => Verdict::Error,
        7 => Verdict::ParseError,
        8 => Verdict::InfraError,
        9 => Verdict::Unscored,
        _ => return Err(unknown("verdict", code)),
    })
}

pub(crate) const fn outcome_code(outcome: Outcome) -> i64 {
    match outcome {
        Outcome::Response => 0,
        Outcome::Filtered => 1,
        Outcome::NotSubmitted => 2,
        Outcome::Error => 3,
    }
}

pub(crate) fn outcome_from(code: i64) -> Result<Outcome, Fault> {
    Ok(match code {
        0 => Outcome::Response,
        1 => Outcome::Filtered,
        2 => Outcome::NotSubmitted,
        3 => Outcome::Error,
        _ => return Err(unknown("outcome", code)),
    })
}

pub(crate) const fn kind_code(kind: GraderKind) -> i64 {
    match kind {
        GraderKind::Human => 0,
        GraderKind::Llm => 1,
        GraderKind::Classifier => 2,
        GraderKind::Rule => 3,
        GraderKind::Heuristic => 4,
    }
}

pub(crate) fn kind_from(code: i64) -> Result<GraderKind, Fault> {
    Ok(match code {
        0 => GraderKind::Human,
        1 => GraderKind::Llm,
        2 => GraderKind::Classifier,
        3 => GraderKind::Rule,
        4 => GraderKind::Heuristic,
        _ => return Err(unknown("kind of grader", code)),
    })
}

fn unknown(what: &str, code: i64) -> Fault {
    Fault::damaged(format!("{code} stands for no {what}"))
}

/// The day of a time as spelled, as the number yyyymmdd.
///
/// Read from texts that begin with a date of ISO 8601 (`2026-03-01`); every
/// other spelling has no day here, and stays in the file as spelled.
pub(crate) fn day_of(spelled: &str) -> Option<i64> {
    let date = spelled.get(..10)?;
    let next = spelled.get(10..)?.chars().next();
    let mut parts = date.split('-');
    let mut part = |digits: usize| {
        let text = parts.next()?;
        let plain = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
        plain.then(|| text.parse::<i64>().ok()).flatten()
    };
    let (year, month, day) = (part(4)?, part(2)?, part(2)?);
    let real = (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && !next.is_some_and(|character| character.is_ascii_digit());
    real.then_some(year * 10_000 + month * 100 + day)
}

/// The date of ISO 8601 that [`day_of`] read.
pub(crate) fn day_text(day: i64) -> String {
    format!(
        "{:04}-{:02}-{:02}",
        day / 10_000,
        day / 100 % 100,
        day % 100
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_reads_back() -> Result<(), Fault> {
        for verdict in Verdict::ALL {
            assert_eq!(verdict_from(verdict_code(verdict))?, verdict);
        }
        for outcome in Outcome::ALL {
            assert_eq!(outcome_from(outcome_code(outcome))?, outcome);
        }
        for kind in GraderKind::ALL {
            assert_eq!(kind_from(kind_code(kind))?, kind);
        }
        assert!(verdict_from(10).is_err() && outcome_from(-1).is_err() && kind_from(5).is_err());
        Ok(())
    }

    #[test]
    fn a_day_is_read_from_iso_dates_alone() {
        for (spelled, expected) in [
            ("2026-03-01", Some(20_260_301)),
            ("2026-03-01T23:59:59Z", Some(20_260_301)),
            ("2026-03-01 10:00", Some(20_260_301)),
            ("2026-13-01", None),
            ("2026-03-011", None),
            ("1772000000", None),
            ("March 2026", None),
            ("模型模型模型模型", None),
            ("", None),
        ] {
            assert_eq!(day_of(spelled), expected, "{spelled}");
        }
        assert_eq!(day_text(20_260_301), "2026-03-01");
    }
}
