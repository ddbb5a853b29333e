//! Values as Python prints them, which is how dictionaries stand in CSV exports.
//!
//! Dictionaries, lists, tuples, strings of both quotes, numbers, `True`,
//! `False`, `None`. Nothing is run. Whatever else a cell holds is no literal.

use serde_json::{Map, Number, Value};

/// Reads one literal that fills the text.
pub(crate) fn literal(text: &str, max_depth: u32) -> Option<Value> {
    let mut reader = Reader {
        rest: text.trim(),
        depth_left: max_depth.min(64),
    };
    let value = reader.value()?;
    reader.rest.trim_start().is_empty().then_some(value)
}

struct Reader<'a> {
    rest: &'a str,
    depth_left: u32,
}

impl Reader<'_> {
    fn value(&mut self) -> Option<Value> {
        self.rest = self.rest.trim_start();
        match self.rest.chars().next()? {
            '{' => self.nested(Self::dictionary),
            '[' => self.nested(|reader| reader.list('[', ']')),
            '(' => self.nested(|reader| reader.list('(', ')')),
            '\'' | '"' => self.string().map(Value::String),
            _ => self.bare(),
        }
    }

    fn nested(&mut self, read: impl FnOnce(&mut Self) -> Option<Value>) -> Option<Value> {
        self.depth_left = self.depth_left.checked_sub(1)?;
        let value = read(self);
        self.depth_left += 1;
        value
    }

    fn dictionary(&mut self) -> Option<Value> {
        self.take('{')?;
        let mut members = Map::new();
        loop {
            if self.take('}').is_some() {
                return Some(Value::Object(members));
            }
            let key = match self.value()? {
                Value::String(key) => key,
                Value::Number(number) => number.to_string(),
                _ => return None,
            };
            self.take(':')?;
            members.insert(key, self.value()?);
            if self.take(',').is_none() {
                self.take('}')?;
                return Some(Value::Object(members));
            }
        }
    }

    fn list(&mut self, open: char, close: char) -> Option<Value> {
        self.take(open)?;
        let mut items = Vec::new();
        loop {
            if self.take(close).is_some() {
                return Some(Value::Array(items));
            }
            items.push(self.value()?);
            if self.take(',').is_none() {
                self.take(close)?;
                return Some(Value::Array(items));
            }
        }
    }

    fn string(&mut self) -> Option<String> {
        let quote = self.rest.chars().next()?;
        let mut text = String::new();
        let mut characters = self.rest.char_indices().skip(1);
        loop {
            let (position, character) = characters.next()?;
            if character == quote {
                self.rest = self.rest.get(position + 1..)?;
                return Some(text);
            }
            if character != '\\' {
                text.push(character);
                continue;
            }
            let digits = match characters.next()?.1 {
                'n' => {
                    text.push('\n');
                    continue;
                }
                'r' => {
                    text.push('\r');
                    continue;
                }
                't' => {
                    text.push('\t');
                    continue;
                }
                'x' => 2,
                'u' => 4,
                'U' => 8,
                plain @ ('\\' | '\'' | '"') => {
                    text.push(plain);
                    continue;
                }
                _ => return None,
            };
            let mut code = 0_u32;
            for _ in 0..digits {
                let digit = characters.next()?.1.to_digit(16)?;
                code = code.checked_mul(16)?.checked_add(digit)?;
            }
            // A lone surrogate is no character.
            text.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
        }
    }

    fn bare(&mut self) -> Option<Value> {
        let is_end = |c: char| matches!(c, ',' | ']' | '}' | ')' | ':') || c.is_whitespace();
        let end = self.rest.find(is_end).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at_checked(end)?;
        let value = match word {
            "None" => Value::Null,
            "True" => Value::Bool(true),
            "False" => Value::Bool(false),
            "nan" | "inf" | "-inf" => Value::String(word.to_owned()),
            number => match number.parse::<i64>() {
                Ok(whole) => Value::Number(whole.into()),
                Err(_) => Value::Number(Number::from_f64(number.parse().ok()?)?),
            },
        };
        self.rest = rest;
        Some(value)
    }

    fn take(&mut self, character: char) -> Option<()> {
        self.rest = self.rest.trim_start().strip_prefix(character)?;
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn literals_are_read_as_python_prints_them() {
        for (text, value) in [
            ("{}", json!({})),
            ("[]", json!([])),
            (
                "{'__type__': 'MockTarget', 'n': 1, 'x': None, 'ok': True}",
                json!({"__type__": "MockTarget", "n": 1, "x": null, "ok": true}),
            ),
            (
                r#"["it's", 'say "a"', 'b\'c\\d\n\x41\u00e9']"#,
                json!(["it's", "say \"a\"", "b'c\\d\nAé"]),
            ),
            ("[('a', 0.5), -1,]", json!([["a", 0.5], -1])),
            ("{1: [{'a': []}]}", json!({"1": [{"a": []}]})),
            (r"'\ud800'", json!("\u{fffd}")),
            ("nan", json!("nan")),
        ] {
            assert_eq!(literal(text, 64), Some(value), "{text}");
        }
    }

    #[test]
    fn whatever_else_is_no_literal() {
        for text in [
            "",
            "{",
            "[1",
            "['a' 'b']",
            "{'a'}",
            "{'a': }",
            "'open",
            r"'\",
            r"'\x4",
            "[1] 2",
            "datetime.datetime(2026, 1, 1)",
            "{[]: 1}",
            "<object>",
            "1e999",
        ] {
            assert_eq!(literal(text, 64), None, "{text}");
        }
        assert_eq!(literal(&"[".repeat(100_000), 64), None);
        assert_eq!(literal("[[[1]]]", 2), None);
    }
}
