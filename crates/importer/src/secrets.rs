//! Takes keys and passwords out of names.
//!
//! Tools let an address or a command line stand where a model is named, and
//! those may carry what opens an account. Names go into stores and documents,
//! so what looks like a secret is cut before a name is kept. A name without
//! one stays as it is spelled.

use std::borrow::Cow;

use caveat_corpus::ModelName;

/// What stands in place of a secret.
pub(crate) const HIDDEN: char = '…';

/// Last parts of the names of parameters whose values are secret.
const SECRET_WORDS: &[&str] = &[
    "auth",
    "authorization",
    "credential",
    "credentials",
    "key",
    "passwd",
    "password",
    "pwd",
    "secret",
    "sig",
    "signature",
    "token",
];

/// The same, where they are written without a mark between the parts.
const SECRET_ENDINGS: &[&str] = &[
    "accesskey",
    "apikey",
    "password",
    "secret",
    "secretkey",
    "token",
];

/// Values of such parameters that are settings: `add_bos_token=True`.
const SETTINGS: &[&str] = &["false", "none", "null", "true"];

/// Beginnings of known tokens, how many characters follow at least, and whether
/// `-` and `_` are among these.
const TOKENS: &[(&str, usize, bool)] = &[
    ("sk-", 16, true),
    ("hf_", 16, false),
    ("gsk_", 16, false),
    ("r8_", 16, false),
    ("AKIA", 16, false),
    ("ASIA", 16, false),
    ("AIza", 30, true),
    ("ghp_", 16, false),
    ("gho_", 16, false),
    ("ghu_", 16, false),
    ("ghs_", 16, false),
    ("github_pat_", 16, true),
    ("glpat-", 16, true),
    ("xoxa-", 8, true),
    ("xoxb-", 8, true),
    ("xoxe-", 8, true),
    ("xoxp-", 8, true),
    ("xoxr-", 8, true),
    ("xoxs-", 8, true),
];

/// A name without secrets.
///
/// User info, query and fragment of addresses go; values of parameters such as
/// `api_key` and tokens of known shapes become `…`.
///
/// ```
/// use caveat_importer::secrets::name;
/// assert_eq!(name("webhook:https://me:pw@host/v1?api_key=k"), "webhook:https://host/v1");
/// assert_eq!(name("openai/gpt-4o-2024-08-06"), "openai/gpt-4o-2024-08-06");
/// ```
pub fn name(text: &str) -> Cow<'_, str> {
    let mut found = Cow::Borrowed(text);
    for step in [addresses, parameters, tokens] {
        if let Some(changed) = step(&found) {
            found = Cow::Owned(changed);
        }
    }
    found
}

/// The same for a name of one's own.
pub fn cleaned(text: String) -> String {
    match name(&text) {
        Cow::Borrowed(_) => text,
        Cow::Owned(changed) => changed,
    }
}

/// A model whose name and provider carry no secrets.
pub fn model_name(name: String, provider: Option<String>) -> ModelName {
    ModelName {
        name: cleaned(name),
        provider: provider.map(cleaned),
        coded_size: None,
    }
}

const fn is_slash(character: char) -> bool {
    matches!(character, '/' | '\\')
}

/// Whether an address ends before this character.
fn ends_address(character: char) -> bool {
    character.is_whitespace() || matches!(character, '"' | '<' | '>')
}

/// Cuts user info, query and fragment of every address.
fn addresses(text: &str) -> Option<String> {
    if !["//", "\\\\", "/\\", "\\/"]
        .iter()
        .any(|slashes| text.contains(slashes))
    {
        return None;
    }
    let chars: Vec<char> = text.chars().collect();
    let last_at_sign = chars.iter().rposition(|character| *character == '@');
    let mut kept = String::with_capacity(text.len());
    let mut in_address = false;
    let mut at = 0;
    while let Some(&character) = chars.get(at) {
        let before = at.checked_sub(1).and_then(|before| chars.get(before));
        let two = is_slash(character) && chars.get(at + 1).copied().is_some_and(is_slash);
        if two && before.is_none_or(|before| begins_address(*before)) {
            in_address = true;
            while let Some(&slash) = chars.get(at).filter(|slash| is_slash(**slash)) {
                kept.push(slash);
                at += 1;
            }
            at = host(&chars, at, last_at_sign);
            continue;
        }
        in_address &= !ends_address(character);
        if in_address && matches!(character, '?' | '#') {
            while chars.get(at).is_some_and(|found| !ends_address(*found)) {
                at += 1;
            }
            continue;
        }
        kept.push(character);
        at += 1;
    }
    (kept.len() != text.len()).then_some(kept)
}

