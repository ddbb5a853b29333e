//! Every model name of the corpora in the tree resolves to the right maker and size.

#![allow(clippy::unwrap_used)]

use caveat_corpus::register::{
    DerivativeKind, MakerKind, ModelFacts, ModelMatch, Register, Stripped, Verified, Weights,
};

fn register() -> &'static Register {
    Register::builtin().unwrap()
}

fn model(name: &str, provider: &str) -> &'static ModelFacts {
    let found = register().model(name, Some(provider));
    found.listed().unwrap_or_else(|| panic!("{name}: {found}"))
}

#[test]
fn the_table_in_the_tree_keeps_its_own_rules() {
    let register = register();
    assert_eq!(register.models().len(), 512);
    assert_eq!(register.makers().len(), 104);
    let count = |level| {
        register
            .models()
            .iter()
            .filter(|model| model.verified == level)
            .count()
    };
    assert_eq!(
        [
            count(Verified::Primary),
            count(Verified::Secondary),
            count(Verified::Memory)
        ],
        [61, 402, 49]
    );
    let undisclosed = register
        .models()
        .iter()
        .filter(|model| !model.size_disclosed());
    assert_eq!(undisclosed.count(), 150);
    for model in register.models() {
        assert!(
            register
                .maker_of(model)
                .is_some_and(|maker| maker.kind == MakerKind::Maker),
            "{}",
            model.id
        );
        assert_eq!(model.id, model.id.to_lowercase());
        assert_eq!(model.id.split('/').next(), Some(model.maker.as_str()));
    }
}

#[test]
fn every_spelling_in_the_table_finds_its_own_row() {
    for model in register().models() {
        for claim in model.aliases.iter().chain([&model.id, &model.name]) {
            let found = register().model(&format!("  {} ", claim.to_uppercase()), None);
            assert_eq!(
                found,
                ModelMatch::Listed {
                    model,
                    stripped: Vec::new()
                },
                "{claim}"
            );
        }
    }
}

#[test]
fn the_models_of_report_164_have_their_makers_and_sizes() {
    let mut rows = 0;
    for line in include_str!("data/failure_first_names.tsv").lines().skip(1) {
        let [name, provider, maker, total, active] = columns(line);
        let facts = model(name, provider);
        let listed = (facts.params_total_b, facts.params_active_b);
        assert_eq!(facts.maker, maker, "{name}");
        assert_eq!(listed, (billions(total), billions(active)), "{name}");
        rows += 1;
    }
    assert_eq!(rows, 31);
}

fn columns<const N: usize>(line: &str) -> [&str; N] {
    line.split('\t').collect::<Vec<_>>().try_into().unwrap()
}

fn billions(text: &str) -> Option<f64> {
    (!text.is_empty()).then(|| text.parse().unwrap())
}

#[test]
fn undisclosed_sizes_stay_undisclosed() {
    for name in [
        "claude-sonnet-4-5",
        "gpt-5.2",
        "gemini-3-flash",
        "gpt-4o-mini",
        "pony-alpha",
        "openrouter/pony-alpha",
    ] {
        let facts = register().model(name, None).listed().unwrap();
        assert_eq!(
            (facts.params_total_b, facts.params_active_b, facts.mixture),
            (None, None, None),
            "{name}"
        );
    }
}

#[test]
fn derivatives_in_the_corpus_say_so() {
    let kinds = [
        (
            "huihui-ai/gpt-oss-20b-abliterated",
            "openai",
            DerivativeKind::Abliterated,
        ),
        (
            "qwen3.5-9b-obliteratus",
            "alibaba",
            DerivativeKind::Abliterated,
        ),
        ("deepseek-r1:1.5b", "alibaba", DerivativeKind::Distilled),
        ("openai/gpt-oss-20b", "openai", DerivativeKind::None),
    ];
    for (name, base, kind) in kinds {
        let facts = register().model(name, None).listed().unwrap();
        assert_eq!(
            (facts.base_model_maker.as_str(), facts.derivative_kind),
            (base, kind),
            "{name}"
        );
    }
}

#[test]
fn the_names_of_four_public_corpora_agree_with_their_own_tables() {
    let mut rows = 0;
    for line in include_str!("data/public_names.tsv").lines().skip(1) {
        let [corpus, name, provider, base, total, active, weights] = columns(line);
        let facts = model(name, provider);
        let id = |spelling: &str| register().maker(spelling).map(|maker| maker.id.clone());
        assert_eq!(id(provider).as_ref(), Some(&facts.maker), "{corpus} {name}");
        assert_eq!(
            id(base).as_ref(),
            Some(&facts.base_model_maker),
            "{corpus} {name}"
        );
        assert_eq!(
            weights == "open",
            facts.weights == Weights::Open,
            "{corpus} {name}"
        );
        assert_close(total, facts.params_total_b, name);
        assert_close(active, facts.params_active_b, name);
        rows += 1;
    }
    assert_eq!(rows, 126);
}

