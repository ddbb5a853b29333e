//! What a vendor's name does and does not measure in these data.

use crate::composition::Facts;
use crate::definition::{NamedBy, Runtimes};
use crate::document::{Block, Section};
use crate::findings::{self, ShareState};
use crate::format;
use crate::words::{plain, say};

pub(super) fn section(facts: &Facts<'_>) -> Section {
    let vendors = facts.analysis().providers.len();
    let single = facts
        .analysis()
        .providers
        .iter()
        .filter(|p| p.n_models == 1)
        .count();
    let lead = match findings::share_state(facts) {
        ShareState::Beyond => {
            "A vendor\u{2019}s name goes with the rate here; what behind the name does so was not tested."
        }
        ShareState::Close | ShareState::Short => {
            "A vendor\u{2019}s name stands for everything a company does at once; that it goes with the rate in general is not established here."
        }
        ShareState::Absent(_) => {
            "A vendor\u{2019}s name stands for everything a company does at once; these data cannot weigh it."
        }
    };
    let named = match facts.definition().provider.named_by {
        NamedBy::Source => "the name that the corpus gives",
        NamedBy::Maker => "the maker of the model by the register",
        NamedBy::BaseMaker => "the maker of the base model by the register",
    };
    let runtimes = match facts.definition().provider.runtimes {
        Runtimes::Keep => "Runtimes and routers in that place stay vendors of their own.",
        Runtimes::Resolve => {
            "A runtime or router in that place is replaced by the model\u{2019}s maker."
        }
        Runtimes::Exclude => "Models under a runtime or router are left out.",
    };
    let ids = facts.vendor_ids(
        &facts
            .analysis()
            .providers
            .iter()
            .map(|p| p.provider.as_str())
            .collect::<Vec<_>>(),
    );
    let mut text = vec![say(
        format!(
            "A vendor here is {named}: {} in all, {} with a single model.",
            format::plural_word(vendors, "vendor", "vendors"),
            match single {
                0 => "none".to_owned(),
                n => format::word(n),
            }
        ),
        ids,
    )];
    let stand_ins: Vec<&str> = facts
        .analysis()
        .providers
        .iter()
        .filter(|p| facts.stand_in(&p.provider).is_some())
        .map(|p| p.provider.as_str())
        .collect();
    if !stand_ins.is_empty() {
        let named: Vec<String> = stand_ins
            .iter()
            .map(|name| {
                let kind = facts.stand_in(name).unwrap_or("runtime");
                format!("{} is a {kind}", facts.vendor(name))
            })
            .collect();
        text.push(say(
            format!("{}.", format::list(&named)),
            facts.vendor_ids(&stand_ins),
        ));
        text.push(plain(runtimes));
    } else if facts.definition().provider.runtimes != Runtimes::Keep {
        text.push(plain(runtimes));
    }
    let limits = vec![
        plain(if findings::prompts::known_same(facts) {
            "Training, filters and the way of access may differ between vendors at the same time."
        } else {
            "Training, filters, prompts met and the way of access may differ between vendors at the same time."
        }),
        plain(
            "These data hold no record of training or filters, so no difference can be put down to either.",
        ),
        findings::prompts::sentence(facts),
    ];
    super::section(
        "identity",
        "What a vendor\u{2019}s name does and does not measure",
        vec![plain(lead)],
        vec![
            Block::Paragraph { sentences: text },
            Block::Paragraph { sentences: limits },
        ],
    )
}
