//! Samples to compose documents from: the 21 models of the synthetic
//! reconstruction, their opposite, and degenerate ones.
//!
//! The rows of [`RECONSTRUCTION`] are synthetic counts made so that the
//! published headline of Report 164 follows from them; they measure nothing.

use std::collections::BTreeMap;
use std::path::Path;

use caveat_analysis::proportion::Level;
use caveat_analysis::result::Analysis;
use caveat_analysis::sample::{
    GraderPair, Parameters, PromptTally, Sample, SampleModel, SamplePart, SizeVariant,
};
use caveat_analysis::{analyse, summarise};
use caveat_report::annex::{
    Annex, ClaimResult, ClaimStatus, CorpusAccount, ReportIdentity, SourceAccount, View,
};
use caveat_report::compose::{Composed, compose};
use caveat_report::composition::{Composition, GraderFact};
use caveat_report::definition::Definition;
use caveat_report::selection::{Account, Exclusion, ModelFact, Outcomes, Selection};

/// Model, vendor, coded size, disclosed total, disclosed active, evaluable, succeeded.
type Line = (&'static str, &'static str, f64, f64, f64, u64, u64);

/// The 21 models of the reconstruction. A disclosed size of 0 is undisclosed.
pub const RECONSTRUCTION: [Line; 21] = [
    ("lfm-2.5-1.2b", "liquid", 1.2, 1.17, 1.17, 116, 37),
    ("deepseek-r1:1.5b", "ollama", 1.5, 1.78, 1.78, 222, 70),
    ("qwen3:1.7b", "ollama", 1.7, 1.7, 1.7, 322, 93),
    ("llama3.2:latest", "ollama", 3.0, 3.21, 3.21, 184, 31),
    ("mistral-7b-instruct", "mistralai", 7.0, 7.24, 7.24, 21, 0),
    ("gpt-4o-mini", "openai", 8.0, 0.0, 0.0, 29, 15),
    ("nemotron-nano-9b-v2", "nvidia", 9.0, 8.89, 8.89, 98, 39),
    ("nemotron-nano-12b-v2", "nvidia", 12.0, 13.2, 13.2, 78, 28),
    ("nemotron-3-nano-30b", "nvidia", 30.0, 31.6, 3.5, 71, 29),
    ("devstral-2512", "mistralai", 24.0, 123.0, 123.0, 125, 23),
    ("gemma-3-27b-it", "google", 27.0, 27.4, 27.4, 30, 4),
    ("gemini-3-flash", "google", 30.0, 0.0, 0.0, 133, 9),
    ("qwen3-coder", "qwen", 30.0, 480.0, 35.0, 21, 2),
    ("pony-alpha", "openrouter", 30.0, 0.0, 0.0, 29, 8),
    ("llama-3.3-70b", "meta-llama", 70.0, 70.6, 70.6, 263, 76),
    ("gpt-oss-120b", "openai", 120.0, 116.8, 5.1, 54, 22),
    (
        "mistral-large-2411",
        "mistralai",
        123.0,
        123.0,
        123.0,
        88,
        26,
    ),
    ("claude-sonnet-4-5", "anthropic", 175.0, 0.0, 0.0, 133, 12),
    ("gpt-5.2", "openai", 200.0, 0.0, 0.0, 124, 19),
    ("deepseek-r1-0528", "deepseek", 671.0, 671.0, 37.0, 110, 33),
    ("mimo-v2-flash", "xiaomi", 15.0, 309.0, 15.0, 21, 2),
];

/// Everything that a composition borrows.
pub struct Case {
    pub definition: Definition,
    pub sources: Vec<SourceAccount>,
    pub selection: Selection,
    pub analysis: Analysis,
    pub views: Vec<View>,
    pub namings: Vec<View>,
    pub claims: Vec<ClaimResult>,
    pub graders: Vec<GraderFact>,
}

