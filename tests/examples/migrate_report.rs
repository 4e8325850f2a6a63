//! The reports of `migrate`: for people, for programs and for code-scanning pages.

use serde_json::{Value, json};

use crate::util::codes_page::codes_page;
use crate::util::example::{example, file_with};

const HOSTS: &str = "examples/manifests/hosts.yaml";

#[test]
fn migrate_writes_the_report_to_a_file() {
    let file = file_with("report.json", "");
    let name = file.to_str().unwrap();
    let args = [
        HOSTS,
        "--to",
        "istio",
        "--keep-sessions",
        "--verify",
        "--gateway",
        "public",
        "--report",
        "json",
        "--report-file",
        name,
    ];
    let run = example("migrate", &args, "");
    let summary =
        "3 hosts; 2 exact, 1 with losses or findings; 3 proven, 0 different, 0 not decided; 0 errors, 4 warnings\n";
    assert_eq!((run.code, run.err.as_str()), (0, summary));
    let report: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    assert_eq!(report["summary"]["proven"], 3);
    // Without a target, the summary is on standard output.
    let run = example("migrate", &[HOSTS, "--report-file", name], "");
    assert_eq!(run.out, "3 hosts; 2 exact, 1 with losses or findings; 0 errors, 4 warnings\n");
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.starts_with("api.test\n") && text.ends_with(&run.out), "{text}");
    std::fs::remove_file(&file).unwrap();
    assert_eq!(example("migrate", &[HOSTS, "--report-file", "nowhere/report"], "").code, 1);
}

/// A bar is for people: what is no terminal gets no control character.
#[test]
fn migrate_shows_no_bar_without_a_terminal() {
    let rule = |index: u32| {
        format!(
            "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{ name: a{index}, namespace: s }}\nspec: {{ ingressClassName: nginx, \
             rules: [{{ host: a{index}.test, http: {{ paths: [{{ path: /, pathType: Prefix, backend: {{ service: {{ name: web, port: {{ \
             number: 80 }} }} }} }}] }} }}] }}\n---\n"
        )
    };
    let many: String = (0..250).map(rule).collect();
    let run = example("migrate", &["-", "--to", "envoy", "--verify", "--report-file", "/dev/null"], &many);
    assert_eq!(
        (run.code, run.err.as_str()),
        (
            0,
            "250 hosts; 250 exact, 0 with losses or findings; 250 proven, 0 different, 0 not decided; 0 errors, 0 warnings\n"
        )
    );
}

