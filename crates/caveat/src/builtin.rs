//! The importers that ship with caveat: the one place where a new one is added.

use caveat_import_failure_first::FailureFirst;
use caveat_import_garak::Garak;
use caveat_import_harmbench::HarmBench;
use caveat_import_helm::Helm;
use caveat_import_inspect::Inspect;
use caveat_import_jailbreakbench::JailbreakBench;
use caveat_import_lm_eval::LmEval;
use caveat_import_openai_evals::OpenAiEvals;
use caveat_import_promptfoo::Promptfoo;
use caveat_import_pyrit::Pyrit;
use caveat_import_table::Table;
use caveat_importer::Importer;

/// Every importer, in order of name.
pub fn importers() -> Vec<&'static dyn Importer> {
    vec![
        &FailureFirst,
        &Garak,
        &HarmBench,
        &Helm,
        &Inspect,
        &JailbreakBench,
        &LmEval,
        &OpenAiEvals,
        &Promptfoo,
        &Pyrit,
        &Table,
    ]
}
