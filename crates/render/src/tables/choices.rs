//! The table of every way to compute the share and the slope.

use caveat_analysis::Quantity;
use caveat_analysis::result::{Analysis, Multiverse, SpecificationPoint};

use super::columns::{Row, Sheet};

pub(super) fn multiverse(analysis: &Analysis) -> Sheet {
    let header = [
        "effect",
        "choices",
        "published",
        "n_models",
        "n_providers",
        "value_proportion",
        "lower",
        "upper",
        "level",
        "p",
    ];
    let mut sheet = Sheet::new("multiverse", &header);
    let grids = [
        ("provider_share", &analysis.multiverse.share),
        ("slope_per_doubling", &analysis.multiverse.slope),
    ];
    for (effect, grid) in grids {
        match grid {
            Quantity::Known(grid) => {
                for point in &grid.curve {
                    sheet.push(row(effect, grid, point));
                }
            }
            Quantity::Absent(reason) => {
                let start = Row::default().text(effect);
                sheet.push((1..header.len()).fold(start, |row, _| row.absent(*reason)));
            }
        }
    }
    sheet
}

fn row(effect: &str, grid: &Multiverse, point: &SpecificationPoint) -> Row {
    let chosen: Vec<String> = grid
        .axes
        .iter()
        .zip(&point.choice)
        .filter(|(axis, _)| axis.options.len() > 1)
        .filter_map(|(axis, option)| Some(format!("{}: {}", axis.name, axis.options.get(*option)?)))
        .collect();
    Row::default()
        .text(effect)
        .list(&chosen)
        .flag(point.published)
        .size(point.n_models)
        .size(point.n_providers)
        .quantity(&point.effect)
        .range_quantity(&point.interval)
        .quantity(&point.p)
}
