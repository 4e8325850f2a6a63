//! The examples, run as a person runs them.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::pedantic
)]

mod util;

use util::{example, golden, path};

const PRD: &str = "examples/manifests/prd.yaml";

#[test]
fn render_prints_a_manifest_ready_to_apply() {
    let run = example("render", &[PRD, "--weight", "30", "--canary", "canary"], "");
    assert_eq!((run.code, run.err.as_str()), (0, ""));
    let ingress: serde_json::Value = serde_saphyr::from_str(&run.out).unwrap();
    assert_eq!(ingress["apiVersion"], "networking.k8s.io/v1");
    assert_eq!(ingress["metadata"]["annotations"]["nginx.ingress.kubernetes.io/canary-weight"], "30");
    golden("render_prd.yaml", &run.out);
}

#[test]
fn render_writes_every_option() {
    let args = [
        PRD,
        "--weight",
        "3/1000",
        "--header",
        "x-canary~^v[0-9]+$",
        "--cookie",
        "cohort",
        "--affinity-cookie",
        "route",
        "--canary",
        "canary:8080",
        "--name",
        "prd-next",
        "--prefix",
        "higress.io",
    ];
    let run = example("render", &args, "");
    let note = "note: examples/manifests/prd.yaml: the affinity is an edit of the stable Ingress: the command stands above the manifest\n";
    assert_eq!((run.code, run.err.as_str()), (0, note));
    golden("render_options.yaml", &run.out);
}

#[test]
fn render_reads_standard_input_and_a_policy_file() {
    let stable = std::fs::read_to_string(util::path("../examples/manifests/prd.yaml")).unwrap();
    let run = example("render", &["-", "--policy", "examples/manifests/policy.yaml", "--canary", "canary"], &stable);
    assert_eq!(run.code, 0, "{}", run.err);
    assert!(run.out.contains("canary-by-header: x-canary"), "{}", run.out);
    let losses = "note: standard input: the affinity is an edit of the stable Ingress: the command stands above the manifest\n\
                  loss: canaries[0].cookie: `cohort = beta` is left out: ingress-nginx reads only always and never in a cookie\n\
                  loss: affinity.cookie.revision: `7` is left out: an ingress-nginx cookie names its backend, without a revision\n";
    assert_eq!(run.err, losses);

    let run = example(
        "render",
        &["-", "--policy", "examples/manifests/policy.yaml", "--canary", "canary", "--exact"],
        &stable,
    );
    assert_eq!((run.code, run.out.as_str(), run.err.as_str()), (2, "", losses));
}

