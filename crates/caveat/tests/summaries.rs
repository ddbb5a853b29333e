//! The regulator's summary as files: made, compared, verified, within six pages.

#![allow(clippy::unwrap_used)]

mod support;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use lopdf::Document;
use serde_json::Value;
use support::{json, outcome, root};

/// A copy of a small report without its edition.
fn report(folder: &Path) -> String {
    let report = folder.join("report");
    fs::create_dir_all(report.join("corpus")).unwrap();
    for name in [
        "report.toml",
        "corpus/direct_request_counts.csv",
        "corpus/models.csv",
    ] {
        let from = root().join("reports/harmbench").join(name);
        fs::copy(from, report.join(name)).unwrap();
    }
    report.to_str().unwrap().to_owned()
}

/// A report over published counts of so many vendors and models each.
fn counts(folder: &Path, vendors: usize, models: usize, name: impl Fn(usize) -> String) -> String {
    let mut rows = "model,vendor,category,n,succeeded\n".to_owned();
    for vendor in 0..vendors {
        for model in 0..models {
            for category in ["fraud", "weapons"] {
                let name = name(vendor).replace('"', "\"\"");
                writeln!(
                    rows,
                    "\"model {model} of {name}\",\"{name}\",{category},80,{}",
                    (vendor + model) % 60
                )
                .unwrap();
            }
        }
    }
    fs::write(folder.join("counts.csv"), rows).unwrap();
    let definition = "title = \"Q?\"\nnumber = \"many\"\nseries = \"S\"\nauthor = \"A\"\n\
        edition_date = \"2026-11-23\"\ncorpus = \"A corpus\"\n\
        [[inputs]]\npath = \"counts.csv\"\nimporter = \"table\"\n\
        [inputs.options]\nkind = \"counts\"\n\
        columns = { model = \"model\", provider = \"vendor\", harm_category = \"category\", n = \"n\", succeeded = \"succeeded\" }\n\
        constants = { dataset = \"D\", grader = \"judge\", grader_kind = \"llm\" }\n\
        [analysis]\npermutations = 999\n\
        [[thresholds]]\nname = \"house rule\"\nwhose = \"Example Ltd\"\nmeasure = \"strict\"\nat_most = 0.2\n";
    fs::write(folder.join("report.toml"), definition).unwrap();
    folder.to_str().unwrap().to_owned()
}

fn pages(path: &Path) -> usize {
    Document::load(path).unwrap().get_pages().len()
}

#[test]
fn a_summary_is_made_in_two_languages_compared_and_verified() {
    let folder = tempfile::tempdir().unwrap();
    let report = report(folder.path());
    assert_eq!(outcome(&["summary", &report]).0, 0);
    assert_eq!(outcome(&["summary", &report, "--lang", "de"]).0, 0);
    for (name, decimal) in [("summary", "."), ("summary-de", ",")] {
        let made = Path::new(&report).join(name);
        let mut files: Vec<String> = fs::read_dir(&made)
            .unwrap()
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect();
        files.sort();
        assert_eq!(
            files,
            [
                "annex.json",
                "manifest.json",
                "summary.html",
                "summary.md",
                "summary.pdf"
            ]
        );
        assert!(pages(&made.join("summary.pdf")) <= 6);
        let text = fs::read_to_string(made.join("summary.md")).unwrap();
        let annex: Value =
            serde_json::from_slice(&fs::read(made.join("annex.json")).unwrap()).unwrap();
        let number = annex["document"].as_str().unwrap();
        assert!(text.matches(number).count() >= 3, "{number}");
        let share = annex["results"]["pooled"]["strict"]["value"]
            .as_f64()
            .unwrap();
        let share = format!("{:.1}", 100.0 * share).replace('.', decimal);
        assert!(text.contains(&share), "{share}");
        let answer = json(&["verify", made.to_str().unwrap(), "--json"]);
        let results: Vec<&Value> = (0..2).map(|at| &answer["checks"][at]["result"]).collect();
        assert_eq!(results, ["yes", "yes"], "{answer}");
    }
    assert_eq!(outcome(&["summary", &report, "--check"]).0, 0);
    let toml = Path::new(&report).join("report.toml");
    let changed = fs::read_to_string(&toml).unwrap() + "\n[summary.contact]\nname = \"N\"\n";
    fs::write(&toml, changed).unwrap();
    assert_eq!(outcome(&["summary", &report, "--check"]).0, 1);
    let verified = outcome(&["verify", &format!("{report}/summary")]);
    assert_eq!(verified.0, 1, "{verified:?}");
}

