//! A report on disk: its definition, its claims, its own register and sizes, its inputs.

use std::fs;
use std::path::{Path, PathBuf};

use caveat_corpus::register::{Register, RegisterFile};
use caveat_corpus::rule::VerdictRule;
use caveat_corpus::{Digest, Evidence};
use caveat_importer::Reject;
use caveat_importer::text::printable;
use caveat_render::InputDigest;
use caveat_report::choices::other_rule;
use caveat_report::claims::Claims;
use caveat_report::definition::{Definition, Format, Input};
use caveat_report::sizes::SizeTable;
use caveat_store::Store;

use crate::catalogue::Catalogue;
use crate::cli::Only;
use crate::exit::{self, Failure};
use crate::files;
use crate::importing::gather::{Found, OWN, gather};
use crate::importing::mapping::Mapping;
use crate::importing::sorting::{self, Sorted, Unknown, Wish};
use crate::importing::{self, Imported, Request, Watch};
use crate::pipeline::short;
use crate::progress::Progress;

/// Rejects of one source that are shown one by one.
const SHOWN_REJECTS: usize = 3;

/// Where options of a report stand, for messages.
const IN_REPORT: &str = "`[inputs.options]` in report.toml";

/// A report with everything that it names, read and checked.
pub struct Project {
    /// Folder of the report.
    pub folder: PathBuf,
    /// The definition.
    pub definition: Definition,
    /// Published claims, if there are any.
    pub claims: Claims,
    /// Register in force.
    pub register: Register,
    /// Table of sizes, if the definition names one.
    pub sizes: Option<SizeTable>,
    /// Every file that was read, for the manifest.
    pub inputs: Vec<InputDigest>,
}

impl Project {
    /// Leaves of the documents only one format, where one is asked for.
    pub fn keep_only(&mut self, only: Option<Only>) {
        if let Some(only) = only {
            self.definition.documents.formats = vec![match only {
                Only::Markdown => Format::Markdown,
                Only::Html => Format::Html,
                Only::Pdf => Format::Pdf,
            }];
        }
    }

    /// Reads the report in a folder, or at the path of its `report.toml`.
    pub fn open(path: &Path) -> Result<Self, Failure> {
        let file = if path.is_dir() {
            path.join("report.toml")
        } else {
            path.to_path_buf()
        };
        if !files::is_there(&file) {
            return Err(missing(&file));
        }
        let folder = file.parent().map_or_else(PathBuf::new, Path::to_path_buf);
        let mut inputs = Vec::new();
        let text = read_text(&file, "report.toml", &mut inputs)?;
        let definition = Definition::parse(&text, &file).map_err(Failure::wrong_use)?;
        let claims = read_claims(&folder, &mut inputs)?;
        let register = read_register(&folder, &definition, &mut inputs)?;
        let sizes = read_sizes(&folder, &definition, &mut inputs)?;
        Ok(Self {
            folder,
            definition,
            claims,
            register,
            sizes,
            inputs,
        })
    }

    /// Imports the inputs, or opens the store, and counts; where results were judged
    /// twice also by another rule for which grade counts.
    pub fn evidence(&mut self) -> Result<Counted, Failure> {
        let rule = &self.definition.verdicts.rule;
        if let Some(name) = &self.definition.store {
            let path = inside(&self.folder, name)?;
            self.inputs.push(digest_of(&path, &shown(name))?);
            return counted(&Store::open_read_only(&path)?, rule);
        }
        let requests = requests(&self.folder, &self.definition, &mut self.inputs)?;
        let mut store = Store::in_memory()?;
        let mut watch = Inputs {
            digests: &mut self.inputs,
            first_rejects: Vec::new(),
            failed: None,
        };
        importing::import_all(&mut store, &requests, &Progress::silent(), &mut watch)?;
        if let Some(failure) = watch.failed {
            return Err(failure);
        }
        counted(&store, rule)
    }
}