impl Case {
    pub fn composition(&self) -> Composition<'_> {
        Composition {
            definition: &self.definition,
            sources: &self.sources,
            selection: &self.selection,
            analysis: &self.analysis,
            views: &self.views,
            namings: &self.namings,
            claims: &self.claims,
            claims_source: "an article",
            graders: &self.graders,
            version: "0.1.0",
            digests: &[],
        }
    }

    pub fn compose(&self) -> Composed {
        compose(&self.composition())
    }

    /// The caveats' codes.
    pub fn codes(&self) -> Vec<String> {
        self.compose()
            .caveats
            .into_iter()
            .map(|caveat| caveat.id)
            .collect()
    }

    /// Analyses the sample again after a change. Parts without labels follow
    /// their model's counts; parts with labels are a test's own.
    pub fn analysed(mut self) -> Self {
        for model in &mut self.selection.sample.models {
            let labelled = |part: &SamplePart| part.harm_category.or(part.technique).is_some();
            if !model.parts.iter().any(labelled) {
                model.parts = parts(model);
            }
        }
        self.analysis = analyse(&self.selection.sample, &parameters());
        self
    }

    pub fn annex(&self, composed: &Composed) -> serde_json::Value {
        serde_json::to_value(Annex {
            schema: "caveat/analysis",
            schema_version: 1,
            report: ReportIdentity {
                number: self.definition.number.clone(),
                title: self.definition.title.clone(),
                edition_date: self.definition.edition_date.clone(),
                caveat_version: "0.1.0".to_owned(),
                seed: 1,
            },
            corpus: CorpusAccount {
                sources: self.sources.clone(),
                account: self.selection.account.clone(),
                models: self.selection.facts.clone(),
            },
            rules: serde_json::json!({ "level": 0.95 }),
            analysis: self.analysis.clone(),
            views: self.views.clone(),
            namings: self.namings.clone(),
            findings: composed.findings.clone(),
            caveats: composed.caveats.clone(),
            claims: self.claims.clone(),
            evidence: composed.evidence.clone(),
        })
        .unwrap()
    }
}

pub fn parameters() -> Parameters {
    Parameters {
        level: Level::P95,
        variance_level: Level::P90,
        ranking_min_n: 50,
        band_points: 10.0,
        permutations: 1999,
        seed: 164,
    }
}

fn definition() -> Definition {
    let text = "title = \"Does the vendor or the size of a model explain how often attacks succeed?\"\n\
        number = \"164\"\nseries = \"Series\"\nauthor = \"Author\"\nedition_date = \"2026-11-23\"\n\
        corpus = \"A corpus of attacks.\"\n[[inputs]]\npath = \"a.db\"\n[size]\nsource = \"corpus\"\n\
        [[context]]\ntopic = \"grader\"\ntext = \"A note.\"\nsource = \"A card\"\n";
    Definition::parse(text, Path::new("report.toml")).unwrap()
}

/// Every model meets the prompts of its vendor, which overlap with the next vendor's.
fn prompts(vendor: usize, n: u64) -> Vec<u32> {
    let start = u32::try_from(vendor * 20).unwrap();
    (start..start + u32::try_from(n).unwrap()).collect()
}

/// The traces of a model dealt over its prompts, the successes evenly among them.
fn parts(model: &SampleModel) -> Vec<SamplePart> {
    let prompts = model.prompts.as_ref().filter(|prompts| !prompts.is_empty());
    let tallies = prompts.map(|prompts| {
        let mut tallies: Vec<PromptTally> = prompts
            .iter()
            .map(|prompt| PromptTally {
                prompt: *prompt,
                day: None,
                n: 0,
                succeeded: 0,
            })
            .collect();
        for (trace, place) in (0..model.n).zip((0..tallies.len()).cycle()) {
            let before = trace * model.succeeded / model.n;
            tallies[place].n += 1;
            tallies[place].succeeded += (trace + 1) * model.succeeded / model.n - before;
        }
        tallies.retain(|tally| tally.n > 0);
        tallies
    });
    vec![SamplePart {
        harm_category: None,
        technique: None,
        grader: None,
        n: model.n,
        succeeded: model.succeeded,
        not_evaluable: model.not_evaluable,
        prompts: tallies,
    }]
}

