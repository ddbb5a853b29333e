//! A register that breaks a rule is refused with the entry named; a report's own table wins.

#![allow(clippy::unwrap_used)]

use caveat_corpus::register::{
    ModelMatch, Register, RegisterError, RegisterFile, parse_coded_size,
};
use proptest::prelude::*;

const MAKERS: &str = r#"
[[maker]]
id = "acme"
name = "Acme"
kind = "maker"
aliases = ["acme-ai"]
[[maker]]
id = "runner"
name = "Runner"
kind = "runtime"
"#;

/// A model with the given lines beside the ones that every model needs.
fn model(id: &str, lines: &str) -> String {
    let source = if lines.contains("source =") {
        ""
    } else {
        "source = \"card\""
    };
    let maker = if lines.contains("\nmaker =") {
        ""
    } else {
        "maker = \"acme\""
    };
    format!(
        "[[model]]\nid = \"{id}\"\nname = \"{id}\"\n{maker}\nweights = \"open\"\nverified = \"memory\"\n{source}\n{lines}\n"
    )
}

fn refusal(text: &str) -> String {
    Register::parse(&format!("{MAKERS}{text}"))
        .unwrap_err()
        .to_string()
}

#[test]
fn broken_rules_name_the_entry() {
    let dense = "params_total_b = 7\nmixture = false\n";
    let cases = [
        (model("a/x", "colour = \"red\""), "unknown field `colour`"),
        (model(" ", ""), "entry 1 of the models has an empty id"),
        (model("a/x", "") + &model("A/X", ""), "`A/X` is claimed by `a/x` and by `A/X`"),
        (model("a/x", "aliases = [\"x\"]") + &model("a/y", "aliases = [\"X\"]"), "`X` is claimed by `a/x` and by `a/y`"),
        (model("a/x", "\nmaker = \"nobody\""), "`a/x` names the maker `nobody`, which is not listed"),
        (model("a/x", "\nmaker = \"runner\""), "`runner`, which makes no models"),
        (model("a/x", "base_model_maker = \"who\""), "`who`, which is not listed"),
        (model("a/x", "params_total_b = 7\nparams_active_b = 8\nmixture = true"), "more is active than there is"),
        (model("a/x", "params_total_b = 7\nparams_active_b = 7\nmixture = true"), "all experts of a mixture"),
        (model("a/x", "params_total_b = 7\nparams_active_b = 6\nmixture = false"), "a part of a dense model"),
        (model("a/x", "params_active_b = 6"), "an active size stands without a total"),
        (model("a/x", "mixture = true"), "`mixture` is stated without a total"),
        (model("a/x", "params_total_b = 7"), "`mixture` is missing"),
        (model("a/x", "params_total_b = nan\nmixture = false"), "not a positive number"),
        (model("a/x", "params_total_b = -7\nmixture = false"), "not a positive number"),
        (model("a/x", "params_total_b = inf\nmixture = false"), "not a positive number"),
        (model("a/x", "params_total_b = 7\nparams_active_b = 0\nmixture = true"), "the active size is not"),
        (model("a/x", "derivative_kind = \"merge\""), "has to say why in `note`"),
        (model("a/x", "derivative_of = \"a/y\"") + &model("a/y", dense), "without a `derivative_kind`"),
        (model("a/x", "derivative_of = \"a/z\"\nderivative_kind = \"merge\""), "`a/x` refers to the model `a/z`"),
        (model("a/x", "derivative_of = \"a/x\"\nderivative_kind = \"merge\""), "it derives from itself"),
        (model("a/x", "released = \"2026-13\""), "`2026-13`, which is no month"),
        (model("a/x", "released = \"26-1\""), "no month"),
        (model("a/x", "source = \" \""), "`a/x` states no source"),
        ("[[grader]]\nid = \"g\"\nmodel = \"a/z\"".to_owned(), "`g` refers to the model `a/z`"),
        ("[[grader]]\nid = \"g\"\n[[grader]]\nid = \"h\"\naliases = [\"G\"]".to_owned(), "the grader name `G`"),
        ("[[maker]]\nid = \"other\"\nname = \"ACME-AI\"\nkind = \"host\"".to_owned(), "the maker name `ACME-AI`"),
        ("[[ambiguous]]\nnames = [\"n\"]\ncandidates = []\nreason = \"r\"".to_owned(), "needs names and candidates"),
        ("[[ambiguous]]\nnames = [\"n\"]\ncandidates = [\"a/z\"]\nreason = \"r\"".to_owned(), "`n` refers to the model `a/z`"),
        ("[[ambiguous]]\nprovider = \"who\"\nnames = [\"n\"]\ncandidates = [\"a/z\"]\nreason = \"r\"".to_owned(), "names a provider"),
        ("[[model]".to_owned(), "the register cannot be read: line 11, column "),
        ("\n[[model]]\nsecret = 5\n".to_owned(), "the register cannot be read: line 13, column 1: unknown field `secret`"),
    ];
    for (text, part) in cases {
        let message = refusal(&text);
        assert!(message.contains(part), "{message}\nshould say: {part}");
    }
}

