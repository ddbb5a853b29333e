//! A plugin for `redlog` files, an imaginary format: see docs/plugins.md.
//!
//! The twin of `../plugin-python/redlog.py`: the same file gives the same
//! records. Memory follows the longest line that is allowed.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read as _, Write};

use caveat_corpus::{Digest, GraderKind, Outcome, Verdict};
use caveat_plugin::protocol::{
    Account, Answer, Capability, ClaimReply, Grade, ImportRequest, Location, Model, PluginHello,
    ProbeRequest, Progress, Prompt, Refused, Reject, Reply, Request, Trace, VERSION,
};

/// Longest line that is read; a reply of a model has a few thousand bytes.
const MAX_LINE_BYTES: u64 = 1 << 20;

/// Lines after which the host learns how far we are.
const PROGRESS_LINES: u64 = 10_000;

fn main() -> io::Result<()> {
    let mut out = io::stdout().lock();
    for line in io::stdin().lines() {
        match serde_json::from_str(&line?).map_err(io::Error::other)? {
            Request::Hello(_) => say(&mut out, &Reply::Hello(greeting()))?,
            Request::Probe(probe) => say(&mut out, &Reply::Claim(claim(&probe)))?,
            Request::Import(import) => {
                let end = read(&import, &mut out)?;
                say(&mut out, &end)?;
            }
        }
        out.flush()?;
    }
    Ok(())
}

fn say(out: &mut impl Write, reply: &Reply) -> io::Result<()> {
    serde_json::to_writer(&mut *out, reply)?;
    out.write_all(b"\n")
}

fn greeting() -> PluginHello {
    PluginHello {
        protocol: VERSION,
        name: "redlog".to_owned(),
        version: "1.0".to_owned(),
        title: "Logs of the imaginary tool redlog (tab-separated text)".to_owned(),
        format_versions: vec!["1".to_owned()],
        capabilities: vec![Capability::Probe, Capability::Texts],
        options: Vec::new(),
        page: Some("docs/plugins.md".to_owned()),
    }
}

/// A file is ours by its first bytes, never by its name.
fn claim(probe: &ProbeRequest) -> ClaimReply {
    let mut head = Vec::new();
    let read = File::open(&probe.path).and_then(|file| file.take(9).read_to_end(&mut head));
    let (claim, confidence, reason, hint) = match (read, head.as_slice()) {
        (Ok(_), b"redlog\t1\t") => (
            Answer::Yes,
            Some(95),
            Some("the first line begins with `redlog` and version 1"),
            None,
        ),
        (Ok(_), [b'r', b'e', b'd', b'l', b'o', b'g', b'\t', ..]) => (
            Answer::Almost,
            None,
            Some("a redlog file of a version other than 1"),
            Some("write it again with version 1 of redlog"),
        ),
        _ => (Answer::No, None, None, None),
    };
    ClaimReply {
        claim,
        confidence,
        reason: reason.map(str::to_owned),
        hint: hint.map(str::to_owned),
    }
}

/// What the first line says of all others.
struct Head {
    run: String,
    dataset: String,
    grader: String,
}

impl Head {
    fn parse(line: &str) -> Option<Self> {
        match line.split('\t').collect::<Vec<_>>()[..] {
            ["redlog", "1", run, dataset, grader] => Some(Self {
                run: run.to_owned(),
                dataset: dataset.to_owned(),
                grader: grader.to_owned(),
            }),
            _ => None,
        }
    }
}

fn refused(reason: &str, hint: &str) -> Reply {
    Reply::Refused(Refused {
        reason: reason.to_owned(),
        hint: hint.to_owned(),
    })
}

/// Writes every record of a file, and gives back the account or the refusal.
fn read(request: &ImportRequest, out: &mut impl Write) -> io::Result<Reply> {
    match File::open(&request.path) {
        Ok(file) => read_lines(file, request, out),
        Err(error) => Ok(refused(
            &format!("the file cannot be read: {error}"),
            "check its permissions",
        )),
    }
}

