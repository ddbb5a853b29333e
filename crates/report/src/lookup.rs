//! Finds a figure in the annex by its path.
//!
//! A path is a list of names, each after a slash; `[name=value]` picks the one
//! element of a list whose field has that value (`/providers[provider=google]/n`).
//! Anything else is not found; nothing is guessed.

use serde_json::Value;

/// The value at a path, if there is one.
pub fn lookup<'a>(root: &'a Value, path: &str) -> Option<&'a Value> {
    let mut value = root;
    for step in steps(path)? {
        value = match step {
            Step::Field(name) => value.get(name)?,
            Step::Element { field, equals } => value
                .as_array()?
                .iter()
                .find(|element| element.get(field).is_some_and(|v| is(v, equals)))?,
        };
    }
    Some(value)
}

/// Whether a text is a path: at least one name, and nothing without a slash or
/// brackets around it.
pub fn is_path(text: &str) -> bool {
    let named = |step: &Step<'_>| match step {
        Step::Field(name) => !name.is_empty(),
        Step::Element { field, .. } => !field.is_empty(),
    };
    steps(text).is_some_and(|steps| !steps.is_empty() && steps.iter().all(named))
}

enum Step<'a> {
    Field(&'a str),
    Element { field: &'a str, equals: &'a str },
}

/// Splits a path. Values in brackets may hold slashes, as model names do.
fn steps(path: &str) -> Option<Vec<Step<'_>>> {
    let mut steps = Vec::new();
    let mut rest = path;
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('/') {
            let end = after.find(['/', '[']).unwrap_or(after.len());
            let (name, tail) = after.split_at(end);
            steps.push(Step::Field(name));
            rest = tail;
        } else {
            let (inside, tail) = rest.strip_prefix('[')?.split_once(']')?;
            let (field, equals) = inside.split_once('=')?;
            steps.push(Step::Element { field, equals });
            rest = tail;
        }
    }
    Some(steps)
}

fn is(value: &Value, text: &str) -> bool {
    match value {
        Value::String(string) => string == text,
        Value::Number(number) => number
            .as_f64()
            .zip(text.parse::<f64>().ok())
            .is_some_and(|(a, b)| a == b),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn paths_lead_through_fields_and_named_elements() {
        let annex = json!({ "models": [{ "model": "a/b", "n": 3 }, { "model": "c", "n": 4 }] });
        assert_eq!(lookup(&annex, "/models[model=a/b]/n"), Some(&json!(3)));
        assert_eq!(lookup(&annex, "/models[n=4]/model"), Some(&json!("c")));
        for wrong in [
            "/models[model=x]/n",
            "models",
            "/models/n",
            "/models[n/x",
            "/models[=]",
        ] {
            assert_eq!(lookup(&annex, wrong), None, "{wrong}");
        }
    }
}
