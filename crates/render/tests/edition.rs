//! An edition is complete, accounted for in its manifest, and the same twice.

#![allow(clippy::unwrap_used)]

#[path = "support/annex.rs"]
mod figures;
#[path = "support/sample/mod.rs"]
mod sample;

use caveat_render::manifest::{FileDigest, MANIFEST_FILE, Manifest};
use caveat_render::{EditionFiles, EditionOptions, edition};
use caveat_report::definition::{Format, Paper};

fn made(formats: &[Format]) -> EditionFiles {
    let inputs = [FileDigest::of("corpus.csv", b"model,n\n")];
    let options = EditionOptions {
        formats: formats.to_vec(),
        paper: Paper::A4,
    };
    edition(
        &sample::document(),
        &figures::annex("model-0"),
        &inputs,
        &options,
    )
    .unwrap()
}

#[test]
fn an_edition_is_the_same_bytes_twice_and_its_manifest_accounts_for_it() {
    let all = [Format::Markdown, Format::Html, Format::Pdf];
    let files = made(&all);
    assert_eq!(files, made(&all));
    let files = files.0;
    for name in ["report.md", "report.html", "report.pdf"] {
        assert!(files.contains_key(name), "{name}");
    }
    let manifest: Manifest = serde_json::from_slice(files.get(MANIFEST_FILE).unwrap()).unwrap();
    let listed: Vec<&str> = manifest
        .outputs
        .iter()
        .map(|file| file.path.as_str())
        .collect();
    let there: Vec<&str> = files
        .keys()
        .map(String::as_str)
        .filter(|path| *path != MANIFEST_FILE)
        .collect();
    assert_eq!(listed, there);
    for file in &manifest.outputs {
        assert_eq!(
            &FileDigest::of(file.path.clone(), files.get(&file.path).unwrap()),
            file
        );
    }
    assert_eq!(manifest.inputs.first().unwrap().path, "corpus.csv");
}

#[test]
fn every_picture_of_the_markdown_is_in_the_edition() {
    let files = made(&[Format::Markdown]).0;
    let text = String::from_utf8(files.get("report.md").unwrap().clone()).unwrap();
    let pictures: Vec<&str> = text
        .split("](figures/")
        .skip(1)
        .filter_map(|rest| rest.split(')').next())
        .collect();
    assert_eq!(pictures.len(), 4);
    for picture in pictures {
        assert!(
            files
                .get(&format!("figures/{picture}"))
                .unwrap()
                .starts_with(b"<svg "),
            "{picture}"
        );
    }
}

#[test]
fn a_format_that_is_not_asked_for_is_not_made() {
    let files = made(&[]).0;
    assert!(files.contains_key("annex.json") && files.contains_key("annex/models.csv"));
    assert!(
        !files
            .keys()
            .any(|path| path.ends_with(".md") || path.ends_with(".html") || path.ends_with(".pdf"))
    );
    assert!(!files.keys().any(|path| path.ends_with(".svg")));
    assert!(!made(&[Format::Pdf]).0.contains_key("report.md"));
    let alone = made(&[Format::Html]).0;
    assert!(alone.contains_key("report.html"));
    assert!(!alone.keys().any(|path| path.ends_with(".svg")));
}
