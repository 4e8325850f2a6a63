//! The linter: every finding of the recorded states and of the corpus, and what has none.

use canary_policy::error::Diagnostic;
use canary_policy::targets::nginx::{
    CanaryInForce, Cluster, Dialect, Flags, LintFinding, LintKind, Location, ObjectName, Service, lint,
};
use proptest::prelude::*;
use serde_json::json;

use super::cluster::laws::{lines, of_lines};
use crate::util::cases;
use crate::util::cluster::{corpus, recorded_states};
use crate::util::cluster_text::{cluster, ingress, service};
use crate::util::golden::golden;
use crate::util::hostile::raw;
use crate::util::pattern::BACKTRACKING;

/// A finding on three lines.
fn text(finding: &LintFinding) -> String {
    format!("  {} {}\n    {finding}\n    -> {}\n", finding.severity().as_str(), finding.code(), finding.advice())
}

fn texts(cluster: &Cluster) -> String {
    lint(cluster).iter().map(text).collect()
}

/// The golden file has what the linter says about each file of the corpus.
#[test]
fn the_corpus_is_linted() {
    let files = corpus().into_iter().map(|file| format!("{}\n{}", file.file, texts(&file.cluster)));
    golden("lint_corpus.txt", &files.collect::<String>());
}

/// The golden file has the findings of each recorded state, without their texts.
#[test]
fn the_recorded_states_are_linted() {
    let short = |finding: &LintFinding| format!("  {} {} {}\n", finding.code(), finding.object, finding.field);
    let states = recorded_states()
        .into_iter()
        .map(|state| format!("{}\n{}", state.id, lint(&state.cluster).iter().map(short).collect::<String>()));
    golden("lint_recorded.txt", &states.collect::<String>());
}

const WEB: &str = "web 1; a.test/ > web:80";
const NEXT: &str = "next 2; a.test/ > next:80; canary 30";

