//! What a database says, case by case. All content is synthetic.
#![allow(clippy::unwrap_used)]

mod common;

use caveat_corpus::{Digest, GraderKind, Outcome, PromptKey, Trace, Verdict};
use caveat_importer::Options;
use common::{Imported, Made, NEW_TABLES, OLD_TABLES, try_import};
use serde_json::json;

fn text_key(text: &str) -> Option<PromptKey> {
    Some(PromptKey::Text(Digest::of(text.as_bytes())))
}

fn new() -> Made {
    Made::new(NEW_TABLES)
}

fn old() -> Made {
    Made::new(OLD_TABLES)
}

fn clean(made: &Made) -> Imported {
    let imported = made.import();
    assert_eq!(imported.rejects, []);
    imported
}

fn verdicts(trace: &Trace) -> Vec<(&str, Verdict)> {
    let grades = trace.grades.iter();
    grades
        .map(|grade| (grade.grader.as_deref().unwrap_or("?"), grade.verdict))
        .collect()
}

/// The identifier of a scorer of version 1.1.
fn scorer(class: &str, hash: &str) -> String {
    json!({"class_name": class, "hash": hash}).to_string()
}

#[test]
fn each_turn_of_a_conversation_is_a_trace_with_the_prompt_before_it() {
    let made = new();
    made.conversation("c", "t1")
        .turn("c", 0, "first", "no")
        .turn("c", 1, "second", "yes");
    let imported = clean(&made);
    assert_eq!(imported.traces.len(), 2);
    let (first, second) = (imported.trace("c-a0"), imported.trace("c-a1"));
    assert_eq!((first.turns, second.turns), (Some(1), Some(2)));
    assert_eq!(first.prompt, text_key("first"));
    assert_eq!(second.prompt, text_key("second"));
    assert_eq!(second.response_digest, Some(Digest::of(b"yes")));
    assert_eq!(second.run_id.as_deref(), Some("c"));
    assert_eq!(second.model.name, "model-a");
}

#[test]
fn pieces_out_of_order_find_their_prompts_by_sequence() {
    let made = new();
    made.conversation("c", "t1")
        .piece("c", "a1", "assistant", 3, "yes")
        .piece("c", "u1", "user", 2, "second")
        .piece("d", "x", "user", 2, "of another conversation")
        .piece("c", "a0", "assistant", 1, "no")
        .piece("c", "u0", "user", 0, "first")
        .piece("c", "s", "system", -1, "system prompt");
    let imported = clean(&made);
    assert_eq!(imported.trace("a0").prompt, text_key("first"));
    assert_eq!(imported.trace("a1").prompt, text_key("second"));
    // Traces come in the order of the rows.
    assert_eq!(imported.traces[0].record_id.as_deref(), Some("a1"));
}

#[test]
fn the_prompt_is_what_the_target_saw_and_the_reply_what_it_said() {
    let made = new();
    made.conversation("c", "t1").turn("c", 0, "x", "y").run(
        "UPDATE PromptMemoryEntries SET original_value = 'plain', converted_value = 'cGxhaW4=' \
           WHERE role = 'user'; \
         UPDATE PromptMemoryEntries SET original_value = 'said', converted_value = 'translated' \
           WHERE role = 'assistant'",
    );
    let trace = &clean(&made).traces[0];
    assert_eq!(trace.prompt, text_key("cGxhaW4="));
    assert_eq!(trace.response_digest, Some(Digest::of(b"said")));
}

