//! Turns the grading of one result into grades.
//!
//! Every component is a grade of its own; the tool's `success` is one more, by
//! the grader `promptfoo`, and stands last. Its kind is that of the most trusted
//! component, so that a report which asks for the best grade gets the tool's
//! own verdict. Components and overall result may disagree; both are kept.

use caveat_corpus::{Grade, GraderKind, Verdict};
use caveat_importer::Limits;
use caveat_importer::json;
use serde_json::Value;

use crate::canonical;
use crate::failure::{grader_failed, reason_of_failure};
use crate::grader;
use crate::polarity::Polarity;
use crate::row::{Failure, Output, Row, flag, wrong_type};

/// Who says `success`.
pub(crate) const OVERALL: &str = "promptfoo";

/// What components of a set are called, which have no assertion of their own.
const SET: &str = "assert-set";

/// How a component ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Passed,
    Failed,
    /// The grader gave no judgement.
    GraderFailed,
}

/// One component with the assertion that it answers.
#[derive(Clone, Copy)]
struct Part<'a> {
    component: &'a Value,
    assertion: Option<&'a Value>,
    /// It decides the result by itself; the parts of a set count only through it.
    is_top: bool,
}

/// The grades of a result, the overall one last.
///
/// # Errors
/// The reason in words for a component of a wrong type.
pub(crate) fn grades(
    row: &Row,
    polarity: &Polarity<'_>,
    limits: &Limits,
) -> Result<Vec<Grade>, String> {
    let parts = parts(row);
    let mut grades = Vec::with_capacity(parts.len() + 1);
    for part in &parts {
        if !part.component.is_object() {
            return Err(wrong_type(part.component, "componentResults", "objects"));
        }
        grades.push(of_part(part, polarity, limits)?);
    }
    if let Some(verdict) = overall(row, &parts) {
        let kinds = grades.iter().map(|grade| grade.kind);
        let kind = kinds.reduce(grader::more_trusted);
        let verdict = match verdict {
            Verdict::ParseError => verdict,
            judged => polarity.verdict(OVERALL, &score_or(&row.score, row.success), judged),
        };
        grades.push(grade(
            OVERALL,
            kind.unwrap_or_else(|| kind_of_test(row)),
            verdict,
            raw(&row.score, Some(row.success)),
        ));
    }
    Ok(grades)
}

/// The components with their assertions.
///
/// The parts of a set follow it in the list. Older versions leave the assertion
/// out where its grader failed; where every assertion of the test has its place
/// in the list, that place tells which one it was.
fn parts(row: &Row) -> Vec<Part<'_>> {
    let list = row
        .grading
        .as_ref()
        .and_then(|grading| grading.get("componentResults"));
    let list = list
        .and_then(Value::as_array)
        .map_or(&[][..], Vec::as_slice);
    let mut places = 0_usize;
    let mut following = 0_usize;
    let mut placed: Vec<(Part<'_>, usize)> = Vec::with_capacity(list.len());
    for component in list {
        let is_top = following == 0;
        following = if is_top {
            places += 1;
            nested(component).map_or(0, Vec::len)
        } else {
            following - 1
        };
        let assertion = component.get("assertion").filter(|found| found.is_object());
        if !component.is_null() {
            placed.push((
                Part {
                    component,
                    assertion,
                    is_top,
                },
                places - 1,
            ));
        }
    }
    let of_test = |place: usize| {
        let found = row
            .assertions
            .get(place)
            .filter(|_| places == row.assertions.len())?;
        (found.get("type").and_then(Value::as_str) != Some(SET)).then_some(found)
    };
    placed
        .into_iter()
        .map(|(part, place)| Part {
            assertion: part
                .assertion
                .or_else(|| of_test(place).filter(|_| part.is_top)),
            ..part
        })
        .collect()
}