/// Each row is a cluster, and its findings as `CODE OBJECT FIELD`.
#[test]
fn each_mistake_has_a_finding() {
    let path = |index: usize| format!("spec.rules[{index}].http.paths[0]");
    let (first, second) = (path(0), path(1));
    let rows: Vec<(Vec<&str>, Vec<String>)> = vec![
        (
            vec![WEB, "next 2; a.test/ > next:80; canary 30; configuration-snippet=x"],
            vec!["too-risky s/next configuration-snippet".to_owned()],
        ),
        (
            vec!["web 1; a.test/ > web:80; default-backend=A"],
            vec!["invalid-annotation s/web default-backend".to_owned()],
        ),
        (vec!["web 1; a.test/etc/nginx > web:80"], vec!["suspicious s/web spec".to_owned()]),
        (vec![WEB, "next 2; b.test !; canary 30"], vec!["controller-panic s/next spec.rules[0].http".to_owned()]),
        (vec![WEB, "web 1; a.test/x > web:80"], vec!["replaced s/web metadata.name".to_owned()]),
        (
            vec![WEB, "api 2; b.test/ > api:80; canary=false; canary-weight=30"],
            vec!["not-enabled s/api canary".to_owned()],
        ),
        (vec![NEXT], vec!["no-stable s/next canary".to_owned()]),
        (vec![WEB, "next 2; a.test/ > resource; canary 30"], vec!["no-service s/next spec".to_owned()]),
        (vec![WEB, "next 2; A.test/ > next:80; canary 30"], vec![format!("no-host s/next {first}")]),
        (vec![WEB, "next 2; a.test/ = next:80; canary 30"], vec![format!("no-location s/next {first}")]),
        // The nearest location is the one with the same path, before one with a `/` at its end.
        (
            vec![
                "web 1; a.test/x/ > web:80; a.test/x = web:80; a.test/xyz > web:80",
                "next 2; a.test/x ~ next:80; canary 30",
            ],
            vec![format!("no-location s/next {first}")],
        ),
        (
            vec![WEB, "next 2; a.test/x > next:80; a.test/ > next:80; canary 30"],
            vec![format!("no-location s/next {first}"), format!("canary-deleted s/next {second}")],
        ),
        (
            vec![WEB, "next 2; a.test/ > next:80; a.test/x > next:80; canary 30"],
            vec![format!("canary-dangling s/next {first}"), format!("no-location s/next {second}")],
        ),
        (vec![WEB, "next 2; a.test/ > web:80; canary 30"], vec![format!("own-service s/next {first}")]),
        (vec![WEB, NEXT, "third 3; a.test/ > third:80; canary 30"], vec![format!("never-chosen s/third {first}")]),
        (vec![WEB, NEXT, "third 3; a.test/ > next:80; canary 70"], vec![format!("other-policy s/third {first}")]),
        (vec!["web 1; a.test/ > web:80; b.test/ > next:80", NEXT], vec![format!("no-policy s/next {first}")]),
        (
            vec!["web 1; a.test/ > web:80; b.test/x > api:80", "next 2; b.test/ > web:80; canary 30"],
            vec![format!("acts-as-stable s/next {first}")],
        ),
        (vec![WEB, NEXT, "api 3; b.test/ > next:80"], vec![format!("taken-by-canary s/api {first}")]),
        (vec![WEB, "api 2; a.test/ > api:80"], vec![format!("path-taken s/api {first}")]),
        (vec!["web 1; a.test/ > web:80; b.test/ > web:80", NEXT], vec!["shared-service s/next spec".to_owned()]),
        (
            vec!["d 1; default > d:80; /x > web:80", "next 3; default > next:80; canary 30"],
            vec!["default-backend-merges s/next spec.defaultBackend".to_owned()],
        ),
        (
            vec!["web 1; a.test/x > web:80; default > d:80", "next 2; default > d:80; canary 30"],
            vec!["no-location s/next spec.defaultBackend".to_owned(), "stable-deleted s/web spec".to_owned()],
        ),
        (vec![WEB, "next 2; a.test/ > next:81; canary 30"], vec!["canary-without-endpoints s/next spec".to_owned()]),
        (vec!["web 1; a.test/ > web:81", NEXT], vec!["stable-without-endpoints s/web spec".to_owned()]),
        (
            vec![
                "web 1; a.test/ > web:80; affinity=cookie",
                "next 2; a.test/ > next:80; canary 30; canary-by-header=x",
            ],
            vec!["affinity-before-rules s/next canary-by-header".to_owned()],
        ),
        (
            vec![
                "web 1; a.test/ > web:80; affinity=cookie",
                "api 1; b.test/ > api:80",
                "next 2; a.test/ > next:80; b.test/ > next:80; canary 30",
            ],
            vec!["affinity-of-other s/next spec".to_owned()],
        ),
        (
            vec![WEB, "next 2; a.test/ > next:80; canary 30; rewrite-target=/"],
            vec!["ignored-annotation s/next rewrite-target".to_owned()],
        ),
        (
            vec![WEB, "next 2; a.test/ > next:80; canary 30; affinity=cookie"],
            vec!["ignored-annotation s/next affinity".to_owned()],
        ),
        (
            vec![WEB, "next 2; a.test/ > next:80; canary=true; canary-weight=30%"],
            vec!["invalid-value s/next canary-weight".to_owned()],
        ),
        (
            vec![WEB, "next 2; a.test/ > next:80; canary 30; canary-weight-total=50"],
            vec!["total-ignored s/next canary-weight-total".to_owned()],
        ),
        (vec![WEB, "next 2; a.test/ > next:80; canary -5"], vec!["weight-below-zero s/next canary-weight".to_owned()]),
        (
            vec![
                WEB,
                "next 2; a.test/ > next:80; canary 3; canary-by-header=x; canary-by-header-value=a; canary-by-header-pattern=a",
            ],
            vec!["pattern-ignored s/next canary-by-header-pattern".to_owned()],
        ),
        (
            vec![WEB, "next 2; a.test/ > next:80; canary 3; canary-by-cookie-value=x"],
            vec!["unknown-annotation s/next canary-by-cookie-value".to_owned()],
        ),
        (
            vec![WEB, "next 2; a.test/ > next:80; canary 300"],
            vec!["weight-above-total s/next canary-weight".to_owned()],
        ),
        (
            vec![WEB, "next 2; a.test/ > next:80; canary 3; canary-by-header-value=x"],
            vec!["no-header-name s/next canary-by-header-value".to_owned()],
        ),
        (
            vec![WEB, "next 2; a.test/ > next:80; canary 3; canary-something-else=x"],
            vec!["unknown-annotation s/next canary-something-else".to_owned()],
        ),
        (
            vec![WEB, "next 2; a.test/ > next:80; canary 3; canary-by-weight=10"],
            vec!["unknown-annotation s/next canary-by-weight".to_owned()],
        ),
        (vec!["web 1; a.test/ > web:80; affinity=Cookie"], vec!["invalid-value s/web affinity".to_owned()]),
        (
            vec!["web 1; a.test/ > web:80; affinity-canary-behavior=legacy"],
            vec!["wrong-ingress s/web affinity-canary-behavior".to_owned()],
        ),
        (
            vec![WEB, "api 2; b.test/ > api:80; @nginx.org/canary-weight=3"],
            vec!["other-prefix s/api nginx.org/canary-weight".to_owned()],
        ),
        (
            vec![WEB, "next 2; a.test/ > next:80; canary 3; canary-by-header=x; canary-by-header-pattern=a++"],
            vec!["not-portable s/next canary-by-header-pattern".to_owned()],
        ),
        (
            vec![WEB, "next 2; a.test/ > next:80; canary 3; canary-by-header=x; canary-by-header-pattern=^(a+)+$"],
            vec!["pattern-backtracks s/next canary-by-header-pattern".to_owned()],
        ),
        (vec![WEB, "next 2; a.test/ > next:80; canary=true"], vec!["never-decides s/next canary".to_owned()]),
        (
            vec![WEB, "next 2; a.test/ > next:80; canary 3; canary-by-header=X Canary"],
            vec!["header-never-seen s/next canary-by-header".to_owned()],
        ),
        (
            vec![
                "web 1; a.test/ > web:80; affinity=cookie",
                "next 2; a.test/ > next:80; canary 30; canary-by-cookie=c; affinity-canary-behavior=legacy",
            ],
            vec!["affinity-before-rules s/next canary-by-cookie".to_owned()],
        ),
    ];
    let mut all = String::new();
    for (lines, expected) in rows {
        let findings = lint(&cluster(&lines));
        all += &format!("{}\n{}", lines.join("\n"), findings.iter().map(text).collect::<String>());
        assert!(findings.iter().all(|finding| finding.report().object.as_deref() == Some(finding.object.as_str())));
        let found = findings.iter().map(|finding| format!("{} {} {}", finding.code(), finding.object, finding.field));
        assert_eq!(found.collect::<Vec<_>>(), expected, "{lines:#?}");
        assert!(findings.iter().all(|finding| !finding.advice().is_empty()), "{lines:#?}");
    }
    // The golden file has the texts.
    golden("lint_mistakes.txt", &all);
}

