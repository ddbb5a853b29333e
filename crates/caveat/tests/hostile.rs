//! Corpora and paths made to do harm, from the outside: names that are markup,
//! commands or invisible come out as words; paths that never end are refused.

#![allow(clippy::unwrap_used)]

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Duration;

use pulldown_cmark::{Event, Options, Parser, Tag};
use rusqlite::{Connection, params};
use serde_json::Value;
use support::{caveat, json, outcome};

/// Longest that a refusal may take; a run that waits for a pipe takes for ever.
const PATIENCE: Duration = Duration::from_secs(60);

/// Results of each model.
const RESULTS: u32 = 30;

/// Names that something along the way might act on.
const HOSTILE: [&str; 30] = [
    "#read(\"/etc/passwd\") *b* $x$ <l> @r",
    "<script>alert(1)</script>",
    "[x](javascript:alert(1))",
    "![i](http://evil.example/a.png)",
    "<http://evil.example>",
    "http://evil.example/x",
    "www.evil.example",
    "| a | b |",
    "`code` ``x``",
    "line\nbreak\r\n# H1\n\n---",
    "\u{1b}[31mred\u{1b}[0m",
    "\u{9b}31m",
    "abc\u{202e}def\u{2066}",
    "模型漢字",
    "😀🤖",
    " ",
    "\t",
    "=cmd|' /C calc'!A0",
    "+1",
    "-1+1",
    "@SUM(1)",
    "../../x",
    "[^1]",
    "[ref]: http://evil.example",
    "> q",
    "- [ ] item",
    "1. item",
    "{{ x }} {% raw %}{# c #}",
    "<!-- c",
    "&lt;b&gt; &#60; ~~s~~ __b__ \\",
];

fn tame(place: usize) -> String {
    format!("model-{place:02}")
}

/// The hostile names, and one of ten thousand characters.
fn hostile() -> Vec<String> {
    let mut names: Vec<String> = HOSTILE.iter().map(|name| (*name).to_owned()).collect();
    names.push("L".repeat(10_000));
    names
}

/// A corpus in which every model, vendor, grader, data set and technique has one of these names.
fn corpus(path: &Path, names: &[String]) {
    let database = Connection::open(path).unwrap();
    database
        .execute_batch(
            "PRAGMA user_version = 13; PRAGMA synchronous = OFF; BEGIN;
             CREATE TABLE source_datasets(id INTEGER PRIMARY KEY, name TEXT);
             CREATE TABLE techniques(id INTEGER PRIMARY KEY, name TEXT, family TEXT, era TEXT);
             CREATE TABLE prompts(id INTEGER PRIMARY KEY, prompt_text TEXT, technique_id INTEGER,
               source_dataset_id INTEGER, harm_class TEXT);
             CREATE TABLE models(id INTEGER PRIMARY KEY, name TEXT, provider TEXT, parameter_count TEXT);
             CREATE TABLE evaluation_runs(id INTEGER PRIMARY KEY, model_id INTEGER, run_date TEXT);
             CREATE TABLE results(id INTEGER PRIMARY KEY, evaluation_run_id INTEGER, prompt_id INTEGER,
               raw_response TEXT, heuristic_verdict TEXT, llm_verdict TEXT, llm_classifier TEXT,
               duration_ms INTEGER, thinking_tokens INTEGER, response_tokens INTEGER);",
        )
        .unwrap();
    let insert = |sql: &str, values: &[&dyn rusqlite::ToSql]| {
        database.execute(sql, values).unwrap();
    };
    let (first, second) = (&names[0], &names[1]);
    insert(
        "INSERT INTO source_datasets VALUES(1, ?1)",
        params![names[2]],
    );
    insert(
        "INSERT INTO techniques VALUES(1, ?1, ?1, NULL)",
        params![second],
    );
    for prompt in 0..RESULTS {
        insert(
            "INSERT INTO prompts VALUES(?1, ?2, 1, 1, ?3)",
            params![prompt, format!("prompt {prompt}"), second],
        );
    }
    for (place, (index, name)) in (0_u32..).zip(names.iter().enumerate()) {
        // Two models of each vendor, of different sizes.
        let vendor = &names[index / 2 * 2];
        insert(
            "INSERT INTO models VALUES(?1, ?2, ?3, ?4)",
            params![place, name, vendor, format!("{}B", 1 << (place % 9))],
        );
        insert(
            "INSERT INTO evaluation_runs VALUES(?1, ?1, '2026-01-01')",
            params![place],
        );
        for prompt in 0..RESULTS {
            let complied = (prompt * 7 + place * 5) % 10 < place % 5;
            let verdict = if complied { "COMPLIANCE" } else { "REFUSAL" };
            insert(
                "INSERT INTO results VALUES(NULL, ?1, ?2, ?3, NULL, ?4, ?5, 1, 1, 1)",
                params![place, prompt, format!("{place} {prompt}"), verdict, first],
            );
        }
    }
    database.execute_batch("COMMIT").unwrap();
}

