//! A scene as SVG: a file that stands alone, for editions in Markdown, or a part
//! of an HTML page, which gives the face of its text.
//!
//! Names no other file, holds no script and no style sheet. All text is escaped
//! and stays text; title and description carry the alternative text.

use std::fmt::Write;

use caveat_report::document::Figure;

use super::{Anchor, Dash, Item, Role, Scene, Stroke, Token};
use crate::escape::markup as escape;
use crate::fonts;
use crate::glyphs::{self, MAX_ALT, MAX_RUN};

const FAMILY: &str = "'Source Sans 3', 'Source Sans Pro', Helvetica, Arial, sans-serif";
/// From the middle of the capitals to the baseline, in em (capitals are 0.66 em high).
const HALF_CAPITAL_EM: f64 = 0.33;
/// What stands where a figure has no words.
const NO_TEXT: &str = "(no text)";
const PT_TO_MM: f64 = 25.4 / 72.0;

/// Writes the drawing of a figure.
pub fn svg(scene: &Scene, figure: &Figure) -> String {
    let (title, alt) = named(figure);
    let (width, height) = (scene.width, scene.height);
    let mut out = String::new();
    // Half a line of margin, for labels that stand on an edge.
    let _ = write!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{}mm\" height=\"{}mm\" \
         viewBox=\"-2 -2 {} {}\" role=\"img\" aria-labelledby=\"title desc\">\n\
         <title id=\"title\">{title}</title>\n<desc id=\"desc\">{alt}</desc>\n\
         <rect x=\"-2\" y=\"-2\" width=\"{}\" height=\"{}\" fill=\"#FFFFFF\"/>\n",
        number(width + 4.0),
        number(height + 4.0),
        number(width + 4.0),
        number(height + 4.0),
        number(width + 4.0),
        number(height + 4.0),
    );
    write_items(&mut out, scene, Face::Named);
    out.push_str("</svg>\n");
    out
}

/// Writes the drawing of a figure as a part of a page, in which `id` is its own.
pub(crate) fn svg_within_page(scene: &Scene, figure: &Figure, id: &str) -> String {
    let (title, alt) = named(figure);
    let mut out = String::new();
    let _ = write!(
        out,
        "<svg viewBox=\"-2 -2 {} {}\" role=\"img\" \
         aria-labelledby=\"{id}-title {id}-words\">\n\
         <title id=\"{id}-title\">{title}</title>\n<desc id=\"{id}-words\">{alt}</desc>\n",
        number(scene.width + 4.0),
        number(scene.height + 4.0),
    );
    write_items(&mut out, scene, Face::OfPage);
    out.push_str("</svg>");
    out
}

/// Writes a drawing that repeats the words beside it, and so has none of its own.
pub(crate) fn svg_beside_words(scene: &Scene) -> String {
    let (width, height) = (number(scene.width), number(scene.height));
    let mut out = format!(
        "<svg width=\"{width}mm\" height=\"{height}mm\" viewBox=\"0 0 {width} {height}\" \
         aria-hidden=\"true\" focusable=\"false\">\n"
    );
    write_items(&mut out, scene, Face::OfPage);
    out.push_str("</svg>");
    out
}

/// Title and alternative text, escaped.
fn named(figure: &Figure) -> (String, String) {
    let title = format!("{}: {}", figure.number, figure.title);
    let alt = glyphs::fit_to(&figure.alt, MAX_ALT, MAX_RUN);
    let alt = if alt.is_empty() { NO_TEXT } else { &alt };
    (escape(&glyphs::fit(&title)), escape(alt))
}

/// Where text has its face from.
#[derive(Clone, Copy)]
enum Face {
    /// Named at every text.
    Named,
    /// The page gives it. It may be wider than the one that places were found
    /// with, so every text is told how long it is.
    OfPage,
}

impl Face {
    fn attributes(self, role: Role, text: &str) -> String {
        match self {
            Face::Named => format!(" font-family=\"{FAMILY}\""),
            Face::OfPage => format!(
                " textLength=\"{}\" lengthAdjust=\"spacingAndGlyphs\"",
                number(fonts::width_mm(text, role.size_pt(), role.face()))
            ),
        }
    }
}

fn write_items(out: &mut String, scene: &Scene, face: Face) {
    for item in &scene.items {
        write_item(out, item, face);
    }
}

