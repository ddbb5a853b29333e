//! The command line, defined once: help and completions come from here.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// Turns corpora of adversarial tests of language models into documents that people act on.
///
/// Example: `caveat report reports/164` makes the edition of Report #164.
#[derive(Parser, Debug)]
#[command(version, max_term_width = 100, arg_required_else_help = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Recognise files and import them into a corpus file; prints the account.
    Import(ImportArguments),
    /// List the formats that can be imported.
    Importers {
        /// Also the plugins that this file names.
        #[arg(long, value_name = "FILE")]
        plugins: Option<PathBuf>,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Show what a corpus file holds.
    Status(StatusArguments),
    /// Compute the analysis of a report without its documents.
    Analyse(AnalyseArguments),
    /// Make the edition of a report: Markdown, PDF, annex, manifest.
    Report(ReportArguments),
    /// Make the brief of one vendor of a report, or of all: Markdown, PDF, annex, manifest.
    Brief(BriefArguments),
    /// Make the regulator's summary of a report, a form of at most six pages: Markdown, PDF, annex, manifest.
    Summary(SummaryArguments),
    /// Check an edition: its files, its figures, and with a key its signature.
    Verify(VerifyArguments),
    /// Sign an edition with a minisign key, or make a key.
    Sign(SignArguments),
    /// Show what changed between two editions, and why: data, grader, method, conclusions.
    Diff(DiffArguments),
    /// Show what a published headline implies, from its printed figures alone.
    Audit(AuditArguments),
    /// List the register of models, or the names in a corpus that it does not know.
    Models(ModelsArguments),
    /// Write the records of a corpus file in an exchange format.
    Export(ExportArguments),
    /// Explain a finding or a caveat by its code.
    Explain {
        /// Code as printed in a report, for example CAV-PROMPTS.
        code: String,
    },
    /// Try a plugin against good, empty, broken, huge and hostile inputs.
    PluginCheck(PluginCheckArguments),
    /// Print a JSON Schema: annex, brief, brief-annex, claims, document, export, manifest, plugin (the protocol of
    /// plugins), plugins (the file that names them), report, summary or summary-annex.
    Schema {
        /// Name of the schema.
        name: String,
    },
    /// Print a completion script for a shell.
    Completions {
        /// Shell.
        shell: clap_complete::Shell,
    },
}

/// Arguments of `caveat import`.
///
/// Example: `caveat import runs/ --mapping tables.toml` imports whatever the
/// tools wrote into a folder.
#[derive(Args, Debug)]
pub struct ImportArguments {
    /// Corpus file; made if it does not exist.
    #[arg(long, default_value = "corpus.caveat.db")]
    pub store: PathBuf,
    /// Format, where content does not tell it; of a folder, only files of this format.
    #[arg(long, value_name = "FORMAT")]
    pub from: Option<String>,
    /// Options of a format as a TOML file (for `table`: what the columns mean), and with
    /// `files = ["tabular/*.csv"]` the files that it is for. May be given several times.
    #[arg(long, value_name = "FILE")]
    pub mapping: Vec<PathBuf>,
    /// Plugins to use beside the built-in importers, a TOML file that names each by its path
    /// and digest (docs/plugins.md).
    #[arg(long, value_name = "FILE")]
    pub plugins: Option<PathBuf>,
    /// Refuse a source with any reject instead of importing the rest.
    #[arg(long)]
    pub strict: bool,
    /// Keep prompt and response text, in a file of its own beside the store (STORE.texts.db).
    #[arg(long)]
    pub keep_text: bool,
    /// Where every reject is written with its place and reason, one JSON object a line;
    /// STORE.rejects.jsonl unless said otherwise.
    #[arg(long, value_name = "FILE")]
    pub rejects: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
    /// Import nothing; propose a mapping for this table, with examples, to be corrected.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["paths", "from", "mapping", "strict", "keep_text", "rejects", "json"])]
    pub guess: Option<PathBuf>,
    /// Files and folders to import. Folders are walked whole, and each file is recognised by
    /// its content; what no importer knows is listed.
    #[arg(required_unless_present = "guess")]
    pub paths: Vec<PathBuf>,
}

