//! The PDF of a document: its structure, its bytes, and hostile words in it.
//!
//! A PDF takes more than a second in a debug build, so each test asks much of few.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use lopdf::{Dictionary, Object};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, TestRunner};

use caveat_render::{Paper, PdfOptions, RenderError, glyphs, pdf, typst_folder};
use caveat_report::document::{Block, Cell, Chart, Document};

#[path = "support/sample/mod.rs"]
mod sample;

use sample::build;

const ANNEX: &[u8] = b"{\"schema\":\"caveat/annex\",\"evidence\":[{\"id\":\"d1\"}]}";

fn render(document: &Document, paper: Paper) -> Vec<u8> {
    let options = PdfOptions {
        paper,
        ident: "sample".to_owned(),
    };
    pdf(document, ANNEX, &options).unwrap()
}

/// Counts the roles of the tag tree and collects alternative texts.
fn tags(file: &lopdf::Document) -> (BTreeMap<String, usize>, Vec<String>) {
    let mut roles = BTreeMap::new();
    let mut alts = Vec::new();
    for object in file.objects.values() {
        let Ok(element) = object.as_dict() else {
            continue;
        };
        let role = element.get(b"S").and_then(Object::as_name);
        let (Ok(role), true) = (role, element.has(b"P")) else {
            continue;
        };
        let role = String::from_utf8_lossy(role).into_owned();
        if role == "Figure" {
            alts.push(text_of(element.get(b"Alt").unwrap()));
        }
        *roles.entry(role).or_insert(0) += 1;
    }
    (roles, alts)
}

fn text_of(object: &Object) -> String {
    lopdf::decode_text_string(object).unwrap()
}

fn catalog(file: &lopdf::Document) -> &Dictionary {
    file.catalog().unwrap()
}

fn resolved<'a>(file: &'a lopdf::Document, of: &'a Dictionary, key: &[u8]) -> &'a Dictionary {
    file.get_dict_in_dict(of, key).unwrap()
}

#[test]
fn the_file_is_tagged_titled_and_carries_its_annex() {
    let document = sample::document();
    let bytes = render(&document, Paper::A4);
    let file = lopdf::Document::load_mem(&bytes).unwrap();
    let root = catalog(&file);
    assert_eq!(text_of(root.get(b"Lang").unwrap()), "en-GB");
    let marked = resolved(&file, root, b"MarkInfo").get(b"Marked").unwrap();
    assert!(marked.as_bool().unwrap());
    let shown = resolved(&file, root, b"ViewerPreferences")
        .get(b"DisplayDocTitle")
        .unwrap();
    assert!(shown.as_bool().unwrap());
    assert!(root.has(b"StructTreeRoot"));

    let (roles, alts) = tags(&file);
    assert_eq!(roles.get("H1"), Some(&1));
    assert!(roles["H2"] >= document.sections.len());
    assert_eq!(roles["Table"], 4);
    assert!(roles["TH"] >= 4 + 8 + 6 + 6);
    assert_eq!(alts.len(), 4);
    assert!(alts.iter().all(|alt| alt.len() > 100), "{alts:?}");

    let everything = format!("{:?}", file.objects);
    for forbidden in ["JavaScript", "/JS", "Launch", "URI"] {
        assert!(!everything.contains(forbidden), "{forbidden}");
    }
    let attached = file
        .objects
        .values()
        .filter_map(|object| object.as_stream().ok());
    let attached: Vec<Vec<u8>> = attached
        .filter(|stream| {
            stream
                .dict
                .get(b"Type")
                .and_then(Object::as_name)
                .is_ok_and(|name| name == b"EmbeddedFile")
        })
        .map(|stream| {
            stream
                .decompressed_content()
                .unwrap_or_else(|_| stream.content.clone())
        })
        .collect();
    assert_eq!(attached, [ANNEX]);
}

