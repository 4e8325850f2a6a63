//! `render` writes a canary Ingress, or moves a pair of Ingresses to another target.

use canary_policy::targets::nginx;

use crate::util::example::example;
use crate::util::golden::golden;
use crate::util::{self, path};

/// A manifest with one stable Ingress.
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
    let note = "note: examples/manifests/prd.yaml: the affinity needs a change of the stable Ingress: the command is in a comment above the manifest\n";
    assert_eq!((run.code, run.err.as_str()), (0, note));
    golden("render_options.yaml", &run.out);
}

#[test]
fn render_reads_standard_input_and_a_policy_file() {
    let stable = std::fs::read_to_string(util::path("../examples/manifests/prd.yaml")).unwrap();
    let run = example("render", &["-", "--policy", "examples/manifests/policy.yaml", "--canary", "canary"], &stable);
    assert_eq!(run.code, 0, "{}", run.err);
    assert!(run.out.contains("canary-by-header: x-canary"), "{}", run.out);
    let losses = "note: standard input: the affinity needs a change of the stable Ingress: the command is in a comment above the manifest\n\
                  loss: canaries[0].cookie: `cohort = beta` is left out: ingress-nginx reads only always and never in a cookie\n\
                  loss: affinity.cookie.revision: `7` is left out: an affinity cookie of ingress-nginx names a backend and has no revision\n";
    assert_eq!(run.err, losses);

    let run = example(
        "render",
        &["-", "--policy", "examples/manifests/policy.yaml", "--canary", "canary", "--exact"],
        &stable,
    );
    assert_eq!((run.code, run.out.as_str(), run.err.as_str()), (2, "", losses));
}

/// Each row is a mistake and its message. Nothing else is printed, and the exit code is 1.
#[test]
fn render_names_the_mistake() {
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
        (prd(&["--header", "x canary"]), "canaries[0].header.name: `x canary` is not a header name: expected 1 to 256 letters, digits or !#$%&'*+-.^_`|~".into()),
        (prd(&["--weight", "101/100"]), "canaries[0].weight: 101 is more than the total 100".into()),
        (prd(&["--weight", "0/0"]), "total: 0 is not a total: expected 1 to 4294967295".into()),
        (prd(&["--weight", "30%"]), "--weight: `30%` is not a weight: expected W or W/TOTAL, whole numbers up to 4294967295".into()),
        (prd(&["--header", &long]), "canaries[0].header.pattern: the pattern has 102400 bytes: expected 1 to 4096".into()),
        (prd(&["--header", "x-c~a++"]), "canaries[0].header.pattern: the pattern `a++` is refused at byte 2: a quantifier follows a quantifier, which PCRE reads as possessive or refuses".into()),
        (prd(&["--header", r"x-c~(a)\1"]), r"canaries[0].header.pattern: the pattern `(a)\1` is refused at byte 3: backreferences are not supported".into()),
        (prd(&["--cookie", "a;b"]), "canaries[0].cookie.name: `a;b` is not a cookie name: expected 1 to 256 letters, digits, inner spaces or !#$%&'*+-./:^_`|~".into()),
        (prd(&["--stable", "web"]), format!("{PRD}: Ingress `prd` does not route to the Service `web`: it routes to `prd:80`")),
        (vec![PRD.into(), "--canary".into(), "a:b:c".into()], "--canary: `b:c` is not a port: expected 1 to 65535, or a name of 1 to 15 of a-z, 0-9 and - with a letter in it and no --".into()),
        (prd(&["--prefix", "a b"]), "--prefix: `a b` is not an annotation prefix: expected 1 to 253 letters, digits, `.`, `-`, `_` or `/`".into()),
        (prd(&["--ingress", "web"]), format!("{PRD}: no stable Ingress has the name `web`")),
        (prd(&["--policy", &unknown]), format!("{unknown}: canaries[0].wieght: unknown field `wieght`, expected one of `name`, `weight`, `position`, `header`, `cookie`")),
        (prd(&["--policy", &twice]), format!("{twice}: the file has 2 documents: expected one policy")),
        (prd(&["--weight", "-1"]), "canaries[0].weight: -1 is not a weight: expected 0 to 4294967295".into()),
        (with(&two), format!("{two}: there is no Ingress, only document 1 (Deployment `web`), document 2 (Deployment `web`)")),
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
    assert_eq!(run.code, 1, "exit code 2 is for losses");
}

