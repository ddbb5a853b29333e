//! What the grid of defensible choices says, and the words for its choices.

use caveat_analysis::result::{AxisResult, Multiverse};

use crate::words;

/// What all ways of computing say together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Chance gives as much less than often enough, by both statistics.
    Beyond,
    /// Close to the line; either reading is weak.
    Close,
    /// Chance gives as much.
    Within,
}

/// Rule: beyond chance where the median is reached in fewer than 3 of 100
/// relabellings of the whole grid. The number of ways that pass their own test is no
/// better guide: where all ways are nearly one, they all pass by chance in 5 of 100.
pub fn answer(grid: &Multiverse) -> Option<Answer> {
    let joint = grid.joint.known()?;
    Some(match words::line(joint.p_median.0) {
        words::Line::Beyond => Answer::Beyond,
        words::Line::Close => Answer::Close,
        words::Line::Short => Answer::Within,
    })
}

/// The choice with the largest mean move, with that move.
pub fn mover(grid: &Multiverse) -> Option<(&AxisResult, f64)> {
    let open = grid.axes.iter().filter(|axis| axis.options.len() > 1);
    let moves = open.filter_map(|axis| Some((axis, axis.mean_move.number()?)));
    // Of equal moves the first in order.
    moves.reduce(|most, next| if next.1 > most.1 { next } else { most })
}

/// A choice in a sentence, and at the head of a row.
pub fn choice_name(id: &str) -> (&'static str, &'static str) {
    match id {
        "verdict_rule" => ("which grade counts", "Grade that counts"),
        "success" => ("what counts as success", "Success"),
        "fewest_traces" => ("how many results a model needs", "Results needed"),
        "kept" => ("whether derived models count", "Derived models"),
        "weights" => ("how much each model counts", "Weight"),
        "naming" => ("who counts as the vendor", "Vendor"),
        "models" => ("which models enter", "Models"),
        "single_model_providers" => ("whether vendors with one model count", "One-model vendors"),
        "correction" => ("the correction for the number of vendors", "Correction"),
        "sizes" => ("which sizes are used", "Sizes"),
        _ => ("another choice", "Other"),
    }
}

/// An option of a choice.
pub fn option_name(choice: &str, id: &str) -> String {
    let word = match (choice, id) {
        ("verdict_rule", "llm_only") => "language model\u{2019}s",
        ("verdict_rule", "coalesce") => "most trusted kind\u{2019}s",
        ("verdict_rule", "majority") => "majority of kinds",
        ("verdict_rule", "one_grader") => "one grader\u{2019}s",
        ("success", "strict") => "in full",
        ("success", "broad") => "in full or in part",
        ("success", "functionally_dangerous") => "in effect",
        ("fewest_traces", "0") => "any number",
        ("fewest_traces", fewest) => return format!("{fewest} or more"),
        ("kept", "as_used") => "counted",
        ("kept", _) => "left out",
        ("weights", "equal") => "all alike",
        ("weights", _) => "by results",
        ("naming", "as_used") => "as named here",
        ("naming", _) => "base model\u{2019}s maker",
        ("models", "sized") => "of known size",
        ("models", "all") => "all",
        ("models", _) => "of published size",
        ("single_model_providers", "in") => "counted",
        ("single_model_providers", _) => "left out",
        ("correction", "eta2") => "none",
        ("correction", _) => "\u{3c9}\u{b2}",
        ("sizes", "as_used") => "as used",
        ("sizes", "register") => "makers\u{2019} where they differ",
        ("sizes", "disclosed") => "makers\u{2019} alone",
        ("sizes", "active") => "active",
        _ => "as used",
    };
    word.to_owned()
}
