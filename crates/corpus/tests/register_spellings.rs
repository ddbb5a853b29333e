//! Names as the tools write them: what they mean, and what they must never mean.

#![allow(clippy::unwrap_used)]

use caveat_corpus::register::{ModelMatch, Register, Stripped};

/// A name, the provider beside it, and the model of the register that it means.
const LISTED: &[(&str, Option<&str>, &str)] = &[
    // Inspect: provider/model, with a service in between.
    ("openai/gpt-4o-2024-08-06", None, "openai/gpt-4o-2024-08-06"),
    (
        "openai/azure/gpt-4o-2024-08-06",
        None,
        "openai/gpt-4o-2024-08-06",
    ),
    (
        "anthropic/bedrock/anthropic.claude-3-haiku-20240307-v1:0",
        None,
        "anthropic/claude-3-haiku",
    ),
    (
        "anthropic/vertex/claude-3-5-sonnet@20240620",
        None,
        "anthropic/claude-3-5-sonnet-20240620",
    ),
    (
        "google/vertex/gemini-1.5-pro-002",
        None,
        "google/gemini-1.5-pro-002",
    ),
    (
        "hf/meta-llama/Llama-3.1-8B-Instruct",
        None,
        "meta/llama-3.1-8b-instruct",
    ),
    (
        "vllm/Qwen/Qwen2.5-7B-Instruct",
        None,
        "alibaba/qwen2.5-7b-instruct",
    ),
    ("ollama/llama3.1", None, "meta/llama-3.1-8b-instruct"),
    ("ollama/llama3.2:latest", None, "meta/llama-3.2-3b-instruct"),
    ("grok/grok-3", None, "xai/grok-3"),
    (
        "azureai/Meta-Llama-3.1-70B-Instruct",
        None,
        "meta/llama-3.1-70b-instruct",
    ),
    (
        "openai-api/groq/openai/gpt-oss-120b",
        None,
        "openai/gpt-oss-120b",
    ),
    (
        "together/meta-llama/Llama-3.3-70B-Instruct-Turbo-Free",
        None,
        "meta/llama-3.3-70b-instruct",
    ),
    (
        "cf/meta/llama-3.1-8b-instruct-fp8",
        None,
        "meta/llama-3.1-8b-instruct",
    ),
    (
        "hf-inference-providers/openai/gpt-oss-120b:cerebras",
        None,
        "openai/gpt-oss-120b",
    ),
    // LiteLLM.
    ("azure/gpt-4o", None, "openai/gpt-4o"),
    ("azure/gpt-35-turbo-0613", None, "openai/gpt-3.5-turbo-0613"),
    (
        "bedrock/anthropic.claude-3-5-sonnet-20240620-v1:0",
        None,
        "anthropic/claude-3-5-sonnet-20240620",
    ),
    (
        "bedrock/us.anthropic.claude-3-5-sonnet-20241022-v2:0",
        None,
        "anthropic/claude-3-5-sonnet-20241022",
    ),
    (
        "bedrock/eu.anthropic.claude-sonnet-4-20250514-v1:0",
        None,
        "anthropic/claude-sonnet-4",
    ),
    (
        "bedrock/converse/global.anthropic.claude-sonnet-4-5-20250929-v1:0",
        None,
        "anthropic/claude-sonnet-4.5",
    ),
    (
        "bedrock_converse/us.amazon.nova-pro-v1:0",
        None,
        "amazon/nova-pro",
    ),
    (
        "vertex_ai/claude-opus-4@20250514",
        None,
        "anthropic/claude-opus-4",
    ),
    ("gemini/gemini-2.5-pro", None, "google/gemini-2.5-pro"),
    (
        "together_ai/meta-llama/Meta-Llama-3.1-8B-Instruct-Turbo",
        None,
        "meta/llama-3.1-8b-instruct",
    ),
    (
        "fireworks_ai/accounts/fireworks/models/llama-v3p1-8b-instruct",
        None,
        "meta/llama-3.1-8b-instruct",
    ),
    (
        "huggingface/meta-llama/Llama-3.2-1B-Instruct",
        None,
        "meta/llama-3.2-1b-instruct",
    ),
    ("ollama_chat/llama3.2", None, "meta/llama-3.2-3b-instruct"),
    (
        "hosted_vllm/mistralai/Mistral-7B-Instruct-v0.3",
        None,
        "mistralai/mistral-7b-instruct-v0.3",
    ),
    (
        "openai/meta-llama/Llama-3.1-8B-Instruct",
        None,
        "meta/llama-3.1-8b-instruct",
    ),
    (
        "replicate/meta/meta-llama-3-70b-instruct",
        None,
        "meta/llama-3-70b-instruct",
    ),
    (
        "litellm_proxy/openai/gpt-4.1-mini",
        None,
        "openai/gpt-4.1-mini",
    ),
    // Bedrock as it writes itself.
    ("anthropic.claude-v2:1", None, "anthropic/claude-2.1"),
    ("anthropic.claude-v2", None, "anthropic/claude-2.0"),
    (
        "anthropic.claude-3-sonnet-20240229-v1:0:200k",
        None,
        "anthropic/claude-3-sonnet",
    ),
    (
        "meta.llama3-8b-instruct-v1:0",
        None,
        "meta/llama-3-8b-instruct",
    ),
    (
        "us.meta.llama3-3-70b-instruct-v1:0",
        None,
        "meta/llama-3.3-70b-instruct",
    ),
    (
        "mistral.mistral-7b-instruct-v0:2",
        None,
        "mistralai/mistral-7b-instruct-v0.2",
    ),
    ("openai.gpt-oss-120b-1:0", None, "openai/gpt-oss-120b"),
    ("deepseek.r1-v1:0", Some("bedrock"), "deepseek/deepseek-r1"),
    (
        "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-3-haiku-20240307-v1:0",
        None,
        "anthropic/claude-3-haiku",
    ),
    // promptfoo: provider:endpoint:model.
    ("openai:gpt-4o-mini", None, "openai/gpt-4o-mini"),
    (
        "openai:chat:gpt-4o-mini-2024-07-18",
        None,
        "openai/gpt-4o-mini",
    ),
    ("openai:responses:gpt-5-2025-08-07", None, "openai/gpt-5"),
    (
        "anthropic:messages:claude-3-5-sonnet-20241022",
        None,
        "anthropic/claude-3-5-sonnet-20241022",
    ),
    ("azure:chat:gpt-4o", None, "openai/gpt-4o"),
    (
        "bedrock:us.anthropic.claude-3-7-sonnet-20250219-v1:0",
        None,
        "anthropic/claude-3-7-sonnet-20250219",
    ),
    ("google:gemini-2.0-flash", None, "google/gemini-2.0-flash"),
    ("vertex:gemini-1.5-pro", None, "google/gemini-1.5-pro"),
    (
        "huggingface:text-generation:mistralai/Mistral-7B-Instruct-v0.2",
        None,
        "mistralai/mistral-7b-instruct-v0.2",
    ),
    ("ollama:chat:llama3.2", None, "meta/llama-3.2-3b-instruct"),
    ("openrouter:openai/gpt-4o", None, "openai/gpt-4o"),
    (
        "mistral:mistral-large-2407",
        None,
        "mistralai/mistral-large-2407",
    ),
    // garak, PyRIT, HELM, lm-eval: the name alone, or with its maker.
    (
        "gpt-4o-2024-05-13",
        Some("openai"),
        "openai/gpt-4o-2024-05-13",
    ),
    (
        "meta/llama-3.1-8b-instruct-turbo",
        None,
        "meta/llama-3.1-8b-instruct",
    ),
    ("openai/gpt2", None, "openai/gpt-2"),
    ("huggingface/gpt2", None, "openai/gpt-2"),
    (
        "meta-llama/Llama-2-7b-chat-hf",
        None,
        "meta/llama-2-7b-chat",
    ),
    (
        "models/gemini-1.5-flash-002",
        None,
        "google/gemini-1.5-flash-002",
    ),
    (
        "publishers/google/models/gemini-2.5-flash",
        None,
        "google/gemini-2.5-flash",
    ),
    (
        "nim/meta/llama-3.1-70b-instruct",
        None,
        "meta/llama-3.1-70b-instruct",
    ),
    ("groq/llama3-70b-8192", None, "meta/llama-3-70b-instruct"),
    // OpenRouter's variants.
    ("openrouter/openai/gpt-4o", None, "openai/gpt-4o"),
    (
        "meta-llama/llama-3.3-70b-instruct:free",
        None,
        "meta/llama-3.3-70b-instruct",
    ),
    (
        "openrouter/anthropic/claude-3.5-sonnet:beta",
        None,
        "anthropic/claude-3-5-sonnet-20241022",
    ),
    ("deepseek/deepseek-r1:nitro", None, "deepseek/deepseek-r1"),
    ("openai/gpt-oss-120b:exacto", None, "openai/gpt-oss-120b"),
    (
        "openrouter/google/gemini-2.5-flash:floor",
        None,
        "google/gemini-2.5-flash",
    ),
    // Packaging and precision.
    (
        "llama3.2:3b-instruct-q4_K_M",
        Some("ollama"),
        "meta/llama-3.2-3b-instruct",
    ),
    (
        "ollama/llama3.1:8b-instruct-fp16",
        None,
        "meta/llama-3.1-8b-instruct",
    ),
    (
        "mistral:7b-instruct-q4_0",
        None,
        "mistralai/mistral-7b-instruct",
    ),
    (
        "TheBloke/Llama-2-7B-Chat-GGUF",
        None,
        "meta/llama-2-7b-chat",
    ),
    (
        "TheBloke/Mistral-7B-Instruct-v0.2-GPTQ",
        None,
        "mistralai/mistral-7b-instruct-v0.2",
    ),
    (
        "bartowski/Meta-Llama-3.1-8B-Instruct-GGUF",
        None,
        "meta/llama-3.1-8b-instruct",
    ),
    (
        "hf.co/bartowski/Llama-3.2-3B-Instruct-GGUF:Q4_K_M",
        None,
        "meta/llama-3.2-3b-instruct",
    ),
    (
        "Meta-Llama-3.1-8B-Instruct.Q4_K_M.gguf",
        None,
        "meta/llama-3.1-8b-instruct",
    ),
    (
        "unsloth/Llama-3.2-1B-Instruct-unsloth-bnb-4bit",
        None,
        "meta/llama-3.2-1b-instruct",
    ),
    (
        "mlx-community/Llama-3.2-3B-Instruct-4bit",
        None,
        "meta/llama-3.2-3b-instruct",
    ),
    (
        "lmstudio-community/gemma-3-27b-it-GGUF",
        None,
        "google/gemma-3-27b-it",
    ),
    (
        "hugging-quants/Meta-Llama-3.1-70B-Instruct-AWQ-INT4",
        None,
        "meta/llama-3.1-70b-instruct",
    ),
    (
        "neuralmagic/Meta-Llama-3.1-8B-Instruct-FP8-dynamic",
        None,
        "meta/llama-3.1-8b-instruct",
    ),
    (
        "RedHatAI/Meta-Llama-3.1-8B-Instruct-quantized.w4a16",
        None,
        "meta/llama-3.1-8b-instruct",
    ),
    (
        "Qwen/Qwen2.5-7B-Instruct-AWQ",
        None,
        "alibaba/qwen2.5-7b-instruct",
    ),
    (
        "Qwen/Qwen2.5-7B-Instruct-GPTQ-Int4",
        None,
        "alibaba/qwen2.5-7b-instruct",
    ),
    ("Qwen/Qwen3-8B-FP8", None, "alibaba/qwen3-8b"),
    ("google/gemma-2-9b-it-q8_0", None, "google/gemma-2-9b-it"),
    ("mradermacher/phi-4-i1-GGUF", None, "microsoft/phi-4"),
    ("unsloth/gpt-oss-20b-BF16", None, "openai/gpt-oss-20b"),
    // HarmBench's own ids and other separators.
    ("vicuna_7b", None, "lmsys/vicuna-7b-v1.5"),
    ("llama2_7b", None, "meta/llama-2-7b-chat"),
    ("mistral_7b_v2", None, "mistralai/mistral-7b-instruct-v0.2"),
    ("openchat_3_5_1210", None, "openchat/openchat-3.5-1210"),
    ("solar_10_7b_instruct", None, "upstage/solar-10.7b-instruct"),
    ("starling_7b", None, "uc-berkeley/starling-lm-7b-alpha"),
    ("zephyr_7b_robust6_data2", None, "cais/zephyr-7b-r2d2"),
    ("Llama 3.1 8B Instruct", None, "meta/llama-3.1-8b-instruct"),
    ("GPT_4o_mini", None, "openai/gpt-4o-mini"),
    (
        "claude-haiku-4-5@20251001",
        None,
        "anthropic/claude-haiku-4.5",
    ),
    (
        "claude-3-5-sonnet-latest",
        Some("anthropic"),
        "anthropic/claude-3-5-sonnet-20241022",
    ),
    ("openai/o3-mini-high", None, "openai/o3-mini"),
];