fn write_item(out: &mut String, item: &Item, face: Face) {
    let _ = match item {
        Item::Line { points, stroke } => writeln!(
            out,
            "<polyline points=\"{}\" fill=\"none\"{}/>",
            places(points),
            stroked(stroke)
        ),
        Item::Polygon { points, fill } => writeln!(
            out,
            "<polygon points=\"{}\" fill=\"{}\"/>",
            places(points),
            color(*fill)
        ),
        Item::Rect {
            x,
            y,
            width,
            height,
            radius,
            fill,
        } => writeln!(
            out,
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"{}\" fill=\"{}\"/>",
            number(*x),
            number(*y),
            number(*width),
            number(*height),
            number(*radius),
            color(*fill)
        ),
        Item::Circle {
            x,
            y,
            radius,
            fill,
            stroke,
        } => writeln!(
            out,
            "<circle cx=\"{}\" cy=\"{}\" r=\"{}\" fill=\"{}\"{}/>",
            number(*x),
            number(*y),
            number(*radius),
            color(*fill),
            stroked(stroke)
        ),
        Item::Text {
            x,
            y,
            anchor,
            role,
            text,
        } => {
            let size = role.size_pt() * PT_TO_MM;
            writeln!(
                out,
                "<text x=\"{}\" y=\"{}\" text-anchor=\"{}\"{} \
                 font-size=\"{}\" font-weight=\"{}\" fill=\"{}\">{}</text>",
                number(*x),
                number(y + size * HALF_CAPITAL_EM),
                anchored(*anchor),
                face.attributes(*role, text),
                number(size),
                weight(*role),
                color(text_color(*role)),
                escape(text)
            )
        }
    };
}

fn stroked(stroke: &Stroke) -> String {
    let width = stroke.width * PT_TO_MM;
    let dash = match stroke.dash {
        Dash::Solid => "",
        Dash::Dashed => " stroke-dasharray=\"1.1 1.1\"",
        Dash::Dotted => " stroke-dasharray=\"0.3 0.7\"",
    };
    format!(
        " stroke=\"{}\" stroke-width=\"{}\"{dash}",
        color(stroke.color),
        number(width)
    )
}

fn places(points: &[[f64; 2]]) -> String {
    let each: Vec<String> = points
        .iter()
        .map(|[x, y]| format!("{},{}", number(*x), number(*y)))
        .collect();
    each.join(" ")
}

/// Shortest form with at most three decimals.
fn number(value: f64) -> String {
    ((value * 1000.0).round() / 1000.0 + 0.0).to_string()
}

fn anchored(anchor: Anchor) -> &'static str {
    match anchor {
        Anchor::Start => "start",
        Anchor::Middle => "middle",
        Anchor::End => "end",
    }
}

fn weight(role: Role) -> u32 {
    match role {
        Role::Axis | Role::Label => 400,
        Role::Name | Role::Own | Role::Letter => 600,
    }
}

fn text_color(role: Role) -> Token {
    match role {
        Role::Axis => Token::Ink2,
        Role::Label | Role::Name | Role::Letter => Token::Ink,
        Role::Own => Token::Accent,
    }
}

/// The house colours; the page layout's `style.typ` has the same values.
fn color(token: Token) -> &'static str {
    match token {
        Token::Ink => "#1B1F23",
        Token::Ink2 => "#4A5056",
        Token::Accent => "#00558C",
        Token::Mark => "#5C6770",
        Token::Mark2 => "#6B7278",
        Token::Rule => "#8C9399",
        Token::Whisker => "#A9B0B6",
        Token::Tail => "#7FA9C6",
        Token::Fill => "#DDE2E6",
        Token::Grid => "#D9DDE0",
        Token::Tint => "#EEF1F3",
        Token::Paper => "#FFFFFF",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_layout_has_the_same_colours() {
        let style = include_str!("../../../../templates/lib/style.typ");
        for token in [
            Token::Ink,
            Token::Ink2,
            Token::Accent,
            Token::Mark,
            Token::Mark2,
            Token::Rule,
            Token::Whisker,
            Token::Tail,
            Token::Fill,
            Token::Grid,
            Token::Tint,
        ] {
            assert!(style.contains(color(token)), "{token:?}");
        }
    }

    #[test]
    fn markup_in_text_is_escaped() {
        assert_eq!(
            escape("<script>\"a\"&'b'"),
            "&lt;script&gt;&quot;a&quot;&amp;&#39;b&#39;"
        );
    }
}
