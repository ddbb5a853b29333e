//! What stands around every page, its policy among it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use caveat_report::document::{Head, Section};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::{SCRIPT, STYLE, settled};
use crate::glyphs::MAX_TEXT;
use crate::markdown::view::words;

#[derive(Debug, Serialize)]
pub(super) struct Frame {
    language: String,
    /// Words of the link past the head, in the language of the document.
    skip: &'static str,
    policy: String,
    title: String,
    kicker: String,
    series: String,
    edition: String,
    corpus: Option<String>,
    status: Option<String>,
    author: String,
    keywords: String,
    foot: String,
}

impl Frame {
    /// Leaves the line on the corpus out, where fields say the same in the
    /// language of the document.
    pub(super) fn without_corpus(mut self) -> Self {
        self.corpus = None;
        self
    }
}

/// A place in the page.
#[derive(Debug, Serialize)]
pub(super) struct Link {
    id: String,
    text: String,
}

/// The frame of a document with this head.
pub(super) fn frame(head: &Head) -> Frame {
    Frame {
        language: words(&format!("{}-{}", head.language, head.region), MAX_TEXT),
        skip: match head.language.as_str() {
            "de" => "Zum Inhalt",
            "fr" => "Aller au contenu",
            "es" => "Ir al contenido",
            _ => "Skip to the content",
        },
        policy: policy(),
        title: words(&head.title, MAX_TEXT),
        kicker: words(&head.kicker, MAX_TEXT),
        series: words(&head.series, MAX_TEXT),
        edition: words(&head.edition, MAX_TEXT),
        corpus: (!head.corpus.is_empty()).then(|| words(&head.corpus, MAX_TEXT)),
        status: head.status.as_deref().map(|status| words(status, MAX_TEXT)),
        author: words(&head.author, MAX_TEXT),
        keywords: words(&head.keywords.join(", "), MAX_TEXT),
        foot: words(&head.foot, MAX_TEXT),
    }
}

/// The contents: what the first page names itself, the sections, the colophon.
pub(super) fn contents(first: &[(&str, &str)], sections: &[Section]) -> Vec<Link> {
    let link = |id: String, text: &str| Link {
        id,
        text: words(text, MAX_TEXT),
    };
    let mut links: Vec<Link> = first
        .iter()
        .map(|(id, text)| link(format!("section-first-{id}"), text))
        .collect();
    let named = |section: &Section| link(super::view::section_id(&section.id), &section.heading);
    links.extend(sections.iter().map(named));
    links.push(link("section-colophon".to_owned(), "Colophon"));
    links
}

/// Style and script by their digests; whatever else a page could fetch, run or
/// send is forbidden.
fn policy() -> String {
    format!(
        "default-src 'none'; style-src {}; script-src {}; base-uri 'none'; form-action 'none'",
        source(STYLE),
        source(SCRIPT)
    )
}

/// The digest of what stands between the tags: a line end and the settled text.
fn source(text: &str) -> String {
    let digest = Sha256::digest(format!("\n{}", settled(text)).as_bytes());
    format!("'sha256-{}'", STANDARD.encode(digest))
}
