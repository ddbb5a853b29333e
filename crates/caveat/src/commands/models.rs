//! `caveat models`: the register, and names that it does not know.

use caveat_corpus::register::{ModelFacts, Register, RegisterFile, UnknownName};
use caveat_importer::text::{is_hidden, printable};
use caveat_store::Store;

use crate::cli::ModelsArguments;
use crate::exit::{self, ANSWER_NO, DONE, Failure};
use crate::files;

/// How names become known, with a register that can be used as it stands.
fn hint(unknown: &[UnknownName]) -> String {
    let plain = |name: &&UnknownName| !name.name.contains(is_hidden);
    let spelled = unknown
        .iter()
        .find(plain)
        .map_or("as the corpus spells it", |name| name.name.as_str());
    format!(
        "hint: a report adds models, or spellings of listed ones, in a register of its own: write \
         this to models.toml beside report.toml, correct it, and write `register = \"models.toml\"` \
         at the top of report.toml. A maker that the shared register knows needs no [[maker]].\n\n\
         {}\n\
         `caveat models --unknown --register models.toml` shows what is left",
        snippet(spelled)
    )
}

/// A register with one model of a maker of one's own.
fn snippet(spelled: &str) -> String {
    let spelled = toml::Value::String(spelled.to_owned());
    format!(
        "[[maker]]\n\
         id = \"our-lab\"\n\
         name = \"Our Lab\"\n\
         kind = \"maker\"\n\
         \n\
         [[model]]\n\
         id = \"our-lab/our-model\"\n\
         name = \"Our Model\"\n\
         maker = \"our-lab\"             # the id of a maker, here or in the shared register\n\
         params_total_b = 7.0          # billions; leave the two lines out where not disclosed\n\
         mixture = false               # true needs params_active_b as well, if it is known\n\
         weights = \"open\"              # or \"closed\"\n\
         aliases = [{spelled}]\n\
         source = \"where the size, or that it is not disclosed, is stated\"\n\
         verified = \"primary\"          # or \"secondary\", \"memory\": how far that was checked\n"
    )
}

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
        exit::note(&hint(&unknown));
    }
    Ok(if unknown.is_empty() { DONE } else { ANSWER_NO })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn the_register_of_the_page_is_the_one_that_is_printed() {
        let page = include_str!("../../../../docs/models.md");
        let (_, toml) = page.split_once("```toml\n").unwrap();
        let (toml, _) = toml.split_once("```").unwrap();
        let read = |text: &str| toml::from_str::<toml::Table>(text).unwrap();
        assert_eq!(read(toml), read(&snippet("as the corpus spells it")));
    }

    #[test]
    fn the_register_that_is_printed_can_be_used_as_it_stands() {
        let builtin = Register::builtin().unwrap();
        for spelled in ["house-7b", "a \"quoted\" na\\me", "as the corpus spells it"] {
            let above = RegisterFile::parse(&snippet(spelled)).unwrap();
            let register = builtin.overlay(above).unwrap();
            let known = register.model(spelled, None);
            let listed = known.listed().unwrap();
            assert_eq!(listed.id, "our-lab/our-model");
            assert_eq!(listed.params_active_b, Some(7.0));
        }
    }
}