fn assert_close(stated: &str, listed: Option<f64>, name: &str) {
    let stated = billions(stated);
    let close = match (stated, listed) {
        (Some(stated), Some(listed)) => (stated / listed - 1.0).abs() < 0.01,
        (stated, listed) => stated == listed,
    };
    assert!(close, "{name}: {stated:?} against {listed:?}");
}

#[test]
fn what_is_stripped_is_told() {
    let cases: [(&str, &str, Vec<Stripped>); 8] = [
        ("GPT-4O-Mini", "openai/gpt-4o-mini", vec![]),
        (
            "openrouter/openai/gpt-4o-mini",
            "openai/gpt-4o-mini",
            vec![Stripped::Prefix("openrouter/".into())],
        ),
        (
            "litellm/openrouter/openai/gpt-oss-120b:nitro",
            "openai/gpt-oss-120b",
            vec![
                Stripped::Prefix("litellm/".into()),
                Stripped::Prefix("openrouter/".into()),
                Stripped::Variant(":nitro".into()),
            ],
        ),
        (
            "ollama:qwen3:1.7b-q4_K_M",
            "alibaba/qwen3-1.7b",
            vec![
                Stripped::Prefix("ollama:".into()),
                Stripped::Quantisation("-q4_k_m".into()),
            ],
        ),
        (
            "gpt-oss-120b-fp16",
            "openai/gpt-oss-120b",
            vec![Stripped::Quantisation("-fp16".into())],
        ),
        (
            "hf/gpt-oss-120b-reasoning",
            "openai/gpt-oss-120b",
            vec![
                Stripped::Prefix("hf/".into()),
                Stripped::Reasoning("-reasoning".into()),
            ],
        ),
        (
            "gpt-oss-120b-thinking:free",
            "openai/gpt-oss-120b",
            vec![
                Stripped::Variant(":free".into()),
                Stripped::Reasoning("-thinking".into()),
            ],
        ),
        (
            "open-ai/gpt-5.2",
            "openai/gpt-5.2",
            vec![Stripped::MakerSpelling("open-ai".into())],
        ),
    ];
    for (name, id, expected) in cases {
        match register().model(name, None) {
            ModelMatch::Listed { model, stripped } => {
                assert_eq!((model.id.as_str(), stripped), (id, expected))
            }
            other => panic!("{name}: {other}"),
        }
    }
}

#[test]
fn a_derivative_never_takes_the_facts_of_its_base() {
    let names = [
        ("openai/gpt-oss-120b-abliterated", None, "abliterated"),
        (
            "meta-llama/Llama-3.3-70B-Instruct-HERETIC:free",
            None,
            "heretic",
        ),
        ("uncensored/gpt-4o", None, "uncensored"),
        ("derestricted-gpt-oss-120b", Some("openai"), "derestricted"),
        ("qwen3.5-9b", Some("obliteratus"), "obliteratus"),
    ];
    for (name, provider, word) in names {
        let found = register().model(name, provider);
        assert_eq!(found, ModelMatch::UnlistedDerivative { word }, "{name}");
    }
    let long = format!("abliterated{}", "x".repeat(10_000));
    assert_eq!(
        register().model(&long, None),
        ModelMatch::UnlistedDerivative {
            word: "abliterated"
        }
    );
}

#[test]
fn tags_that_moved_are_ambiguous_where_they_are_served() {
    let cases = [
        ("deepseek-r1", Some("ollama")),
        ("deepseek-r1:latest", Some("Ollama")),
        ("deepseek-r1:8b", None),
        ("ollama:deepseek-r1", None),
        ("ollama/deepseek-r1:8b", Some("openrouter")),
        ("qwen3-coder", Some("ollama.com")),
        ("ollama/qwen3-coder:latest", None),
        ("qwen3-coder:free", None),
    ];
    for (name, provider) in &cases[..7] {
        let found = register().model(name, *provider);
        assert!(
            matches!(&found, ModelMatch::Ambiguous { candidates, .. } if candidates.len() == 2),
            "{name}: {found}"
        );
    }
    for (name, id) in [
        ("deepseek-r1", "deepseek/deepseek-r1"),
        ("qwen3-coder", "alibaba/qwen3-coder-480b-a35b-instruct"),
    ] {
        assert_eq!(
            register()
                .model(name, Some("openrouter"))
                .listed()
                .unwrap()
                .id,
            id
        );
    }
    assert_eq!(
        register()
            .model("deepseek-r1:1.5b", Some("ollama"))
            .listed()
            .unwrap()
            .maker,
        "deepseek"
    );
}

