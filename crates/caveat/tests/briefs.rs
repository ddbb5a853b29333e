//! Vendor briefs as files: made, compared, verified, and a reply taken in.

#![allow(clippy::unwrap_used)]

mod support;

use std::fs;
use std::path::Path;

use serde_json::Value;
use support::{json, outcome, root};

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// A copy of a small report without its edition.
fn report(folder: &Path) -> String {
    let report = folder.join("report");
    copy(
        &root().join("reports/harmbench/corpus"),
        &report.join("corpus"),
    );
    for name in ["report.toml", "claims.toml"] {
        let from = root().join("reports/harmbench").join(name);
        if from.is_file() {
            fs::copy(from, report.join(name)).unwrap();
        }
    }
    report.to_str().unwrap().to_owned()
}

#[test]
fn a_brief_is_made_with_its_reply_compared_and_verified() {
    let folder = tempfile::tempdir().unwrap();
    let report = report(folder.path());
    let vendor = ["brief", &report, "--vendor", "openchat"];
    assert_eq!(outcome(&vendor).0, 0, "{:?}", outcome(&vendor));
    let briefs = Path::new(&report).join("briefs");
    let made = fs::read_dir(&briefs).unwrap().next().unwrap().unwrap();
    let name = made.file_name().into_string().unwrap();
    let mut files: Vec<String> = fs::read_dir(made.path())
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    assert_eq!(
        files,
        [
            "annex.json",
            "brief.html",
            "brief.md",
            "brief.pdf",
            "manifest.json"
        ]
    );
    let check = ["brief", &report, "--vendor", "openchat", "--check"];
    assert_eq!(outcome(&check).0, 0);

    fs::create_dir_all(Path::new(&report).join("replies")).unwrap();
    let reply = Path::new(&report).join(format!("replies/{name}.md"));
    fs::write(&reply, "2026-11-20\n\nWe *disagree* #panic() <b>.\n").unwrap();
    assert_eq!(outcome(&check).0, 1);
    assert_eq!(outcome(&vendor).0, 0);
    let text = fs::read_to_string(made.path().join("brief.md")).unwrap();
    assert!(text.contains(r"We \*disagree\* #panic() &lt;b>."), "{text}");
    assert!(text.contains("dated 20"), "{text}");
    let page = fs::read_to_string(made.path().join("brief.html")).unwrap();
    assert!(page.contains("We *disagree* #panic() &lt;b&gt;."), "{page}");

    let edition = made.path();
    let answer = json(&["verify", edition.to_str().unwrap(), "--json"]);
    let results: Vec<&Value> = (0..2).map(|at| &answer["checks"][at]["result"]).collect();
    assert_eq!(results, ["yes", "yes"], "{answer}");
    fs::write(&reply, vec![b'x'; 70_000]).unwrap();
    assert_eq!(outcome(&vendor).0, 3);
}

#[test]
fn a_vendor_that_is_not_there_is_named_with_those_that_are() {
    let (code, _, error) = outcome(&["brief", "reports/harmbench", "--vendor", "nobody"]);
    assert_eq!(code, 2);
    assert!(error.contains("there is no vendor `nobody`"), "{error}");
    assert!(error.contains("OpenChat"), "{error}");
}

#[test]
fn a_format_can_be_made_alone_and_is_the_same_bytes_as_with_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let report = report(folder.path());
    let [alone, all] = ["alone", "all"].map(|name| folder.path().join(name));
    let made = |out: &Path, only: &[&str]| {
        let arguments = [&["report", &report, "--out", out.to_str().unwrap()], only].concat();
        let (code, _, error) = outcome(&arguments);
        assert_eq!(code, 0, "{error}");
        fs::read(out.join("report.html")).unwrap()
    };
    let page = made(&alone, &["--only", "html"]);
    assert!(!alone.join("report.md").exists() && !alone.join("figures").exists());
    assert_eq!(made(&all, &[]), page);
    let manifest = fs::read(all.join("manifest.json")).unwrap();
    let manifest: Value = serde_json::from_slice(&manifest).unwrap();
    let outputs = manifest["outputs"].as_array().unwrap();
    let listed = outputs.iter().find(|file| file["path"] == "report.html");
    assert_eq!(listed.unwrap()["bytes"], page.len());
}
