//! Short ways to write the pieces of a document by hand.

use caveat_report::document::{
    Axis, Cell, Column, ColumnKind, FindingBlock, LabelledValue, Row, Sentence, Table, Tick,
};

/// A sentence without figures.
pub(crate) fn plain(text: &str) -> Sentence {
    Sentence {
        text: text.to_owned(),
        strong: false,
        evidence: Vec::new(),
        language: None,
    }
}

pub(crate) fn bold(text: &str) -> Sentence {
    Sentence {
        strong: true,
        ..plain(text)
    }
}

pub(crate) fn cited(text: &str, ids: &[&str]) -> Sentence {
    Sentence {
        evidence: ids.iter().map(|id| (*id).to_owned()).collect(),
        ..plain(text)
    }
}

pub(crate) fn finding(
    id: &str,
    strong: &str,
    rest: &str,
    evidence: &str,
    ids: &[&str],
) -> FindingBlock {
    FindingBlock {
        id: id.to_owned(),
        claim: vec![bold(strong), plain(rest)],
        evidence: vec![cited(evidence, ids)],
    }
}

pub(crate) fn axis(min: f64, max: f64, ticks: &[(f64, &str)], title: &str) -> Axis {
    Axis {
        min,
        max,
        ticks: ticks
            .iter()
            .map(|(value, label)| Tick {
                value: *value,
                label: (*label).to_owned(),
            })
            .collect(),
        marks: Vec::new(),
        title: title.to_owned(),
    }
}

pub(crate) fn percent_axis(title: &str) -> Axis {
    let ticks = [
        (0.0, "0%"),
        (0.2, "20%"),
        (0.4, "40%"),
        (0.6, "60%"),
        (0.8, "80%"),
        (1.0, "100%"),
    ];
    axis(0.0, 1.0, &ticks, title)
}

pub(crate) fn rate_axis() -> Axis {
    axis(
        0.0,
        0.75,
        &[
            (0.0, "0%"),
            (0.15, "15%"),
            (0.3, "30%"),
            (0.45, "45%"),
            (0.6, "60%"),
            (0.75, "75%"),
        ],
        "",
    )
}

pub(crate) fn labelled(value: f64, label: &str) -> LabelledValue {
    LabelledValue {
        value,
        label: label.to_owned(),
        detail: None,
    }
}

/// A text column.
pub(crate) fn words(header: &str, width_mm: f64) -> Column {
    Column {
        header: header.to_owned(),
        kind: ColumnKind::Text,
        width_mm,
    }
}

pub(crate) fn figures(header: &str, width_mm: f64) -> Column {
    Column {
        header: header.to_owned(),
        kind: ColumnKind::Number,
        width_mm,
    }
}

/// A text cell.
pub(crate) fn cell(text: &str) -> Cell {
    Cell::Text {
        text: text.to_owned(),
        strong: false,
    }
}

/// A row of text cells.
pub(crate) fn row(texts: &[&str]) -> Row {
    Row {
        cells: texts.iter().map(|text| cell(text)).collect(),
        strong: false,
    }
}

/// A table of words.
pub(crate) fn table(
    id: &str,
    number: Option<&str>,
    title: Option<&str>,
    columns: Vec<Column>,
    rows: Vec<Row>,
) -> Table {
    Table {
        id: id.to_owned(),
        number: number.map(str::to_owned),
        title: title.map(str::to_owned),
        subtitle: None,
        columns,
        rows,
        more: None,
        note: Vec::new(),
    }
}