/// Whether two slashes after this character begin an address.
fn begins_address(before: char) -> bool {
    before.is_whitespace() || matches!(before, ':' | '=' | ',' | '(' | '[' | '"' | '\'' | '<')
}

/// Where the host of an address begins: behind the user info. A password may
/// hold characters that end a host; then what follows the colon is no port.
fn host(chars: &[char], start: usize, last_at_sign: Option<usize>) -> usize {
    let rest = chars.get(start..).unwrap_or_default();
    let end = rest
        .iter()
        .position(|found| is_slash(*found) || matches!(found, '?' | '#') || ends_address(*found));
    let authority = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
    let user = authority.iter().rposition(|found| *found == '@');
    let user = user.map_or(0, |at| at + 1);
    let host = authority.get(user..).unwrap_or_default();
    let port = host.iter().position(|found| *found == ':');
    let port = port.and_then(|colon| host.get(colon + 1..));
    let is_port = port.is_none_or(|port| port.iter().all(char::is_ascii_digit));
    let begin = start + user;
    match last_at_sign {
        Some(at) if at >= begin && !is_port && host.first() != Some(&'[') => at + 1,
        _ => begin,
    }
}

const fn is_word(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | '-')
}

/// Hides the values of parameters that are secret by their name.
fn parameters(text: &str) -> Option<String> {
    let chars: Vec<char> = text.chars().collect();
    let mut kept = String::with_capacity(text.len());
    let mut changed = false;
    let mut at = 0;
    while let Some(&character) = chars.get(at) {
        if !is_word(character) {
            kept.push(character);
            at += 1;
            continue;
        }
        let end = after(&chars, at, is_word);
        let word: String = chars.get(at..end).unwrap_or_default().iter().collect();
        let value = value(&chars, &word, end).filter(|(start, end)| {
            let value: String = chars.get(*start..*end).unwrap_or_default().iter().collect();
            !value.is_empty() && !SETTINGS.contains(&value.to_ascii_lowercase().as_str())
        });
        if let Some((start, stop)) = value {
            kept.extend(chars.get(at..start).unwrap_or_default());
            kept.push(HIDDEN);
            changed = true;
            at = stop;
        } else {
            kept.push_str(&word);
            at = end;
        }
    }
    changed.then_some(kept)
}

/// The first position from `at` whose character is not such a one.
fn after(chars: &[char], at: usize, is_such: impl Fn(char) -> bool) -> usize {
    let rest = chars.get(at..).unwrap_or_default();
    let run = rest.iter().position(|found| !is_such(*found));
    at + run.unwrap_or(rest.len())
}

