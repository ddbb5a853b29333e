//! The JSON lines that `caveat export --format jsonl` writes, and the importer of
//! these and of the tables that it writes as CSV and Parquet.
//!
//! [`mod@line`] is the one definition of a line: the exporter serialises it, this
//! importer reads it, and the JSON Schema is made from it. What was exported
//! comes back as it was, traces with all their grades and cells with their
//! counts. What maps to what is in the `README.md` of this crate.

pub mod line;
mod mark;
mod read;
mod row;
mod tables;

use caveat_importer::{
    Claim, ImportError, Importer, ImporterInfo, Options, Probe, Sink, Source, SourceFacts,
};

/// Name of the format in messages and in `report.toml`.
const FORMAT: &str = "caveat-export";

/// Lines at the start of a file that are looked at: the first may be damaged.
const PROBED_LINES: usize = 8;

/// The importer of exported JSON lines.
#[derive(Clone, Copy, Debug, Default)]
pub struct CaveatExport;

impl Importer for CaveatExport {
    fn info(&self) -> ImporterInfo {
        ImporterInfo {
            name: FORMAT,
            title: "JSON lines, CSV and Parquet that `caveat export` wrote",
            versions: &["1"],
            claims_files: true,
            page: "importers/caveat-export/README.md",
        }
    }

    fn probe(&self, probe: &Probe<'_>) -> Claim {
        // The exporter writes this member first; its spelling is part of the format.
        let mark = format!("{{\"schema\":\"{}\"", line::SCHEMA);
        let mut lines = probe.head.split(|&byte| byte == b'\n').take(PROBED_LINES);
        if lines.any(|line| line.starts_with(mark.as_bytes())) {
            return Claim::Yes {
                confidence: 100,
                reason: format!("JSON lines whose `schema` is `{}`", line::SCHEMA),
            };
        }
        match mark::table(probe.path, probe.head) {
            Some(table) => Claim::Yes {
                confidence: 100,
                reason: table.reason(),
            },
            None => Claim::No,
        }
    }

    fn import(
        &self,
        source: &Source,
        options: &Options,
        sink: &mut dyn Sink,
    ) -> Result<SourceFacts, ImportError> {
        options.refuse_format_options(FORMAT)?;
        match mark::of_file(&source.path)? {
            Some(table) => tables::read(source, table, options, sink),
            None => read::read(source, options, sink),
        }
    }
}
