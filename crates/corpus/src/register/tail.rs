//! What may stand at the end of a model's name and leaves the model the same.
//!
//! Never a date, a size or a version: those make another model. Other training
//! than the listed one (`-qat`) makes another model too.

use super::Register;
use super::facts::MakerKind;
use super::resolve::Stripped;

/// Variants that OpenRouter serves of the same weights.
const ROUTER_VARIANTS: [&str; 6] = [":free", ":nitro", ":extended", ":floor", ":exacto", ":beta"];

/// Marks of a reasoning mode of the same weights.
const REASONING_MARKS: [&str; 3] = ["-thinking", "-reasoning", ":thinking"];

/// Serving of the same weights at lower precision or higher speed. Only after
/// `-instruct`: elsewhere such words are part of a name (`gpt-4-turbo`).
const SERVINGS: [&str; 4] = ["-turbo-free", "-turbo", "-lite", "-fast"];

/// Precisions and packagings that are written in two words.
const PAIRS: [&str; 6] = [
    "-fp8-dynamic",
    "-fp8-fast",
    "-fp8-tput",
    "-4-bit",
    "-8-bit",
    "-quantized-int8",
];

/// Precisions and packagings of one word.
const WORDS: [&str; 34] = [
    "gguf",
    "ggml",
    "awq",
    "gptq",
    "exl2",
    "exl3",
    "mlx",
    "bnb",
    "unsloth",
    "onnx",
    "marlin",
    "quantized",
    "quantised",
    "i1",
    "fp4",
    "nvfp4",
    "mxfp4",
    "fp8",
    "fp16",
    "bf16",
    "f16",
    "fp32",
    "f32",
    "int4",
    "int8",
    "3bit",
    "4bit",
    "5bit",
    "6bit",
    "8bit",
    "w4a16",
    "w8a8",
    "w8a16",
    "w4a4",
];

/// Takes one thing off the end of a folded name: what is left, and what it was.
pub(super) fn split_tail(register: &Register, name: &str) -> Option<(String, Stripped)> {
    let taken = |suffix: &str, label: fn(String) -> Stripped| {
        let before = name.strip_suffix(suffix)?;
        (!before.is_empty()).then(|| (before.to_owned(), label(suffix.to_owned())))
    };
    ROUTER_VARIANTS
        .iter()
        .find_map(|suffix| taken(suffix, Stripped::Variant))
        .or_else(|| taken(served_by(register, name)?, Stripped::Variant))
        .or_else(|| taken(revision(name)?, Stripped::Revision))
        .or_else(|| taken(quantisation(name)?, Stripped::Quantisation))
        .or_else(|| {
            REASONING_MARKS
                .iter()
                .find_map(|suffix| taken(suffix, Stripped::Reasoning))
        })
}

/// `…:cerebras`: the host behind a router.
fn served_by<'n>(register: &Register, name: &'n str) -> Option<&'n str> {
    let (before, suffix) = name.split_at(name.rfind(':')?);
    let maker = register.maker(suffix.get(1..)?)?;
    // Behind a maker's slash only: a runtime's tag is no host.
    (maker.kind == MakerKind::Host && before.contains('/')).then_some(suffix)
}

/// `-v1:0` and `-1:0`: a host's first revision of a model. A later one may be
/// another model (`claude-v2:1` is), unless the name states its date.
fn revision(name: &str) -> Option<&str> {
    let (before, context) = name.split_at(name.rfind(':')?);
    if context.len() > 2 && context.ends_with('k') && digits(context.get(1..context.len() - 1)?) {
        return Some(context);
    }
    if context != ":0" {
        return None;
    }
    let dash = before.rfind('-')?;
    let number = before.get(dash + 1..)?;
    let number = number.strip_prefix('v').unwrap_or(number);
    let dated = before
        .get(..dash)?
        .rsplit('-')
        .next()
        .is_some_and(|part| part.len() == 8 && digits(part));
    (number == "1" || (dated && digits(number))).then(|| name.get(dash..))?
}

/// `-q4_k_m`, `-iq2_xs`, `-gguf`, `.q8_0.gguf`, `-instruct-turbo` and the like.
fn quantisation(name: &str) -> Option<&str> {
    if let Some(suffix) = PAIRS.iter().find(|suffix| name.ends_with(**suffix)) {
        return name.get(name.len() - suffix.len()..);
    }
    let serving = SERVINGS.iter().find(|suffix| {
        let before = name.strip_suffix(**suffix);
        before.is_some_and(|before| before.ends_with("-instruct"))
    });
    if let Some(suffix) = serving {
        return name.get(name.len() - suffix.len()..);
    }
    let (_, suffix) = name.split_at(name.rfind(['-', ':', '.'])?);
    let tag = suffix.get(1..)?;
    if WORDS.contains(&tag) || is_bits(tag) {
        return Some(suffix);
    }
    // Underscores stand within `q4_k_m`, so they separate only whole words.
    let (_, suffix) = name.split_at(name.rfind('_')?);
    WORDS.contains(&suffix.get(1..)?).then_some(suffix)
}

fn is_bits(tag: &str) -> bool {
    let bits = tag.strip_prefix("iq").or_else(|| tag.strip_prefix('q'));
    bits.is_some_and(|bits| {
        bits.starts_with(|c: char| c.is_ascii_digit())
            && bits.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    })
}

fn digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}
