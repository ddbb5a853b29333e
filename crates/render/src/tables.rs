//! The annex as tables: one CSV per kind of row, for spreadsheets and scripts.
//!
//! Headers carry the unit. Rates are proportions from 0 to 1, `_pp` is
//! percentage points, `_b` billions of parameters. What cannot be estimated is
//! a phrase (`not estimable: NoSizes`), what does not apply is `not given`; no
//! cell is empty. Text passes [`crate::escape::csv_text`]; everything but a
//! number is quoted. Lines end with LF. JSON has the exact text; a table has
//! text that is safe to open.

mod choices;
mod columns;
mod rows;

use std::collections::BTreeMap;

use caveat_report::annex::Annex;

use crate::error::RenderError;
use columns::Sheet;

/// Every table of an annex, by its file name.
///
/// # Errors
/// [`RenderError::Table`] for a row that does not fit its header.
pub fn tables(annex: &Annex) -> Result<BTreeMap<String, Vec<u8>>, RenderError> {
    let analysis = &annex.analysis;
    let sheets = [
        rows::models(analysis),
        rows::providers(analysis),
        rows::comparisons(analysis),
        rows::null_distribution(analysis),
        rows::size_sensitivity(analysis),
        rows::within_providers(analysis),
        rows::overlap(analysis),
        rows::graders(analysis),
        choices::multiverse(analysis),
        rows::decomposition(annex),
        rows::statements("findings", &annex.findings),
        rows::statements("caveats", &annex.caveats),
        rows::claims(&annex.claims),
        rows::evidence(&annex.evidence),
        rows::exclusions(&annex.corpus.account),
        rows::sources(&annex.corpus.sources),
    ];
    sheets.into_iter().map(written).collect()
}

fn written(sheet: Sheet) -> Result<(String, Vec<u8>), RenderError> {
    let name = sheet.name;
    let bytes = sheet.write().map_err(|message| RenderError::Table {
        table: name,
        message,
    })?;
    Ok((format!("{name}.csv"), bytes))
}