/// The findings about a pattern of a header rule. Validation is off, because it drops patterns with a comma.
fn of_pattern(dialect: Dialect, pattern: &str) -> Vec<LintFinding> {
    let mut next = ingress("next 2; a.test/ > next:80; canary 3; canary-by-header=x");
    let key = "nginx.ingress.kubernetes.io/canary-by-header-pattern".to_owned();
    next.metadata.annotations.insert(key, pattern.to_owned());
    let flags = Flags::default().with_validation(false).with_dialect(dialect);
    lint(&Cluster::new(flags).with_ingresses([ingress(WEB), next]))
}

/// `tests/oracles/pcre.rs` gives the values to PCRE.
#[test]
fn a_pattern_that_backtracks_has_a_finding_with_a_value() {
    for (pattern, value) in BACKTRACKING {
        let kinds: Vec<_> =
            of_pattern(Dialect::INGRESS_NGINX, pattern).into_iter().map(|finding| finding.kind).collect();
        let [LintKind::PatternBacktracks { value: found }] = &kinds[..] else { panic!("{pattern}: {kinds:?}") };
        assert_eq!(found.to_string(), value, "{pattern}");
        assert!(found.to_bytes().len() <= 8000);
        for dialect in [Dialect::TRAEFIK, Dialect::HIGRESS] {
            assert!(of_pattern(dialect, pattern).iter().all(|finding| finding.code() != "pattern-backtracks"));
        }
    }
}

