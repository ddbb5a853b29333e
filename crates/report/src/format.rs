//! How numbers and lists are written.
//!
//! Every figure of a document passes through one of these functions, so that a
//! quantity is written the same way wherever it stands: a true minus sign, no
//! signed zero, whole percent in running text and one decimal in tables, no
//! break inside `p = 0.04` or `3 points`. Rounding is half away from zero on the
//! decimal text, and happens here and nowhere else.
//!
//! Nothing here decides what is said; it never sees an analysis.

/// A space at which a line does not break.
pub const NBSP: char = '\u{a0}';

/// The minus sign of running text and tables.
pub const MINUS: char = '\u{2212}';

/// Largest number written as a word.
const LARGEST_WORD: u64 = 12;

const WORDS: [&str; 13] = [
    "none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    "eleven", "twelve",
];

const ORDINALS: [&str; 13] = [
    "none", "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth",
    "tenth", "eleventh", "twelfth",
];

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// Decimals written with a true minus sign and without a signed zero.
///
/// Halves are rounded away from zero after a correction of the last binary
/// digit, so that 0.125 and 0.375 behave alike.
pub fn decimals(value: f64, places: usize) -> String {
    let text = format!("{:.places$}", nudged(value.abs(), places));
    let zero = text.chars().all(|c| matches!(c, '0' | '.'));
    if value < 0.0 && !zero {
        format!("{MINUS}{text}")
    } else {
        text
    }
}

/// Moves a magnitude up by far less than any shown digit, so that halves round up.
fn nudged(magnitude: f64, places: usize) -> f64 {
    let places = i32::try_from(places).unwrap_or(i32::MAX);
    magnitude + 1e-9 * 10f64.powi(-places)
}

/// Like [`decimals`], with a plus sign before positive values.
pub fn signed(value: f64, places: usize) -> String {
    let text = decimals(value, places);
    let zero = text.chars().all(|c| matches!(c, '0' | '.'));
    if zero || text.starts_with(MINUS) {
        text
    } else {
        format!("+{text}")
    }
}

/// A whole number with commas between thousands.
pub fn thousands(value: u64) -> String {
    let digits = value.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// The count of a list, as [`thousands`].
pub fn count(value: usize) -> String {
    thousands(u64::try_from(value).unwrap_or(u64::MAX))
}

/// A number as a word up to twelve, else in figures.
pub fn word(value: usize) -> String {
    match WORDS.get(value) {
        Some(word) if value > 0 => (*word).to_owned(),
        Some(_) => "no".to_owned(),
        None => count(value),
    }
}

/// The number that opens a sentence, as a word up to twelve.
pub fn word_first(value: usize) -> String {
    capital(&word(value))
}

/// An ordinal as a word up to twelfth, else in figures ("21st").
pub fn ordinal(value: usize) -> String {
    if let Some(word) = ORDINALS.get(value).filter(|_| value > 0) {
        return (*word).to_owned();
    }
    ordinal_in_figures(value)
}

fn ordinal_ending(value: usize) -> &'static str {
    match (value % 10, value % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    }
}

/// An ordinal in figures ("1st", "22nd").
pub fn ordinal_in_figures(value: usize) -> String {
    format!("{}{}", count(value), ordinal_ending(value))
}

/// A share as "about one in five" or "about three in ten", where that is close:
/// one in N up to 20 where 1/share is within a tenth of N, tenths within 1.5 points.
pub fn about(share: f64) -> Option<String> {
    if !(0.0..1.0).contains(&share) || share <= 0.0 {
        return None;
    }
    let whole = (1.0 / share).round();
    if (2.0..=20.0).contains(&whole) && (1.0 / share - whole).abs() <= 0.1 * whole {
        // The range keeps the conversion exact.
        return Some(format!("about one in {}", word(whole as usize)));
    }
    let tenths = (10.0 * share).round();
    if (1.0..=9.0).contains(&tenths) && (share - tenths / 10.0).abs() <= 0.015 {
        return Some(format!("about {} in ten", word(tenths as usize)));
    }
    None
}

/// The same text with a small letter at the start.
pub fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_lowercase().collect::<String>() + chars.as_str()
    })
}

/// The same text with a capital at the start.
pub fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_uppercase().collect::<String>() + chars.as_str()
    })
}

/// A share as whole percent ("65%").
pub fn percent(share: f64) -> String {
    format!("{}%", decimals(100.0 * share, 0))
}

/// The same, and "less than 1%" for a share that would round to nothing.
pub fn percent_of_part(share: f64) -> String {
    if share > 0.0 && share < 0.005 {
        "less than 1%".to_owned()
    } else {
        percent(share)
    }
}

