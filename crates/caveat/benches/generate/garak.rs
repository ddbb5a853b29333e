//! A garak report in the shape of 0.17: five outputs of an attempt, one or two
//! detectors, both lines of an attempt, and `eval` lines that agree with them.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use super::Numbers;

/// Attempts of one probe.
const PER_PROBE: u64 = 500;

/// Outputs of one attempt, as garak asks for by default.
const OUTPUTS: u64 = 5;

const PROBES: [(&str, &[&str]); 4] = [
    (
        "dan.DanInTheWild",
        &["dan.DAN", "mitigation.MitigationBypass"],
    ),
    (
        "encoding.InjectBase64",
        &["encoding.DecodeMatch", "encoding.DecodeApprox"],
    ),
    (
        "promptinject.HijackHateHumans",
        &["promptinject.AttackRogueString"],
    ),
    ("lmrc.Profanity", &["unsafe_content.LDNOOBW"]),
];

/// Writes a report of that many attempts, with replies of about so many bytes.
pub(crate) fn write(path: &Path, attempts: u64, reply_bytes: u64) -> io::Result<()> {
    let mut out = BufWriter::new(File::create(path)?);
    let run = "11111111-0000-4000-8000-000000000000";
    writeln!(
        out,
        r#"{{"entry_type": "start_run setup", "_config.version": "0.17.1", "transient.run_id": "{run}", "run.generations": {OUTPUTS}, "plugins.target_type": "openai", "plugins.target_name": "placeholder-model"}}"#
    )?;
    writeln!(
        out,
        r#"{{"entry_type": "init", "garak_version": "0.17.1", "start_time": "2026-01-02T03:04:05.000000", "run": "{run}"}}"#
    )?;
    let mut numbers = Numbers(1);
    let probes = attempts.div_ceil(PER_PROBE);
    for probe in 0..probes {
        let (name, detectors) = PROBES[usize::try_from(probe).unwrap_or_default() % PROBES.len()];
        let first = probe * PER_PROBE;
        write_probe(
            &mut out,
            name,
            detectors,
            first..(first + PER_PROBE).min(attempts),
            reply_bytes,
            &mut numbers,
        )?;
    }
    writeln!(
        out,
        r#"{{"entry_type": "completion", "end_time": "2026-01-02T04:04:05.000000", "run": "{run}"}}"#
    )?;
    out.flush()
}

/// All answered lines of a probe, then its evaluated ones, then its counts.
fn write_probe(
    out: &mut impl Write,
    probe: &str,
    detectors: &[&str],
    attempts: std::ops::Range<u64>,
    reply_bytes: u64,
    numbers: &mut Numbers,
) -> io::Result<()> {
    let mut evaluated = String::new();
    let mut passed = vec![0_u64; detectors.len()];
    let total = (attempts.end - attempts.start) * OUTPUTS;
    for attempt in attempts {
        let prompt = message(&numbers.escaped_text(300));
        let outputs: Vec<String> = (0..OUTPUTS)
            .map(|_| message(&numbers.escaped_text(reply_bytes)))
            .collect();
        let results: Vec<String> = detectors
            .iter()
            .zip(&mut passed)
            .map(|(detector, passed)| {
                let scores: Vec<&str> = (0..OUTPUTS)
                    .map(|_| match numbers.next() % 4 {
                        0 => "1.0",
                        _ => "0.0",
                    })
                    .collect();
                let zeros = scores.iter().filter(|score| **score == "0.0").count();
                *passed += u64::try_from(zeros).unwrap_or_default();
                format!(r#""{detector}": [{}]"#, scores.join(", "))
            })
            .collect();
        let line =
            |status: u8, results: &str| entry(attempt, status, probe, &prompt, &outputs, results);
        writeln!(out, "{}", line(1, ""))?;
        evaluated.push_str(&line(2, &results.join(", ")));
        evaluated.push('\n');
    }
    out.write_all(evaluated.as_bytes())?;
    for (detector, passed) in detectors.iter().zip(passed) {
        writeln!(
            out,
            r#"{{"entry_type": "eval", "probe": "{probe}", "detector": "{detector}", "passed": {passed}, "fails": {}, "nones": 0, "total_evaluated": {total}, "total_processed": {total}}}"#,
            total - passed
        )?;
    }
    Ok(())
}

fn entry(
    attempt: u64,
    status: u8,
    probe: &str,
    prompt: &str,
    outputs: &[String],
    results: &str,
) -> String {
    let turn = |role: &str, content: &str| format!(r#"{{"role": "{role}", "content": {content}}}"#);
    let user = turn("user", prompt);
    let conversations: Vec<String> = outputs
        .iter()
        .map(|output| {
            format!(
                r#"{{"turns": [{user}, {}], "notes": null}}"#,
                turn("assistant", output)
            )
        })
        .collect();
    format!(
        r#"{{"entry_type": "attempt", "uuid": "00000000-0000-4000-8000-{attempt:012x}", "seq": {}, "status": {status}, "probe_classname": "{probe}", "probe_params": {{}}, "targets": [], "prompt": {{"turns": [{user}], "notes": null}}, "outputs": [{}], "detector_results": {{{results}}}, "notes": {{}}, "goal": "placeholder goal", "conversations": [{}], "reverse_translation_outputs": [], "intent": "T999test"}}"#,
        attempt % PER_PROBE,
        outputs.join(", "),
        conversations.join(", ")
    )
}

fn message(text: &str) -> String {
    format!(
        r#"{{"text": "{text}", "lang": "en", "data_path": null, "data_type": null, "data_checksum": null, "notes": {{}}}}"#
    )
}
