//! `caveat verify`: whether an edition is what was made, and says what its data say.
//!
//! Three questions, each with its own answer: are the files those of the
//! manifest; do the figures follow (every byte where the report is at hand,
//! otherwise what counts and sizes of the annex give); and, with a key, did its
//! owner sign the manifest. What cannot be checked is said and never counted as
//! a yes.

use std::collections::BTreeMap;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use caveat_analysis::analyse;
use caveat_analysis::sample::{Sample, SampleModel};
use caveat_corpus::Digest;
use caveat_importer::text::printable;
use caveat_render::manifest::{MANIFEST_FILE, Manifest};
use caveat_report::definition::{AnalysisRules, SizeMeasure, SizeRule};
use caveat_report::summary::locale::Language;
use minisign::{PublicKey, PublicKeyBox, SignatureBox};
use serde::Serialize;
use serde_json::Value;

use crate::briefs::Briefs;
use crate::cli::VerifyArguments;
use crate::edition::{Edition, SIGNATURE_FILE};
use crate::exit::{self, ANSWER_NO, DONE, Failure};
use crate::files::{is_there, read_text, shown};
use crate::pipeline;
use crate::project::Project;
use crate::summaries;
use crate::write;

/// The parts of an annex that follow from counts, sizes and rules alone.
const FROM_COUNTS: [&str; 7] = [
    "scale",
    "decomposition",
    "ratio",
    "bands",
    "risk_ratio",
    "within_providers",
    "tie_groups",
];

