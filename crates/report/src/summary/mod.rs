//! The regulator's summary: a form of at most six pages with numbered fields.
//!
//! Number and label of a field never change within a version of the form; a field
//! without content says why. Limitations come first. The figures are those of the
//! report, under every definition of success at once; the words are fixed texts
//! in four languages with places for figures, so that one rule speaks all of
//! them. What a report quotes stays in its own language and is marked with it.
//! Pure: the same input gives the same form.

pub mod annex;
mod bases;
mod closing;
mod decisions;
pub mod document;
mod evidence;
mod fields;
mod frameworks;
mod limits;
pub mod locale;
mod messages;
mod provisions;
mod results;
mod statement;
mod tables;

use std::collections::BTreeSet;

use caveat_analysis::Quantity;
use caveat_analysis::reason::NotEstimable;
use caveat_analysis::result::Estimate;
use caveat_corpus::Digest;

use self::annex::{Basis, CategoryResult, Decision, Results, SummaryAnnex};
use self::document::{Field, Legend, Summary};
use self::locale::Language;
use crate::annex::{CorpusAccount, ReportIdentity};
use crate::composition::Facts;
use crate::document::{Block, Date, DocumentKind, Entry, Head, Prose, Sentence, State};
use crate::format;
use crate::words::say;

/// Version of the form: numbers and labels of its fields.
pub const FORM_VERSION: &str = "1.0";

/// Hexadecimal digits of a document's number.
const NUMBER_DIGITS: usize = 12;

/// A summary with its annex.
#[derive(Clone, Debug, PartialEq)]
pub struct Composed {
    /// The form.
    pub summary: Summary,
    /// Its figures.
    pub annex: SummaryAnnex,
}

/// What a summary takes beside the report that it comes from.
#[derive(Clone, Copy, Debug)]
pub struct SummaryInput<'a> {
    /// Language of the fixed texts.
    pub language: Language,
    /// Which report this is.
    pub report: &'a ReportIdentity,
    /// Every choice, as resolved.
    pub rules: &'a serde_json::Value,
}

/// What every field looks up.
struct Form<'a> {
    facts: &'a Facts<'a>,
    language: Language,
    document: String,
    results: Results,
    harms: Quantity<Vec<CategoryResult>>,
    families: Quantity<Vec<CategoryResult>>,
    decisions: Vec<Decision>,
    bases: Vec<Basis>,
}

/// Composes the summary.
pub fn compose(facts: &Facts<'_>, input: &SummaryInput<'_>) -> Composed {
    let results = results::results(facts);
    let mut form = Form {
        facts,
        language: input.language,
        document: String::new(),
        decisions: decisions::all(facts.definition(), &results),
        results,
        harms: results::by_harm(facts),
        families: results::by_family(facts),
        bases: Vec::new(),
    };
    form.bases = bases::all(&form);
    let mut annex = annex(&form, input);
    form.document = number(&annex);
    annex.document.clone_from(&form.document);
    let mut fields = vec![
        limits::field(&form),
        fields::identification(&form),
        fields::object(&form),
        fields::method(&form),
        fields::graders(&form),
        fields::data(&form),
    ];
    fields.extend(tables::results(&form));
    fields.push(tables::harms(&form));
    fields.push(statement::statistics(&form));
    fields.push(statement::comparability(&form));
    fields.push(provisions::field(&form));
    fields.push(closing::thresholds(&form));
    fields.push(closing::reproducibility(&form));
    fields.push(closing::corrections(&form));
    fields.push(closing::contact(&form));
    fields.push(closing::signature(&form));
    let summary = Summary {
        schema: "caveat/regulator-summary",
        schema_version: 1,
        kind: DocumentKind::RegulatorSummary,
        head: head(&form),
        page_words: [form.t("title.page"), form.t("title.of")],
        intro: intro(&form),
        legend: [State::Evidence, State::EvidenceAgainst, State::NotTested]
            .map(|state| Legend {
                state,
                text: form.state(state),
            })
            .to_vec(),
        fields,
        end: form.t("title.end"),
        attachment: form.t("title.attachment"),
    };
    let prose = summary.every_prose().into_iter().flatten();
    let mut cited: BTreeSet<String> = prose.flat_map(|s| s.evidence.iter().cloned()).collect();
    cited.extend(annex.bases.iter().flat_map(|b| b.evidence.iter().cloned()));
    cited.extend(
        annex
            .caveats
            .iter()
            .flat_map(|c| c.evidence.iter().cloned()),
    );
    annex.evidence = crate::evidence::used(evidence::registry(&form), &cited);
    Composed { summary, annex }
}

fn annex(form: &Form<'_>, input: &SummaryInput<'_>) -> SummaryAnnex {
    let facts = form.facts;
    let analysis = facts.analysis();
    SummaryAnnex {
        schema: "caveat/regulator-summary-annex",
        schema_version: 1,
        form_version: FORM_VERSION,
        document: String::new(),
        language: form.language,
        report: input.report.clone(),
        corpus: CorpusAccount {
            sources: facts.input.sources.to_vec(),
            account: facts.input.selection.account.clone(),
            models: facts.input.selection.facts.clone(),
        },
        rules: input.rules.clone(),
        results: form.results.clone(),
        harm_categories: form.harms.clone(),
        attack_families: form.families.clone(),
        providers: analysis.providers.clone(),
        models: analysis.models.clone(),
        comparisons: analysis.comparisons.clone(),
        share: facts.main_share().result.clone(),
        scale: analysis.scale.clone(),
        overlap: analysis.overlap.clone(),
        agreement: analysis.agreement.clone(),
        claims: facts.input.claims.to_vec(),
        decisions: form.decisions.clone(),
        bases: form.bases.clone(),
        correspondence: provisions::correspondence(form),
        caveats: evidence::caveats(form),
        evidence: Vec::new(),
    }
}

