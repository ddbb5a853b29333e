//! A document as one HTML file that stands alone.
//!
//! Promises well-formed HTML without a reference to any other file: style,
//! script and drawings are in it, and a policy in its head forbids everything
//! else, the network included; both are named there by their digests. The words
//! are those of the Markdown. Every text passes [`crate::escape::html`], which
//! the templates cannot leave out; the drawings alone are put in as markup, and
//! their writer escapes what stands in them. The script makes tables sortable;
//! without it nothing is missing but that.

mod brief;
mod frame;
mod summary;
mod table;
mod view;

use std::sync::OnceLock;

use caveat_report::brief::document::Brief;
use caveat_report::document::Document;
use caveat_report::summary::document::Summary;
use tera::{Context, Kwargs, State, Tera, Value};

use crate::error::RenderError;
use crate::escape;
use crate::markdown::chain;

/// Templates by name; one partial per block.
const TEMPLATES: [(&str, &str); 13] = [
    (
        "lib/caption.html.tera",
        include_str!("../../../templates/lib/caption.html.tera"),
    ),
    (
        "lib/entries.html.tera",
        include_str!("../../../templates/lib/entries.html.tera"),
    ),
    (
        "lib/facts.html.tera",
        include_str!("../../../templates/lib/facts.html.tera"),
    ),
    (
        "lib/figure.html.tera",
        include_str!("../../../templates/lib/figure.html.tera"),
    ),
    (
        "lib/finding.html.tera",
        include_str!("../../../templates/lib/finding.html.tera"),
    ),
    (
        "lib/list.html.tera",
        include_str!("../../../templates/lib/list.html.tera"),
    ),
    (
        "lib/page.html.tera",
        include_str!("../../../templates/lib/page.html.tera"),
    ),
    (
        "lib/prose.html.tera",
        include_str!("../../../templates/lib/prose.html.tera"),
    ),
    (
        "lib/section.html.tera",
        include_str!("../../../templates/lib/section.html.tera"),
    ),
    (
        "lib/table.html.tera",
        include_str!("../../../templates/lib/table.html.tera"),
    ),
    (
        "report/report.html.tera",
        include_str!("../../../templates/report/report.html.tera"),
    ),
    (
        "vendor-brief/brief.html.tera",
        include_str!("../../../templates/vendor-brief/brief.html.tera"),
    ),
    (
        "regulator-summary/summary.html.tera",
        include_str!("../../../templates/regulator-summary/summary.html.tera"),
    ),
];
const STYLE: &str = include_str!("../../../templates/lib/style.css");
const SCRIPT: &str = include_str!("../../../templates/lib/sort.js");

/// Writes a document as HTML.
///
/// # Errors
/// [`RenderError`] for a table whose rows and columns do not match, for two
/// sections, tables or figures with one id, for a chart that cannot be drawn,
/// and for a fault of a template.
pub fn html(document: &Document) -> Result<String, RenderError> {
    rendered("report/report.html.tera", &view::page(document)?)
}

/// Writes a vendor brief as HTML.
///
/// # Errors
/// As [`html`].
pub fn brief_html(document: &Brief) -> Result<String, RenderError> {
    rendered("vendor-brief/brief.html.tera", &brief::page(document)?)
}

/// Writes a regulator's summary as HTML.
///
/// # Errors
/// As [`html`].
pub fn summary_html(document: &Summary) -> Result<String, RenderError> {
    let page = summary::page(document)?;
    rendered("regulator-summary/summary.html.tera", &page)
}

fn rendered(template: &'static str, page: &impl serde::Serialize) -> Result<String, RenderError> {
    let failed = |error: tera::Error| RenderError::Template {
        template,
        message: chain(&error),
    };
    let context = Context::from_serialize(page).map_err(failed)?;
    let text = engine()?.render(template, &context).map_err(failed)?;
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
    tera.autoescape_on([".html.tera"]);
    tera.set_escape_fn(|text, output| output.write_all(escape::html(text).as_bytes()));
    // Nothing but a drawing of our own writer, which the templates name so.
    tera.register_filter("drawing", |text: &str, _: Kwargs, _: &State| {
        if text.starts_with("<svg ") {
            Value::safe_string(text)
        } else {
            Value::normal_string(text)
        }
    });
    let (style, script) = (settled(STYLE), settled(SCRIPT));
    let mut templates = TEMPLATES.to_vec();
    templates.push(("lib/style.css", style.as_str()));
    templates.push(("lib/sort.js", script.as_str()));
    tera.add_raw_templates(templates)?;
    Ok(tera)
}

/// Lines without indentation and no empty ones: they say nothing here, and the
/// digests of style and script are those of the lines as they stand in the file.
fn settled(text: &str) -> String {
    let mut settled = String::with_capacity(text.len());
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
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
    fn every_template_opens_with_the_view_that_it_expects() {
        for (name, text) in TEMPLATES {
            assert!(text.starts_with("{#- View: "), "{name}");
        }
        build().unwrap();
    }

    #[test]
    fn nothing_but_a_drawing_is_put_in_as_markup() {
        for (name, text) in TEMPLATES {
            assert!(!text.contains("safe"), "{name}");
            for (place, _) in text.match_indices("| drawing") {
                let before = text.get(..place).unwrap();
                assert!(before.ends_with(".drawing "), "{name}: {before}");
            }
        }
    }

    #[test]
    fn style_and_script_hold_nothing_that_a_template_would_act_on() {
        for text in [STYLE, SCRIPT] {
            for mark in ["{{", "{%", "{#", "</"] {
                assert!(!text.contains(mark), "{mark}");
            }
        }
    }
}