#[test]
fn a_loop_of_derivatives_is_refused() {
    let derived = |id, of: &str| {
        model(
            id,
            &format!("derivative_of = \"{of}\"\nderivative_kind = \"merge\""),
        )
    };
    let message =
        refusal(&(derived("a/x", "a/y") + &derived("a/y", "a/z") + &derived("a/z", "a/x")));
    assert!(
        message.contains("`a/x` cannot be right: it derives from itself"),
        "{message}"
    );
}

#[test]
fn a_derivative_of_another_root_is_refused() {
    let text = format!(
        "[[maker]]\nid = \"b\"\nname = \"B\"\nkind = \"maker\"\n{}{}",
        model(
            "b/x",
            "\nmaker = \"b\"\nderivative_of = \"a/y\"\nderivative_kind = \"finetune\""
        ),
        model("a/y", "")
    );
    assert!(refusal(&text).contains("is not that of the model it derives from"));
}

#[test]
fn an_empty_register_knows_nothing() {
    let register = Register::parse("").unwrap();
    assert_eq!(
        register.model("gpt-4o", Some("openai")),
        ModelMatch::Unknown
    );
    assert!(register.maker("openai").is_none() && register.models().is_empty());
}

#[test]
fn a_reports_own_register_wins_over_the_shared_one() {
    let shared = Register::builtin().unwrap();
    let own = RegisterFile::parse(
        r#"
        [[model]]
        id = "openai/gpt-5.2"
        name = "GPT-5.2"
        maker = "openai"
        params_total_b = 200
        params_active_b = 20
        mixture = true
        weights = "closed"
        source = "a statement to this report"
        verified = "memory"
        [[model]]
        id = "openai/gpt-4o-house"
        name = "House tune"
        maker = "openai"
        derivative_of = "openai/gpt-4o"
        derivative_kind = "finetune"
        weights = "closed"
        aliases = ["gpt-4o-mini", "deepseek-r1"]
        source = "a statement to this report"
        verified = "memory"
        [[grader]]
        id = "panel"
        aliases = ["ollama:deepseek-r1:1.5b"]
        "#,
    )
    .unwrap();
    let joint = shared.overlay(own).unwrap();
    assert_eq!(
        joint.model_by_id("openai/gpt-5.2").unwrap().params_total_b,
        Some(200.0)
    );
    assert_eq!(
        joint.model("gpt-4o-mini", None).listed().unwrap().id,
        "openai/gpt-4o-house"
    );
    assert_eq!(
        joint.model("openai/gpt-4o-mini", None).listed().unwrap().id,
        "openai/gpt-4o-mini"
    );
    assert_eq!(
        joint
            .model("deepseek-r1", Some("ollama"))
            .listed()
            .unwrap()
            .id,
        "openai/gpt-4o-house"
    );
    assert_eq!(joint.models().len(), shared.models().len() + 1);
    assert_eq!(joint.grader("ollama:deepseek-r1:1.5b").id, "panel");
    assert_eq!(joint.grader("deepseek-r1:1.5b").id, "deepseek-r1:1.5b");
}

