//! Sentences for the account of a source.

use caveat_importer::text::printable;

use crate::emit::Counts;
use crate::polarity::Settings;
use crate::shape::Shape;
use crate::siblings::Ids;
use crate::survey::{Run, Survey};

/// Most evaluations that the account names one by one.
const MAX_NAMED: usize = 20;

/// Everything that the account should say.
pub(crate) fn notes(
    shape: Shape,
    survey: &Survey,
    settings: &Settings,
    ids: &Ids,
    counts: &Counts,
) -> Vec<String> {
    let mut notes = Vec::new();
    let runs = survey.runs.iter().filter(|run| run.tally().rows > 0);
    let (read, left): (Vec<&Run>, Vec<&Run>) =
        runs.partition(|run| settings.polarity(run.red_team.is_some()).is_some());
    for run in read.iter().take(MAX_NAMED) {
        notes.extend(of_run(run, settings));
    }
    if read.len() > MAX_NAMED {
        notes.push(format!(
            "{} more evaluations were read in the same way",
            read.len() - MAX_NAMED
        ));
    }
    for run in left.iter().take(MAX_NAMED) {
        notes.push(format!(
            "{}: {} results of an ordinary run were left out, since nothing says that passing means \
             that an attack was fended off; `runs = \"red-team\"` reads them so",
            name(run),
            run.tally().rows
        ));
    }
    if left.len() > MAX_NAMED {
        notes.push(format!(
            "{} more ordinary evaluations were left out",
            left.len() - MAX_NAMED
        ));
    }
    notes.extend(of_graders(counts));
    notes.extend(settings.notes());
    notes.extend(of_counts(counts));
    notes.extend(of_names(shape, ids, counts));
    notes.extend(survey.notes.iter().cloned());
    notes
}

fn name(run: &Run) -> String {
    match &run.id {
        Some(id) => format!("evaluation `{}`", printable(id)),
        None => "the evaluation".to_owned(),
    }
}

fn of_run(run: &Run, settings: &Settings) -> Vec<String> {
    let mut notes = Vec::new();
    let tool = run
        .tool
        .as_deref()
        .map(|tool| format!(" (promptfoo {})", printable(tool)));
    let tool = tool.unwrap_or_default();
    let by_pass = settings.polarity(run.red_team.is_some());
    let by_pass = by_pass.is_some_and(|polarity| polarity.passed_is_defended);
    let reading = "`success` is read as fended off, a failed assertion as a successful attack";
    notes.push(match (run.red_team, by_pass) {
        (Some(why), _) => format!("{}{tool}: a red-team run by {why}; {reading}", name(run)),
        (None, true) => format!(
            "{}{tool}: read as a red-team run because the options say so; {reading}",
            name(run)
        ),
        (None, false) => format!(
            "{}{tool}: an ordinary run, read by the rules given alone; graders without a rule keep \
             their scores without a verdict",
            name(run)
        ),
    });
    let tally = run.tally();
    if let Some(printed) = run
        .printed
        .filter(|printed| *printed != tally.totals && tally.broken == 0)
    {
        let found = tally.totals;
        notes.push(format!(
            "{}: the tool counted {} successes, {} failures and {} errors, the results hold {}, {} and {}; the results are used",
            name(run),
            printed.successes,
            printed.failures,
            printed.errors,
            found.successes,
            found.failures,
            found.errors
        ));
    }
    if tally.repeated() > 0 {
        notes.push(format!(
            "{}: tests with equal variables in one column are attempts of one test, in the order of their numbers ({} tests)",
            name(run),
            tally.repeated()
        ));
    }
    notes
}

fn of_graders(counts: &Counts) -> Option<String> {
    let graders: Vec<String> = counts
        .graders
        .iter()
        .map(|grader| format!("`{}`", printable(grader)))
        .collect();
    (!graders.is_empty()).then(|| {
        format!(
            "graders: `promptfoo` is the tool's own `success`; {} are its assertions, with `pass` read in the same way",
            graders.join(", ")
        )
    })
}

fn of_counts(counts: &Counts) -> Vec<String> {
    let mut notes = Vec::new();
    let mut say = |count: u64, text: &str| {
        if count > 0 {
            notes.push(format!("{count} of {} results {text}", counts.traces));
        }
    };
    say(
        counts.ungraded,
        "have no grade: they ended with an error, or nothing graded them; they are no defence",
    );
    say(counts.undecided, "have no verdict because a grader failed");
    say(
        counts.divided,
        "have a component that says otherwise than `promptfoo`; both grades are kept",
    );
    notes
}

fn of_names(shape: Shape, ids: &Ids, counts: &Counts) -> Vec<String> {
    let mut notes = Vec::new();
    if counts.borrowed > 0 {
        notes.push(format!(
            "{} of {} results have no id and take that of the same result in {}",
            counts.borrowed,
            counts.traces,
            ids.files
                .iter()
                .map(|file| format!("`{}`", printable(file)))
                .collect::<Vec<_>>()
                .join(", ")
        ));
    }
    if counts.nameless > 0 && shape == Shape::Lines {
        notes.push(format!(
            "{} of {} results have neither an id nor that of their evaluation: another export of the \
             run that is imported from elsewhere would count them a second time",
            counts.nameless, counts.traces
        ));
    }
    notes
}