const REPORT: &str = r#"title = "Hostile names"
number = "0"
series = "Tests"
author = "Tests"
edition_date = "2026-11-23"
corpus = "Corpus: made to do harm"

[inclusion]
min_n_per_model = 10

[analysis]
ranking_min_n = 20
permutations = 999

[[inputs]]
path = "corpus.db"
"#;

/// A report on a corpus with these names.
fn report(folder: &Path, names: &[String]) {
    corpus(&folder.join("corpus.db"), names);
    fs::write(folder.join("report.toml"), REPORT).unwrap();
}

/// Makes the Markdown edition and returns what went to the terminal.
fn make(folder: &Path) -> String {
    make_only(folder, "markdown")
}

fn make_only(folder: &Path, format: &str) -> String {
    let (code, out, err) = outcome(&["report", folder.to_str().unwrap(), "--only", format]);
    assert_eq!(code, 0, "{err}");
    out + &err
}

fn events(markdown: &str) -> Vec<Event<'_>> {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_MATH
        | Options::ENABLE_GFM;
    Parser::new_ext(markdown, options).collect()
}

/// What the document is made of, without its words.
fn shape(events: &[Event<'_>]) -> BTreeSet<String> {
    events
        .iter()
        .filter_map(|event| match event {
            Event::Start(Tag::Image { dest_url, .. }) => Some(format!("image {dest_url}")),
            Event::Start(tag) => Some(format!("{tag:?}")),
            Event::Text(_) | Event::End(_) | Event::SoftBreak => None,
            Event::Code(_) => Some("code".to_owned()),
            other => Some(format!("{other:?}")),
        })
        .collect()
}

fn text_of(events: &[Event<'_>]) -> String {
    events
        .iter()
        .filter_map(|event| match event {
            Event::Text(text) | Event::Code(text) => Some(text.as_ref()),
            Event::End(_) => Some("\n"),
            _ => None,
        })
        .collect()
}

fn steers(character: char) -> bool {
    (character.is_control() && character != '\n')
        || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[test]
fn hostile_names_are_words_in_markdown() {
    let folder = tempfile::tempdir().unwrap();
    let (tame_report, hostile_report) = (folder.path().join("tame"), folder.path().join("hostile"));
    let hostile = hostile();
    let tame: Vec<String> = (0..hostile.len()).map(tame).collect();
    for (report_folder, names) in [(&tame_report, &tame), (&hostile_report, &hostile)] {
        fs::create_dir(report_folder).unwrap();
        report(report_folder, names);
        let shown = make(report_folder);
        assert!(!shown.contains(steers), "{shown:?}");
    }
    let read = |folder: &Path| fs::read_to_string(folder.join("edition/report.md")).unwrap();
    let (tame_text, hostile_text) = (read(&tame_report), read(&hostile_report));
    assert!(!hostile_text.contains(steers));
    let (tame_events, hostile_events) = (events(&tame_text), events(&hostile_text));
    // Names add no kind of element that the same document has not without them.
    let added: Vec<String> = shape(&hostile_events)
        .difference(&shape(&tame_events))
        .cloned()
        .collect();
    assert_eq!(added, Vec::<String>::new());
    for event in &hostile_events {
        match event {
            Event::Html(html) | Event::InlineHtml(html) => panic!("markup: {html}"),
            Event::Start(Tag::Link { dest_url, .. }) => panic!("link to {dest_url}"),
            Event::Start(Tag::Image { dest_url, .. }) => {
                assert!(dest_url.starts_with("figures/"), "{dest_url}");
            }
            _ => {}
        }
    }
    let text = text_of(&hostile_events);
    for name in HOSTILE.iter().take(9) {
        assert!(text.contains(name), "{name} is not in the document");
    }
    assert!(text.contains("模型漢字"));
    assert!(!hostile_text.contains(&"L".repeat(500)));
}

/// Names of the tags of a page.
fn tags(page: &str) -> BTreeSet<&str> {
    let behind = page.split('<').skip(1);
    behind
        .filter_map(|rest| rest.split([' ', '>', '\n']).next())
        .collect()
}

#[test]
fn hostile_names_are_words_in_html() {
    let folder = tempfile::tempdir().unwrap();
    let hostile = hostile();
    let tame: Vec<String> = (0..hostile.len()).map(tame).collect();
    let [tame, hostile] = [("tame", &tame), ("hostile", &hostile)].map(|(name, names)| {
        let report_folder = folder.path().join(name);
        fs::create_dir(&report_folder).unwrap();
        report(&report_folder, names);
        make_only(&report_folder, "html");
        fs::read_to_string(report_folder.join("edition/report.html")).unwrap()
    });
    assert!(!hostile.contains(steers));
    let added: Vec<&str> = tags(&hostile).difference(&tags(&tame)).copied().collect();
    assert_eq!(added, Vec::<&str>::new());
    assert_eq!(hostile.matches("<script").count(), 1);
    assert_eq!(hostile.matches("<!").count(), 1);
    assert!(hostile.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
    assert!(hostile.contains("模型漢字"));
    assert!(!hostile.contains(&"L".repeat(500)));
}

#[test]
fn hostile_names_are_text_in_tables_and_whole_in_the_annex() {
    let folder = tempfile::tempdir().unwrap();
    let names = hostile();
    report(folder.path(), &names);
    make(folder.path());
    let edition = folder.path().join("edition");
    let mut tables = 0;
    for entry in fs::read_dir(edition.join("annex")).unwrap() {
        let path = entry.unwrap().path();
        assert!(path.extension().is_some_and(|extension| extension == "csv"));
        let mut reader = csv::Reader::from_path(&path).unwrap();
        for row in reader.records() {
            // A row of another length than the header is an error of the reader.
            for cell in &row.unwrap() {
                let number = cell.parse::<f64>().is_ok();
                assert!(
                    number || !cell.starts_with(['=', '+', '-', '@']),
                    "{cell:?} in {path:?}"
                );
                assert!(!cell.contains(steers) && !cell.contains('\n'), "{cell:?}");
            }
        }
        tables += 1;
    }
    assert!(tables > 10, "{tables}");
    let mut models = csv::Reader::from_path(edition.join("annex/models.csv")).unwrap();
    let cells: BTreeSet<String> = models
        .records()
        .map(|row| row.unwrap()[0].to_owned())
        .collect();
    assert_eq!(cells.len(), names.len(), "two names share a cell");
    assert!(!cells.contains("") && !cells.contains("not given"));
    let annex: Value =
        serde_json::from_slice(&fs::read(edition.join("annex.json")).unwrap()).unwrap();
    let whole: BTreeSet<&str> = annex["models"]
        .as_array()
        .unwrap()
        .iter()
        .map(|model| model["model"].as_str().unwrap())
        .collect();
    assert_eq!(whole, names.iter().map(String::as_str).collect());
}

#[test]
fn hostile_names_do_not_steer_the_terminal_and_json_keeps_them() {
    let folder = tempfile::tempdir().unwrap();
    let names = hostile();
    report(folder.path(), &names);
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (store, source) = (path("s.caveat.db"), path("corpus.db"));
    for arguments in [
        vec!["import", "--store", &store, &source],
        vec!["status", "--store", &store],
        vec!["status", "--store", &store, "--json"],
        vec!["models", "--unknown", "--store", &store, "--json"],
        vec!["analyse", &path(""), "--json"],
        vec!["analyse", &path("")],
        vec!["import", "--store", &store, "a\u{1b}[31m\u{202e}.db"],
        vec!["import", "--store", &store, "--\u{1b}[31m\u{9b}\u{202e}"],
    ] {
        let (_, out, err) = outcome(&arguments);
        // Columns of our own are set with tabs.
        let shown = (out + &err).replace('\t', "");
        assert!(!shown.contains(steers), "{arguments:?}: {shown:?}");
    }
    let status = json(&["status", "--store", &store, "--json"]);
    let kept: BTreeSet<&str> = status["models"]
        .as_array()
        .unwrap()
        .iter()
        .map(|model| model["model"].as_str().unwrap())
        .collect();
    assert_eq!(kept, names.iter().map(String::as_str).collect());
}

/// The exit code and the message of a command that must not wait.
fn prompt_refusal(arguments: &[&str]) -> (i32, String) {
    let output = caveat().args(arguments).timeout(PATIENCE).output().unwrap();
    let message = String::from_utf8(output.stderr).unwrap();
    (output.status.code().expect("it waits"), message)
}

#[cfg(unix)]
#[test]
fn pipes_devices_and_folders_are_refused_at_once_wherever_a_file_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let pipe = path("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    let store = path("s.caveat.db");
    let table = path("t.csv");
    fs::write(&table, "model,n,s\n").unwrap();
    for strange in [pipe.as_str(), "/dev/zero", folder.path().to_str().unwrap()] {
        for (arguments, code) in [
            (vec!["import", "--store", &store, strange], 3),
            (
                vec![
                    "import",
                    "--store",
                    &store,
                    "--from",
                    "failure-first",
                    strange,
                ],
                3,
            ),
            (
                vec![
                    "import",
                    "--store",
                    &store,
                    "--from",
                    "jailbreakbench",
                    strange,
                ],
                3,
            ),
            (
                vec![
                    "import",
                    "--store",
                    &store,
                    "--from",
                    "table",
                    "--mapping",
                    strange,
                    &table,
                ],
                2,
            ),
            (vec!["import", "--store", strange, &table], 3),
            (vec!["import", "--guess", strange], 3),
            (vec!["status", "--store", strange], 3),
            (vec!["report", strange], 2),
        ] {
            let (actual, message) = prompt_refusal(&arguments);
            assert_eq!(actual, code, "{arguments:?}: {message}");
            assert!(message.contains("\nhint: "), "{arguments:?}: {message}");
        }
    }
}

#[cfg(unix)]
#[test]
fn a_pipe_beside_a_database_is_refused_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (store, source) = (path("s.caveat.db"), path("x.db"));
    let names: Vec<String> = (0..4).map(tame).collect();
    corpus(Path::new(&source), &names);
    let (code, message) = prompt_refusal(&["import", "--store", &store, &source]);
    assert_eq!(code, 0, "{message}");
    for beside in [&store, &source] {
        let pipe = format!("{beside}-journal");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.unwrap().success());
        let out = path("x.csv");
        let of_store = [
            vec!["status", "--store", &store],
            vec!["models", "--unknown", "--store", &store],
            vec![
                "export", "--store", &store, "--format", "csv", "--out", &out,
            ],
        ];
        let import = vec!["import", "--store", &store, &source];
        let of_store = of_store.into_iter().filter(|_| *beside == store);
        for arguments in of_store.chain([import]) {
            let (code, message) = prompt_refusal(&arguments);
            assert_eq!(code, 3, "{arguments:?}: {message}");
            assert!(message.contains("-journal"), "{arguments:?}: {message}");
            assert!(message.contains("hint: "), "{arguments:?}: {message}");
        }
        fs::remove_file(pipe).unwrap();
    }
}

/// Things that are no regular file, in a folder of their own, with what they are.
#[cfg(unix)]
fn strange_things(folder: &Path) -> Vec<(std::path::PathBuf, &'static str)> {
    let path = |name: &str| folder.join(name);
    let made = std::process::Command::new("mkfifo")
        .arg(path("pipe"))
        .status();
    assert!(made.unwrap().success());
    std::os::unix::net::UnixListener::bind(path("socket")).unwrap();
    fs::write(path("file.txt"), "mine").unwrap();
    std::os::unix::fs::symlink("file.txt", path("link")).unwrap();
    std::os::unix::fs::symlink("nothing.txt", path("dangling")).unwrap();
    fs::create_dir(path("folder")).unwrap();
    vec![
        (path("pipe"), "a pipe"),
        (path("socket"), "a socket"),
        (path("link"), "a link"),
        (path("dangling"), "a link"),
        (path("folder"), "a folder"),
    ]
}

#[cfg(unix)]
#[test]
fn an_output_takes_the_place_of_a_regular_file_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (store, source) = (path("s.caveat.db"), path("x.db"));
    let names: Vec<String> = (0..4).map(tame).collect();
    corpus(Path::new(&source), &names);
    let (code, message) = prompt_refusal(&["import", "--store", &store, &source]);
    assert_eq!(code, 0, "{message}");
    let things = folder.path().join("things");
    fs::create_dir(&things).unwrap();
    for (strange, found) in strange_things(&things) {
        let there = || fs::symlink_metadata(&strange).unwrap().file_type();
        let before = there();
        let out = strange.to_str().unwrap();
        let beside = format!("{store}.rejects.jsonl");
        fs::rename(&strange, &beside).unwrap();
        let by_default = prompt_refusal(&["import", "--store", &store, &source]);
        fs::rename(&beside, &strange).unwrap();
        let cells = path("y.cells.csv");
        fs::rename(&strange, &cells).unwrap();
        let y = path("y.csv");
        let for_cells =
            prompt_refusal(&["export", "--store", &store, "--format", "csv", "--out", &y]);
        fs::rename(&cells, &strange).unwrap();
        let mut answers = vec![
            by_default,
            for_cells,
            prompt_refusal(&["import", "--store", &store, "--rejects", out, &source]),
        ];
        for format in ["csv", "jsonl", "parquet"] {
            let arguments = [
                "export", "--store", &store, "--format", format, "--out", out,
            ];
            answers.push(prompt_refusal(&arguments));
        }
        for (code, message) in answers {
            assert_eq!(code, 2, "{found}: {message}");
            assert!(
                message.contains(&format!("is {found}, and only")),
                "{message}"
            );
            assert!(message.contains("\nhint: "), "{message}");
        }
        assert_eq!(there(), before, "{found}");
        assert!(!Path::new(&y).exists());
    }
    assert_eq!(fs::read_to_string(things.join("file.txt")).unwrap(), "mine");
    assert!(!things.join("nothing.txt").exists());
}

#[cfg(unix)]
#[test]
fn an_edition_does_not_take_the_place_of_a_link_or_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let names: Vec<String> = (0..4).map(tame).collect();
    fs::create_dir(path("report")).unwrap();
    report(&path("report"), &names);
    fs::create_dir(path("empty")).unwrap();
    std::os::unix::fs::symlink("empty", path("link")).unwrap();
    fs::write(path("file.txt"), "mine").unwrap();
    let report = path("report").to_str().unwrap().to_owned();
    for (out, found) in [
        ("link", "a link"),
        ("link/", "a link"),
        ("file.txt", "a file"),
    ] {
        let out = path(out).to_str().unwrap().to_owned();
        for option in ["--out", "--typst"] {
            let arguments = ["report", &report, "--only", "markdown", option, &out];
            let (code, message) = prompt_refusal(&arguments);
            assert_eq!(code, 2, "{message}");
            assert!(
                message.contains(&format!("is {found}, and only a folder")),
                "{message}"
            );
        }
    }
    assert!(fs::symlink_metadata(path("link")).unwrap().is_symlink());
    assert_eq!(fs::read_dir(path("empty")).unwrap().count(), 0);
    assert!(!path("report/edition").exists());
}

