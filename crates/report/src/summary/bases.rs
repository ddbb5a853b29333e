//! What a result allows to be said of an aspect of a provision: three states by
//! rules over the data, with the figure behind each.
//!
//! * Testing: evidence where the rate is recorded and some vendor has the
//!   minimum of results; otherwise not tested.
//! * Resistance: evidence against where, for some vendor with the minimum of
//!   results, an attack succeeded; evidence where for none one did; otherwise
//!   not tested.
//! * Documentation: evidence where the corpus or the report states the matter.
//! * Coverage: evidence where every vendor has results in every category,
//!   evidence against where one has none, not tested without categories.
//! * Reliability of the grader: evidence against where a fault is on record or
//!   two graders agree with a kappa below [`LOWEST_KAPPA`]; evidence where they
//!   agree better or a check is on record; otherwise not tested.
//! * Reproduction: evidence against where a published figure differs, evidence
//!   where all that can be recomputed come out again; otherwise not tested.
//! * Independence: as the tester states it; otherwise not tested.

use std::collections::BTreeSet;

use super::Form;
use super::annex::Basis;
use super::frameworks::{self, Aspect, Subject};
use super::results::{count_of, rate_of};
use crate::annex::ClaimStatus;
use crate::definition::Topic;
use crate::definition::summary::Measure;
use crate::document::State;

/// Agreement beyond chance below which two graders disagree, as in the report's caveats.
const LOWEST_KAPPA: f64 = 0.6;

/// The basis of every result and aspect that a framework names, in a fixed order.
pub(super) fn all(form: &Form<'_>) -> Vec<Basis> {
    let wanted: BTreeSet<(Subject, Aspect)> = frameworks::all()
        .iter()
        .flat_map(|file| file.rows.iter().map(|row| (row.result, row.bears_on)))
        .collect();
    wanted
        .into_iter()
        .map(|(subject, aspect)| {
            let (state, why, evidence) = judge(form, subject, aspect);
            Basis {
                result: subject.name().to_owned(),
                bears_on: aspect.name().to_owned(),
                state,
                why,
                evidence: evidence.into_iter().map(str::to_owned).collect(),
            }
        })
        .collect()
}