/// Names of models that are not listed, however near a listed one is.
const UNKNOWN: &[(&str, Option<&str>)] = &[
    // The base is not the chat model, a larger one not the smaller one.
    ("TheBloke/Llama-2-7B-GGUF", None),
    ("meta-llama/Llama-3.1-8B", None),
    ("llama3.1:8b-text-q4_0", Some("ollama")),
    ("qwen:7b", Some("ollama")),
    // Another snapshot, version or training.
    ("gpt-4o-2026-01-01", Some("openai")),
    ("openai/gpt-4o-turbo", None),
    ("gpt-4o-lite", None),
    ("anthropic.claude-v3:1", None),
    ("bedrock/anthropic.claude-3-haiku-v2:0", None),
    ("google/gemma-3-27b-it-qat-q4_0-gguf", None),
    ("qwen3:4b-instruct", Some("ollama")),
    ("openai/gpt-4o-mini:ft-house", None),
    ("ft:gpt-4o-mini-2024-07-18:house::abc", Some("openai")),
    // The name of one maker's model under another maker, or under nobody we know.
    ("nousresearch/llama-3-8b-instruct", None),
    ("nvidia/Llama-3.1-8B-Instruct-FP8", None),
    ("someuser/Llama-3.1-8B-Instruct-GGUF", None),
    ("anthropic/gpt-4o", None),
    // Paths and names that say nothing.
    ("/models/Llama-3.1-8B-Instruct", None),
    ("mockllm/base-7b", None),
    ("placeholder-model", None),
    ("simple/model1", None),
    ("mistral:latest-and-more", None),
    ("gemma:latest", Some("vllm")),
    ("openai/", None),
    ("models/", None),
    ("bedrock/us.", None),
    ("-v1:0", None),
    ("-gguf", None),
    (":free", None),
    ("arn:aws:bedrock", None),
];

