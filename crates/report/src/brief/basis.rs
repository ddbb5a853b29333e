//! What the vendor's numbers rest on: grader, prompts, dates, access, sizes.

use caveat_analysis::result::ModelResult;

use super::{Subject, limits_in_words, section as section_of};
use crate::compose::models::lost_is_unknown;
use crate::definition::Topic;
use crate::document::{Block, Entry, Row, Section, Table};
use crate::format;
use crate::words::{self, cell, number_column, plain, say, text_column, why_not};

/// Rows of one table; the annex has all.
const MOST_ROWS: usize = 24;

pub(super) fn section(subject: &Subject<'_>) -> Section {
    let mut blocks = vec![
        Block::Entries {
            entries: vec![
                entry("Results", results(subject)),
                entry("Graders", graders_in_words(subject)),
                entry("Prompts", prompts(subject)),
                entry("Dates", dates(subject)),
                entry("Access", access(subject)),
                entry("Sizes", sizes(subject)),
            ],
        },
        Block::Table(models(subject)),
    ];
    if subject.detail.graders.len() > 1 {
        blocks.push(Block::Table(graders(subject)));
    }
    let known: Vec<_> = subject
        .facts
        .context(Topic::Grader)
        .into_iter()
        .map(|context| {
            vec![say(
                format!(
                    "From elsewhere: {}. Source: {}.",
                    context.text.trim().trim_end_matches('.'),
                    context.source.trim().trim_end_matches('.')
                ),
                ["e1"],
            )]
        })
        .collect();
    if !known.is_empty() {
        blocks.push(super::list(known));
    }
    section_of(
        "basis",
        "What these numbers rest on",
        vec![say(
            format!(
                "{}.",
                subject
                    .facts
                    .definition()
                    .corpus
                    .trim()
                    .trim_end_matches('.')
            ),
            ["e2"],
        )],
        blocks,
    )
}

fn entry(name: &str, sentence: crate::document::Sentence) -> Entry {
    Entry {
        name: name.to_owned(),
        text: vec![sentence],
        code: false,
    }
}

fn results(subject: &Subject<'_>) -> crate::document::Sentence {
    let provider = subject.provider;
    let lost = if lost_is_unknown(subject.facts) {
        "published counts do not say how many more could not be judged".to_owned()
    } else {
        match provider.not_evaluable {
            0 => "none was lost".to_owned(),
            n => format!(
                "{} more ({}) could not be judged and leave numerator and denominator",
                format::thousands(n),
                format::percent(format::ratio(n, n + provider.n))
            ),
        }
    };
    say(
        format!(
            "{} evaluable results of {}; {lost}.",
            format::thousands(provider.n),
            format::plural(provider.n_models, "model", "models")
        ),
        [subject.id.clone()],
    )
}

fn graders_in_words(subject: &Subject<'_>) -> crate::document::Sentence {
    let facts = subject.facts;
    let check = match facts.definition().grader_check.as_deref().map(str::trim) {
        Some(known) if !known.is_empty() => format!(" {}.", known.trim_end_matches('.')),
        _ => " How often the verdicts are wrong was not checked here.".to_owned(),
    };
    let text = match subject.detail.graders.as_slice() {
        [] => "Who graded is not recorded.".to_owned(),
        [one] if one.grader.trim().is_empty() => "Who graded is not recorded.".to_owned(),
        [one] => format!("{} gave every verdict.", facts.grader(&one.grader)),
        many => {
            let shares: Vec<String> = many
                .iter()
                .map(|used| {
                    format!(
                        "{} ({})",
                        facts.grader(&used.grader),
                        format::percent(used.share.0)
                    )
                })
                .collect();
            format!("{}.", format::short_list(&shares, 4))
        }
    };
    say(format!("{text}{check}"), ["i3", "e1"])
}

fn prompts(subject: &Subject<'_>) -> crate::document::Sentence {
    match subject.detail.by_prompt.as_result() {
        Err(reason) => say(
            format!(
                "Not counted, because {}; intervals take every result as independent and may be too narrow.",
                why_not(reason)
            ),
            ["i2"],
        ),
        Ok(row) => {
            let by_prompt = super::possible(row.rate.known()).map_or_else(String::new, |rate| {
                format!(
                    " With the prompt as the unit the {} interval is {}.",
                    subject.level(),
                    limits_in_words(rate)
                )
            });
            let few = if row.few_prompts {
                " Ten prompts or more would be needed to trust that."
            } else {
                ""
            };
            say(
                format!(
                    "{} results on {}.{by_prompt}{few}",
                    format::thousands(row.n),
                    format::plural(row.prompts, "different prompt", "different prompts")
                ),
                ["i2"],
            )
        }
    }
}

/// The days of the vendor's results, or of the whole corpus, with their id.
pub(super) fn days(subject: &Subject<'_>) -> Option<(String, String)> {
    let span = |first: String, last: String| {
        if first == last {
            format!("of {first}")
        } else {
            format!("of {first} to {last}")
        }
    };
    if let Some((first, last)) = subject.detail.observed {
        return Some((span(day(first), day(last)), "i4".to_owned()));
    }
    let (first, last) = subject.facts.input.selection.account.observed.as_ref()?;
    let written = crate::caveats::data::written_day;
    Some((
        format!(
            "{}, as far as the corpus says",
            span(written(first), written(last))
        ),
        "a8".to_owned(),
    ))
}

/// A day that is written as the number yyyymmdd.
fn day(number: u32) -> String {
    let text = format!(
        "{:04}-{:02}-{:02}",
        number / 10_000,
        number / 100 % 100,
        number % 100
    );
    crate::caveats::data::written_day(&text)
}