/// The counts of a corpus.
pub struct Counted {
    /// By the rule of the report.
    pub evidence: Evidence,
    /// By another rule, where results were judged twice.
    pub other: Option<(VerdictRule, Evidence)>,
}

fn counted(store: &Store, rule: &VerdictRule) -> Result<Counted, Failure> {
    let evidence = store.evidence(rule)?;
    let other = match other_rule(&evidence, rule) {
        Some(other) => {
            let counts = store.evidence(&other)?;
            Some((other, counts))
        }
        None => None,
    };
    Ok(Counted { evidence, other })
}

/// Says what each input is, in the order of the definition.
fn requests(
    folder: &Path,
    definition: &Definition,
    inputs: &mut Vec<InputDigest>,
) -> Result<Vec<Request>, Failure> {
    let catalogue = match &definition.plugins {
        None => Catalogue::builtin(),
        Some(name) => {
            let path = inside(folder, name)?;
            inputs.push(digest_of(&path, &shown(name))?);
            Catalogue::with_plugins(Some(&path))?
        }
    };
    let mut requests = Vec::with_capacity(definition.inputs.len());
    for input in &definition.inputs {
        if folder.join(&input.path).is_dir() {
            requests.extend(sources_of(&catalogue, folder, input, definition, inputs)?);
        } else {
            requests.push(request(&catalogue, folder, input, inputs)?);
        }
    }
    Ok(requests)
}

/// The sources in a folder, as `caveat import` finds them there.
fn sources_of(
    catalogue: &Catalogue,
    folder: &Path,
    input: &Input,
    definition: &Definition,
    inputs: &mut Vec<InputDigest>,
) -> Result<Vec<Request>, Failure> {
    let name = printable(&shown(&input.path));
    if input.importer.is_none() && !input.options.is_empty() {
        return Err(Failure::wrong_use(format!(
            "`{name}` under `[[inputs]]` is a folder, and its `options` do not say which importer \
             they are for\nhint: add `importer`, or put the options in a mapping file with `files`"
        )));
    }
    let mapping = input
        .mapping
        .as_deref()
        .map(|name| mapping(folder, name, inputs))
        .transpose()?;
    let from = input.importer.as_deref();
    let wish = Wish {
        from: from.map(|name| catalogue.by_name(name)).transpose()?,
        mappings: mapping.into_iter().collect(),
        ..Wish::default()
    };
    let mut gathered = gather(&[folder.join(&input.path)], &own_files(folder, definition));
    gathered.strange.retain(|strange| strange.reason != OWN);
    let mut requests = Vec::new();
    let mut unknown_files = 0_usize;
    let mut stores = Vec::new();
    for sorted in sorting::sort(catalogue, &wish, gathered)? {
        match sorted {
            Sorted::Source(request) => requests.push(*request),
            Sorted::Unknown(file) if file.almost.is_empty() => {
                unknown_files += 1;
                stores.extend(file.is_store.then_some(file));
            }
            Sorted::Unknown(file) => return Err(unknown(&file)),
            Sorted::Refused { failure, .. } => return Err(failure),
        }
    }
    if let (true, Some(store)) = (requests.is_empty(), stores.first()) {
        let from_report = Path::new(&store.path).strip_prefix(folder);
        return Err(store_as_input(
            &from_report.map_or(store.path.clone(), shown),
        ));
    }
    if requests.is_empty() {
        return Err(Failure::new(
            exit::REFUSED,
            format!(
                "no importer recognises any file in the folder `{name}`, which the report names \
                 under `[[inputs]]`\nhint: `caveat importers` lists the formats; a table needs \
                 `mapping = \"FILE\"` with `files` in it, a format of your own a plugin \
                 (`plugins = \"plugins.toml\"`)"
            ),
        ));
    }
    if unknown_files > 0 {
        exit::note(&match unknown_files {
            1 => format!("1 file in `{name}` is of no known format and was left alone"),
            files => format!(
                "{files} files in `{name}` are of no known format and were left alone\nhint: \
                 `caveat import` of the folder lists them"
            ),
        });
    }
    for request in &mut requests {
        if !input.options.is_empty() {
            request.with_options(input.options.clone());
            request.options_from = Some(IN_REPORT.to_owned());
        }
        show_from_report(request, folder);
    }
    Ok(requests)
}

