//! From a report on disk to its annex, its document and its files: the whole
//! way of the data, in order.

use std::collections::BTreeMap;

use caveat_analysis::proportion::Level;
use caveat_analysis::sample::Parameters;
use caveat_analysis::{add_posterior, analyse, summarise};
use caveat_corpus::Evidence;
use caveat_importer::text::printable;
use caveat_render::{EditionOptions, InputDigest};
use caveat_report::annex::{
    Annex, CorpusAccount, RejectCount, ReportIdentity, SourceAccount, View,
};
use caveat_report::choices::{self, OtherRule};
use caveat_report::claims;
use caveat_report::compose::compose;
use caveat_report::composition::{Composition, GraderFact};
use caveat_report::definition::{AnalysisRules, Definition};
use caveat_report::document::Document;
use caveat_report::select::{SelectionError, select};
use caveat_report::selection::Selection;

use crate::exit::{self, Failure};
use crate::project::{Counted, Project};

/// Most characters of a reason; what a source says may be long.
const MAX_REASON_CHARS: usize = 240;

/// Version of the names in the annex.
const SCHEMA_VERSION: u32 = 1;

/// Reasons that are shown where nothing of a source could be used.
const SHOWN_REASONS: usize = 3;

/// A report, computed.
pub struct Evaluated {
    /// Every figure.
    pub annex: Annex,
    /// Every word.
    pub document: Document,
    /// Files that were read.
    pub inputs: Vec<InputDigest>,
    /// What to make.
    pub definition: Definition,
}

/// A report with its figures, before any word is composed.
pub struct Computed {
    /// Every figure; findings, caveats and evidence are still empty.
    pub annex: Annex,
    /// What was kept, left out, and is known of the models.
    pub selection: Selection,
    /// The report's choices.
    pub definition: Definition,
    /// Files that were read.
    pub inputs: Vec<InputDigest>,
    /// Levels and thresholds of the analysis.
    pub parameters: Parameters,
    graders: Vec<GraderFact>,
    digests: Vec<(String, String)>,
    claims_source: String,
}

impl Computed {
    /// What documents are composed from.
    pub fn composition(&self) -> Composition<'_> {
        Composition {
            definition: &self.definition,
            sources: &self.annex.corpus.sources,
            selection: &self.selection,
            analysis: &self.annex.analysis,
            views: &self.annex.views,
            namings: &self.annex.namings,
            claims: &self.annex.claims,
            claims_source: &self.claims_source,
            graders: &self.graders,
            version: env!("CARGO_PKG_VERSION"),
            digests: &self.digests,
        }
    }
}

/// Imports, selects, analyses, compares the claims, and composes.
pub fn evaluate(project: Project) -> Result<Evaluated, Failure> {
    let computed = compute(project)?;
    let composed = compose(&computed.composition());
    let mut annex = computed.annex;
    annex.findings = composed.findings;
    annex.caveats = composed.caveats;
    annex.evidence = composed.evidence;
    Ok(Evaluated {
        annex,
        document: composed.document,
        inputs: computed.inputs,
        definition: computed.definition,
    })
}

