//! The importers that ship with caveat: the one place where a new one is added.

use caveat_import_caveat_export::CaveatExport;
use caveat_import_every_eval_ever::EveryEvalEver;
use caveat_import_failure_first::FailureFirst;
use caveat_import_jailbreakbench::JailbreakBench;
use caveat_import_table::Table;
use caveat_importer::Importer;

/// Every importer, in order of name.
pub fn importers() -> Vec<&'static dyn Importer> {
    vec![
        &CaveatExport,
        &EveryEvalEver,
        &FailureFirst,
        &JailbreakBench,
        &Table,
    ]
}
