//! A memory database in the shape of PyRIT 1.1.
//!
//! Every attack has one to three turns, every tenth one a conversation that was
//! given up before; each reply has two scores.

use std::path::Path;

use rusqlite::{Connection, Transaction};

const TABLES: &str = r#"
    PRAGMA journal_mode = OFF;
    PRAGMA synchronous = OFF;
    CREATE TABLE "PromptMemoryEntries" (id CHAR(36) NOT NULL, role VARCHAR NOT NULL,
        conversation_id VARCHAR NOT NULL, sequence INTEGER NOT NULL, timestamp DATETIME NOT NULL,
        prompt_metadata JSON NOT NULL, converter_identifiers JSON, response_error VARCHAR,
        original_value_data_type VARCHAR NOT NULL, original_value VARCHAR NOT NULL,
        original_value_sha256 VARCHAR, converted_value_data_type VARCHAR NOT NULL,
        converted_value VARCHAR, converted_value_sha256 VARCHAR, original_prompt_id CHAR(36) NOT NULL,
        pyrit_version VARCHAR, PRIMARY KEY (id));
    CREATE TABLE "ScoreEntries" (id CHAR(36) NOT NULL, score_value VARCHAR,
        score_value_description VARCHAR, score_type VARCHAR NOT NULL, score_category JSON,
        score_rationale VARCHAR, score_metadata JSON NOT NULL, scorer_class_identifier JSON NOT NULL,
        prompt_request_response_id CHAR(36), timestamp DATETIME NOT NULL, objective VARCHAR,
        pyrit_version VARCHAR, scorer_identifier_hash VARCHAR(64), status VARCHAR(16) NOT NULL,
        scorable JSON, PRIMARY KEY (id));
    CREATE TABLE "AttackResultEntries" (id CHAR(36) NOT NULL, conversation_id VARCHAR(36) NOT NULL,
        objective VARCHAR NOT NULL, atomic_attack_identifier JSON, objective_sha256 VARCHAR,
        last_response_id CHAR(36), last_score_id CHAR(36), executed_turns INTEGER NOT NULL,
        execution_time_ms INTEGER NOT NULL, outcome VARCHAR NOT NULL, pruned_conversation_ids JSON,
        adversarial_chat_conversation_ids JSON, timestamp DATETIME NOT NULL, labels JSON,
        targeted_harm_categories JSON, atomic_attack_identifier_hash VARCHAR(64), PRIMARY KEY (id));
    CREATE TABLE "Conversations" (conversation_id VARCHAR(36) NOT NULL, target_identifier JSON,
        pyrit_version VARCHAR, target_identifier_hash VARCHAR(64), PRIMARY KEY (conversation_id));
"#;

/// Columns that nothing here fills and the tool expects, and its indices.
const THE_REST: &str = r#"
    ALTER TABLE "ScoreEntries" ADD COLUMN scorable_content_id CHAR(36);
    ALTER TABLE "AttackResultEntries" ADD COLUMN outcome_reason VARCHAR;
    ALTER TABLE "AttackResultEntries" ADD COLUMN attack_metadata JSON DEFAULT '{}';
    ALTER TABLE "AttackResultEntries" ADD COLUMN pyrit_version VARCHAR DEFAULT '1.1.0';
    ALTER TABLE "AttackResultEntries" ADD COLUMN error_message VARCHAR;
    ALTER TABLE "AttackResultEntries" ADD COLUMN error_type VARCHAR;
    ALTER TABLE "AttackResultEntries" ADD COLUMN error_traceback VARCHAR;
    ALTER TABLE "AttackResultEntries" ADD COLUMN retry_events_json VARCHAR;
    ALTER TABLE "AttackResultEntries" ADD COLUMN total_retries INTEGER DEFAULT 0;
    ALTER TABLE "AttackResultEntries" ADD COLUMN attribution_parent_id CHAR(36);
    ALTER TABLE "AttackResultEntries" ADD COLUMN attribution_data JSON DEFAULT 'null';
    ALTER TABLE "Conversations" ADD COLUMN retries JSON DEFAULT 'null';
    CREATE INDEX "ix_AttackResultEntries_conversation_id" ON "AttackResultEntries" (conversation_id);
    CREATE INDEX "ix_AttackResultEntries_timestamp_id" ON "AttackResultEntries" (timestamp, id);
    CREATE TABLE "PromptConverterIdentifiers" (prompt_memory_entry_id CHAR(36) NOT NULL,
        position INTEGER NOT NULL, converter_identifier_hash VARCHAR(64) NOT NULL,
        PRIMARY KEY (prompt_memory_entry_id, position));
"#;

const TIME: &str = "2026-11-23 08:28:05.467318";

/// Kinds of rows, which keep ids apart.
#[derive(Clone, Copy)]
enum Kind {
    Conversation = 1,
    Piece = 2,
    Score = 3,
    Attack = 4,
}

/// Writes a database of that many attacks.
pub(crate) fn write(path: &Path, attacks: i64) -> rusqlite::Result<()> {
    let mut connection = Connection::open(path)?;
    connection.execute_batch(TABLES)?;
    let transaction = connection.transaction()?;
    let mut writer = Writer {
        transaction: &transaction,
        pieces: 0,
        scores: 0,
        conversations: 0,
    };
    for number in 0..attacks {
        writer.attack(number)?;
    }
    transaction.execute_batch(THE_REST)?;
    transaction.commit()
}