/// Names that mean different models at different times or places.
const AMBIGUOUS: &[(&str, Option<&str>)] = &[
    ("deepseek-r1", Some("ollama")),
    ("deepseek_r1", Some("ollama")),
    ("ollama/deepseek-r1:8b-q4_K_M", None),
    ("ollama:chat:qwen3-coder", None),
    ("vicuna", Some("ollama")),
    ("ollama/vicuna:latest", None),
    ("ollama/command-r", None),
    ("mistral-large-latest", None),
    ("mistral/mistral-large-latest", None),
    ("mistral:mistral-small-latest", None),
    ("gemini-1.5-pro-latest", Some("google")),
];

#[test]
fn the_spellings_of_the_tools_mean_their_models() {
    let register = Register::builtin().unwrap();
    let mut wrong = Vec::new();
    for (name, provider, id) in LISTED {
        let found = register.model(name, *provider);
        if found.listed().map(|model| model.id.as_str()) != Some(id) {
            wrong.push(format!("{name}: {found}, not {id}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(LISTED.len() >= 100, "{}", LISTED.len());
}

#[test]
fn what_is_not_listed_stays_unknown() {
    let register = Register::builtin().unwrap();
    let mut wrong = Vec::new();
    for (name, provider) in UNKNOWN {
        let found = register.model(name, *provider);
        if found != ModelMatch::Unknown {
            wrong.push(format!("{name}: {found}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_moved_stays_ambiguous_however_it_is_spelled() {
    let register = Register::builtin().unwrap();
    for (name, provider) in AMBIGUOUS {
        let found = register.model(name, *provider);
        assert!(
            matches!(found, ModelMatch::Ambiguous { .. }),
            "{name}: {found}"
        );
    }
    for (name, id) in [
        ("vicuna", "lmsys/vicuna-13b-v1.5"),
        ("command-r", "cohere/command-r"),
    ] {
        let found = register.model(name, None).listed();
        assert_eq!(found.map(|model| model.id.as_str()), Some(id));
    }
}

#[test]
fn every_listed_name_survives_what_tools_put_around_it() {
    let register = Register::builtin().unwrap();
    for model in register.models() {
        let served = [
            format!("openrouter/{}", model.id),
            format!("litellm/openrouter/{}:free", model.id),
            format!("hf/{}-GGUF", model.id),
            format!("vllm/{}-AWQ", model.id),
            format!("together/{}-q4_K_M", model.id),
        ];
        for name in served {
            let found = register.model(&name, None);
            // A marked tag of Ollama may be ambiguous by itself, never another model.
            let same = found.listed().is_none_or(|found| found.id == model.id);
            assert!(same, "{name}: {found}");
            assert!(found.listed().is_some(), "{name}: {found}");
        }
    }
}

#[test]
fn what_was_taken_off_is_told() {
    let register = Register::builtin().unwrap();
    let text = |text: &str| text.to_owned();
    for (name, expected) in [
        (
            "bedrock/us.anthropic.claude-3-haiku-20240307-v1:0",
            vec![
                Stripped::Prefix(text("bedrock/")),
                Stripped::Prefix(text("us.anthropic.")),
                Stripped::Revision(text("-v1:0")),
            ],
        ),
        (
            "unsloth/Llama-3.2-1B-Instruct-bnb-4bit",
            vec![
                Stripped::Prefix(text("unsloth/")),
                Stripped::Quantisation(text("-4bit")),
                Stripped::Quantisation(text("-bnb")),
            ],
        ),
        ("vicuna_7b", vec![Stripped::Separators]),
        (
            "openai:chat:gpt-4o",
            vec![
                Stripped::Prefix(text("openai:")),
                Stripped::Prefix(text("chat:")),
            ],
        ),
    ] {
        match register.model(name, None) {
            ModelMatch::Listed { stripped, .. } => assert_eq!(stripped, expected, "{name}"),
            other => panic!("{name}: {other}"),
        }
    }
}

#[test]
fn a_derivative_stays_one_in_every_packaging() {
    let register = Register::builtin().unwrap();
    for name in [
        "bartowski/Llama-3.3-70B-Instruct-abliterated-GGUF",
        "mradermacher/gpt-oss-20b-heretic-i1-GGUF",
        "ollama/llama3.2:3b-instruct-uncensored-q4_K_M",
        "hf.co/TheBloke/Llama-2-7B-Chat-Uncensored-GGUF:Q4_K_M",
        "meta_llama/Llama_3.1_8B_Instruct_abliterated",
    ] {
        let found = register.model(name, None);
        assert!(
            matches!(found, ModelMatch::UnlistedDerivative { .. }),
            "{name}: {found}"
        );
    }
}

#[test]
fn a_name_behind_a_prefix_has_near_ones() {
    let register = Register::builtin().unwrap();
    let unknown = register.unknown([
        ("bedrock/us.anthropic.claude-3-5-haiku-20241023-v1:0", None),
        ("openrouter/meta-llama/llama-3.1-8b-instrukt:free", None),
    ]);
    let near: Vec<&str> = unknown
        .iter()
        .map(|name| name.similar[0].as_str())
        .collect();
    assert_eq!(
        near,
        [
            "anthropic/claude-3-5-haiku-20241022",
            "meta/llama-3.1-8b-instruct"
        ]
    );
}