#[test]
fn a_prompt_of_several_parts_has_one_key_and_media_are_not_opened() {
    let with_image = |hash: &str| {
        let made = new();
        made.conversation("c", "t1")
            .turn("c", 0, "describe", "a reply")
            .piece("c", "u0b", "user", 0, "/etc/passwd")
            .run(&format!(
                "UPDATE PromptMemoryEntries SET original_value_data_type = 'image_path', \
                 converted_value_data_type = 'image_path', converted_value_sha256 = '{hash}' \
                 WHERE id = 'u0b'"
            ));
        let options = Options {
            keep_text: true,
            ..Options::default()
        };
        let mut imported = try_import(&made.path, &options).unwrap();
        imported.traces.pop().unwrap()
    };
    let one = with_image(&"a".repeat(64));
    assert_eq!(one.prompt_text.as_deref(), Some("describe"));
    assert_ne!(one.prompt, text_key("describe"));
    assert_eq!(one.prompt, with_image(&"a".repeat(64)).prompt);
    assert_ne!(one.prompt, with_image(&"b".repeat(64)).prompt);
    let made = new();
    let hash = Digest::of(b"image").to_hex();
    made.conversation("c", "t1")
        .turn("c", 0, "draw", "/tmp/image.png")
        .run(&format!(
            "UPDATE PromptMemoryEntries SET original_value_data_type = 'image_path', \
         original_value_sha256 = '{hash}' WHERE role = 'assistant'"
        ));
    let trace = &clean(&made).traces[0];
    assert_eq!(trace.outcome, Outcome::Response);
    assert_eq!(trace.response_digest, Some(Digest::of(b"image")));
}

#[test]
fn every_response_error_has_its_outcome() {
    let cases = [
        ("none", "text", "a reply", Outcome::Response, true),
        ("none", "text", "", Outcome::Response, true),
        ("none", "error", "Traceback", Outcome::Error, false),
        ("blocked", "error", "filter", Outcome::Filtered, false),
        ("blocked", "text", "the first half", Outcome::Filtered, true),
        ("blocked", "text", "", Outcome::Filtered, false),
        ("processing", "error", "Traceback", Outcome::Error, false),
        ("unknown", "error", "?", Outcome::Error, false),
        ("unknown", "text", "?", Outcome::Error, false),
        ("empty", "text", "", Outcome::Response, true),
        ("empty", "error", "no content", Outcome::Response, true),
    ];
    for (error, data_type, text, outcome, has_reply) in cases {
        let made = new();
        made.conversation("c", "t1")
            .turn("c", 0, "p", text)
            .run(&format!(
                "UPDATE PromptMemoryEntries SET response_error = '{error}', \
             original_value_data_type = '{data_type}' WHERE role = 'assistant'"
            ));
        let trace = &clean(&made).traces[0];
        assert_eq!(trace.outcome, outcome, "{error} {data_type} {text}");
        assert_eq!(
            trace.response_digest.is_some(),
            has_reply,
            "{error} {data_type} {text}"
        );
        if error == "empty" {
            assert_eq!(trace.response_digest, Some(Digest::of(b"")));
        }
    }
    let made = new();
    made.conversation("c", "t1")
        .turn("c", 0, "p", "r")
        .run("UPDATE PromptMemoryEntries SET response_error = NULL");
    assert_eq!(clean(&made).traces[0].outcome, Outcome::Response);
    made.run("UPDATE PromptMemoryEntries SET response_error = 'odd' WHERE role = 'assistant'");
    let imported = made.import();
    assert_eq!((imported.traces.len(), imported.rejects.len()), (0, 1));
    assert!(imported.rejects[0].reason.contains("unknown word `odd`"));
}

#[test]
fn words_put_into_the_target_and_reasoning_are_no_replies() {
    let made = new();
    made.conversation("c", "t1")
        .piece("c", "u0", "user", 0, "p")
        .piece("c", "sim", "simulated_assistant", 1, "of course")
        .piece("c", "u1", "user", 2, "go on")
        .piece("c", "think", "assistant", 3, "hm")
        .piece("c", "a1", "assistant", 3, "no")
        .run("UPDATE PromptMemoryEntries SET original_value_data_type = 'reasoning' WHERE id = 'think'");
    let imported = clean(&made);
    assert_eq!(imported.traces.len(), 1);
    assert_eq!(imported.trace("a1").turns, Some(2));
    assert!(imported.says("words put into the target's mouth, which are no replies: 1"));
    assert!(imported.says("pieces of reasoning beside a reply, which are no replies: 1"));
}

