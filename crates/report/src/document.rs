//! The document that templates lay out: words, formatted numbers, and charts as values.
//!
//! Nothing here needs computing, sorting or rounding afterwards. Text is plain:
//! each sink escapes it. A sentence that states a figure carries the ids of the
//! evidence behind it; ids resolve in the annex.

use schemars::JsonSchema;
use serde::Serialize;

/// A complete document.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Document {
    /// Always `caveat/document`.
    pub schema: &'static str,
    /// Version of this shape.
    pub schema_version: u32,
    /// What kind of document it is.
    pub kind: DocumentKind,
    /// Title block and running lines.
    pub head: Head,
    /// The first page, which stands alone.
    pub first_page: FirstPage,
    /// The sections after it.
    pub sections: Vec<Section>,
    /// Versions, seed, digests, faces: name and value.
    pub colophon: Vec<Entry>,
}

/// Kinds of documents; each has a folder under `templates/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DocumentKind {
    /// A research report.
    Report,
    /// A brief about one vendor.
    VendorBrief,
    /// A summary for supervisory authorities, as a form.
    RegulatorSummary,
}

/// Title block and running lines.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Head {
    /// Kind and number, above the title ("Research report 164").
    pub kicker: String,
    /// The question.
    pub title: String,
    /// Publisher and number, for the running head.
    pub series: String,
    /// Edition, for the running head ("Edition of 23 November 2026").
    pub edition: String,
    /// What a reader must know of the data at once ("reconstruction, not measurements").
    pub status: Option<String>,
    /// Measure, grader and level, for the running foot.
    pub foot: String,
    /// One line naming corpus and grader under the title.
    pub corpus: String,
    /// Author, for the file's properties.
    pub author: String,
    /// Key words, for the file's properties.
    pub keywords: Vec<String>,
    /// Language tag ("en").
    pub language: String,
    /// Region ("GB").
    pub region: String,
    /// Date of the edition.
    pub date: Date,
}

/// A day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Date {
    /// Year.
    pub year: i32,
    /// Month from 1.
    pub month: u8,
    /// Day from 1.
    pub day: u8,
}

/// One sentence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Sentence {
    /// Plain text.
    pub text: String,
    /// Set in bold.
    pub strong: bool,
    /// Ids of the evidence for every figure in the sentence.
    pub evidence: Vec<String>,
    /// Language tag, where it is not that of the document.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
}

/// Sentences that belong together.
pub type Prose = Vec<Sentence>;

/// The first page.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct FirstPage {
    /// The answer to the title, first sentence strong and true alone.
    pub answer: Prose,
    /// Three or four findings.
    pub findings: Vec<FindingBlock>,
    /// The key chart.
    pub figure: Figure,
    /// Heading above the claims table.
    pub claims_heading: String,
    /// The claims that the title rests on.
    pub claims: Table,
    /// Exactly three limits.
    pub limits: Panel,
}

/// Claim on the left, its evidence on the right.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct FindingBlock {
    /// Stable id of the rule.
    pub id: String,
    /// The claim in words.
    pub claim: Prose,
    /// Estimate, interval, level, n, test.
    pub evidence: Prose,
}

/// A shaded panel with columns.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Panel {
    /// Heading.
    pub title: String,
    /// Columns; each starts with a strong sentence or word group.
    pub items: Vec<Prose>,
}

/// One section.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Section {
    /// Stable id, also the anchor in Markdown.
    pub id: String,
    /// Heading.
    pub heading: String,
    /// One lead, up to three lines.
    pub lead: Prose,
    /// Content in order.
    pub blocks: Vec<Block>,
    /// Whether a new page starts here.
    pub new_page: bool,
}