#[test]
fn migrate_reports_as_json_and_as_sarif() {
    let run = example("migrate", &[HOSTS, "--to", "istio", "--keep-sessions", "--verify", "--report", "json"], "");
    let report: Value = serde_json::from_str(run.err.lines().last().unwrap()).unwrap();
    assert_eq!((&report["summary"]["hosts"], &report["summary"]["proven"]), (&json!(3), &json!(3)));
    assert_eq!(report["hosts"][2]["locations"][0]["today"], "orders:80");

    let run = example("migrate", &[HOSTS, "--report", "sarif"], "");
    let sarif: Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(sarif["version"], "2.1.0");
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    assert_eq!(results.len(), 4);
    let shared = results.iter().find(|result| result["ruleId"] == "shared-service").unwrap();
    assert_eq!(shared["level"], "warning");
    let rules = sarif["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
    let rule = rules.iter().find(|rule| rule["id"] == "shared-service").unwrap();
    assert_eq!(rule["shortDescription"]["text"], codes_page()["shared-service"].meaning);
    assert!(rules.iter().all(|rule| rule["shortDescription"]["text"].is_string()), "{rules:?}");
    let location = &shared["locations"][0];
    assert_eq!(location["logicalLocations"][0]["fullyQualifiedName"], "shop/shop-canary#spec");
    assert_eq!(location["physicalLocation"]["artifactLocation"]["uri"], HOSTS);
    let line = usize::try_from(location["physicalLocation"]["region"]["startLine"].as_u64().unwrap()).unwrap();
    let text = std::fs::read_to_string(HOSTS).unwrap();
    let document: Vec<&str> = text.lines().skip(line - 1).take_while(|line| !line.starts_with("spec")).collect();
    assert!(document.contains(&"  name: shop-canary"), "{document:?}");
    // An annotation has its own region.
    let left_out = results.iter().find(|result| result["ruleId"] == "left-out").unwrap();
    let region = &left_out["locations"][0]["physicalLocation"]["region"];
    let number = |field: &str| usize::try_from(region[field].as_u64().unwrap()).unwrap() - 1;
    let line = text.lines().nth(number("startLine")).unwrap();
    assert_eq!(&line[number("startColumn")..number("endColumn")], "nginx.ingress.kubernetes.io/affinity");
}

/// Each row is the text of an Ingress whose annotation is left out, and its region: a key, if the document has it once.
#[test]
fn a_finding_about_an_annotation_has_the_region_of_its_key() {
    let spec = r#"{"ingressClassName": "nginx", "rules": [{"host": "a.test", "http": {"paths": [{"path": "/", "pathType": "Prefix",
        "backend": {"service": {"name": "web", "port": {"number": 80}}}}]}}]}"#;
    let ingress = |annotations: &str| {
        format!(
            "{{\"apiVersion\": \"networking.k8s.io/v1\", \"kind\": \"Ingress\", \"spec\": {spec},\n\"metadata\": \
             {{\"name\": \"a\", \"namespace\": \"s\", \"annotations\": {{\n{annotations}}}}}}}"
        )
    };
    let limit = r#""nginx.ingress.kubernetes.io/limit-rps": "5""#;
    let list = format!("{{\"apiVersion\": \"v1\", \"kind\": \"List\", \"items\": [{}]}}", ingress(limit));
    for (text, region) in [
        (ingress(limit), json!({ "startLine": 4, "startColumn": 2, "endColumn": 39 })),
        (
            format!("# a comment\n---\n{}", ingress(&format!("\"é\u{1d11e}\": \"\", {limit}"))),
            json!({ "startLine": 6, "startColumn": 13, "endColumn": 50 }),
        ),
        (ingress(&format!("\"other/limit-rps\": \"5\",\n{limit}")), json!({ "startLine": 1, "endLine": 5 })),
        // Another object of the list may have the key too.
        (format!("\n{list}\n"), json!({ "startLine": 2, "endLine": 5 })),
    ] {
        let file = file_with("region.yaml", &text);
        let run = example("migrate", &[file.to_str().unwrap(), "--report", "sarif"], "");
        std::fs::remove_file(&file).unwrap();
        let sarif: Value = serde_json::from_str(&run.out).unwrap_or_else(|error| panic!("{error}: {}", run.err));
        let results = sarif["runs"][0]["results"].as_array().unwrap();
        let left_out = results.iter().find(|result| result["ruleId"] == "left-out").unwrap();
        assert_eq!(left_out["locations"][0]["physicalLocation"]["region"], region, "{text}");
    }
}

/// What makes the exit code 1 or 3 is in the reports for programs too.
#[test]
fn errors_and_differences_are_reported() {
    let without_type = "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: { name: bad, namespace: s }\nspec: { rules: [{ host: \
                        bad.test, http: { paths: [{ path: /, backend: { service: { name: web, port: { number: 80 } } } }] } }] }\n";
    let bad = file_with("report-bad.yaml", without_type);
    let files = [HOSTS, bad.to_str().unwrap(), "--report"];
    let error = "spec.rules[0].http.paths[0].pathType is missing";

    let run = example("migrate", &[files.as_slice(), &["json"]].concat(), "");
    let report: Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!((run.code, &report["summary"]["errors"]), (1, &json!(1)));
    assert!(report["errors"][0].as_str().unwrap().ends_with(error), "{report}");

    let run = example("migrate", &[files.as_slice(), &["sarif"]].concat(), "");
    let sarif: Value = serde_json::from_str(&run.out).unwrap();
    let invocation = &sarif["runs"][0]["invocations"][0];
    assert_eq!(invocation["executionSuccessful"], false);
    assert!(
        invocation["toolExecutionNotifications"][0]["message"]["text"].as_str().unwrap().ends_with(error),
        "{sarif}"
    );

    let file = file_with("report-errors.txt", "");
    example("migrate", &[&files[..2], &["--report-file", file.to_str().unwrap()]].concat(), "");
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.starts_with("error: ") && text.lines().next().unwrap().ends_with(error), "{text}");

    // Without --keep-sessions, clients are assigned anew.
    let args = [HOSTS, "--to", "gateway", "--gateway", "public", "--verify", "--report", "sarif"];
    let run = example("migrate", &args, "");
    let sarif: Value = serde_json::from_str(run.err.lines().last().unwrap()).unwrap();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let different: Vec<&Value> = results.iter().filter(|result| result["ruleId"] == "different").collect();
    assert_eq!((run.code, different.is_empty()), (3, false), "{sarif}");
    assert!(different.iter().all(|result| result["level"] == "error"), "{sarif}");
    assert_eq!(sarif["runs"][0]["invocations"][0]["executionSuccessful"], true);
    for name in [bad, file] {
        std::fs::remove_file(name).unwrap();
    }
}
