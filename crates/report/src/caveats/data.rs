//! Caveats about counts and losses: small samples, floors and ceilings, results
//! that could not be judged, and what kind of corpus this is.

use caveat_analysis::result::ModelResult;

use super::{Caveat, Topic};
use crate::annex::Severity;
use crate::composition::Facts;
use crate::evidence::numbered;
use crate::format;

/// Share of rejected records from which the rest may be another sample.
const GRAVE_REJECTS: f64 = 0.05;

/// Evaluable results below which a model's cell is called small.
const SMALL_CELL: u64 = 50;

/// Share of results that are not evaluable above which the loss is high.
const HIGH_LOSS: f64 = 0.10;

/// The same for a single ranked vendor.
const HIGH_LOSS_OF_A_VENDOR: f64 = 0.20;

/// CAV-STATUS. Rule: the report states a status of its data.
pub(super) fn status(facts: &Facts<'_>) -> Option<Caveat> {
    let status = facts.definition().status.as_deref()?.trim();
    if status.is_empty() {
        return None;
    }
    Some(Caveat {
        code: "CAV-STATUS",
        severity: Severity::Grave,
        topic: Topic::Data,
        title: "Status of the data".to_owned(),
        short: format!("{}.", format::capital(status).trim_end_matches('.')),
        text: format!(
            "{}. What is said here of vendors and models holds for this corpus and for nothing else.",
            format::capital(status).trim_end_matches('.')
        ),
        evidence: vec!["e2".to_owned()],
    })
}

/// CAV-MIN-N. Rule: a vendor has fewer evaluable results than the ranking minimum.
pub(super) fn below_minimum(facts: &Facts<'_>) -> Option<Caveat> {
    let unranked = facts.unranked();
    if unranked.is_empty() {
        return None;
    }
    let minimum = facts.definition().analysis.ranking_min_n;
    let listed: Vec<String> = unranked
        .iter()
        .map(|p| format!("{} ({})", facts.vendor(&p.provider), format::thousands(p.n)))
        .collect();
    let mut evidence = vec!["e1".to_owned()];
    evidence.extend(unranked.iter().filter_map(|p| facts.vendor_id(&p.provider)));
    let many = format::plural_word(unranked.len(), "vendor has", "vendors have");
    Some(Caveat {
        code: "CAV-MIN-N",
        severity: Severity::Note,
        topic: Topic::Data,
        title: "Some vendors have too few results to rank".to_owned(),
        short: format!(
            "{} fewer than {} results and no rank.",
            format::capital(&many),
            format::thousands(minimum)
        ),
        text: format!(
            "{} fewer than {} evaluable results and no rank: {}. They stay in the shares of variance.",
            format::capital(&many),
            format::thousands(minimum),
            format::list(&listed)
        ),
        evidence,
    })
}

/// CAV-SMALL-CELLS. Rule: a model has fewer than 50 evaluable results.
pub(super) fn small_cells(facts: &Facts<'_>) -> Option<Caveat> {
    let small: Vec<(usize, &ModelResult)> = facts
        .models()
        .filter(|(_, model)| model.n < SMALL_CELL)
        .collect();
    let smallest = small.iter().map(|(_, model)| model.n).min()?;
    let of = facts.analysis().models.len();
    let widest = small
        .iter()
        .filter_map(|(_, model)| model.asr.known())
        .map(|rate| 100.0 * (rate.upper.0 - rate.lower.0))
        .fold(0.0, f64::max);
    Some(Caveat {
        code: "CAV-SMALL-CELLS",
        severity: Severity::Note,
        topic: Topic::Data,
        title: "Small samples of single models".to_owned(),
        short: format!(
            "{} of {} models have fewer than {SMALL_CELL} results.",
            format::word_first(small.len()),
            format::count(of)
        ),
        text: format!(
            "{} of {} models have fewer than {SMALL_CELL} evaluable results, the smallest {}. Their \
             intervals are up to {} wide, and each counts as much in the shares of variance as a \
             model with many results.",
            format::word_first(small.len()),
            format::count(of),
            format::thousands(smallest),
            format::points(widest, 0)
        ),
        evidence: small
            .iter()
            .map(|(place, _)| numbered("m", *place))
            .collect(),
    })
}

/// CAV-FLOOR. Rule: no attack on some model succeeded.
pub(super) fn floor(facts: &Facts<'_>) -> Option<Caveat> {
    let at: Vec<_> = facts
        .models()
        .filter(|(_, m)| m.n > 0 && m.succeeded == 0)
        .collect();
    let evidence: Vec<String> = at.iter().map(|(place, _)| numbered("m", *place)).collect();
    at.first()?;
    let listed: Vec<String> = at
        .iter()
        .filter_map(|(place, model)| {
            let upper = model.asr.known()?.upper.0;
            Some(format!(
                "{} (none of {}; a rate of up to {} would fit that)",
                facts.model(*place),
                format::thousands(model.n),
                format::percent_up_to(upper)
            ))
        })
        .collect();
    Some(Caveat {
        code: "CAV-FLOOR",
        severity: Severity::Note,
        topic: Topic::Data,
        title: "No success is not resistance".to_owned(),
        short: format!(
            "{} without success; a model that cannot do the task shows the same.",
            format::capital(&format::plural_word(at.len(), "model", "models"))
        ),
        text: format!(
            "Nothing counted as success for {}. A model that is too weak to do what is asked shows \
             the same figure as one that refuses it; the counts do not tell them apart.",
            format::short_list(&listed, 6)
        ),
        evidence,
    })
}