#[test]
fn a_copied_piece_is_counted_once_with_its_scores() {
    let made = new();
    made.conversation("c", "t1")
        .conversation("d", "t1")
        .turn("c", 0, "p", "r")
        .turn("d", 0, "p", "r")
        .turn("d", 1, "q", "s")
        .score("s1", "c-a0", "[\"jailbreak\"]", "true")
        .score("s2", "d-a0", "[\"refusal\"]", "false")
        .run("UPDATE PromptMemoryEntries SET original_prompt_id = 'c-a0' WHERE id = 'd-a0'")
        .run("UPDATE ScoreEntries SET scorer_class_identifier = '{\"class_name\": \"S\"}'");
    let imported = clean(&made);
    assert_eq!(imported.traces.len(), 2);
    // A score that points at the copy is one of the original.
    assert_eq!(
        verdicts(imported.trace("c-a0")),
        [
            ("S (jailbreak)", Verdict::Compliance),
            ("S (refusal)", Verdict::Compliance)
        ]
    );
    assert_eq!(imported.trace("d-a1").turns, Some(2));
    assert!(imported.says("copies of a piece, counted once with their original: 1"));
    // Without the original, its first copy stands for it, under the same id.
    made.run("DELETE FROM PromptMemoryEntries WHERE id = 'c-a0'");
    let imported = made.import();
    assert_eq!(imported.trace("c-a0").prompt, text_key("p"));
    assert_eq!(imported.traces.len(), 2);
}

#[test]
fn chats_of_attackers_and_scorers_are_not_the_targets() {
    let made = new();
    let atomic = json!({"class_name": "AtomicAttack", "children": {"attack": {
        "class_name": "RedTeamingAttack", "children": {
            "objective_target": {"class_name": "T", "model_name": "model-a", "hash": "t1"},
            "objective_scorer": {"class_name": "SelfAskTrueFalseScorer", "hash": "s1",
                "children": {"prompt_target": {"class_name": "T", "hash": "judge"}}}}}}});
    made.run("INSERT INTO TargetIdentifiers (hash, model_name) VALUES ('judge', 'judge-model')")
        .conversation("main", "t1")
        .conversation("chat", "judge")
        .conversation("judging", "judge")
        .conversation("self", "t1")
        .conversation("retry", "t1")
        .turn("main", 0, "p", "r")
        .turn("chat", 0, "write an attack", "p")
        .turn("judging", 0, "was it harmful?", "{}")
        .turn("self", 0, "was it harmful?", "{}")
        .turn("retry", 0, "p", "r")
        .run(
            "UPDATE PromptMemoryEntries SET prompt_metadata = '{\"response_format\": \"json\"}' \
              WHERE conversation_id IN ('self', 'judging') AND role = 'user'",
        )
        .run("INSERT INTO ScorerIdentifiers (hash, prompt_target_hash) VALUES ('s2', 't1')");
    made.connection
        .execute(
            "INSERT INTO AttackResultEntries (id, conversation_id, outcome, atomic_attack_identifier, \
             adversarial_chat_conversation_ids, last_response_id) \
             VALUES ('r', 'main', 'failure', ?1, '[\"chat\"]', 'main-a0')",
            [atomic.to_string()],
        )
        .unwrap();
    let imported = clean(&made);
    let ids: Vec<_> = imported
        .traces
        .iter()
        .filter_map(|t| t.record_id.as_deref())
        .collect();
    assert_eq!(ids, ["main-a0", "retry-a0"]);
    assert!(imported.says("which are not the target's: 3"));
    assert!(imported.says("replies of conversations that no attack result names: 1"));
    // One whose replies were scored is the target's after all.
    made.score("s", "judging-a0", "null", "true");
    assert_eq!(made.import().traces.len(), 3);
}

