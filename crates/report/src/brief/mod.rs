//! The vendor brief: one vendor of a report, for those who decide about buying.
//!
//! The first page stands alone; then rates by attack family and harm category,
//! the vendor against each other one, what its numbers rest on, caveats that
//! concern it, and method. Every sentence with a figure names ids that resolve
//! in the brief's own annex. The same rules speak of every vendor: nothing looks
//! at a name to decide what is said. Pure: the same input gives the same brief.

pub mod annex;
mod basis;
mod caveats;
mod closing;
pub mod document;
mod evidence;
mod facts;
mod method;
mod models;
mod pairs;
mod parts;
mod questions;
pub mod reply;
mod standing;

use std::collections::BTreeSet;

use caveat_analysis::result::{Comparison, Estimate, ModelResult, ProviderDetail, ProviderResult};

use self::annex::{BriefAnnex, Question};
use self::document::{Brief, BriefPage};
use self::reply::Reply;
use crate::annex::{CorpusAccount, ReportIdentity, Statement};
use crate::composition::Facts;
use crate::document::{Block, Date, DocumentKind, Head, Panel, Prose, Section};
use crate::evidence::numbered;
use crate::format;
use crate::words::{self, plain, say, strong};

/// A brief with its annex.
#[derive(Clone, Debug, PartialEq)]
pub struct Composed {
    /// The brief.
    pub brief: Brief,
    /// Its figures.
    pub annex: BriefAnnex,
}

/// What a brief takes beside the report that it comes from.
#[derive(Clone, Copy, Debug)]
pub struct BriefInput<'a> {
    /// What concerns this vendor alone.
    pub detail: &'a ProviderDetail,
    /// The vendor's reply, if there is one.
    pub reply: Option<&'a Reply>,
    /// Which report this is.
    pub report: &'a ReportIdentity,
    /// Every choice, as resolved.
    pub rules: &'a serde_json::Value,
}

/// One vendor with what every page looks up.
struct Subject<'a> {
    facts: &'a Facts<'a>,
    provider: &'a ProviderResult,
    detail: &'a ProviderDetail,
    reply: Option<&'a Reply>,
    /// Its name for readers.
    name: String,
    /// Id of its rate and rank.
    id: String,
}

/// Composes the brief of the vendor that `input.detail` is about; nothing if
/// the report has no such vendor.
pub fn compose(facts: &Facts<'_>, input: &BriefInput<'_>) -> Option<Composed> {
    let provider = facts.provider(&input.detail.provider)?;
    let subject = Subject {
        facts,
        provider,
        detail: input.detail,
        reply: input.reply,
        name: facts.vendor(&provider.provider),
        id: facts.vendor_id(&provider.provider)?,
    };
    let questions = questions::all(&subject);
    let caveats = caveats::all(&subject);
    let mut brief = Brief {
        schema: "caveat/vendor-brief",
        schema_version: 1,
        kind: DocumentKind::VendorBrief,
        head: head(&subject),
        first_page: BriefPage {
            answer: standing::answer(&subject),
            facts: facts::facts(&subject),
            standing: standing::part(&subject),
            models: models::part(&subject),
            questions_heading: format!("What to ask {}", subject.name),
            questions: questions
                .iter()
                .take(questions::ON_FIRST_PAGE)
                .map(questions::Asked::prose)
                .collect(),
            limits: limits(&subject),
        },
        sections: sections(&subject, &questions, &caveats),
        colophon: crate::compose::colophon(facts),
    };
    number(&mut brief);
    let annex = annex(&subject, input, &brief, &questions, &caveats);
    Some(Composed { brief, annex })
}