/// A share as a figure in percent with one decimal and without the sign, for tables.
pub fn percent_cell(share: f64) -> String {
    decimals(100.0 * share, 1)
}

/// An upper limit that stands alone ("up to 16%"), rounded outward.
pub fn percent_up_to(share: f64) -> String {
    let outward = (100.0 * share - 1e-9).ceil().clamp(0.0, 100.0);
    format!("{}%", decimals(outward, 0))
}

/// A lower limit that stands alone ("as low as 82%"), rounded outward.
pub fn percent_down_to(share: f64) -> String {
    let outward = (100.0 * share + 1e-9).floor().clamp(0.0, 100.0);
    format!("{}%", decimals(outward, 0))
}

/// Successes as prose states them: counts below a hundred results, else percent with both counts.
pub fn rate_in_words(succeeded: u64, n: u64) -> String {
    match (succeeded, n) {
        (_, 0) => "no evaluable result".to_owned(),
        (0, _) => format!("none of {}", thousands(n)),
        (x, n) if x == n => format!("all {}", thousands(n)),
        (x, n) if n < 100 => format!("{} of {}", thousands(x), thousands(n)),
        (x, n) => rate_with_count(x, n),
    }
}

/// A rate in a chart or finding, whole percent with its count.
pub fn rate_with_count(succeeded: u64, n: u64) -> String {
    match (succeeded, n) {
        (_, 0) => "no evaluable result".to_owned(),
        (0, _) => format!("0 of {}", thousands(n)),
        (x, n) => format!(
            "{} ({} of {})",
            percent(ratio(x, n)),
            thousands(x),
            thousands(n)
        ),
    }
}

/// Two counts as a share; 0 for an empty denominator.
pub fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        return 0.0;
    }
    // Counts of traces stay far below 2^53, where the conversion is exact.
    part as f64 / whole as f64
}

/// `p = 0.26`, or `p < 0.001`; never 0.000, and never 1.00 for less than one.
pub fn p_value(p: f64) -> String {
    if p < 0.001 {
        return format!("p{NBSP}<{NBSP}0.001");
    }
    if p < 0.095 {
        let places = if p < 0.01 { 3 } else { 2 };
        return format!("p{NBSP}={NBSP}{}", decimals(p, places));
    }
    if p > 0.99 {
        return format!("p{NBSP}>{NBSP}0.99");
    }
    format!("p{NBSP}={NBSP}{}", decimals(p, 2))
}

/// A p-value for a column headed p ("0.26", "< 0.001").
pub fn p_cell(p: f64) -> String {
    p_value(p)
        .trim_start_matches(['p', ' ', '=', '\u{a0}'])
        .to_owned()
}

/// A share with three decimals that is never written as nothing ("0.011", "below 0.001").
pub fn small_share(share: f64) -> String {
    if share > 0.0 && share < 0.0005 {
        return "below 0.001".to_owned();
    }
    decimals(share, 3)
}

/// A name from the data on one line, cut after `most` characters.
///
/// The annex keeps the whole name; a document cannot show ten thousand letters.
pub fn shortened(name: &str, most: usize) -> String {
    let line = name.split(|c: char| c.is_whitespace() || c.is_control());
    let line = line
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" ");
    if line.chars().count() <= most {
        return line;
    }
    let cut: String = line.chars().take(most.saturating_sub(1)).collect();
    format!("{}\u{2026}", cut.trim_end())
}

/// Percentage points with their word, not broken ("3 points", "1 point").
pub fn points(value: f64, places: usize) -> String {
    let text = decimals(value, places);
    let unit = if text.trim_start_matches(MINUS) == "1" {
        "point"
    } else {
        "points"
    };
    format!("{text}{NBSP}{unit}")
}

/// A statistic with its value, not broken ("κ 0.25").
pub fn labelled(name: &str, value: &str) -> String {
    format!("{name}{NBSP}{value}")
}

/// Two limits for prose and tables ("4.7 to 13.2").
pub fn span(lower: &str, upper: &str) -> String {
    format!("{lower} to {upper}")
}

/// Two limits in brackets, for the evidence column only.
pub fn brackets(lower: &str, upper: &str) -> String {
    format!("[{lower}, {upper}]")
}

/// A range of ranks, the one use of the en dash ("3–9").
pub fn ranks(lower: usize, upper: usize) -> String {
    if lower == upper {
        lower.to_string()
    } else {
        format!("{lower}\u{2013}{upper}")
    }
}

/// Words joined as a sentence lists them ("A, B and C").
pub fn list<S: AsRef<str>>(items: &[S]) -> String {
    joined(items, "and")
}