#[test]
fn an_old_scorers_own_chat_is_told_by_what_it_scores() {
    let made = old();
    made.turn("c", 0, "p", "r")
        .turn("judging", 0, "was it?", "{}")
        .run(
            "UPDATE PromptMemoryEntries SET attack_identifier = \
         '{\"__type__\": \"A\", \"scored_prompt_id\": \"c-a0\"}' WHERE conversation_id = 'judging'",
        );
    let imported = clean(&made);
    assert_eq!(imported.traces.len(), 1);
    assert!(imported.says("which are not the target's: 1"));
}

#[test]
fn the_objective_scorer_of_an_attack_says_success_and_its_grade_comes_last() {
    let made = new();
    made.conversation("c", "t1")
        .turn("c", 0, "p", "r")
        .score("s1", "c-a0", "null", "true")
        .score("s2", "c-a0", "[\"politeness\"]", "false")
        .score("s3", "c-a0", "[\"refusal\"]", "false")
        .run(&format!(
            "UPDATE ScoreEntries SET scorer_class_identifier = '{}' WHERE id = 's1'; \
             UPDATE ScoreEntries SET scorer_class_identifier = '{}' WHERE id = 's2'; \
             UPDATE ScoreEntries SET scorer_class_identifier = '{}' WHERE id = 's3'; \
             INSERT INTO AttackResultEntries (id, conversation_id, outcome, last_response_id, \
               last_score_id) VALUES ('r', 'c', 'success', 'c-a0', 's1')",
            scorer("SelfAskTrueFalseScorer", "h1"),
            scorer("SelfAskTrueFalseScorer", "h2"),
            scorer("SelfAskRefusalScorer", "h3"),
        ));
    let imported = clean(&made);
    let trace = imported.trace("c-a0");
    assert_eq!(
        verdicts(trace),
        [
            ("SelfAskTrueFalseScorer (politeness)", Verdict::Unscored),
            ("SelfAskRefusalScorer (refusal)", Verdict::Compliance),
            ("SelfAskTrueFalseScorer", Verdict::Compliance),
            ("attack outcome", Verdict::Compliance),
        ]
    );
    assert_eq!(trace.grades[0].kind, GraderKind::Llm);
    assert_eq!(trace.grades[0].version.as_deref(), Some("h2"));
    assert_eq!(trace.grades[0].raw.as_deref(), Some("false"));
    assert!(imported.says("attacks of the file name it as their objective scorer"));
    assert!(imported.says("SelfAskTrueFalseScorer (politeness): what true means is not known"));
}

#[test]
fn two_scorers_of_one_name_are_told_apart_by_their_hash() {
    let made = new();
    made.conversation("c", "t1")
        .turn("c", 0, "p", "r")
        .score("s1", "c-a0", "[\"jailbreak\"]", "true")
        .score("s2", "c-a0", "[\"jailbreak\"]", "false")
        .run(&format!(
            "UPDATE ScoreEntries SET scorer_class_identifier = '{}' WHERE id = 's1'; \
             UPDATE ScoreEntries SET scorer_class_identifier = '{}' WHERE id = 's2'",
            scorer("SubStringScorer", "0123456789abcdef"),
            scorer("SubStringScorer", "fedcba9876543210"),
        ));
    let imported = clean(&made);
    assert_eq!(
        verdicts(imported.trace("c-a0")),
        [
            ("SubStringScorer (jailbreak)", Verdict::Compliance),
            ("SubStringScorer (jailbreak) #fedcba98", Verdict::Refusal),
        ]
    );
}