/// The golden file has the canary Ingress for each file of the corpus, or the error.
#[test]
fn render_reads_the_corpus() {
    golden("corpus.yaml", &corpus(&["--weight", "30", "--canary", "under-trial"]));
}

/// The golden files have the objects of each target for each file of the corpus, or the error.
#[test]
fn render_moves_the_corpus() {
    for target in ["gateway", "istio", "linkerd", "gloo", "envoy", "replicas"] {
        golden(&format!("corpus_{target}.yaml"), &corpus(&["--canary", "under-trial", "--port", "80", "--to", target]));
    }
}

/// Every target but pods expresses the pair of the README without a loss.
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

/// The controller splits all locations of a Service, whatever paths the canary Ingress has.
#[test]
fn render_moves_a_canary_where_the_controller_splits() {
    let ingress = |name: &str, annotations: &str, host: &str, paths: &str| {
        let paths: Vec<String> = paths
            .split(' ')
            .map(|path| {
                let service = if annotations.is_empty() { "web" } else { "next" };
                format!("{{ path: {path}, pathType: Prefix, backend: {{ service: {{ name: {service}, port: {{ number: 80 }} }} }} }}")
            })
            .collect();
        format!(
            "{{ apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {{ name: {name}, annotations: {{ {annotations} }} }},
               spec: {{ rules: [{{ host: {host}, http: {{ paths: [{}] }} }}] }} }}\n---\n",
            paths.join(", ")
        )
    };
    let canary = "nginx.ingress.kubernetes.io/canary: 'true', nginx.ingress.kubernetes.io/canary-weight: '10'";

    let pair = ingress("web", "", "a.test", "/ /cart") + &ingress("web-canary", canary, "a.test", "/cart");
    let run = example("render", &["-", "--to", "gateway"], &pair);
    let error = "error: standard input: the pair is not all that its hosts serve: a.test Prefix /: stable is `default/web:80` \
                 before, and no location matches after: the example `migrate` writes whole hosts\n";
    assert_eq!((run.code, run.out.as_str(), run.err.as_str()), (1, "", error));
    let pair = ingress("web", "", "a.test", "/cart") + &ingress("web-canary", canary, "a.test", "/cart");
    assert_eq!(example("render", &["-", "--to", "gateway"], &pair).code, 0);

    let other_host = ingress("web", "", "a.test", "/") + &ingress("other-canary", canary, "b.test", "/");
    let run = example("render", &["-", "--to", "gateway"], &other_host);
    let error = "error: standard input: --canary is not given, and no canary Ingress has a host and path of the stable Ingress\n";
    assert_eq!((run.code, run.out.as_str(), run.err.as_str()), (1, "", error));
}

/// The output of `render` with these arguments for each file of the corpus.
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