/// One piece of a section.
#[allow(
    clippy::large_enum_variant,
    reason = "a document holds a few dozen blocks"
)]
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Block {
    /// A paragraph.
    Paragraph {
        /// Its sentences.
        sentences: Prose,
    },
    /// A heading of the third level.
    Subheading {
        /// Its text.
        text: String,
    },
    /// A list.
    List {
        /// Its items.
        items: Vec<Prose>,
    },
    /// Names and what they mean or are.
    Entries {
        /// In the order of the document.
        entries: Vec<Entry>,
    },
    /// Claim and evidence, as on the first page.
    Finding(FindingBlock),
    /// A shaded panel.
    Panel(Panel),
    /// A table.
    Table(Table),
    /// A chart.
    Figure(Figure),
}

/// A name with a text.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Entry {
    /// Name or term.
    pub name: String,
    /// What it means or is.
    pub text: Prose,
    /// Whether the text is a digest or a version, to be set in the monospaced face.
    pub code: bool,
}

/// A table.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Table {
    /// Stable id; the CSV of the annex has the same name.
    pub id: String,
    /// "Table 1", or nothing for an unnumbered table.
    pub number: Option<String>,
    /// A finding, or a plain description.
    pub title: Option<String>,
    /// Measure, unit, scope.
    pub subtitle: Option<String>,
    /// Columns.
    pub columns: Vec<Column>,
    /// Rows, at most [`MAX_ROWS`].
    pub rows: Vec<Row>,
    /// Where the rest is, if rows were cut ("14 more in annex, table models").
    pub more: Option<String>,
    /// Notes, scope of the interval, ids.
    pub note: Prose,
}

/// Rows of a table that a document shows; the rest is in the annex.
pub const MAX_ROWS: usize = 200;

/// A column.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Column {
    /// Header with its unit; for drawn columns the words that stand for the drawing.
    pub header: String,
    /// What stands in it.
    pub kind: ColumnKind,
    /// Width in millimetres; the widths of a table add up to at most 170.
    pub width_mm: f64,
}

/// What stands in a column.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ColumnKind {
    /// Words, set left.
    Text,
    /// Figures, set right.
    Number,
    /// A drawn interval. The same row carries it as text; Markdown leaves the column out.
    Interval {
        /// Its scale.
        axis: Axis,
    },
    /// Lettered bars over rows that cannot be told apart.
    Ties {
        /// Letters in order.
        letters: Vec<String>,
    },
}

/// A scale.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Axis {
    /// Value at the start.
    pub min: f64,
    /// Value at the end.
    pub max: f64,
    /// Ticks with their labels.
    pub ticks: Vec<Tick>,
    /// Dotted lines (published bands).
    pub marks: Vec<f64>,
    /// Title under or beside the axis, if any.
    pub title: String,
}

/// A tick.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Tick {
    /// Place on the scale.
    pub value: f64,
    /// Label.
    pub label: String,
}

/// A row.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Row {
    /// One cell per column.
    pub cells: Vec<Cell>,
    /// Set apart (own row, total).
    pub strong: bool,
}

/// A cell. Never empty: what is missing is a word.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Cell {
    /// Words or a formatted number.
    Text {
        /// The text.
        text: String,
        /// Set in bold.
        strong: bool,
    },
    /// A drawn interval, on the column's axis.
    Interval {
        /// Point estimate.
        value: f64,
        /// Lower limit.
        lower: f64,
        /// Upper limit.
        upper: f64,
        /// Drawn heavy and in the accent colour.
        heavy: bool,
    },
    /// Nothing can be drawn; the row says why in words.
    NotDrawn,
    /// One of three states, by shape and word.
    State {
        /// The state.
        state: State,
        /// The word.
        text: String,
    },
    /// For each letter of the column whether the bar passes here.
    Ties {
        /// In the order of the column's letters.
        marks: Vec<TieMark>,
    },
}

/// What data say to a requirement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Evidence for it.
    Evidence,
    /// Evidence against it.
    EvidenceAgainst,
    /// No data.
    NotTested,
}

/// Part of a lettered bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TieMark {
    /// The bar does not pass here.
    Absent,
    /// First row of the bar.
    Top,
    /// Between first and last.
    Middle,
    /// Last row of the bar.
    Bottom,
    /// The bar spans this row alone.
    Only,
}