#[test]
fn values_are_read_whatever_their_case_and_failures_stay_failures() {
    for (kind, value, status, verdict, raw) in [
        (
            "true_false",
            Some("True"),
            "complete",
            Verdict::Compliance,
            Some("True"),
        ),
        (
            "true_false",
            Some("FALSE"),
            "complete",
            Verdict::Refusal,
            Some("FALSE"),
        ),
        (
            "true_false",
            Some("maybe"),
            "complete",
            Verdict::ParseError,
            Some("maybe"),
        ),
        (
            "true_false",
            None,
            "undetermined",
            Verdict::ParseError,
            Some("undetermined"),
        ),
        (
            "true_false",
            Some(""),
            "complete",
            Verdict::ParseError,
            Some("complete"),
        ),
        (
            "float_scale",
            Some("0.5"),
            "complete",
            Verdict::Unscored,
            Some("0.5"),
        ),
        (
            "float_scale",
            Some("1.5"),
            "complete",
            Verdict::ParseError,
            Some("1.5"),
        ),
        (
            "float_scale",
            Some("nan"),
            "complete",
            Verdict::ParseError,
            Some("nan"),
        ),
        (
            "float_scale",
            Some("high"),
            "complete",
            Verdict::ParseError,
            Some("high"),
        ),
        (
            "float_scale",
            None,
            "undetermined",
            Verdict::ParseError,
            Some("undetermined"),
        ),
        (
            "unknown",
            Some("7"),
            "complete",
            Verdict::Unscored,
            Some("7"),
        ),
    ] {
        let made = new();
        made.conversation("c", "t1")
            .turn("c", 0, "p", "r")
            .score("s", "c-a0", "[\"harm\"]", "");
        made.connection
            .execute(
                "UPDATE ScoreEntries SET score_type = ?1, score_value = ?2, status = ?3, \
                 scorer_class_identifier = '{\"class_name\": \"S\"}'",
                (kind, value, status),
            )
            .unwrap();
        let imported = clean(&made);
        let grade = &imported.traces[0].grades[0];
        assert_eq!(grade.verdict, verdict, "{kind} {value:?}");
        assert_eq!(grade.raw.as_deref(), raw, "{kind} {value:?}");
    }
}

#[test]
fn a_threshold_that_the_file_holds_is_applied_to_its_scale() {
    let made = new();
    let within = json!({"class_name": "SelfAskLikertScorer", "hash": "scale"});
    let threshold = json!({"class_name": "FloatScaleThresholdScorer", "hash": "t", "threshold": 0.7,
        "children": {"sub_scorers": [within]}});
    made.conversation("c", "t1")
        .turn("c", 0, "p", "r")
        .turn("c", 1, "p", "r")
        .score("s1", "c-a0", "[\"harm\"]", "0.7")
        .score("s2", "c-a1", "[\"harm\"]", "0.69");
    made.connection
        .execute(
            "UPDATE ScoreEntries SET score_type = 'float_scale', scorer_class_identifier = ?1",
            [within.to_string()],
        )
        .unwrap();
    let without = clean(&made);
    assert_eq!(without.trace("c-a0").grades[0].verdict, Verdict::Unscored);
    made.connection
        .execute(
            "INSERT INTO ScorerIdentifiers (hash, identifier_json) VALUES ('t', ?1)",
            [threshold.to_string()],
        )
        .unwrap();
    let imported = clean(&made);
    assert_eq!(
        imported.trace("c-a0").grades[0].verdict,
        Verdict::Compliance
    );
    assert_eq!(imported.trace("c-a1").grades[0].verdict, Verdict::Refusal);
    assert!(imported.says("0.7 and above is compliance: the file holds a threshold scorer"));
}

#[test]
fn a_rule_of_the_user_wins_and_is_found_by_name_class_or_hash() {
    for key in ["SelfAskLikertScorer (harm)", "SelfAskLikertScorer", "scale"] {
        let made = new();
        made.conversation("c", "t1")
            .turn("c", 0, "p", "r")
            .score("s1", "c-a0", "[\"harm\"]", "0.4")
            .run(&format!(
                "UPDATE ScoreEntries SET score_type = 'float_scale', scorer_class_identifier = '{}'",
                scorer("SelfAskLikertScorer", "scale")
            ));
        let options = Options {
            format: json!({"success": {key: {"at_least": 0.3}}})
                .as_object()
                .unwrap()
                .clone(),
            ..Options::default()
        };
        let imported = try_import(&made.path, &options).unwrap();
        let grade = &imported.traces[0].grades[0];
        assert_eq!(grade.verdict, Verdict::Compliance, "{key}");
        assert_eq!(grade.raw.as_deref(), Some("0.4"));
        assert!(imported.says(&format!("scores of `{key}` are read by the rule given")));
        assert!(!imported.says("stay raw"), "{:?}", imported.facts);
    }
}

