//! `caveat plugin-check`: the conformance kit for plugins.

use std::path::{Path, PathBuf};

use caveat_importer::text::printable;
use caveat_plugin::check::{self, Finding, Kit, Outcome, Report};
use caveat_plugin::{HostLimits, Program, find_program};
use serde::Serialize;

use crate::cli::PluginCheckArguments;
use crate::exit::{self, ANSWER_NO, DONE, Failure};
use crate::importing;

/// What `--json` prints.
#[derive(Serialize)]
struct Answer<'r> {
    passed: usize,
    failed: usize,
    skipped: usize,
    #[serde(flatten)]
    report: &'r Report,
}

/// Runs the command.
pub fn run(arguments: &PluginCheckArguments) -> Result<u8, Failure> {
    let command = Command::find(&arguments.command)?;
    for sample in &arguments.sample {
        caveat_importer::file::regular(sample)?;
    }
    let kit = Kit {
        program: Program::new(command.executable.clone(), command.arguments(), Vec::new()),
        samples: arguments.sample.clone(),
        limits: HostLimits::default(),
        huge_bytes: usize::from(arguments.huge) << 20,
    };
    let mut printed = Ok(());
    let mut told = |finding: &Finding| {
        if !arguments.json && printed.is_ok() {
            printed = exit::print(&for_people(finding));
        }
    };
    let report = check::run(kit, &mut told).map_err(|cause| {
        Failure::new(
            exit::INPUT_OUTPUT,
            format!("cannot make the inputs: {cause}"),
        )
    })?;
    printed?;
    let [passed, failed, skipped] = report.counts();
    if arguments.json {
        exit::print_json(&Answer {
            passed,
            failed,
            skipped,
            report: &report,
        })?;
    } else {
        exit::print(&format!(
            "\n{passed} passed, {failed} failed, {skipped} skipped\n"
        ))?;
        if let (0, Some(name)) = (failed, &report.name) {
            exit::print(&command.configuration(name)?)?;
        }
    }
    Ok(if failed == 0 { DONE } else { ANSWER_NO })
}

fn for_people(finding: &Finding) -> String {
    let check = printable(&finding.check);
    match &finding.outcome {
        Outcome::Passed => format!("passed   {check}\n"),
        Outcome::Skipped { reason } => format!("skipped  {check}\n         {reason}\n"),
        Outcome::Failed { found } => {
            let lines: String = found
                .lines()
                .map(|line| format!("         {line}\n"))
                .collect();
            format!("failed   {check}\n{lines}")
        }
    }
}

/// A command line as plugins.toml has it.
struct Command {
    executable: PathBuf,
    /// The script, where the executable is its interpreter.
    script: Option<PathBuf>,
    rest: Vec<String>,
}

impl Command {
    /// A word without a slash is looked for in `PATH`; the file that follows it is its script.
    fn find(words: &[String]) -> Result<Self, Failure> {
        let Some((program, rest)) = words.split_first() else {
            return Err(Failure::wrong_use("no command was given"));
        };
        let here = std::env::current_dir().map_err(|cause| Failure::io(Path::new("."), &cause))?;
        let executable = find_program(Path::new(program), &here).map_err(|problem| {
            Failure::wrong_use(format!(
                "{problem}\nhint: name the program by its path, `./{}` for one in this folder",
                printable(program)
            ))
        })?;
        let is_word = Path::new(program).components().count() == 1 && !program.contains('/');
        let script = rest
            .first()
            .map(|script| here.join(script))
            .filter(|script| is_word && script.is_file());
        let skipped = usize::from(script.is_some());
        Ok(Self {
            executable,
            script,
            rest: rest.iter().skip(skipped).cloned().collect(),
        })
    }

    fn arguments(&self) -> Vec<String> {
        let script = self.script.iter().map(|path| path.display().to_string());
        script.chain(self.rest.iter().cloned()).collect()
    }

    /// What plugins.toml must say of it.
    fn configuration(&self, name: &str) -> Result<String, Failure> {
        let program = self.script.as_ref().unwrap_or(&self.executable);
        let sha256 = importing::digest(program).map_err(|cause| Failure::io(program, &cause))?;
        let quoted = |text: &str| toml::Value::from(text).to_string();
        let mut text = format!("\nin plugins.toml:\n\n[plugins.{name}]\n");
        if self.script.is_some() {
            let word = self.executable.file_name().unwrap_or_default();
            text.push_str(&format!(
                "interpreter = {}\n",
                quoted(&word.to_string_lossy())
            ));
        }
        text.push_str(&format!(
            "program = {}\n",
            quoted(&program.display().to_string())
        ));
        text.push_str(&format!("sha256 = \"{sha256}\"\n"));
        if !self.rest.is_empty() {
            let rest: Vec<String> = self.rest.iter().map(|word| quoted(word)).collect();
            text.push_str(&format!("arguments = [{}]\n", rest.join(", ")));
        }
        Ok(text)
    }
}