/// The verdict that `success` stands for; `None` where nothing was graded.
fn overall(row: &Row, parts: &[Part<'_>]) -> Option<Verdict> {
    if row.failure == Failure::Error {
        // A reply without a judgement; without a reply there is nothing to judge.
        return (row.output != Output::Absent).then_some(Verdict::ParseError);
    }
    if !row.is_graded() || (row.output == Output::Absent && parts.is_empty()) {
        return None;
    }
    // Weight 0 never counts.
    let deciding: Vec<(&Part<'_>, End)> = parts
        .iter()
        .filter(|part| part.is_top && part.weight() > 0.0)
        .map(|part| (part, part.end()))
        .collect();
    if deciding
        .iter()
        .any(|(part, _)| part.assertion_type() == "human")
    {
        return Some(judged(row.success));
    }
    let reason = row
        .grading
        .as_ref()
        .and_then(|grading| grading.get("reason"));
    let reason = reason.and_then(Value::as_str).or(row.error.as_deref());
    if reason.is_some_and(|reason| reason.starts_with("Scoring function error")) {
        return Some(Verdict::ParseError);
    }
    let any = |end: End| deciding.iter().any(|(_, found)| *found == end);
    let undecided = if row.success {
        // A negated assertion may pass because its grader failed.
        deciding
            .iter()
            .any(|(part, end)| *end == End::GraderFailed && part.pass() == Some(true))
    } else if let Some(threshold) = row.threshold {
        any(End::GraderFailed) && might_pass(&deciding, threshold)
    } else if any(End::Failed) || any(End::GraderFailed) {
        !any(End::Failed)
    } else {
        // The components are not in the file, or do not say what failed.
        let asks_a_model = kind_of_test(row) == GraderKind::Llm;
        reason.is_some_and(|reason| reason_of_failure(reason, asks_a_model))
    };
    Some(if undecided {
        Verdict::ParseError
    } else {
        judged(row.success)
    })
}

/// `success` means that the model did not do what the attack asked for.
fn judged(success: bool) -> Verdict {
    if success {
        Verdict::Refusal
    } else {
        Verdict::Compliance
    }
}

/// Whether the score would reach the threshold if the graders that failed had
/// given their best.
fn might_pass(deciding: &[(&Part<'_>, End)], threshold: f64) -> bool {
    let mut total = 0.0;
    let mut best = 0.0;
    for (part, end) in deciding {
        let weight = part.weight();
        let score = part.component.get("score").and_then(Value::as_f64);
        total += weight;
        best += weight
            * if *end == End::GraderFailed {
                1.0
            } else {
                score.unwrap_or(0.0)
            };
    }
    total > 0.0 && best / total >= threshold
}

fn nested(component: &Value) -> Option<&Vec<Value>> {
    component.get("componentResults").and_then(Value::as_array)
}

impl<'a> Part<'a> {
    /// A part of a set.
    fn inner(component: &'a Value) -> Self {
        let assertion = component.get("assertion").filter(|found| found.is_object());
        Part {
            component,
            assertion,
            is_top: false,
        }
    }

    fn parts(&self) -> impl Iterator<Item = Part<'a>> {
        let list = nested(self.component).map_or(&[][..], Vec::as_slice);
        list.iter().map(Part::inner)
    }

    fn assertion_type(&self) -> &'a str {
        let found = self.assertion.and_then(|found| found.get("type"));
        found.and_then(Value::as_str).unwrap_or(SET)
    }

    fn weight(&self) -> f64 {
        let weight = self.assertion.and_then(|found| found.get("weight"));
        weight.and_then(Value::as_f64).unwrap_or(1.0)
    }

    fn pass(&self) -> Option<bool> {
        self.component.get("pass").and_then(Value::as_bool)
    }

    /// How the component ended.
    fn end(&self) -> End {
        let name = self.assertion_type();
        let asks_a_service = matches!(grader::kind(name), GraderKind::Llm | GraderKind::Classifier)
            || name.contains("similar")
            || name.contains("webhook");
        if grader_failed(self.component, asks_a_service) {
            return End::GraderFailed;
        }
        if self.pass() != Some(false) {
            return End::Passed;
        }
        // A set that failed through nothing but graders that failed.
        let mut ends = self.parts().map(|part| part.end());
        let mut ends = ends.by_ref().filter(|end| *end != End::Passed).peekable();
        if ends.peek().is_some() && ends.all(|end| end == End::GraderFailed) {
            End::GraderFailed
        } else {
            End::Failed
        }
    }

    /// The kind; a set is as trusted as the best of its parts.
    fn kind(&self) -> GraderKind {
        let own = grader::kind(self.assertion_type());
        self.parts()
            .map(|part| part.kind())
            .fold(own, grader::more_trusted)
    }

    /// A guard of the target in a red-team run: it fails when it blocked the attack.
    fn is_block(&self) -> bool {
        let config = self.assertion.and_then(|found| found.get("config"));
        let purpose = config.and_then(|config| config.get("purpose"));
        self.assertion_type() == "guardrails" && purpose.and_then(Value::as_str) == Some("redteam")
    }

    /// Metric, else type; a set has neither.
    fn name(&self) -> Result<String, String> {
        let named = |key: &str| match self.assertion.and_then(|found| found.get(key)) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(name)) => Ok(Some(name.clone()).filter(|name| !name.is_empty())),
            Some(other) => Err(wrong_type(other, &format!("assertion.{key}"), "text")),
        };
        let name = named("metric")?.or(named("type")?);
        Ok(name.unwrap_or_else(|| SET.to_owned()))
    }
}

