//! The register says what the fact tables say, cell by cell: nothing is lost on
//! the way, and no figure is made up for an undisclosed one.

#![allow(clippy::unwrap_used)]

use std::collections::HashMap;

use caveat_corpus::register::{MakerFacts, ModelFacts, Register};

type Row = HashMap<String, String>;

fn rows(text: &str) -> Vec<Row> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    reader.deserialize().collect::<Result<_, _>>().unwrap()
}

fn name(value: impl serde::Serialize) -> String {
    let name = serde_json::to_value(value).unwrap();
    name.as_str().unwrap().to_owned()
}

fn size(size: Option<f64>) -> String {
    size.map(|size| size.to_string()).unwrap_or_default()
}

fn text(text: Option<&String>) -> String {
    text.cloned().unwrap_or_default()
}

fn number(cell: &str) -> String {
    match cell {
        "" => String::new(),
        number => number.parse::<f64>().unwrap().to_string(),
    }
}

/// Compares cells, and names those that differ.
fn differences(row: &Row, cells: &[(&str, String)]) -> Vec<String> {
    let differs = cells.iter().filter(|(column, listed)| {
        let stated = &row[*column];
        match column.starts_with("params") {
            true => number(stated) != *listed,
            false => stated != listed,
        }
    });
    differs
        .map(|(column, listed)| format!("{column}: `{}` there, `{listed}` here", row[*column]))
        .collect()
}

fn model_cells(model: &ModelFacts) -> Vec<(&'static str, String)> {
    let moe = match model.mixture {
        Some(true) => "yes",
        Some(false) => "no",
        None => "",
    };
    let disclosed = if model.size_disclosed() { "yes" } else { "no" };
    vec![
        ("display_name", model.name.clone()),
        ("maker", model.maker.clone()),
        ("base_model_maker", model.base_model_maker.clone()),
        ("derivative_of", text(model.derivative_of.as_ref())),
        ("derivative_kind", name(model.derivative_kind)),
        ("params_total_b", size(model.params_total_b)),
        ("params_active_b", size(model.params_active_b)),
        ("moe", moe.to_owned()),
        ("size_disclosed", disclosed.to_owned()),
        ("weights", name(model.weights)),
        ("release_date", text(model.released.as_ref())),
        ("source", model.source.clone()),
        ("verified", name(model.verified)),
        ("note", text(model.note.as_ref())),
    ]
}

fn maker_cells(maker: &MakerFacts) -> Vec<(&'static str, String)> {
    vec![
        ("display_name", maker.name.clone()),
        ("kind", name(maker.kind)),
        ("country", text(maker.country.as_ref())),
    ]
}

fn spellings(row: &Row) -> impl Iterator<Item = &str> {
    row["aliases"].split(';').filter(|alias| !alias.is_empty())
}

#[test]
fn every_cell_of_the_models_is_in_the_register() {
    let register = Register::builtin().unwrap();
    let rows = rows(include_str!("data/reference_models.csv"));
    assert_eq!(rows.len(), 512);
    let mut undisclosed = 0;
    for row in &rows {
        let id = &row["canonical_id"];
        let model = register.models().iter().find(|model| model.id == *id);
        let model = model.unwrap_or_else(|| panic!("{id} is missing"));
        assert_eq!(
            differences(row, &model_cells(model)),
            Vec::<String>::new(),
            "{id}"
        );
        for spelling in spellings(row).chain([id.as_str(), &row["display_name"]]) {
            let found = register.model_by_id(spelling);
            assert_eq!(found.map(|model| &model.id), Some(id), "{spelling}");
        }
        let country = register.maker_of(model).unwrap().country.clone();
        assert_eq!(country.unwrap_or_default(), row["maker_country"], "{id}");
        undisclosed += usize::from(row["size_disclosed"] == "no");
    }
    assert_eq!(undisclosed, 150);
}

#[test]
fn every_cell_of_the_makers_is_in_the_register() {
    let register = Register::builtin().unwrap();
    let rows = rows(include_str!("data/reference_makers.csv"));
    assert_eq!(rows.len(), 104);
    for row in &rows {
        let id = &row["maker_id"];
        let maker = register.maker(id).unwrap();
        assert_eq!(&maker.id, id);
        assert_eq!(
            differences(row, &maker_cells(maker)),
            Vec::<String>::new(),
            "{id}"
        );
        for spelling in spellings(row) {
            assert_eq!(&register.maker(spelling).unwrap().id, id, "{spelling}");
        }
    }
}
