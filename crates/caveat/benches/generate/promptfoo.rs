//! A red-team run of promptfoo as one JSON document, with four models.

use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::Path;

use super::{Numbers, filled};

const COLUMN: &str = include_str!("promptfoo-column.json");
const RESULT: &str = include_str!("promptfoo-result.json");
const TAIL: &str = include_str!("promptfoo-tail.json");

const MODELS: u64 = 4;

/// Writes results of that many tests.
pub(crate) fn write(path: &Path, tests: u64) -> io::Result<()> {
    let mut out = BufWriter::new(File::create(path)?);
    let columns = (0..MODELS).map(|column| filled(COLUMN, &[("@COLUMN@", &column.to_string())]));
    let columns: Vec<String> = columns.collect();
    write!(
        out,
        r#"{{"evalId":"eval-bench","results":{{"version":3,"timestamp":"2026-11-23T08:24:35.208Z","prompts":[{}],"results":["#,
        columns.join(",")
    )?;
    let mut numbers = Numbers(1);
    for test in 0..tests {
        let prompt = format!("[{test}] {}", numbers.text(600));
        for column in 0..MODELS {
            if test + column > 0 {
                out.write_all(b",")?;
            }
            let passed = numbers.next().is_multiple_of(3);
            let values = [
                (
                    "@UUID@",
                    format!("00000000-0000-4000-8000-{:012x}", MODELS * test + column),
                ),
                ("@TEST@", test.to_string()),
                ("@COLUMN@", column.to_string()),
                ("@PROMPT@", prompt.clone()),
                ("@REPLY@", numbers.text(1200)),
                ("@PASS@", passed.to_string()),
                ("@SCORE@", u8::from(passed).to_string()),
                ("@FAILURE@", u8::from(!passed).to_string()),
            ];
            let values = values
                .each_ref()
                .map(|(name, value)| (*name, value.as_str()));
            out.write_all(filled(RESULT, &values).as_bytes())?;
        }
    }
    write!(out, "]{}", TAIL.trim_end())?;
    out.flush()
}