/// Documents that are not used are named in a note, and so is a canary Ingress that is replaced.
#[test]
fn render_names_what_it_does_not_use() {
    let file = "{ apiVersion: apps/v1, kind: Deployment, metadata: { name: web } }
---
{ apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: { name: web, namespace: a }, spec: { defaultBackend: { service: { name: web, port: { number: 80 } } } } }
---
{ apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: { name: web, namespace: b }, spec: { defaultBackend: { service: { name: web, port: { number: 80 } } } } }
---
{ apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: { name: web-canary, namespace: a, annotations: { nginx.ingress.kubernetes.io/canary: 'true' } }, spec: {} }
";
    let run = example("render", &["-", "--canary", "web-2"], file);
    let several = "error: standard input: several Ingresses can be the stable one (Ingress `a/web`, Ingress `b/web`): choose one with --ingress\n";
    assert_eq!((run.code, run.out.as_str(), run.err.as_str()), (1, "", several));

    let run = example("render", &["-", "--canary", "web-2", "--ingress", "a/web"], file);
    let notes = "note: standard input: skipped: document 1 (Deployment `web`), document 3 (Ingress `b/web`)
note: standard input: the policy is read from the canary Ingress `web-canary`
note: standard input: the output replaces the canary Ingress `web-canary` of the file
note: no request reaches the canary: it has no weight and no rule
";
    assert_eq!((run.code, run.err.as_str()), (0, notes));
}

/// The HTTPRoutes for a Gateway and those for Linkerd stand beside each other, and `--name` names the objects of every target
/// that has objects.
#[test]
fn render_writes_objects_of_different_names() {
    const PAIR: &str = "examples/manifests/pair.yaml";
    let names = |args: &[&str]| -> Vec<String> {
        let run = example("render", &[&[PAIR], args].concat(), "");
        assert_eq!(run.code, 0, "{args:?}: {}", run.err);
        let names = run.out.split("---\n").map(|document| {
            let object: serde_json::Value = serde_saphyr::from_str(document).unwrap();
            let named = if object["kind"].is_null() { &object } else { &object["metadata"] };
            named["name"].as_str().unwrap().to_owned()
        });
        names.collect()
    };
    assert_eq!(names(&["--to", "gateway"]), ["shop"]);
    assert_eq!(names(&["--to", "linkerd"]), ["shop-linkerd"]);
    for target in ["nginx", "gateway", "istio", "linkerd", "gloo", "envoy"] {
        assert!(names(&["--to", target, "--name", "web"]).contains(&"web".to_owned()), "{target}");
    }

    let run = example("render", &[PAIR, "--to", "replicas", "--name", "web", "--gateway", "public"], "");
    let notes = "note: examples/manifests/pair.yaml: --name has no effect on the output for this target\n\
                 note: examples/manifests/pair.yaml: --gateway has no effect on the output for this target\n";
    assert!(run.code == 0 && run.err.contains(notes), "{}", run.err);
    let run = example("render", &[PAIR, "--to", "gateway", "--name", "Web"], "");
    assert!(run.code == 1 && run.err.contains("--name: `Web` is not an object name"), "{}", run.err);
}

/// Clients of the controller hold cookies that name its upstreams, here those of the namespace `default`.
#[test]
fn render_keeps_the_sessions_of_the_controller() {
    const PAIR: &str = "examples/manifests/pair.yaml";
    let token = nginx::token("default", "shop-canary", "80");
    let note = "clients that hold a cookie of ingress-nginx are assigned anew: --keep-sessions keeps their variants";
    for target in ["gateway", "istio", "linkerd", "gloo", "envoy"] {
        let run = example("render", &[PAIR, "--to", target, "--exact", "--keep-sessions"], "");
        assert!(run.code == 0 && run.out.contains(token.as_str()), "{target}: {}", run.err);
        assert!(!run.err.contains(note), "{target}: {}", run.err);
        let run = example("render", &[PAIR, "--to", target, "--exact"], "");
        assert!(run.code == 0 && !run.out.contains(token.as_str()) && run.err.contains(note), "{target}: {}", run.err);
    }
    for target in ["nginx", "replicas"] {
        let run = example("render", &[PAIR, "--to", target, "--keep-sessions"], "");
        let note = format!("note: {PAIR}: --keep-sessions has no effect on the output for this target\n");
        assert!(run.code == 0 && run.err.contains(&note), "{target}: {}", run.err);
    }
    let run = example("render", &[PAIR, "--to", "gateway", "--weight", "10", "--keep-sessions"], "");
    let why = "the policy has to be that of the canary Ingress in the file, whose cookies clients hold";
    assert!(run.code == 1 && run.err.contains(why), "{}", run.err);
}