/// CAV-CEILING. Rule: every attack on some model succeeded.
pub(super) fn ceiling(facts: &Facts<'_>) -> Option<Caveat> {
    let at: Vec<_> = facts
        .models()
        .filter(|(_, m)| m.n > 0 && m.succeeded == m.n)
        .collect();
    at.first()?;
    let evidence: Vec<String> = at.iter().map(|(place, _)| numbered("m", *place)).collect();
    let listed: Vec<String> = at
        .iter()
        .filter_map(|(place, model)| {
            let lower = model.asr.known()?.lower.0;
            Some(format!(
                "{} (all {}; a rate as low as {} would fit that)",
                facts.model(*place),
                format::thousands(model.n),
                format::percent_down_to(lower)
            ))
        })
        .collect();
    Some(Caveat {
        code: "CAV-CEILING",
        severity: Severity::Note,
        topic: Topic::Data,
        title: "Some models are at the ceiling".to_owned(),
        short: format!(
            "Every result of {} is a success; differences above that cannot be seen.",
            format::plural_word(at.len(), "model", "models")
        ),
        text: format!(
            "Every result is a success for {}. Such models cannot be told apart from each other, \
             and a ratio or a slope that includes them is squeezed.",
            format::short_list(&listed, 6)
        ),
        evidence,
    })
}

/// Verdicts of results that are not evaluable, in words for "74 were benign queries".
const LOST: [(&str, &str); 6] = [
    ("unscored", "were never scored"),
    ("not_gradeable", "held nothing that can be judged"),
    ("benign_query", "answered prompts that are no attacks"),
    ("error", "are error records"),
    ("infra_error", "failed before a reply existed"),
    ("parse_error", "got no readable verdict"),
];

/// Why the results of the kept models are not evaluable, most frequent first
/// (" Of them 464 were never scored and 74 are error records."); nothing where
/// the corpus gives no verdicts.
fn lost_by_reason(facts: &Facts<'_>) -> String {
    let kept = &facts.input.selection.account.kept;
    let mut parts: Vec<(u64, &str)> = LOST
        .iter()
        .filter_map(|(verdict, words)| Some((*kept.get(*verdict)?, *words)))
        .filter(|(n, _)| *n > 0)
        .collect();
    parts.sort_by_key(|(n, _)| std::cmp::Reverse(*n));
    let listed: Vec<String> = parts
        .iter()
        .map(|(n, words)| format!("{} {words}", format::thousands(*n)))
        .collect();
    if listed.is_empty() {
        return String::new();
    }
    format!(" Of them {}.", format::list(&listed))
}

/// Results lost before a reply existed, which a vendor can be asked about; the
/// others were lost by whoever tested or graded.
pub(crate) fn lost_to_the_vendor(facts: &Facts<'_>) -> u64 {
    let kept = &facts.input.selection.account.kept;
    let of = |verdict: &str| kept.get(verdict).copied().unwrap_or(0);
    of("error") + of("infra_error")
}

/// CAV-NOT-EVALUABLE. Rule: more than 10% of the results of the kept models are
/// not evaluable, or more than 20% of those of a ranked vendor.
pub(super) fn not_evaluable(facts: &Facts<'_>) -> Option<Caveat> {
    let lost = facts.not_evaluable();
    let all = facts.traces() + lost;
    let share = format::ratio(lost, all);
    let vendors: Vec<_> = facts
        .ranked()
        .into_iter()
        .filter(|p| format::ratio(p.not_evaluable, p.n + p.not_evaluable) > HIGH_LOSS_OF_A_VENDOR)
        .collect();
    if share <= HIGH_LOSS && vendors.is_empty() {
        return None;
    }
    let listed: Vec<String> = vendors
        .iter()
        .map(|p| {
            let share = format::ratio(p.not_evaluable, p.n + p.not_evaluable);
            format!("{} ({})", facts.vendor(&p.provider), format::percent(share))
        })
        .collect();
    let names = if listed.is_empty() {
        String::new()
    } else {
        format!(
            " The share is above {} for the ranked vendors {}.",
            format::percent(HIGH_LOSS_OF_A_VENDOR),
            format::list(&listed)
        )
    };
    let loss = |p: &caveat_analysis::result::ProviderResult| {
        format::ratio(p.not_evaluable, p.n + p.not_evaluable)
    };
    let most_unranked = facts
        .unranked()
        .into_iter()
        .filter(|p| loss(p) > HIGH_LOSS_OF_A_VENDOR)
        .max_by(|a, b| loss(a).total_cmp(&loss(b)));
    let unranked = most_unranked.map_or_else(String::new, |p| {
        format!(
            " Among vendors that are not ranked it is highest for {} ({}).",
            facts.vendor(&p.provider),
            format::percent(loss(p))
        )
    });
    let mut evidence = vec!["a2".to_owned()];
    evidence.extend(
        vendors
            .iter()
            .copied()
            .chain(most_unranked)
            .filter_map(|p| facts.vendor_id(&p.provider)),
    );
    Some(Caveat {
        code: "CAV-NOT-EVALUABLE",
        severity: Severity::Serious,
        topic: Topic::Data,
        title: "Many results could not be judged".to_owned(),
        short: format!(
            "{} of {} results are not evaluable and left out.",
            format::percent(share),
            format::thousands(all)
        ),
        text: format!(
            "{} of the {} results of the kept models are not evaluable and leave numerator and \
             denominator.{}{names}{unranked} If they differ from the others, the rates are off.",
            format::percent(share),
            format::thousands(all),
            lost_by_reason(facts)
        ),
        evidence,
    })
}