/// What is too large is not taken for harmless.
#[test]
fn a_pattern_that_is_too_large_to_be_examined_has_a_finding() {
    let ends = format!("(?:{}){{1000}}", "$".repeat(58));
    for pattern in ["(?:|){25}x", &ends] {
        let findings = of_pattern(Dialect::INGRESS_NGINX, pattern);
        assert_eq!(
            findings.iter().map(ToString::to_string).collect::<Vec<_>>(),
            [
                "s/next: canary-by-header-pattern: the pattern is too large to tell whether the controller gives up on a header value \
                 and sends its request to stable"
            ],
            "{pattern}"
        );
        assert_eq!(findings[0].code(), "pattern-not-examined");
    }
}

#[test]
fn a_pattern_that_does_not_backtrack_has_no_finding() {
    for pattern in [
        "beta|next",
        "^v[23]$",
        "^(.*?;)?(kind=tester)(;.*)?$",
        // It matches at the first `a`.
        "(a+)+",
        "(?:|a)*$",
        "^(a|b)*$",
        "^(?:a*b)*$",
        // Between two letters there is no boundary, and only the start is a start.
        r"(?:\ba+)+$",
        "(?:^a+)+$",
        "(?:a+$)+",
        "^(?:[a-z0-9]+(?:-[a-z0-9]+)*\\.)+[a-z]{2,}$",
        // The steps grow with the square of the length, but PCRE does not try fewer of the last repetition.
        "^a*a*$",
        // The value would have to be longer than a header line.
        "^.*example.*production",
        "^[a-z]{3,1000}$",
    ] {
        assert_eq!(of_pattern(Dialect::INGRESS_NGINX, pattern), [], "{pattern}");
    }
    // A pattern beside a value, or of a canary without endpoints, is not looked at.
    let pattern = "canary-by-header=x; canary-by-header-pattern=^(a+)+$";
    for (line, code) in [
        (format!("next 2; a.test/ > next:80; canary 3; canary-by-header-value=y; {pattern}"), "pattern-ignored"),
        (format!("next 2; a.test/ > gone:80; canary 3; {pattern}"), "canary-without-endpoints"),
    ] {
        assert_eq!(lint(&cluster(&[WEB, &line])).iter().map(LintFinding::code).collect::<Vec<_>>(), [code]);
    }
}

/// Names, keys and values may be made to deceive whoever reads them on a terminal.
#[test]
fn findings_are_escaped() {
    let hostile = [
        "we\u{1b}b 2; a.test/\u{202e} > next:80; canary 30".to_owned(),
        "next 2; a.test/ > next:80; canary=tr\u{1b}ue; canary-weight=3".to_owned(),
        "next 2; a.test/ > next:80; canary 30; canary-\u{9b}2J=3; @nginx\u{1b}/canary-by-cookie=1".to_owned(),
        "next 2; \u{202e}.test/ > next:80; canary 30".to_owned(),
    ];
    for line in hostile {
        let findings = lint(&cluster(&[WEB, &line]));
        assert!(!findings.is_empty(), "{line:?}");
        for finding in findings {
            let report = finding.report();
            let texts = [report.message, report.field.unwrap(), report.object.unwrap(), finding.advice()];
            assert!(texts.iter().all(|text| raw(text).is_empty()), "{texts:?}");
        }
    }
}

