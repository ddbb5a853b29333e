//! What can go wrong between a document and a file.
//!
//! Every message says where, and what to do. Text from data that appears in a
//! message has passed [`crate::glyphs::fit`].

/// A document could not be rendered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RenderError {
    /// An id is not usable as a file name.
    #[error(
        "id `{id}` of a {what} is not a plain name\nhint: use lower-case letters, digits and hyphens, at most 64 of them"
    )]
    Id {
        /// The id, made visible.
        id: String,
        /// "figure" or "table".
        what: &'static str,
    },
    /// Two figures or two tables have one id.
    #[error(
        "id `{id}` is used by more than one {what}\nhint: give each {what} of a document its own id"
    )]
    DuplicateId {
        /// The id.
        id: String,
        /// "figure" or "table".
        what: &'static str,
    },
    /// A scale cannot be drawn.
    #[error(
        "the {axis} scale of `{id}` runs from {min} to {max}\nhint: a scale needs two finite values, the second larger than the first"
    )]
    Scale {
        /// Figure or table.
        id: String,
        /// Which scale.
        axis: &'static str,
        /// Its start.
        min: f64,
        /// Its end.
        max: f64,
    },
    /// A value to draw is not a number.
    #[error(
        "`{id}` has a value to draw that is not finite\nhint: leave out the mark and say in words what is missing"
    )]
    NotFinite {
        /// Figure or table.
        id: String,
    },
    /// A histogram whose edges and bars do not agree.
    #[error(
        "`{id}` has {edges} edges for {bars} bars\nhint: a histogram has one edge more than bars"
    )]
    Bins {
        /// Figure.
        id: String,
        /// Edges given.
        edges: usize,
        /// Bars given.
        bars: usize,
    },
    /// A row does not have one cell per column.
    #[error(
        "row {row} of table `{id}` has {cells} cells for {columns} columns\nhint: give one cell per column; what is missing is a word"
    )]
    Cells {
        /// Table.
        id: String,
        /// Row, from 1.
        row: usize,
        /// Cells given.
        cells: usize,
        /// Columns of the table.
        columns: usize,
    },
    /// The day of the document does not exist.
    #[error(
        "{year}-{month:02}-{day:02} is not a day\nhint: the date of an edition is a day of the calendar"
    )]
    Date {
        /// Year.
        year: i32,
        /// Month.
        month: u8,
        /// Day.
        day: u8,
    },
    /// The document could not be written as JSON for the templates.
    #[error("the document could not be written as a value for the templates: {0}")]
    Json(#[from] serde_json::Error),
    /// A face that is part of the binary could not be read.
    #[error(
        "the embedded face `{name}` could not be read\nhint: this binary is damaged; install it again"
    )]
    Face {
        /// File name of the face.
        name: &'static str,
    },
    /// The layout refused the document, or warned about it.
    #[error(
        "the page layout stopped: {message}\nhint: this is a fault of the templates or of the document; keep the document and report it"
    )]
    Layout {
        /// What the layout engine said, with the place in the template.
        message: String,
    },
    /// A template of the Markdown could not be read or filled in.
    #[error(
        "the Markdown template `{template}` stopped: {message}\nhint: this is a fault of the templates; keep the document and report it"
    )]
    Template {
        /// Name of the template.
        template: &'static str,
        /// What the template engine said, with the place in the template.
        message: String,
    },
    /// A table of the annex could not be written.
    #[error(
        "the annex table `{table}` could not be written: {message}\nhint: this is a fault of the program; keep the annex and report it"
    )]
    Table {
        /// Name of the table.
        table: &'static str,
        /// What the writer said.
        message: String,
    },
}
