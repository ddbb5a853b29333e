//! Writes the sample document in all forms into a folder, to be looked at.
//!
//! `cargo run --workspace --example gallery -- FOLDER`: `a4.pdf`, `letter.pdf`,
//! the drawings as SVG, and the files for the typst command line; prints how
//! long a first and a second PDF took.

#![allow(clippy::unwrap_used)]

use std::path::PathBuf;
use std::time::Instant;

use caveat_render::{Paper, PdfOptions, pdf, scene, typst_folder};
use caveat_report::document::Block;

#[path = "../tests/support/sample/mod.rs"]
mod sample;

fn main() {
    let folder = PathBuf::from(
        std::env::args()
            .nth(1)
            .unwrap_or_else(|| "gallery".to_owned()),
    );
    std::fs::create_dir_all(&folder).unwrap();
    let document = sample::document();
    let annex = b"{\"evidence\": []}";
    for (name, paper) in [
        ("a4", Paper::A4),
        ("letter", Paper::UsLetter),
        ("again", Paper::A4),
    ] {
        let start = Instant::now();
        let options = PdfOptions {
            paper,
            ident: "sample".to_owned(),
        };
        match pdf(&document, annex, &options) {
            Ok(bytes) => {
                println!("{name}: {} bytes in {:?}", bytes.len(), start.elapsed());
                std::fs::write(folder.join(name).with_extension("pdf"), bytes).unwrap();
            }
            Err(error) => println!("{name}: {error}"),
        }
    }
    let figures = document.sections.iter().flat_map(|section| &section.blocks);
    let figures = figures.filter_map(|block| match block {
        Block::Figure(figure) => Some(figure),
        _ => None,
    });
    for figure in figures.chain([&document.first_page.figure]) {
        let drawing = scene::svg(&scene::draw(figure).unwrap(), figure);
        std::fs::write(folder.join(&figure.id).with_extension("svg"), drawing).unwrap();
    }
    for (path, bytes) in typst_folder(&document, annex).unwrap() {
        let path = folder.join("typst").join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
}
