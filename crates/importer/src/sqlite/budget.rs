//! How much a table can yield at most.

use super::SqliteFault;

/// What a table can yield at most: a row takes four bytes of the file or more,
/// and a text is stored once. A damaged or crafted tree of pages that runs in
/// circles yields more, without end for all that a reader could wait.
#[derive(Clone, Debug)]
pub struct Budget {
    table: String,
    rows: u64,
    text_bytes: u64,
}

impl Budget {
    /// The budget of one pass over a table of a file of this size.
    pub fn new(table: &str, size_bytes: u64) -> Self {
        Self {
            table: table.to_owned(),
            rows: size_bytes / 4,
            // UTF-16 grows by half when read as UTF-8; a column may be computed.
            text_bytes: size_bytes.saturating_mul(2),
        }
    }

    /// Takes one row with its long text.
    ///
    /// # Errors
    /// [`SqliteFault::Overgrown`] for a row or a byte more than the file can hold.
    pub fn spend(&mut self, text_bytes: u64) -> Result<(), SqliteFault> {
        let rows = self.rows.checked_sub(1);
        let text_bytes = self.text_bytes.checked_sub(text_bytes);
        match (rows, text_bytes) {
            (Some(rows), Some(text_bytes)) => {
                self.rows = rows;
                self.text_bytes = text_bytes;
                Ok(())
            }
            _ => Err(SqliteFault::Overgrown {
                table: self.table.clone(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_cannot_yield_more_than_its_file_holds() {
        let mut budget = Budget::new("results", 8);
        assert!(budget.spend(10).is_ok());
        assert!(budget.spend(6).is_ok());
        assert!(matches!(
            budget.spend(0),
            Err(SqliteFault::Overgrown { .. })
        ));
        let mut budget = Budget::new("results", 8);
        assert!(matches!(
            budget.spend(17),
            Err(SqliteFault::Overgrown { .. })
        ));
    }
}