/// Each row is a cluster in which everything works as it is written.
#[test]
fn what_works_has_no_finding() {
    let affine = "web 1; a.test/ > web:80; affinity=cookie; session-cookie-name=r; rewrite-target=/";
    for lines in [
        vec![WEB, NEXT],
        vec![WEB, "next 2; a.test/ ~ next:80; canary 0"],
        vec![WEB, "t/next 2; a.test/ > next:80; canary 30; canary-by-header=x; canary-by-cookie=c"],
        vec![WEB, "next 2; a.test/ > web:http; canary 30"],
        // Another Ingress with the same Service and the same policy, for another host.
        vec!["web 1; a.test/ > web:80; b.test/ > web:80", NEXT, "b 3; b.test/ > next:80; canary 30"],
        vec![
            affine,
            "next 2; a.test/ > next:80; canary 30; affinity=cookie; session-cookie-name=r; rewrite-target=/; load-balance=ewma",
        ],
        vec![
            "web 1; a.test/ > web:80; affinity=cookie",
            "next 2; a.test/ > next:80; canary 30; affinity-canary-behavior=legacy",
        ],
        // The values mean what the stable Ingress has without them, or nothing at all.
        vec![
            "web 1; a.test/ > web:80; affinity=cookie; backend-protocol=HTTP",
            "next 2; a.test/ > next:80; canary 30; affinity=cookie; affinity-mode=balanced; enable-cors=false; rewrite-target=; my-note=x",
        ],
        // The letter case of a protocol does not count.
        vec![
            "web 1; a.test/ > web:80; backend-protocol=grpc",
            "next 2; a.test/ > next:80; canary 30; backend-protocol=GRPC",
        ],
        vec![WEB, "next 2; a.test/ > next:80; canary 30; backend-protocol=http"],
        // Without a weight, and from 100 on, every total below 100 means the same.
        vec![WEB, "next 2; a.test/ > next:80; canary 0; canary-by-header=x; canary-weight-total=50"],
        vec![WEB, "next 2; a.test/ > next:80; canary 100; canary-weight-total=50"],
        vec!["web 1; a.test/ > web:80; canary=false", NEXT],
        vec![WEB, "api 2; a.test/ > web:80"],
        vec!["d 1; default > d:80", "next 3; default > next:80; canary 30"],
        vec!["d 1; a.test/x > web:80; default > d:80", NEXT],
    ] {
        assert_eq!(lint(&cluster(&lines)), [], "{lines:#?}");
    }
    // Without Services, nobody knows which ones have endpoints.
    let ingresses = [WEB, "next 2; a.test/ > gone:80; canary 30"].map(ingress);
    assert_eq!(lint(&Cluster::new(Flags::default()).with_ingresses(ingresses)), []);
    // The canary of another controller is a finding only beside stable hosts of this one.
    let other_class = |line: &str| {
        let mut ingress = ingress(line);
        ingress.spec.ingress_class_name = Some("internal".to_owned());
        ingress
    };
    let findings = |line: &str| {
        lint(&cluster(&[WEB]).with_ingresses([other_class(line)])).iter().map(LintFinding::code).collect::<Vec<_>>()
    };
    assert_eq!(findings(NEXT), ["other-class"]);
    assert_eq!(findings("next 2; b.test/ > next:80; canary 30"), [""; 0]);
    assert_eq!(findings("api 2; a.test/ > api:80"), [""; 0]);
}

/// The findings as `CODE OBJECT FIELD`.
fn short(cluster: &Cluster) -> Vec<String> {
    let line = |finding: &LintFinding| format!("{} {} {}", finding.code(), finding.object, finding.field);
    lint(cluster).iter().map(line).collect()
}