/// Words of which one holds ("A, B or C").
pub fn alternatives<S: AsRef<str>>(items: &[S]) -> String {
    joined(items, "or")
}

fn joined<S: AsRef<str>>(items: &[S], last: &str) -> String {
    match items {
        [] => String::new(),
        [one] => one.as_ref().to_owned(),
        [rest @ .., end] => {
            let rest: Vec<&str> = rest.iter().map(AsRef::as_ref).collect();
            format!("{} {last} {}", rest.join(", "), end.as_ref())
        }
    }
}

/// At most `shown` words, and how many more there are ("A, B and 4 more").
pub fn short_list<S: AsRef<str>>(items: &[S], shown: usize) -> String {
    if items.len() <= shown + 1 {
        return list(items);
    }
    let head: Vec<&str> = items.iter().take(shown).map(AsRef::as_ref).collect();
    format!("{} and {} more", head.join(", "), word(items.len() - shown))
}

/// A number of things with the fitting form ("1 model", "21 models").
pub fn plural(value: usize, one: &str, many: &str) -> String {
    let form = if value == 1 { one } else { many };
    format!("{} {form}", count(value))
}

/// A number of results with its noun ("one request", "1,132 requests").
pub fn counted(value: u64, one: &str, many: &str) -> String {
    match value {
        1 => format!("one {one}"),
        n => format!("{} {many}", thousands(n)),
    }
}

/// The same with the number as a word up to twelve.
pub fn plural_word(value: usize, one: &str, many: &str) -> String {
    let form = if value == 1 { one } else { many };
    format!("{} {form}", word(value))
}

/// A part of a group with its verb: "the one pair shares", "all 3 pairs share",
/// "one of 36 pairs shares", "twelve of 36 pairs share". `nouns` and `verbs`
/// are the singular and the plural form.
pub fn part_of(part: usize, whole: usize, nouns: [&str; 2], verbs: [&str; 2]) -> String {
    let [noun, nouns] = nouns;
    let [verb, verbs] = verbs;
    match (part, whole) {
        (1, 1) => format!("the one {noun} {verb}"),
        (part, whole) if part == whole => format!("all {} {nouns} {verbs}", count(whole)),
        (1, _) => format!("one of {} {nouns} {verb}", count(whole)),
        (part, _) => format!("{} of {} {nouns} {verbs}", word(part), count(whole)),
    }
}

/// Parameters in billions as a label ("1.2B", "671B").
pub fn size(billions: f64) -> String {
    let places = if billions < 100.0 { 1 } else { 0 };
    let text = if billions < 0.1 {
        decimals(billions, 2)
    } else {
        decimals(billions, places)
    };
    let short = text.strip_suffix(".0").unwrap_or(&text);
    format!("{short}B")
}

/// A level as percent ("95%", "99.9%").
pub fn level(level: f64) -> String {
    let text = decimals(100.0 * level, 1);
    format!("{}%", text.strip_suffix(".0").unwrap_or(&text))
}

/// A ratio with the digits it supports: one decimal, none from 100 on.
pub fn times(value: f64) -> String {
    if value.is_infinite() {
        return "infinite".to_owned();
    }
    if (100.0..1e15).contains(&value) {
        // The range keeps the conversion exact to the whole number shown.
        return thousands(value.round() as u64);
    }
    decimals(value, 1)
}

/// A day ("23 November 2026").
pub fn date(year: i32, month: u8, day: u8) -> String {
    let name = usize::from(month)
        .checked_sub(1)
        .and_then(|index| MONTHS.get(index))
        .copied()
        .unwrap_or("month unknown");
    format!("{day}{NBSP}{name} {year}")
}

