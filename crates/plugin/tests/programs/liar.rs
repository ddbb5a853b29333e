//! A plugin that lies, stalls, floods or dies, in the way that its first
//! argument names. The tests of the host start it; each mode is one of them.
//! The second argument marks its processes, so that a test can look for them.

use std::io::{self, BufRead as _, Write as _};
use std::process::{Command, ExitCode, Stdio};
use std::thread::sleep;
use std::time::Duration;

/// Longer than any test waits: what sleeps so long is ended or fails the test.
const VERY_LONG: Duration = Duration::from_secs(120);

const TRACE: &str = r#"{"type":"trace","location":{"record":"1"},"record_id":"1","model":{"name":"m"},"outcome":"response","grades":[{"kind":"llm","verdict":"refusal"}]}"#;
const SECOND: &str = r#"{"type":"trace","location":{"record":"2"},"record_id":"2","model":{"name":"m"},"outcome":"response","grades":[{"kind":"llm","verdict":"compliance"}]}"#;
const CELL: &str = r#"{"type":"cell","location":{"record":"3"},"model":{"name":"m"},"grader_kind":"llm","counts":{"refusal":5}}"#;
const REJECT: &str = r#"{"type":"reject","location":{"record":"4","byte":80},"reason":"no model"}"#;
const ACCOUNT: &str = r#"{"type":"account","traces":2,"cells":1,"rejects":1,"grades":2,"format_version":"1","notes":["a note"]}"#;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    let mode = arguments.get(1).map_or("good", String::as_str);
    match mode {
        "sleeper" | "silent-start" => sleep(VERY_LONG),
        "no-start" => return ExitCode::from(9),
        "talks-before" => say("Loading, please wait..."),
        _ => {}
    }
    say(&greeting(mode));
    let mut request = String::new();
    let mut input = io::stdin().lock();
    let _ = input.read_line(&mut request);
    request.clear();
    let _ = input.read_line(&mut request);
    if request.is_empty() {
        return ExitCode::SUCCESS;
    }
    match request.contains("\"probe\"") {
        true => probe(mode),
        false => import(mode),
    }
    if mode == "does-not-end" {
        sleep(VERY_LONG);
    }
    ExitCode::from(if mode == "exit-fault" { 7 } else { 0 })
}

fn greeting(mode: &str) -> String {
    let (protocol, name, title) = match mode {
        "wrong-version" => (2, "liar", "A liar"),
        "control-in-name" => (1, "li\\u001b[2Jar", "A liar"),
        "control-in-title" => (1, "liar", "A \\u001b[31mliar\\u202e"),
        _ => (1, "liar", "A liar"),
    };
    format!(
        r#"{{"type":"hello","protocol":{protocol},"name":"{name}","version":"1","title":"{title}","format_versions":["1"],"capabilities":["probe","texts"],"options":[{{"name":"depth","meaning":"how deep it lies"}}]}}"#
    )
}

fn probe(mode: &str) {
    say(match mode {
        "claims-without-reason" => r#"{"type":"claim","claim":"yes","confidence":90}"#,
        "claims-too-much" => r#"{"type":"claim","claim":"yes","confidence":101,"reason":"sure"}"#,
        "claims-by-account" => ACCOUNT,
        "claims-with-control" => {
            r#"{"type":"claim","claim":"yes","confidence":9,"reason":"a\u001b[2Jb"}"#
        }
        _ => r#"{"type":"claim","claim":"yes","confidence":90,"reason":"it lies"}"#,
    });
}