/// Each row is a controller, a cluster, and its findings.
#[test]
fn a_canary_that_a_controller_passes_over_has_a_finding() {
    const GONE: &str = "next 2; a.test/ > gone:80; canary 30";
    const THIRD: &str = "third 3; a.test/ > third:80; canary 20";
    const OTHER: &str = "t/next 2; a.test/ > next:80; canary 30";
    let dangling = "next 2; a.test/ > next:80; a.test/x > next:80; canary 10";
    let (gone, other) = ("canary-without-endpoints s/next spec", "canary-in-other-namespace t/next metadata.namespace");
    let path = "spec.rules[0].http.paths[0]";
    let rows: [(Dialect, &[&str], &[&str]); 15] = [
        (Dialect::INGRESS_NGINX, &[WEB, OTHER], &[]),
        (Dialect::TRAEFIK, &[WEB, OTHER], &[other]),
        (Dialect::TRAEFIK, &[WEB, OTHER, THIRD], &[other]),
        (Dialect::HIGRESS, &[WEB, OTHER], &[]),
        (Dialect::INGRESS_NGINX, &[WEB, GONE, THIRD], &[gone, &format!("never-chosen s/third {path}")]),
        (Dialect::TRAEFIK, &[WEB, GONE], &[gone]),
        (Dialect::TRAEFIK, &[WEB, GONE, THIRD], &[gone]),
        (Dialect::TRAEFIK, &[WEB, "next 2; a.test/ > gone:80; canary 0"], &[]),
        // The Service is another path's too, and has the policy of that Ingress.
        (Dialect::TRAEFIK, &["web 1; a.test/ > web:80; a.test/x > gone:80", GONE], &[gone]),
        (
            Dialect::TRAEFIK,
            &[WEB, GONE, THIRD, "api 4; a.test/ > api:80; canary 10"],
            &[&format!("never-chosen s/api {path}"), gone],
        ),
        (
            Dialect::HIGRESS,
            &["d 1; default > d:80", "next 3; default > next:80; canary 30"],
            &["default-backend-ignored s/next spec.defaultBackend"],
        ),
        // Every canary of several is looked at.
        (Dialect::TENGINE, &[WEB, GONE, THIRD], &[gone]),
        (Dialect::HIGRESS, &[WEB, "a 1; a.test/ > third:80; canary 20", GONE], &[gone]),
        (Dialect::HIGRESS, &[WEB, NEXT, "third 3; a.test/ > third:80; canary=true"], &["never-decides s/third canary"]),
        (
            Dialect::TENGINE,
            &[WEB, dangling, THIRD],
            &[
                &format!("canary-dangling s/next {path}"),
                "no-location s/next spec.rules[1].http.paths[0]",
                &format!("canary-deleted s/third {path}"),
            ],
        ),
    ];
    for (dialect, lines, expected) in rows {
        let flags = Flags::default().with_dialect(dialect);
        assert_eq!(short(&cluster(lines).with_flags(flags)), expected, "{dialect} {lines:#?}");
    }
    let traefik = |lines: &[&str]| {
        let found = lint(&cluster(lines).with_flags(Flags::default().with_dialect(Dialect::TRAEFIK))).remove(0);
        (found.to_string(), found.advice())
    };
    assert_eq!(
        traefik(&[WEB, OTHER]),
        (
            "t/next: metadata.namespace: the stable Ingress is in the namespace `s`, and the controller takes no canary from another \
             one, so this canary gets none of its requests"
                .to_owned(),
            "move the Ingress and the Service of the canary to the namespace `s`".to_owned(),
        )
    );
    assert_eq!(
        traefik(&[WEB, GONE, THIRD]),
        (
            "s/next: spec: `s/gone:80` is not among the Services that were read, so the canary gets no request"
                .to_owned(),
            "add the Service to what is read, or correct its name".to_owned(),
        )
    );
}

#[test]
fn a_stable_ingress_that_is_not_read_is_named() {
    let mut web = ingress(WEB);
    web.spec.ingress_class_name = Some("internal".to_owned());
    let cluster = cluster(&["api 1; b.test/ > api:80", NEXT]).with_ingresses([web]);
    let findings = lint(&cluster);
    assert_eq!(short(&cluster), ["no-host s/next spec.rules[0].http.paths[0]"]);
    let advice = "check the class and the annotations of `s/web`: it has the host, but the controller does not read it";
    assert_eq!(findings[0].advice(), advice);
    // The host is there, and only the path is that of another class.
    let cluster = cluster.with_ingresses([ingress("shop 1; a.test/shop > api:80")]);
    assert_eq!(short(&cluster), ["no-location s/next spec.rules[0].http.paths[0]"]);
    assert_eq!(lint(&cluster)[0].advice(), advice.replace("the host", "the path"));
}

