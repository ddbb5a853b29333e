//! Bounds on what a plugin may take.
//!
//! Time counts only while the host waits for the plugin: a store that is slow
//! to write is not held against it.

use std::time::Duration;

const MIB: u64 = 1 << 20;

/// Bounds on one run of a plugin. Each can be set in `plugins.toml`, and each has a test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostLimits {
    /// Longest wait for the greeting and for the answer to `probe`.
    pub answer: Duration,
    /// Longest wait between two signs of progress during an import.
    pub silence: Duration,
    /// Longest wait in one import, all told.
    pub total: Duration,
    /// Longest wait for the program's end once its standard input has ended.
    pub ending: Duration,
    /// Longest line on standard output, in bytes.
    pub line_bytes: u64,
    /// Most bytes on standard output whatever the size of the source.
    pub output_bytes: u64,
    /// More bytes on standard output for each byte of the source.
    pub output_bytes_per_source_byte: u64,
    /// Most bytes on standard error.
    pub error_bytes: u64,
    /// Most records and rejects of one source.
    pub records: u64,
    /// Most address space of each of its processes, in bytes, where the system can bound it (Linux).
    pub memory_bytes: u64,
    /// Largest file that it may write, in bytes, where the system can bound it (Linux).
    pub file_bytes: u64,
}

impl Default for HostLimits {
    /// A slow start of an interpreter takes below 1 s, so 10 s are for a busy
    /// machine; a minute of silence and six hours are for formats that must be
    /// sorted before the first record. A line is bounded as a record of a
    /// built-in importer is. Records are small beside their source: 64 times
    /// its size is for columns of numbers that become objects. The places of
    /// 20 million records take about 200 MiB in the host. The address space is
    /// far above what is in use: virtual machines reserve more than they touch.
    fn default() -> Self {
        Self {
            answer: Duration::from_secs(10),
            silence: Duration::from_secs(60),
            total: Duration::from_secs(6 * 60 * 60),
            ending: Duration::from_secs(5),
            line_bytes: 64 * MIB,
            output_bytes: 256 * MIB,
            output_bytes_per_source_byte: 64,
            error_bytes: 16 * MIB,
            records: 20_000_000,
            memory_bytes: 4096 * MIB,
            file_bytes: 1024 * MIB,
        }
    }
}

impl HostLimits {
    /// Most bytes on standard output for a source of this size.
    pub fn output_bytes_for(&self, source_bytes: u64) -> u64 {
        source_bytes
            .saturating_mul(self.output_bytes_per_source_byte)
            .saturating_add(self.output_bytes)
    }
}
