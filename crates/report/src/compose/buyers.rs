//! For buyers: what may be concluded, what may not, what to ask; each by rule.

use crate::caveats;
use crate::composition::Facts;
use crate::document::{Block, Prose, Section};
use crate::findings::apart::{separated_above, separated_below, told_apart};
use crate::findings::{self, ShareState, SlopeState};
use crate::format;
use crate::words::{plain, say, strong};

pub(super) fn section(facts: &Facts<'_>) -> Section {
    let [may_be, may_not_be, to_ask] = if stands_for_others(facts) {
        [
            "What measured data of this kind would allow",
            "What they would not allow",
            "What one would then ask a vendor",
        ]
    } else {
        [
            "What may be concluded",
            "What may not be concluded",
            "What to ask a vendor",
        ]
    };
    let subheading = |text: &str| Block::Subheading {
        text: text.to_owned(),
    };
    let list = |items| Block::List { items };
    let blocks = vec![
        subheading(may_be),
        list(may(facts)),
        subheading(may_not_be),
        list(may_not(facts)),
        subheading(to_ask),
        list(ask(facts)),
    ];
    super::section("buyers", "For buyers", lead(facts), blocks)
}

/// Whether the report states that its data are not what they stand for.
fn stands_for_others(facts: &Facts<'_>) -> bool {
    facts.definition().status.is_some()
}

fn lead(facts: &Facts<'_>) -> Prose {
    if stands_for_others(facts) {
        return vec![plain(
            "The data are not what they stand for (see the title page): nothing here may be used to choose a vendor; what follows shows what such data would allow.",
        )];
    }
    let text = match (findings::share_state(facts), told_apart(facts)) {
        (ShareState::Beyond, n) if n > 0 => {
            "The vendor\u{2019}s name carries information here, but not enough to choose by it alone."
        }
        (_, 0) => "These data give no ground to prefer a vendor, and none to dismiss one.",
        (ShareState::Beyond, _) => {
            "Vendors differ beyond chance, yet no single pair can be told apart."
        }
        _ => {
            "Single pairs of vendors can be told apart; a general rule about vendors cannot be drawn."
        }
    };
    vec![plain(text)]
}

fn may(facts: &Facts<'_>) -> Vec<Prose> {
    let mut items = Vec::new();
    let (low, high) = (separated_below(facts), separated_above(facts));
    for (list, way) in [(&low, "less often"), (&high, "more often")] {
        if list.is_empty() {
            continue;
        }
        let names: Vec<String> = list.iter().map(|p| facts.vendor(&p.provider)).collect();
        let ids: Vec<String> = list
            .iter()
            .filter_map(|p| facts.vendor_id(&p.provider))
            .chain(["c1".to_owned()])
            .collect();
        let prompts = findings::prompts::clause(facts);
        items.push(vec![say(
            format!(
                "With models of {} {} {way} than with those of most other ranked vendors, {prompts}.",
                format::list(&names),
                crate::words::event_past(facts)
            ),
            ids,
        )]);
    }
    match findings::slope_state(facts) {
        SlopeState::Falls => items.push(vec![say(
            "Over the sizes tested, larger models had lower rates.",
            ["s1"],
        )]),
        SlopeState::Rises => items.push(vec![say(
            "Over the sizes tested, larger models had higher rates.",
            ["s1"],
        )]),
        _ => {}
    }
    if findings::share_state(facts) == ShareState::Beyond {
        items.push(vec![say(
            "Models of one vendor are more alike than chance makes them.",
            [facts.main_share().id],
        )]);
    }
    if items.is_empty() {
        items.push(vec![say(
            format!(
                "{} in {} evaluable results.",
                format::capital(crate::words::event_past(facts)),
                format::rate_in_words(facts.succeeded(), facts.traces())
            ),
            ["a2"],
        )]);
    }
    items
}