#[test]
fn the_first_page_ends_with_the_limits_on_both_papers() {
    let document = sample::document();
    for paper in [Paper::A4, Paper::UsLetter] {
        let file = lopdf::Document::load_mem(&render(&document, paper)).unwrap();
        let first = page_text(&file, 1);
        let limits = &document.first_page.limits;
        let last_words = &limits.items.last().unwrap().last().unwrap().text;
        for words in [limits.title.as_str(), &last_words[..20]] {
            assert!(first.contains(&squeezed(words)), "{paper:?}: {words}");
        }
        assert!(
            !first.contains(&squeezed(&document.sections[0].heading)),
            "{paper:?}"
        );
    }
}

/// Text of a page without spaces; lopdf breaks lines where the layout does.
fn page_text(file: &lopdf::Document, page: u32) -> String {
    squeezed(&file.extract_text(&[page]).unwrap())
}

fn squeezed(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_whitespace() && *c != '\u{a0}' && *c != '\u{200b}')
        .collect()
}

fn all_text(file: &lopdf::Document) -> String {
    file.get_pages()
        .into_keys()
        .map(|page| page_text(file, page))
        .collect()
}

const HOSTILE: &[&str] = &[
    "#read(\"/etc/hosts\") *b* $x$ <l> @r // c",
    "# heading | cell | [a](javascript:alert(1)) `code` <script>",
    "\u{1b}[31mred\u{1b}[0m \u{7}",
    "漢字 😀 \u{202e}reversed",
    "#panic() \\ ~ -- --- ...",
];

fn with_everywhere(texts: &[String]) -> Document {
    let mut document = sample::document();
    let text = texts.concat();
    document.head.title = text.clone();
    document.head.status = Some(text.clone());
    document.head.author = text.clone();
    document.head.foot = text.clone();
    document.first_page.claims_heading = text.clone();
    document.first_page.figure.title = text.clone();
    document.first_page.figure.alt = text.clone();
    let rows = texts
        .iter()
        .map(|text| build::row(&[text, text, "n", text]))
        .collect();
    let columns = vec![
        build::words(&text, 20.0),
        build::words("b", 30.0),
        build::words("c", 6.0),
        build::words("d", 90.0),
    ];
    document.sections.truncate(4);
    for (section, text) in document.sections.iter_mut().zip(texts) {
        section.heading = text.clone();
        section.lead = vec![build::plain(text)];
        section.lead[0].evidence = vec![text.clone()];
    }
    for block in document
        .sections
        .iter_mut()
        .flat_map(|section| &mut section.blocks)
    {
        match block {
            Block::Figure(figure) => rename_marks(&mut figure.chart, texts),
            Block::Table(table) => {
                for (row, text) in table.rows.iter_mut().zip(texts) {
                    row.cells[0] = Cell::Text {
                        text: text.clone(),
                        strong: true,
                    };
                }
            }
            _ => {}
        }
    }
    let table = build::table("hostile", Some(&text), Some(&text), columns, rows);
    document.sections[0].blocks.push(Block::Table(table));
    document
}

fn rename_marks(chart: &mut Chart, texts: &[String]) {
    match chart {
        Chart::Scatter { points, .. } => {
            for (point, text) in points.iter_mut().zip(texts.iter().cycle()) {
                point.label = text.clone();
            }
        }
        Chart::SmallMultiples { panels, .. } => {
            for (panel, text) in panels.iter_mut().zip(texts.iter().cycle()) {
                panel.name = text.clone();
                panel.points[0].label = text.clone();
            }
        }
        Chart::NullDistribution { observed, .. } => observed.label = texts.concat(),
        Chart::SpecificationCurve { rows, .. } => {
            for (row, text) in rows.iter_mut().zip(texts.iter().cycle()) {
                row.option = text.clone();
            }
        }
        Chart::ChanceStrip { .. } => {}
    }
}

