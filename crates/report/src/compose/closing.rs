//! All caveats, the bottom line, the colophon.

use super::Parts;
use crate::composition::Facts;
use crate::document::{Block, Entry, Prose, Section};
use crate::findings::apart::told_apart;
use crate::findings::{self, ShareState, SlopeState};
use crate::format;
use crate::words::{plain, say, strong};

pub(super) fn caveats(parts: &Parts<'_>) -> Section {
    let items: Vec<Prose> = parts
        .caveats
        .iter()
        .map(|caveat| caveat.list_item())
        .collect();
    // The status says what the data are; it is no limit that could turn an answer on them.
    let grave = parts
        .caveats
        .iter()
        .filter(|c| c.severity == crate::annex::Severity::Grave && c.code != "CAV-STATUS")
        .count();
    let first = match grave {
        0 => plain(
            "None of these limits is shown to overturn the answer; whether the grader\u{2019}s errors do was not tested. Gravest first.",
        ),
        n => strong(
            format!(
                "{} below{} could overturn the answer{}.",
                if n == 1 {
                    "The first limit".to_owned()
                } else {
                    format!("The first {} limits", format::word(n))
                },
                if parts.caveats.iter().any(|c| c.code == "CAV-STATUS") {
                    ", after the status of the data,"
                } else {
                    ""
                },
                if n == 1 { "" } else { ", each alone" }
            ),
            ["e1"],
        ),
    };
    super::section(
        "caveats",
        "All caveats",
        vec![first],
        vec![Block::List { items }],
    )
}

/// What the question was and what the data answer, in a few sentences.
pub(super) fn bottom_line(facts: &Facts<'_>) -> Section {
    let main = facts.main_share().id;
    let share = findings::share_state(facts);
    let slope = findings::slope_state(facts);
    let opening = match (share, slope) {
        (ShareState::Beyond, SlopeState::Falls | SlopeState::Rises) => {
            "Both go with the rate: ask how large the model is, and whose it is.".to_owned()
        }
        (ShareState::Beyond, SlopeState::NotEstablished) => {
            "Ask whose the model is; for its size no effect is established, and none is ruled out.".to_owned()
        }
        (ShareState::Beyond, SlopeState::Absent(_)) => {
            "Ask whose the model is; size these data cannot judge.".to_owned()
        }
        (ShareState::Close, _) => {
            "Whose the model is may matter; the data are too close to the line to say.".to_owned()
        }
        (_, SlopeState::Falls | SlopeState::Rises) => {
            "Ask how large the model is; for whose it is no effect is established, and none is ruled out.".to_owned()
        }
        (ShareState::Short, SlopeState::NotEstablished) => {
            format!(
                "On these data neither \u{201c}how big is the model?\u{201d} nor \u{201c}whose is it?\u{201d} is shown to explain how often {}.",
                crate::words::event(facts)
            )
        }
        _ => "These data answer neither how much size matters nor how much the vendor does.".to_owned(),
    };
    let mut text = vec![strong(opening, [main, "s1"])];
    if told_apart(facts) > 0 {
        let pairs = facts.analysis().comparisons.len();
        text.push(say(
            format::capital(&format!(
                "{} be told apart, each on its own evidence.",
                format::part_of(
                    told_apart(facts),
                    pairs,
                    ["pair of vendors", "pairs of vendors"],
                    ["can", "can"],
                ),
            )),
            ["c1"],
        ));
    }
    text.push(match (share, slope) {
        (ShareState::Short | ShareState::Close, _) => say(room(facts), [main]),
        (ShareState::Beyond, _) => say("Why vendors differ was not tested.", [main]),
        (ShareState::Absent(_), _) => say("Other data would be needed: several models of several vendors, with rates that differ.", [main]),
    });
    text.push(plain("For a decision, test the models in question, on the same prompts, with a grader whose errors are known."));
    super::section("bottom-line", "The bottom line", text, Vec::new())
}

/// What the interval of the vendor's share leaves open.
fn room(facts: &Facts<'_>) -> String {
    let upper = facts
        .main_share()
        .result
        .population_eta2
        .known()
        .map(|range| range.upper.0);
    let open = upper.map_or_else(String::new, |upper| {
        format!(
            ": the interval leaves room for a vendor\u{2019}s share of up to {}",
            format::percent(upper)
        )
    });
    format!("What is not established is not refuted{open}.")
}

/// Versions, seed, digests and faces.
pub(crate) fn colophon(facts: &Facts<'_>) -> Vec<Entry> {
    let coded = |name: &str, text: String, id: &str| Entry {
        name: name.to_owned(),
        text: vec![say(text, [id])],
        code: true,
    };
    let mut entries = vec![
        coded("caveat", facts.input.version.to_owned(), "e2"),
        coded("Report", facts.definition().number.clone(), "e2"),
        coded("Edition", facts.definition().edition_date.clone(), "e2"),
        coded("Seed", facts.definition().analysis.seed.to_string(), "e1"),
        coded(
            "Relabellings",
            facts.definition().analysis.permutations.to_string(),
            "e1",
        ),
    ];
    entries.extend(
        facts
            .input
            .sources
            .iter()
            .map(|source| coded(&source.path, source.sha256.clone(), "a5")),
    );
    entries.extend(
        facts
            .input
            .digests
            .iter()
            .filter(|(_, digest)| {
                let sources = &facts.input.sources;
                sources.iter().all(|source| source.sha256 != *digest)
            })
            .map(|(name, digest)| coded(name, digest.clone(), "e2")),
    );
    entries.push(Entry {
        name: "Faces".to_owned(),
        text: vec![plain("Source Serif, Source Sans and Source Code Pro, by Adobe, under the SIL Open Font License.")],
        code: false,
    });
    entries
}