/// A weight of 0 takes no client away whose cookie names the canary. Each row is the target, the affinity, and the note.
#[test]
fn render_says_that_a_weight_of_0_keeps_the_clients_of_an_affinity_cookie() {
    let keeps = |release: &str| {
        format!(
            "note: the weight of `canary` is 0, but clients whose cookie `r` names it stay there: another {release} of the cookie releases them\n"
        )
    };
    let nobody = "note: no request reaches the canary: it has no weight and no rule\n".to_owned();
    let rows = [
        ("nginx", "cookie: { name: r }", keeps("name")),
        ("gateway", "cookie: { name: r }", keeps("revision")),
        ("gateway", "cookie: { name: r, pins: stable }", nobody.clone()),
        ("replicas", "cookie: { name: r }", nobody.clone()),
        ("envoy", "key: { header: x-user }", nobody),
    ];
    for (target, affinity, note) in rows {
        let policy = format!("{{ canaries: [{{ weight: 0 }}], affinity: {{ {affinity} }} }}");
        let run = example("render", &[PRD, "--canary", "canary", "--to", target, "--policy", "-"], &policy);
        let notes: Vec<&str> = run.err.lines().filter(|line| line.contains("canary")).collect();
        assert_eq!(run.code, 0, "{target}: {}", run.err);
        assert!(notes.contains(&note.trim_end()), "{target}: {}", run.err);
        assert_eq!(run.err.matches("no request reaches").count(), note.matches("no request reaches").count());
    }
}

/// An age in `session-cookie-expires` moves with the canary.
#[test]
fn render_keeps_the_expiry_of_an_affinity_cookie() {
    let args = ["tests/cases/session-cookie-expires.yaml", "--exact", "--to", "gateway"];
    let run = example("render", &args, "");
    assert!(run.code == 0 && run.out.contains("Max-Age=172800"), "{}{}", run.out, run.err);
    assert!(!run.err.contains("session-cookie-expires: "), "{}", run.err);
}

/// The cookie of the stable Ingress is removed if the policy has none.
#[test]
fn render_removes_an_affinity_that_the_policy_does_not_have() {
    let args = ["tests/cases/session-cookie-expires.yaml", "--exact", "--weight", "30"];
    let run = example("render", &args, "");
    assert_eq!(run.code, 0, "{}", run.err);
    let command = "#   kubectl annotate --overwrite ingress s 'nginx.ingress.kubernetes.io/affinity-' \
                   'nginx.ingress.kubernetes.io/session-cookie-expires-' 'nginx.ingress.kubernetes.io/session-cookie-name-'\n";
    assert!(run.out.contains(command), "{}", run.out);
    let note = "the policy has no affinity cookie, and the canary would share that of the stable Ingress: the command is in a comment above the manifest\n";
    assert!(run.err.ends_with(note), "{}", run.err);
}

/// Each row is a file whose hosts serve more than one pair of Ingresses, and what the pair leaves out. `migrate` writes all of it.
#[test]
fn a_pair_that_is_not_all_that_its_hosts_serve_is_refused() {
    for (file, why) in [
        (
            "canary-on-foreign-host",
            "shop.example.com Prefix /: stable is `shop/web:80` before, and no location matches after",
        ),
        (
            "canary-dangling-path",
            "shop.example.com Prefix /api: a request without headers goes from stable to canary, by weight",
        ),
        (
            "two-services-one-canary",
            "h.com Prefix /orders: stable is `default/orders:80` before, and stable is `default/shop:80` after",
        ),
        ("canary-of-two-services", "the canary Ingress `shop-canary` routes to 2 Services: `a-v2:80`, `b-v2:80`"),
    ] {
        let file = format!("tests/cases/{file}.yaml");
        for target in ["gateway", "istio", "linkerd", "gloo", "envoy"] {
            let run = example("render", &[&file, "--to", target], "");
            assert_eq!((run.code, run.out.as_str()), (1, ""), "{file} {target}");
            assert!(run.err.contains(why), "{file} {target}: {}", run.err);
        }
        let run = example("migrate", &[&file, "--to", "gateway", "--gateway", "infra/public", "--verify"], "");
        assert!(run.code == 0 && run.err.contains("0 different, 0 not decided"), "{file}: {}", run.err);
    }
}

