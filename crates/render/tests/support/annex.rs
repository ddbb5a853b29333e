//! A small annex: five synthetic models of three providers, analysed.

use std::collections::BTreeMap;

use caveat_analysis::proportion::Level;
use caveat_analysis::{Parameters, Sample, SampleModel, SizeVariant, analyse, summarise};
use caveat_report::annex::{
    Annex, ClaimResult, ClaimStatus, CorpusAccount, EvidenceEntry, ReportIdentity, Severity,
    SourceAccount, Statement, View,
};
use caveat_report::selection::{Account, Exclusion, ModelFact};
use serde_json::json;

/// Provider, size in billions, evaluable traces, successes.
const MODELS: [(&str, Option<f64>, u64, u64); 5] = [
    ("one", Some(1.5), 200, 60),
    ("one", Some(7.0), 180, 40),
    ("two", Some(70.0), 150, 15),
    ("two", None, 90, 30),
    ("three", Some(8.0), 60, 0),
];

/// The annex, with one name in the place of the first model's.
pub(crate) fn annex(first_model: &str) -> Annex {
    let sample = sample(first_model);
    let parameters = Parameters {
        level: Level::P95,
        variance_level: Level::P90,
        ranking_min_n: 50,
        band_points: 10.0,
        permutations: 999,
        seed: 164,
    };
    Annex {
        schema: "caveat/analysis",
        schema_version: 1,
        report: ReportIdentity {
            number: "7".to_owned(),
            title: "A sample".to_owned(),
            edition_date: "2026-11-23".to_owned(),
            caveat_version: "0.1.0".to_owned(),
            seed: 164,
        },
        corpus: corpus(first_model),
        rules: json!({ "verdicts": { "rule": "coalesce" }, "permutations": 999 }),
        namings: Vec::new(),
        views: vec![View {
            id: "all-again".to_owned(),
            title: "All again".to_owned(),
            summary: summarise(&sample, &parameters),
        }],
        analysis: analyse(&sample, &parameters),
        findings: vec![statement("vendor-share", first_model)],
        caveats: vec![statement("few-models", "Five models are few.")],
        claims: vec![ClaimResult {
            id: "eta2".to_owned(),
            claim: "Share of the provider".to_owned(),
            published: "65.3%".to_owned(),
            recomputed: "10.0%".to_owned(),
            status: ClaimStatus::Differs,
            note: None,
            key: true,
            evidence: vec!["d1".to_owned(), "k1".to_owned()],
        }],
        evidence: vec![EvidenceEntry {
            id: "d1".to_owned(),
            label: "share of variance".to_owned(),
            pointer: "/decomposition".to_owned(),
        }],
    }
}

fn sample(first_model: &str) -> Sample {
    let models = MODELS
        .iter()
        .enumerate()
        .map(|(place, (provider, size, n, succeeded))| SampleModel {
            model: if place == 0 {
                first_model.to_owned()
            } else {
                format!("model-{place}")
            },
            provider: (*provider).to_owned(),
            params_total_b: *size,
            params_active_b: None,
            size_b: *size,
            params_disclosed: size.map(|_| true),
            params_source: "register".to_owned(),
            n: *n,
            succeeded: *succeeded,
            not_evaluable: 3,
            prompts: None,
            graders: vec![("grader".to_owned(), *n)],
            parts: Vec::new(),
        });
    Sample {
        models: models.collect(),
        size_variants: vec![SizeVariant {
            id: "active".to_owned(),
            sizes_b: vec![Some(1.0), Some(2.0), Some(4.0), Some(8.0), None],
        }],
        ..Sample::default()
    }
}

fn statement(id: &str, text: &str) -> Statement {
    Statement {
        id: id.to_owned(),
        severity: Severity::Serious,
        title: "Title".to_owned(),
        text: text.to_owned(),
        evidence: vec!["d1".to_owned()],
    }
}

fn corpus(first_model: &str) -> CorpusAccount {
    CorpusAccount {
        sources: vec![SourceAccount {
            path: "input.csv".to_owned(),
            format: "table".to_owned(),
            format_version: None,
            sha256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad".to_owned(),
            read: 700,
            imported: 695,
            already_present: 0,
            rejected: 5,
            rejects_by_reason: Vec::new(),
        }],
        account: Account {
            traces: BTreeMap::from([("compliance".to_owned(), 145)]),
            excluded: vec![Exclusion {
                model: "left-out".to_owned(),
                provider: None,
                reason: "fewer than 20 evaluable traces".to_owned(),
                traces: 12,
                evaluable: 11,
                succeeded: 2,
            }],
            ..Account::default()
        },
        models: vec![ModelFact {
            model: first_model.to_owned(),
            label: first_model.to_owned(),
            provider_spelled: None,
            provider: "one".to_owned(),
            provider_label: "One".to_owned(),
            provider_kind: "maker".to_owned(),
            maker: None,
            base_model_maker: None,
            derivative: None,
            coded_b: Some(1.5),
            disclosed_total_b: None,
            disclosed_active_b: None,
            disclosed: None,
            mixture: None,
            weights: None,
            register_source: None,
        }],
    }
}