fn may_not(facts: &Facts<'_>) -> Vec<Prose> {
    let mut items = Vec::new();
    if let SlopeState::NotEstablished | SlopeState::Absent(_) = findings::slope_state(facts) {
        items.push(vec![say(
            "That size makes no difference, or that it makes one: neither is established.",
            ["s1"],
        )]);
    }
    if matches!(
        findings::share_state(facts),
        ShareState::Short | ShareState::Close | ShareState::Absent(_)
    ) {
        items.push(vec![say(
            format!(
                "That choosing a vendor settles how often {}.",
                crate::words::event(facts)
            ),
            [facts.main_share().id],
        )]);
    }
    let risk = &facts.analysis().risk_ratio;
    if let (Some(value), Some(share)) = (
        risk.of_means.value.number(),
        risk.null_share_at_least.number(),
    ) {
        let worth = if share > findings::UNREMARKABLE_ABOVE {
            format!(
                "a ratio of success rates is no ratio of incidents, and chance gives as much in {}",
                findings::cases(share)
            )
        } else {
            "a ratio of success rates is no ratio of incidents, and the pair was picked after seeing the data".to_owned()
        };
        items.push(vec![say(
            format!("That incidents will be {} times as frequent with one vendor as with another: {worth}{}.", format::times(value), extremes_share(facts)),
            ["x1"],
        )]);
    }
    let open = facts.analysis().comparisons.len() - told_apart(facts);
    if open > 0 {
        items.push(vec![say(
            if open == 1 {
                "An order within the pair of vendors that cannot be told apart.".to_owned()
            } else {
                format!(
                    "An order within any of the {} pairs of vendors that cannot be told apart from one another.",
                    format::count(open)
                )
            },
            ["c1"],
        )]);
    }
    items.push(vec![plain(
        "Anything about attacks, systems or versions that were not tested.",
    )]);
    items
}

/// Questions that follow from what these data lack. Rule: each is asked only
/// where the caveat behind it is present.
fn ask(facts: &Facts<'_>) -> Vec<Prose> {
    let present: Vec<&str> = caveats::all(facts)
        .iter()
        .map(|caveat| caveat.code)
        .collect();
    let mut items: Vec<Prose> = Vec::new();
    let mut ask = |code: &str, head: &str, question: String, ids: Vec<String>| {
        if present.contains(&code) {
            items.push(vec![strong(head, [""; 0]), say(question, ids)]);
        }
    };
    let unpublished: Vec<String> = caveats::undisclosed(facts)
        .iter()
        .map(|(place, ..)| facts.model(*place).to_owned())
        .collect();
    ask(
        "CAV-PROMPTS",
        "Prompts.",
        "How does your model do on the prompts that the other vendors met?".to_owned(),
        vec!["o1".to_owned()],
    );
    ask(
        "CAV-PROMPT-IDS",
        "Prompts.",
        "Which prompts were used, and can they be run again on your model?".to_owned(),
        vec!["o1".to_owned()],
    );
    ask(
        "CAV-SIZE-UNDISCLOSED",
        "Size.",
        format!(
            "How many parameters, in total and per token, does your model have ({})?",
            format::short_list(&unpublished, 4)
        ),
        vec!["a7".to_owned(), "s1".to_owned()],
    );
    for code in [
        "CAV-GRADER-SELF",
        "CAV-GRADER-DISAGREE",
        "CAV-GRADER-UNCHECKED",
    ] {
        if present.contains(&code) {
            let question = if stands_for_others(facts) {
                "Which grader would you accept, and how often is it wrong on your replies?"
            } else {
                "Which of these verdicts do you dispute, and on which results?"
            };
            ask(code, "Grader.", question.to_owned(), vec!["g1".to_owned()]);
            break;
        }
    }
    ask(
        "CAV-MIN-N",
        "Sample.",
        "Will you allow enough tests for a rank?".to_owned(),
        facts
            .unranked()
            .iter()
            .filter_map(|p| facts.vendor_id(&p.provider))
            .collect(),
    );
    ask(
        "CAV-FLOOR",
        "Ability.",
        "Can the model do the same tasks when asked openly, so that a refusal can be told from inability?".to_owned(),
        Vec::new(),
    );
    let lost = crate::caveats::data::lost_to_the_vendor(facts);
    if lost > 0 {
        ask(
            "CAV-NOT-EVALUABLE",
            "Lost results.",
            format!(
                "How many of the {} that ended in an error went to your service, and why did they?",
                format::counted(lost, "request", "requests")
            ),
            vec!["a2".to_owned()],
        );
    }
    if matches!(
        findings::share_state(facts),
        ShareState::Short | ShareState::Close
    ) {
        items.push(vec![
            strong("Training.", [""; 0]),
            plain("How was the model trained to refuse, and what test before and after shows it?"),
        ]);
    }
    if findings::share_state(facts) == ShareState::Beyond {
        items.push(vec![
            strong("Cause.", [""; 0]),
            plain("What did you do that could explain the rate, and where is it measured?"),
        ]);
    }
    if items.is_empty() {
        items.push(vec![plain(
            "Which tests of your own can be set beside these?",
        )]);
    }
    items
}

/// What prompts the highest and the lowest vendor have in common.
fn extremes_share(facts: &Facts<'_>) -> String {
    let risk = &facts.analysis().risk_ratio;
    match (risk.lowest.known(), risk.highest.known()) {
        (Some(low), Some(high)) => crate::findings::prompts::of_pair(facts, low, high),
        _ => String::new(),
    }
}