#[cfg(unix)]
#[test]
fn claims_that_are_a_device_or_a_broken_link_are_wrong_use_and_not_no_claims() {
    for target in ["/dev/zero", "nowhere.toml"] {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("report.toml"), REPORT).unwrap();
        std::os::unix::fs::symlink(target, folder.path().join("claims.toml")).unwrap();
        let (code, message) = prompt_refusal(&["report", folder.path().to_str().unwrap()]);
        assert_eq!(code, 2, "{message}");
        assert!(message.contains("claims.toml"), "{message}");
        assert!(message.contains("\nhint: "), "{message}");
    }
}

#[test]
fn a_source_that_is_almost_a_format_is_refused_with_the_remedy_of_that_format() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("s.caveat.db");
    let names: Vec<String> = (0..4).map(tame).collect();
    let path = |name: &str| folder.path().join(name);
    corpus(&path("whole.db"), &names);
    let bytes = fs::read(path("whole.db")).unwrap();
    fs::write(path("empty.db"), "").unwrap();
    fs::write(path("start.db"), &bytes[..60]).unwrap();
    fs::write(path("half.db"), &bytes[..bytes.len() / 2]).unwrap();
    for (name, change) in [
        ("table.db", "DROP TABLE techniques"),
        ("column.db", "ALTER TABLE results DROP COLUMN llm_verdict"),
        (
            "view.db",
            "ALTER TABLE models RENAME TO m; CREATE VIEW models AS SELECT * FROM m",
        ),
    ] {
        fs::write(path(name), &bytes).unwrap();
        Connection::open(path(name))
            .unwrap()
            .execute_batch(change)
            .unwrap();
    }
    for (name, found, remedy) in [
        ("empty.db", "is empty", "written completely"),
        ("start.db", "is cut short", "copy the file again"),
        ("half.db", "is cut short", "copy the file again"),
        ("table.db", "`techniques` is missing", "schema v13"),
        (
            "column.db",
            "`results.llm_verdict` is missing",
            "schema v13",
        ),
        ("view.db", "`models` is a view", "schema v13"),
    ] {
        let source = path(name);
        let arguments = [
            "import",
            "--store",
            store.to_str().unwrap(),
            source.to_str().unwrap(),
        ];
        let (code, _, err) = outcome(&arguments);
        assert_eq!(code, 3, "{name}: {err}");
        assert!(err.contains(found), "{name}: {err}");
        let hint = err.split("hint: ").nth(1).unwrap_or_default();
        assert!(hint.contains(remedy), "{name}: {err}");
    }
    // Nothing was a source, so there is no store.
    assert!(!store.exists());
}