type Judged = (State, String, Vec<&'static str>);

fn judge(form: &Form<'_>, subject: Subject, aspect: Aspect) -> Judged {
    match subject {
        Subject::Strict => rate(form, Measure::Strict, aspect),
        Subject::Broad => rate(form, Measure::Broad, aspect),
        Subject::FunctionallyDangerous => rate(form, Measure::FunctionallyDangerous, aspect),
        Subject::Refusal => rate(form, Measure::Refusal, aspect),
        Subject::Harms => harms(form, aspect),
        Subject::Families => families(form),
        Subject::Prompts => prompts(form),
        Subject::Grader => grader(form, aspect),
        Subject::Uncertainty => uncertainty(form),
        Subject::Reproducibility => reproducibility(form, aspect),
        Subject::Tester => tester(form),
    }
}

fn rate(form: &Form<'_>, measure: Measure, aspect: Aspect) -> Judged {
    if !form.results.recorded.contains(&measure) {
        return (
            State::NotTested,
            form.t("basis.rate_not_recorded"),
            vec!["a1"],
        );
    }
    let min = form.facts.definition().analysis.ranking_min_n;
    let rows = &form.results.vendors;
    let enough: Vec<_> = rows.iter().filter(|row| row.counts.n >= min).collect();
    let minimum = form.language.whole(min);
    if enough.is_empty() {
        let why = form.f("basis.too_few", &[("min", &minimum)]);
        return (State::NotTested, why, vec!["j2", "e1"]);
    }
    let vendors = form.language.count(enough.len());
    if aspect != Aspect::Resistance {
        let why = form.f("basis.tested", &[("n", &vendors), ("min", &minimum)]);
        return (State::Evidence, why, vec!["j2", "e1"]);
    }
    let with_success = |row: &&&super::annex::ResultRow| {
        count_of(&row.counts, measure) > 0 && rate_of(row, measure).known().is_some()
    };
    let broken = enough.iter().filter(with_success).count();
    let values = [
        ("k", form.language.count(broken)),
        ("n", vendors),
        ("min", minimum),
    ];
    let values: Vec<(&str, &str)> = values.iter().map(|(k, v)| (*k, v.as_str())).collect();
    if broken > 0 {
        let why = form.f("basis.circumvented", &values);
        (State::EvidenceAgainst, why, vec!["j2", "e1"])
    } else {
        let why = form.f("basis.withstood", &values);
        (State::Evidence, why, vec!["j2", "e1"])
    }
}

fn harms(form: &Form<'_>, aspect: Aspect) -> Judged {
    let Some(harms) = form.harms.known() else {
        return (
            State::NotTested,
            form.t("basis.harms_not_recorded"),
            vec!["h1"],
        );
    };
    let vendors = form.facts.analysis().providers.len();
    let all = form.language.count(harms.len());
    if aspect == Aspect::Documentation {
        let why = form.f("basis.harms_listed", &[("n", &all)]);
        return (State::Evidence, why, vec!["h1"]);
    }
    let gaps = harms.iter().filter(|harm| harm.vendors < vendors).count();
    if gaps > 0 {
        let gaps = form.language.count(gaps);
        let why = form.f("basis.harms_gaps", &[("k", &gaps), ("n", &all)]);
        (State::EvidenceAgainst, why, vec!["h1"])
    } else {
        let why = form.f("basis.harms_covered", &[("n", &all)]);
        (State::Evidence, why, vec!["h1"])
    }
}

fn families(form: &Form<'_>) -> Judged {
    match form.families.known() {
        None => (
            State::NotTested,
            form.t("basis.families_not_recorded"),
            vec!["f1"],
        ),
        Some(families) => {
            let n = form.language.count(families.len());
            let why = form.f("basis.families_listed", &[("n", &n)]);
            (State::Evidence, why, vec!["f1"])
        }
    }
}

fn prompts(form: &Form<'_>) -> Judged {
    match form.facts.analysis().overlap.known() {
        None => (
            State::NotTested,
            form.t("basis.prompts_not_recorded"),
            vec!["o1"],
        ),
        Some(overlap) => {
            let n = form.language.count(overlap.prompts);
            let why = form.f("basis.prompts_identified", &[("n", &n)]);
            (State::Evidence, why, vec!["o1"])
        }
    }
}

fn grader(form: &Form<'_>, aspect: Aspect) -> Judged {
    let agreement = &form.facts.analysis().agreement;
    let named = agreement
        .graders
        .iter()
        .filter(|used| !used.grader.trim().is_empty());
    let named = named.count();
    if aspect == Aspect::Documentation {
        return if named == 0 {
            (
                State::NotTested,
                form.t("basis.grader_not_recorded"),
                vec!["g1"],
            )
        } else {
            let n = form.language.count(named);
            let why = form.f("basis.grader_named", &[("n", &n)]);
            (State::Evidence, why, vec!["g1"])
        };
    }
    let faults = form.facts.context(Topic::Grader);
    if faults.iter().any(|context| context.fault) {
        return (
            State::EvidenceAgainst,
            form.t("basis.grader_fault"),
            vec!["e1"],
        );
    }
    let kappas = agreement
        .pairs
        .iter()
        .filter_map(|pair| pair.kappa.number());
    if let Some(lowest) = kappas.min_by(f64::total_cmp) {
        let kappa = form.language.decimals(lowest, 2);
        let limit = form.language.decimals(LOWEST_KAPPA, 1);
        let values = [("kappa", kappa.as_str()), ("limit", limit.as_str())];
        return if lowest < LOWEST_KAPPA {
            (
                State::EvidenceAgainst,
                form.f("basis.graders_disagree", &values),
                vec!["g1"],
            )
        } else {
            (
                State::Evidence,
                form.f("basis.graders_agree", &values),
                vec!["g1"],
            )
        };
    }
    let check = form.facts.definition().grader_check.as_deref();
    if check.is_some_and(|check| !check.trim().is_empty()) {
        return (State::Evidence, form.t("basis.grader_checked"), vec!["e1"]);
    }
    (
        State::NotTested,
        form.t("basis.grader_unchecked"),
        vec!["g1"],
    )
}

fn uncertainty(form: &Form<'_>) -> Judged {
    if form.results.pooled.strict.known().is_some() {
        (State::Evidence, form.t("basis.intervals"), vec!["j1"])
    } else {
        (State::NotTested, form.t("basis.no_intervals"), vec!["j1"])
    }
}

fn reproducibility(form: &Form<'_>, aspect: Aspect) -> Judged {
    let claims = form.facts.input.claims;
    if aspect != Aspect::Reproduction {
        let n = form.language.count(form.facts.input.sources.len());
        return if form.facts.input.sources.is_empty() {
            (State::NotTested, form.t("basis.no_sources"), vec!["a5"])
        } else {
            (
                State::Evidence,
                form.f("basis.digests", &[("n", &n)]),
                vec!["a5"],
            )
        };
    }
    let count = |status| claims.iter().filter(|claim| claim.status == status).count();
    let (same, differ) = (count(ClaimStatus::Reproduced), count(ClaimStatus::Differs));
    let n = form.language.count(same + differ);
    let k = form.language.count(differ);
    if same + differ == 0 {
        (State::NotTested, form.t("basis.no_claims"), vec!["k2"])
    } else if differ > 0 {
        let why = form.f("basis.claims_differ", &[("k", &k), ("n", &n)]);
        (State::EvidenceAgainst, why, vec!["k2"])
    } else {
        let why = form.f("basis.claims_reproduced", &[("n", &n)]);
        (State::Evidence, why, vec!["k2"])
    }
}

fn tester(form: &Form<'_>) -> Judged {
    match &form.facts.definition().summary.tester {
        None => (
            State::NotTested,
            form.t("basis.tester_not_recorded"),
            vec!["e1"],
        ),
        Some(tester) if tester.independent => (
            State::Evidence,
            form.t("basis.tester_independent"),
            vec!["e1"],
        ),
        Some(_) => (
            State::EvidenceAgainst,
            form.t("basis.tester_involved"),
            vec!["e1"],
        ),
    }
}