/// Arguments of `caveat plugin-check`.
///
/// Example: `caveat plugin-check --sample good.redlog python3 redlog.py` tries a
/// plugin in Python, and prints what plugins.toml must say of it.
#[derive(Args, Debug)]
pub struct PluginCheckArguments {
    /// A good file of the plugin's format; may be given several times.
    #[arg(long, value_name = "FILE")]
    pub sample: Vec<PathBuf>,
    /// Size of the huge inputs in MiB.
    #[arg(long, value_name = "MIB", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub huge: u16,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
    /// The program and its arguments.
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    pub command: Vec<String>,
}

/// Arguments of `caveat status`.
#[derive(Args, Debug)]
pub struct StatusArguments {
    /// Corpus file.
    #[arg(long, default_value = "corpus.caveat.db")]
    pub store: PathBuf,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `caveat analyse`.
#[derive(Args, Debug)]
pub struct AnalyseArguments {
    /// Folder of the report, or its report.toml.
    pub report: PathBuf,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `caveat report`.
#[derive(Args, Debug)]
pub struct ReportArguments {
    /// Folder of the report, or its report.toml.
    pub report: PathBuf,
    /// Folder of the edition; `edition` in the report's folder unless said otherwise.
    #[arg(long, value_name = "FOLDER", conflicts_with = "check")]
    pub out: Option<PathBuf>,
    /// Make one format only.
    #[arg(long, value_name = "KIND", value_enum, conflicts_with = "check")]
    pub only: Option<Only>,
    /// Write nothing; compare with the edition that is there and exit 1 if any byte differs.
    #[arg(long)]
    pub check: bool,
    /// Also write the folder that the typst command line compiles to the same PDF.
    #[arg(long, value_name = "FOLDER", conflicts_with = "check")]
    pub typst: Option<PathBuf>,
}

/// Arguments of `caveat brief`.
///
/// Example: `caveat brief reports/164 --vendor mistralai` makes
/// `reports/164/briefs/mistralai/`. A file `replies/mistralai.md` beside
/// report.toml is printed in it as the vendor's reply.
#[derive(Args, Debug)]
pub struct BriefArguments {
    /// Folder of the report, or its report.toml.
    pub report: PathBuf,
    /// Vendor, as the data or the documents name it; may be given several times.
    #[arg(long, value_name = "VENDOR", required_unless_present = "all")]
    pub vendor: Vec<String>,
    /// Every vendor of the report, also those with too few results to be ranked.
    #[arg(long, conflicts_with = "vendor")]
    pub all: bool,
    /// Folder that holds the briefs, one folder each; `briefs` in the report's folder unless said otherwise.
    #[arg(long, value_name = "FOLDER", conflicts_with = "check")]
    pub out: Option<PathBuf>,
    /// Make one format only.
    #[arg(long, value_name = "KIND", value_enum, conflicts_with = "check")]
    pub only: Option<Only>,
    /// Write nothing; compare with the briefs that are there and exit 1 if any byte differs.
    #[arg(long)]
    pub check: bool,
    /// Also write the folder that the typst command line compiles to the same PDF; for one vendor.
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["check", "all"])]
    pub typst: Option<PathBuf>,
}

/// Arguments of `caveat summary`.
///
/// Example: `caveat summary reports/164 --lang de` makes `reports/164/summary-de/`.
/// Contact, signature, thresholds and bands come from report.toml; what it does
/// not say is printed as not recorded.
#[derive(Args, Debug)]
pub struct SummaryArguments {
    /// Folder of the report, or its report.toml.
    pub report: PathBuf,
    /// Language of the fixed texts, figures and dates.
    #[arg(long, value_name = "LANGUAGE", value_enum, default_value_t = SummaryLanguage::En)]
    pub lang: SummaryLanguage,
    /// Folder of the summary; `summary` in the report's folder unless said otherwise, with the
    /// language behind it where that is not English.
    #[arg(long, value_name = "FOLDER", conflicts_with = "check")]
    pub out: Option<PathBuf>,
    /// Make one format only.
    #[arg(long, value_name = "KIND", value_enum, conflicts_with = "check")]
    pub only: Option<Only>,
    /// Write nothing; compare with the summary that is there and exit 1 if any byte differs.
    #[arg(long)]
    pub check: bool,
    /// Also write the folder that the typst command line compiles to the same PDF.
    #[arg(long, value_name = "FOLDER", conflicts_with = "check")]
    pub typst: Option<PathBuf>,
}

/// A language of the summary.
#[derive(clap::ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum SummaryLanguage {
    /// English.
    En,
    /// German.
    De,
    /// French.
    Fr,
    /// Spanish.
    Es,
}