fn sections(
    subject: &Subject<'_>,
    questions: &[questions::Asked],
    caveats: &[crate::caveats::Caveat],
) -> Vec<Section> {
    [
        models::section(subject),
        Some(parts::section(subject)),
        Some(pairs::section(subject)),
        Some(basis::section(subject)),
        Some(caveats::section(subject, caveats)),
        questions::section(subject, questions),
        Some(closing::contract(subject)),
        Some(closing::needed(subject)),
        Some(closing::reply(subject)),
        Some(method::section(subject)),
        Some(method::glossary(subject)),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn annex(
    subject: &Subject<'_>,
    input: &BriefInput<'_>,
    brief: &Brief,
    questions: &[questions::Asked],
    caveats: &[crate::caveats::Caveat],
) -> BriefAnnex {
    let facts = subject.facts;
    let caveats: Vec<Statement> = caveats.iter().map(|caveat| caveat.statement()).collect();
    let questions: Vec<Question> = questions.iter().map(questions::Asked::question).collect();
    let prose = brief.every_prose().into_iter().flatten();
    let mut cited: BTreeSet<String> = prose.flat_map(|s| s.evidence.iter().cloned()).collect();
    cited.extend(caveats.iter().flat_map(|c| c.evidence.iter().cloned()));
    cited.extend(questions.iter().flat_map(|q| q.evidence.iter().cloned()));
    let known = facts.input.selection.facts.iter();
    BriefAnnex {
        schema: "caveat/vendor-brief-annex",
        schema_version: 1,
        report: input.report.clone(),
        provider: subject.provider.provider.clone(),
        corpus: CorpusAccount {
            sources: facts.input.sources.to_vec(),
            account: facts.input.selection.account.clone(),
            models: known
                .filter(|fact| fact.provider == subject.provider.provider)
                .cloned()
                .collect(),
        },
        rules: input.rules.clone(),
        providers: facts.analysis().providers.clone(),
        models: subject.models().map(|(_, model)| model.clone()).collect(),
        comparisons: subject.comparisons().cloned().collect(),
        prompts: facts
            .analysis()
            .overlap
            .as_result()
            .map(|overlap| overlap.providers.clone())
            .into(),
        agreement: facts.analysis().agreement.clone(),
        detail: subject.detail.clone(),
        reply: subject.reply.cloned(),
        questions,
        caveats,
        evidence: crate::evidence::used(evidence::registry(subject), &cited),
    }
}

/// An interval of a rate that is one: by t over few prompts it may leave 0 to 1,
/// and then says nothing that the interval of independent results does not.
fn possible(
    rate: Option<&caveat_analysis::result::Estimate>,
) -> Option<&caveat_analysis::result::Estimate> {
    rate.filter(|rate| rate.lower.0 >= 0.0 && rate.upper.0 <= 1.0)
}

fn head(subject: &Subject<'_>) -> Head {
    let facts = subject.facts;
    let definition = facts.definition();
    let report = crate::compose::head(facts);
    let (year, month, day) = definition.edition_day().unwrap_or((1970, 1, 1));
    Head {
        kicker: match &report.status {
            Some(status) => format!("Vendor brief for procurement \u{b7} {status}"),
            None => "Vendor brief for procurement".to_owned(),
        },
        title: format!("{}: how often {}", subject.name, words::event_past(facts)),
        series: format!("Brief \u{b7} {}", subject.name),
        keywords: vec![
            subject.name.clone(),
            definition.measure.clone(),
            "adversarial tests".to_owned(),
            "procurement".to_owned(),
        ],
        date: Date { year, month, day },
        corpus: match &report.status {
            Some(_) => format!(
                "{} Nothing here may be held for or against {}.",
                report.corpus, subject.name
            ),
            None => report.corpus.clone(),
        },
        ..report
    }
}

/// What was not tested, what is not comparable, what the vendor says.
fn limits(subject: &Subject<'_>) -> Panel {
    let reply = match subject.reply {
        None => say("none received by the date of this edition.", ["e2"]),
        Some(reply) => say(
            format!(
                "{}; printed in full below.",
                match closing::reply_day(reply) {
                    Some(day) => format!("received, dated {day}"),
                    None => "received, without a date".to_owned(),
                }
            ),
            ["i5"],
        ),
    };
    Panel {
        title: "What was not tested, and what this brief cannot tell you".to_owned(),
        items: vec![
            vec![strong("Not tested:", [""; 0]), parts::not_tested(subject)],
            vec![
                strong("Not comparable:", [""; 0]),
                pairs::not_comparable(subject),
            ],
            vec![strong("Vendor\u{2019}s reply:", [""; 0]), reply],
        ],
    }
}

/// Numbers titled tables in reading order.
fn number(brief: &mut Brief) {
    let page = &mut brief.first_page;
    let first = [&mut page.standing.table, &mut page.models.table];
    let later = brief.sections.iter_mut().flat_map(|section| {
        section.blocks.iter_mut().filter_map(|block| match block {
            Block::Table(table) => Some(table),
            _ => None,
        })
    });
    let titled = first.into_iter().chain(later).filter(|t| t.title.is_some());
    for (place, table) in titled.enumerate() {
        table.number = Some(format!("Table {}", place + 1));
    }
}

impl<'a> Subject<'a> {
    /// Its models with their places in the analysis.
    fn models(&self) -> impl Iterator<Item = (usize, &'a ModelResult)> + use<'a> {
        let provider = self.provider;
        self.facts
            .models()
            .filter(move |(_, model)| model.provider == provider.provider)
    }

    /// Its pairs with other ranked vendors.
    fn comparisons(&self) -> impl Iterator<Item = &'a Comparison> + use<'a> {
        let name = &self.provider.provider;
        let all = self.facts.analysis().comparisons.iter();
        all.filter(move |pair| pair.lower_provider == *name || pair.higher_provider == *name)
    }

    /// The other ranked vendors.
    fn others(&self) -> Vec<&'a ProviderResult> {
        let mut ranked = self.facts.ranked();
        ranked.retain(|other| other.provider != self.provider.provider);
        ranked
    }

    /// How another vendor stands against this one.
    fn against(&self, other: &ProviderResult) -> Against {
        let name = &other.provider;
        let pair = self
            .comparisons()
            .find(|pair| pair.lower_provider == *name || pair.higher_provider == *name);
        match pair {
            None => Against::NotCompared,
            Some(pair) if !pair.told_apart => Against::Open,
            Some(pair) if pair.lower_provider == *name => Against::Lower,
            Some(_) => Against::Higher,
        }
    }

    /// Fewest results at which a vendor is compared.
    fn minimum(&self) -> String {
        format::thousands(self.facts.definition().analysis.ranking_min_n)
    }

    /// The level of an interval ("95%").
    fn level(&self) -> String {
        words::level(self.facts)
    }

    /// What keeps this vendor from being one maker's name ("runtime"), if anything.
    fn stand_in(&self) -> Option<&'a str> {
        self.facts.stand_in(&self.provider.provider)
    }
}

/// How another vendor's rate stands against this one's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Against {
    /// The other is lower.
    Lower,
    /// The two cannot be told apart.
    Open,
    /// The other is higher.
    Higher,
    /// One of the two is below the minimum.
    NotCompared,
}

