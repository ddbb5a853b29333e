//! `caveat models`: the register, and names that it does not know.

use caveat_corpus::register::{ModelFacts, Register};
use caveat_importer::text::printable;
use caveat_store::Store;

use crate::cli::ModelsArguments;
use crate::exit::{self, ANSWER_NO, DONE, Failure};

/// Runs the command.
pub fn run(arguments: &ModelsArguments) -> Result<u8, Failure> {
    let register = Register::builtin().map_err(|error| Failure::new(exit::INPUT_OUTPUT, error))?;
    if arguments.unknown {
        return unknown(arguments, register);
    }
    if arguments.json {
        exit::print_json(&register.models())?;
    } else {
        let lines: String = register.models().iter().map(line).collect();
        exit::print(&lines)?;
    }
    Ok(DONE)
}

fn line(model: &ModelFacts) -> String {
    let size = match (model.params_total_b, model.params_active_b) {
        (None, _) => "size not disclosed".to_owned(),
        (Some(total), Some(active)) if active < total => format!("{total}B, {active}B active"),
        (Some(total), _) => format!("{total}B"),
    };
    format!("{}\t{}\t{size}\t{}\n", model.id, model.maker, model.source)
}

/// Lists what the register cannot tie to one model; exit 1 if there is any.
fn unknown(arguments: &ModelsArguments, register: &Register) -> Result<u8, Failure> {
    let status = Store::open_read_only(&arguments.store)?.status()?;
    let names = status
        .models
        .iter()
        .map(|m| (m.model.as_str(), m.provider.as_deref()));
    let unknown = register.unknown(names);
    if arguments.json {
        exit::print_json(&unknown)?;
    } else if unknown.is_empty() {
        exit::note("the register knows every model of the corpus");
    } else {
        let lines: String = unknown
            .iter()
            .map(|name| {
                let provider = name.provider.as_deref().unwrap_or("no provider");
                let similar = match name.similar.as_slice() {
                    [] => String::new(),
                    similar => format!("; similar: {}", similar.join(", ")),
                };
                format!(
                    "{} ({}): {}{similar}\n",
                    printable(&name.name),
                    printable(provider),
                    printable(&name.why)
                )
            })
            .collect();
        exit::print(&lines)?;
    }
    Ok(if unknown.is_empty() { DONE } else { ANSWER_NO })
}