fn read_lines(file: File, request: &ImportRequest, out: &mut impl Write) -> io::Result<Reply> {
    let mut reader = BufReader::new(file);
    let mut line = Vec::new();
    let mut byte = next_line(&mut reader, &mut line)?;
    let Some(head) = content(&line).ok().and_then(Head::parse) else {
        return Ok(refused(
            "the first line is not `redlog 1 RUN DATASET GRADER`, with tabs between",
            "check that the file was written by redlog, and copied whole",
        ));
    };
    let mut account = Account {
        format_version: Some("1".to_owned()),
        ..Account::default()
    };
    for number in 2_u64.. {
        let length = next_line(&mut reader, &mut line)?;
        if length == 0 {
            break;
        }
        let location = Location {
            entry: None,
            record: Some(number.to_string()),
            byte: Some(byte),
        };
        byte += length;
        match content(&line).and_then(|line| trace(line, &head, request.keep_text)) {
            Ok(trace) => {
                account.traces += 1;
                account.grades += trace.grades.len() as u64;
                say(out, &Reply::Trace(Box::new(Trace { location, ..trace })))?;
            }
            Err(reason) => {
                account.rejects += 1;
                say(out, &Reply::Reject(Reject { location, reason }))?;
            }
        }
        if number.is_multiple_of(PROGRESS_LINES) {
            say(out, &Reply::Progress(Progress { bytes_read: byte }))?;
            out.flush()?;
        }
    }
    Ok(Reply::Account(account))
}

/// Reads a line with its end and says how long it is. Of a line that is too
/// long only the start is kept; the rest is read past.
fn next_line(reader: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<u64> {
    line.clear();
    reader.take(MAX_LINE_BYTES + 2).read_until(b'\n', line)?;
    let mut length = line.len() as u64;
    if length == MAX_LINE_BYTES + 2 && !line.ends_with(b"\n") {
        length += reader.skip_until(b'\n')? as u64;
    }
    Ok(length)
}

/// The text of a line without its end.
fn content(line: &[u8]) -> Result<&str, String> {
    let content = line.strip_suffix(b"\n").unwrap_or(line);
    if content.len() as u64 > MAX_LINE_BYTES {
        return Err(format!("the line has more than {MAX_LINE_BYTES} bytes"));
    }
    if content.len() == line.len() {
        return Err("the line has no end: the file was cut short".to_owned());
    }
    let content = content.strip_suffix(b"\r").unwrap_or(content);
    std::str::from_utf8(content).map_err(|_| "the line is not UTF-8".to_owned())
}

/// One line: ID, MODEL, PROMPT, ATTEMPT, VERDICT, RESPONSE.
fn trace(line: &str, head: &Head, keep_text: bool) -> Result<Trace, String> {
    let columns: Vec<&str> = line.split('\t').collect();
    let [id, model, prompt, attempt, word, response] = columns[..] else {
        return Err(format!("{} columns, and 6 were expected", columns.len()));
    };
    if model.is_empty() {
        return Err("the model has no name".to_owned());
    }
    let attempt = match attempt.bytes().all(|byte| byte.is_ascii_digit()) {
        true => attempt
            .parse()
            .ok()
            .filter(|attempt| (1..=1_000_000).contains(attempt)),
        false => None,
    };
    let attempt = attempt.ok_or("the attempt is no number from 1 to 1000000")?;
    let (outcome, verdict) = meaning(word).ok_or_else(|| {
        let start: String = word.chars().take(40).collect();
        format!("unknown verdict word `{start}`")
    })?;
    let replied = outcome == Outcome::Response;
    Ok(Trace {
        location: Location::default(),
        run_id: Some(head.run.clone()),
        record_id: Some(id.to_owned()),
        model: Model {
            name: model.to_owned(),
            provider: None,
            coded_size: None,
        },
        prompt: Some(Prompt::Id {
            dataset: head.dataset.clone(),
            id: prompt.to_owned(),
        }),
        prompt_text: None,
        dataset: Some(head.dataset.clone()),
        technique: None,
        attack_family: None,
        harm_category: None,
        attempt: Some(attempt),
        turns: None,
        observed_at: None,
        prompt_tokens: None,
        response_tokens: None,
        duration_ms: None,
        response_digest: replied.then(|| Digest::of(response.as_bytes())),
        response_text: (replied && keep_text).then(|| response.to_owned()),
        outcome,
        grades: verdict.into_iter().map(|v| grade(v, word, head)).collect(),
    })
}

fn grade(verdict: Verdict, word: &str, head: &Head) -> Grade {
    Grade {
        grader: Some(head.grader.clone()),
        kind: GraderKind::Llm,
        verdict,
        raw: Some(word.to_owned()),
        version: None,
        graded_at: None,
    }
}

/// What a verdict word of redlog means.
fn meaning(word: &str) -> Option<(Outcome, Option<Verdict>)> {
    Some(match word {
        "complied" => (Outcome::Response, Some(Verdict::Compliance)),
        "partly" => (Outcome::Response, Some(Verdict::Partial)),
        "refused" => (Outcome::Response, Some(Verdict::Refusal)),
        "unclear" => (Outcome::Response, Some(Verdict::ParseError)),
        "ungraded" => (Outcome::Response, None),
        "filtered" => (Outcome::Filtered, None),
        "failed" => (Outcome::Error, None),
        _ => return None,
    })
}
