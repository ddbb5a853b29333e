//! Shares over single verdicts against the public benchmarks' reference figures.

use caveat_analysis::{
    labels::dense,
    trace_level::{TraceCell, factor_share, levels, size_share},
};
use serde_json::Value;

use crate::support::{close, json};

const EXACT: f64 = 1e-9;

/// One cell for each model, all on one prompt, with the sizes that are known.
fn read(view: &Value) -> (Vec<TraceCell>, Vec<Option<f64>>) {
    let rows = view["models"].as_array().unwrap();
    let providers = dense(rows.iter().map(|row| row[0].as_str().unwrap()));
    let cells = rows.iter().zip(providers).enumerate();
    let cells = cells.map(|(model, (row, provider))| TraceCell {
        provider,
        model,
        prompt: 0,
        n: row[3].as_u64().unwrap(),
        succeeded: row[2].as_u64().unwrap(),
    });
    (
        cells.collect(),
        rows.iter().map(|row| row[1].as_f64()).collect(),
    )
}

#[test]
fn every_public_view_has_the_reference_shares() {
    let views = json("data/prompt_level.json");
    assert_eq!(views.as_object().unwrap().len(), 18);
    for (name, view) in views.as_object().unwrap() {
        let expected = view["expected"].as_object().unwrap();
        let (cells, sizes) = read(view);
        let sized = |cell: &&TraceCell| sizes[cell.model].is_some();
        let in_scale: Vec<TraceCell> = cells.iter().filter(sized).copied().collect();
        let on_size: Vec<(f64, u64, u64)> = in_scale
            .iter()
            .map(|cell| (sizes[cell.model].unwrap().log2(), cell.n, cell.succeeded))
            .collect();
        let eta2 = |cells: &[TraceCell], label: fn(&TraceCell) -> usize| {
            factor_share(&levels(cells, label)).and_then(|share| share.eta2)
        };
        let n: u64 = cells.iter().map(|cell| cell.n).sum();
        assert_eq!(Some(n), expected["n_verdicts"].as_u64(), "{name}");
        let mut compared = 1;
        for (field, ours) in [
            ("eta2_model", eta2(&cells, |c| c.model)),
            ("eta2_provider", eta2(&cells, |c| c.provider)),
            ("known_size_eta2_provider", eta2(&in_scale, |c| c.provider)),
            ("known_size_r2_log2_size", size_share(&on_size)),
        ] {
            if let Some(theirs) = expected.get(field) {
                close(ours.unwrap(), theirs.as_f64().unwrap(), EXACT);
                compared += 1;
            }
        }
        assert_eq!(compared, expected.len(), "{name}");
    }
}