/// A chart with its words.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Figure {
    /// Stable id.
    pub id: String,
    /// "Figure 1".
    pub number: String,
    /// A finding that the figure shows, or a plain description.
    pub title: String,
    /// Measure, unit, scope, what bars and bands are.
    pub subtitle: String,
    /// Alternative text of 40 to 90 words.
    pub alt: String,
    /// Exceptions and ids.
    pub note: Prose,
    /// The values to draw.
    pub chart: Chart,
}

/// The values of a chart. Places of labels are computed by the renderer.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Chart {
    /// Shares of variance against what chance gives; a scale from 0 to 1.
    ChanceStrip {
        /// Rows from top to bottom.
        rows: Vec<ChanceRow>,
        /// Scale.
        axis: Axis,
    },
    /// A null distribution with the observed value.
    NullDistribution {
        /// Edges of the bins.
        edges: Vec<f64>,
        /// Share of relabellings per bin.
        shares: Vec<f64>,
        /// Scale.
        axis: Axis,
        /// Observed value with two lines of label.
        observed: LabelledValue,
        /// Mean under chance.
        mean: LabelledValue,
        /// Value needed for p = 0.05.
        needed: Option<LabelledValue>,
    },
    /// Rate against size with the fitted line and its band.
    Scatter {
        /// Horizontal scale, in log2.
        x: Axis,
        /// Vertical scale.
        y: Axis,
        /// Points in order of size.
        points: Vec<ScatterPoint>,
        /// Fitted line and band: x, fitted, lower, upper. Empty if there is no fit.
        line: Vec<[f64; 4]>,
        /// Label of the line.
        line_label: String,
    },
    /// Estimates under many choices, sorted, over squares that say which were made.
    SpecificationCurve {
        /// Vertical scale.
        y: Axis,
        /// Estimates from the lowest to the highest.
        marks: Vec<SpecificationMark>,
        /// Rows of squares in the order of the choices.
        rows: Vec<SpecificationRow>,
        /// Label of the published estimate; empty if it is not drawn.
        published_label: String,
    },
    /// One panel per provider.
    SmallMultiples {
        /// Horizontal scale, in log2, shared.
        x: Axis,
        /// Vertical scale, shared.
        y: Axis,
        /// Panels in order.
        panels: Vec<SmallPanel>,
    },
}

/// One share of variance against chance.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ChanceRow {
    /// Name.
    pub name: String,
    /// Second line of the name.
    pub detail: String,
    /// 5th percentile of chance.
    pub p05: f64,
    /// 95th percentile of chance.
    pub p95: f64,
    /// Words for that range.
    pub range_label: String,
    /// Mean of chance.
    pub mean: LabelledValue,
    /// Observed share.
    pub observed: LabelledValue,
}

/// A value with its label.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct LabelledValue {
    /// The value.
    pub value: f64,
    /// The label at the mark.
    pub label: String,
    /// A second line of label.
    pub detail: Option<String>,
}

/// One estimate among many choices.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct SpecificationMark {
    /// The estimate.
    pub value: f64,
    /// Its interval, where there is one.
    pub interval: Option<[f64; 2]>,
    /// Drawn large and in the accent colour: the published choice.
    pub published: bool,
    /// Places of the rows that hold for it.
    pub rows: Vec<usize>,
}

/// One option of a choice.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct SpecificationRow {
    /// The choice; empty where the row above has it.
    pub choice: String,
    /// The option.
    pub option: String,
}

/// One model in a chart.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ScatterPoint {
    /// Place on the horizontal scale.
    pub x: f64,
    /// Rate.
    pub y: f64,
    /// Lower limit.
    pub lower: f64,
    /// Upper limit.
    pub upper: f64,
    /// Short name; empty where the point is not labelled.
    pub label: String,
    /// Drawn hollow: the maker publishes no size.
    pub hollow: bool,
}

/// One provider's curve.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct SmallPanel {
    /// Provider.
    pub name: String,
    /// The rule's word.
    pub word: String,
    /// Points in order of size; the label is the size.
    pub points: Vec<ScatterPoint>,
}
