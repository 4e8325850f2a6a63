//! Other languages turn a key into the same sample: the programs in `tests/languages` are the recipe in each of them.
//! `LANGUAGES` has their interpreters, as in `python=PATH:node=PATH`.

use std::fs::File;
use std::process::Command;

use canary_policy::Sample;
use serde::Deserialize;

use crate::util::oracle::{oracle, say};
use crate::util::{json_lines, path};

/// A key in hexadecimal digits, a salt, and the sample.
#[derive(Deserialize)]
struct Case {
    key: String,
    salt: String,
    total: u32,
    bits: String,
    point: u32,
}

fn cases() -> Vec<Case> {
    json_lines("cases/keys.jsonl").into_iter().map(|line| serde_json::from_value(line).unwrap()).collect()
}

#[test]
fn keys_have_the_published_samples() {
    let cases = cases();
    assert_eq!(cases.len(), 1_000);
    for Case { key, salt, total, bits, point } in cases {
        let key: Vec<u8> =
            (0..key.len()).step_by(2).map(|at| u8::from_str_radix(&key[at..at + 2], 16).unwrap()).collect();
        let sample = Sample::from_key(&key, &salt);
        assert_eq!((format!("{:016x}", sample.bits()), sample.point(total)), (bits, point), "{key:?} {salt}");
    }
}

#[test]
fn other_languages_give_keys_the_same_samples() {
    let Some(interpreters) = oracle("other languages", "LANGUAGES") else { return };
    let expected: Vec<String> = cases().iter().map(|case| format!("{} {}", case.bits, case.point)).collect();
    let interpreters = interpreters.into_string().unwrap();
    let scripts = interpreters.split(':').map(|interpreter| interpreter.split_once('=').unwrap());
    let mut run = Vec::new();
    for (language, interpreter) in scripts {
        let script = match language {
            "python" => "languages/key.py",
            "node" => "languages/key.cjs",
            other => panic!("{other}"),
        };
        let keys = File::open(path("cases/keys.jsonl")).unwrap();
        let output = Command::new(interpreter).arg(path(script)).stdin(keys).output().unwrap();
        assert!(output.status.success(), "{language}: {}", String::from_utf8_lossy(&output.stderr));
        let answers = String::from_utf8(output.stdout).unwrap();
        assert!(answers.lines().eq(expected.iter().map(String::as_str)), "{language}");
        run.push(language);
    }
    assert_eq!(run, ["python", "node"]);
    say(&format!("languages: {} keys have the same samples in {}", expected.len(), run.join(" and ")));
}
