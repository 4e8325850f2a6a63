//! The vocabulary of the tests.
#![allow(
    dead_code,
    missing_docs,
    unreachable_pub,
    missing_debug_implementations,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::expect_used,
    clippy::pedantic
)]

pub mod crd;
pub mod envoy;
pub mod httproute;
pub mod proxy;
pub mod routing;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use canary_policy::{Policy, Reason, Sample, Selector, Spec, Variant};

pub const STABLE: Variant = Variant::Stable;
pub const CANARY: Variant = Variant::Canary(0);

/// A policy from YAML.
#[track_caller]
pub fn policy(yaml: &str) -> Policy {
    Policy::try_from(spec(yaml)).unwrap_or_else(|error| panic!("{error}"))
}

#[track_caller]
pub fn spec(yaml: &str) -> Spec {
    serde_saphyr::from_str(yaml).unwrap_or_else(|error| panic!("{error}"))
}

/// What is wrong with a spec, one line a problem.
#[track_caller]
pub fn problems(yaml: &str) -> Vec<String> {
    let error = Policy::try_from(spec(yaml)).expect_err("a problem");
    error.problems.iter().map(ToString::to_string).collect()
}

/// The decision on these header lines, with the sample that is this point of 100.
#[track_caller]
pub fn decide(selector: &Selector, lines: &[(&str, &str)], point: u32) -> (Variant, Reason) {
    let decision = selector.select(lines, Sample::from_fraction(point, 100).unwrap());
    (decision.variant, decision.reason)
}

/// Annotations under the usual prefix.
pub fn annotations<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> BTreeMap<String, String> {
    pairs.into_iter().map(|(name, value)| (format!("nginx.ingress.kubernetes.io/{name}"), value.to_owned())).collect()
}

/// The lines of a file under `tests`, each a JSON value.
pub fn json_lines(file: &str) -> Vec<serde_json::Value> {
    let text = std::fs::read_to_string(path(file)).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A file under `tests`.
pub fn path(file: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests").join(file)
}

/// Objects as a manifest.
pub fn yaml(objects: &[impl serde::Serialize]) -> String {
    let documents = objects.iter().map(|object| serde_saphyr::to_string(object).unwrap());
    documents.collect::<Vec<_>>().join("---\n")
}

/// Compares with a golden file; `GOLDEN=write` writes it instead, for a person to review as a diff.
#[track_caller]
pub fn golden(file: &str, actual: &str) {
    let path = path("golden").join(file);
    if std::env::var_os("GOLDEN").is_some_and(|value| value == "write") {
        std::fs::write(&path, actual).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    let differs = expected.lines().zip(actual.lines()).position(|(expected, actual)| expected != actual);
    let line = differs.unwrap_or_else(|| expected.lines().count().min(actual.lines().count()));
    assert!(
        expected == actual,
        "{file} line {}: expected {:?}, got {:?}",
        line + 1,
        expected.lines().nth(line),
        actual.lines().nth(line),
    );
}

pub struct Output {
    pub code: i32,
    pub out: String,
    pub err: String,
}

/// Runs an example as a person would, from the package's folder.
#[track_caller]
pub fn example(name: &str, args: &[&str], input: &str) -> Output {
    let mut program = std::env::current_exe().unwrap();
    program.pop();
    program.pop();
    program.push("examples");
    program.push(name);
    let mut child = Command::new(&program)
        .args(args)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{}: {error}; `cargo test` builds the examples", program.display()));
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    // A program that stops early closes the pipe, which is no failure of the test.
    let writer = std::thread::spawn(move || drop(stdin.write_all(input.as_bytes())));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    Output {
        code: output.status.code().expect("an exit code"),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}
