//! The HTML of a document stands alone, is made for every reader, and has the
//! tree that the document asks for, whatever its names are.

#![allow(clippy::unwrap_used)]

#[path = "support/dom.rs"]
mod dom;
#[path = "support/every_text.rs"]
mod every_text;
#[path = "support/sample/mod.rs"]
mod sample;

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use caveat_render::error::RenderError;
use caveat_render::escape::plain;
use caveat_render::html::html;
use caveat_report::document::Block;
use dom::{Element, Page};
use every_text::{HOSTILE, with_every_text};
use sha2::{Digest as _, Sha256};

fn sample_page() -> Page {
    Page::parse(&html(&sample::document()).unwrap())
}

/// Elements with the names of their attributes, in order. What is within a
/// drawing is left out, for its labels go by the words in them; so are keys,
/// for a word has none.
fn shape(source: &str) -> Vec<String> {
    let page = Page::parse(source);
    assert_eq!(page.errors, Vec::<String>::new());
    assert_eq!(page.others, 0);
    let drawn = ["circle", "polygon", "polyline", "rect", "text"];
    let told = |element: &Element| {
        let names = element.attributes.iter().map(|(name, _)| name.as_str());
        let names: Vec<&str> = names.filter(|name| *name != "data-key").collect();
        format!("{} {names:?}", element.name)
    };
    let elements = page.every().iter();
    elements
        .filter(|element| !drawn.contains(&element.name.as_str()))
        .map(told)
        .collect()
}

/// The one element that a selector picks.
fn only<'a>(page: &'a Page, selector: &str) -> &'a Element {
    let found = page.all(selector);
    assert_eq!(found.len(), 1, "{selector}");
    found.first().copied().unwrap()
}

#[test]
fn hostile_names_change_words_and_nothing_else() {
    let expected = shape(&html(&with_every_text("word")).unwrap());
    for name in HOSTILE {
        let source = html(&with_every_text(name)).unwrap();
        assert_eq!(shape(&source), expected, "{name:?}");
        let steers = |c: char| c.is_control() && c != '\n';
        assert!(!source.contains(steers), "{name:?}");
        let page = Page::parse(&source);
        for selector in ["h1", "tbody th", "td.text", "dt", "nav a"] {
            let found = page.all(selector);
            assert!(!found.is_empty(), "{selector}");
            for element in found {
                let fixed = selector == "nav a" && element.text == "Colophon";
                assert!(
                    fixed || element.words() == plain(name),
                    "{selector}: {name:?}"
                );
            }
        }
    }
}

#[test]
fn a_name_of_ten_thousand_characters_is_cut() {
    for name in ["x".repeat(10_000), "<&".repeat(5_000)] {
        let source = html(&with_every_text(&name)).unwrap();
        assert!(source.contains("more characters)"));
        assert!(source.len() < 1_000_000, "{}", source.len());
    }
}

#[test]
fn an_empty_text_becomes_words() {
    let page = Page::parse(&html(&with_every_text("")).unwrap());
    for element in page.all("h1, h2, h3, td.text, td.num, td.ties, th, dt, li, desc") {
        assert!(!element.words().is_empty(), "{element:?}");
    }
}

#[test]
fn nothing_leads_out_of_the_page_and_its_policy_forbids_the_rest() {
    let page = sample_page();
    for link in page.all("[href]") {
        let target = link.attr("href").unwrap().strip_prefix('#').unwrap();
        only(&page, &format!("[id={target}]"));
    }
    let others = "[src], [srcset], [style], link, iframe, img, object, base, form, use, image";
    assert!(page.all(others).is_empty());
    let names = page.every().iter().flat_map(|element| &element.attributes);
    assert_eq!(names.filter(|(name, _)| name.starts_with("on")).count(), 0);
    let digest = |selector: &str| STANDARD.encode(Sha256::digest(&only(&page, selector).text));
    let policy = only(&page, "[http-equiv=Content-Security-Policy]");
    assert_eq!(
        policy.attr("content").unwrap(),
        format!(
            "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; \
             base-uri 'none'; form-action 'none'",
            digest("style"),
            digest("script")
        )
    );
    let style = &only(&page, "style").text;
    assert!(!style.contains("url(") && !style.contains("@import"));
}

#[test]
fn a_page_has_its_language_its_landmarks_and_a_way_past_the_head() {
    let page = sample_page();
    assert_eq!(only(&page, "html").attr("lang"), Some("en-GB"));
    for landmark in ["header", "main", "footer"] {
        let parent = page.parent(only(&page, landmark)).unwrap();
        assert_eq!(parent.name, "body", "{landmark}");
    }
    assert_eq!(only(&page, "main nav").attr("aria-label"), Some("Contents"));
    let first = *page.all("body *").first().unwrap();
    assert_eq!(first.attr("href"), Some("#content"));
    assert_eq!(first.words(), "Skip to the content");
    assert!(
        only(&page, "head title")
            .text
            .starts_with("Does the vendor")
    );
}

