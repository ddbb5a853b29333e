//! Files to measure with: the same arguments give the same records, all texts
//! are placeholders.
//!
//! The templates (`*.json`) of Inspect and promptfoo were written by the tools
//! themselves (inspect_ai 0.3.285, promptfoo 0.123.1), and stand here with their
//! ids, texts and scores replaced by `@NAME@`.

pub(crate) mod garak;
pub(crate) mod inspect;
pub(crate) mod promptfoo;
pub(crate) mod pyrit;

const WORDS: [&str; 8] = [
    "placeholder",
    "text",
    "of",
    "no",
    "meaning",
    "written",
    "for",
    "measurements",
];

/// Numbers that look random and are the same every time (xorshift64*).
pub(crate) struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33
    }

    /// Words alone.
    fn text(&mut self, about_bytes: u64) -> String {
        self.joined(about_bytes, |_| " ")
    }

    /// Words with line ends and quotes now and then, as replies have them,
    /// escaped for JSON.
    fn escaped_text(&mut self, about_bytes: u64) -> String {
        self.joined(about_bytes, |number| match number % 24 {
            0 => ".\\n\\n",
            1 => ", \\\"so\\\" ",
            2 => " – ",
            _ => " ",
        })
    }

    fn joined(&mut self, about_bytes: u64, between: fn(u64) -> &'static str) -> String {
        let wanted = about_bytes / 2 + self.next() % about_bytes;
        let wanted = usize::try_from(wanted).unwrap_or_default();
        let mut text = String::new();
        while text.len() < wanted {
            let number = self.next();
            text.push_str(WORDS[usize::try_from(number % 8).unwrap_or_default()]);
            text.push_str(between(number / 8));
        }
        text
    }
}

/// A template with its `@NAME@`s filled in.
fn filled(template: &str, values: &[(&str, &str)]) -> String {
    let mut filled = template.trim_end().to_owned();
    for (name, value) in values {
        filled = filled.replace(name, value);
    }
    filled
}
