//! The regulator's summary that templates lay out: a form of numbered fields.

use schemars::JsonSchema;
use serde::Serialize;

use crate::document::{Block, DocumentKind, Head, Prose, State};
use crate::laid::{Laid, Piece, of_blocks};

/// A summary.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Summary {
    /// Always `caveat/regulator-summary`.
    pub schema: &'static str,
    /// Version of this shape.
    pub schema_version: u32,
    /// Always `regulator-summary`.
    pub kind: DocumentKind,
    /// Title block and running lines; the running head carries the document's number.
    pub head: Head,
    /// "Page" and "of" in the language of the document.
    pub page_words: [String; 2],
    /// What the form is and how it is read.
    pub intro: Prose,
    /// The three states with their words.
    pub legend: Vec<Legend>,
    /// The fields in order; number and label never change within a form version.
    pub fields: Vec<Field>,
    /// What stands at the visible end.
    pub end: String,
    /// What describes the attached annex.
    pub attachment: String,
}

/// A state with its word.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Legend {
    /// The state.
    pub state: State,
    /// Its word.
    pub text: String,
}

/// A numbered field.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Field {
    /// Number ("7", "7a").
    pub number: String,
    /// Stable id, also the anchor in Markdown.
    pub id: String,
    /// Label.
    pub label: String,
    /// Whether it is part of the field before it.
    pub part: bool,
    /// What stands in the column of content before everything else.
    pub lead: Prose,
    /// Content in order; tables come last.
    pub blocks: Vec<Block>,
}

impl Laid for Summary {
    fn kind(&self) -> DocumentKind {
        self.kind
    }

    fn head(&self) -> &Head {
        &self.head
    }

    fn pieces(&self) -> Vec<(String, Piece<'_>)> {
        let fields = self.fields.iter().enumerate();
        fields
            .flat_map(|(place, field)| of_blocks(&format!("/fields/{place}"), &field.blocks))
            .collect()
    }
}

impl Summary {
    /// Every prose, in reading order.
    pub fn every_prose(&self) -> Vec<&Prose> {
        let mut all = vec![&self.intro];
        for field in &self.fields {
            all.push(&field.lead);
            all.extend(crate::evidence::prose_of_blocks(&field.blocks));
        }
        all
    }
}
