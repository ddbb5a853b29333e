//! Vendor briefs from a computed report: figures once for all, then one brief a vendor.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use caveat_analysis::detail::{OnPrompts, on_prompts, provider_detail};
use caveat_corpus::Digest;
use caveat_render::brief::brief_annex_json;
use caveat_render::{EditionOptions, InputDigest, brief_edition};
use caveat_report::brief::reply::Reply;
use caveat_report::brief::{BriefInput, Composed, compose};
use caveat_report::composition::{Composition, Facts};

use crate::exit::{self, Failure};
use crate::files::shown;
use crate::pipeline::Computed;

/// Folder of the vendors' replies beside report.toml.
const REPLIES: &str = "replies";

/// Longest reply that is printed: some ten pages. Whoever has more to say can
/// name a place where it stands.
const MAX_REPLY_BYTES: u64 = 64 << 10;

/// What all briefs of a report share.
pub struct Briefs<'a> {
    computed: &'a Computed,
    facts: Facts<'a>,
    on: OnPrompts,
    pairs: usize,
}

/// One brief as files, with the answer that it opens with.
pub struct BriefFiles {
    /// Files by name.
    pub files: BTreeMap<String, Vec<u8>>,
    /// The answer in words.
    pub answer: String,
    /// Files that it was made from, the reply among them.
    pub inputs: Vec<InputDigest>,
}

impl<'a> Briefs<'a> {
    /// Works out what all vendors share: their prompts, pair by pair.
    pub fn new(computed: &'a Computed, composition: &'a Composition<'a>) -> Self {
        let analysis = composition.analysis;
        let ranked: Vec<&str> = analysis
            .providers
            .iter()
            .filter(|provider| provider.ranked)
            .map(|provider| provider.provider.as_str())
            .collect();
        Self {
            computed,
            facts: Facts::new(composition),
            on: on_prompts(
                &computed.selection.sample,
                &ranked,
                computed.parameters.level,
            ),
            pairs: analysis.comparisons.len(),
        }
    }

    /// Every vendor, as the data name them, lowest rate first.
    pub fn vendors(&self) -> Vec<String> {
        let providers = self.facts.analysis().providers.iter();
        providers
            .map(|provider| provider.provider.clone())
            .collect()
    }

    /// The vendor that a user names: as the data or as the documents do, in any case.
    ///
    /// # Errors
    /// [`Failure`] with the names there are, if there is none or more than one.
    pub fn find(&self, name: &str) -> Result<String, Failure> {
        let vendors = self.vendors();
        if let Some(exact) = vendors.iter().find(|vendor| *vendor == name) {
            return Ok(exact.clone());
        }
        let same = |other: &str| other.to_lowercase() == name.trim().to_lowercase();
        let found: Vec<&String> = vendors
            .iter()
            .filter(|vendor| same(vendor) || same(&self.facts.vendor(vendor)))
            .collect();
        if let [one] = found.as_slice() {
            return Ok((*one).clone());
        }
        let named: Vec<String> = vendors
            .iter()
            .map(|vendor| caveat_importer::text::printable(vendor))
            .collect();
        Err(Failure::wrong_use(format!(
            "{} vendor `{}` in this report\nhint: name one of {}",
            if found.is_empty() {
                "there is no"
            } else {
                "more than one"
            },
            caveat_importer::text::printable(name),
            named.join(", ")
        )))
    }

