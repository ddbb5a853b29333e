//! What the tests share: databases made by hand, and imports of files.
#![allow(dead_code, clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use caveat_corpus::{Record, Trace};
use caveat_import_pyrit::Pyrit;
use caveat_importer::{
    Collector, ImportError, Importer as _, Options, Reject, Source, SourceFacts,
};
use rusqlite::Connection;

/// What an import gave.
pub(crate) struct Imported {
    pub(crate) facts: SourceFacts,
    pub(crate) traces: Vec<Trace>,
    pub(crate) rejects: Vec<Reject>,
}

pub(crate) fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(name)
}

pub(crate) fn try_import(path: &Path, options: &Options) -> Result<Imported, ImportError> {
    let mut collector = Collector::default();
    let facts = Pyrit.import(&Source::new(path), options, &mut collector)?;
    let traces = collector.records.into_iter().map(|record| match record {
        Record::Trace(trace) => *trace,
        Record::Cell(_) => panic!("this importer emits no cells"),
    });
    Ok(Imported {
        facts,
        traces: traces.collect(),
        rejects: collector.rejects,
    })
}

pub(crate) fn import(path: &Path) -> Imported {
    try_import(path, &Options::default()).unwrap()
}

/// Imports without a reject.
pub(crate) fn clean(path: &Path) -> Imported {
    let imported = import(path);
    assert_eq!(imported.rejects, []);
    imported
}

impl Imported {
    pub(crate) fn trace(&self, id: &str) -> &Trace {
        let found = |trace: &&Trace| trace.record_id.as_deref() == Some(id);
        self.traces
            .iter()
            .find(found)
            .unwrap_or_else(|| panic!("no trace {id}"))
    }

    /// Grades by grader and raw score.
    pub(crate) fn scores(&self) -> BTreeMap<(String, String), u64> {
        let mut scores = BTreeMap::new();
        for grade in self.traces.iter().flat_map(|trace| &trace.grades) {
            let grader = grade.grader.clone().unwrap_or_default();
            let raw = grade.raw.clone().unwrap_or_default();
            *scores.entry((grader, raw)).or_default() += 1;
        }
        scores
    }

    pub(crate) fn says(&self, words: &str) -> bool {
        self.facts.notes.iter().any(|note| note.contains(words))
    }
}

/// The tables of 1.1 that matter here, with the columns that the tool gives them.
pub(crate) const NEW_TABLES: &str = r#"
    CREATE TABLE "PromptMemoryEntries" (id CHAR(36) NOT NULL, role VARCHAR NOT NULL,
        conversation_id VARCHAR NOT NULL, sequence INTEGER NOT NULL,
        timestamp DATETIME DEFAULT '2026-11-23 08:28:05.467318', prompt_metadata JSON DEFAULT '{}',
        converter_identifiers JSON DEFAULT '[]', response_error VARCHAR DEFAULT 'none',
        original_value_data_type VARCHAR DEFAULT 'text', original_value VARCHAR,
        original_value_sha256 VARCHAR, converted_value_data_type VARCHAR DEFAULT 'text',
        converted_value VARCHAR, converted_value_sha256 VARCHAR, original_prompt_id CHAR(36),
        pyrit_version VARCHAR DEFAULT '1.1.0', PRIMARY KEY (id));
    CREATE TABLE "ScoreEntries" (id CHAR(36) NOT NULL, score_value VARCHAR,
        score_type VARCHAR DEFAULT 'true_false', score_category JSON DEFAULT 'null',
        scorer_class_identifier JSON, prompt_request_response_id CHAR(36),
        timestamp DATETIME DEFAULT '2026-11-23 08:28:06.000000', objective VARCHAR,
        scorer_identifier_hash VARCHAR(64), status VARCHAR(16) DEFAULT 'complete', scorable JSON,
        PRIMARY KEY (id));
    CREATE TABLE "AttackResultEntries" (id CHAR(36) NOT NULL, conversation_id VARCHAR(36) NOT NULL,
        objective VARCHAR DEFAULT 'objective', atomic_attack_identifier JSON, objective_sha256 VARCHAR,
        last_response_id CHAR(36), last_score_id CHAR(36), outcome VARCHAR NOT NULL,
        pruned_conversation_ids JSON DEFAULT 'null',
        adversarial_chat_conversation_ids JSON DEFAULT 'null',
        timestamp DATETIME DEFAULT '2026-11-23 08:28:07.000000', labels JSON DEFAULT '{}',
        targeted_harm_categories JSON DEFAULT 'null', atomic_attack_identifier_hash VARCHAR(64),
        PRIMARY KEY (id));
    CREATE TABLE "Conversations" (conversation_id VARCHAR(36) NOT NULL, target_identifier JSON,
        target_identifier_hash VARCHAR(64), PRIMARY KEY (conversation_id));
    CREATE TABLE "TargetIdentifiers" (hash VARCHAR(64) NOT NULL, class_name VARCHAR,
        identifier_json JSON, endpoint VARCHAR, model_name VARCHAR, underlying_model_name VARCHAR,
        PRIMARY KEY (hash));
    CREATE TABLE "ScorerIdentifiers" (hash VARCHAR(64) NOT NULL, class_name VARCHAR,
        identifier_json JSON, prompt_target_hash VARCHAR(64), PRIMARY KEY (hash));
    CREATE TABLE "ConverterIdentifiers" (hash VARCHAR(64) NOT NULL, class_name VARCHAR,
        converter_target_hash VARCHAR(64), PRIMARY KEY (hash));
    CREATE TABLE "PromptConverterIdentifiers" (prompt_memory_entry_id CHAR(36) NOT NULL,
        position INTEGER NOT NULL, converter_identifier_hash VARCHAR(64) NOT NULL,
        PRIMARY KEY (prompt_memory_entry_id, position));
    CREATE TABLE "SeedPromptEntries" (id CHAR(36) NOT NULL, value VARCHAR, value_sha256 VARCHAR,
        dataset_name VARCHAR, harm_categories JSON, PRIMARY KEY (id));
    INSERT INTO "TargetIdentifiers" (hash, class_name, model_name, endpoint)
        VALUES ('t1', 'OpenAIChatTarget', 'model-a', 'https://secret.invalid/key');
