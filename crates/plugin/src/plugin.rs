//! A plugin as an importer like any other.

use std::path::Path;

use globset::GlobSet;

use caveat_corpus::Record;
use caveat_importer::text::printable;
use caveat_importer::{
    Claim, ImportError, Importer, ImporterInfo, Limits, OptionInfo, Options, Probe, Resemblance,
    Sink, SinkClosed, Source, SourceFacts,
};

use crate::account::Seen;
use crate::fault::{Breach, Fault};
use crate::limits::HostLimits;
use crate::program::Program;
use crate::protocol::{
    Account, Answer, Capability, ClaimReply, ImportRequest, ProbeRequest, Refused, Reply,
};
use crate::session::Session;
use crate::shown::sentence;
use crate::validate::{self, Bad};

/// Most notes of one account.
const MAX_NOTES: usize = 1_000;

/// How the answer begins for a plugin that failed in `probe`.
pub(crate) const COULD_NOT_BE_ASKED: &str = "the plugin could not be asked";

/// A program that reads one format.
#[derive(Debug)]
pub struct Plugin {
    program: Program,
    limits: HostLimits,
    info: ImporterInfo,
    options: &'static [OptionInfo],
    texts: bool,
    files: Option<GlobSet>,
}

impl Plugin {
    /// Compares the digests, starts the program once, and hears what it is.
    ///
    /// The few words of its description are kept for the life of the process,
    /// as those of a built-in importer are.
    ///
    /// # Errors
    /// [`Breach`] if a digest differs or the greeting cannot be used.
    pub fn connect(program: Program, limits: HostLimits) -> Result<Self, Breach> {
        let names = Limits::default().max_name_chars;
        let (session, hello) = Session::open(&program, &limits, names, 0)?;
        session.finish()?;
        let keep = |text: String| -> &'static str { String::leak(text) };
        let versions: Vec<&'static str> = hello.format_versions.into_iter().map(keep).collect();
        let info = ImporterInfo {
            name: keep(hello.name),
            title: keep(hello.title),
            versions: Vec::leak(versions),
            claims_files: hello.capabilities.contains(&Capability::Probe),
            page: hello.page.map_or("", keep),
        };
        let options = hello.options.into_iter().map(|option| OptionInfo {
            name: keep(option.name),
            meaning: keep(option.meaning),
        });
        Ok(Self {
            options: Vec::leak(options.collect()),
            texts: hello.capabilities.contains(&Capability::Texts),
            program,
            limits,
            info,
            files: None,
        })
    }

    /// Shows the plugin only files whose names fit, so that it need not be
    /// started for every file of a large folder.
    #[must_use]
    pub fn only_files(mut self, names: GlobSet) -> Self {
        self.files = Some(names);
        self
    }

    /// What is run, for people.
    pub fn command_line(&self) -> String {
        self.program.command_line()
    }

    /// What nobody reads is a mistake of the user, who must learn of it.
    fn refuse_unknown_options(&self, options: &Options) -> Result<(), ImportError> {
        let known = |key: &String| self.options.iter().any(|option| option.name == key);
        let Some(key) = options.format.keys().find(|key| !known(key)) else {
            return Ok(());
        };
        let names: Vec<&str> = self.options.iter().map(|option| option.name).collect();
        Err(ImportError::Options {
            format: self.info.name,
            problem: format!("unknown option `{}`", printable(key)),
            hint: match names.is_empty() {
                true => "leave it out; this plugin has no options".to_owned(),
                false => format!("the options are {}", names.join(", ")),
            },
        })
    }

    fn is_shown(&self, path: &Path) -> bool {
        let name = path.file_name().map(Path::new);
        match (&self.files, name) {
            (Some(files), Some(name)) => files.is_match(name),
            _ => true,
        }
    }

    fn claim(&self, probe: &Probe<'_>) -> Result<ClaimReply, Breach> {
        let path = absolute(probe.path).map_err(|cause| Fault::Unreadable {
            path: probe.path.to_path_buf(),
            cause: cause.to_string(),
        })?;
        let names = Limits::default().max_name_chars;
        let (mut session, _) = Session::open(&self.program, &self.limits, names, 0)?;
        let request = ProbeRequest {
            path,
            size: probe.size,
        };
        match session.probe(request) {
            Ok(claim) => session.finish().map(|()| claim),
            Err(fault) => Err(session.breach(fault)),
        }
    }