/// Imports, selects, analyses, and compares the claims.
pub fn compute(mut project: Project) -> Result<Computed, Failure> {
    // The faces are parsed while the corpus is read.
    std::thread::spawn(caveat_render::warm_up);
    let Counted { evidence, other } = project.evidence()?;
    if evidence.models.is_empty() {
        return Err(no_record(&evidence));
    }
    let Project {
        definition,
        claims: published,
        register,
        sizes,
        inputs,
        ..
    } = project;
    let mut selection = select(&evidence, &register, sizes.as_ref(), &definition).map_err(
        |error| match &error {
            SelectionError::NothingLeft { .. } => Failure::new(exit::ANSWER_NO, error),
            _ => Failure::wrong_use(error),
        },
    )?;
    let unused = caveat_report::caveats::coded_but_unused(&selection, &definition.size.source);
    if unused > 0 {
        exit::note(&format!(
            "warning: the corpus states a size for {unused} of the models, and the report does not \
             use it\nhint: write `source = \"corpus\"` under `[size]` in report.toml to use what \
             the corpus states, or add the models to a register"
        ));
    }
    let parameters = parameters(&definition.analysis)?;
    let others: Vec<OtherRule<'_>> = other
        .iter()
        .map(|(rule, evidence)| OtherRule { rule, evidence })
        .collect();
    let known = (&register, sizes.as_ref());
    choices::complete(&mut selection, &evidence, &others, known, &definition);
    let mut analysis = analyse(&selection.sample, &parameters);
    if definition.hierarchical.posterior {
        add_posterior(&mut analysis, &selection.sample, &parameters);
    }
    let views: Vec<View> = selection
        .views
        .iter()
        .map(|view| View {
            id: view.id.clone(),
            title: view.title.clone(),
            summary: summarise(&view.sample, &parameters),
        })
        .collect();
    let namings: Vec<View> = selection
        .by_base_maker(definition.provider.named_by)
        .map(|sample| View {
            id: "base-maker".to_owned(),
            title: "Vendor: maker of the base model".to_owned(),
            summary: summarise(&sample, &parameters),
        })
        .into_iter()
        .collect();
    let mut annex = Annex {
        schema: "caveat/analysis",
        schema_version: SCHEMA_VERSION,
        report: identity(&definition),
        corpus: CorpusAccount {
            sources: sources(&evidence),
            account: selection.account.clone(),
            models: selection.facts.clone(),
        },
        rules: json(&definition)?,
        analysis,
        views,
        namings,
        findings: Vec::new(),
        caveats: Vec::new(),
        claims: Vec::new(),
        evidence: Vec::new(),
    };
    annex.claims = claims::check(&published, &json(&annex)?);
    let graders = graders(&annex, &selection, &register);
    let digests: Vec<(String, String)> = inputs
        .iter()
        .map(|input| (input.path.clone(), input.sha256.to_hex()))
        .collect();
    Ok(Computed {
        annex,
        selection,
        definition,
        inputs,
        parameters,
        graders,
        digests,
        claims_source: published.source,
    })
}

/// The failure where the rules of a report have nothing to choose from.
fn no_record(evidence: &Evidence) -> Failure {
    let mut message = "there is no record to report on".to_owned();
    for source in &evidence.sources {
        let path = printable(&source.path);
        if source.read == 0 {
            message.push_str(&format!("\n  `{path}` holds no rows"));
            continue;
        }
        message.push_str(&format!(
            "\n  none of the {} records of `{path}` can be used",
            source.read
        ));
        for found in source.reject_reasons.iter().take(SHOWN_REASONS) {
            message.push_str(&format!(
                "\n    {}: {}",
                found.records,
                short(&found.reason)
            ));
        }
    }
    message.push_str(
        "\nhint: check that the files are those that are meant, and what their mapping says",
    );
    Failure::new(exit::REFUSED, message)
}

/// The files of the edition.
pub fn edition(evaluated: &Evaluated) -> Result<BTreeMap<String, Vec<u8>>, Failure> {
    let documents = &evaluated.definition.documents;
    let options = EditionOptions {
        formats: documents.formats.clone(),
        paper: documents.paper,
    };
    caveat_render::edition(
        &evaluated.document,
        &evaluated.annex,
        &evaluated.inputs,
        &options,
    )
    .map(|files| files.0)
    .map_err(|error| Failure::new(exit::INPUT_OUTPUT, error))
}

/// The folder that the typst command line compiles to the same PDF.
pub fn typst_folder(evaluated: &Evaluated) -> Result<BTreeMap<String, Vec<u8>>, Failure> {
    let annex = caveat_render::annex::annex_json(&evaluated.annex)
        .map_err(|error| Failure::new(exit::INPUT_OUTPUT, error))?;
    let files = caveat_render::typst_folder(&evaluated.document, &annex)
        .map_err(|error| Failure::new(exit::INPUT_OUTPUT, error))?;
    let named = |(path, bytes): (std::path::PathBuf, Vec<u8>)| {
        (path.to_string_lossy().replace('\\', "/"), bytes)
    };
    Ok(files.into_iter().map(named).collect())
}

/// The parameters of an analysis, from the rules of a report.
///
/// # Errors
/// [`Failure`] for a level that is none.
pub fn parameters(rules: &AnalysisRules) -> Result<Parameters, Failure> {
    let level = |value: f64| {
        Level::new(value).map_err(|reason| Failure::wrong_use(format!("level {value}: {reason}")))
    };
    Ok(Parameters {
        level: level(rules.level)?,
        variance_level: level(rules.variance_level)?,
        ranking_min_n: rules.ranking_min_n,
        band_points: rules.band_points,
        permutations: rules.permutations,
        seed: rules.seed,
    })
}

fn identity(definition: &Definition) -> ReportIdentity {
    ReportIdentity {
        number: definition.number.clone(),
        title: definition.title.clone(),
        edition_date: definition.edition_date.clone(),
        caveat_version: env!("CARGO_PKG_VERSION").to_owned(),
        seed: definition.analysis.seed,
    }
}

