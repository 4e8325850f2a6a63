//! Oracles: software of others that a test compares the crate with. A variable has the place of each, and `.ci/run` sets it.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::File;
use std::io::{Write, stderr};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;

use super::path;

/// The missing oracles that a line was printed for.
static MISSING: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// The value of the variable that has the place of an oracle. `None` if it is not set: the test then compares nothing, and a line
/// says so. In CI, where the variable `CI` is set, this is a failure.
#[track_caller]
pub fn oracle(name: &str, variable: &str) -> Option<OsString> {
    let place = std::env::var_os(variable);
    if place.is_none() {
        let missing = format!("not compared with {name}: `tests/oracles/install` sets {variable}");
        assert!(std::env::var_os("CI").is_none(), "{missing}");
        if MISSING.lock().is_ok_and(|mut said| said.insert(missing.clone())) {
            say(&missing);
        }
    }
    place
}

/// Prints a line, also in a run that shows no output of tests that pass.
pub fn say(line: &str) {
    drop(writeln!(stderr().lock(), "{line}"));
}

/// The answers of a Python script in `tests/oracles`, one for each case. Cases and answers are lines of JSON.
#[track_caller]
pub fn ask(python: &OsString, script: &str, args: &[&str], cases: &[Value]) -> Vec<Value> {
    let lines: Vec<String> = cases.iter().map(Value::to_string).collect();
    // Tests that ask the same script run at the same time.
    static ASKED: AtomicUsize = AtomicUsize::new(0);
    let number = ASKED.fetch_add(1, Ordering::Relaxed);
    let input = folder("oracles").join(format!("{script}.{}.{number}.jsonl", std::process::id()));
    std::fs::write(&input, lines.join("\n")).unwrap();
    let script = path("oracles").join(script);
    let output = Command::new(python)
        .arg(script)
        .args(args)
        .stdin(File::open(&input).unwrap())
        .stderr(Stdio::inherit())
        .output()
        .unwrap_or_else(|error| panic!("{}: {error}", python.display()));
    std::fs::remove_file(&input).unwrap();
    assert!(output.status.success(), "{}", output.status);
    let answers: Vec<Value> =
        output.stdout.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).map(answer).collect();
    assert_eq!(answers.len(), cases.len());
    answers
}

fn answer(line: &[u8]) -> Value {
    serde_json::from_slice(line).unwrap()
}

/// The bytes in hexadecimal digits.
pub fn hex(bytes: impl AsRef<[u8]>) -> String {
    bytes.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A folder for the files of a test.
pub fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}