    fn refuse(&self, source: &Source, breach: Breach) -> ImportError {
        ImportError::Plugin {
            path: source.path.clone(),
            plugin: self.info.name,
            hint: breach.hint(),
            found: breach.to_string(),
        }
    }

    fn refused(&self, source: &Source, refused: &Refused) -> ImportError {
        ImportError::Refused {
            path: source.path.clone(),
            format: self.info.name,
            found: sentence(&refused.reason),
            hint: sentence(&refused.hint),
        }
    }
}

impl Importer for Plugin {
    fn info(&self) -> ImporterInfo {
        self.info
    }

    fn options(&self) -> &'static [OptionInfo] {
        self.options
    }

    fn probe(&self, probe: &Probe<'_>) -> Claim {
        if !self.is_shown(probe.path) {
            return Claim::No;
        }
        match self.claim(probe) {
            Ok(claim) => as_claim(claim),
            Err(breach) => Claim::Almost(Resemblance {
                reason: format!("{COULD_NOT_BE_ASKED}: {breach}"),
                hint: breach.hint().to_owned(),
            }),
        }
    }

    fn import(
        &self,
        source: &Source,
        options: &Options,
        sink: &mut dyn Sink,
    ) -> Result<SourceFacts, ImportError> {
        self.refuse_unknown_options(options)?;
        let io = |cause| ImportError::Io {
            path: source.path.clone(),
            cause,
        };
        let size = caveat_importer::file::regular(&source.path)?.len();
        let path = absolute(&source.path).map_err(io)?;
        let limits = HostLimits {
            line_bytes: self.limits.line_bytes.min(options.limits.max_record_bytes),
            ..self.limits
        };
        let (session, hello) =
            Session::open(&self.program, &limits, options.limits.max_name_chars, size)
                .map_err(|breach| self.refuse(source, breach))?;
        if hello.name != self.info.name {
            let problem = format!("it now calls itself `{}`", hello.name);
            let breach = session.breach(Fault::Greeting { problem });
            return Err(self.refuse(source, breach));
        }
        session.ask_for(ImportRequest {
            path,
            size,
            keep_text: options.keep_text && self.texts,
            options: options.format.clone(),
        });
        let mut reading = Reading {
            session,
            sink,
            limits: &options.limits,
            keep_text: options.keep_text && self.texts,
            most_records: limits.records,
            size,
            read: 0,
            seen: Seen::default(),
        };
        match reading.all() {
            Ok(account) => {
                let finished = reading.session.finish();
                finished.map_err(|breach| self.refuse(source, breach))?;
                Ok(self.facts(account, options.keep_text))
            }
            Err(End::Fault(fault)) => {
                let breach = reading.session.breach(fault);
                Err(self.refuse(source, breach))
            }
            Err(End::Refused(refused)) => match reading.session.finish() {
                Ok(()) => Err(self.refused(source, &refused)),
                Err(breach) => Err(self.refuse(source, breach)),
            },
            Err(End::Closed(closed)) => Err(closed.into()),
        }
    }
}

impl Plugin {
    fn facts(&self, account: Account, keep_text: bool) -> SourceFacts {
        let mut notes: Vec<String> = account.notes.iter().map(|note| sentence(note)).collect();
        if keep_text && !self.texts {
            notes.push("the plugin hands over no texts; only digests were kept".to_owned());
        }
        SourceFacts {
            format_version: account.format_version.as_deref().map(sentence),
            notes,
        }
    }
}

/// An import under way.
struct Reading<'a> {
    session: Session,
    sink: &'a mut dyn Sink,
    limits: &'a Limits,
    keep_text: bool,
    most_records: u64,
    size: u64,
    read: u64,
    seen: Seen,
}

/// How an import ends without an account.
enum End {
    Fault(Fault),
    Refused(Refused),
    Closed(SinkClosed),
}

impl From<Fault> for End {
    fn from(fault: Fault) -> Self {
        End::Fault(fault)
    }
}