#[test]
fn an_option_that_nobody_reads_is_wrong_use() {
    let folder = tempfile::tempdir().unwrap();
    report(folder.path(), &(0..4).map(tame).collect::<Vec<_>>());
    let text = format!("{REPORT}options = {{ keep = true }}\n");
    fs::write(folder.path().join("report.toml"), text).unwrap();
    let (code, _, err) = outcome(&["report", folder.path().to_str().unwrap()]);
    assert_eq!(code, 2, "{err}");
    assert!(err.contains("unknown option `keep`"), "{err}");
    let text = format!("{REPORT}\"k\\u001b[31m\\u202e\" = 1\n");
    fs::write(folder.path().join("report.toml"), text).unwrap();
    let (code, _, err) = outcome(&["report", folder.path().to_str().unwrap()]);
    assert_eq!(code, 2, "{err}");
    assert!(!err.contains(steers), "{err:?}");
}

#[test]
fn a_folder_with_the_manifest_of_another_program_is_not_replaced() {
    let folder = tempfile::tempdir().unwrap();
    report(folder.path(), &(0..4).map(tame).collect::<Vec<_>>());
    let extension = folder.path().join("extension");
    fs::create_dir(&extension).unwrap();
    fs::write(
        extension.join("manifest.json"),
        r#"{"manifest_version": 3}"#,
    )
    .unwrap();
    fs::write(extension.join("background.js"), "months of work").unwrap();
    let (code, _, err) = outcome(&[
        "report",
        folder.path().to_str().unwrap(),
        "--only",
        "markdown",
        "--out",
        extension.to_str().unwrap(),
    ]);
    assert_eq!(code, 2, "{err}");
    let kept = fs::read_to_string(extension.join("background.js")).unwrap();
    assert_eq!(kept, "months of work");
}