fn sources(evidence: &Evidence) -> Vec<SourceAccount> {
    let account = |source: &caveat_corpus::SourceEvidence| SourceAccount {
        path: source.path.clone(),
        format: source.format.clone(),
        format_version: source.format_version.clone(),
        sha256: source.digest.to_hex(),
        read: source.read,
        imported: source.imported,
        already_present: source.already_present,
        rejected: source.rejected,
        rejects_by_reason: reasons(source),
    };
    evidence.sources.iter().map(account).collect()
}

/// Why records were rejected, with bounded text; what has no reason of its own is one count.
fn reasons(source: &caveat_corpus::SourceEvidence) -> Vec<RejectCount> {
    let counted = source.reject_reasons.iter().map(|found| RejectCount {
        reason: short(&found.reason),
        records: found.records,
    });
    let mut reasons: Vec<RejectCount> = counted.collect();
    let told: u64 = reasons.iter().map(|found| found.records).sum();
    if let Some(rest) = source.rejected.checked_sub(told).filter(|rest| *rest > 0) {
        reasons.push(RejectCount {
            reason: "other reasons".to_owned(),
            records: rest,
        });
    }
    reasons
}

/// A reason on one line of bounded length.
pub fn short(reason: &str) -> String {
    let shown = printable(reason);
    match shown.char_indices().nth(MAX_REASON_CHARS) {
        None => shown,
        Some((end, _)) => format!("{}…", shown.get(..end).unwrap_or_default()),
    }
}

/// What the register knows of every grader of the sample.
fn graders(
    annex: &Annex,
    selection: &Selection,
    register: &caveat_corpus::register::Register,
) -> Vec<GraderFact> {
    let fact = |name: &str| {
        let found = register.grader(name);
        let under_test = found.model.and_then(|model| {
            let same = |fact: &&caveat_report::selection::ModelFact| {
                let spelled = fact.provider_spelled.as_deref();
                register
                    .model(&fact.model, spelled)
                    .listed()
                    .is_some_and(|m| m.id == model.id)
            };
            selection
                .facts
                .iter()
                .find(same)
                .map(|fact| fact.model.clone())
        });
        let listed = register
            .graders()
            .iter()
            .find(|grader| grader.id == found.id);
        GraderFact {
            grader: name.to_owned(),
            model_under_test: under_test,
            model: found.model.map(|model| model.name.clone()),
            maker: found
                .model
                .map(|model| model.maker.clone())
                .or_else(|| listed.and_then(|grader| grader.maker.clone()))
                .or_else(|| register.maker(name).map(|maker| maker.id.clone())),
            note: listed.and_then(|grader| grader.note.clone()),
        }
    };
    let agreement = &annex.analysis.agreement;
    let used = agreement
        .graders
        .iter()
        .map(|grader| grader.grader.as_str());
    let paired = agreement
        .pairs
        .iter()
        .flat_map(|pair| [pair.first.as_str(), pair.second.as_str()]);
    let mut names: Vec<&str> = Vec::new();
    for name in used.chain(paired) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names.into_iter().map(fact).collect()
}

fn json(value: &impl serde::Serialize) -> Result<serde_json::Value, Failure> {
    serde_json::to_value(value)
        .map_err(|error| Failure::new(exit::INPUT_OUTPUT, format!("cannot write JSON: {error}")))
}

#[cfg(test)]
mod tests {
    use caveat_corpus::{Digest, RejectReason, SourceEvidence};

    use super::*;

    #[test]
    fn reasons_are_bounded_and_add_up_to_the_rejects() {
        let reason = |reason: &str, records| RejectReason {
            reason: reason.to_owned(),
            records,
        };
        let source = SourceEvidence {
            path: "a.csv".to_owned(),
            format: "table".to_owned(),
            format_version: None,
            digest: Digest::of(b"a"),
            read: 10,
            imported: 1,
            already_present: 0,
            rejected: 9,
            reject_reasons: vec![reason(&"x\u{1b}".repeat(500), 4), reason("short", 3)],
        };
        let found = reasons(&source);
        let counts: Vec<u64> = found.iter().map(|found| found.records).collect();
        assert_eq!(counts, [4, 3, 2]);
        let long = found.first().map_or("", |found| found.reason.as_str());
        assert_eq!(long.chars().count(), MAX_REASON_CHARS + 1);
        assert!(!long.contains('\u{1b}'), "{long}");
        let last = found.last().map(|found| found.reason.as_str());
        assert_eq!(last, Some("other reasons"));
    }
}