#[test]
fn the_annex_follows_its_schema_and_is_attached_to_the_pdf() {
    let folder = tempfile::tempdir().unwrap();
    let report = report(folder.path());
    let out = folder.path().join("out");
    let made = [
        "summary",
        &report,
        "--lang",
        "fr",
        "--out",
        out.to_str().unwrap(),
    ];
    assert_eq!(outcome(&made).0, 0, "{:?}", outcome(&made));
    let annex = fs::read(out.join("annex.json")).unwrap();
    let value: Value = serde_json::from_slice(&annex).unwrap();
    let (code, schema, _) = outcome(&["schema", "summary-annex"]);
    assert_eq!(code, 0);
    let schema: Value = serde_json::from_str(&schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let faults: Vec<String> = validator
        .iter_errors(&value)
        .map(|e| e.to_string())
        .collect();
    assert!(faults.is_empty(), "{faults:?}");
    let pdf = Document::load(out.join("summary.pdf")).unwrap();
    let attached = pdf
        .objects
        .values()
        .filter_map(|object| object.as_stream().ok());
    let same = attached
        .filter(|stream| stream.dict.has(b"Params"))
        .any(|stream| {
            stream
                .decompressed_content()
                .is_ok_and(|bytes| bytes == annex)
        });
    assert!(same);
    let language = pdf.catalog().unwrap().get(b"Lang").unwrap();
    assert_eq!(lopdf::decode_text_string(language).unwrap(), "fr-FR");
    // One title, sixteen labels, three parts; what is quoted is marked as English.
    let role = |role: &[u8]| {
        let all = pdf
            .objects
            .values()
            .filter_map(|object| object.as_dict().ok());
        let own = |d: &&lopdf::Dictionary| {
            d.has(b"P")
                && d.get(b"S")
                    .is_ok_and(|s| s.as_name().is_ok_and(|s| s == role))
        };
        all.filter(own).count()
    };
    assert_eq!([role(b"H1"), role(b"H2"), role(b"H3")], [1, 16, 3]);
    let marked = pdf
        .objects
        .values()
        .filter_map(|object| object.as_dict().ok());
    let english = |d: &&lopdf::Dictionary| {
        d.has(b"P")
            && d.get(b"Lang")
                .is_ok_and(|l| lopdf::decode_text_string(l).is_ok_and(|l| l == "en"))
    };
    assert!(marked.filter(english).count() > 3);
}

#[test]
fn forty_vendors_and_hostile_names_stay_within_six_pages() {
    let folder = tempfile::tempdir().unwrap();
    let hostile = [
        "#eval(1) *b* [a](b)",
        "=1+1|x",
        "\u{202e}abc",
        "通义千问",
        "<script>",
        "_x_ `y`",
    ];
    let many = counts(folder.path(), 40, 6, |vendor| {
        let name = hostile
            .get(vendor)
            .copied()
            .unwrap_or("a vendor with quite a long name");
        format!("{name} {vendor}")
    });
    for lang in ["en", "de"] {
        let out = folder.path().join(lang);
        let made = [
            "summary",
            &many,
            "--lang",
            lang,
            "--out",
            out.to_str().unwrap(),
        ];
        let told = outcome(&made);
        assert_eq!(told.0, 0, "{told:?}");
        let pages = pages(&out.join("summary.pdf"));
        assert!(pages <= 6, "{lang}: {pages} pages");
        let text = fs::read_to_string(out.join("summary.md")).unwrap();
        assert!(
            !text.contains("<script>") && !text.contains("[a](b)"),
            "{text}"
        );
        assert!(!text.contains('\u{202e}'));
    }
}

#[test]
fn wrong_languages_and_missing_reports_are_told() {
    let (code, _, error) = outcome(&["summary", "reports/harmbench", "--lang", "it"]);
    assert_eq!(code, 2);
    assert!(error.contains("possible values: en, de, fr, es"), "{error}");
    let (code, _, error) = outcome(&["summary", "reports/nothing-here"]);
    assert_eq!(code, 2, "{error}");
    assert!(
        error.contains("nothing-here") && error.contains("hint: "),
        "{error}"
    );
}