fn dates(subject: &Subject<'_>) -> crate::document::Sentence {
    match days(subject) {
        Some((days, id)) => say(
            format!("Results {days}; when they were graded is not recorded."),
            [id],
        ),
        None => plain("Neither the days of the tests nor those of grading are recorded."),
    }
}

fn access(subject: &Subject<'_>) -> crate::document::Sentence {
    let text = match subject.stand_in() {
        Some(kind) => format!(
            "{} is a {kind}: the models are of other makers, reached through it.",
            subject.name
        ),
        None => "The data name the vendor of each result, and not through which interface, with which system prompt or filter it was reached.".to_owned(),
    };
    say(text, ["a7"])
}

fn sizes(subject: &Subject<'_>) -> crate::document::Sentence {
    let known: Vec<Option<bool>> = subject
        .models()
        .filter_map(|(_, model)| subject.facts.fact(model))
        .map(|fact| fact.disclosed)
        .collect();
    let count = |wanted: Option<bool>| known.iter().filter(|d| **d == wanted).count();
    let against = subject
        .models()
        .filter_map(|(_, model)| subject.facts.fact(model))
        .filter(|fact| {
            let sizes = fact.coded_b.zip(fact.disclosed_total_b);
            sizes.is_some_and(|(coded, own)| crate::sizes::contradicts(coded, own))
        })
        .count();
    let open = count(Some(true)).saturating_sub(against);
    let (hidden, unknown) = (count(Some(false)), count(None));
    let mut parts = Vec::new();
    for (n, what) in [
        (open, "published by the maker"),
        (
            against,
            "published by the maker, but the corpus codes another",
        ),
        (hidden, "not published"),
        (unknown, "not known to the register of models"),
    ] {
        if n > 0 {
            parts.push(format!(
                "{what}: {}",
                format::plural_word(n, "model", "models")
            ));
        }
    }
    say(format!("{}.", format::capital(&parts.join("; "))), ["a7"])
}

fn models(subject: &Subject<'_>) -> Table {
    let mut models: Vec<(usize, &ModelResult)> = subject.models().collect();
    models.sort_by(|(_, a), (_, b)| a.model.cmp(&b.model));
    let left = models.len().saturating_sub(MOST_ROWS);
    models.truncate(MOST_ROWS);
    let lost_unknown = lost_is_unknown(subject.facts);
    let rows = models.iter().map(|(place, model)| {
        let fact = subject.facts.fact(model);
        let recorded = |text: Option<String>| text.unwrap_or_else(|| "not recorded".to_owned());
        Row {
            cells: vec![
                cell(subject.facts.model(*place)),
                cell(recorded(
                    fact.map(|fact| reached(&fact.provider_kind).to_owned()),
                )),
                cell(recorded(fact.and_then(|fact| fact.weights.clone()))),
                cell(super::models::size(subject, *place, model)),
                cell(
                    match (
                        super::models::maker_states_another(subject, *place, model),
                        fact.and_then(|fact| fact.disclosed),
                    ) {
                        (Some(stated), _) => format!("yes, {}", format::size(stated)),
                        (None, Some(true)) => "yes".to_owned(),
                        (None, Some(false)) => "no".to_owned(),
                        (None, None) => "not known".to_owned(),
                    },
                ),
                cell(format::thousands(model.n)),
                cell(if lost_unknown {
                    "not recorded".to_owned()
                } else {
                    format::thousands(model.not_evaluable)
                }),
            ],
            strong: false,
        }
    });
    Table {
        id: "basis-models".to_owned(),
        number: None,
        title: Some("Its models, and how much is known of them".to_owned()),
        subtitle: Some("Names as the corpus has them; order of name".to_owned()),
        columns: vec![
            text_column("Model", 52.0),
            text_column("Named by", 24.0),
            text_column("Weights", 21.0),
            number_column("Parameters", 23.0),
            text_column("Published", 18.0),
            number_column("Results", 15.0),
            number_column("Lost", 17.0),
        ],
        rows: rows.collect(),
        more: (left > 0)
            .then(|| format!("{} more in the annex, list models.", format::count(left))),
        note: vec![say(
            if models.iter().any(|(place, model)| {
                super::models::size(subject, *place, model).ends_with('\u{b9}')
            }) {
                "Lost: results that could not be judged. \u{b9} Coded by the corpus, not published by the maker."
            } else {
                "Lost: results that could not be judged."
            },
            ["a7", &subject.id],
        )]
        .into_iter()
        .chain(super::models::others_stated(subject, &models))
        .collect(),
    }
}

fn reached(kind: &str) -> &str {
    match kind {
        "maker" => "maker",
        "runtime" => "runtime",
        "router" => "router",
        "host" => "host",
        _ => "not recorded",
    }
}

fn graders(subject: &Subject<'_>) -> Table {
    let rows = subject
        .detail
        .graders
        .iter()
        .take(MOST_ROWS)
        .map(|used| Row {
            cells: vec![
                cell(subject.facts.grader(&used.grader)),
                cell(format::thousands(used.n)),
                cell(format::percent_cell(used.share.0)),
                cell(
                    used.share_of_others
                        .number()
                        .map_or_else(|| "no other vendor".to_owned(), format::percent_cell),
                ),
            ],
            strong: false,
        });
    Table {
        id: "basis-graders".to_owned(),
        number: None,
        title: Some("Who graded its results, and those of the others".to_owned()),
        subtitle: Some("Evaluable results; shares in percent".to_owned()),
        columns: vec![
            text_column("Grader", 80.0),
            number_column("Results", 24.0),
            number_column("Share here, %", 30.0),
            number_column("Share of others, %", 34.0),
        ],
        rows: rows.collect(),
        more: None,
        note: vec![say(
            format!(
                "Counts and shares, not estimates; {}.",
                words::grader_phrase(subject.facts)
            ),
            ["i3", "g1"],
        )],
    }
}
