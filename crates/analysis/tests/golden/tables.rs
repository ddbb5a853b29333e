//! The tables that golden files name in `input.csv`.

use std::collections::BTreeMap;

use caveat_analysis::{labels::dense, proportion::Count};

/// Models of a table with its providers' names, dense labels in order of appearance.
pub(crate) struct Models {
    pub(crate) providers: Vec<String>,
    pub(crate) group: Vec<usize>,
    pub(crate) log2_sizes: Vec<f64>,
    pub(crate) counts: Vec<Count>,
}

impl Models {
    pub(crate) fn read(name: &str) -> Self {
        let (text, successes) = match name {
            "models_small.csv" => (include_str!("models_small.csv"), "strict"),
            "models21_reconstruction.csv" => {
                (include_str!("models21_reconstruction.csv"), "successes")
            }
            "corpus21.csv" => (include_str!("corpus21.csv"), "compliance"),
            other => panic!("no table {other}"),
        };
        let rows = rows(text);
        let number = |row: &BTreeMap<String, String>, name: &str| row[name].parse::<u64>().unwrap();
        Models {
            providers: rows.iter().map(|r| r["provider"].clone()).collect(),
            group: dense(rows.iter().map(|r| r["provider"].clone())),
            log2_sizes: rows
                .iter()
                .map(|r| libm::log2(r["params_total_b"].parse().unwrap()))
                .collect(),
            counts: rows
                .iter()
                .map(|r| Count::new(number(r, successes), number(r, "n")).unwrap())
                .collect(),
        }
    }

    pub(crate) fn rates(&self) -> Vec<f64> {
        self.counts.iter().map(|c| c.share()).collect()
    }
}

pub(crate) fn rows(text: &str) -> Vec<BTreeMap<String, String>> {
    csv::Reader::from_reader(text.as_bytes())
        .deserialize()
        .map(Result::unwrap)
        .collect()
}
