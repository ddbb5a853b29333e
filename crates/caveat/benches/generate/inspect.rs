//! An Inspect log: an archive with one member for each sample, its summaries and
//! its header, compressed with Zstandard as the tool does it.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;

use zip::CompressionMethod;
use zip::result::ZipResult;
use zip::write::{SimpleFileOptions, ZipWriter};

use super::{Numbers, filled};

const HEADER: &str = include_str!("inspect-header.json");
const SAMPLE: &str = include_str!("inspect-sample.json");
const SUMMARY: &str = include_str!("inspect-summary.json");

/// Writes a log of that many prompts in two epochs each.
pub(crate) fn write(path: &Path, prompts: u64) -> ZipResult<()> {
    let mut archive = ZipWriter::new(BufWriter::new(File::create(path)?));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Zstd);
    let mut numbers = Numbers(1);
    let mut summaries = Vec::new();
    for prompt in 0..prompts {
        let id = format!("placeholder-{prompt:06}");
        let text = format!("[{id}] {}", numbers.text(600));
        for epoch in 1..=2_u64 {
            let complied = numbers.next().is_multiple_of(3);
            let uuid = format!("placeholder{:011}", 2 * prompt + epoch);
            let reply = numbers.text(1200);
            // The summary holds the first kilobyte at most.
            let values = [
                ("@ID@", id.as_str()),
                ("@EPOCH@", if epoch == 1 { "1" } else { "2" }),
                ("@UUID@", &uuid),
                ("@PROMPT@", &text),
                ("@REPLY@", &reply),
                ("@VALUE@", if complied { "1" } else { "0" }),
                ("@LETTER@", if complied { "I" } else { "C" }),
            ];
            archive.start_file(format!("samples/{id}_epoch_{epoch}.json"), options)?;
            archive.write_all(filled(SAMPLE, &values).as_bytes())?;
            summaries.push(filled(SUMMARY, &values));
        }
    }
    archive.start_file("summaries.json", options)?;
    write!(archive, "[{}]", summaries.join(","))?;
    archive.start_file("header.json", options)?;
    let ids = (0..prompts).map(|prompt| format!("\"placeholder-{prompt:06}\""));
    let values = [
        ("@IDS@", ids.collect::<Vec<_>>().join(",")),
        ("@SAMPLES@", prompts.to_string()),
        ("@TOTAL@", (2 * prompts).to_string()),
    ];
    let values = values
        .each_ref()
        .map(|(name, value)| (*name, value.as_str()));
    archive.write_all(filled(HEADER, &values).as_bytes())?;
    archive.finish()?;
    Ok(())
}