fn of_part(part: &Part<'_>, polarity: &Polarity<'_>, limits: &Limits) -> Result<Grade, String> {
    let field = |key: &str| part.component.get(key).unwrap_or(&Value::Null);
    let pass = flag(field("pass"), "componentResults.pass")?;
    let name = part.name()?;
    limits.check_name("the name of a grader", &name)?;
    let verdict = match pass {
        _ if part.end() == End::GraderFailed => Verdict::ParseError,
        None => Verdict::Unscored,
        Some(pass) => {
            let judged = match (part.is_block(), pass) {
                (false, pass) => judged(pass),
                (true, false) => Verdict::Refusal,
                // What the guard lets through may be a refusal as well.
                (true, true) => Verdict::Unscored,
            };
            polarity.verdict(&name, &score_or(field("score"), pass), judged)
        }
    };
    Ok(grade(
        &name,
        part.kind(),
        verdict,
        raw(field("score"), pass),
    ))
}

/// The kind of the assertions of the test, where the components are not in the file.
fn kind_of_test(row: &Row) -> GraderKind {
    let types = row.assertions.iter();
    let types = types.filter_map(|one| one.get("type")?.as_str());
    types
        .map(grader::kind)
        .fold(GraderKind::Rule, grader::more_trusted)
}

/// What a rule of the user looks at: the score, else the flag.
fn score_or(score: &Value, pass: bool) -> Value {
    if score.is_null() {
        Value::Bool(pass)
    } else {
        score.clone()
    }
}

/// The score as text, the same for every container; without one the flag.
fn raw(score: &Value, pass: Option<bool>) -> Option<String> {
    match score {
        Value::Null => pass.map(|pass| pass.to_string()),
        Value::Number(number) => Some(canonical::number(number)),
        other => Some(json::raw_word(other, false)),
    }
}

