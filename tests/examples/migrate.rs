//! `migrate` says what a controller serves for the state of a cluster.

use serde_json::{Value, json};

use crate::util::cluster::recorded_states;
use crate::util::example::example;

/// The fields and their order are those of the recorded states.
#[test]
fn migrate_writes_the_effective_locations() {
    let run = example("migrate", &["--effective", "examples/manifests/cluster.jsonl"], "");
    assert_eq!((run.code, run.err.as_str()), (0, ""));
    let location = |host: &str, path: &str, stable: &str, canary: &str, is_default: bool| {
        let policy = r#"{"weight":10,"weightTotal":100,"header":"","headerValue":"","headerPattern":"","cookie":""}"#;
        let (canary, policy, endpoints) = match canary {
            "" => ("null".to_owned(), "null", "null"),
            name => (format!("\"{name}\""), policy, "true"),
        };
        format!(
            r#"{{"host":"{host}","path":"{path}","pathType":"Prefix","stable":"{stable}","canary":{canary},"policy_in_force":{policy},"dangling":false,"is_default_backend":{is_default},"stable_exists":true,"stable_has_endpoints":true,"canary_has_endpoints":{endpoints}}}"#
        )
    };
    let catch_all = location("_", "/", "upstream-default-backend", "", true);
    let orders = location("shop.example.com", "/orders", "shop-orders-80", "", false);
    // The canary takes requests from `web` on both hosts, although its Ingress names one of them.
    let shared = [
        catch_all.clone(),
        orders.clone(),
        location("shop.example.com", "/", "shop-web-80", "shop-web-next-80", false),
        location("www.example.com", "/", "shop-web-80", "shop-web-next-80", false),
    ];
    let wrong_path = [catch_all, orders, location("shop.example.com", "/", "shop-web-80", "", false)];
    let lines = [("shared", shared.join(",")), ("wrong path", wrong_path.join(","))];
    let expected = lines.map(|(id, locations)| format!("{{\"id\":\"{id}\",\"effective\":[{locations}]}}\n"));
    assert_eq!(run.out, expected.concat());
}

#[test]
fn migrate_reads_every_recorded_state_as_the_controller_read_it() {
    let states = recorded_states();
    let lines: Vec<String> = states.iter().map(|state| state.line.to_string()).collect();
    let run = example("migrate", &["--effective"], &lines.join("\n"));
    assert_eq!((run.code, run.err.as_str()), (0, ""));
    let answers: Vec<Value> = run.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(answers.len(), states.len());
    for (state, answer) in states.into_iter().zip(answers) {
        let effective = state.locations.into_iter().map(|mut location| {
            location.as_object_mut().unwrap().remove("ingress");
            location
        });
        let expected = match state.panics {
            true => json!({ "id": state.id, "panic": true }),
            false => json!({ "id": state.id, "effective": effective.collect::<Vec<_>>() }),
        };
        assert_eq!(answer, expected, "{}", state.id);
    }
}

/// Each row is a line that cannot be answered, and the error. The lines before and after it are answered.
#[test]
fn migrate_names_a_line_that_is_wrong_and_answers_the_rest() {
    let right = r#"{"id": 1, "ingresses": []}"#;
    let ingress = |rest: &str| {
        format!(r#"{{"id": 2, "ingresses": [{{"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", {rest}}}]}}"#)
    };
    let rows = [
        ("{".to_owned(), "not JSON: EOF while parsing an object at column 1"),
        ("[1, {}, [], []]".to_owned(), "not an object"),
        (r#"{"id": 2, "ingresses": [1]}"#.to_owned(), "ingresses[0]: not an object"),
        (r#"{"id": 2, "ingresses": [], "services": [["a", "b", [], true]]}"#.to_owned(), "services[0]: not an object"),
        (
            r#"{"id": 2, "ingresses": [], "services": [{"namespace": "a", "name": "b", "ports": [["c", 1, 2]], "endpoints": true}]}"#.to_owned(),
            "services[0].ports[0]: not an object",
        ),
        (r#"{"id": 2}"#.to_owned(), "missing field `ingresses`"),
        (r#"{"ingresses": []}"#.to_owned(), "missing field `id`"),
        (r#"{"id": 2, "ingresses": {}}"#.to_owned(), "ingresses: invalid type: map, expected a sequence"),
        (
            r#"{"id": 2, "ingresses": [], "config": {"a": 1}}"#.to_owned(),
            "config.a: invalid type: integer `1`, expected a string",
        ),
        (
            r#"{"id": 2, "ingresses": [], "services": [{"namespace": "a", "name": "b"}]}"#.to_owned(),
            "services[0]: missing field `endpoints`",
        ),
        (
            r#"{"id": 2, "ingresses": [{"apiVersion": "v1", "kind": "Service"}]}"#.to_owned(),
            "ingresses[0]: invalid value: string \"v1\", expected networking.k8s.io/v1",
        ),
        (ingress(r#""metadata": {}"#), "ingresses[0] has no name"),
        (
            ingress(r#""metadata": {"name": "a", "annotations": {"b": true}}"#),
            "ingresses[0].metadata.annotations.b: invalid type: boolean `true`, expected a string",
        ),
        (
            ingress(r#""metadata": {"name": "a", "creationTimestamp": "today"}"#),
            "ingresses[0].metadata.creationTimestamp: ",
        ),
        (
            ingress(r#""metadata": {"name": "a", "namespace": "default"}}, {"metadata": {"name": "a"}"#),
            "ingresses[1]: there are two Ingresses `default/a`",
        ),
        (
            r#"{"id": 2, "ingresses": [], "services": [{"namespace": "a", "name": "b", "endpoints": true}, {"namespace": "a", "name": "b", "endpoints": false}]}"#.to_owned(),
            "services[1]: there are two Services `a/b`",
        ),
    ];
    for (line, why) in rows {
        let run = example("migrate", &["--effective"], &format!("\u{feff}{right}\n\n{line}\n{right}\n"));
        assert_eq!((run.code, run.out.lines().count()), (1, 2), "{line}");
        assert!(run.err.starts_with(&format!("error: line 3: {why}")), "{line}: {}", run.err);
        assert_eq!(run.err.lines().count(), 1, "{line}: {}", run.err);
    }
}

#[test]
fn migrate_names_the_file_of_a_line() {
    let files =
        ["--effective", "nowhere.jsonl", "tests/cases/escape-in-field.yaml", "examples/manifests/cluster.jsonl"];
    let run = example("migrate", &files, "");
    assert_eq!((run.code, run.out.lines().count()), (1, 2));
    let errors: Vec<&str> = run.err.lines().collect();
    assert!(errors[0].starts_with("error: nowhere.jsonl: No such file"), "{}", run.err);
    assert!(errors[1].starts_with("error: tests/cases/escape-in-field.yaml: line 1: not JSON: "), "{}", run.err);
    assert_eq!(errors.len(), 2);
}

#[test]
fn migrate_needs_to_know_what_to_do() {
    let run = example("migrate", &[], "");
    assert_eq!((run.code, run.out.as_str()), (1, ""));
    assert!(run.err.contains("--effective"), "{}", run.err);
}