/// A finding is written as what it is about and what happens, for programs.
#[test]
fn findings_are_serialised() {
    let json = |lines: &[&str]| serde_json::to_value(lint(&cluster(lines))).unwrap();
    let field = "spec.rules[0].http.paths[0]";
    let object = "s/next";
    assert_eq!(
        json(&[WEB, "next 2; a.test/b > next:80; canary 30"]),
        json!([{
            "object": object, "field": field, "kind": "noLocation",
            "location": "a.test/b", "nearest": "a.test/", "unread": null, "deletes": true,
        }])
    );
    assert_eq!(
        json(&[WEB, "next 2; a.test/ > next:80; canary 30; configuration-snippet=x"]),
        json!([{
            "object": object, "field": "configuration-snippet", "kind": "refused",
            "refusal": {
                "kind": "tooRisky", "annotation": "nginx.ingress.kubernetes.io/configuration-snippet", "risk": "Critical",
            },
        }])
    );
    let pattern = "next 2; a.test/ > next:80; canary 3; canary-by-header=x; canary-by-header-pattern=a++";
    let error = json(&[WEB, pattern])[0]["error"].clone();
    assert!(error.as_str().unwrap().starts_with("canary-by-header-pattern: "), "{error}");
    for state in recorded_states() {
        for finding in lint(&state.cluster) {
            let value = serde_json::to_value(&finding).unwrap();
            assert!(value["kind"].is_string() && value["object"] == finding.object.as_str(), "{value}");
        }
    }
}

#[test]
fn the_certificate_of_a_canary_is_ignored() {
    let with_tls = |line: &str, host: &str| {
        let mut ingress = ingress(line);
        let tls = serde_json::json!([{ "hosts": [host], "secretName": "tls" }]);
        ingress.spec.tls = serde_json::from_value(tls).unwrap();
        ingress
    };
    let canary = cluster(&[WEB]).with_ingresses([with_tls(NEXT, "a.test")]);
    assert_eq!(short(&canary), ["ignored-certificate s/next spec.tls[0]"]);
    assert_eq!(
        lint(&canary)[0].to_string(),
        "s/next: spec.tls[0]: the certificate of a canary is ignored, so `a.test` has the default certificate of the controller"
    );
    // The stable Ingress has one, or nobody is served on the host.
    let both = cluster(&[]).with_ingresses([with_tls(WEB, "a.test"), with_tls(NEXT, "a.test")]);
    assert_eq!(short(&both), [""; 0]);
    assert_eq!(short(&cluster(&[WEB]).with_ingresses([with_tls(NEXT, "other.test")])), [""; 0]);
}

#[test]
fn a_default_backend_of_services_with_different_canaries_is_random() {
    let of = |lines: &[&str]| {
        let services = ["web", "api", "next", "d"].map(|name| service("s", name));
        let empty = |service: Service| {
            if service.name == "d" || service.name == "next" { service } else { service.without_endpoints() }
        };
        Cluster::new(Flags::default())
            .with_ingresses(lines.iter().map(|line| ingress(line)))
            .with_services(services.map(empty))
    };
    let (web, api) = ("web 1; a.test/ > web:80; default-backend=d", "api 1; b.test/ > api:80; default-backend=d");
    assert_eq!(
        short(&of(&[web, api, NEXT])),
        [
            "random-default-backend s/api default-backend",
            "shared-service s/next spec",
            "random-default-backend s/web default-backend"
        ]
    );
    assert_eq!(
        lint(&of(&[web, api, NEXT]))[0].to_string(),
        "s/api: default-backend: `s-api-80`, `s-web-80` have this default backend but different canaries, and chance decides \
         whose canary gets requests"
    );
    // Without a canary, or with one Service, nothing depends on chance.
    assert_eq!(short(&of(&[web, api])), [""; 0]);
    assert_eq!(short(&of(&[web, "api 1; b.test/ > web:80; default-backend=d", NEXT])), ["shared-service s/next spec"]);
}

