//! A document as Markdown.
//!
//! Promises CommonMark with tables: no raw HTML, no link but the pictures of
//! the figures, no control character, no space at the end of a line, one blank
//! line between blocks, a line end at the end. Every text of the document
//! passes [`crate::escape::markdown`], which the templates cannot leave out.
//! Drawn intervals are left out, since the same row has them as figures.
//!
//! Does not write the pictures: `figures/ID.svg` is the business of
//! [`crate::edition()`].

pub(crate) mod brief;
mod summary;
pub(crate) mod view;

use std::sync::OnceLock;

use caveat_report::brief::document::Brief;
use caveat_report::document::Document;
use caveat_report::summary::document::Summary;
use tera::{Context, Tera, Value};

use crate::error::RenderError;
use crate::escape;

pub(crate) use view::{figures, picture_file};

/// Templates by name; one partial per block.
const TEMPLATES: [(&str, &str); 14] = [
    (
        "lib/caption.md.tera",
        include_str!("../../../templates/lib/caption.md.tera"),
    ),
    (
        "lib/entries.md.tera",
        include_str!("../../../templates/lib/entries.md.tera"),
    ),
    (
        "lib/facts.md.tera",
        include_str!("../../../templates/lib/facts.md.tera"),
    ),
    (
        "lib/figure.md.tera",
        include_str!("../../../templates/lib/figure.md.tera"),
    ),
    (
        "lib/finding.md.tera",
        include_str!("../../../templates/lib/finding.md.tera"),
    ),
    (
        "lib/list.md.tera",
        include_str!("../../../templates/lib/list.md.tera"),
    ),
    (
        "lib/numbered.md.tera",
        include_str!("../../../templates/lib/numbered.md.tera"),
    ),
    (
        "lib/prose.md.tera",
        include_str!("../../../templates/lib/prose.md.tera"),
    ),
    (
        "lib/blocks.md.tera",
        include_str!("../../../templates/lib/blocks.md.tera"),
    ),
    (
        "lib/section.md.tera",
        include_str!("../../../templates/lib/section.md.tera"),
    ),
    (
        "lib/table.md.tera",
        include_str!("../../../templates/lib/table.md.tera"),
    ),
    (
        "report/report.md.tera",
        include_str!("../../../templates/report/report.md.tera"),
    ),
    (
        "vendor-brief/brief.md.tera",
        include_str!("../../../templates/vendor-brief/brief.md.tera"),
    ),
    (
        "regulator-summary/summary.md.tera",
        include_str!("../../../templates/regulator-summary/summary.md.tera"),
    ),
];

/// Writes a document as Markdown.
///
/// # Errors
/// [`RenderError`] for a table whose rows and columns do not match, for two
/// figures with one id, and for a fault of a template.
pub fn markdown(document: &Document) -> Result<String, RenderError> {
    rendered("report/report.md.tera", &view::page(document)?)
}

/// Writes a vendor brief as Markdown.
///
/// # Errors
/// [`RenderError`] for a table whose rows and columns do not match, and for a
/// fault of a template.
pub fn brief_markdown(document: &Brief) -> Result<String, RenderError> {
    rendered("vendor-brief/brief.md.tera", &brief::page(document)?)
}

/// Writes a regulator's summary as Markdown.
///
/// # Errors
/// [`RenderError`] for a table whose rows and columns do not match, and for a
/// fault of a template.
pub fn summary_markdown(document: &Summary) -> Result<String, RenderError> {
    rendered(
        "regulator-summary/summary.md.tera",
        &summary::page(document)?,
    )
}

fn rendered(template: &'static str, page: &impl serde::Serialize) -> Result<String, RenderError> {
    let context = Context::from_serialize(page).map_err(|error| in_template(template, &error))?;
    let text = engine()?
        .render(template, &context)
        .map_err(|error| in_template(template, &error))?;
    Ok(settled(&text))
}

/// The templates, read once per process.
fn engine() -> Result<&'static Tera, RenderError> {
    static ENGINE: OnceLock<Result<Tera, String>> = OnceLock::new();
    ENGINE
        .get_or_init(|| build().map_err(|error| chain(&error)))
        .as_ref()
        .map_err(|message| RenderError::Template {
            template: "templates",
            message: message.clone(),
        })
}

fn build() -> tera::TeraResult<Tera> {
    let mut tera = Tera::new();
    tera.autoescape_on([".md.tera"]);
    tera.set_escape_fn(|text, output| output.write_all(escape::markdown(text).as_bytes()));
    tera.register_filter("code", |text: &str, _: tera::Kwargs, _: &tera::State| {
        Value::safe_string(&escape::markdown_code(text))
    });
    tera.add_raw_templates(TEMPLATES)?;
    Ok(tera)
}

fn in_template(template: &'static str, error: &tera::Error) -> RenderError {
    RenderError::Template {
        template,
        message: chain(error),
    }
}

/// An error with its causes on one line, free of what could steer a terminal.
pub(crate) fn chain(error: &tera::Error) -> String {
    let mut message = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        message.push_str(&format!(": {inner}"));
        cause = inner.source();
    }
    escape::plain(&message)
}

/// One blank line between blocks and no space at the end of a line.
fn settled(text: &str) -> String {
    let mut settled = String::with_capacity(text.len());
    let mut blank = false;
    for line in text.lines().map(str::trim_end) {
        if line.is_empty() {
            blank = true;
            continue;
        }
        if blank && !settled.is_empty() {
            settled.push('\n');
        }
        blank = false;
        settled.push_str(line);
        settled.push('\n');
    }
    settled
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn blocks_are_apart_by_one_blank_line() {
        assert_eq!(settled("\n\n# a \n\n\n\nb\nc\n\n"), "# a\n\nb\nc\n");
        assert_eq!(settled(""), "");
    }

    #[test]
    fn every_template_opens_with_the_view_that_it_expects() {
        for (name, text) in TEMPLATES {
            assert!(text.starts_with("{#- View: "), "{name}");
            assert!(
                !text.contains("| safe") && !text.contains("|safe"),
                "{name}"
            );
        }
        build().unwrap();
    }
}