"#;

/// The tables of 0.10.
pub(crate) const OLD_TABLES: &str = r#"
    CREATE TABLE "PromptMemoryEntries" (id CHAR(36) NOT NULL, role VARCHAR NOT NULL,
        conversation_id VARCHAR NOT NULL, sequence INTEGER NOT NULL,
        timestamp DATETIME DEFAULT '2026-11-23 08:28:05.467318', labels JSON DEFAULT '{}',
        prompt_metadata JSON DEFAULT '{}', targeted_harm_categories JSON DEFAULT '[]',
        converter_identifiers JSON DEFAULT '[]',
        prompt_target_identifier JSON DEFAULT '{"__type__": "T", "model_name": "model-a"}',
        attack_identifier JSON DEFAULT '{"__type__": "PromptSendingAttack", "id": "1"}',
        response_error VARCHAR DEFAULT 'none', original_value_data_type VARCHAR DEFAULT 'text',
        original_value VARCHAR, original_value_sha256 VARCHAR,
        converted_value_data_type VARCHAR DEFAULT 'text', converted_value VARCHAR,
        converted_value_sha256 VARCHAR, original_prompt_id CHAR(36), PRIMARY KEY (id));
    CREATE TABLE "ScoreEntries" (id CHAR(36) NOT NULL, score_value VARCHAR NOT NULL,
        score_type VARCHAR DEFAULT 'true_false', score_category JSON,
        scorer_class_identifier JSON DEFAULT '{"__type__": "SubStringScorer", "__module__": "pyrit.score"}',
        prompt_request_response_id CHAR(36), timestamp DATETIME, task VARCHAR, objective VARCHAR,
        PRIMARY KEY (id));
    CREATE TABLE "AttackResultEntries" (id CHAR(36) NOT NULL, conversation_id VARCHAR NOT NULL,
        objective VARCHAR DEFAULT 'objective', attack_identifier JSON, objective_sha256 VARCHAR,
        last_response_id CHAR(36), last_score_id CHAR(36), outcome VARCHAR NOT NULL,
        pruned_conversation_ids JSON, adversarial_chat_conversation_ids JSON, timestamp DATETIME,
        PRIMARY KEY (id));
"#;

/// A database that was made by hand.
pub(crate) struct Made {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) path: PathBuf,
    pub(crate) connection: Connection,
}

impl Made {
    pub(crate) fn new(tables: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("memory.db");
        let connection = Connection::open(&path).unwrap();
        connection.execute_batch(tables).unwrap();
        Self {
            folder,
            path,
            connection,
        }
    }

    pub(crate) fn run(&self, sql: &str) -> &Self {
        self.connection.execute_batch(sql).unwrap();
        self
    }

    /// One turn: a prompt `u` and a reply `a` with the number of the turn.
    pub(crate) fn turn(&self, conversation: &str, number: i64, prompt: &str, reply: &str) -> &Self {
        self.piece(
            conversation,
            &format!("{conversation}-u{number}"),
            "user",
            2 * number,
            prompt,
        )
        .piece(
            conversation,
            &format!("{conversation}-a{number}"),
            "assistant",
            2 * number + 1,
            reply,
        )
    }

    pub(crate) fn piece(
        &self,
        conversation: &str,
        id: &str,
        role: &str,
        sequence: i64,
        text: &str,
    ) -> &Self {
        self.connection
            .execute(
                "INSERT INTO PromptMemoryEntries (id, role, conversation_id, sequence, \
                 original_value, converted_value, original_prompt_id) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?1)",
                (id, role, conversation, sequence, text),
            )
            .unwrap();
        self
    }

    /// A conversation of version 1.1 with a target by its hash.
    pub(crate) fn conversation(&self, id: &str, target: &str) -> &Self {
        let sql =
            "INSERT INTO Conversations (conversation_id, target_identifier_hash) VALUES (?1, ?2)";
        self.connection.execute(sql, (id, target)).unwrap();
        self
    }

    pub(crate) fn score(&self, id: &str, piece: &str, category: &str, value: &str) -> &Self {
        let sql = "INSERT INTO ScoreEntries (id, prompt_request_response_id, score_category, score_value) \
                   VALUES (?1, ?2, ?3, ?4)";
        self.connection
            .execute(sql, (id, piece, category, value))
            .unwrap();
        self
    }

    pub(crate) fn import(&self) -> Imported {
        import(&self.path)
    }
}