#[test]
fn runtimes_and_routers_are_no_makers() {
    let kinds = [
        ("ollama", MakerKind::Runtime),
        ("OpenRouter", MakerKind::Router),
        ("together_ai", MakerKind::Host),
        ("bedrock", MakerKind::Host),
        ("amazon", MakerKind::Maker),
        ("huggingface", MakerKind::Maker),
        ("hf", MakerKind::Host),
        ("vertex", MakerKind::Host),
        ("google", MakerKind::Maker),
    ];
    for (spelling, kind) in kinds {
        assert_eq!(register().maker(spelling).unwrap().kind, kind, "{spelling}");
    }
    for spelling in ["undisclosed", "community", "ollama", "openrouter"] {
        assert!(
            !register().maker(spelling).unwrap().can_be_ranked(),
            "{spelling}"
        );
    }
    assert!(register().maker("meta-llama").unwrap().can_be_ranked());
    assert_eq!(register().maker(""), None);
    assert_eq!(register().maker("nobody in particular"), None);
}

#[test]
fn two_spellings_of_one_maker_are_found() {
    let register = register();
    assert!(register.same_maker("Qwen", "alibaba") && register.same_maker("meta", "Meta-Llama"));
    assert!(!register.same_maker("meta", "google") && !register.same_maker("nobody", "nobody"));
    let found = register.spellings([
        "Qwen",
        "qwen",
        "meta",
        "meta-llama",
        "openai",
        "openai",
        "nobody",
        "NOBODY",
    ]);
    let found: Vec<_> = found
        .iter()
        .map(|s| (s.maker.id.as_str(), s.spellings.join(" ")))
        .collect();
    assert_eq!(
        found,
        [
            ("alibaba", "Qwen qwen".to_owned()),
            ("meta", "meta meta-llama".to_owned())
        ]
    );
}

#[test]
fn spellings_of_a_grader_are_one_and_its_model_is_known() {
    let register = register();
    for spelling in [
        "deepseek-r1:1.5b",
        "ollama:deepseek-r1:1.5b",
        "OLLAMA/deepseek-r1:1.5b",
    ] {
        let grader = register.grader(spelling);
        assert_eq!(
            (grader.id.as_str(), grader.listed),
            ("deepseek-r1:1.5b", true)
        );
        assert_eq!(
            grader.model.unwrap().id,
            "deepseek/deepseek-r1-distill-qwen-1.5b"
        );
    }
    assert_eq!(
        register.grader("anthropic/claude-haiku-4.5").id,
        "claude-haiku-4.5"
    );
    let unlisted = register.grader(" openai/gpt-4o ");
    assert_eq!(
        (unlisted.id.as_str(), unlisted.listed),
        ("openai/gpt-4o", false)
    );
    assert_eq!(unlisted.model.unwrap().id, "openai/gpt-4o");
    for spelling in ["gemini", "heuristic", "human panel"] {
        assert_eq!(register.grader(spelling).model, None, "{spelling}");
    }
    for grader in register.graders() {
        // A grader's spelling means the same model when it is looked up as a model.
        for spelling in grader.aliases.iter().chain([&grader.id]) {
            let found = register
                .model(spelling, None)
                .listed()
                .map(|model| model.id.as_str());
            assert_eq!(found, grader.model.as_deref(), "{spelling}");
        }
    }
}

#[test]
fn unknown_names_are_listed_once_with_similar_ones() {
    let names = [
        ("gpt-5.2", None),
        ("openai/gpt-4o-mimi", Some("openai")),
        ("openai/gpt-4o-mimi", Some("openai")),
        ("deepseek-r1", Some("ollama")),
        ("模型七号", None),
        ("", None),
        ("gpt-4-uncensored", None),
    ];
    let unknown = register().unknown(names);
    let listed: Vec<_> = unknown.iter().map(|name| name.name.as_str()).collect();
    assert_eq!(
        listed,
        [
            "",
            "deepseek-r1",
            "gpt-4-uncensored",
            "openai/gpt-4o-mimi",
            "模型七号"
        ]
    );
    assert_eq!(
        unknown[3].similar.first().map(String::as_str),
        Some("openai/gpt-4o-mini")
    );
    assert!(unknown[1].why.starts_with("ambiguous: "));
    assert_eq!(unknown[4].why, "not in the register");
}

#[test]
fn a_listing_as_json_leaves_absent_facts_out() {
    let json = serde_json::to_value(model("gpt-5.2", "openai")).unwrap();
    assert_eq!(json["weights"], "closed");
    assert_eq!(json["derivative_kind"], "none");
    assert!(json.get("params_total_b").is_none() && json.get("mixture").is_none());
    let found = serde_json::to_value(register().model("qwen/qwen3-coder:nitro", None)).unwrap();
    assert_eq!(
        (&found["match"], &found["stripped"][0]["variant"]),
        (&"listed".into(), &":nitro".into())
    );
}
