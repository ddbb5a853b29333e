//! The Markdown of a document has the tree that the document asks for,
//! whatever its names are.

#![allow(clippy::unwrap_used)]

#[path = "support/every_text.rs"]
mod every_text;
#[path = "support/sample/mod.rs"]
mod sample;

use caveat_render::error::RenderError;
use caveat_render::escape::plain;
use caveat_render::markdown::markdown;
use caveat_report::document::Block;
use every_text::{HOSTILE, with_every_text};
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

/// Every extension that the parser has, but what GitHub's dialect does not know:
/// typographic quotation marks, attributes of headings, and links of wikis.
fn events(source: &str) -> Vec<Event<'_>> {
    let extensions = Options::all().difference(
        Options::ENABLE_SMART_PUNCTUATION
            | Options::ENABLE_HEADING_ATTRIBUTES
            | Options::ENABLE_WIKILINKS,
    );
    Parser::new_ext(source, extensions).collect()
}

/// The tree without its words.
fn shape(source: &str) -> Vec<String> {
    let mut shape = Vec::new();
    for event in events(source) {
        match event {
            Event::Text(_) => {}
            Event::Code(_) => shape.push("code".to_owned()),
            Event::Start(Tag::Image { .. }) => shape.push("image".to_owned()),
            Event::Start(tag) => shape.push(format!("{tag:?}")),
            Event::End(end) => shape.push(format!("end {end:?}")),
            other => shape.push(format!("{other:?}")),
        }
    }
    shape
}

#[test]
fn hostile_names_change_words_and_nothing_else() {
    let expected = shape(&markdown(&with_every_text("word")).unwrap());
    for name in HOSTILE {
        let source = markdown(&with_every_text(name)).unwrap();
        assert_eq!(shape(&source), expected, "{name:?}");
        assert!(
            !source.contains(|c: char| c.is_control() && c != '\n'),
            "{name:?}"
        );
        assert_eq!(title(&source), plain(name), "{source}");
    }
}

#[test]
fn a_name_of_ten_thousand_characters_is_cut_and_stays_in_its_cell() {
    let expected = shape(&markdown(&with_every_text("word")).unwrap());
    for name in [
        "x".repeat(10_000),
        "模".repeat(10_000),
        "*|".repeat(5_000),
        "a ".repeat(5_000),
    ] {
        let source = markdown(&with_every_text(&name)).unwrap();
        assert_eq!(shape(&source), expected);
        assert!(source.contains("more characters)"));
        assert!(source.len() < 1_000_000, "{}", source.len());
    }
}

/// The words of the heading of the first level.
fn title(source: &str) -> String {
    events(source)
        .into_iter()
        .skip_while(|event| !matches!(event, Event::Start(Tag::Heading { .. })))
        .take_while(|event| !matches!(event, Event::End(TagEnd::Heading(_))))
        .filter_map(|event| match event {
            Event::Text(text) => Some(text.to_string()),
            _ => None,
        })
        .collect()
}

#[test]
fn an_empty_text_becomes_words() {
    let expected = shape(&markdown(&with_every_text("word")).unwrap());
    let source = markdown(&with_every_text("")).unwrap();
    assert_eq!(shape(&source), expected);
    assert!(source.starts_with("# (no text)\n"));
}

#[test]
fn only_the_pictures_of_the_figures_lead_anywhere() {
    let source = markdown(&sample::document()).unwrap();
    let mut pictures = Vec::new();
    for event in events(&source) {
        match event {
            Event::Start(Tag::Image { dest_url, .. }) => pictures.push(dest_url.to_string()),
            Event::Start(Tag::Link { .. }) | Event::Html(_) | Event::InlineHtml(_) => {
                panic!("{event:?}")
            }
            _ => {}
        }
    }
    let expected = ["figures/chance.svg", "figures/null.svg"];
    assert_eq!(pictures.get(..2).unwrap(), expected);
    assert_eq!(pictures.len(), 4);
}

#[test]
fn blocks_stand_apart_and_lines_end_cleanly() {
    let source = markdown(&sample::document()).unwrap();
    assert!(source.starts_with("# Does the vendor"));
    assert!(source.ends_with('\n') && !source.ends_with("\n\n"));
    assert!(!source.contains("\n\n\n"));
    assert!(
        source
            .lines()
            .all(|line| line.trim_end() == line && !line.starts_with(' '))
    );
    assert_eq!(markdown(&sample::document()).unwrap(), source);
}

#[test]
fn a_table_leaves_drawings_out_and_writes_ties_as_letters() {
    let source = markdown(&sample::document()).unwrap();
    let header = "| Vendor | Models | Results | Rate, % | 95% interval | Rank² | Tied³ |";
    let rule = "| :--- | ---: | ---: | ---: | ---: | :--- | :--- |";
    let row = "| Anthropic | 1 | 133 | 9.0 | 5.2 to 15.1 | 1–3 | a b |";
    for line in [header, rule, row] {
        assert!(
            source.lines().any(|found| found == line),
            "{line}\n{source}"
        );
    }
    let caption =
        "**Table 1. Two vendors stand apart at the low end; most others share a rank** Strict";
    assert!(source.contains(caption), "{source}");
    assert!(source.contains("OpenRouter 29. [r1–r9]\n"), "{source}");
}

#[test]
fn a_finding_is_a_claim_and_its_evidence_below() {
    let source = markdown(&sample::document()).unwrap();
    let claim = "**No trend with size is established; a moderate one is not ruled out.** The estimate is 0.6 points fewer successes per doubling.\n\n*Slope −0.6 points,";
    assert!(source.contains(claim), "{source}");
    assert!(
        source.contains("would be found in 8 of 10 such studies. [s1]*\n"),
        "{source}"
    );
}

#[test]
fn a_row_that_does_not_fit_its_columns_is_an_error() {
    let mut document = sample::document();
    document
        .first_page
        .claims
        .rows
        .first_mut()
        .unwrap()
        .cells
        .pop();
    let error = markdown(&document).unwrap_err();
    assert!(
        matches!(
            error,
            RenderError::Cells {
                row: 1,
                cells: 3,
                columns: 4,
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn two_figures_with_one_id_are_an_error() {
    let mut document = sample::document();
    let copy = document.first_page.figure.clone();
    document
        .sections
        .first_mut()
        .unwrap()
        .blocks
        .push(Block::Figure(copy));
    let error = markdown(&document).unwrap_err();
    assert!(matches!(error, RenderError::DuplicateId { .. }), "{error}");
}
