//! `migrate --replay` answers recorded requests as before and after the move.

use serde_json::Value;

use crate::util::example::{example, file_with};

const HOSTS: &str = "examples/manifests/hosts.yaml";
const TRAFFIC: &str = "examples/manifests/traffic.jsonl";

#[test]
fn migrate_replays_requests_with_what_it_has_written() {
    for target in ["gateway", "istio", "linkerd", "gloo", "envoy"] {
        let run = example("migrate", &[HOSTS, "--keep-sessions", "--to", target, "--replay", TRAFFIC], "");
        let summary = "8 requests replayed: 8 alike, 0 different, 0 not compared";
        assert!(run.code == 0 && run.err.contains(summary), "{target}: {}", run.err);
        // No proof was asked for.
        assert!(!run.err.contains("proven"), "{}", run.err);
    }
}

/// Each row is a text of the HTTPRoutes, what another tool has instead, the exit code, and the requests that are not answered
/// alike.
#[test]
fn migrate_shows_the_requests_that_another_tool_answers_differently() {
    let written = example("migrate", &[HOSTS, "--keep-sessions", "--to", "gateway"], "").out;
    for (text, other, code, lines) in [
        (
            "weight: 10\n",
            "weight: 11\n",
            3,
            &[
                "line 2 (\"any draw\"): shop.test/cart goes to `shop/shop:80` by weight before, and to `shop/shop-next:80` by \
               weight after",
            ][..],
        ),
        (
            "value: next\n",
            "value: other\n",
            3,
            &["line 6 (\"a version\"): api.test/v2/items goes to `shop/api-v2-next:80` by header"],
        ),
        (
            "  - partner.test\n",
            "  - other.test\n",
            3,
            &[
                "line 7 (\"a partner\"): partner.test:8443/ goes to `shop/shop:80` by weight before, and to nowhere, because no \
                 location matches, after",
                "line 8 (\"a stranger\"): other.test/ goes to nowhere, because no location matches, before, and to `shop/shop:80`",
            ],
        ),
        (
            "value: /orders\n",
            "value: /orders\n      method: GET\n",
            4,
            &["line 3 (\"an order\"): shop.test/orders/1 not compared, because the rules for it after the move"],
        ),
    ] {
        assert!(written.contains(text), "{written}");
        let file = file_with("replayed.yaml", &written.replace(text, other));
        let args = [HOSTS, "--against", file.to_str().unwrap(), "--replay", TRAFFIC];
        let run = example("migrate", &args, "");
        assert_eq!(run.code, code, "{text}: {}", run.out);
        for line in lines {
            assert!(run.out.contains(&format!("{TRAFFIC}: {line}")), "{line}: {}", run.out);
        }
        let report = example("migrate", &[&args[..], &["--report", "json"]].concat(), "");
        let report: Value = serde_json::from_str(&report.out).unwrap();
        let replay = &report["replay"];
        let counts = ["alike", "differ", "unread"].map(|count| replay[count].as_u64().unwrap());
        assert_eq!((replay["requests"].as_u64(), counts.iter().sum()), (Some(8), 8));
        assert_eq!(replay["answers"].as_array().map(Vec::len), Some(lines.len()), "{replay}");
        std::fs::remove_file(&file).unwrap();
    }
}

/// Each row is a line that is no request, and the error. The lines before and after it are answered.
#[test]
fn migrate_names_a_request_that_is_wrong_and_replays_the_rest() {
    let right = r#"{"request": {"host": "shop.test", "path": "/"}}"#;
    for (line, why) in [
        ("{", "not JSON: EOF while parsing an object"),
        ("[1]", "not an object"),
        (r#"{"request": []}"#, "request: not an object"),
        (r#"{"id": 1}"#, "missing field `request`"),
        (r#"{"request": {"host": "shop.test"}}"#, "request: missing field `path`"),
        (r#"{"request": {"path": "/"}}"#, "the request has neither `host` nor a header `Host`"),
        (r#"{"request": {"host": "shop.test", "path": "/"}, "draw": 0}"#, "the draw 0 is not 1 to 100"),
        (r#"{"request": {"host": "shop.test", "path": "/"}, "draw": 101}"#, "the draw 101 is not 1 to 100"),
        (r#"{"request": {"host": "shop.test", "path": "/", "headers": [["a b", "c"]]}}"#, "nginx answers 400: "),
    ] {
        let input = format!("{right}\n{line}\n{right}\n");
        let run = example("migrate", &[HOSTS, "--keep-sessions", "--to", "istio", "--replay", "-"], &input);
        assert!(run.err.contains(&format!("error: line 2: {why}")), "{line}: {}", run.err);
        assert!(run.code == 1 && run.err.contains("2 requests replayed: 2 alike"), "{line}: {}", run.err);
    }
    assert_eq!(example("migrate", &[HOSTS, "--replay", TRAFFIC], "").code, 1);
    assert_eq!(
        example("migrate", &[HOSTS, "--keep-sessions", "--to", "istio", "--replay", "nowhere.jsonl"], "").code,
        1
    );
}