#[test]
fn an_option_that_nobody_reads_is_refused() {
    let made = new();
    let options = Options {
        format: json!({"threshold": 0.5}).as_object().unwrap().clone(),
        ..Options::default()
    };
    let error = try_import(&made.path, &options).err().unwrap().to_string();
    assert!(error.contains("unknown option `threshold`"), "{error}");
}

#[test]
fn outcomes_stand_at_the_last_reply() {
    let made = new();
    made.conversation("c", "t1")
        .conversation("d", "t1")
        .turn("c", 0, "p", "no")
        .turn("c", 1, "q", "yes")
        .turn("d", 0, "p", "yes")
        .run(
            "INSERT INTO AttackResultEntries (id, conversation_id, outcome, last_response_id) \
              VALUES ('r1', 'c', 'success', 'c-a1'), ('r2', 'd', 'undetermined', NULL)",
        );
    let imported = clean(&made);
    assert_eq!(imported.trace("c-a0").grades, []);
    assert_eq!(
        verdicts(imported.trace("c-a1")),
        [("attack outcome", Verdict::Compliance)]
    );
    assert_eq!(
        verdicts(imported.trace("d-a0")),
        [("attack outcome", Verdict::Unscored)]
    );
    assert!(imported.says("2 attack results (success 1, undetermined 1)"));
}

#[test]
fn an_attack_that_broke_off_says_nothing_of_the_reply_before() {
    let made = new();
    let atomic = json!({"class_name": "PromptSendingAttack", "children": {
        "objective_target": {"class_name": "T", "model_name": "model-a"}}});
    made.conversation("c", "t1")
        .turn("c", 0, "p", "a good reply");
    made.connection
        .execute(
            "INSERT INTO AttackResultEntries (id, conversation_id, outcome, atomic_attack_identifier) \
             VALUES ('r1', 'c', 'error', ?1), ('r2', 'gone', 'error', ?1), ('r3', 'gone', 'failure', ?1)",
            [atomic.to_string()],
        )
        .unwrap();
    let imported = made.import();
    assert_eq!(imported.trace("c-a0").grades, []);
    for id in ["r1", "r2"] {
        let broken = imported.trace(id);
        assert_eq!(broken.outcome, Outcome::Error);
        assert_eq!(broken.model.name, "model-a");
        assert_eq!(broken.prompt, text_key("objective"));
        assert_eq!(verdicts(broken), [("attack outcome", Verdict::Error)]);
    }
    assert_eq!(imported.rejects.len(), 1);
    assert!(
        imported.rejects[0]
            .reason
            .contains("its last reply is not in the file")
    );
    assert_eq!(imported.rejects[0].location.record.as_deref(), Some("r3"));
}

