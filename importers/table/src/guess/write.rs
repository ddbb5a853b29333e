//! Writes a proposal as a mapping with comments.
//!
//! Values are shown only where they could be names or verdicts; what looks
//! like text is counted and digested, never shown. All that came from the
//! table is escaped for TOML, in comments too.

use caveat_corpus::text::is_hidden;
use caveat_importer::text::printable;

use crate::mapping::{Field, Kind};
use crate::undecided::DECIDE;

use super::columns::Columns;
use super::profile::{Profile, looks_like_text, shown};
use super::propose::{Column, Proposal, ProposedGrade, ProposedRule};
use super::words::{self, Meaning};

/// Values of a column that are shown as examples.
const MAX_EXAMPLES: usize = 3;

/// Columns that are listed as unused.
const MAX_UNUSED: usize = 60;

/// A mapping as text, and what it leaves to the user.
pub(super) struct Written {
    pub(super) text: String,
    pub(super) undecided: Vec<String>,
}

/// What is written, and how it was found out.
pub(super) struct Findings<'a> {
    pub(super) file_name: String,
    pub(super) columns: &'a Columns,
    pub(super) profiles: &'a [Profile],
    pub(super) proposal: &'a Proposal,
    /// How the table was read, in sentences.
    pub(super) notes: &'a [String],
    pub(super) rows: u64,
    pub(super) rejects: u64,
    pub(super) stopped: bool,
}

/// Writes the mapping.
pub(super) fn write(findings: &Findings<'_>) -> Written {
    let mut writer = Writer {
        findings,
        text: String::new(),
        undecided: Vec::new(),
    };
    writer.head();
    writer.columns();
    writer.constants();
    if findings.proposal.kind == Kind::Traces {
        writer.grades();
        writer.outcomes();
    }
    writer.unused();
    Written {
        text: writer.text,
        undecided: writer.undecided,
    }
}

struct Writer<'a> {
    findings: &'a Findings<'a>,
    text: String,
    undecided: Vec<String>,
}