/// What the report itself is made of; no source of it.
fn own_files(folder: &Path, definition: &Definition) -> Vec<PathBuf> {
    let mappings = definition.inputs.iter().flat_map(|input| &input.mapping);
    let named = mappings
        .chain(&definition.plugins)
        .chain(&definition.register)
        .map(PathBuf::as_path);
    let sizes = definition.size.source.strip_prefix("table:").map(Path::new);
    let always = ["report.toml", "claims.toml"].map(Path::new);
    let all = always.into_iter().chain(named).chain(sizes);
    all.map(|name| folder.join(name)).collect()
}

/// Paths as they stand in the definition, and not from where the call was made.
fn show_from_report(request: &mut Request, folder: &Path) {
    let from_report = |path: &Path| shown(path.strip_prefix(folder).unwrap_or(path));
    request.shown = from_report(&request.path);
    for companion in &mut request.companions {
        companion.shown = from_report(&companion.path);
    }
}

fn request(
    catalogue: &Catalogue,
    folder: &Path,
    input: &Input,
    inputs: &mut Vec<InputDigest>,
) -> Result<Request, Failure> {
    let path = inside(folder, &input.path)?;
    let mapping = input
        .mapping
        .as_deref()
        .map(|name| mapping(folder, name, inputs))
        .transpose()?;
    let of_mapping = mapping
        .as_ref()
        .filter(|mapping| mapping.importer.is_some() || mapping.names_files())
        .map(Mapping::importer_of_files);
    let named = input.importer.as_deref().or(of_mapping);
    let wish = Wish {
        from: named.map(|name| catalogue.by_name(name)).transpose()?,
        ..Wish::default()
    };
    let file = Found {
        canonical: path.canonicalize().ok(),
        relative: input.path.clone(),
        shown: shown(&input.path),
        named: true,
        path,
    };
    match sorting::look_at(catalogue, &wish, &file, None) {
        Sorted::Source(mut request) => {
            request.mapping = mapping.as_ref().map(Mapping::note);
            request.options_from = match &mapping {
                Some(mapping) => Some(mapping.place()),
                None if input.options.is_empty() => None,
                None => Some(IN_REPORT.to_owned()),
            };
            let options = mapping.map_or_else(|| input.options.clone(), |mapping| mapping.options);
            request.with_options(options);
            show_from_report(&mut request, folder);
            Ok(*request)
        }
        Sorted::Unknown(file) if file.is_store => Err(store_as_input(&file.path)),
        Sorted::Unknown(unknown_file) => Err(unknown(&unknown_file)),
        Sorted::Refused { failure, .. } => Err(failure),
    }
}

/// The failure for a corpus file that stands among the inputs: it is read as it is.
fn store_as_input(path: &str) -> Failure {
    let name = printable(path);
    Failure::wrong_use(format!(
        "`{name}` under `[[inputs]]` is a corpus file that `caveat import` made, and no file to \
         import\nhint: write `store = \"{name}\"` at the top of report.toml, before any line \
         with `[`, and take `[[inputs]]` out"
    ))
}

/// A mapping file of the report, which is an input like the corpora.
fn mapping(folder: &Path, name: &Path, inputs: &mut Vec<InputDigest>) -> Result<Mapping, Failure> {
    let mut mapping = Mapping::read(&inside(folder, name)?)?;
    mapping.shown = shown(name);
    let digest = InputDigest {
        path: mapping.shown.clone(),
        bytes: mapping.bytes,
        sha256: mapping.digest,
    };
    // Several inputs may share one.
    if !inputs.iter().any(|input| input.path == digest.path) {
        inputs.push(digest);
    }
    Ok(mapping)
}