#[test]
fn converters_attacks_harm_and_data_sets_are_kept() {
    let made = new();
    let atomic = json!({"class_name": "AtomicAttack", "children": {
        "attack": {"class_name": "CrescendoAttack"},
        "seed_identifiers": [{"dataset_name": "airt_hate"}, {"dataset_name": "airt_hate"}]}});
    made.conversation("c", "t1")
        .conversation("d", "t1")
        .turn("c", 0, "p", "r")
        .turn("d", 0, "q", "r")
        .run("UPDATE PromptMemoryEntries SET converter_identifiers = \
                '[{\"class_name\": \"ROT13Converter\"}, {\"class_name\": \"Base64Converter\"}]' WHERE id = 'c-u0'; \
              UPDATE PromptMemoryEntries SET converter_identifiers = 'null' WHERE id = 'd-u0'; \
              INSERT INTO ConverterIdentifiers (hash, class_name) VALUES ('h', 'LeetspeakConverter'); \
              INSERT INTO PromptConverterIdentifiers VALUES ('d-u0', 0, 'h'); \
              INSERT INTO SeedPromptEntries (id, value, dataset_name, harm_categories) \
                VALUES ('s', 'q', 'seeds', '[\"violence\", \"hate\"]'); \
              UPDATE PromptMemoryEntries SET prompt_metadata = \
                '{\"token_usage_input_tokens\": 12, \"token_usage_output_tokens\": 3}' WHERE id = 'c-a0'");
    made.connection
        .execute(
            "INSERT INTO AttackResultEntries (id, conversation_id, outcome, atomic_attack_identifier, \
             targeted_harm_categories, last_response_id) \
             VALUES ('r', 'c', 'failure', ?1, '[\"hate\"]', 'c-a0')",
            [atomic.to_string()],
        )
        .unwrap();
    let imported = clean(&made);
    let trace = imported.trace("c-a0");
    assert_eq!(
        trace.technique.as_deref(),
        Some("ROT13Converter + Base64Converter")
    );
    assert_eq!(trace.attack_family.as_deref(), Some("CrescendoAttack"));
    assert_eq!(trace.harm_category.as_deref(), Some("hate"));
    assert_eq!(trace.dataset.as_deref(), Some("airt_hate"));
    assert_eq!(
        (trace.prompt_tokens, trace.response_tokens),
        (Some(12), Some(3))
    );
    let trace = imported.trace("d-a0");
    assert_eq!(trace.technique.as_deref(), Some("LeetspeakConverter"));
    assert_eq!(trace.attack_family, None);
    assert_eq!(trace.dataset.as_deref(), Some("seeds"));
    assert_eq!(trace.harm_category.as_deref(), Some("violence, hate"));
}

#[test]
fn old_columns_say_the_same() {
    let made = old();
    made.turn("c", 0, "p", "r")
        .score("s", "c-a0", "jailbreak", "True")
        .run(
            "UPDATE PromptMemoryEntries SET targeted_harm_categories = '[\"hate\"]', \
              converter_identifiers = '[{\"__type__\": \"ROT13Converter\"}]'",
        );
    let imported = clean(&made);
    let trace = imported.trace("c-a0");
    assert_eq!(trace.technique.as_deref(), Some("ROT13Converter"));
    assert_eq!(trace.attack_family.as_deref(), Some("PromptSendingAttack"));
    assert_eq!(trace.harm_category.as_deref(), Some("hate"));
    assert_eq!(trace.model.name, "model-a");
    // Older files have a plain word in place of a list of categories.
    assert_eq!(
        verdicts(trace),
        [("SubStringScorer (jailbreak)", Verdict::Compliance)]
    );
    made.run("ALTER TABLE PromptMemoryEntries RENAME COLUMN attack_identifier TO orchestrator_identifier");
    assert_eq!(
        clean(&made).trace("c-a0").attack_family.as_deref(),
        Some("PromptSendingAttack")
    );
}