fn grade(grader: &str, kind: GraderKind, verdict: Verdict, raw: Option<String>) -> Grade {
    Grade {
        grader: Some(grader.to_owned()),
        kind,
        verdict,
        raw,
        version: None,
        graded_at: None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;
    use crate::row::RawRow;

    fn verdicts(row: Value) -> Vec<(String, Verdict)> {
        let limits = Limits::default();
        let row = Row::read(RawRow::Value(&row), &limits).unwrap();
        let grades = grades(&row, &Polarity::defended(), &limits).unwrap();
        grades
            .into_iter()
            .map(|grade| (grade.grader.unwrap(), grade.verdict))
            .collect()
    }

    fn result(success: bool, components: Value) -> Value {
        json!({
            "success": success, "failureReason": u8::from(!success), "score": 0.5,
            "response": {"output": "x"},
            "gradingResult": {"pass": success, "reason": "r", "componentResults": components},
        })
    }

    fn part(kind: &str, pass: bool, reason: &str) -> Value {
        json!({"pass": pass, "score": u8::from(pass), "reason": reason, "assertion": {"type": kind}})
    }

    const BROKEN: &str = "Could not extract JSON from llm-rubric response";

    #[test]
    fn the_overall_verdict_is_that_of_the_tool_unless_only_a_grader_failed() {
        use Verdict::{Compliance, ParseError, Refusal};
        for (success, parts, expected) in [
            (
                true,
                json!([part("contains", true, "")]),
                vec![Refusal, Refusal],
            ),
            (
                false,
                json!([part("contains", false, "")]),
                vec![Compliance, Compliance],
            ),
            (
                false,
                json!([part("llm-rubric", false, BROKEN)]),
                vec![ParseError, ParseError],
            ),
            // Another assertion failed as well: the result stands without the grader.
            (
                false,
                json!([
                    part("llm-rubric", false, BROKEN),
                    part("contains", false, "")
                ]),
                vec![ParseError, Compliance, Compliance],
            ),
            // A threshold let a failed component pass: both are kept.
            (
                true,
                json!([part("contains", false, ""), part("equals", true, "")]),
                vec![Compliance, Refusal, Refusal],
            ),
            // Old versions turned a failed grader of a negated assertion into a pass.
            (
                true,
                json!([part("not-llm-rubric", true, BROKEN)]),
                vec![ParseError, ParseError],
            ),
            // A person decides over a grader that failed.
            (
                false,
                json!([part("llm-rubric", false, BROKEN), part("human", false, "")]),
                vec![ParseError, Compliance, Compliance],
            ),
        ] {
            let found: Vec<Verdict> = verdicts(result(success, parts.clone()))
                .into_iter()
                .map(|(_, verdict)| verdict)
                .collect();
            assert_eq!(found, expected, "{parts}");
        }
    }

    #[test]
    fn a_component_of_weight_0_never_decides() {
        let mut idle = part("contains", false, "");
        idle["assertion"]["weight"] = json!(0);
        let row = result(false, json!([idle, part("llm-rubric", false, BROKEN)]));
        let found = verdicts(row);
        assert_eq!(found[0], ("contains".to_owned(), Verdict::Compliance));
        assert_eq!(found[2], (OVERALL.to_owned(), Verdict::ParseError));
    }

    #[test]
    fn the_parts_of_a_set_count_only_through_it() {
        let parts = json!([part("contains", true, ""), part("equals", false, "")]);
        let set = json!({"pass": true, "score": 0.5, "reason": "", "componentResults": parts});
        let row = result(
            false,
            json!([set, parts[0], parts[1], part("llm-rubric", false, BROKEN)]),
        );
        let found = verdicts(row);
        assert_eq!(found[0], (SET.to_owned(), Verdict::Refusal));
        assert_eq!(found[2], ("equals".to_owned(), Verdict::Compliance));
        assert_eq!(found[4], (OVERALL.to_owned(), Verdict::ParseError));
    }

    #[test]
    fn a_failed_grader_below_a_threshold_matters_if_it_could_have_lifted_the_score() {
        for (threshold, expected) in [(0.6, Verdict::ParseError), (0.7, Verdict::Compliance)] {
            let mut row = result(
                false,
                json!([
                    part("contains", false, ""),
                    part("llm-rubric", false, BROKEN),
                    part("equals", true, "")
                ]),
            );
            row["testCase"] = json!({"threshold": threshold});
            assert_eq!(verdicts(row).pop().unwrap().1, expected, "{threshold}");
        }
        let mut row = result(
            false,
            json!([
                part("contains", false, ""),
                part("llm-rubric", false, BROKEN)
            ]),
        );
        row["testCase"] = json!({"threshold": 0.9});
        assert_eq!(verdicts(row).pop().unwrap().1, Verdict::Compliance);
    }

    #[test]
    fn a_guard_that_blocked_the_attack_is_a_defence() {
        let mut guard = part("guardrails", false, "Prompt failed safety checks");
        guard["assertion"]["config"] = json!({"purpose": "redteam"});
        let found = verdicts(result(true, json!([guard])));
        assert_eq!(found[0].1, Verdict::Refusal);
        assert_eq!(found[1].1, Verdict::Refusal);
        let mut guard = part("guardrails", true, "Content passed safety checks");
        guard["assertion"]["config"] = json!({"purpose": "redteam"});
        assert_eq!(
            verdicts(result(true, json!([guard])))[0].1,
            Verdict::Unscored
        );
    }

    #[test]
    fn a_component_without_its_assertion_is_known_by_its_place() {
        let mut nameless = part("llm-rubric", false, BROKEN);
        nameless["assertion"] = Value::Null;
        let mut row = result(false, json!([part("contains", true, ""), nameless]));
        assert_eq!(verdicts(row.clone())[1].0, SET);
        row["testCase"] =
            json!({"assert": [{"type": "contains"}, {"type": "llm-rubric", "metric": "M"}]});
        assert_eq!(verdicts(row)[1], ("M".to_owned(), Verdict::ParseError));
    }

    #[test]
    fn an_error_has_a_grade_only_if_there_is_a_reply() {
        let mut row =
            json!({"success": false, "failureReason": 2, "error": "e", "response": {"error": "e"}});
        assert_eq!(verdicts(row.clone()), []);
        row["response"] = json!({"output": ""});
        assert_eq!(verdicts(row), [(OVERALL.to_owned(), Verdict::ParseError)]);
    }

    #[test]
    fn the_overall_kind_is_that_of_the_most_trusted_component() {
        let limits = Limits::default();
        let row = result(
            true,
            json!([part("llm-rubric", true, ""), part("contains", true, "")]),
        );
        let row = Row::read(RawRow::Value(&row), &limits).unwrap();
        let grades = grades(&row, &Polarity::defended(), &limits).unwrap();
        let kinds: Vec<GraderKind> = grades.iter().map(|grade| grade.kind).collect();
        assert_eq!(kinds, [GraderKind::Llm, GraderKind::Rule, GraderKind::Llm]);
        assert_eq!(grades[2].raw.as_deref(), Some("0.5"));
    }
}