/// Keeps the digests of what was read; the first refusal ends the report.
struct Inputs<'i> {
    digests: &'i mut Vec<InputDigest>,
    /// The first rejects of the source that is being read.
    first_rejects: Vec<String>,
    failed: Option<Failure>,
}

impl Watch for Inputs<'_> {
    fn rejected(&mut self, request: &Request, _: Digest, reject: &Reject) {
        if self.first_rejects.len() < SHOWN_REJECTS {
            let reject = Reject {
                location: reject.location.clone(),
                reason: short(&reject.reason),
            };
            let shown = importing::shown(&request.shown, &reject);
            self.first_rejects.push(shown);
        }
    }

    fn done(&mut self, request: &Request, outcome: Result<Imported, Failure>) {
        let first_rejects = std::mem::take(&mut self.first_rejects);
        let result = outcome.and_then(|imported| {
            if imported.account.rejected > 0 {
                exit::note(&rejects(request, &imported, &first_rejects));
            }
            self.add(&request.path, &imported.path, imported.digest)?;
            for (file, companion) in request.companions.iter().zip(&imported.companions) {
                self.add(&file.path, &companion.path, companion.digest)?;
            }
            Ok(())
        });
        if let Err(failure) = result {
            self.failed.get_or_insert(failure);
        }
    }
}

/// What is left out of a source: the first rejects, and how to see all of them.
fn rejects(request: &Request, imported: &Imported, first: &[String]) -> String {
    let rejected = imported.account.rejected;
    let path = printable(&imported.path);
    let mut text = format!(
        "warning: {rejected} of {} records of `{path}` cannot be used and are left out",
        imported.account.read
    );
    for reject in first {
        text.push('\n');
        text.push_str(reject);
    }
    let shown = u64::try_from(first.len()).unwrap_or(u64::MAX);
    if rejected > shown {
        text.push_str(&format!("\n  … and {} more", rejected - shown));
    }
    let how = match &request.options_from {
        None => String::new(),
        Some(place) if place == IN_REPORT => {
            " with `--mapping FILE`, a file with the keys of `[inputs.options]`,".to_owned()
        }
        Some(place) => format!(" with {place} as `--mapping`"),
    };
    text.push_str(&format!(
        "\nhint: annex.json counts all by reason (`rejects_by_reason`); `caveat import` of the \
         file{how} writes each with its place"
    ));
    text
}

impl Inputs<'_> {
    fn add(&mut self, file: &Path, shown: &str, sha256: Digest) -> Result<(), Failure> {
        let bytes = fs::metadata(file)
            .map_err(|error| Failure::io(file, &error))?
            .len();
        let digest = InputDigest {
            path: shown.to_owned(),
            bytes,
            sha256,
        };
        // Two inputs may be read together with the same file.
        if !self
            .digests
            .iter()
            .any(|known| known.path == digest.path && known.sha256 == digest.sha256)
        {
            self.digests.push(digest);
        }
        Ok(())
    }
}

/// The failure for a file that no importer claims.
pub fn unknown(unknown: &Unknown) -> Failure {
    let mut message = format!("no importer recognises `{}`", printable(&unknown.path));
    for reason in &unknown.reasons {
        message.push_str(&format!("\n  {}", printable(reason)));
    }
    match unknown.almost.first() {
        None if unknown.is_store => message.push_str(
            "\nhint: it holds what was imported; `caveat status --store FILE` shows that, and a \
             report reads it with `store = \"FILE\"` at the top of report.toml",
        ),
        Some(found) => message.push_str(&format!("\nhint: {}", printable(&found.hint))),
        None => message.push_str(
            "\nhint: `caveat importers` lists the formats; name one with `--from FORMAT`, or in \
             report.toml with `importer = \"table\"` under `[[inputs]]`; `caveat import --guess FILE` \
             proposes a mapping for a table",
        ),
    }
    Failure::new(exit::REFUSED, message)
}

