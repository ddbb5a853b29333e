//! A table under construction: named columns, and rows of cells of known kinds.

use caveat_analysis::result::{Estimate, Range};
use caveat_analysis::{NotEstimable, Number, Quantity};
use csv::{QuoteStyle, Terminator, WriterBuilder};

use crate::escape::csv_text;

/// What stands where nothing is given.
pub(super) const NOT_GIVEN: &str = "not given";

/// A table.
pub(super) struct Sheet {
    pub(super) name: &'static str,
    header: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

impl Sheet {
    pub(super) fn new(name: &'static str, header: &[&'static str]) -> Self {
        Self {
            name,
            header: header.to_vec(),
            rows: Vec::new(),
        }
    }

    pub(super) fn push(&mut self, row: Row) {
        self.rows.push(row.0);
    }

    /// Adds a row for each item.
    pub(super) fn with_rows<T>(
        mut self,
        items: impl IntoIterator<Item = T>,
        row: impl Fn(T) -> Row,
    ) -> Self {
        for item in items {
            self.push(row(item));
        }
        self
    }

    /// Writes header and rows; a row of another length is an error.
    pub(super) fn write(self) -> Result<Vec<u8>, String> {
        let mut writer = WriterBuilder::new()
            .terminator(Terminator::Any(b'\n'))
            .quote_style(QuoteStyle::NonNumeric)
            .from_writer(Vec::new());
        writer
            .write_record(&self.header)
            .map_err(|error| error.to_string())?;
        for row in &self.rows {
            writer
                .write_record(row)
                .map_err(|error| error.to_string())?;
        }
        writer.into_inner().map_err(|error| error.to_string())
    }
}

/// A row under construction; one call per column, some for two or more.
#[derive(Default)]
pub(super) struct Row(Vec<String>);

impl Row {
    pub(super) fn text(mut self, text: &str) -> Self {
        self.0.push(if text.is_empty() {
            NOT_GIVEN.to_owned()
        } else {
            csv_text(text)
        });
        self
    }

    pub(super) fn optional(self, text: Option<&str>) -> Self {
        self.text(text.unwrap_or_default())
    }

    /// Several texts in one cell.
    pub(super) fn list(self, texts: &[String]) -> Self {
        if texts.is_empty() {
            self.text("none")
        } else {
            self.text(&texts.join("; "))
        }
    }

    pub(super) fn count(mut self, count: u64) -> Self {
        self.0.push(count.to_string());
        self
    }

    pub(super) fn size(mut self, size: usize) -> Self {
        self.0.push(size.to_string());
        self
    }

    pub(super) fn flag(self, flag: bool) -> Self {
        self.text(if flag { "yes" } else { "no" })
    }

    pub(super) fn optional_flag(self, flag: Option<bool>) -> Self {
        match flag {
            Some(flag) => self.flag(flag),
            None => self.text(NOT_GIVEN),
        }
    }

    pub(super) fn number(mut self, number: Number) -> Self {
        self.0.push(number_text(number));
        self
    }

    /// Why there is no value.
    pub(super) fn absent(self, reason: NotEstimable) -> Self {
        self.text(&format!("not estimable: {reason:?}"))
    }

    pub(super) fn quantity(self, quantity: &Quantity) -> Self {
        match quantity {
            Quantity::Known(number) => self.number(*number),
            Quantity::Absent(reason) => self.absent(*reason),
        }
    }

    pub(super) fn size_quantity(self, quantity: &Quantity<usize>) -> Self {
        match quantity {
            Quantity::Known(size) => self.size(*size),
            Quantity::Absent(reason) => self.absent(*reason),
        }
    }

    /// Value, lower, upper, level and method: five columns.
    pub(super) fn estimate(self, estimate: &Estimate) -> Self {
        self.number(estimate.value)
            .number(estimate.lower)
            .number(estimate.upper)
            .number(estimate.level)
            .text(estimate.method)
    }

    /// Five columns, also where there is no estimate.
    pub(super) fn estimate_quantity(self, quantity: &Quantity<Estimate>) -> Self {
        match quantity {
            Quantity::Known(estimate) => self.estimate(estimate),
            Quantity::Absent(reason) => (0..5).fold(self, |row, _| row.absent(*reason)),
        }
    }

    /// Lower, upper and level: three columns.
    pub(super) fn range_quantity(self, quantity: &Quantity<Range>) -> Self {
        match quantity {
            Quantity::Known(range) => self
                .number(range.lower)
                .number(range.upper)
                .number(range.level),
            Quantity::Absent(reason) => (0..3).fold(self, |row, _| row.absent(*reason)),
        }
    }

    /// The name under which a value of a closed list is written in the annex.
    pub(super) fn word<T: serde::Serialize>(self, value: &T) -> Self {
        let json = serde_json::to_value(value).unwrap_or_default();
        self.optional(json.as_str())
    }
}

/// A number as the annex writes it.
fn number_text(number: Number) -> String {
    serde_json::to_string(&number)
        .map(|text| text.trim_matches('"').to_owned())
        .unwrap_or_else(|_| "not a number".to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn one(row: Row) -> String {
        let mut sheet = Sheet::new("t", &["a"]);
        sheet.push(row);
        String::from_utf8(sheet.write().unwrap()).unwrap()
    }

    #[test]
    fn numbers_keep_their_minus_and_text_never_starts_a_formula() {
        assert_eq!(one(Row::default().number(Number(-0.6))), "\"a\"\n-0.6\n");
        assert_eq!(one(Row::default().text("-0.6")), "\"a\"\n\"'-0.6\"\n");
        assert_eq!(one(Row::default().text("a;=1")), "\"a\"\n\"a[U+003B]=1\"\n");
        assert_eq!(
            one(Row::default().text("a\n\"b\"")),
            "\"a\"\n\"a[U+000A]\"\"b\"\"\"\n"
        );
    }

    #[test]
    fn what_is_missing_is_a_phrase() {
        let absent = Quantity::Absent(NotEstimable::NoSizes);
        assert_eq!(
            one(Row::default().quantity(&absent)),
            "\"a\"\n\"not estimable: NoSizes\"\n"
        );
        assert_eq!(one(Row::default().optional(None)), "\"a\"\n\"not given\"\n");
    }

    #[test]
    fn a_row_that_does_not_fit_is_an_error() {
        let mut sheet = Sheet::new("t", &["a", "b"]);
        sheet.push(Row::default().text("x"));
        assert!(sheet.write().is_err());
    }
}