/// Each row is an Ingress beside `other`, which has the host `b.test`, and its finding.
#[test]
fn an_alias_that_is_the_host_of_another_ingress_has_no_effect() {
    for (web, expected) in [
        ("web 1; a.test/ > web:80; server-alias=c.test", None),
        (
            "web 1; a.test/ > web:80; server-alias=b.test",
            Some(
                "s/web: nginx.ingress.kubernetes.io/server-alias: an Ingress has the host `b.test`, so the alias has no effect",
            ),
        ),
        // Both hosts have the same locations.
        ("web 1; a.test/ > web:80; b.test/ > web:80; server-alias=b.test", None),
    ] {
        let findings = lint(&cluster(&[web, "other 1; b.test/x > api:80"]));
        let found = findings.first().map(ToString::to_string);
        assert_eq!(found.as_deref(), expected, "{web}");
    }
}

/// A canary Ingress without a finding does what it says: each of its paths has its canary, with its policy.
#[track_caller]
fn check_silence(cluster: &Cluster, id: &str) {
    let Ok(configuration) = cluster.configuration() else { return };
    let findings = lint(cluster);
    let silent = |name: &ObjectName| findings.iter().all(|finding| finding.object != *name);
    let own = |upstream: &str| configuration.upstreams.iter().find(|known| known.name == upstream);
    for processed in cluster.processed().iter().filter(|ingress| ingress.canary && silent(&ingress.ingress)) {
        let in_force = configuration.virtual_hosts.iter().flat_map(|host| &host.locations).flat_map(Location::canaries);
        let is_own = |canary: &CanaryInForce| canary.ingress.as_ref() == Some(&processed.ingress);
        let is_like = |canary: &CanaryInForce| canary.config.enabled && own(&canary.upstream).is_some();
        let found: Vec<&CanaryInForce> = in_force.filter(|canary| is_own(canary) || is_like(canary)).collect();
        assert!(!found.is_empty(), "{id}: {} has no finding and no request", processed.ingress);
    }
}

/// A finding that a path gets no request is true: the location has another canary, or none.
#[track_caller]
fn check_findings(cluster: &Cluster, id: &str) {
    let Ok(configuration) = cluster.configuration() else { return };
    let locations: Vec<_> = configuration.virtual_hosts.iter().flat_map(|host| &host.locations).collect();
    let own = |finding: &LintFinding| {
        let is_own = |canary: &CanaryInForce| canary.ingress.as_ref() == Some(&finding.object);
        locations.iter().filter(|location| location.canary.as_ref().is_some_and(is_own)).count()
    };
    for finding in lint(cluster) {
        let is_true = match &finding.kind {
            LintKind::NoStable => locations.iter().all(|location| location.canary.is_none()),
            LintKind::NoHost { host, .. } => configuration.virtual_hosts.iter().all(|known| known.host != *host),
            LintKind::Deleted { is_dangling: true, .. } => locations.iter().any(|location| location.dangling.is_some()),
            LintKind::OtherPolicy { .. } | LintKind::SharedService { .. } => {
                locations.iter().any(|location| location.canary.is_some())
            }
            LintKind::ActsAsStable { .. } => {
                locations.iter().any(|location| location.ingress.as_ref() == Some(&finding.object))
            }
            LintKind::StableDeleted { .. } => locations.iter().any(|location| !location.stable_exists),
            LintKind::NeverDecides => own(&finding) > 0,
            _ => true,
        };
        assert!(is_true, "{id}: {finding}");
    }
}

#[test]
fn silence_and_findings_are_true_of_the_recorded_states() {
    for state in recorded_states() {
        check(&state.cluster, &state.id);
    }
}

/// The two laws, for every controller that reads the annotations of ingress-nginx.
#[track_caller]
fn check(cluster: &Cluster, id: &str) {
    for dialect in [Dialect::INGRESS_NGINX, Dialect::TRAEFIK, Dialect::HIGRESS, Dialect::TENGINE] {
        let cluster = cluster.clone().with_flags(cluster.flags().clone().with_dialect(dialect));
        check_silence(&cluster, &format!("{dialect}: {id}"));
        check_findings(&cluster, &format!("{dialect}: {id}"));
    }
}

proptest! {
    #![proptest_config(cases(1_000))]

    #[test]
    fn silence_and_findings_are_true_of_generated_clusters(lines in lines()) {
        check(&of_lines(&lines), &lines.join("\n"));
    }
}