fn read_claims(folder: &Path, inputs: &mut Vec<InputDigest>) -> Result<Claims, Failure> {
    let path = folder.join("claims.toml");
    if !files::is_there(&path) {
        return Ok(Claims::default());
    }
    let text = read_text(&path, "claims.toml", inputs)?;
    Claims::parse(&text, &path).map_err(Failure::wrong_use)
}

fn read_register(
    folder: &Path,
    definition: &Definition,
    inputs: &mut Vec<InputDigest>,
) -> Result<Register, Failure> {
    let builtin = Register::builtin().map_err(|error| Failure::new(exit::INPUT_OUTPUT, error))?;
    let Some(name) = &definition.register else {
        return Ok(builtin.clone());
    };
    let text = read_text(&inside(folder, name)?, &shown(name), inputs)?;
    let unusable = |error| Failure::wrong_use(format!("cannot use `{}`: {error}", shown(name)));
    let above = RegisterFile::parse(&text).map_err(unusable)?;
    builtin.overlay(above).map_err(unusable)
}

fn read_sizes(
    folder: &Path,
    definition: &Definition,
    inputs: &mut Vec<InputDigest>,
) -> Result<Option<SizeTable>, Failure> {
    let Some(name) = definition.size.source.strip_prefix("table:") else {
        return Ok(None);
    };
    let path = inside(folder, Path::new(name))?;
    let text = read_text(&path, name, inputs)?;
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(text.as_bytes());
    let rows: Vec<csv::StringRecord> =
        reader
            .records()
            .collect::<Result<_, _>>()
            .map_err(|error| {
                Failure::wrong_use(format!(
                    "cannot use `{}`: {error}\nhint: a table of sizes is CSV with a header, one \
                     row per model",
                    printable(name)
                ))
            })?;
    let header: Vec<&str> = rows
        .first()
        .map(|row| row.iter().collect())
        .unwrap_or_default();
    let body = rows.iter().skip(1).map(|row| row.iter().collect());
    SizeTable::from_rows(&header, body, &path)
        .map(Some)
        .map_err(Failure::wrong_use)
}

/// A path of a definition, relative to the report. It may point anywhere the
/// author may read, but not at nothing.
fn inside(folder: &Path, name: &Path) -> Result<PathBuf, Failure> {
    let path = folder.join(name);
    if path.is_file() {
        return Ok(path);
    }
    let found = match fs::metadata(&path) {
        Ok(metadata) => caveat_importer::file::kind(metadata.file_type()),
        Err(_) => "no such file",
    };
    Err(Failure::new(
        exit::REFUSED,
        format!(
            "the report names `{}`, and there is {found}\nhint: paths are relative to the \
             folder of report.toml, here `{}`",
            printable(&shown(name)),
            printable(&folder.display().to_string())
        ),
    ))
}

fn read_text(path: &Path, name: &str, inputs: &mut Vec<InputDigest>) -> Result<String, Failure> {
    let text = files::read_text(path)?;
    inputs.push(InputDigest {
        path: name.to_owned(),
        bytes: u64::try_from(text.len()).unwrap_or(u64::MAX),
        sha256: caveat_corpus::Digest::of(text.as_bytes()),
    });
    Ok(text)
}

fn missing(path: &Path) -> Failure {
    Failure::wrong_use(format!(
        "there is no report at `{}`\nhint: give the folder that holds report.toml, for example \
         `reports/164`",
        files::shown(path)
    ))
}

fn digest_of(path: &Path, name: &str) -> Result<InputDigest, Failure> {
    let sha256 = importing::digest(path).map_err(|error| Failure::io(path, &error))?;
    let bytes = fs::metadata(path)
        .map_err(|error| Failure::io(path, &error))?
        .len();
    Ok(InputDigest {
        path: name.to_owned(),
        bytes,
        sha256,
    })
}

/// A path with forward slashes, as it stands in documents on every system.
fn shown(path: &Path) -> String {
    path.to_string_lossy().replace('\\', "/")
}
