//! Generated files: the JSON Schemas and the command reference.
//!
//! They are committed; the check fails when one is not what the code gives.

use std::path::PathBuf;

use anyhow::{Result, bail};

use crate::run;

const SCHEMAS: [(&str, &[&str]); 2] = [
    (
        "crates/render/schemas",
        &[
            "annex",
            "brief",
            "brief-annex",
            "claims",
            "document",
            "export",
            "manifest",
            "report",
            "summary",
            "summary-annex",
        ],
    ),
    ("crates/plugin/schemas", &["plugin", "plugins"]),
];

/// Writes every generated file.
pub(crate) fn write() -> Result<()> {
    for (path, text) in files()? {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(&path, text)?;
        println!("wrote {}", path.display());
    }
    Ok(())
}

/// Fails when a committed file is not what the code gives.
pub(crate) fn check() -> Result<()> {
    for (path, text) in files()? {
        if std::fs::read_to_string(&path).unwrap_or_default() != text {
            bail!(
                "`{}` is not what the code gives; run `cargo xtask gen`",
                path.display()
            );
        }
    }
    Ok(())
}

fn files() -> Result<Vec<(PathBuf, String)>> {
    let mut files = Vec::new();
    let schemas = SCHEMAS
        .iter()
        .flat_map(|(folder, names)| names.iter().map(move |name| (folder, name)));
    for (folder, name) in schemas {
        let path = PathBuf::from(format!("{folder}/{name}.schema.json"));
        files.push((path, caveat(&["schema", name])?));
    }
    files.push((PathBuf::from("docs/commands.md"), commands()?));
    Ok(files)
}

/// The help of every command, as one page.
fn commands() -> Result<String> {
    let verbs = [
        "import",
        "importers",
        "status",
        "analyse",
        "report",
        "brief",
        "summary",
        "audit",
        "models",
        "export",
        "plugin-check",
        "explain",
        "schema",
        "completions",
    ];
    let mut page =
        "# Commands of caveat\n\nMade by `cargo xtask gen` from the command line itself.\n"
            .to_owned();
    page.push_str(&section("caveat", &caveat(&["--help"])?));
    for verb in verbs {
        page.push_str(&section(
            &format!("caveat {verb}"),
            &caveat(&[verb, "--help"])?,
        ));
    }
    Ok(page)
}

fn section(title: &str, help: &str) -> String {
    let help: Vec<&str> = help.lines().map(str::trim_end).collect();
    format!(
        "\n## {title}\n\n```text\n{}\n```\n",
        help.join("\n").trim_end()
    )
}

fn caveat(arguments: &[&str]) -> Result<String> {
    let base = ["run", "--quiet", "--bin", "caveat", "--"];
    run::output(&run::cargo(), &[&base[..], arguments].concat())
}