/// Builds a case from lines.
pub fn case(lines: &[Line]) -> Case {
    let mut vendors: Vec<&str> = lines.iter().map(|line| line.1).collect();
    vendors.sort_unstable();
    vendors.dedup();
    let models: Vec<SampleModel> = lines
        .iter()
        .map(|line| SampleModel {
            model: line.0.to_owned(),
            provider: line.1.to_owned(),
            params_total_b: (line.2 > 0.0).then_some(line.2),
            params_active_b: None,
            size_b: (line.2 > 0.0).then_some(line.2),
            params_disclosed: Some(line.3 > 0.0),
            params_source: "corpus".to_owned(),
            n: line.5,
            succeeded: line.6,
            not_evaluable: 2,
            prompts: Some(prompts(vendors.binary_search(&line.1).unwrap(), line.5)),
            graders: vec![("judge".to_owned(), line.5)],
            parts: Vec::new(),
        })
        .collect();
    let some = |size: f64| (size > 0.0).then_some(size);
    let variant = |id: &str, pick: fn(&Line) -> f64| SizeVariant {
        id: id.to_owned(),
        sizes_b: lines.iter().map(|line| some(pick(line))).collect(),
    };
    let kind = |vendor: &str| match vendor {
        "ollama" => "runtime",
        "openrouter" => "router",
        _ => "maker",
    };
    let facts = lines
        .iter()
        .map(|line| ModelFact {
            model: line.0.to_owned(),
            label: line.0.to_owned(),
            provider_spelled: Some(line.1.to_owned()),
            provider: line.1.to_owned(),
            provider_label: caveat_report::format::capital(line.1),
            provider_kind: kind(line.1).to_owned(),
            maker: Some(line.1.to_owned()),
            base_model_maker: Some(line.1.to_owned()),
            derivative: None,
            coded_b: some(line.2),
            disclosed_total_b: some(line.3),
            disclosed_active_b: some(line.4),
            disclosed: Some(line.3 > 0.0),
            mixture: Some(line.4 < line.3),
            weights: Some("open".to_owned()),
            register_source: None,
        })
        .collect();
    let sample = Sample {
        models,
        size_variants: vec![
            variant("active", |line| line.4),
            variant("register", |line| line.3),
        ],
        ..Sample::default()
    };
    let account = account(lines);
    let views = vec![View {
        id: "part".to_owned(),
        title: "A part".to_owned(),
        summary: summarise(&sample, &parameters()),
    }];
    Case {
        definition: definition(),
        sources: vec![SourceAccount {
            path: "a.db".to_owned(),
            format: "failure-first".to_owned(),
            format_version: Some("13".to_owned()),
            sha256: "0".repeat(64),
            read: account.traces.values().sum(),
            imported: account.traces.values().sum(),
            already_present: 0,
            rejected: 0,
            rejects_by_reason: Vec::new(),
        }],
        analysis: analyse(&Sample::default(), &parameters()),
        selection: Selection {
            sample,
            facts,
            views: Vec::new(),
            spellings: Vec::new(),
            account,
            outcomes: lines.iter().map(outcomes).collect(),
        },
        views,
        namings: Vec::new(),
        claims: claims(),
        graders: vec![GraderFact {
            grader: "judge".to_owned(),
            model_under_test: None,
            model: None,
            maker: None,
            note: None,
        }],
    }
    .analysed()
}

/// Two outcomes: what did not succeed was refused.
fn outcomes(line: &Line) -> Outcomes {
    Outcomes {
        n: line.5,
        strict: line.6,
        broad: line.6,
        functionally_dangerous: line.6,
        refused: line.5 - line.6,
        from_counts: 0,
    }
}

fn account(lines: &[Line]) -> Account {
    let n: u64 = lines.iter().map(|line| line.5).sum();
    let succeeded: u64 = lines.iter().map(|line| line.6).sum();
    let kept = BTreeMap::from([
        ("compliance".to_owned(), succeeded),
        ("refusal".to_owned(), n - succeeded),
    ]);
    Account {
        traces: kept.clone(),
        kept,
        by_outcome: BTreeMap::new(),
        excluded: vec![Exclusion {
            model: "small".to_owned(),
            provider: None,
            reason: "fewer than 20 evaluable results".to_owned(),
            traces: 3,
            evaluable: 2,
            succeeded: 1,
        }],
        excluded_parts: Vec::new(),
        observed: Some(("2026-01-02".to_owned(), "2026-03-19".to_owned())),
    }
}

fn claims() -> Vec<ClaimResult> {
    let claim =
        |id: &str, published: &str, recomputed: &str, status, note: Option<&str>| ClaimResult {
            id: id.to_owned(),
            claim: format!("Claim {id}"),
            published: published.to_owned(),
            recomputed: recomputed.to_owned(),
            status,
            note: note.map(str::to_owned),
            key: true,
            evidence: if id == "ratio" {
                vec!["d4".to_owned()]
            } else {
                Vec::new()
            },
        };
    vec![
        claim(
            "eta2",
            "65.3%",
            "65.3%",
            ClaimStatus::Reproduced,
            Some("biased upward"),
        ),
        claim(
            "p",
            "0.640",
            "0.646",
            ClaimStatus::Differs,
            Some("normal approximation"),
        ),
        claim(
            "other",
            "3",
            "\u{2013}",
            ClaimStatus::CannotBeRecomputed,
            Some("no such model"),
        ),
        claim("ratio", "57.5", "57.5", ClaimStatus::Reproduced, None),
    ]
}

/// Two graders on one table of results.
pub fn grader_pair(table: [[u64; 3]; 3]) -> GraderPair {
    GraderPair {
        first: "judge".to_owned(),
        second: "later".to_owned(),
        table,
    }
}

pub fn reconstruction() -> Case {
    case(&RECONSTRUCTION)
}