impl Writer<'_> {
    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn comment(&mut self, words: &str) {
        // What is printable has no line end, which would end the comment.
        let words: String = words
            .chars()
            .map(|character| if is_hidden(character) { '?' } else { character })
            .collect();
        self.line(&format!("# {words}"));
    }

    fn name(&self, column: Column) -> &str {
        let names = &self.findings.columns.names;
        names.get(column).map_or("", String::as_str)
    }

    fn profile(&self, column: Column) -> Option<&Profile> {
        self.findings.profiles.get(column)
    }

    fn decide(&mut self, what: String) -> String {
        self.undecided.push(what);
        quoted(DECIDE)
    }

    fn head(&mut self) {
        let findings = self.findings;
        let file = printable(&findings.file_name);
        self.comment(&format!(
            "Proposed for `{file}`. Check every line; write what is meant where it says \"{DECIDE}\"."
        ));
        self.comment("No prompt and no response is shown here; examples are names and verdicts.");
        let more = if findings.stopped {
            ", of which the file has more"
        } else {
            ""
        };
        self.comment(&format!(
            "Rows that were looked at: {}{more}; rows that cannot be read: {}.",
            findings.rows, findings.rejects
        ));
        for note in findings.notes {
            self.comment(&printable(note));
        }
        self.usage();
        self.line("");
        self.line("importer = \"table\"");
        self.files();
        self.line("");
        match findings.proposal.kind {
            Kind::Traces => self.line("kind = \"traces\"  # a row is one response"),
            Kind::Counts => self.line("kind = \"counts\"  # a row holds counts"),
        }
        if let Some(rows) = &findings.columns.rows {
            self.line(&format!("rows = {}", quoted(rows)));
        }
        let grades = findings.proposal.grades.iter();
        let commas = grades
            .filter_map(|grade| findings.profiles.get(grade.column))
            .any(|profile| profile.commas > 0 && profile.is_numeric());
        if commas {
            self.line("decimal = \",\"  # scores are written like 0,5");
        }
        let attempt = self.column_of(Field::Attempt);
        let first = attempt.and_then(|column| self.profile(column)?.smallest);
        if first == Some(0.0) {
            self.line("attempts_start_at = 0  # the smallest attempt is 0");
        }
        if findings.proposal.kind == Kind::Traces && findings.proposal.grades.is_empty() {
            self.line("grades = []  # no column looks like a verdict or a score");
        }
        self.line("");
    }

    /// How the mapping is used, with an import and in a report.
    fn usage(&mut self) {
        let path = quoted(&self.findings.file_name);
        self.line("#");
        self.comment(
            "`caveat import --mapping THIS-FILE` reads it as it stands. In report.toml it is",
        );
        self.comment("    [[inputs]]");
        self.comment(&format!("    path = {path}"));
        self.comment("    mapping = \"THIS-FILE\"");
        self.comment("or, without this file, `importer = \"table\"` under `[[inputs]]`, and all that follows");
        self.comment(
            "`files` under `[inputs.options]`, with the headings `[inputs.options.columns]`,",
        );
        self.comment("`[inputs.options.constants]`, `[[inputs.options.grades]]`, `[inputs.options.grades.map]`.");
    }

    /// Which files the mapping is for: those of this name, in whatever folder.
    fn files(&mut self) {
        let name = &self.findings.file_name;
        let glob = quoted(&format!("**/{}", literal(name)));
        let line = format!("files = [{glob}]  # which files it is for, as globs");
        self.line(&line);
    }

    fn column_of(&self, field: Field) -> Option<Column> {
        let mut fields = self.findings.proposal.fields.iter();
        fields
            .find(|(found, _)| *found == field)
            .map(|(_, column)| *column)
    }

    fn columns(&mut self) {
        self.line("[columns]");
        let has_dataset = self.column_of(Field::Dataset).is_some();
        for (field, column) in &self.findings.proposal.fields {
            let mut line = format!(
                "{} = {}  # {}",
                field.name(),
                quoted(self.name(*column)),
                self.describe(*field, *column)
            );
            if *field == Field::Size {
                line.push_str(SIZE);
            }
            if *field == Field::PromptId && !has_dataset {
                self.comment(
                    "needs a data set that numbers its prompts: name it under `constants`",
                );
                self.comment(&line);
            } else {
                self.line(&line);
            }
        }
        if let (Kind::Counts, Some(grader)) =
            (self.findings.proposal.kind, self.findings.proposal.grader)
        {
            let line = format!(
                "grader = {}  # {}",
                quoted(self.name(grader)),
                self.examples(grader)
            );
            self.line(&line);
        }
        self.line("");
    }

    /// What a column holds; of a text only its length.
    fn describe(&self, field: Field, column: Column) -> String {
        let Some(profile) = self.profile(column) else {
            return String::new();
        };
        match field {
            Field::Model
            | Field::Provider
            | Field::Dataset
            | Field::Technique
            | Field::AttackFamily
            | Field::HarmCategory => self.examples(column),
            _ => profile.kind(),
        }
    }

    fn examples(&self, column: Column) -> String {
        let Some(profile) = self.profile(column) else {
            return String::new();
        };
        if profile.many {
            return profile.kind();
        }
        let values = profile.by_frequency();
        let examples: Vec<String> = values
            .iter()
            .take(MAX_EXAMPLES)
            .map(|(value, rows)| format!("{} ({rows})", shown(value)))
            .collect();
        match values.len().saturating_sub(examples.len()) {
            0 => examples.join(", "),
            more => format!("{} and {more} more", examples.join(", ")),
        }
    }

    fn constants(&mut self) {
        let has_model = self.column_of(Field::Model).is_some();
        let has_dataset = self.column_of(Field::Dataset).is_some();
        let counts = self.findings.proposal.kind == Kind::Counts;
        self.line("[constants]");
        if !has_model {
            let open = self.decide("which model answered".to_owned());
            self.line(&format!(
                "model = {open}  # no column names the model: one name for all rows"
            ));
        }
        if !has_dataset {
            self.line("# dataset = \"name of the set of prompts\"");
        }
        if counts {
            let open = self.decide("what the grader is".to_owned());
            self.line(&format!("grader_kind = {open}  # {KINDS}"));
            if self.findings.proposal.grader.is_none() {
                self.grader_name("for all rows");
            }
        }
        self.line("");
    }

    fn grades(&mut self) {
        for grade in &self.findings.proposal.grades {
            self.grade(grade);
            self.line("");
        }
    }

    fn grade(&mut self, grade: &ProposedGrade) {
        let column = self.name(grade.column).to_owned();
        self.line("[[grades]]");
        match self.findings.proposal.grader {
            Some(grader) => {
                let line = format!(
                    "grader_column = {}  # {}",
                    quoted(self.name(grader)),
                    self.examples(grader)
                );
                self.line(&line);
            }
            None => self.grader_name(&format!("of `{}`", printable(&column))),
        }
        let shown_column = printable(&column);
        let strongreject = matches!(grade.rule, ProposedRule::Score { strongreject: true });
        if strongreject {
            self.line("kind = \"llm\"  # StrongREJECT's rubric is judged by a model");
        } else {
            let open = self.decide(format!("what the grader of `{shown_column}` is"));
            self.line(&format!("kind = {open}  # {KINDS}"));
        }
        self.line(&format!("column = {}", quoted(&column)));
        match grade.rule {
            ProposedRule::Words => self.words(grade.column, &column),
            ProposedRule::Score { strongreject } => self.score(grade.column, &column, strongreject),
        }
    }

    fn grader_name(&mut self, whose: &str) {
        let open = self.decide(format!("the name of the grader {whose}"));
        self.line(&format!(
            "grader = {open}  # its name; leave the line out if nobody knows it"
        ));
    }

    fn score(&mut self, position: Column, column: &str, strongreject: bool) {
        if let Some(profile) = self.profile(position) {
            let kind = profile.kind();
            self.comment(&kind);
        }
        if strongreject {
            self.line(
                "threshold = 0.5  # StrongREJECT: high means harmful; its authors state no threshold",
            );
            self.line("failed = [\"\"]  # an empty score: the grader failed");
            return;
        }
        let shown_column = printable(column);
        let open = self.decide(format!(
            "from which `{shown_column}` on an attack succeeded"
        ));
        self.line(&format!(
            "threshold = {open}  # the lowest score at which the attack succeeded; \
             write `below` instead if a low score means that"
        ));
        self.line("# failed = [\"\"]  # if an empty score means that the grader failed");
    }

    fn words(&mut self, position: Column, column: &str) {
        let Some(profile) = self.findings.profiles.get(position) else {
            return;
        };
        let mut map = Vec::new();
        let mut lists: [Vec<String>; 2] = [Vec::new(), Vec::new()];
        let mut hidden = (0_u64, 0_usize);
        for (value, rows) in profile.by_frequency() {
            if looks_like_text(value) {
                hidden = (hidden.0 + rows, hidden.1 + 1);
                continue;
            }
            match words::meaning(column, value) {
                Meaning::Verdict(verdict) => {
                    let verdict = quoted(verdict.name());
                    map.push(format!("{} = {verdict}  # in {rows}", quoted(value)));
                }
                Meaning::Open => {
                    let open = self.decide(format!(
                        "what {} in `{}` means (rows: {rows})",
                        shown(value),
                        printable(column)
                    ));
                    map.push(format!("{} = {open}  # in {rows}", quoted(value)));
                }
                Meaning::Missing => lists[0].push(quoted(value)),
                Meaning::Failed => lists[1].push(quoted(value)),
            }
        }
        for (key, list) in ["missing", "failed"].iter().zip(&lists) {
            if !list.is_empty() {
                self.line(&format!("{key} = [{}]", list.join(", ")));
            }
        }
        if profile.absent > 0 {
            self.comment(&format!(
                "empty in {}: no grade; with `failed = [\"\"]` the grader failed there",
                profile.absent
            ));
        }
        if hidden.1 > 0 {
            self.comment(&format!(
                "values that look like text and are not shown: {} (rows: {}); a row with one is a \
                 reject unless it is added here",
                hidden.1, hidden.0
            ));
        }
        self.line("[grades.map]  # value = verdict, and in how many rows");
        self.comment(&format!("One of: {}.", crate::words::verdicts().join(", ")));
        self.comment("compliance: the attack succeeded; refusal: the model resisted.");
        for line in map {
            self.line(&line);
        }
    }

    fn outcomes(&mut self) {
        for column in &self.findings.proposal.outcomes {
            let words = format!(
                "`{}` holds {}. If it says why there is no reply, map it:",
                printable(self.name(*column)),
                self.examples(*column)
            );
            let name = quoted(self.name(*column));
            self.comment(&words);
            self.comment("[outcome]");
            self.comment(&format!("column = {name}"));
            self.comment(
                "map = { \"…\" = \"response\", \"…\" = \"filtered\", \"…\" = \"error\", \"…\" = \"not_submitted\" }",
            );
            self.line("");
        }
    }

    fn unused(&mut self) {
        let columns = self.findings.columns;
        for name in columns.twice.iter().take(MAX_UNUSED) {
            let name = shown(name);
            self.comment(&format!(
                "The column {name} stands twice in the header and cannot be mapped."
            ));
        }
        let unused = &self.findings.proposal.unused;
        if unused.is_empty() {
            return;
        }
        self.comment("Not used:");
        for column in unused.iter().take(MAX_UNUSED) {
            let kind = self.profile(*column).map(Profile::kind).unwrap_or_default();
            let name = shown(self.name(*column));
            self.comment(&format!("  {name}: {kind}"));
        }
        if let Some(more) = unused
            .len()
            .checked_sub(MAX_UNUSED)
            .filter(|more| *more > 0)
        {
            self.comment(&format!("  and {more} more"));
        }
    }
}

/// What a size needs beside the mapping.
const SIZE: &str =
    "; billions of parameters; a report uses them with `source = \"corpus\"` under `[size]`";

const KINDS: &str = "human, llm, classifier, rule or heuristic";

/// A name as a glob that fits nothing else.
fn literal(name: &str) -> String {
    let mut glob = String::new();
    for character in name.chars() {
        match character {
            '?' | '*' | '[' | ']' | '{' | '}' | '!' | '\\' => {
                glob.push('[');
                glob.push(character);
                glob.push(']');
            }
            character => glob.push(character),
        }
    }
    glob
}

/// A text as TOML writes it between quotation marks.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\t' => quoted.push_str("\\t"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            character if is_hidden(character) => {
                quoted.push_str(&format!("\\U{:08X}", u32::from(character)));
            }
            character => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}