#[test]
fn targets_are_found_where_a_version_keeps_them() {
    for (sql, name) in [
        (
            "UPDATE Conversations SET target_identifier = '{\"class_name\": \"T\", \"model_name\": \"stated\"}'",
            "stated",
        ),
        (
            "UPDATE Conversations SET target_identifier = 'null'",
            "model-a",
        ),
        (
            "UPDATE TargetIdentifiers SET identifier_json = '{\"class_name\": \"T\", \"model_name\": \"in json\"}'",
            "in json",
        ),
        (
            "UPDATE TargetIdentifiers SET model_name = '', underlying_model_name = 'behind'",
            "behind",
        ),
        (
            "UPDATE TargetIdentifiers SET model_name = NULL",
            "OpenAIChatTarget",
        ),
    ] {
        let made = new();
        made.conversation("c", "t1").turn("c", 0, "p", "r").run(sql);
        let imported = clean(&made);
        assert_eq!(imported.traces[0].model.name, name, "{sql}");
        assert_eq!(
            imported.says("named by their class: 1"),
            name == "OpenAIChatTarget"
        );
    }
    let made = new();
    made.conversation("c", "t1")
        .turn("c", 0, "p", "r")
        .run("UPDATE TargetIdentifiers SET model_name = 'prod-1', underlying_model_name = 'gpt-x'");
    assert!(clean(&made).says("`prod-1` is a deployment of `gpt-x`"));
    made.run("DELETE FROM Conversations");
    let imported = made.import();
    assert!(
        imported.rejects[0]
            .reason
            .contains("nothing says which target it is of")
    );
}

#[test]
fn nothing_of_an_endpoint_is_kept() {
    let made = new();
    made.conversation("c", "t1").turn("c", 0, "p", "r");
    let imported = clean(&made);
    assert!(!format!("{:?}{:?}", imported.traces, imported.facts).contains("secret"));
}

#[test]
fn scores_of_other_things_are_counted_and_orphans_rejected() {
    let made = new();
    made.conversation("c", "t1")
        .turn("c", 0, "p", "r")
        .score("on-prompt", "c-u0", "[\"attack_detection\"]", "true")
        .score("orphan", "nowhere", "null", "true")
        .run("INSERT INTO ScoreEntries (id, score_value, scorable) VALUES \
                ('file', 'true', '{\"scorable_type\": \"file\", \"path\": \"/etc/passwd\"}'), \
                ('message', 'true', '{\"scorable_type\": \"message\", \"message_piece_ids\": [\"c-a0\"]}'), \
                ('none', 'true', NULL)");
    let imported = made.import();
    assert!(
        imported
            .says("scores of something else than a reply of the target, which are not imported: 2")
    );
    assert_eq!(imported.traces[0].grades.len(), 1);
    let reasons: Vec<_> = imported
        .rejects
        .iter()
        .map(|reject| {
            (
                reject.location.record.as_deref().unwrap(),
                reject.reason.as_str(),
            )
        })
        .collect();
    assert_eq!(
        reasons,
        [
            (
                "orphan",
                "the piece `nowhere` that it scores is not in the file"
            ),
            ("none", "it names no piece"),
        ]
    );
}

#[test]
fn ids_in_either_spelling_are_the_same() {
    let made = new();
    let dashed = "87e58c2b-df80-47da-bf10-ba36dd621012";
    let plain = "87E58C2BDF8047DABF10BA36DD621012";
    made.conversation("c", "t1")
        .piece("c", "u", "user", 0, "p")
        .piece("c", plain, "assistant", 1, "r")
        .score("s", dashed, "[\"jailbreak\"]", "true");
    let imported = clean(&made);
    assert_eq!(imported.trace(dashed).grades.len(), 1);
}

#[test]
fn a_grown_database_keeps_its_identities_and_names() {
    let made = new();
    made.conversation("c", "t1")
        .turn("c", 0, "p", "r")
        .score("s1", "c-a0", "[\"harm\"]", "true");
    let before = clean(&made);
    made.conversation("d", "t1")
        .turn("d", 0, "p", "r")
        .score("s2", "c-a0", "[\"refusal\"]", "false")
        .score("s3", "d-a0", "[\"harm\"]", "true")
        .run("VACUUM");
    let after = clean(&made);
    let identity = |trace: &Trace| trace.identity("pyrit", 0);
    assert_eq!(
        identity(before.trace("c-a0")),
        identity(after.trace("c-a0"))
    );
    assert_ne!(identity(after.trace("c-a0")), identity(after.trace("d-a0")));
    assert_eq!(
        before.trace("c-a0").grades[0],
        after.trace("c-a0").grades[0]
    );
}