/// Start and end of the value of a parameter that is secret.
fn value(chars: &[char], word: &str, end: usize) -> Option<(usize, usize)> {
    let lower = word.to_ascii_lowercase();
    let bare = lower.trim_start_matches('-');
    let is_scheme = matches!(bare, "bearer" | "basic");
    if !(is_scheme || is_secret(bare)) {
        return None;
    }
    let is_quote = |at: usize| matches!(chars.get(at), Some('"' | '\''));
    let named = end + usize::from(is_quote(end));
    let mark = after(chars, named, char::is_whitespace);
    let start = match chars.get(mark) {
        Some('=') if !is_scheme => after(chars, mark + 1, char::is_whitespace),
        // A member of an object: `"api_key": "…"`.
        Some(':') if named > end => after(chars, mark + 1, char::is_whitespace),
        // An option of a command line, and `Bearer …`.
        Some(found) if mark > named && *found != '-' && (bare != lower || is_scheme) => mark,
        _ => return None,
    };
    if is_quote(start) {
        let quote = chars.get(start).copied();
        let start = start + 1;
        return Some((start, after(chars, start, |found| Some(found) != quote)));
    }
    let ends = |found: char| {
        found.is_whitespace() || matches!(found, '&' | ';' | ',' | '"' | '\'' | ')' | ']' | '}')
    };
    let stop = after(chars, start, |found| !ends(found));
    let first: String = chars.get(start..stop).unwrap_or_default().iter().collect();
    if !is_scheme && matches!(first.to_ascii_lowercase().as_str(), "bearer" | "basic") {
        let next = after(chars, stop, char::is_whitespace);
        return Some((start, after(chars, next, |found| !ends(found))));
    }
    // "Basic" is a word as well; what opens an account is longer.
    (!is_scheme || stop - start >= 12).then_some((start, stop))
}

/// Whether what stands under this name is a key or a password: `api_key`,
/// `Authorization`, `accessToken`.
pub fn is_secret_name(name: &str) -> bool {
    is_secret(&name.to_ascii_lowercase())
}

/// Whether the value of a parameter with this name, in small letters, is secret.
fn is_secret(word: &str) -> bool {
    let last = word.rsplit(['_', '-']).find(|part| !part.is_empty());
    last.is_some_and(|last| {
        SECRET_WORDS.contains(&last) || SECRET_ENDINGS.iter().any(|end| last.ends_with(end))
    })
}

/// Hides tokens of known shapes.
fn tokens(text: &str) -> Option<String> {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    let mut before = None;
    let mut changed = false;
    while let Some(character) = rest.chars().next() {
        let begins = !before.is_some_and(char::is_alphanumeric);
        let length = begins.then(|| token(rest)).flatten();
        if length.is_some() {
            kept.push(HIDDEN);
            changed = true;
        } else {
            kept.push(character);
        }
        before = Some(character);
        let length = length.unwrap_or(character.len_utf8());
        rest = rest.get(length..).unwrap_or_default();
    }
    changed.then_some(kept)
}