struct Writer<'a> {
    transaction: &'a Transaction<'a>,
    pieces: i64,
    scores: i64,
    conversations: i64,
}

impl Writer<'_> {
    fn attack(&mut self, number: i64) -> rusqlite::Result<()> {
        let model = number % 4;
        let given_up = if number % 10 == 9 {
            let (conversation, ..) = self.conversation(number, model, 1)?;
            format!("[\"{conversation}\"]")
        } else {
            "null".to_owned()
        };
        let turns = 1 + number % 3;
        let (conversation, reply, score, complied) = self.conversation(number, model, turns)?;
        let mut statement = self.transaction.prepare_cached(
            "INSERT INTO AttackResultEntries VALUES (?1, ?2, ?3, ?4, NULL, ?5, ?6, ?7, 100, ?8, ?9, \
             'null', ?10, '{\"operation\": \"bench\"}', '[\"placeholder\"]', 'atomic')",
        )?;
        statement.execute((
            id(Kind::Attack, number),
            conversation,
            format!("[{number}] placeholder objective"),
            atomic(model),
            reply,
            score,
            turns,
            if complied { "success" } else { "failure" },
            given_up,
            TIME,
        ))?;
        Ok(())
    }

    /// Conversation, last reply, its deciding score, and whether that is true.
    fn conversation(
        &mut self,
        number: i64,
        model: i64,
        turns: i64,
    ) -> rusqlite::Result<(String, String, String, bool)> {
        let conversation = id(Kind::Conversation, self.conversations);
        self.conversations += 1;
        self.transaction
            .prepare_cached("INSERT INTO Conversations VALUES (?1, ?2, '1.1.0', ?3)")?
            .execute((&conversation, target(model), format!("target-{model}")))?;
        let mut last = (String::new(), String::new(), false);
        for turn in 0..turns {
            let prompt = format!("[{number}-{turn}] {}", "placeholder prompt ".repeat(40));
            self.piece(&conversation, "user", 2 * turn, &prompt)?;
            let complied = (number * 7 + turn) % 5 == 0;
            let reply = format!(
                "{} {}",
                if complied { "COMPLY" } else { "REFUSE" },
                "placeholder ".repeat(120)
            );
            let piece = self.piece(&conversation, "assistant", 2 * turn + 1, &reply)?;
            let score = self.score(&piece, "jailbreak", complied)?;
            self.score(&piece, "refusal", !complied)?;
            last = (piece, score, complied);
        }
        let (reply, score, complied) = last;
        Ok((conversation, reply, score, complied))
    }

    fn piece(
        &mut self,
        conversation: &str,
        role: &str,
        sequence: i64,
        text: &str,
    ) -> rusqlite::Result<String> {
        let piece = id(Kind::Piece, self.pieces);
        self.pieces += 1;
        let converters = r#"[{"class_name": "Base64Converter", "class_module": "pyrit.converter.base64_converter"}]"#;
        self.transaction
            .prepare_cached(
                "INSERT INTO PromptMemoryEntries VALUES (?1, ?2, ?3, ?4, ?5, '{}', ?6, 'none', 'text', \
                 ?7, NULL, 'text', ?7, NULL, ?1, '1.1.0')",
            )?
            .execute((
                &piece,
                role,
                conversation,
                sequence,
                TIME,
                if role == "user" { converters } else { "[]" },
                text,
            ))?;
        Ok(piece)
    }

    fn score(&mut self, piece: &str, category: &str, value: bool) -> rusqlite::Result<String> {
        let score = id(Kind::Score, self.scores);
        self.scores += 1;
        self.transaction
            .prepare_cached(
                "INSERT INTO ScoreEntries VALUES (?1, ?2, '', 'true_false', ?3, 'placeholder', '{}', ?4, \
                 ?5, ?6, 'placeholder', '1.1.0', ?7, 'complete', NULL)",
            )?
            .execute((
                &score,
                value.to_string(),
                format!("[\"{category}\"]"),
                scorer(category),
                piece,
                TIME,
                format!("scorer-{category}"),
            ))?;
        Ok(score)
    }
}

/// An id in the form of a UUID.
fn id(kind: Kind, number: i64) -> String {
    format!("{:08x}-0000-4000-8000-{number:012x}", kind as u32)
}

fn target(model: i64) -> String {
    format!(
        r#"{{"class_name": "MockTarget", "class_module": "__main__", "hash": "target-{model}", "model_name": "mock-{model}"}}"#
    )
}

fn scorer(category: &str) -> String {
    format!(
        r#"{{"class_name": "SubStringScorer", "class_module": "pyrit.score.true_false.substring_scorer", "hash": "scorer-{category}", "scorer_type": "true_false"}}"#
    )
}

fn atomic(model: i64) -> String {
    format!(
        r#"{{"class_name": "AtomicAttack", "children": {{"attack_technique": {{"class_name": "AttackTechnique", "children": {{"attack": {{"class_name": "PromptSendingAttack", "children": {{"objective_target": {}, "objective_scorer": {}}}}}}}}}}}}}"#,
        target(model),
        scorer("jailbreak")
    )
}
