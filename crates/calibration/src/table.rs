//! The figures as comma-separated values, one line for each question.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::worlds::Section;

const HEAD: &str = "world,question,whose,nominal,mean,monte_carlo_error,worlds,answered,seed\n";

/// Writes the figures with six decimals.
pub fn write(sections: &[Section]) -> String {
    let mut text = HEAD.to_owned();
    for outcome in sections.iter().flat_map(|s| &s.outcomes) {
        for (question, m) in outcome.rows() {
            let nominal = question
                .promise
                .nominal()
                .map_or_else(String::new, |n| format!("{n}"));
            // Writing to a string does not fail.
            let _ = writeln!(
                text,
                "{},{},{},{nominal},{},{:.6},{},{},{}",
                outcome.world.id,
                question.id,
                question.whose.word(),
                fixed(m.mean),
                m.error,
                m.worlds,
                m.answered,
                outcome.world.seed
            );
        }
    }
    text
}

/// Six decimals, without a sign before nothing.
fn fixed(value: f64) -> String {
    let text = format!("{value:.6}");
    if text == "-0.000000" {
        "0.000000".to_owned()
    } else {
        text
    }
}

/// Mean and Monte Carlo error of each question, by world and question.
pub fn read(text: &str) -> BTreeMap<(String, String), (f64, f64)> {
    text.lines()
        .skip(1)
        .filter_map(|line| {
            let fields: Vec<&str> = line.split(',').collect();
            let [world, question, _, _, mean, error, ..] = fields.as_slice() else {
                return None;
            };
            let key = ((*world).to_owned(), (*question).to_owned());
            Some((key, (mean.parse().ok()?, error.parse().ok()?)))
        })
        .collect()
}
