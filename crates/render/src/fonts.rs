//! The embedded faces: their bytes, which characters they have, how wide text is.
//!
//! Thirteen unaltered files of the Source families (OFL 1.1, licences beside
//! them in `templates/lib/fonts`). Widths are sums of advances without kerning,
//! so they are upper bounds to within a percent. No system font is ever looked at.

use std::sync::OnceLock;

use ttf_parser::Face;

/// A file of a face.
#[derive(Clone, Copy, Debug)]
pub struct FontFile {
    /// Name of the file under `lib/fonts`.
    pub name: &'static str,
    /// Its bytes.
    pub bytes: &'static [u8],
}

macro_rules! faces {
    ($($name:literal),* $(,)?) => {
        &[$(FontFile {
            name: $name,
            bytes: include_bytes!(concat!("../../../templates/lib/fonts/", $name)),
        }),*]
    };
}

/// The embedded faces, in the order in which layout looks for a character.
pub const FILES: &[FontFile] = faces![
    "SourceSerif4-Regular.otf",
    "SourceSerif4-It.otf",
    "SourceSerif4-Semibold.otf",
    "SourceSerif4-SemiboldIt.otf",
    "SourceSerif4-Bold.otf",
    "SourceSerif4-BoldIt.otf",
    "SourceSans3-Regular.otf",
    "SourceSans3-It.otf",
    "SourceSans3-Semibold.otf",
    "SourceSans3-SemiboldIt.otf",
    "SourceSans3-Bold.otf",
    "SourceSans3-BoldIt.otf",
    "SourceCodePro-Regular.otf",
];

/// Millimetres in a point.
pub const MM_PER_PT: f64 = 25.4 / 72.0;

/// Width, in em, of a character that the sans face does not have (it is set in another one).
const FALLBACK_EM: f64 = 0.65;

/// Faces in which text is measured before layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// Source Sans 3 Regular.
    Sans,
    /// Source Sans 3 Semibold.
    SansSemibold,
    /// Source Serif 4 Bold, the widest of the text faces.
    SerifBold,
}

/// Returns the width of a line of text, in millimetres.
pub fn width_mm(text: &str, size_pt: f64, face: Measure) -> f64 {
    let face = face_of(face);
    let em = text.chars().map(|c| advance_em(face, c)).sum::<f64>();
    em * size_pt * MM_PER_PT
}

/// Returns whether some embedded face has a glyph for the character.
pub fn covers(character: char) -> bool {
    faces()
        .iter()
        .flatten()
        .any(|face| face.glyph_index(character).is_some())
}

/// Cuts a line so that it is at most `limit_mm` wide; a cut is marked with "…".
pub fn clip(text: &str, limit_mm: f64, size_pt: f64, face: Measure) -> String {
    if width_mm(text, size_pt, face) <= limit_mm {
        return text.to_owned();
    }
    let mut rest = limit_mm - width_mm("…", size_pt, face);
    let mut kept = String::new();
    for character in text.chars() {
        rest -= advance_em(face_of(face), character) * size_pt * MM_PER_PT;
        if rest < 0.0 {
            break;
        }
        kept.push(character);
    }
    format!("{}…", kept.trim_end())
}

fn advance_em(face: Option<&Face<'static>>, character: char) -> f64 {
    let known = face.and_then(|face| {
        let glyph = face.glyph_index(character)?;
        let advance = face.glyph_hor_advance(glyph)?;
        Some(f64::from(advance) / f64::from(face.units_per_em()))
    });
    known.unwrap_or(FALLBACK_EM)
}

fn face_of(face: Measure) -> Option<&'static Face<'static>> {
    let name = match face {
        Measure::Sans => "SourceSans3-Regular.otf",
        Measure::SansSemibold => "SourceSans3-Semibold.otf",
        Measure::SerifBold => "SourceSerif4-Bold.otf",
    };
    let place = FILES.iter().position(|file| file.name == name)?;
    faces().get(place)?.as_ref()
}

/// The parsed faces; `None` where a file is damaged, which the PDF path reports.
fn faces() -> &'static [Option<Face<'static>>] {
    static FACES: OnceLock<Vec<Option<Face<'static>>>> = OnceLock::new();
    FACES.get_or_init(|| {
        FILES
            .iter()
            .map(|file| Face::parse(file.bytes, 0).ok())
            .collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_embedded_face_can_be_read() {
        assert!(faces().iter().all(Option::is_some));
    }

    #[test]
    fn latin_greek_and_signs_are_covered_and_other_scripts_are_not() {
        for character in "aZ9éžηωκ²−≥…·–—“”½×→".chars() {
            assert!(covers(character), "{character}");
        }
        for character in ['漢', '😀', 'ع', '\u{202e}'] {
            assert!(!covers(character), "{}", u32::from(character));
        }
    }

    #[test]
    fn a_clipped_line_fits_and_says_so() {
        let clipped = clip(&"m".repeat(500), 30.0, 8.0, Measure::Sans);
        assert!(clipped.ends_with('…'));
        assert!(width_mm(&clipped, 8.0, Measure::Sans) <= 30.0);
        assert_eq!(clip("short", 30.0, 8.0, Measure::Sans), "short");
    }
}
