//! What changes when another controller reads the Ingresses of a cluster.

use std::collections::BTreeSet;

use canary_policy::Comparison;
use canary_policy::compare;
use canary_policy::error::Diagnostic;
use canary_policy::migrate::{DialectFinding, DialectKind, changes_on};
use canary_policy::targets::nginx::{Cluster, Dialect, Flags, Location};

use crate::util::cluster::{corpus, recorded_states};
use crate::util::cluster_text::{ingress, service};
use crate::util::golden::golden;
use crate::util::texts;

fn text(finding: &DialectFinding) -> String {
    format!("  {} {}\n    {finding}\n    -> {}\n", finding.severity().as_str(), finding.code(), finding.advice())
}

const WEB: &str = "web 1; a.test/ > web:80";

/// Clusters, each with one thing that other controllers may do in another way.
const CLUSTERS: [(&str, &[&str]); 22] = [
    ("weight", &[WEB, "next 2; a.test/ > next:80; canary 30"]),
    ("total below 100", &[WEB, "next 2; a.test/ > next:80; canary 5; canary-weight-total=10"]),
    (
        "total below 100, and a rule",
        &[WEB, "next 2; a.test/ > next:80; canary 5; canary-weight-total=10; canary-by-header=x-a"],
    ),
    ("total below 100, and no weight", &[WEB, "next 2; a.test/ > next:80; canary 0; canary-weight-total=10"]),
    ("header", &[WEB, "next 2; a.test/ > next:80; canary=true; canary-by-header=x-a"]),
    ("header and weight", &[WEB, "next 2; a.test/ > next:80; canary 30; canary-by-header=x-a"]),
    ("value", &[WEB, "next 2; a.test/ > next:80; canary=true; canary-by-header=x-a; canary-by-header-value=v1.2"]),
    ("pattern", &[WEB, "next 2; a.test/ > next:80; canary=true; canary-by-header=x-a; canary-by-header-pattern=aa|bb"]),
    (
        "pattern in a group",
        &[WEB, "next 2; a.test/ > next:80; canary=true; canary-by-header=x-a; canary-by-header-pattern=(aa|bb)"],
    ),
    ("cookie", &[WEB, "next 2; a.test/ > next:80; canary=true; canary-by-cookie=cohort"]),
    (
        "cookie value",
        &[WEB, "next 2; a.test/ > next:80; canary=true; canary-by-cookie=cohort; canary-by-cookie-value=beta"],
    ),
    (
        "value with an unusual character",
        &[WEB, "next 2; a.test/ > next:80; canary 30; canary-by-header=x-a; canary-by-header-value=a!b"],
    ),
    (
        "affinity cookie with an unusual character",
        &["web 1; a.test/ > web:80; affinity=cookie; session-cookie-name=a!b", "next 2; a.test/ > next:80; canary 30"],
    ),
    (
        "affinity",
        &[
            "web 1; a.test/ > web:80; affinity=cookie; session-cookie-name=route",
            "next 2; a.test/ > next:80; canary 30",
        ],
    ),
    ("two canaries", &[WEB, "next 2; a.test/ > next:80; canary 30", "third 3; a.test/ > third:80; canary 20"]),
    ("shared Service", &["web 1; a.test/ > web:80; b.test/ > web:80", "next 2; a.test/ > next:80; canary 30"]),
    ("another namespace", &[WEB, "t/next 2; a.test/ > next:80; canary 30"]),
    ("path without a location", &[WEB, "next 2; a.test/x > next:80; a.test/ > next:80; canary 30"]),
    (
        "rule on a short path",
        &[
            "web 1; a.test/ > web:80; a.test/api > api:80; a.test/a/path/that/is/too/long/for/the/rule > api:80",
            "next 2; a.test/ > next:80; canary=true; canary-by-header=x-a",
        ],
    ),
    (
        "canaries on several paths",
        &[
            "web 1; a.test/ > web:80; a.test/x > web:80",
            "next 2; a.test/ > next:80; canary 30",
            "third 3; a.test/x > third:80; canary 20",
        ],
    ),
    ("another prefix", &[WEB, "next 2; a.test/ > next:80; @higress.io/canary=true; @higress.io/canary-weight=30"]),
    (
        "without endpoints",
        &[
            "web 1; a.test/ > gone:80",
            "gone 2; a.test/ > gone-next:80; canary 30",
            "third 3; a.test/ > third:80; canary 20",
        ],
    ),
];

