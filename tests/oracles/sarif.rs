//! The schema of SARIF 2.1.0 accepts what `migrate` reports. `SARIF_SCHEMA` is the path of the schema, and `ORACLE_PYTHON` that
//! of a Python that has `jsonschema`.

use serde_json::{Value, json};

use crate::util::example::example;
use crate::util::oracle::{ask, folder, oracle, say};

/// The name of a file that is no part of a URI as it is.
const NAME: &str = "hosts of 50 %, ümläut.yaml";

#[test]
fn the_schema_of_sarif_accepts_every_report() {
    let schema = oracle("the schema of SARIF", "SARIF_SCHEMA");
    let Some((schema, python)) = schema.zip(oracle("the schema of SARIF", "ORACLE_PYTHON")) else { return };
    let hosts = std::fs::read_to_string("examples/manifests/hosts.yaml").unwrap();
    let wildcard = hosts.replace("partner.test", "\"*.partner.test\"");
    let file = folder("sarif").join(NAME);
    std::fs::write(&file, hosts.replace("/orders,", "/orders.*,").replace("api: cookie", "api: false")).unwrap();
    let file = file.to_str().unwrap();
    let mut logs = Vec::new();
    for (args, input) in [
        (&["examples/manifests/hosts.yaml"][..], ""),
        (&[file], ""),
        (&[file, "--class", "other"], ""),
        (&["-", "--to", "gateway", "--verify"], &wildcard),
        (&["examples/manifests/hosts.yaml", "--to", "linkerd", "--replay", "examples/manifests/traffic.jsonl"], ""),
    ] {
        let run = example("migrate", &[args, &["--report", "sarif"]].concat(), input);
        let text = if args.contains(&"--to") { run.err.lines().last().unwrap() } else { run.out.trim_end() };
        logs.push(serde_json::from_str::<Value>(text).unwrap_or_else(|error| panic!("{error}: {text}")));
    }
    // The schema itself is asked: it refuses what is no log.
    logs.push(json!({ "version": "2.1.0", "runs": [{ "tool": { "driver": {} } }] }));
    let answers = ask(&python, "ask_sarif.py", &[schema.to_str().unwrap()], &logs);
    let (refused, accepted) = answers.split_last().unwrap();
    assert!(!refused.as_array().unwrap().is_empty(), "{refused}");
    for (log, answer) in logs.iter().zip(accepted) {
        assert_eq!(*answer, json!([]), "{log}");
    }
    let results: usize = logs.iter().filter_map(|log| log["runs"][0]["results"].as_array()).map(Vec::len).sum();
    assert!(results > 10, "{results}");
    say(&format!("compared with the schema of SARIF: {} reports with {results} results", accepted.len()));
}