impl From<SinkClosed> for End {
    fn from(closed: SinkClosed) -> Self {
        End::Closed(closed)
    }
}

impl Reading<'_> {
    /// Reads up to the account, which agrees with what was seen.
    fn all(&mut self) -> Result<Account, End> {
        loop {
            let (line, reply) = self.session.next()?;
            match reply {
                Reply::Account(account) => {
                    self.seen.agree(&account)?;
                    if account.notes.len() > MAX_NOTES {
                        let problem = format!("more than {MAX_NOTES} notes");
                        return Err(Fault::Content { line, problem }.into());
                    }
                    return Ok(account);
                }
                Reply::Refused(refused) => return Err(End::Refused(refused)),
                Reply::Progress(progress) => self.progress(line, progress.bytes_read)?,
                reply => {
                    self.take(line, reply)?;
                    self.session.progressed();
                }
            }
        }
    }

    fn take(&mut self, line: u64, reply: Reply) -> Result<(), End> {
        if self.seen.records() >= self.most_records {
            let limit = self.most_records;
            return Err(Fault::Records { limit }.into());
        }
        let duplicate = |place| Fault::Duplicate { line, place };
        match reply {
            Reply::Trace(trace) => {
                let grades = trace.grades.len();
                match validate::trace(*trace, self.limits, self.keep_text) {
                    Ok(trace) => {
                        self.seen.trace(&trace).map_err(duplicate)?;
                        self.sink.record(Record::Trace(Box::new(trace)))?;
                    }
                    Err(bad) => self.turn_down(line, true, grades, bad)?,
                }
            }
            Reply::Cell(cell) => match validate::cell(*cell, self.limits) {
                Ok(cell) => {
                    self.seen.cell(&cell).map_err(duplicate)?;
                    self.sink.record(Record::Cell(Box::new(cell)))?;
                }
                Err(bad) => self.turn_down(line, false, 0, bad)?,
            },
            Reply::Reject(reject) => match validate::reject(reject, self.limits) {
                Ok(reject) => {
                    self.seen.reject(&reject).map_err(duplicate)?;
                    self.sink.reject(reject)?;
                }
                Err(bad) => self.turn_down(line, false, 0, bad)?,
            },
            // The session lets nothing else through.
            _ => {}
        }
        Ok(())
    }

    /// A record that the source made unusable, or a plugin that is wrong.
    fn turn_down(&mut self, line: u64, trace: bool, grades: usize, bad: Bad) -> Result<(), End> {
        match bad {
            Bad::Plugin(problem) => Err(Fault::Content { line, problem }.into()),
            Bad::Record(reject) => {
                self.seen.turned_down(trace, grades);
                Ok(self.sink.reject(reject)?)
            }
        }
    }

    /// Progress that is none does not count as a sign of it.
    fn progress(&mut self, line: u64, bytes_read: u64) -> Result<(), End> {
        if bytes_read > self.size || bytes_read < self.read {
            let problem = format!(
                "{bytes_read} bytes read, after {} of {}",
                self.read, self.size
            );
            return Err(Fault::Content { line, problem }.into());
        }
        if bytes_read > self.read {
            self.session.progressed();
            self.sink.progress(bytes_read);
        }
        self.read = bytes_read;
        Ok(())
    }
}

fn as_claim(claim: ClaimReply) -> Claim {
    let said = |text: Option<String>| text.as_deref().map(sentence).unwrap_or_default();
    match claim.claim {
        Answer::No => Claim::No,
        Answer::Yes => Claim::Yes {
            confidence: claim.confidence.unwrap_or(1),
            reason: said(claim.reason),
        },
        Answer::Almost => Claim::Almost(Resemblance {
            reason: said(claim.reason),
            hint: said(claim.hint),
        }),
    }
}

/// The path as the program can use it, which runs in another folder.
fn absolute(path: &Path) -> std::io::Result<std::path::PathBuf> {
    if path.to_str().is_none() {
        return Err(std::io::Error::other(
            "its name is not UTF-8, and plugins are given names in UTF-8",
        ));
    }
    std::path::absolute(path)
}