fn cluster(lines: &[&str]) -> Cluster {
    let services = ["web", "next", "third", "api", "gone"].map(|name| service("s", name));
    let services = services.into_iter().chain([service("t", "next"), service("s", "gone-next").without_endpoints()]);
    Cluster::new(Flags::default()).with_ingresses(lines.iter().map(|line| ingress(line))).with_services(services)
}

/// The golden file has the findings of each cluster for each controller.
#[test]
fn each_difference_has_a_finding() {
    let mut written = String::new();
    for (name, lines) in CLUSTERS {
        written += &format!("{name}\n");
        for dialect in Dialect::ALL {
            let findings = changes_on(&cluster(lines), &dialect).unwrap();
            if !findings.is_empty() {
                written += &format!(" {dialect}\n");
                written.extend(findings.iter().map(text));
            }
        }
    }
    golden("changes_on.txt", &written);
}

/// Each row is the controller of a cluster, another one, the annotations of two canaries, and the examples of the findings about
/// how the cookie is read: the controller that reads as nginx does decides by the example.
#[test]
fn the_example_of_a_cookie_is_one_by_which_the_rule_decides() {
    const BETA: &str = "canary-by-cookie=c; canary-by-cookie-value=beta";
    let (weight, nginx) = ("canary-weight=5", Dialect::INGRESS_NGINX);
    let rows: [(Dialect, Dialect, &str, &str, &[&str]); 8] = [
        (
            nginx,
            Dialect::TRAEFIK,
            "canary-by-cookie=c",
            weight,
            &["s/next `cookie: c =always` decides here and not there"],
        ),
        (Dialect::TENGINE, Dialect::TRAEFIK, BETA, weight, &["s/next `cookie: c =beta` decides here and not there"]),
        (Dialect::HIGRESS, Dialect::TENGINE, BETA, weight, &["s/next `cookie: c =beta` decides there and not here"]),
        // No text stands for a pattern, and the value has a finding of its own.
        (Dialect::TENGINE, Dialect::TRAEFIK, "canary-by-cookie=c; canary-by-cookie-value=a||b", weight, &[]),
        // The other controller ignores the cookie beside a header.
        (nginx, Dialect::HIGRESS, "canary-by-header=x-a; canary-by-cookie=c", weight, &[]),
        // The finding is about the canary that has the rule, and only if its rule is the first one with the cookie.
        (Dialect::TENGINE, Dialect::HIGRESS, weight, BETA, &["s/third `cookie: c =beta` decides here and not there"]),
        (Dialect::TENGINE, Dialect::HIGRESS, BETA, BETA, &["s/next `cookie: c =beta` decides here and not there"]),
        (nginx, Dialect::TENGINE, BETA, weight, &[]),
    ];
    for (here, there, next, third, expected) in rows {
        let lines = [
            WEB.to_owned(),
            format!("next 2; a.test/ > next:80; canary=true; {next}"),
            format!("third 3; a.test/ > third:80; canary=true; {third}"),
        ];
        let cluster =
            Cluster::new(Flags::default().with_dialect(here)).with_ingresses(lines.iter().map(|line| ingress(line)));
        let findings = changes_on(&cluster, &there).unwrap();
        let found = findings.iter().filter(|finding| finding.code() == "cookie-as-text").map(|finding| {
            let text = finding.to_string();
            let (_, example) = text.split_once("in another way: ").unwrap();
            format!("{} {}", finding.object, example.split(" (").next().unwrap())
        });
        assert_eq!(found.collect::<Vec<_>>(), expected, "{here} to {there}: {next}; {third}");
    }
}

/// Each location with its host and path.
fn locations(cluster: Cluster) -> Vec<(String, Location)> {
    let of_host = cluster.virtual_hosts().unwrap().into_iter().flat_map(|host| {
        let name = host.host;
        host.locations.into_iter().map(move |location| (format!("{name}{}", location.path), location))
    });
    of_host.collect()
}