/// Each row is what a person gets wrong and the one message it gives; nothing is printed, the exit code is 1.
#[test]
fn render_says_what_is_wrong() {
    let folder = std::env::temp_dir().join(format!("canary-policy-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = |name: &str, text: &str| {
        let file = folder.join(name);
        std::fs::write(&file, text).unwrap();
        file.to_str().unwrap().to_owned()
    };
    let long = format!("x-c~{}", "a".repeat(100 * 1024));
    let deployment = "{ apiVersion: apps/v1, kind: Deployment, metadata: { name: web } }";
    let no_rules = "{ apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: { name: web }, spec: { rules: [] } }";
    let unquoted = "{ apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: { name: web, annotations: { a: true } }, spec: {} }";
    let (two, none, bad, unquoted, unknown, twice) = (
        file("two.yaml", &format!("{deployment}\n---\n{deployment}\n")),
        file("none.yaml", no_rules),
        file("bad.yaml", "a: b: c\n"),
        file("unquoted.yaml", unquoted),
        file("unknown.yaml", "canaries:\n- wieght: 30\n"),
        file("twice.yaml", &format!("canaries: [{{}}]\n---\n{deployment}\n")),
    );
    let prd = |args: &[&str]| {
        [&[PRD, "--canary", "canary"], args].concat().iter().map(|arg| (*arg).to_owned()).collect::<Vec<_>>()
    };
    let with = |file: &str| vec![file.to_owned(), "--canary".to_owned(), "canary".to_owned()];
    let rows: Vec<(Vec<String>, String)> = vec![
        (prd(&["--header", "x canary"]), "canaries[0].header.name: `x canary` is not a header name: letters, digits and !#$%&'*+-.^_`|~, 1 to 256 of them".into()),
        (prd(&["--weight", "101/100"]), "canaries[0].weight: 101 is more than the total 100".into()),
        (prd(&["--weight", "0/0"]), "total: 0 is not a total: 1 to 4294967295".into()),
        (prd(&["--weight", "30%"]), "--weight: `30%` is not W or W/TOTAL, whole numbers up to 4294967295".into()),
        (prd(&["--header", &long]), "canaries[0].header.pattern: the pattern has 102400 bytes: 1 to 4096 are allowed".into()),
        (prd(&["--header", "x-c~a++"]), "canaries[0].header.pattern: the pattern `a++` is refused at byte 2: a quantifier follows a quantifier, which PCRE reads as possessive or refuses".into()),
        (prd(&["--header", r"x-c~(a)\1"]), r"canaries[0].header.pattern: the pattern `(a)\1` is refused at byte 3: backreferences are not supported".into()),
        (prd(&["--cookie", "a;b"]), "canaries[0].cookie.name: `a;b` is not a cookie name: letters, digits and !#$%&'*+-./:^_`|~, inner spaces, 1 to 256 of them".into()),
        (prd(&["--stable", "web"]), format!("{PRD}: Ingress `prd` does not route to the Service `web`: it routes to `prd:80`")),
        (vec![PRD.into(), "--canary".into(), "a:b:c".into()], "--canary: `b:c` is not a port: 1 to 65535, or a name of 1 to 15 of a-z, 0-9 and - with a letter in it".into()),
        (prd(&["--prefix", "a b"]), "--prefix: `a b` is not an annotation prefix: 1 to 253 letters, digits, `.`, `-`, `_` and `/`".into()),
        (prd(&["--ingress", "web"]), format!("{PRD}: no stable Ingress is called `web`")),
        (prd(&["--policy", &unknown]), format!("{unknown}: canaries[0].wieght: unknown field `wieght`, expected one of `name`, `weight`, `header`, `cookie`")),
        (prd(&["--policy", &twice]), format!("{twice}: 2 documents: a policy is one")),
        (prd(&["--weight", "-1"]), "canaries[0].weight: -1 is not a weight: 0 to 4294967295".into()),
        (with(&two), format!("{two}: no Ingress in it, only document 1 (Deployment `web`), document 2 (Deployment `web`)")),
        (with(&none), format!("{none}: Ingress `web` routes to no Service")),
        (with(&bad), format!("{bad}: not YAML: line 1 column 5: mapping values are not allowed in this context")),
        (with(&unquoted), format!("{unquoted}: document 1 (Ingress `web`): metadata.annotations.a: invalid type: boolean `true`, expected a string")),
        (with("nowhere.yaml"), "nowhere.yaml: No such file or directory (os error 2)".into()),
    ];
    for (args, message) in rows {
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let run = example("render", &args, "");
        assert_eq!((run.code, run.out.as_str()), (1, ""), "{args:?}: {}", run.err);
        assert_eq!(
            run.err,
            format!(
                "error: {message}
"
            ),
            "{args:?}"
        );
    }
    std::fs::remove_dir_all(&folder).unwrap();

    let run = example("render", &[PRD], "");
    assert_eq!(run.code, 1, "exit code 2 says that something was lost");
}

/// The stable Ingress of each file, or in one sentence why there is none.
#[test]
fn render_takes_what_people_write() {
    golden("corpus.yaml", &corpus(&["--weight", "30", "--canary", "under-trial"]));
}

/// The canary Ingresses of each file, for other targets, or in one sentence why there is none.
#[test]
fn render_moves_what_people_have() {
    for target in ["gateway", "istio", "linkerd", "gloo", "envoy", "replicas"] {
        golden(&format!("corpus_{target}.yaml"), &corpus(&["--canary", "under-trial", "--port", "80", "--to", target]));
    }
}

/// One file for everything that routes, without a loss but for what pods cannot do.
#[test]
fn render_moves_the_pair_of_the_readme() {
    for target in ["nginx", "gateway", "istio", "linkerd", "gloo", "envoy"] {
        let run = example("render", &["examples/manifests/pair.yaml", "--exact", "--to", target], "");
        assert_eq!(run.code, 0, "{target}: {}", run.err);
        assert!(run.out.contains("shop-canary"), "{target}: {}", run.out);
    }
    let run = example("render", &["examples/manifests/pair.yaml", "--exact", "--to", "replicas"], "");
    assert_eq!((run.code, run.out.as_str()), (2, ""));
}

/// The canary of one host or path is not that of another.
#[test]
fn render_moves_a_canary_only_where_it_is() {
    let ingress = |name: &str, more: &str, host: &str, paths: &str| {
        let paths: Vec<String> = paths
            .split(' ')
            .map(|path| {
                let service = if more.is_empty() { "web" } else { "next" };
                format!("{{ path: {path}, pathType: Prefix, backend: {{ service: {{ name: {service}, port: {{ number: 80 }} }} }} }}")
            })
            .collect();
        format!(
            "{{ apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {{ name: {name}, annotations: {{ {more} }} }},
               spec: {{ rules: [{{ host: {host}, http: {{ paths: [{}] }} }}] }} }}\n---\n",
            paths.join(", ")
        )
    };
    let canary = "nginx.ingress.kubernetes.io/canary: 'true', nginx.ingress.kubernetes.io/canary-weight: '10'";

    let pair = ingress("web", "", "a.test", "/ /cart") + &ingress("web-canary", canary, "a.test", "/cart");
    let run = example("render", &["-", "--to", "gateway"], &pair);
    assert_eq!(run.code, 0, "{}", run.err);
    assert!(run.out.contains("value: /cart") && !run.out.contains("value: /\n"), "{}", run.out);
    let aside = "note: standard input: `a.test/` is left aside: the canary Ingress `web-canary` does not cover it\n";
    assert!(run.err.contains(aside), "{}", run.err);

    let stranger = ingress("web", "", "a.test", "/") + &ingress("other-canary", canary, "b.test", "/");
    let run = example("render", &["-", "--to", "gateway"], &stranger);
    let error = "error: standard input: --canary is not given, and the file has no canary Ingress with a host and path of the stable one\n";
    assert_eq!((run.code, run.out.as_str(), run.err.as_str()), (1, "", error));
}

