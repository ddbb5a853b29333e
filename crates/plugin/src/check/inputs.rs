//! The inputs of the conformance kit.

use std::fs::File;
use std::io::Read as _;
use std::path::PathBuf;

/// As much of a sample is damaged; its start is where formats decide.
const SAMPLE_BYTES: u64 = 4 << 20;

/// What a plugin owes to an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Of no format: neither claimed nor imported.
    Foreign,
    /// Perhaps of the plugin's format: imported with an account, or refused.
    Damaged,
}

/// One input.
pub(super) struct Input {
    /// In words.
    pub(super) name: String,
    /// What is owed to it.
    pub(super) kind: Kind,
    /// Content.
    pub(super) bytes: Vec<u8>,
}

/// Every input, the small ones first.
pub(super) fn made(samples: &[PathBuf], huge_bytes: usize) -> std::io::Result<Vec<Input>> {
    let mut inputs: Vec<Input> = foreign().chain(hostile()).collect();
    for (number, sample) in samples.iter().enumerate() {
        let mut bytes = Vec::new();
        File::open(sample)?
            .take(SAMPLE_BYTES)
            .read_to_end(&mut bytes)?;
        inputs.extend(damaged(number + 1, &bytes, huge_bytes));
    }
    inputs.push(Input {
        name: format!("a line of {huge_bytes} bytes"),
        kind: Kind::Foreign,
        bytes: vec![b'x'; huge_bytes],
    });
    Ok(inputs)
}

fn foreign() -> impl Iterator<Item = Input> {
    let inputs: [(&str, Vec<u8>); 6] = [
        ("an empty file", Vec::new()),
        ("a line end alone", b"\n".to_vec()),
        (
            "English prose",
            b"This folder holds the results of our runs.\nSee the wiki.\n".to_vec(),
        ),
        ("an empty JSON object", b"{}\n".to_vec()),
        ("noise", noise(1 << 16)),
        ("zeros", vec![0; 1 << 20]),
    ];
    inputs.into_iter().map(|(name, bytes)| Input {
        name: name.to_owned(),
        kind: Kind::Foreign,
        bytes,
    })
}

/// What breaks readers of text, JSON, tables, archives and databases.
fn hostile() -> impl Iterator<Item = Input> {
    let repeated = |text: &str, times: usize| text.repeat(times).into_bytes();
    let begun = |magic: &[u8]| [magic, &noise(1 << 14)].concat();
    let inputs: [(&str, Vec<u8>); 14] = [
        ("a million open brackets", repeated("[", 1_000_000)),
        ("a million open objects", repeated("{\"a\":", 1_000_000)),
        (
            "lone surrogates",
            b"{\"model\":\"\\ud800\",\"x\":\"\\udfff\\ud800\"}\n".to_vec(),
        ),
        (
            "duplicate keys",
            b"{\"model\":\"a\",\"model\":\"b\",\"model\":3}\n".to_vec(),
        ),
        (
            "numbers beyond doubles",
            b"{\"n\":1e999,\"m\":-1e-999,\"k\":123456789012345678901234567890}\n".to_vec(),
        ),
        (
            "NaN and Infinity",
            b"{\"score\":NaN,\"other\":-Infinity}\n".to_vec(),
        ),
        (
            "invalid UTF-8",
            b"\xff\xfe\xc3\x28\n\xed\xa0\x80\n\xf8\x88\x80\x80\x80\n".to_vec(),
        ),
        (
            "a byte order mark and UTF-16",
            b"\xff\xfem\0o\0d\0e\0l\0\n\0".to_vec(),
        ),
        (
            "terminal control",
            b"\x1b[2J\x1b]0;title\x07\x9b31m\r\n\x1b[31mred\n".to_vec(),
        ),
        (
            "an open quote",
            [b"a,b,c\n\"".to_vec(), repeated("x,\n", 100_000)].concat(),
        ),
        ("a million empty lines", repeated("\n", 1_000_000)),
        (
            "an archive without content",
            begun(b"PK\x03\x04\x14\0\0\0\x08\0"),
        ),
        ("a database without content", begun(b"SQLite format 3\0")),
        ("compressed noise", begun(b"\x1f\x8b\x08\0\0\0\0\0\0\x03")),
    ];
    inputs.into_iter().map(|(name, bytes)| Input {
        name: name.to_owned(),
        kind: Kind::Foreign,
        bytes,
    })
}

/// A good file, broken in many ways and grown.
fn damaged(number: usize, good: &[u8], huge_bytes: usize) -> Vec<Input> {
    let mut inputs = Vec::new();
    let mut add = |what: &str, bytes: Vec<u8>| {
        inputs.push(Input {
            name: format!("sample {number} {what}"),
            kind: Kind::Damaged,
            bytes,
        });
    };
    let length = good.len();
    let start = |bytes: usize| good.get(..bytes).unwrap_or(good).to_vec();
    for (what, end) in [
        ("cut after its first byte", 1),
        ("cut at a quarter", length / 4),
        ("cut at the half", length / 2),
        ("cut at three quarters", length / 4 * 3),
        ("without its last byte", length.saturating_sub(1)),
    ] {
        add(what, start(end));
    }
    let middle = length / 2;
    let spliced = |between: &[u8]| {
        let end = good.get(middle..).unwrap_or_default();
        [&start(middle), between, end].concat()
    };
    add("with zeros in the middle", spliced(&[0; 512]));
    add(
        "with invalid UTF-8 in the middle",
        spliced(b"\xff\xc3\x28\xed\xa0\x80"),
    );
    add("with noise in the middle", spliced(&noise(4_096)));
    add(
        "with terminal control in the middle",
        spliced(b"\x1b[2J\x1b]0;t\x07"),
    );
    add(
        "with a line of 16 MiB in the middle",
        spliced(&vec![b'y'; 16 << 20]),
    );
    add("with every 97th byte changed", every_97th_changed(good));
    add("with a byte order mark", [b"\xef\xbb\xbf", good].concat());
    if let Some(times) = huge_bytes.checked_div(length) {
        let times = times.max(2);
        add(&format!("{times} times in one file"), good.repeat(times));
    }
    inputs
}

fn every_97th_changed(good: &[u8]) -> Vec<u8> {
    let change = |(position, byte): (usize, &u8)| match position % 97 == 96 {
        true => byte ^ 0x55,
        false => *byte,
    };
    good.iter().enumerate().map(change).collect()
}

/// Bytes without a pattern, the same in every run (xorshift, Marsaglia 2003).
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}
