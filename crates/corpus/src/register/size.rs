//! Sizes as corpora write them into a text column: `1.2B`, `671B`, `unknown`.
//!
//! Strict: a text that is neither a plain number with a unit nor one of the
//! words for "not stated" is an error, never a quiet absence. What comes out
//! is what the corpus says, not a fact about the model.

/// Largest size that is believed, in billions: fifty times the largest announced model.
pub const MAX_BILLIONS: f64 = 100_000.0;

/// Longest text that is read as a size; a number of any use is shorter.
const MAX_BYTES: usize = 32;

/// Words that corpora write for "nobody knows".
const NOT_STATED: [&str; 9] = [
    "",
    "-",
    "?",
    "unknown",
    "undisclosed",
    "n/a",
    "na",
    "none",
    "null",
];

/// A size that a corpus stores for a model.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum CodedSize {
    /// Parameters in billions.
    Billions(f64),
    /// No number.
    Unknown(UnknownSize),
}

/// Why a corpus' size is no number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnknownSize {
    /// Empty, or a word for it.
    NotStated,
    /// A product such as `8x7B`: experts share layers, so the product is not the total.
    Product,
}

impl CodedSize {
    /// The number, if there is one.
    pub const fn billions(self) -> Option<f64> {
        match self {
            Self::Billions(billions) => Some(billions),
            Self::Unknown(_) => None,
        }
    }
}

/// A text that is no size.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CodedSizeError {
    /// Neither a number with a unit nor a word for "not stated".
    #[error(
        "`{0}` is not a size\nhint: write a number with K, M, B or T such as `1.2B`, or `unknown`"
    )]
    NotASize(String),
    /// Zero, or so small that nothing is left of it.
    #[error(
        "a model of size `{0}` has no parameters\nhint: leave the size empty where it is not known"
    )]
    Zero(String),
    /// More than [`MAX_BILLIONS`].
    #[error(
        "a size of `{0}` is larger than any model\nhint: a number without a unit is read as billions"
    )]
    TooLarge(String),
}

/// Reads a size from a corpus' text column.
///
/// A plain decimal number with K, M, B or T behind it (case does not count);
/// without a unit it is read as billions. No sign, no exponent, no separators.
/// Empty and words such as `unknown` are [`UnknownSize::NotStated`], `8x7B`
/// is [`UnknownSize::Product`].
///
/// # Errors
///
/// [`CodedSizeError`] for anything else, for zero and for more than [`MAX_BILLIONS`].
///
/// ```
/// use caveat_corpus::register::parse_coded_size;
/// assert_eq!(parse_coded_size("350M")?.billions(), Some(0.35));
/// assert_eq!(parse_coded_size("unknown")?.billions(), None);
/// assert!(parse_coded_size("-7B").is_err());
/// # Ok::<(), caveat_corpus::register::CodedSizeError>(())
/// ```
pub fn parse_coded_size(text: &str) -> Result<CodedSize, CodedSizeError> {
    let size = text.trim();
    if size.len() > MAX_BYTES || !size.is_ascii() {
        return Err(CodedSizeError::NotASize(shortened(size)));
    }
    let size = size.to_ascii_lowercase();
    if NOT_STATED.contains(&size.as_str()) {
        return Ok(CodedSize::Unknown(UnknownSize::NotStated));
    }
    let (number, exponent) = split_unit(&size);
    if is_product(number) {
        return Ok(CodedSize::Unknown(UnknownSize::Product));
    }
    if !is_decimal(number) {
        return Err(CodedSizeError::NotASize(size));
    }
    // Shifting the decimal point in the text rounds once: 350M is 0.35 exactly as written.
    match format!("{number}e{exponent}").parse::<f64>() {
        Ok(billions) if billions > MAX_BILLIONS => Err(CodedSizeError::TooLarge(size)),
        Ok(billions) if billions > 0.0 => Ok(CodedSize::Billions(billions)),
        Ok(_) => Err(CodedSizeError::Zero(size)),
        Err(_) => Err(CodedSizeError::NotASize(size)),
    }
}

/// Splits the unit off and gives it as a power of ten relative to a billion.
fn split_unit(size: &str) -> (&str, i32) {
    let units = [('k', -6), ('m', -3), ('b', 0), ('t', 3)];
    units
        .into_iter()
        .find_map(|(unit, exponent)| Some((size.strip_suffix(unit)?.trim_end(), exponent)))
        .unwrap_or((size, 0))
}

/// Tells whether a text is digits with at most one point, digits on both sides of it.
fn is_decimal(number: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    match number.split_once('.') {
        Some((whole, fraction)) => digits(whole) && digits(fraction),
        None => digits(number),
    }
}

/// Tells whether a text is a product of two numbers.
fn is_product(number: &str) -> bool {
    number
        .split_once('x')
        .is_some_and(|(left, right)| is_decimal(left) && is_decimal(right))
}

/// Cuts a text for a message.
fn shortened(text: &str) -> String {
    text.chars().take(MAX_BYTES).chain("…".chars()).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn sizes_are_read_as_written() {
        let table = [
            ("1.2B", 1.2),
            ("671B", 671.0),
            ("1.1T", 1100.0),
            ("350M", 0.35),
            ("7", 7.0),
            (" 0.8b ", 0.8),
            ("500K", 0.0005),
            ("30 B", 30.0),
            ("100T", MAX_BILLIONS),
        ];
        for (text, billions) in table {
            assert_eq!(
                parse_coded_size(text).unwrap(),
                CodedSize::Billions(billions),
                "{text}"
            );
        }
    }

    #[test]
    fn absent_sizes_are_absent() {
        for text in [
            "",
            "  ",
            "unknown",
            "Unknown",
            "NULL",
            "n/a",
            "None",
            "-",
            "undisclosed",
        ] {
            let size = parse_coded_size(text).unwrap();
            assert_eq!(size, CodedSize::Unknown(UnknownSize::NotStated), "{text}");
        }
    }

    #[test]
    fn a_product_of_experts_is_no_number() {
        for text in ["8x7B", "8X22b", "16x1.5B"] {
            let size = parse_coded_size(text).unwrap();
            assert_eq!(size, CodedSize::Unknown(UnknownSize::Product), "{text}");
        }
    }

    #[test]
    fn everything_else_is_an_error() {
        for text in [
            "-7B", "+7B", "NaN", "inf", "1e3B", "1,200M", ".5B", "7.B", "7BB", "B", "x7B", "~7B",
            "٧B", "1.2.3",
        ] {
            assert!(
                matches!(parse_coded_size(text), Err(CodedSizeError::NotASize(_))),
                "{text}"
            );
        }
        for text in ["0", "0.0B", "0000M"] {
            assert!(
                matches!(parse_coded_size(text), Err(CodedSizeError::Zero(_))),
                "{text}"
            );
        }
        for text in ["7000000000", "101T", "99999999999999999999999B"] {
            assert!(
                matches!(parse_coded_size(text), Err(CodedSizeError::TooLarge(_))),
                "{text}"
            );
        }
        assert!(parse_coded_size(&"9".repeat(10_000)).is_err());
    }
}