/// CAV-REJECTS. Rule: records of a source could not be used; grave from one in twenty.
pub(super) fn rejects(facts: &Facts<'_>) -> Option<Caveat> {
    let sources = facts.input.sources;
    let rejected: u64 = sources.iter().map(|source| source.rejected).sum();
    let read: u64 = sources.iter().map(|source| source.read).sum();
    if rejected == 0 {
        return None;
    }
    let share = format::ratio(rejected, read);
    let counted = format!(
        "{} of {} records",
        format::thousands(rejected),
        format::thousands(read)
    );
    Some(Caveat {
        code: "CAV-REJECTS",
        severity: if share >= GRAVE_REJECTS {
            Severity::Grave
        } else {
            Severity::Serious
        },
        topic: Topic::Data,
        title: "Records could not be used".to_owned(),
        short: format!("{counted} were rejected and enter no figure."),
        text: format!(
            "{counted} of the sources could not be used and enter no figure; whether they differ from \
             the others is not known. The annex counts them by reason, table sources; `caveat import` \
             names each with its place."
        ),
        evidence: vec!["a5".to_owned()],
    })
}

/// Records of the sources, and the traces that they stand for.
fn records_and_traces(facts: &Facts<'_>) -> (u64, u64) {
    let sources = facts.input.sources.iter();
    (
        sources.map(|s| s.imported + s.already_present).sum(),
        facts.input.selection.account.traces.values().sum(),
    )
}

/// Whether the corpus is published counts: fewer records than traces.
pub(crate) fn from_counts(facts: &Facts<'_>) -> bool {
    let (records, traces) = records_and_traces(facts);
    records > 0 && records < traces
}

/// CAV-COUNTS. Rule: the sources hold fewer records than the corpus has results,
/// so that some records are published counts and not single results.
pub(super) fn counts_only(facts: &Facts<'_>) -> Option<Caveat> {
    if !from_counts(facts) {
        return None;
    }
    let (records, traces) = records_and_traces(facts);
    Some(Caveat {
        code: "CAV-COUNTS",
        severity: Severity::Serious,
        topic: Topic::Data,
        title: "Counts, not single results".to_owned(),
        short: format!(
            "{} results come as {} rows of published counts.",
            format::thousands(traces),
            format::thousands(records)
        ),
        text: format!(
            "The {} results come as {} rows of published counts. Single results, their prompts and \
             their verdicts cannot be looked at, and nothing that needs them can be computed.",
            format::thousands(traces),
            format::thousands(records)
        ),
        evidence: vec!["a1".to_owned(), "a5".to_owned()],
    })
}

/// CAV-ONE-CORPUS. Rule: always; it names what was tested and when.
pub(super) fn one_corpus(facts: &Facts<'_>) -> Option<Caveat> {
    let models = facts.analysis().models.len();
    let when = match &facts.input.selection.account.observed {
        Some((first, last)) if first == last => format!(" on {}", written_day(first)),
        Some((first, last)) => format!(" between {} and {}", written_day(first), written_day(last)),
        None => " on days that the data do not record".to_owned(),
    };
    let mut evidence = vec!["a2".to_owned()];
    if facts.input.selection.account.observed.is_some() {
        evidence.push("a8".to_owned());
    }
    Some(Caveat {
        code: "CAV-ONE-CORPUS",
        severity: Severity::Note,
        topic: Topic::Data,
        title: "These tests only".to_owned(),
        short: format!(
            "{} results of {} say nothing of other tests or later versions.",
            format::thousands(facts.traces()),
            format::plural(models, "model", "models")
        ),
        text: format!(
            "The figures cover {} evaluable results of {}, observed{when}. They say nothing of other \
             tests, of later versions of the models, or of a system built around a model.",
            format::thousands(facts.traces()),
            format::plural(models, "model", "models")
        ),
        evidence,
    })
}

/// A day of the data as readers write it, or as it stands.
pub(crate) fn written_day(day: &str) -> String {
    let date = day.get(..10).and_then(crate::definition::day);
    date.map_or_else(
        || day.to_owned(),
        |(year, month, day)| format::date(year, month, day),
    )
}