#[test]
fn headings_go_down_one_level_at_a_time_and_ids_are_used_once() {
    let page = sample_page();
    let levels: Vec<u32> = page
        .all("h1, h2, h3, h4, h5, h6")
        .iter()
        .map(|heading| heading.name.get(1..).unwrap().parse().unwrap())
        .collect();
    assert_eq!(levels.first(), Some(&1));
    assert_eq!(levels.iter().filter(|level| **level == 1).count(), 1);
    let steps = levels.iter().zip(levels.iter().skip(1));
    assert!(steps.clone().count() > 5);
    for (one, next) in steps {
        assert!(*next <= one + 1, "{levels:?}");
    }
    let ids: Vec<&str> = page
        .all("[id]")
        .iter()
        .filter_map(|e| e.attr("id"))
        .collect();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len());
    for element in page.all("[aria-labelledby]") {
        for id in element.attr("aria-labelledby").unwrap().split(' ') {
            assert!(ids.contains(&id), "{id}");
        }
    }
}

#[test]
fn every_chart_is_an_image_with_its_words() {
    let page = sample_page();
    let charts = page.all("figure svg");
    assert_eq!(charts.len(), 4);
    let mut alternatives = Vec::new();
    for chart in charts {
        assert_eq!(chart.attr("role"), Some("img"));
        let ids = chart.attr("aria-labelledby").unwrap().split(' ');
        let named: Vec<&str> = ids
            .map(|id| only(&page, &format!("[id={id}]")).words())
            .collect();
        alternatives.push(named.join(" "));
    }
    let first = &sample::document().first_page.figure;
    assert_eq!(
        alternatives.first().unwrap(),
        &format!("{}: {} {}", first.number, first.title, first.alt)
    );
    for drawing in page.all("table svg") {
        assert_eq!(drawing.attr("aria-hidden"), Some("true"));
    }
}

#[test]
fn every_table_has_a_caption_and_its_headers_say_what_they_head() {
    let page = sample_page();
    let tables = page.all("table");
    assert!(tables.len() > 3);
    for table in tables {
        let captions = page.within(table, "caption");
        assert_eq!(captions.len(), 1);
        assert!(captions.iter().all(|caption| !caption.words().is_empty()));
        let columns = page.within(table, "thead th");
        assert!(columns.iter().all(|cell| cell.attr("scope") == Some("col")));
        for row in page.within(table, "tbody tr") {
            assert_eq!(page.within(row, "th, td").len(), columns.len());
        }
        for cell in page.within(table, "tbody th") {
            assert_eq!(cell.attr("scope"), Some("row"));
        }
    }
}

#[test]
fn a_vendor_table_has_figures_drawings_and_what_its_rows_stand_by() {
    let page = sample_page();
    let table = *page.all("table[data-sortable]").first().unwrap();
    let headers: Vec<String> = page
        .within(table, "thead th")
        .iter()
        .map(|cell| {
            let sort = cell.attr("data-sort").unwrap_or("unsorted");
            format!("{} {sort}", cell.attr("class").unwrap())
        })
        .collect();
    let expected = "text text, num number, num number, num number, num number, drawn unsorted, \
                    text text, ties unsorted";
    assert_eq!(headers.join(", "), expected);
    let row = *page.within(table, "tbody tr").get(1).unwrap();
    let cells: Vec<&str> = page
        .within(row, "th, td")
        .iter()
        .map(|cell| cell.words())
        .collect();
    assert_eq!(
        cells,
        [
            "Anthropic",
            "1",
            "133",
            "9.0",
            "5.2 to 15.1",
            "",
            "1\u{2013}3",
            "a b"
        ]
    );
    let keys: Vec<&str> = page
        .within(row, "td")
        .iter()
        .filter_map(|c| c.attr("data-key"))
        .collect();
    assert_eq!(keys, ["1", "133", "9.0", "5.2"]);
    assert!(!page.within(row, "td.drawn svg").is_empty());
    assert!(
        page.within(table, "button").is_empty(),
        "buttons are the script\u{2019}s"
    );
}

#[test]
fn two_tables_with_one_id_are_an_error() {
    let mut document = sample::document();
    let copy = document.first_page.claims.clone();
    let section = document.sections.first_mut().unwrap();
    section.blocks.push(Block::Table(copy));
    let error = html(&document).unwrap_err();
    assert!(matches!(error, RenderError::DuplicateId { .. }), "{error}");
}