    /// Composes the brief of a vendor; `inputs` takes the reply, if there is one.
    fn compose(
        &self,
        vendor: &str,
        folder: &Path,
    ) -> Result<(Composed, Vec<InputDigest>), Failure> {
        let reply = read_reply(folder, vendor)?;
        let mut inputs = self.computed.inputs.clone();
        inputs.extend(reply.as_ref().map(|(_, digest)| digest.clone()));
        let detail = provider_detail(
            &self.computed.selection.sample,
            vendor,
            &self.on,
            self.pairs,
            self.computed.parameters.level,
        );
        let input = BriefInput {
            detail: &detail,
            reply: reply.as_ref().map(|(reply, _)| reply),
            report: &self.computed.annex.report,
            rules: &self.computed.annex.rules,
        };
        let composed = compose(&self.facts, &input).ok_or_else(|| {
            Failure::wrong_use(format!(
                "there is no vendor `{}` in this report",
                caveat_importer::text::printable(vendor)
            ))
        })?;
        Ok((composed, inputs))
    }

    /// Makes the files of a vendor's brief.
    ///
    /// # Errors
    /// [`Failure`] if its reply cannot be read or the brief not be laid out.
    pub fn files(&self, vendor: &str, folder: &Path) -> Result<BriefFiles, Failure> {
        let (composed, inputs) = self.compose(vendor, folder)?;
        let documents = &self.computed.definition.documents;
        let options = EditionOptions {
            formats: documents.formats.clone(),
            paper: documents.paper,
        };
        let files = brief_edition(&composed.brief, &composed.annex, &inputs, &options)
            .map_err(|error| Failure::new(exit::INPUT_OUTPUT, error))?;
        Ok(BriefFiles {
            files: files.0,
            answer: caveat_report::words::text_of(&composed.brief.first_page.answer),
            inputs,
        })
    }

    /// The folder that the typst command line compiles to the same PDF.
    ///
    /// # Errors
    /// As [`Briefs::files`].
    pub fn typst_folder(
        &self,
        vendor: &str,
        folder: &Path,
    ) -> Result<BTreeMap<String, Vec<u8>>, Failure> {
        let (composed, _) = self.compose(vendor, folder)?;
        let fail = |error| Failure::new(exit::INPUT_OUTPUT, error);
        let annex = brief_annex_json(&composed.annex).map_err(fail)?;
        let files = caveat_render::typst_folder(&composed.brief, &annex).map_err(fail)?;
        let named = |(path, bytes): (std::path::PathBuf, Vec<u8>)| {
            (path.to_string_lossy().replace('\\', "/"), bytes)
        };
        Ok(files.into_iter().map(named).collect())
    }
}

/// The name of a vendor's folder and, with `.md`, of its reply.
pub fn folder_name(vendor: &str) -> String {
    caveat_render::escape::file_name(vendor)
}

/// Reads `replies/VENDOR.md`, if it is there.
fn read_reply(folder: &Path, vendor: &str) -> Result<Option<(Reply, InputDigest)>, Failure> {
    let name = format!("{REPLIES}/{}.md", folder_name(vendor));
    let path = folder.join(&name);
    // Not followed: a link in a report from elsewhere would print any file of this machine.
    let metadata = match fs::symlink_metadata(&path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Failure::io(&path, &error)),
    };
    if !metadata.is_file() || metadata.len() > MAX_REPLY_BYTES {
        return Err(Failure::new(
            exit::REFUSED,
            format!(
                "`{}` is no file, or has more than {MAX_REPLY_BYTES} bytes\nhint: a reply is \
                 printed in full; ask the vendor for a shorter one, or for a place to refer to",
                shown(&path)
            ),
        ));
    }
    let bytes = fs::read(&path).map_err(|error| Failure::io(&path, &error))?;
    let text = String::from_utf8(bytes).map_err(|error| {
        Failure::new(
            exit::REFUSED,
            format!(
                "`{}` is not UTF-8 at byte {}\nhint: save it as UTF-8",
                shown(&path),
                error.utf8_error().valid_up_to()
            ),
        )
    })?;
    let digest = InputDigest {
        path: name.clone(),
        bytes: u64::try_from(text.len()).unwrap_or(u64::MAX),
        sha256: Digest::of(text.as_bytes()),
    };
    let reply = Reply::parse(&text, &name, &digest.sha256.to_hex());
    Ok(Some((reply, digest)))
}
