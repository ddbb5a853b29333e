//! Shares of single traces (14).

use caveat_analysis::{
    labels::dense,
    trace_level::{TraceCell, factor_share, levels, nested},
};
use serde_json::Value;

use crate::{support::Golden, tables::rows};

/// One cell per trace, and the label of its category.
fn traces(input: &Value) -> (Vec<TraceCell>, Vec<usize>) {
    let text = match input["csv"].as_str().unwrap() {
        "traces_small.csv" => include_str!("traces_small.csv"),
        "traces_medium.csv" => include_str!("traces_medium.csv"),
        other => panic!("no table {other}"),
    };
    let rows = rows(text);
    let column = |name: &str| dense(rows.iter().map(|r| r[name].clone()));
    let (provider, model, prompt) = (column("provider"), column("model"), column("prompt"));
    let cells = rows.iter().enumerate().map(|(i, row)| TraceCell {
        provider: provider[i],
        model: model[i],
        prompt: prompt[i],
        n: 1,
        succeeded: row["success"].parse().unwrap(),
    });
    (cells.collect(), column("category"))
}

#[test]
fn shares_of_single_traces() {
    Golden::parse(include_str!("14_trace_level.json")).each(|input, case| {
        let (cells, category) = traces(input);
        let Some(factor) = input["factor"].as_str() else {
            let d = nested(&cells).unwrap();
            case.number("r2_provider", d.provider);
            case.number("rank_provider", d.rank_provider);
            case.number("r2_model", d.model);
            case.number("rank_model", d.rank_model);
            case.number("r2_model_prompt", d.model_and_prompt);
            case.number("rank_model_prompt", d.rank_model_and_prompt);
            case.number("r2_prompt", d.prompt);
            case.number("seq_provider", d.provider);
            case.number("seq_model_in_provider", d.model - d.provider);
            case.number("seq_prompt", d.model_and_prompt - d.model);
            case.number("residual", 1.0 - d.model_and_prompt);
            return;
        };
        let totals = match factor {
            "provider" => levels(&cells, |c| c.provider),
            "model" => levels(&cells, |c| c.model),
            "prompt" => levels(&cells, |c| c.prompt),
            _ => {
                let relabelled: Vec<TraceCell> = cells
                    .iter()
                    .zip(&category)
                    .map(|(c, label)| TraceCell {
                        prompt: *label,
                        ..*c
                    })
                    .collect();
                levels(&relabelled, |c| c.prompt)
            }
        };
        let d = factor_share(&totals).unwrap();
        case.number("n", d.n);
        case.number("k", d.k);
        for (name, ours) in [
            ("ss_between", Ok(d.ss_between)),
            ("ss_within", Ok(d.ss_within)),
            ("ss_total", Ok(d.ss_between + d.ss_within)),
            ("eta2", d.eta2),
            ("epsilon2", d.epsilon2),
            ("omega2", d.omega2),
            ("F", d.f),
            ("p", d.p),
            ("eta2_null_mean", Ok(d.eta2_null_mean)),
            ("n0", d.n0),
            ("icc1", d.icc1),
        ] {
            case.number(name, ours);
        }
    });
}