#[test]
fn hostile_names_come_out_as_words() {
    let mut texts: Vec<String> = HOSTILE.iter().map(|text| (*text).to_owned()).collect();
    texts.push("m".repeat(10_000));
    let bytes = render(&with_everywhere(&texts), Paper::UsLetter);
    let file = lopdf::Document::load_mem(&bytes).unwrap();
    let text = all_text(&file);
    for literal in [
        "#read(\"/etc/hosts\")*b*$x$<l>@r//c",
        "[U+001B][31mred",
        "[U+6F22]",
        "[U+202E]reversed",
        "[a](javascript:alert(1))",
        "#panic()\\~-----...",
    ] {
        assert!(text.contains(literal), "{literal}");
    }
    assert!(text.contains("morecharacters)"));
    assert!(file.get_pages().len() < 30, "long names do not fill pages");
}

/// A document stands for as many cases of a property as are usual; the long
/// checks ask for more of both.
const CASES_PER_DOCUMENT: u32 = 256;

#[test]
fn any_string_can_be_set_anywhere() {
    let config = Config::default();
    let documents = config.cases / CASES_PER_DOCUMENT;
    let mut runner = TestRunner::new_with_rng(
        config,
        proptest::test_runner::TestRng::deterministic_rng(
            proptest::test_runner::RngAlgorithm::ChaCha,
        ),
    );
    let strings = proptest::collection::vec(proptest::arbitrary::any::<String>(), 40);
    for _ in 0..documents.max(1) {
        let texts = strings.new_tree(&mut runner).unwrap().current();
        render(&with_everywhere(&texts), Paper::A4);
    }
}

#[test]
fn fitting_leaves_nothing_that_no_face_has() {
    let config = Config {
        failure_persistence: None,
        ..Config::default()
    };
    proptest::proptest!(config, |(text in proptest::arbitrary::any::<String>())| {
        let fitted = glyphs::fit(&text);
        proptest::prop_assert!(fitted.chars().all(|c| !c.is_control() && caveat_render::fonts::covers(c)));
        proptest::prop_assert_eq!(glyphs::fit(&fitted), fitted);
    });
}

#[test]
fn the_folder_for_the_command_line_holds_every_file_and_no_other() {
    let files = typst_folder(&sample::document(), ANNEX).unwrap();
    let names: Vec<String> = files
        .keys()
        .map(|path| path.to_string_lossy().into_owned())
        .collect();
    assert_eq!(
        names.iter().filter(|name| name.ends_with(".otf")).count(),
        13
    );
    for name in [
        "annex.json",
        "data.json",
        "lib/style.typ",
        "report/report.typ",
    ] {
        assert!(names.iter().any(|known| known == name), "{name}");
    }
    assert_eq!(files[std::path::Path::new("annex.json")], ANNEX);
}

#[test]
fn what_cannot_be_drawn_is_an_error_that_says_where() {
    let options = PdfOptions {
        paper: Paper::A4,
        ident: String::new(),
    };
    let mut twice = sample::document();
    twice.first_page.claims.id = "providers".to_owned();
    let mut outside = sample::document();
    outside.first_page.figure.id = "../x".to_owned();
    let mut infinite = sample::document();
    if let Chart::ChanceStrip { rows, .. } = &mut infinite.first_page.figure.chart {
        rows[0].p95 = f64::NAN;
    }
    let mut short = sample::document();
    short.first_page.claims.rows[1].cells.pop();
    let mut day = sample::document();
    day.head.date.day = 31;
    let cases = [
        (twice, "`providers` is used by more than one table"),
        (outside, "id `../x` of a figure"),
        (infinite, "`chance` has a value to draw that is not finite"),
        (
            short,
            "row 2 of table `claims-first-page` has 3 cells for 4 columns",
        ),
        (day, "2026-11-31 is not a day"),
    ];
    for (document, expected) in cases {
        let error: RenderError = pdf(&document, ANNEX, &options).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
}