/// The number of a document: the digest of its figures, rules, form and language.
fn number(annex: &SummaryAnnex) -> String {
    // An annex holds no number that JSON cannot write; there is always a digest.
    let bytes = serde_json::to_vec(annex).unwrap_or_default();
    let digest: String = Digest::of(&bytes)
        .to_hex()
        .chars()
        .take(NUMBER_DIGITS)
        .collect();
    format!("RS-{digest}")
}

fn head(form: &Form<'_>) -> Head {
    let definition = form.facts.definition();
    let report = crate::compose::head(form.facts);
    let (year, month, day) = definition.edition_day().unwrap_or((1970, 1, 1));
    let date = form.language.date(year, month, day);
    Head {
        kicker: form.f("title.kicker", &[("form", FORM_VERSION)]),
        title: form.t("title.title"),
        series: form.f(
            "title.series",
            &[("document", &form.document), ("form", FORM_VERSION)],
        ),
        edition: form.f("title.edition", &[("date", &date)]),
        foot: form.t("title.foot"),
        keywords: vec![
            form.document.clone(),
            form.t("title.title"),
            definition.number.clone(),
        ],
        language: form.language.tag().to_owned(),
        region: form.language.region().to_owned(),
        date: Date { year, month, day },
        ..report
    }
}

fn intro(form: &Form<'_>) -> Prose {
    let mut intro = vec![form.say("title.intro", &[], &[])];
    if form.language != Language::En {
        intro.push(form.say("title.quoted", &[], &[]));
    }
    intro
}

impl Form<'_> {
    /// A fixed text.
    fn t(&self, key: &str) -> String {
        messages::text(self.language, key)
    }

    /// A fixed text with its figures.
    fn f(&self, key: &str, values: &[(&str, &str)]) -> String {
        messages::fill(self.language, key, values)
    }

    /// A sentence with its figures and the ids of their evidence.
    fn say(&self, key: &str, values: &[(&str, &str)], ids: &[&str]) -> Sentence {
        say(self.f(key, values), ids.iter().copied())
    }

    /// What the report says in its own words, marked with its language.
    fn quoted(&self, text: &str, ids: &[&str]) -> Sentence {
        let foreign = self.language != Language::En;
        Sentence {
            language: foreign.then(|| Language::En.tag().to_owned()),
            ..say(text.trim(), ids.iter().copied())
        }
    }

    /// A named entry of one sentence.
    fn entry(&self, name: &str, sentence: Sentence) -> Entry {
        Entry {
            name: self.t(name),
            text: vec![sentence],
            code: false,
        }
    }

    /// An entry that `report.toml` fills, or "not recorded" with the reason.
    fn stated(&self, name: &str, text: Option<&str>) -> Entry {
        let sentence = match text.map(str::trim).filter(|text| !text.is_empty()) {
            Some(text) => self.quoted(text, &["e1"]),
            None => self.say("word.not_stated", &[], &["e1"]),
        };
        self.entry(name, sentence)
    }

    fn state(&self, state: State) -> String {
        self.t(match state {
            State::Evidence => "state.evidence",
            State::EvidenceAgainst => "state.against",
            State::NotTested => "state.not_tested",
        })
    }

    /// The level of the intervals ("95%").
    fn level(&self) -> String {
        self.language.level(self.facts.definition().analysis.level)
    }

    /// Fewest results at which a vendor is compared.
    fn minimum(&self) -> String {
        let minimum = self.facts.definition().analysis.ranking_min_n;
        self.language.whole(minimum)
    }

    /// Two limits of a share in whole percent.
    fn limits(&self, lower: f64, upper: f64) -> String {
        let language = self.language;
        language.span(&language.percent(lower), &language.percent(upper))
    }

    /// A rate with its interval for a table ("25.4 (23.7 to 27.3)").
    fn rate_cell(&self, rate: &Estimate) -> String {
        let language = self.language;
        let span = language.span(&language.cell(rate.lower.0), &language.cell(rate.upper.0));
        format!("{} ({span})", language.cell(rate.value.0))
    }

    /// Why there is no figure.
    fn why_not(&self, reason: NotEstimable) -> String {
        self.t(match reason {
            NotEstimable::NoTraces => "reason.no_results",
            NotEstimable::NoVariance | NotEstimable::NoWithinVariance => "reason.no_variance",
            NotEstimable::NoWithinDf => "reason.single_models",
            NotEstimable::OneGroup => "reason.one_vendor",
            NotEstimable::TooFewModels => "reason.few_models",
            NotEstimable::NoSizes | NotEstimable::SingularFit => "reason.no_sizes",
            NotEstimable::NotGiven => "reason.not_given",
            _ => "reason.other",
        })
    }
}

/// A field.
fn field(
    form: &Form<'_>,
    number: &str,
    id: &str,
    label: &str,
    lead: Prose,
    blocks: Vec<Block>,
) -> Field {
    Field {
        number: number.to_owned(),
        id: id.to_owned(),
        label: form.t(label),
        part: number.ends_with(|c: char| c.is_ascii_lowercase()),
        lead,
        blocks,
    }
}

/// A name from the data, cut to what a form shows.
fn name(text: &str) -> String {
    format::shortened(text, crate::composition::LONGEST_NAME)
}
