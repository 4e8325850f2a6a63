//! `replay` decides recorded requests and parses recorded annotations.

use crate::util::example::example;

#[test]
fn replay_decides_requests() {
    let input = r#"
{"id": 1, "annotations": {"nginx.ingress.kubernetes.io/canary": "true", "nginx.ingress.kubernetes.io/canary-weight": "30"}, "request": {"headers": [["Host", "a"]]}, "draw": 30, "affinity": null, "other": 1}
{"id": "b", "annotations": {"nginx.ingress.kubernetes.io/canary": "true", "nginx.ingress.kubernetes.io/canary-weight": "30"}, "request": {"headers": []}, "draw": 31}
{"id": "c", "annotations": {"nginx.ingress.kubernetes.io/canary": "true", "nginx.ingress.kubernetes.io/canary-weight": "30"}, "request": {"headers": []}, "draw": null}
{"id": "d", "annotations": {"nginx.ingress.kubernetes.io/canary": "true"}, "request": {"headers": [["Cookie", "route=1|k2"]]}, "draw": null, "affinity": {"cookie_name": "route", "behavior": "sticky", "primary_key": "k1", "canary_key": "k2"}}
{"id": "e", "annotations": {"nginx.ingress.kubernetes.io/canary": "true", "nginx.ingress.kubernetes.io/canary-by-header": "x", "nginx.ingress.kubernetes.io/canary-by-header-pattern": "a++"}, "request": {"headers": []}, "draw": 1}
{"id": "f", "annotations": {"nginx.ingress.kubernetes.io/canary": "true"}, "request": {"headers": [["a b", "c"]]}, "draw": 1}
{"id": "g", "annotations": {"nginx.ingress.kubernetes.io/canary": "true"}, "request": {"headers": []}, "draw": 101}
"#;
    let run = example("replay", &[], input);
    assert_eq!((run.code, run.err.as_str()), (0, ""));
    let expected = r#"{"id":1,"reason":"weight","variant":"canary"}
{"id":"b","reason":"weight","variant":"stable"}
{"id":"c","unsupported":"the weight decides, but no draw was recorded"}
{"id":"d","reason":"affinity","variant":"canary"}
{"id":"e","unsupported":"canary-by-header-pattern: the pattern `a++` is refused at byte 2: a quantifier follows a quantifier, which PCRE reads as possessive or refuses"}
{"id":"f","unsupported":"nginx answers 400: the header name `a b` is empty or has a blank, a colon or a control character"}
{"id":"g","unsupported":"the draw 101 is not 1 to 100"}
"#;
    assert_eq!(run.out, expected);

    let run = example("replay", &[], "{\"id\": 1}\n");
    assert_eq!((run.code, run.out.as_str()), (1, ""));
    assert!(run.err.starts_with("error: line 1: missing field `annotations`"), "{}", run.err);
}

/// A line of another form is an error, and the other lines are answered.
#[test]
fn replay_reads_files_and_answers_what_it_can() {
    let file = "examples/manifests/requests.jsonl";
    let lines = std::fs::read_to_string(file).unwrap();
    let run = example("replay", &[file], "");
    assert_eq!((run.code, run.err.as_str(), run.out.lines().count()), (0, "", lines.lines().count()));
    let run = example("replay", &[file, "-"], &format!("{{\"id\": 1}}\n{lines}"));
    assert_eq!((run.code, run.out.lines().count()), (1, 2 * lines.lines().count()));
    assert_eq!(run.err, "error: line 1: missing field `annotations` at column 9\n");
    assert_eq!(
        example("replay", &["nowhere.jsonl"], "").err,
        "error: nowhere.jsonl: No such file or directory (os error 2)\n"
    );
}

#[test]
fn replay_parses_annotations() {
    let input = r#"{"id": 1, "annotations": {"nginx.ingress.kubernetes.io/canary": "true", "nginx.ingress.kubernetes.io/canary-weight": "10%"}}
{"id": 2, "annotations": {"nginx.ingress.kubernetes.io/canary": "yes", "nginx.ingress.kubernetes.io/canary-weight": "10"}}
{"id": 3, "annotations": {"a.b/canary": "1"}, "options": {"annotations_prefix": "a.b", "enable_annotation_validation": false, "annotations_risk_level": "High"}}
"#;
    let run = example("replay", &["--annotations"], input);
    assert_eq!((run.code, run.err.as_str()), (0, ""));
    let expected = r#"{"config":{"Cookie":"","Enabled":true,"Header":"","HeaderPattern":"","HeaderValue":"","Weight":0,"WeightTotal":100},"findings":["invalid-value"],"id":1}
{"error":"the annotation canary does not contain a valid configuration: configured but not enabled","findings":["invalid-value"],"id":2}
{"config":{"Cookie":"","Enabled":true,"Header":"","HeaderPattern":"","HeaderValue":"","Weight":0,"WeightTotal":100},"findings":[],"id":3}
"#;
    assert_eq!(run.out, expected);
}