/// Arguments of `caveat verify`.
///
/// Example: `caveat verify reports/164/edition` recomputes the edition from the
/// report beside it, or what follows from its own annex where there is none.
#[derive(Args, Debug)]
pub struct VerifyArguments {
    /// Folder of the edition.
    pub edition: PathBuf,
    /// Folder of the report to recompute from; the folder above the edition unless said otherwise.
    #[arg(long, value_name = "REPORT")]
    pub report: Option<PathBuf>,
    /// Also check this signature; `manifest.json.minisig` in the edition if no file is named.
    #[arg(long, value_name = "FILE", num_args = 0..=1, requires = "key")]
    pub signature: Option<Option<PathBuf>>,
    /// Public key of whoever signed: a minisign key file, or the key itself.
    #[arg(long, value_name = "KEY", requires = "signature")]
    pub key: Option<String>,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `caveat sign`.
///
/// Example: `caveat sign --new-key ours` makes `ours.key` and `ours.pub`;
/// `caveat sign reports/164/edition --key ours.key` signs an edition.
#[derive(Args, Debug)]
pub struct SignArguments {
    /// Folder of the edition.
    #[arg(required_unless_present = "new_key", conflicts_with = "new_key")]
    pub edition: Option<PathBuf>,
    /// Secret key file, as minisign writes it.
    #[arg(long, value_name = "FILE", required_unless_present = "new_key")]
    pub key: Option<PathBuf>,
    /// File with the password of the key; without it the key must have none.
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
    /// Make a key pair: NAME.key, which stays secret, and NAME.pub.
    #[arg(long, value_name = "NAME", conflicts_with = "key")]
    pub new_key: Option<PathBuf>,
}

/// Arguments of `caveat diff`.
#[derive(Args, Debug)]
pub struct DiffArguments {
    /// Folder of the earlier edition.
    pub earlier: PathBuf,
    /// Folder of the later edition.
    pub later: PathBuf,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// A format to make alone.
#[derive(clap::ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Only {
    /// Markdown with its figures.
    Markdown,
    /// HTML, one file that stands alone.
    Html,
    /// PDF.
    Pdf,
}

/// Arguments of `caveat audit`.
#[derive(Args, Debug)]
pub struct AuditArguments {
    /// Printed share of variance by group, 0 to 1.
    #[arg(long)]
    pub eta2: f64,
    /// Number of models.
    #[arg(long)]
    pub models: usize,
    /// Number of groups.
    #[arg(long)]
    pub groups: usize,
    /// Printed share of variance by one numeric predictor, 0 to 1.
    #[arg(long)]
    pub r2: Option<f64>,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `caveat models`.
#[derive(Args, Debug)]
pub struct ModelsArguments {
    /// List the names of a corpus that the register cannot tie to one model.
    #[arg(long)]
    pub unknown: bool,
    /// Corpus file, for `--unknown`.
    #[arg(long, default_value = "corpus.caveat.db")]
    pub store: PathBuf,
    /// A register of its own, as a report names it; it wins over the shared one.
    #[arg(long, value_name = "FILE")]
    pub register: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `caveat export`.
///
/// Example: `caveat export --store runs.caveat.db --format parquet --out runs.parquet`
#[derive(Args, Debug)]
pub struct ExportArguments {
    /// Corpus file.
    #[arg(long, default_value = "corpus.caveat.db")]
    pub store: PathBuf,
    /// Format to write.
    #[arg(long, value_enum)]
    pub format: ExportFormat,
    /// File to write; for every-eval-ever a folder. Counts go to a second file in CSV and Parquet.
    #[arg(long, value_name = "PATH")]
    pub out: PathBuf,
    /// Also write prompts and responses, as far as `caveat import --keep-text` kept them.
    #[arg(long)]
    pub with_text: bool,
    /// When the record was made, in seconds since 1970, as every-eval-ever wants it; no clock is read.
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    pub timestamp: u64,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// A format to export.
#[derive(clap::ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportFormat {
    /// The shared evaluation schema: aggregates and instance rows.
    EveryEvalEver,
    /// Columns with types, one row for each grade.
    Parquet,
    /// One row for each grade, safe to open in a spreadsheet.
    Csv,
    /// One JSON object a line, for each trace or cell.
    Jsonl,
}
