//! The vendor brief that templates lay out: words, formatted numbers, tables as values.

use schemars::JsonSchema;
use serde::Serialize;

use crate::document::{DocumentKind, Entry, Head, Panel, Prose, Section, Table};
use crate::laid::{Laid, Piece, of_sections};

/// A brief about one vendor.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Brief {
    /// Always `caveat/vendor-brief`.
    pub schema: &'static str,
    /// Version of this shape.
    pub schema_version: u32,
    /// Always `vendor-brief`.
    pub kind: DocumentKind,
    /// Title block and running lines.
    pub head: Head,
    /// The first page, which stands alone.
    pub first_page: BriefPage,
    /// The sections after it.
    pub sections: Vec<Section>,
    /// Versions, seed, digests, faces: name and value.
    pub colophon: Vec<Entry>,
}

/// The first page of a brief.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct BriefPage {
    /// The answer to the title, first sentence strong and true alone.
    pub answer: Prose,
    /// Four facts in large type.
    pub facts: Vec<Fact>,
    /// Where the vendor stands among all.
    pub standing: Part,
    /// Its models side by side.
    pub models: Part,
    /// Heading above the questions.
    pub questions_heading: String,
    /// Three questions, each with the figure that raises it.
    pub questions: Vec<Prose>,
    /// What was not tested, what is not comparable, the vendor's reply.
    pub limits: Panel,
}

/// A figure in large type with its words.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Fact {
    /// The figure, or words in its place.
    pub value: String,
    /// What it is.
    pub label: String,
    /// Interval, count, scope.
    pub detail: Prose,
}

/// A table with its heading and lead.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Part {
    /// Heading.
    pub heading: String,
    /// One sentence, or nothing.
    pub lead: Prose,
    /// The table.
    pub table: Table,
}

impl Laid for Brief {
    fn kind(&self) -> DocumentKind {
        self.kind
    }

    fn head(&self) -> &Head {
        &self.head
    }

    fn pieces(&self) -> Vec<(String, Piece<'_>)> {
        let page = &self.first_page;
        let mut pieces = vec![
            (
                "/first_page/standing/table".to_owned(),
                Piece::Table(&page.standing.table),
            ),
            (
                "/first_page/models/table".to_owned(),
                Piece::Table(&page.models.table),
            ),
        ];
        pieces.extend(of_sections(&self.sections));
        pieces
    }
}

impl Brief {
    /// Every prose, in reading order.
    pub fn every_prose(&self) -> Vec<&Prose> {
        let page = &self.first_page;
        let mut all = vec![&page.answer];
        all.extend(page.facts.iter().map(|fact| &fact.detail));
        for part in [&page.standing, &page.models] {
            all.push(&part.lead);
            all.push(&part.table.note);
        }
        all.extend(&page.questions);
        all.extend(&page.limits.items);
        for section in &self.sections {
            all.extend(crate::evidence::prose_of_section(section));
        }
        all.extend(self.colophon.iter().map(|entry| &entry.text));
        all
    }
}
