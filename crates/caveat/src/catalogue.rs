//! The importers of one call, each with where it comes from.
//!
//! Those that ship with caveat are always there; a configuration may add
//! programs. Names are unique: what is added may not take the name of another.

use std::path::Path;

use caveat_importer::Importer;
use caveat_importer::text::printable;
use caveat_plugin::Configuration;
use serde::Serialize;

use crate::builtin;
use crate::exit::Failure;

/// Where an importer comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Origin {
    /// Part of caveat.
    BuiltIn,
    /// A program of its own.
    Plugin {
        /// The program.
        command: String,
    },
}

/// One importer.
#[derive(Clone)]
pub struct Entry {
    /// The importer.
    pub importer: &'static dyn Importer,
    /// Where it comes from.
    pub origin: Origin,
}

/// Every importer of a call, in order of name.
#[derive(Clone)]
pub struct Catalogue {
    entries: Vec<Entry>,
}

impl Catalogue {
    /// The importers that ship with caveat.
    pub fn builtin() -> Self {
        let entry = |importer| Entry {
            importer,
            origin: Origin::BuiltIn,
        };
        let mut catalogue = Self {
            entries: builtin::importers().into_iter().map(entry).collect(),
        };
        catalogue.sort();
        catalogue
    }

    /// The importers that ship with caveat, and the plugins that a file names.
    ///
    /// The plugins stay until the process ends, as the built-in importers do.
    ///
    /// # Errors
    /// [`Failure`] if the file or one of its plugins cannot be used.
    pub fn with_plugins(file: Option<&Path>) -> Result<Self, Failure> {
        let mut catalogue = Self::builtin();
        let Some(file) = file else {
            return Ok(catalogue);
        };
        for plugin in Configuration::read(file)?.connect()? {
            let command = plugin.command_line();
            catalogue.add(Entry {
                importer: Box::leak(Box::new(plugin)),
                origin: Origin::Plugin { command },
            })?;
        }
        Ok(catalogue)
    }

    /// Adds an importer.
    ///
    /// # Errors
    /// [`Failure`] if there is one of this name already.
    pub fn add(&mut self, entry: Entry) -> Result<(), Failure> {
        let name = entry.importer.info().name;
        if self.entries.iter().any(|e| e.importer.info().name == name) {
            return Err(Failure::wrong_use(format!(
                "there are two importers `{}`\nhint: give the plugin another name",
                printable(name)
            )));
        }
        self.entries.push(entry);
        self.sort();
        Ok(())
    }

    fn sort(&mut self) {
        self.entries
            .sort_by(|one, other| one.importer.info().name.cmp(other.importer.info().name));
    }

    /// All of them.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The importers alone.
    pub fn importers(&self) -> Vec<&'static dyn Importer> {
        self.entries.iter().map(|entry| entry.importer).collect()
    }

    /// The importer of this name.
    ///
    /// # Errors
    /// [`Failure`] that lists the names there are.
    pub fn by_name(&self, name: &str) -> Result<&'static dyn Importer, Failure> {
        let found = self
            .entries
            .iter()
            .find(|entry| entry.importer.info().name == name);
        found.map(|entry| entry.importer).ok_or_else(|| {
            let known: Vec<&str> = self
                .entries
                .iter()
                .map(|entry| entry.importer.info().name)
                .collect();
            Failure::wrong_use(format!(
                "there is no importer `{}`\nhint: the formats are {}",
                printable(name),
                known.join(", ")
            ))
        })
    }
}