fn corpus(args: &[&str]) -> String {
    let mut files: Vec<_> =
        std::fs::read_dir(path("cases/corpus")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert_eq!(files.len(), 64);
    let args: Vec<&str> = ["-"].iter().chain(args).copied().collect();
    let mut all = String::new();
    for file in files {
        let name = file.file_name().unwrap().to_str().unwrap();
        let run = example("render", &args, &std::fs::read_to_string(&file).unwrap());
        assert!(
            run.code == 0 || (run.code == 1 && run.out.is_empty() && run.err.lines().count() == 1),
            "{name}: {}",
            run.err
        );
        all += &format!("# {name}: exit code {}\n", run.code);
        all += &run.err.lines().map(|line| format!("# {line}\n")).collect::<String>();
        all += &format!("{}---\n", run.out);
    }
    all
}

#[test]
fn replay_decides_lines() {
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
{"id":"c","unsupported":"the weight decides, and no draw was recorded"}
{"id":"d","reason":"affinity","variant":"canary"}
{"id":"e","unsupported":"canary-by-header-pattern: the pattern `a++` is refused at byte 2: a quantifier follows a quantifier, which PCRE reads as possessive or refuses"}
{"id":"f","unsupported":"nginx answers 400: the header name `a b` has a byte it refuses"}
{"id":"g","unsupported":"the draw 101 is not 1 to 100"}
"#;
    assert_eq!(run.out, expected);

    let run = example("replay", &[], "{\"id\": 1}\n");
    assert_eq!((run.code, run.out.as_str()), (1, ""));
    assert!(run.err.starts_with("error: line 1: missing field `annotations`"), "{}", run.err);
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

#[test]
fn decide_decides() {
    let run = example("decide", &[], "");
    assert_eq!((run.code, run.out.as_str()), (0, "web-canary:80, decided by header\n"));
}

/// What is no Ingress is left aside, and said so; a canary that is there already is not replaced in silence.
#[test]
fn render_says_what_it_left_aside() {
    let file = "{ apiVersion: apps/v1, kind: Deployment, metadata: { name: web } }
---
{ apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: { name: web, namespace: a }, spec: { defaultBackend: { service: { name: web, port: { number: 80 } } } } }
---
{ apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: { name: web, namespace: b }, spec: { defaultBackend: { service: { name: web, port: { number: 80 } } } } }
---
{ apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: { name: web-canary, namespace: a, annotations: { nginx.ingress.kubernetes.io/canary: 'true' } }, spec: {} }
";
    let run = example("render", &["-", "--canary", "web-2"], file);
    let several = "error: standard input: several Ingresses could be the stable one (Ingress `a/web`, Ingress `b/web`): pick one with --ingress\n";
    assert_eq!((run.code, run.out.as_str(), run.err.as_str()), (1, "", several));

    let run = example("render", &["-", "--canary", "web-2", "--ingress", "a/web"], file);
    let notes = "note: standard input: left aside: document 1 (Deployment `web`), document 3 (Ingress `b/web`)
note: standard input: the policy is that of the canary Ingress `web-canary`
note: standard input: has a canary `web-canary` already, which this one replaces
note: the canary has no weight and no rule: nothing reaches it
";
    assert_eq!((run.code, run.err.as_str()), (0, notes));
}

const SIMULATE: [&str; 8] = [
    "--policy",
    "examples/manifests/policy.yaml",
    "--mix",
    "examples/manifests/mix.jsonl",
    "--requests",
    "20",
    "--clients",
    "2000",
];

#[test]
fn simulate_prints_a_table() {
    let run = example("simulate", &SIMULATE, "");
    assert_eq!((run.code, run.err.as_str()), (0, ""));
    golden("simulate.txt", &run.out);
    assert_eq!(example("simulate", &SIMULATE, "").out, run.out, "the same seed gives the same output");
    let other = example("simulate", &[&SIMULATE[..], &["--seed", "2"]].concat(), "");
    assert_ne!(other.out, run.out);

    let mix = std::fs::read_to_string(path("../examples/manifests/mix.jsonl")).unwrap();
    let piped = SIMULATE.map(|arg| if arg.ends_with("mix.jsonl") { "-" } else { arg });
    assert_eq!(example("simulate", &piped, &mix).out, run.out);
}

/// The elements of a picture: each with its whole tag and its text, in order; every one of them is closed.
fn elements(xml: &str) -> Vec<(&str, &str)> {
    let (mut open, mut elements) = (Vec::new(), Vec::new());
    for part in xml.split('<').skip(1) {
        let (tag, text) = part.split_once('>').expect("a tag ends");
        assert!(!text.replace("&amp;", "").replace("&lt;", "").replace("&gt;", "").contains(['&', '>']), "{text}");
        match tag.strip_prefix('/') {
            Some(name) => assert_eq!(open.pop(), Some(name)),
            None => {
                assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
                elements.push((tag, text.trim()));
                if !tag.ends_with('/') {
                    open.push(tag.split(' ').next().unwrap());
                }
            }
        }
    }
    assert!(open.is_empty() && xml.trim_end().ends_with("</svg>"), "{open:?}");
    elements
}

/// Title, axes, legend, the areas, 60 rows that change colour once, and a bar a step.
#[test]
fn simulate_draws_a_ramp() {
    let file = std::env::temp_dir().join(format!("canary-policy-{}.svg", std::process::id()));
    let plot = file.to_str().unwrap();
    let run = example("simulate", &["--weight", "5", "--clients", "10", "--plot", plot], "");
    assert_eq!((run.code, run.err.as_str()), (0, ""));
    let picture = std::fs::read_to_string(&file).unwrap();
    std::fs::remove_file(&file).unwrap();

    let elements = elements(&picture);
    let texts: Vec<&str> = elements.iter().filter(|(tag, _)| tag.starts_with("text")).map(|(_, text)| *text).collect();
    let words = [
        "canary grows from 1 % to 100 %",
        "10000 clients with a sample each: it takes them one after the other and gives none back",
        "canary",
        "stable",
        "share of clients",
        "60 of the clients, a row each: it changes colour where the client moves",
        "clients that move",
        "Clients that move to canary at each step",
        "away from canary: 0 clients, at all steps together",
        "weight of canary, in percent of the total of 100 parts",
    ];
    for word in words {
        assert!(texts.contains(&word), "{word}: {texts:?}");
    }
    assert!(elements[0].0.contains("viewBox=\"0 0 960 "), "{}", elements[0].0);
    let count = |shape: &str, color: &str| {
        let fill = format!("fill=\"{color}\"");
        elements.iter().filter(|(tag, _)| tag.starts_with(shape) && tag.contains(&fill)).count()
    };
    let (canary, stable) = ("#e69f00", "#a6d5f0");
    assert_eq!((count("polygon", canary), count("polygon", stable)), (1, 1));
    // The legend, a bar for each of 100 steps, and the end of every row, since all of them move in the end.
    assert_eq!(count("rect", canary), 1 + 100 + 60);
    // The legend, and the beginning of the rows whose clients do not move at once.
    assert!((1 + 50..=1 + 60).contains(&count("rect", stable)), "{}", count("rect", stable));
}

#[test]
fn simulate_says_what_is_wrong() {
    let rows: [(&[&str], &str, &str); 9] = [
        (&["--mix", "-"], "", "-: there is no client: a mix has at least one"),
        (&["--mix", "-"], "{\"parts\": 0}", "-: the parts of the mix add up to 0: 1 to 4294967295"),
        (
            &["--mix", "-"],
            "{}\n{\"part\": 1}",
            "-: line 2: part: unknown field `part`, expected one of `parts`, `headers`, `cookies`",
        ),
        (&["--mix", "-"], "\n{", "-: line 2: not JSON: EOF while parsing an object at column 1"),
        (&["--mix", "-"], "{\"headers\": [[\"a b\", \"c\"]]}", "-: line 1: headers[0]: `a b` is not a header name"),
        (&["--mix", "-"], "{\"headers\": [[\"a\", \"b\\n\"]]}", "-: line 1: headers[0]: `b\\n` is not a header value"),
        (&["--requests", "0"], "", "--requests: 0 is not a number of requests for each client: 1 to 4294967295"),
        (&["--weight", "101"], "", "canaries[0].weight: 101 is more than the total 100"),
        (&["--plot", "nowhere/ramp.svg"], "", "nowhere/ramp.svg: No such file or directory (os error 2)"),
    ];
    for (args, input, message) in rows {
        let run = example("simulate", args, input);
        assert_eq!((run.code, run.out.as_str()), (1, ""), "{args:?}");
        assert_eq!(run.err, format!("error: {message}\n"), "{args:?}");
    }
    let run = example("simulate", &["--clients", "0"], "");
    assert!(run.code == 1 && run.err.contains("0 is not in 1.."), "{}", run.err);

    let others = "canaries: [{ name: a }, { name: b, weight: 100 }]";
    let run = example("simulate", &["--policy", "-", "--plot", "ramp.svg"], others);
    assert_eq!(
        (run.code, run.err.as_str()),
        (1, "error: --plot: the other canaries leave the first one no room to grow\n")
    );
}
