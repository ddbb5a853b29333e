//! `caveat models`: the register, and names that it does not know.

use caveat_corpus::register::{ModelFacts, Register, RegisterFile};
use caveat_importer::text::printable;
use caveat_store::Store;

use crate::cli::ModelsArguments;
use crate::exit::{self, ANSWER_NO, DONE, Failure};
use crate::files;

/// How a name becomes known.
const HINT: &str = "hint: a report adds models, or spellings of listed ones, in a register of its \
    own (`register = \"models.toml\"` in report.toml):\n\
    [[model]]\n\
    id = \"maker/model\"\n\
    name = \"Name for people\"\n\
    maker = \"maker\"\n\
    weights = \"open\"\n\
    aliases = [\"as the corpus spells it\"]\n\
    source = \"where the size, or that it is not disclosed, is stated\"\n\
    verified = \"primary\"\n\
    `caveat models --unknown --register models.toml` shows what is left";

/// Runs the command.
pub fn run(arguments: &ModelsArguments) -> Result<u8, Failure> {
    let register = register(arguments)?;
    if arguments.unknown {
        return unknown(arguments, &register);
    }
    if arguments.json {
        exit::print_json(&register.models())?;
    } else {
        let lines: String = register.models().iter().map(line).collect();
        exit::print(&lines)?;
    }
    Ok(DONE)
}

fn register(arguments: &ModelsArguments) -> Result<Register, Failure> {
    let builtin = Register::builtin().map_err(|error| Failure::new(exit::INPUT_OUTPUT, error))?;
    let Some(path) = &arguments.register else {
        return Ok(builtin.clone());
    };
    let unusable =
        |error| Failure::wrong_use(format!("cannot use `{}`: {error}", files::shown(path)));
    let above = RegisterFile::parse(&files::read_text(path)?).map_err(unusable)?;
    builtin.overlay(above).map_err(unusable)
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
        exit::note(HINT);
    }
    Ok(if unknown.is_empty() { DONE } else { ANSWER_NO })
}