fn import(mode: &str) {
    match mode {
        "silence" => sleep(VERY_LONG),
        "silence-midway" => {
            say(TRACE);
            sleep(VERY_LONG);
        }
        "no-account" => say(TRACE),
        "dribble" => dribble(),
        "endless-records" => endless(|n| {
            format!(
                r#"{{"type":"trace","location":{{"record":"{n}"}},"model":{{"name":"m"}},"outcome":"error"}}"#
            )
        }),
        "endless-progress" => endless(|_| r#"{"type":"progress","bytes_read":1}"#.to_owned()),
        "endless-line" => loop {
            write(&[b'x'; 65_536]);
        },
        "half-record" => write(TRACE.get(..40).unwrap_or_default().as_bytes()),
        "death" => {
            say(TRACE);
            eprintln!("Traceback: \u{1b}[31mno such column\u{202e}");
            std::process::exit(3);
        }
        "memory" => hog(),
        "large-file" => large_file(),
        "stderr-endless" => loop {
            eprintln!("{}", "e".repeat(65_536));
        },
        _ => records(mode),
    }
}

/// The modes that end by themselves.
fn records(mode: &str) {
    if mode == "stderr-flood" {
        for _ in 0..64 {
            eprintln!("{}", "e".repeat(65_536));
        }
    }
    say(TRACE);
    say(match mode {
        "duplicate" => TRACE,
        "unknown-verdict" => {
            r#"{"type":"trace","location":{"record":"2"},"model":{"name":"m"},"outcome":"response","grades":[{"kind":"llm","verdict":"complied"}]}"#
        }
        "unknown-field" => {
            r#"{"type":"trace","location":{"record":"2"},"model":{"name":"m"},"outcome":"response","jailbroken":true}"#
        }
        "no-place" => r#"{"type":"trace","location":{},"model":{"name":"m"},"outcome":"response"}"#,
        "text-unasked" => {
            r#"{"type":"trace","location":{"record":"2"},"model":{"name":"m"},"outcome":"response","response_text":"x"}"#
        }
        "false-digest" => {
            r#"{"type":"trace","location":{"record":"2"},"model":{"name":"m"},"outcome":"response","response_text":"x","response_digest":"0000000000000000000000000000000000000000000000000000000000000000"}"#
        }
        "no-model-name" => {
            r#"{"type":"trace","location":{"record":"2"},"model":{"name":""},"outcome":"response","grades":[{"kind":"llm","verdict":"compliance"}]}"#
        }
        "control-in-model" => {
            r#"{"type":"trace","location":{"record":"2"},"model":{"name":"m\u001b[2J"},"outcome":"response","grades":[{"kind":"llm","verdict":"compliance"}]}"#
        }
        "second-greeting" => {
            r#"{"type":"hello","protocol":1,"name":"liar","version":"1","title":"A liar"}"#
        }
        "progress-beyond" => r#"{"type":"progress","bytes_read":999999999}"#,
        _ => SECOND,
    });
    if mode == "progress-back" {
        say(r#"{"type":"progress","bytes_read":5}"#);
        say(r#"{"type":"progress","bytes_read":4}"#);
    }
    if mode == "invalid-utf8" {
        write(b"{\"type\":\"reject\",\"location\":{\"record\":\"\xff\"},\"reason\":\"r\"}\n");
    }
    say(CELL);
    say(REJECT);
    match mode {
        "refuses" => {
            say(r#"{"type":"refused","reason":"cut \u001b[2J short","hint":"copy it again"}"#)
        }
        "environment" => environment(),
        _ => say(&account(mode)),
    }
    match mode {
        "after-account" => say(TRACE),
        "after-account-half" => write(b"and"),
        "two-accounts" => say(ACCOUNT),
        "forks" => start_sleeper(Stdio::null(), false),
        "forks-holding" => start_sleeper(Stdio::inherit(), false),
        "forks-escaping" => start_sleeper(Stdio::null(), true),
        _ => {}
    }
}

fn account(mode: &str) -> String {
    let wrong = |from: &str, to: &str| ACCOUNT.replace(from, to);
    match mode {
        "more-traces" => wrong("\"traces\":2", "\"traces\":3"),
        "fewer-traces" => wrong("\"traces\":2", "\"traces\":1"),
        "more-cells" => wrong("\"cells\":1", "\"cells\":2"),
        "fewer-rejects" => wrong("\"rejects\":1", "\"rejects\":0"),
        "more-grades" => wrong("\"grades\":2", "\"grades\":4"),
        "control-in-note" => wrong("a note", "a \\u001b[2J note"),
        _ => ACCOUNT.to_owned(),
    }
}

/// The account, with what the program can see of the world as notes.
fn environment() {
    let mut seen: Vec<String> = std::env::vars()
        .map(|(name, _)| format!("\"variable {name}\""))
        .collect();
    let folder = std::env::current_dir().and_then(std::fs::read_dir);
    seen.push(format!("\"files {}\"", folder.map_or(0, Iterator::count)));
    say(&ACCOUNT.replace("\"a note\"", &seen.join(",")));
}

fn start_sleeper(output: Stdio, escaping: bool) {
    let mark = std::env::args().nth(2).unwrap_or_default();
    let Ok(program) = std::env::current_exe() else {
        return;
    };
    let mut command = Command::new(program);
    command
        .args(["sleeper", &mark])
        .stdin(Stdio::null())
        .stdout(output)
        .stderr(Stdio::null());
    #[cfg(unix)]
    if escaping {
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
    }
    let _ = (command.spawn(), escaping);
}

fn dribble() {
    loop {
        write(b" ");
        sleep(Duration::from_millis(20));
    }
}

fn endless(line: impl Fn(u64) -> String) {
    for number in 0.. {
        say(&line(number));
    }
}

fn hog() {
    let mut held: Vec<Vec<u8>> = Vec::new();
    loop {
        held.push(vec![1; 16 << 20]);
    }
}

fn large_file() {
    let Ok(mut file) = std::fs::File::create("large") else {
        return;
    };
    loop {
        if file.write_all(&[0; 65_536]).is_err() {
            std::process::exit(5);
        }
    }
}

fn say(line: &str) {
    write(line.as_bytes());
    write(b"\n");
}

/// A host that stopped listening is the end.
fn write(bytes: &[u8]) {
    let mut out = io::stdout().lock();
    if out.write_all(bytes).and_then(|()| out.flush()).is_err() {
        std::process::exit(0);
    }
}