/// Whether a count is written as a word by [`word`].
pub fn is_written_as_word(value: u64) -> bool {
    value <= LARGEST_WORD
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minus_is_a_minus_and_zero_has_no_sign() {
        assert_eq!(decimals(-0.6, 1), "\u{2212}0.6");
        assert_eq!(decimals(-0.04, 1), "0.0");
        assert_eq!(signed(0.04, 1), "0.0");
        assert_eq!(signed(3.94, 1), "+3.9");
        assert_eq!(signed(-13.76, 1), "\u{2212}13.8");
        assert_eq!(decimals(0.125, 2), "0.13");
        assert_eq!(decimals(-2.5, 0), "\u{2212}3");
    }

    #[test]
    fn prose_takes_whole_percent_and_tables_one_decimal() {
        assert_eq!(percent(0.6534), "65%");
        assert_eq!(percent_cell(0.0798), "8.0");
        assert_eq!(level(0.95), "95%");
        assert_eq!(small_share(0.01136), "0.011");
        assert_eq!(small_share(0.00001), "below 0.001");
        assert_eq!(level(0.999), "99.9%");
    }

    #[test]
    fn one_sided_limits_are_rounded_outward() {
        assert_eq!(percent_up_to(0.1546), "16%");
        assert_eq!(percent_up_to(0.15), "15%");
        assert_eq!(percent_down_to(0.829), "82%");
        assert_eq!(percent_up_to(0.9999), "100%");
    }

    #[test]
    fn small_samples_are_given_as_counts() {
        assert_eq!(rate_in_words(0, 21), "none of 21");
        assert_eq!(rate_in_words(18, 18), "all 18");
        assert_eq!(rate_in_words(3, 12), "3 of 12");
        assert_eq!(rate_in_words(30, 1200), "3% (30 of 1,200)");
        assert_eq!(rate_in_words(0, 0), "no evaluable result");
        assert_eq!(rate_with_count(13, 163), "8% (13 of 163)");
    }

    #[test]
    fn p_values_keep_two_digits_and_are_never_zero() {
        let plain = |p| p_value(p).replace(NBSP, " ");
        assert_eq!(plain(0.2623), "p = 0.26");
        assert_eq!(plain(0.0412), "p = 0.04");
        assert_eq!(plain(0.0049), "p = 0.005");
        assert_eq!(plain(0.0002), "p < 0.001");
        assert_eq!(plain(0.999), "p > 0.99");
        assert!(!p_value(0.26).contains(' '));
    }

    #[test]
    fn points_do_not_break_from_their_number() {
        assert_eq!(points(3.0, 0), "3\u{a0}points");
        assert_eq!(points(-1.0, 0), "\u{2212}1\u{a0}point");
        assert_eq!(points(1.0, 1), "1.0\u{a0}points");
    }

    #[test]
    fn lists_and_counts_read_as_a_sentence_does() {
        assert_eq!(list(&["A", "B", "C"]), "A, B and C");
        assert_eq!(list::<&str>(&[]), "");
        assert_eq!(alternatives(&["A", "B"]), "A or B");
        assert_eq!(
            short_list(&["A", "B", "C", "D", "E"], 2),
            "A, B and three more"
        );
        assert_eq!(short_list(&["A", "B", "C"], 2), "A, B and C");
        assert_eq!(word(12), "twelve");
        assert_eq!(word(13), "13");
        assert_eq!(word(0), "no");
        assert_eq!(word_first(7), "Seven");
        assert_eq!(shortened("a\n b", 9), "a b");
        assert_eq!(shortened("abcdefgh", 5), "abcd\u{2026}");
        assert_eq!(ordinal(3), "third");
        assert_eq!(ordinal(21), "21st");
        assert_eq!(ordinal(112), "112th");
        assert_eq!(plural(1, "model", "models"), "1 model");
        assert_eq!(plural_word(2, "model", "models"), "two models");
        assert_eq!(thousands(1_234_567), "1,234,567");
        assert_eq!(thousands(999), "999");
        assert!(is_written_as_word(12) && !is_written_as_word(13));
    }

    #[test]
    fn a_share_is_about_a_fraction_only_where_it_is_close_to_one() {
        assert_eq!(about(0.2094).as_deref(), Some("about one in five"));
        assert_eq!(about(0.295).as_deref(), Some("about three in ten"));
        assert_eq!(about(0.08).as_deref(), Some("about one in 13"));
        assert_eq!(about(0.65), None);
        assert_eq!(about(0.001), None);
        assert_eq!((about(0.0), about(1.0)), (None, None));
        assert_eq!(ordinal_in_figures(2), "2nd");
    }

    #[test]
    fn sizes_ranks_dates_and_ratios_have_one_form() {
        assert_eq!(size(1.2), "1.2B");
        assert_eq!(size(671.0), "671B");
        assert_eq!(size(7.0), "7B");
        assert_eq!(size(116.8), "117B");
        assert_eq!(size(0.05), "0.05B");
        assert_eq!(ranks(3, 9), "3\u{2013}9");
        assert_eq!(ranks(2, 2), "2");
        assert_eq!(date(2026, 11, 23), "23\u{a0}November 2026");
        assert_eq!(times(57.54), "57.5");
        assert_eq!(times(f64::INFINITY), "infinite");
        assert_eq!(times(1234.4), "1,234");
        assert_eq!(span("4.7", "13.2"), "4.7 to 13.2");
        assert_eq!(brackets("4.7", "13.2"), "[4.7, 13.2]");
        assert_eq!(labelled("κ", "0.25"), "κ\u{a0}0.25");
    }
}