/// Two limits of a rate in percent for prose ("16% to 27%").
fn limits_in_words(rate: &Estimate) -> String {
    format::span(
        &format::percent(rate.lower.0),
        &format::percent(rate.upper.0),
    )
}

/// Two limits of a rate for a table ("16.2 to 26.6").
fn limits_in_cells(rate: &Estimate) -> String {
    format::span(
        &format::percent_cell(rate.lower.0),
        &format::percent_cell(rate.upper.0),
    )
}

/// Two limits of a difference in points ("−0.3 to 22.9").
fn span_of_points(estimate: &Estimate) -> String {
    format::span(
        &format::decimals(estimate.lower.0, 1),
        &format::decimals(estimate.upper.0, 1),
    )
}

/// A section on the page where the one before it ends.
fn section(id: &str, heading: &str, lead: Prose, blocks: Vec<Block>) -> Section {
    Section {
        id: id.to_owned(),
        heading: heading.to_owned(),
        lead,
        blocks,
        new_page: false,
    }
}

/// A list of single sentences.
fn list(sentences: Vec<Prose>) -> Block {
    Block::List { items: sentences }
}

/// A paragraph of one plain sentence.
fn paragraph(text: impl Into<String>) -> Block {
    Block::Paragraph {
        sentences: vec![plain(text)],
    }
}

/// The id of the element at a place, for ids whose first element is the whole.
fn below(letter: &str, place: usize) -> String {
    numbered(letter, place + 1)
}