/// Four vendors with three models each: rate of the vendor, smallest size, and
/// how the rate and the size go on inside the vendor.
fn four_vendors(vendors: [(&'static str, u64, f64); 4], more: [u64; 3], step: f64) -> Case {
    let lines: Vec<Line> = vendors
        .into_iter()
        .flat_map(|(vendor, base, smallest)| {
            [("s", 1.0), ("m", step), ("l", step * step)]
                .into_iter()
                .zip(more)
                .map(move |((size, times), more)| {
                    let name: &'static str = Box::leak(format!("{vendor}-{size}").into_boxed_str());
                    let billions = smallest * times;
                    (
                        name,
                        vendor,
                        billions,
                        billions,
                        billions,
                        1000,
                        base + more,
                    )
                })
        })
        .collect();
    let mut case = case(&lines);
    case.claims.clear();
    for model in &mut case.selection.sample.models {
        model.prompts = Some((0..1000).collect());
        model.not_evaluable = 0;
    }
    case.selection.sample.grader_pairs = vec![grader_pair([[50, 1, 0], [1, 50, 0], [0, 0, 0]])];
    case.analysed()
}

/// Strong vendor effect and strong slope: vendors with larger models have lower rates.
pub fn opposite() -> Case {
    let vendors = [
        ("alpha", 700, 1.0),
        ("beta", 500, 10.0),
        ("gamma", 300, 100.0),
        ("delta", 100, 1000.0),
    ];
    four_vendors(vendors, [40, 20, 0], 1.7)
}

/// Strong vendor effect and hardly any slope: every vendor has every size.
pub fn vendors_only() -> Case {
    let vendors = [
        ("alpha", 800, 2.0),
        ("beta", 400, 2.0),
        ("gamma", 395, 2.0),
        ("delta", 390, 2.0),
    ];
    four_vendors(vendors, [0, 40, 1], 8.0)
}

/// No model has a size.
pub fn no_sizes() -> Case {
    let lines = RECONSTRUCTION.map(|line| (line.0, line.1, 0.0, 0.0, 0.0, line.5, line.6));
    case(&lines)
}

/// All models of one vendor.
pub fn one_vendor() -> Case {
    case(&RECONSTRUCTION.map(|line| (line.0, "openai", line.2, line.3, line.4, line.5, line.6)))
}

/// No attack succeeded at all.
pub fn all_zero() -> Case {
    case(&RECONSTRUCTION.map(|line| (line.0, line.1, line.2, line.3, line.4, line.5, 0)))
}

/// Every vendor has one model.
pub fn all_single() -> Case {
    let mut seen = Vec::new();
    let lines: Vec<Line> = RECONSTRUCTION
        .into_iter()
        .filter(|line| {
            let new = !seen.contains(&line.1);
            seen.push(line.1);
            new
        })
        .collect();
    case(&lines)
}

/// One model only.
pub fn one_model() -> Case {
    case(&RECONSTRUCTION[..1])
}

/// Prompts are not identified and single results are not there.
pub fn counts_only() -> Case {
    let mut case = reconstruction();
    for model in &mut case.selection.sample.models {
        model.prompts = None;
        model.graders = Vec::new();
    }
    for source in &mut case.sources {
        source.read = 21;
        source.imported = 21;
    }
    case.claims.clear();
    case.graders.clear();
    case.views.clear();
    case.selection.account.observed = None;
    case.analysed()
}

/// Names that are code for some sink, in another script, or very long.
pub fn hostile() -> Case {
    let mut case = reconstruction();
    let names = [
        "#eval(1) *bold* [a](b)",
        "\u{1b}[31mred",
        "\u{901a}\u{4e49}\u{5343}\u{95ee}",
        "a\nb\u{202e}c",
    ];
    let long = "word ".repeat(2000);
    for (place, model) in case.selection.sample.models.iter_mut().enumerate() {
        let name = names.get(place).copied().unwrap_or(&long);
        model.model = format!("{name}{place}");
        model.graders = vec![(long.clone(), model.n)];
        case.selection.facts[place].model.clone_from(&model.model);
        case.selection.facts[place].label.clone_from(&model.model);
    }
    case.selection.facts[0].provider_label = long.clone();
    case.selection.account.excluded[0].model = long;
    case.analysed()
}

/// Every case with its name.
pub fn all() -> Vec<(&'static str, Case)> {
    vec![
        ("reconstruction", reconstruction()),
        ("opposite", opposite()),
        ("vendors only", vendors_only()),
        ("no sizes", no_sizes()),
        ("one vendor", one_vendor()),
        ("all zero", all_zero()),
        ("all single", all_single()),
        ("one model", one_model()),
        ("counts only", counts_only()),
        ("nothing", case(&[])),
        ("hostile", hostile()),
    ]
}