#[test]
fn a_name_of_a_port_is_looked_up_in_the_services_of_the_file() {
    let file = "tests/cases/named-port-with-service.yaml";
    let run = example("render", &[file, "--to", "gateway", "--exact"], "");
    assert!(run.code == 0 && run.out.contains("port: 80\n") && !run.out.contains("http"), "{}{}", run.out, run.err);
}

/// Each row is an implementation of the Gateway API, and what is said about an affinity cookie besides the Gateway and pods.
#[test]
fn an_implementation_decides_what_is_lost_and_noted() {
    let lost = "affinity: `cookie route` is left out: \
                the implementation supports no ResponseHeaderModifier where a response would set the cookie";
    let regex = "traefik reads `RegularExpression` with an engine of its own, \
                 and the regular expressions are written for RE2 and for whole values";
    let hint = "istio says only";
    let rows: [(&[&str], Option<&str>, &[&str]); 3] = [
        (&["--implementation", "gke"], Some(lost), &[]),
        (&["--implementation", "traefik"], Some(regex), &[lost]),
        (&["--implementation", "istio"], Some(hint), &[lost, regex]),
    ];
    let policy = "{ canaries: [{ weight: 30 }], affinity: { cookie: { name: route } } }";
    for (arguments, said, not_said) in rows {
        let all = ["examples/manifests/prd.yaml", "--to", "gateway", "--canary", "canary", "--policy", "-"];
        let run = example("render", &[&all[..], arguments].concat(), policy);
        assert_eq!(run.code, 0, "{}", run.err);
        assert!(said.is_none_or(|said| run.err.contains(said)), "{}", run.err);
        assert!(!not_said.iter().any(|text| run.err.contains(text)), "{}", run.err);
    }
    let run = example("render", &["examples/manifests/prd.yaml", "--to", "gateway", "--implementation", "nginx"], "");
    assert_eq!(run.code, 1);
    assert!(run.err.contains("nginx-gateway-fabric"), "{}", run.err);
    let migrated = ["examples/manifests/hosts.yaml", "--to", "istio", "--implementation", "istio"];
    let run = example("migrate", &migrated, "");
    assert_eq!((run.code, run.out.as_str()), (1, ""));
    assert!(
        run.err.contains("--implementation is one of the Gateway API, and has no effect on another target"),
        "{}",
        run.err
    );
}

/// A GRPCRoute says that the Services speak gRPC. Other targets have to be told.
#[test]
fn a_note_about_grpc_is_for_targets_that_are_not_told() {
    let pair = std::fs::read_to_string("examples/manifests/pair.yaml").unwrap();
    for (value, target, is_noted) in
        [("GRPC", "gateway", false), ("GRPCS", "gateway", true), ("GRPC", "istio", true), ("HTTPS", "gateway", true)]
    {
        let annotation = format!("  annotations:\n    nginx.ingress.kubernetes.io/backend-protocol: {value}\n");
        let text = pair.replacen("  annotations:\n", &annotation, 1);
        let run = example("render", &["-", "--to", target], &text);
        let notes = run.err.lines().filter(|line| line.contains("backend-protocol")).count();
        assert_eq!((run.code, notes), (0, usize::from(is_noted)), "{value} {target}: {}", run.err);
        let is_grpc = value.starts_with("GRPC") && target == "gateway";
        assert_eq!(run.out.contains("kind: GRPCRoute"), is_grpc, "{value} {target}");
    }
}
