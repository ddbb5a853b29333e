//! Texts and combinations of texts that recur, kept once.
//!
//! The caches are bounded: a source of a million different names is read
//! slowly, not stored in memory.

use std::collections::HashMap;
use std::hash::Hash;

use caveat_corpus::{GraderKind, ModelName, PromptKey};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, OptionalExtension as _, Statement, ToSql, params_from_iter};

use crate::codes::kind_code;
use crate::error::Fault;

/// Most entries of one cache; some 30 MB of prompt keys.
const MAX_CACHED: usize = 1 << 18;

/// Longest text that is cached; longer ones are looked up each time.
const MAX_CACHED_BYTES: usize = 256;

/// A combination of texts by their ids, as the tables hold it.
type Key = [Option<i64>; 4];

/// Gives ids to what recurs, within one transaction.
pub(crate) struct Interner<'s> {
    strings: Table<'s, String>,
    models: Table<'s, Key>,
    labels: Table<'s, Key>,
    graders: Table<'s, Key>,
    prompts: Table<'s, PromptKey>,
}

/// One table with its cache and its two statements.
struct Table<'s, K> {
    cache: HashMap<K, i64>,
    find: Statement<'s>,
    add: Statement<'s>,
}

impl<'s, K: Eq + Hash> Table<'s, K> {
    fn new(connection: &'s Connection, find: &str, add: &str) -> Result<Self, Fault> {
        Ok(Self {
            cache: HashMap::new(),
            find: connection.prepare(find)?,
            add: connection.prepare(add)?,
        })
    }

    fn look_up(&mut self, values: &[&dyn ToSql]) -> Result<i64, Fault> {
        let found = self.find.query_row(values, |row| row.get(0)).optional()?;
        match found {
            Some(id) => Ok(id),
            None => Ok(self.add.insert(values)?),
        }
    }

    fn remember(&mut self, key: K, id: i64) -> i64 {
        if self.cache.len() >= MAX_CACHED {
            self.cache.clear();
        }
        self.cache.insert(key, id);
        id
    }
}

impl Table<'_, Key> {
    fn id(&mut self, key: Key, width: usize) -> Result<i64, Fault> {
        if let Some(&id) = self.cache.get(&key) {
            return Ok(id);
        }
        let values = || params_from_iter(key.iter().take(width));
        let found = self.find.query_row(values(), |row| row.get(0)).optional()?;
        let id = match found {
            Some(id) => id,
            None => self.add.insert(values())?,
        };
        Ok(self.remember(key, id))
    }
}

impl<'s> Interner<'s> {
    pub(crate) fn new(connection: &'s Connection) -> Result<Self, Fault> {
        Ok(Self {
            strings: Table::new(
                connection,
                "SELECT id FROM strings WHERE text = ?1",
                "INSERT INTO strings(text) VALUES (?1)",
            )?,
            models: Table::new(
                connection,
                "SELECT id FROM models WHERE name IS ?1 AND provider IS ?2 AND coded_size IS ?3",
                "INSERT INTO models(name, provider, coded_size) VALUES (?1, ?2, ?3)",
            )?,
            labels: Table::new(
                connection,
                "SELECT id FROM labels WHERE dataset IS ?1 AND technique IS ?2
                   AND attack_family IS ?3 AND harm_category IS ?4",
                "INSERT INTO labels(dataset, technique, attack_family, harm_category)
                   VALUES (?1, ?2, ?3, ?4)",
            )?,
            graders: Table::new(
                connection,
                "SELECT id FROM graders WHERE name IS ?1 AND kind IS ?2",
                "INSERT INTO graders(name, kind) VALUES (?1, ?2)",
            )?,
            prompts: Table::new(
                connection,
                "SELECT id FROM prompts WHERE key = ?1",
                "INSERT INTO prompts(key) VALUES (?1)",
            )?,
        })
    }

    pub(crate) fn string(&mut self, text: &str) -> Result<i64, Fault> {
        if let Some(&id) = self.strings.cache.get(text) {
            return Ok(id);
        }
        let id = self.strings.look_up(&[&text])?;
        if text.len() <= MAX_CACHED_BYTES {
            self.strings.remember(text.to_owned(), id);
        }
        Ok(id)
    }

    pub(crate) fn optional(&mut self, text: Option<&str>) -> Result<Option<i64>, Fault> {
        text.map(|text| self.string(text)).transpose()
    }

    pub(crate) fn model(&mut self, model: &ModelName) -> Result<i64, Fault> {
        let key = [
            Some(self.string(&model.name)?),
            self.optional(model.provider.as_deref())?,
            self.optional(model.coded_size.as_deref())?,
            None,
        ];
        self.models.id(key, 3)
    }

    /// Data set, technique, attack family and harm category.
    pub(crate) fn labels(&mut self, texts: [Option<&str>; 4]) -> Result<i64, Fault> {
        let mut key = [None; 4];
        for (slot, text) in key.iter_mut().zip(texts) {
            *slot = self.optional(text)?;
        }
        self.labels.id(key, 4)
    }

    pub(crate) fn grader(&mut self, name: Option<&str>, kind: GraderKind) -> Result<i64, Fault> {
        let key = [self.optional(name)?, Some(kind_code(kind)), None, None];
        self.graders.id(key, 2)
    }

    pub(crate) fn prompt(&mut self, key: &PromptKey) -> Result<i64, Fault> {
        if let Some(&id) = self.prompts.cache.get(key) {
            return Ok(id);
        }
        let id = self.prompts.look_up(&[&StoredKey::of(key)])?;
        Ok(self.prompts.remember(key.clone(), id))
    }
}

/// A prompt key as the file holds it: 32 bytes for a digest, otherwise the text.
enum StoredKey<'k> {
    Id(String),
    Digest(&'k [u8]),
}

impl<'k> StoredKey<'k> {
    fn of(key: &'k PromptKey) -> Self {
        match key {
            PromptKey::Text(digest) => StoredKey::Digest(digest.as_bytes()),
            PromptKey::Id { .. } => StoredKey::Id(key.as_text()),
        }
    }
}

impl ToSql for StoredKey<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            StoredKey::Id(text) => ValueRef::Text(text.as_bytes()),
            StoredKey::Digest(bytes) => ValueRef::Blob(bytes),
        }))
    }
}