/// For every recorded state, every file of the corpus and every controller that reads the same prefix: a location has a finding
/// about its policy if and only if the policies of its canary are decided differently, and a request of a finding is decided as it
/// says.
#[test]
fn a_location_has_a_finding_exactly_if_its_policy_changes() {
    let states = recorded_states().into_iter().filter(|state| !state.panics).map(|state| state.cluster);
    let written = CLUSTERS.map(|(_, lines)| cluster(lines));
    let (mut changed, mut same) = (0, 0);
    for cluster in states.chain(corpus().into_iter().map(|file| file.cluster)).chain(written) {
        for dialect in [Dialect::INGRESS_NGINX, Dialect::TRAEFIK, Dialect::HIGRESS, Dialect::TENGINE] {
            let Ok(findings) = changes_on(&cluster, &dialect) else { continue };
            let is_other_canary =
                |finding: &DialectFinding| matches!(finding.kind, DialectKind::NotCanary | DialectKind::BecomesCanary);
            if findings.iter().any(is_other_canary) {
                continue;
            }
            let is_change = |finding: &&DialectFinding| {
                matches!(finding.kind, DialectKind::Policy { .. } | DialectKind::Canaries { .. })
            };
            let of_findings: BTreeSet<&String> =
                findings.iter().filter(is_change).flat_map(|finding| &finding.locations).collect();
            let here = locations(cluster.clone());
            let flags = cluster.flags().clone().with_dialect(dialect);
            let there = locations(cluster.clone().with_flags(flags));
            let upstreams = cluster.configuration().unwrap().upstreams;
            let has_services = upstreams.iter().any(|upstream| upstream.service.is_some() && upstream.has_endpoints);
            let mut expected = BTreeSet::new();
            let is_one = |one: &Location, other: &Location| one.path_type == other.path_type;
            let mut seen = BTreeSet::new();
            // Of several locations with one path, the first is compared.
            for (text, there) in there.iter().filter(|(text, there)| seen.insert((text, &there.path_type))) {
                // A location that exists only there has no canaries here.
                let mut none = there.clone();
                none.canary = None;
                none.further_canaries.clear();
                let here = here.iter().find(|(name, here)| name == text && is_one(here, there));
                let here = here.map_or(&none, |(_, here)| here);
                if differs(here, there, has_services) {
                    expected.insert(text);
                    changed += 1;
                } else {
                    same += 1;
                }
            }
            assert_eq!(of_findings, expected, "{dialect}: {:#?}", texts(&findings));
            if dialect == Dialect::INGRESS_NGINX {
                assert_eq!(findings, []);
            }
        }
    }
    println!("{changed} locations change, {same} do not");
    assert!(changed > 50 && same > 1_000);
}

/// Whether a request that is answered differently exists, or other canaries get requests.
fn differs(here: &Location, there: &Location, has_services: bool) -> bool {
    let names =
        |location: &Location| -> Vec<String> { location.canaries().map(|canary| canary.upstream.clone()).collect() };
    if names(here) != names(there) {
        let of = |location: &Location| -> Vec<String> {
            let ready = location.canaries().filter(|canary| canary.has_endpoints || !has_services);
            ready.filter(|canary| canary.can_get_requests()).map(|canary| canary.upstream.clone()).collect()
        };
        return of(here) != of(there);
    }
    match (here.policy().and_then(Result::ok), there.policy().and_then(Result::ok)) {
        (Some(here), Some(there)) => !matches!(compare::policies(&here, &there), Comparison::Same),
        (here, there) => here.is_some() != there.is_some(),
    }
}

/// Each row is the rules of a canary on `/`, and their text in Traefik, which outranks a path whose text is not longer. The text of all is
/// `(PathPrefix("/")) && (RULES)`, and that of a path `(Path("PATH") || PathPrefix("PATH/"))`.
#[test]
fn a_rule_outranks_the_paths_whose_text_is_not_longer() {
    let path_text = |length: usize| "(Path(\"\") || PathPrefix(\"/\"))".len() + 2 * length;
    for (annotations, rules) in [
        ("canary-by-header=x-a", r#"Header("x-a", "always")"#),
        ("canary-by-cookie=a-b-c-d-e-f", r#"HeaderRegexp("Cookie", "(^|;\\s*)a-b-c-d-e-f=always(;|$)")"#),
        ("canary-by-cookie=a.b.c", r#"HeaderRegexp("Cookie", "(^|;\\s*)a\\.b\\.c=always(;|$)")"#),
        (
            r"canary-by-header=x-a; canary-by-header-pattern=\d\d\d\d\d\d",
            r#"HeaderRegexp("x-a", "\\d\\d\\d\\d\\d\\d")"#,
        ),
    ] {
        let text = format!(r#"(PathPrefix("/")) && ({rules})"#).len();
        let is_outranked = |length: usize| {
            let path = format!("/{}", "p".repeat(length - 1));
            let web = format!("web 1; a.test/ > web:80; a.test{path} > api:80");
            let canary = format!("next 2; a.test/ > next:80; canary=true; {annotations}");
            let findings = changes_on(&cluster(&[&web, &canary]), &Dialect::TRAEFIK).unwrap();
            findings.iter().any(|finding| finding.code() == "outranks-paths")
        };
        let longest = (2..200).take_while(|length| path_text(*length) <= text).last().unwrap();
        assert!(is_outranked(longest) && !is_outranked(longest + 1), "{rules} {longest}");
    }
}
