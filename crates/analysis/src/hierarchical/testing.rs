//! Tables for the tests of this folder, and for nothing else.
#![cfg(test)]
#![allow(clippy::panic)]

use super::cells::{Cells, Factor, Role};

/// Models by prompts, `per_provider` models each; `success` says how many of `n`.
pub(crate) fn grid(
    models: usize,
    prompts: usize,
    per_provider: usize,
    n: u64,
    success: impl Fn(usize, usize) -> u64,
) -> Cells {
    let rows: Vec<(usize, usize)> = (0..models)
        .flat_map(|m| (0..prompts).map(move |q| (m, q)))
        .collect();
    let factor = |role, levels: usize, level: &dyn Fn(&(usize, usize)) -> usize| Factor {
        role,
        names: (0..levels).map(|l| format!("l{l}")).collect(),
        level_of: rows.iter().map(level).collect(),
    };
    let factors = [
        factor(Role::Provider, models.div_ceil(per_provider), &|r| {
            r.0 / per_provider
        }),
        factor(Role::Model, models, &|r| r.0),
        factor(Role::Prompt, prompts, &|r| r.1),
    ];
    let successes: Vec<u64> = rows.iter().map(|(m, q)| success(*m, *q)).collect();
    let sizes: Vec<Option<f64>> = rows.iter().map(|r| Some((r.0 % 5) as f64)).collect();
    match Cells::new(&factors, &successes, &vec![n; rows.len()], &sizes) {
        Ok(cells) => cells,
        Err(reason) => panic!("the table of a test cannot be: {reason}"),
    }
}

/// A pattern with some of everything.
pub(crate) fn mixed(m: usize, q: usize) -> u64 {
    (((m * m + 1) * (q + 2) * 7) % 4) as u64
}