/// Bytes of the token that a text begins with.
fn token(text: &str) -> Option<usize> {
    TOKENS.iter().find_map(|(start, least, marks)| {
        let rest = text.strip_prefix(start)?;
        let is_such =
            |found: char| found.is_ascii_alphanumeric() || (*marks && matches!(found, '-' | '_'));
        let run = rest.find(|found| !is_such(found)).unwrap_or(rest.len());
        (run >= *least).then_some(start.len() + run)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_without_secrets_stay_as_they_are_spelled() {
        for spelled in [
            "",
            "openai/gpt-4o-2024-08-06",
            "accounts/fireworks/models/x",
            "ollama/llama3.2:latest",
            "bedrock/anthropic.claude-3-5-sonnet-20241022-v2:0",
            "hf.co/x/y:Q4_K_M",
            "mockllm/vendor/chat-mini@2026-01",
            "file://target.js",
            "http://localhost:8080/v1/model@v2",
            "http://[::1]:8080/v1",
            "https://host/path",
            "oci://registry/model:tag@sha256:abc",
            "pretrained=x,add_bos_token=True",
            "vllm max_tokens=100",
            "turkey=3",
            "key",
            "a token of trust",
            "--api-key",
            "Basic model",
            "task-oriented-dialogue-model",
            "sk-short",
            "hf_transformers_llama_model_of_note",
            "模型//é",
            "a // b",
        ] {
            let found = name(spelled);
            assert_eq!(found, spelled);
            assert!(matches!(found, Cow::Borrowed(_)), "{spelled}");
        }
    }

    #[test]
    fn addresses_lose_user_query_and_fragment_wherever_they_stand() {
        for (spelled, expected) in [
            ("https://me:pw@host/v1", "https://host/v1"),
            ("HTTPS://me@host", "HTTPS://host"),
            ("https://host/v1?api=1#x", "https://host/v1"),
            ("https://host#x", "https://host"),
            (
                "webhook:https://me:pw@host/v1?k=1",
                "webhook:https://host/v1",
            ),
            ("azureopenai:https://u:p@h:8/x", "azureopenai:https://h:8/x"),
            ("  https://u:p@h", "  https://h"),
            ("//u:p@h/x", "//h/x"),
            ("x //u:p@h", "x //h"),
            ("grpc+tls://u:p@h", "grpc+tls://h"),
            ("https:\\\\u:p@h", "https:\\\\h"),
            ("https:////u:p@h", "https:////h"),
            ("https://u:p@q@h", "https://h"),
            ("https://u:p/q@h/x", "https://h/x"),
            ("https://u:p?q@h", "https://h"),
            ("https://u:p#q@h", "https://h"),
            ("https://u:p q@h", "https://h"),
            ("a://u:p@https://v:q@h?x", "a://https://h"),
            ("one https://u:p@h?x two", "one https://h two"),
            ("base_url=https://u:p@h?x", "base_url=https://h"),
            ("https://模:型@é/ü?ö", "https://é/ü"),
        ] {
            assert_eq!(name(spelled), expected, "{spelled}");
            assert_eq!(name(expected), expected, "again");
        }
    }

    #[test]
    fn values_of_secret_parameters_are_hidden() {
        for (spelled, expected) in [
            ("m api_key=abc", "m api_key=…"),
            ("m,API_KEY=abc,x=1", "m,API_KEY=…,x=1"),
            ("m?key=abc&v=1", "m?key=…&v=1"),
            ("m apiKey=abc", "m apiKey=…"),
            ("m access_token=abc", "m access_token=…"),
            ("m accessToken = abc", "m accessToken = …"),
            ("m client-secret=abc;x", "m client-secret=…;x"),
            ("m Password='a b' c", "m Password='…' c"),
            ("m --key=abc", "m --key=…"),
            ("m --api-key abc --x 1", "m --api-key … --x 1"),
            ("m --api-key \"a b\"", "m --api-key \"…\""),
            (
                r#"{"api_key": "abc", "x": 1}"#,
                r#"{"api_key": "…", "x": 1}"#,
            ),
            ("m token=Bearer abc", "m token=…"),
            ("m Bearer abcdefghijklmnop", "m Bearer …"),
            ("m authorization=Basic abc", "m authorization=…"),
        ] {
            assert_eq!(name(spelled), expected, "{spelled}");
            assert_eq!(name(expected), expected, "again");
        }
    }

    #[test]
    fn tokens_of_known_shapes_are_hidden() {
        let run = "a1B2".repeat(9);
        for (start, least) in [
            ("sk-", "sk-proj_x-"),
            ("hf_", "hf_"),
            ("AKIA", "AKIA"),
            ("ghp_", "ghp_"),
            ("github_pat_", "github_pat_"),
            ("xoxb-", "xoxb-1-"),
        ] {
            for token in [format!("{start}{run}"), format!("{least}{run}")] {
                let spelled = format!("openai:{token}/x");
                assert_eq!(name(&spelled), "openai:…/x", "{spelled}");
                assert_eq!(name(&token), "…");
                // Within a word it is none.
                assert_eq!(name(&format!("ta{token}")), format!("ta{token}"));
            }
        }
    }

    #[test]
    fn hostile_names_are_read_in_one_pass() {
        for part in [
            "://", "://a:b", "//@", "key =", "sk-", "--key ", "=\"", "\\\\",
        ] {
            let spelled = part.repeat(20_000);
            let _ = name(&spelled);
        }
        let model = model_name(
            "https://u:p@h".to_owned(),
            Some("https://u:p@h?x".to_owned()),
        );
        assert_eq!(
            (model.name.as_str(), model.provider.as_deref()),
            ("https://h", Some("https://h"))
        );
    }
}
