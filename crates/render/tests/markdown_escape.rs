//! Any text comes back from a Markdown parser as that text, wherever it stands.

use caveat_render::escape::{markdown, markdown_code, plain};
use proptest::prelude::*;
use pulldown_cmark::{Event, Options, Parser, Tag};

/// What could have an effect, more often than chance would give it.
const HOSTILE: &str =
    r"(?:[\\`*_{}\[\]()#+\-.!|<>~&$@:;=/^'\x220-9aAwx \t\r\n]|模|é|\u{a0}|\u{202e}|\PC){0,40}";

/// Pieces of syntax, put together at random.
const PIECES: [&str; 50] = [
    "[a]: /u",
    "[^1]",
    "[^1]: x",
    "[ ] ",
    "[x] ",
    "![i](u)",
    "](",
    "][",
    "<b>",
    "<!--",
    "-->",
    "<script>",
    "<http://a.b>",
    "http://a.b",
    "www.a.b",
    "a@b.cd",
    "&amp;",
    "&#35;",
    "&lt",
    "# ",
    "#",
    " #",
    "1. ",
    "12) ",
    "- ",
    "---",
    "===",
    "+ ",
    "* ",
    "***",
    "_a_",
    "__",
    "~~",
    "```",
    "~~~",
    "|",
    "\\|",
    "|---|",
    "\\",
    "> ",
    "$x$",
    " ",
    "word",
    ":-:",
    "{x}",
    "^2^",
    "[[w]]",
    "+++",
    ": d",
    "{{ x }}",
];

/// Every extension that the parser has, but what GitHub's dialect does not know:
/// typographic quotation marks, attributes of headings, and links of wikis.
fn dialect() -> Options {
    Options::all().difference(
        Options::ENABLE_SMART_PUNCTUATION
            | Options::ENABLE_HEADING_ATTRIBUTES
            | Options::ENABLE_WIKILINKS,
    )
}

/// The text of a source and everything in it that is not text.
fn parse(source: &str) -> (String, Vec<String>) {
    let mut text = String::new();
    let mut others = Vec::new();
    for event in Parser::new_ext(source, dialect()) {
        match event {
            Event::Text(part) => text.push_str(&part),
            Event::Start(Tag::Table(_)) => others.push("table".to_owned()),
            Event::Start(tag) => others.push(format!("{tag:?}").to_lowercase()),
            Event::End(_) => {}
            other => others.push(format!("{other:?}")),
        }
    }
    (text, others)
}

fn holds(before: &str, text: &str, after: &str, expected: &[&str]) -> Result<(), TestCaseError> {
    let wanted = plain(text);
    prop_assume!(!wanted.is_empty());
    let source = format!("{before}{}{after}", markdown(text));
    let (frame, _) = parse(&format!("{before}FRAME{after}"));
    let (read, others) = parse(&source);
    prop_assert_eq!(
        &read,
        &frame.replace("FRAME", &wanted),
        "text of {:?}",
        &source
    );
    let kinds: Vec<&str> = others
        .iter()
        .map(|other| other.split([' ', '{', '(']).next().unwrap_or_default())
        .collect();
    prop_assert_eq!(kinds, expected, "events of {:?}", &source);
    Ok(())
}

fn everywhere(text: &str) -> Result<(), TestCaseError> {
    holds("", text, "\n", &["paragraph"])?;
    holds("", text, "\n\nnext\n", &["paragraph", "paragraph"])?;
    holds("words ", text, " words\n", &["paragraph"])?;
    holds("**", text, "** words\n", &["paragraph", "strong"])?;
    holds("*", text, "*\n", &["paragraph", "emphasis"])?;
    holds("## ", text, "\n", &["heading"])?;
    holds("- ", text, "\n- next\n", &["list", "item", "item"])?;
    holds("- **", text, "** words\n", &["list", "item", "strong"])?;
    holds("![", text, "](figures/a.svg)\n", &["paragraph", "image"])?;
    let table = [
        "table",
        "tablehead",
        "tablecell",
        "tablecell",
        "tablerow",
        "tablecell",
        "tablecell",
    ];
    holds("| a | b |\n| :--- | ---: |\n| ", text, " | c |\n", &table)?;
    holds("| ", text, " | b |\n| :--- | ---: |\n| c | d |\n", &table)?;
    let strong = [
        "table",
        "tablehead",
        "tablecell",
        "tablerow",
        "tablecell",
        "strong",
    ];
    holds("| a |\n| :--- |\n| **", text, "** |\n", &strong)?;
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn hostile_characters_come_back_as_text(text in HOSTILE) {
        everywhere(&text)?;
    }

    #[test]
    fn any_text_comes_back_as_text(text in any::<String>()) {
        everywhere(&text)?;
    }

    #[test]
    fn pieces_of_syntax_come_back_as_text(
        pieces in proptest::collection::vec(proptest::sample::select(PIECES.to_vec()), 0..8)
    ) {
        everywhere(&pieces.concat())?;
    }

    #[test]
    fn a_line_after_another_stays_in_its_paragraph(text in HOSTILE) {
        let wanted = plain(&text);
        prop_assume!(!wanted.is_empty());
        let (read, others) = parse(&format!("first\n{}\n", markdown(&text)));
        prop_assert_eq!(read, format!("first{wanted}"));
        prop_assert_eq!(others, vec!["paragraph".to_owned(), "SoftBreak".to_owned()]);
    }

    #[test]
    fn code_comes_back_as_code(text in HOSTILE) {
        let wanted = plain(&text);
        prop_assume!(!wanted.is_empty());
        let source = format!("words {} words", markdown_code(&text));
        let codes: Vec<String> = Parser::new_ext(&source, dialect())
            .filter_map(|event| match event {
                Event::Code(code) => Some(code.to_string()),
                _ => None,
            })
            .collect();
        prop_assert_eq!(codes, vec![wanted]);
    }
}

#[test]
fn what_has_no_effect_is_left_as_it_is() {
    for text in [
        "gpt_4o_mini",
        "65.3% of 125",
        "p < 0.001",
        "p > 0.05",
        "[4.7 to 13.2]",
        "[d1, s2]",
        "\u{2212}0.6 points",
        "a - b",
        "AT&T",
        "Report #164",
        "llama-3.1 (8B)",
        "1.5 times",
        "x = y",
        "deepseek-r1:1.5b",
        "模型 é",
        "-0.5",
        "10:30",
    ] {
        assert_eq!(markdown(text), text);
    }
}

#[test]
fn addresses_do_not_become_links() {
    assert_eq!(markdown("https://a.b"), r"https\://a.b");
    assert_eq!(markdown("WWW.a.b [www.a]"), r"WWW\.a.b \[www\.a\]");
    assert_eq!(markdown("a@b.cd"), r"a\@b.cd");
    assert_eq!(markdown("<https://a.b>"), r"&lt;https\://a.b>");
}