/// One question and its answer.
#[derive(Debug, Serialize)]
struct Check {
    /// What was asked.
    check: &'static str,
    /// The answer.
    result: Answer,
    /// What was seen, in words.
    detail: String,
    /// What is wrong, one by one.
    faults: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Answer {
    Yes,
    No,
    NotChecked,
}

/// Runs the command.
pub fn run(arguments: &VerifyArguments) -> Result<u8, Failure> {
    let edition = Edition::open(&arguments.edition)?;
    let mut checks = vec![
        files(&edition)?,
        figures(&edition, arguments.report.as_deref())?,
    ];
    if let (Some(file), Some(key)) = (&arguments.signature, &arguments.key) {
        checks.push(signature(&edition, file.as_deref(), key)?);
    } else {
        checks.push(unsigned(&edition));
    }
    if arguments.json {
        exit::print_json(&serde_json::json!({
            "schema": "caveat/verify",
            "schema_version": 1,
            "report": edition.manifest.report,
            "edition_date": edition.manifest.edition_date,
            "caveat_version": edition.manifest.caveat_version,
            "checks": checks,
        }))?;
    } else {
        exit::print(&in_words(&edition, &checks))?;
    }
    let failed = checks.iter().any(|check| check.result == Answer::No);
    Ok(if failed { ANSWER_NO } else { DONE })
}

fn in_words(edition: &Edition, checks: &[Check]) -> String {
    let manifest = &edition.manifest;
    let mut text = format!(
        "Report {}, edition of {}, made by caveat {}\n",
        printable(&manifest.report),
        printable(&manifest.edition_date),
        printable(&manifest.caveat_version)
    );
    for check in checks {
        let word = match check.result {
            Answer::Yes => "yes",
            Answer::No => "NO",
            Answer::NotChecked => "not checked",
        };
        text.push_str(&format!("{:<10} {word}: {}\n", check.check, check.detail));
        for fault in &check.faults {
            text.push_str(&format!("{:<10} - {}\n", "", printable(fault)));
        }
    }
    text
}

fn check(check: &'static str, faults: Vec<String>, yes: String, no: String) -> Check {
    let (result, detail) = match faults.is_empty() {
        true => (Answer::Yes, yes),
        false => (Answer::No, no),
    };
    Check {
        check,
        result,
        detail,
        faults,
    }
}

fn files(edition: &Edition) -> Result<Check, Failure> {
    Ok(check(
        "files",
        edition.faults()?,
        format!(
            "all {} are as the manifest says",
            edition.manifest.outputs.len()
        ),
        "the folder is not as the manifest says".to_owned(),
    ))
}

/// Recomputes from the report where it is at hand, otherwise from the annex.
fn figures(edition: &Edition, report: Option<&Path>) -> Result<Check, Failure> {
    let vendor = edition.vendor()?;
    let language = edition.summary()?;
    // A brief lies in a folder of briefs.
    let depth = if vendor.is_some() { 2 } else { 1 };
    let beside = edition.folder.canonicalize().ok();
    let above = beside
        .as_deref()
        .and_then(|folder| folder.ancestors().nth(depth));
    let report = match report {
        Some(report) => Some(report.to_path_buf()),
        None => above
            .filter(|folder| is_there(&folder.join("report.toml")))
            .map(PathBuf::from),
    };
    match (report, vendor) {
        (Some(report), None) if language.is_some() => {
            summary_from_report(edition, &report, language.unwrap_or_default())
        }
        (None, None) if language.is_some() => Ok(made_from_a_report("summary")),
        (Some(report), None) => from_report(edition, &report),
        (Some(report), Some(vendor)) => brief_from_report(edition, &report, &vendor),
        (None, None) => from_annex(edition),
        (None, Some(_)) => Ok(made_from_a_report("brief")),
    }
}

/// The answer where the report of a document is not at hand.
fn made_from_a_report(document: &str) -> Check {
    Check {
        check: "figures",
        result: Answer::NotChecked,
        detail: format!(
            "a {document} is made again from its report, which is not here; name it with `--report`"
        ),
        faults: Vec::new(),
    }
}

fn summary_from_report(
    edition: &Edition,
    report: &Path,
    language: Language,
) -> Result<Check, Failure> {
    let computed = pipeline::compute(Project::open(report)?)?;
    let made = summaries::files(&computed, language)?;
    compared(edition, report, &made.inputs, || Ok(made.files.clone()))
}

fn from_report(edition: &Edition, report: &Path) -> Result<Check, Failure> {
    let evaluated = pipeline::evaluate(Project::open(report)?)?;
    compared(edition, report, &evaluated.inputs, || {
        pipeline::edition(&evaluated)
    })
}

fn brief_from_report(edition: &Edition, report: &Path, vendor: &str) -> Result<Check, Failure> {
    let project = Project::open(report)?;
    let folder = project.folder.clone();
    let computed = pipeline::compute(project)?;
    let composition = computed.composition();
    let briefs = Briefs::new(&computed, &composition);
    let made = briefs.files(&briefs.find(vendor)?, &folder)?;
    compared(edition, report, &made.inputs, || Ok(made.files.clone()))
}

/// Compares the inputs and, where they are the same, every file.
fn compared(
    edition: &Edition,
    report: &Path,
    inputs: &[caveat_render::InputDigest],
    make: impl FnOnce() -> Result<BTreeMap<String, Vec<u8>>, Failure>,
) -> Result<Check, Failure> {
    let changed = changed_inputs(&edition.manifest, inputs);
    if !changed.is_empty() {
        return Ok(check(
            "figures",
            changed,
            String::new(),
            format!("`{}` is not what the edition was made from", shown(report)),
        ));
    }
    let made = make()?;
    let mut faults = write::differences(&edition.folder, &made)?;
    let version = env!("CARGO_PKG_VERSION");
    if !faults.is_empty() && edition.manifest.caveat_version != version {
        faults.push(format!(
            "made by caveat {}, recomputed by {version}: another version may give other bytes",
            edition.manifest.caveat_version
        ));
    }
    Ok(check(
        "figures",
        faults,
        format!(
            "recomputed from `{}`, every byte is the same",
            shown(report)
        ),
        format!("recomputed from `{}`, not the same", shown(report)),
    ))
}

/// Inputs that are not those of the manifest.
fn changed_inputs(manifest: &Manifest, found: &[caveat_render::InputDigest]) -> Vec<String> {
    let short = |digest: &Digest| digest.to_hex().chars().take(12).collect::<String>();
    let mut faults = Vec::new();
    for made_from in &manifest.inputs {
        match found.iter().find(|input| input.path == made_from.path) {
            None => faults.push(format!("{}: not read now", made_from.path)),
            Some(now) if now.sha256 != made_from.sha256 => faults.push(format!(
                "{}: made from {}…, found {}…",
                made_from.path,
                short(&made_from.sha256),
                short(&now.sha256)
            )),
            Some(_) => {}
        }
    }
    for now in found {
        if !manifest.inputs.iter().any(|input| input.path == now.path) {
            faults.push(format!("{}: not among the inputs", now.path));
        }
    }
    faults
}

/// Works out again what counts and sizes of the annex give.
fn from_annex(edition: &Edition) -> Result<Check, Failure> {
    let annex = edition.annex()?;
    let (sample, rules) = match (sample(&annex), rules(&annex)) {
        (Some(sample), Some(rules)) if rules.fault().is_none() => (sample, rules),
        (_, rules) => return Ok(unusable(edition, rules.and_then(|rules| rules.fault()))),
    };
    let parameters = pipeline::parameters(&rules)?;
    let again = serde_json::to_value(analyse(&sample, &parameters))
        .map_err(|error| Failure::new(exit::INPUT_OUTPUT, error))?;
    let faults = FROM_COUNTS
        .iter()
        .filter(|name| again.get(**name) != annex.get(**name))
        .map(|name| format!("{name}: the annex says something else than its counts give"))
        .collect();
    Ok(check(
        "figures",
        faults,
        format!(
            "worked out again from the counts and sizes in the annex: {}; the inputs ({}) are not \
             here, so counts, words and pictures were not made again",
            FROM_COUNTS.join(", "),
            count(edition.manifest.inputs.len(), "file", "files")
        ),
        "figures of the annex do not follow from its own counts and sizes".to_owned(),
    ))
}

/// The answer where the annex does not hold what its figures follow from. Every
/// edition of this version does, so that one which does not was changed.
fn unusable(edition: &Edition, fault: Option<(String, &'static str)>) -> Check {
    let version = env!("CARGO_PKG_VERSION");
    let ours = edition.manifest.caveat_version == version;
    let missing = "its models or rules are not as caveat writes them".to_owned();
    let why = fault.map_or(missing, |(problem, _)| problem);
    Check {
        check: "figures",
        result: if ours { Answer::No } else { Answer::NotChecked },
        detail: "the annex does not hold what is needed to work its figures out again".to_owned(),
        faults: vec![why],
    }
}

fn count(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

fn rules(annex: &Value) -> Option<AnalysisRules> {
    let rules = annex.get("rules")?.get("analysis")?;
    serde_json::from_value(rules.clone()).ok()
}

/// The models of an annex as a sample: counts, vendors and the sizes that were used.
fn sample(annex: &Value) -> Option<Sample> {
    let rule: SizeRule = serde_json::from_value(annex.get("rules")?.get("size")?.clone()).ok()?;
    let models = annex.get("models")?.as_array()?.iter().map(|model| {
        let text = |name: &str| Some(model.get(name)?.as_str()?.to_owned());
        let number = |name: &str| model.get(name)?.as_f64();
        let count = |name: &str| model.get(name)?.as_u64();
        let (total, active) = (number("params_total_b"), number("params_active_b"));
        let in_scale = model.get("in_scale")?.as_bool()?;
        let used = match rule.measure {
            SizeMeasure::Total => total,
            SizeMeasure::Active => active,
        };
        Some(SampleModel {
            model: text("model")?,
            provider: text("provider")?,
            params_total_b: total,
            params_active_b: active,
            size_b: used.filter(|_| in_scale),
            params_disclosed: model.get("params_disclosed").and_then(Value::as_bool),
            params_source: text("params_source")?,
            n: count("n")?,
            succeeded: count("succeeded")?,
            not_evaluable: count("not_evaluable")?,
            prompts: None,
            graders: Vec::new(),
            parts: Vec::new(),
        })
    });
    Some(Sample {
        models: models.collect::<Option<Vec<_>>>()?,
        ..Sample::default()
    })
}

fn unsigned(edition: &Edition) -> Check {
    let signed = is_there(&edition.folder.join(SIGNATURE_FILE));
    Check {
        check: "signature",
        result: Answer::NotChecked,
        detail: match signed {
            true => {
                "the edition is signed; give `--signature --key KEY` with the key of whoever \
                     should have signed it"
            }
            false => "the edition is not signed",
        }
        .to_owned(),
        faults: Vec::new(),
    }
}

fn signature(edition: &Edition, file: Option<&Path>, key: &str) -> Result<Check, Failure> {
    let file = file.map_or_else(|| edition.folder.join(SIGNATURE_FILE), PathBuf::from);
    let public = public_key(key)?;
    let signature = SignatureBox::from_string(&read_text(&file)?).map_err(|error| {
        Failure::wrong_use(format!(
            "`{}` is no minisign signature: {error}\nhint: name the file that `caveat sign` wrote",
            shown(&file)
        ))
    })?;
    let bytes = Cursor::new(&edition.manifest_bytes);
    let faults = match minisign::verify(&public, &signature, bytes, true, false, false) {
        Ok(()) => Vec::new(),
        Err(error) => vec![error.to_string()],
    };
    Ok(check(
        "signature",
        faults,
        format!(
            "{MANIFEST_FILE} was signed with this key; the signer wrote \u{201c}{}\u{201d}",
            printable(&signature.trusted_comment().unwrap_or_default())
        ),
        format!("{MANIFEST_FILE} was not signed with this key"),
    ))
}

/// A key given as a file, or as the key itself.
fn public_key(key: &str) -> Result<PublicKey, Failure> {
    let parsed = if is_there(Path::new(key)) {
        let text = read_text(Path::new(key))?;
        PublicKeyBox::from_string(&text).and_then(PublicKeyBox::into_public_key)
    } else {
        PublicKey::from_base64(key)
    };
    parsed.map_err(|error| {
        Failure::wrong_use(format!(
            "`{}` is no minisign public key: {error}\nhint: give the file NAME.pub that `caveat \
             sign --new-key NAME` made, or the key that it printed",
            caveat_importer::text::printable(key)
        ))
    })
}