#[test]
fn an_id_below_can_only_be_taken_by_replacing_its_entry() {
    let own = model(
        "openai/house",
        "\nmaker = \"openai\"\naliases = [\"openai/gpt-4o\"]",
    );
    let refused = Register::builtin()
        .unwrap()
        .overlay(RegisterFile::parse(&own).unwrap());
    let message = refused.unwrap_err().to_string();
    assert!(
        message.contains("`openai/gpt-4o` is claimed by `openai/gpt-4o` and by `openai/house`"),
        "{message}"
    );
}

#[test]
fn a_spelling_claimed_twice_above_is_an_error_before_anything_is_joined() {
    let twice = format!(
        "{}{}",
        model("acme/x", "aliases = [\"x\"]"),
        model("acme/y", "aliases = [\"x\"]")
    );
    let refused = Register::builtin()
        .unwrap()
        .overlay(RegisterFile::parse(&twice).unwrap());
    assert!(matches!(
        refused.unwrap_err(),
        RegisterError::ClaimedTwice { .. }
    ));
}

#[test]
fn the_form_of_the_file_has_a_schema() {
    let schema = schemars::schema_for!(RegisterFile).to_value();
    for table in ["model", "maker", "grader", "ambiguous"] {
        assert!(schema["properties"].get(table).is_some(), "{table}");
    }
    assert_eq!(schema["additionalProperties"], false);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn no_name_is_ever_a_panic(name in hostile(), provider in proptest::option::of(hostile())) {
        let register = Register::builtin().unwrap();
        let found = register.model(&name, provider.as_deref());
        prop_assert_eq!(&found, &register.model(&name, provider.as_deref()));
        let _ = (found.to_string(), register.maker(&name), register.grader(&name));
        let _ = parse_coded_size(&name);
    }

    #[test]
    fn a_word_that_marks_a_derivative_never_yields_an_original(
        position in 0usize..512, word in prop::sample::select(caveat_corpus::register::DERIVATIVE_WORDS.to_vec()),
        tail in "[-:/][a-z0-9]{0,6}(:free|-thinking|-q4_K_M)?",
    ) {
        let register = Register::builtin().unwrap();
        let base = &register.models()[position % register.models().len()];
        for name in [format!("{}-{word}{tail}", base.id), format!("{word}/{}", base.id), format!("{}{tail}{word}", base.name)] {
            if let Some(model) = register.model(&name, None).listed() {
                prop_assert!(model.is_derivative(), "{} as {}", name, model.id);
            }
        }
    }
}

/// Listed names with rubbish around, separators, controls, scripts of the world, very long texts.
fn hostile() -> impl Strategy<Value = String> {
    let rubbish = prop_oneof![
        any::<String>(),
        "[/:@. -]{0,12}",
        "[\\x00-\\x1f\\x7f\u{200b}\u{202e}]{0,8}",
        "[\u{4e00}-\u{4eff}\u{fb00}-\u{fb06}İß]{1,12}",
        Just("-".to_owned()),
        Just(":".to_owned()),
        Just("-q".to_owned()),
        Just("-iq2\u{3bc}".to_owned()),
        Just("x".repeat(10_000)),
        Just("ollama:".repeat(40)),
        Just("İ".repeat(400)),
    ];
    let listed = prop::sample::select(vec![
        "",
        "gpt-4o",
        "ollama/",
        "deepseek-r1",
        "qwen/qwen3-coder",
        ":free",
        "-thinking",
    ]);
    (rubbish.clone(), listed, rubbish)
        .prop_map(|(before, name, after)| format!("{before}{name}{after}"))
}
