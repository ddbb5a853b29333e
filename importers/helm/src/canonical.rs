//! One spelling for equal JSON values, so that they share a digest.

use caveat_corpus::Digest;
use serde_json::Value;

/// Digits of a digest that tell apart the settings of one run; nothing secret rests on them.
const SHORT_DIGITS: usize = 16;

/// The first digits of the digest of a value, whatever the order of its keys.
///
/// Settings may hold paths and endpoints: their digest tells them apart without
/// keeping them.
pub(crate) fn short_digest(value: &Value) -> String {
    let mut digest = Digest::of(spelling(value).as_bytes()).to_hex();
    digest.truncate(SHORT_DIGITS);
    digest
}

/// The value as compact JSON with sorted keys. Depth is bounded by the parser.
fn spelling(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let mut members: Vec<(&String, &Value)> = members.iter().collect();
            members.sort_by_key(|(name, _)| *name);
            let members: Vec<String> = members
                .into_iter()
                .map(|(name, member)| {
                    format!("{}:{}", Value::from(name.as_str()), spelling(member))
                })
                .collect();
            format!("{{{}}}", members.join(","))
        }
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(spelling).collect();
            format!("[{}]", items.join(","))
        }
        scalar => scalar.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_order_of_keys_changes_nothing() {
        let one = json!({"a": [1, {"x": null, "y": "z"}], "b": true});
        let other = json!({"b": true, "a": [1, {"y": "z", "x": null}]});
        assert_eq!(short_digest(&one), short_digest(&other));
        assert_eq!(short_digest(&one).len(), SHORT_DIGITS);
        assert_ne!(short_digest(&one), short_digest(&json!({"b": true})));
        assert_ne!(short_digest(&json!("1")), short_digest(&json!(1)));
    }
}
