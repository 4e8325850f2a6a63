//! Dialects: what controllers that read the annotations of ingress-nginx do in another way.

use std::collections::BTreeMap;

use canary_policy::targets::nginx::{Annotations, Aspect, Cluster, Dialect, Flags, hosts, lint, read};
use canary_policy::{Selector, Variant};
use serde_json::Value;

use crate::util::cluster::recorded_states;
use crate::util::cluster_text::{ingress, service};
use crate::util::request::lines;
use crate::util::{decide, json_lines, texts};

/// Annotations with the prefix of the dialect.
fn with_prefix(object: &Value, dialect: &Dialect) -> BTreeMap<String, String> {
    let pairs = object.as_object().into_iter().flatten();
    pairs.map(|(name, value)| (format!("{}/{name}", dialect.prefix), value.as_str().unwrap().to_owned())).collect()
}

/// Each line is a set of annotations, a request, and what each controller decides: Traefik (`fd5a576`) and Higress (`8e4041c`) were
/// compared with a model of ingress-nginx on 576 sets of annotations, and Tengine-Ingress (`6e5b6ea`) was read.
#[test]
fn every_dialect_decides_as_its_controller() {
    let cases = json_lines("cases/dialects.jsonl");
    let mut count = 0;
    for case in &cases {
        for dialect in Dialect::ALL {
            let Some(expected) = case.get(dialect.name) else { continue };
            let mut canary = with_prefix(&case["canary"], &dialect);
            canary.insert(format!("{}/canary", dialect.prefix), "true".to_owned());
            let annotations = Annotations::new(canary, with_prefix(&case["stable"], &dialect));
            let policy = read(&annotations, &Flags::default().with_dialect(dialect)).unwrap().policy;
            let list = case.get("request").and_then(Value::as_array).cloned().unwrap_or_default();
            let request: Vec<(String, String)> = list.iter().flat_map(|line| lines(line.as_str().unwrap())).collect();
            let request: Vec<(&str, &str)> = request.iter().map(|(name, value)| (&**name, &**value)).collect();
            let point = case["point"].as_u64().unwrap().try_into().unwrap();
            let (variant, reason) = decide(&Selector::new(&policy), &request, point);
            let variant = if variant == Variant::Stable { "stable" } else { "canary" };
            assert_eq!(format!("{variant} {}", reason.as_str()), *expected, "{}: {dialect}", case["case"]);
            count += 1;
        }
    }
    assert_eq!(count, 71);
}

const AS_TEXT: &str = "canary-by-cookie: the controller finds `cohort` only in this letter case and without blanks around the =, \
                       which no policy can express";

/// Each row is a dialect, annotations of the canary, and the findings about them.
#[test]
fn what_no_policy_can_express_is_a_finding() {
    let header = r#"{"canary-by-header": "x-canary", "canary-weight": "5"}"#;
    let cookie = r#"{"canary-by-cookie": "cohort"}"#;
    let rows: [(Dialect, &str, &[&str]); 11] = [
        (Dialect::INGRESS_NGINX, header, &[]),
        (Dialect::INGRESS_NGINX, cookie, &[]),
        (Dialect::TRAEFIK, header, &[]),
        (Dialect::TRAEFIK, cookie, &[AS_TEXT]),
        (Dialect::HIGRESS, header, &["canary-weight: `5` is ignored, because canary-by-header is set"]),
        (
            Dialect::HIGRESS,
            r#"{"canary-by-cookie": "cohort", "canary-weight": "5", "canary-weight-total": "10"}"#,
            &["canary-weight: `5` is ignored, because canary-by-cookie is set", AS_TEXT],
        ),
        // A weight that is ignored counts as nothing, and so does its total.
        (
            Dialect::HIGRESS,
            r#"{"canary-by-header": "x-canary", "canary-weight": "150", "canary-weight-total": "0"}"#,
            &["canary-weight: `150` is ignored, because canary-by-header is set"],
        ),
        (
            Dialect::HIGRESS,
            r#"{"canary-weight": "150"}"#,
            &["canary-weight: 150 is more than the total and counts as 100"],
        ),
        (
            Dialect::TENGINE,
            r#"{"canary-by-cookie-value": "a", "canary-by-header-pattern": "a", "canary-by-query": "q", "canary-weight": "5"}"#,
            &[
                "canary-by-header-pattern: the controller has no such annotation",
                "canary-by-query: a canary policy cannot express `q`",
            ],
        ),
        (
            Dialect::ALB,
            header,
            &[
                "canary-by-header: it is not known what the controller does with `x-canary`, so it is read as in ingress-nginx",
                "canary-weight: it is not known what the controller does with `5`, so it is read as in ingress-nginx",
            ],
        ),
        (
            Dialect::APIG,
            r#"{"canary-by-query-value": "q", "canary-weight": "5"}"#,
            &["canary-by-query-value: a canary policy cannot express `q`"],
        ),
    ];
    for (dialect, annotations, expected) in rows {
        let mut canary = with_prefix(&serde_json::from_str(annotations).unwrap(), &dialect);
        canary.insert(format!("{}/canary", dialect.prefix), "true".to_owned());
        let reading =
            read(&Annotations::new(canary, BTreeMap::new()), &Flags::default().with_dialect(dialect)).unwrap();
        assert_eq!(texts(&reading.findings), expected, "{dialect} {annotations}");
    }
}

/// The annotation with the first prefix counts, and one with the further prefix if there is none.
#[test]
fn a_further_prefix_counts_after_the_first() {
    let annotations = |pairs: &[(&str, &str)]| {
        let pairs = pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        Annotations::new(pairs.collect(), BTreeMap::new())
    };
    let both = annotations(&[
        ("higress.io/canary", "true"),
        ("higress.io/canary-weight", "30"),
        ("nginx.ingress.kubernetes.io/canary-weight", "40"),
    ]);
    let weight = |flags: &Flags| read(&both, flags).map(|reading| reading.policy.canaries()[0].weight());
    assert_eq!(weight(&Flags::default().with_dialect(Dialect::HIGRESS)), Ok(40));
    assert!(weight(&Flags::default()).is_err());
}

fn served(cluster: &Cluster) -> Vec<String> {
    let hosts = cluster.virtual_hosts().unwrap();
    let locations = hosts.iter().flat_map(|host| host.locations.iter().map(move |location| (host, location)));
    let line =
        |(host, location): (&canary_policy::targets::nginx::VirtualHost, &canary_policy::targets::nginx::Location)| {
            let canaries: Vec<&str> = location.canaries().map(|canary| canary.upstream.as_str()).collect();
            let policy = location.policy().unwrap().unwrap();
            let weights = policy.canaries().iter().map(|canary| format!("{} {}", canary.name(), canary.weight()));
            let weights = weights.collect::<Vec<_>>().join(", ");
            let policy = format!("{weights} of {}", policy.total().get());
            format!("{}{} {}: {policy}", host.host, location.path, canaries.join(" "))
        };
    locations.filter(|(_, location)| location.canary.is_some()).map(line).collect()
}

/// Each row is a cluster, a dialect, and each location with its canaries and its policy.
#[test]
fn dialects_differ_in_which_canaries_get_requests() {
    let two = [
        "web 1; a.test/ > web:80; b.test/ > web:80",
        "next 2; a.test/ > next:80; canary 10",
        "third 3; a.test/ > third:80; canary 20",
    ];
    let apart = ["web 1; a.test/ > web:80", "t/next 2; a.test/ > next:80; canary 10"];
    let unmatched = ["web 1; a.test/ > web:80", "next 2; a.test/x > next:80; a.test/ > next:80; canary 10"];
    let rows: [(&[&str], Dialect, &[&str]); 9] = [
        (&two, Dialect::INGRESS_NGINX, &["a.test/ s-next-80: canary 10 of 100", "b.test/ s-next-80: canary 10 of 100"]),
        (&two, Dialect::TRAEFIK, &["a.test/ s-next-80: canary 10 of 100", "b.test/ s-next-80: canary 10 of 100"]),
        (&two, Dialect::HIGRESS, &["a.test/ s-next-80 s-third-80: canary 10, canary-2 20 of 100"]),
        (
            &two,
            Dialect::TENGINE,
            &[
                "a.test/ s-next-80 s-third-80: canary 10, canary-2 20 of 100",
                "b.test/ s-next-80 s-third-80: canary 10, canary-2 20 of 100",
            ],
        ),
        (&apart, Dialect::INGRESS_NGINX, &["a.test/ t-next-80: canary 10 of 100"]),
        (&apart, Dialect::TRAEFIK, &[]),
        (&unmatched, Dialect::INGRESS_NGINX, &[]),
        (&unmatched, Dialect::TRAEFIK, &["a.test/ s-next-80: canary 10 of 100"]),
        (&unmatched, Dialect::HIGRESS, &["a.test/ s-next-80: canary 10 of 100"]),
    ];
    for (lines, dialect, expected) in rows {
        let services = ["web", "next", "third"].map(|name| service("s", name));
        let cluster = Cluster::new(Flags::default().with_dialect(dialect));
        let cluster = cluster.with_ingresses(lines.iter().map(|line| ingress(line)));
        let cluster = cluster.with_services(services.into_iter().chain([service("t", "next")]));
        assert_eq!(served(&cluster), expected, "{dialect} {lines:?}");
    }
    // Without endpoints, the next canary takes the place of the first one in Traefik.
    let ready = |dialect| {
        let cluster = Cluster::new(Flags::default().with_dialect(dialect));
        let cluster = cluster.with_ingresses(two.iter().map(|line| ingress(line)));
        let services = [service("s", "web"), service("s", "next").without_endpoints(), service("s", "third")];
        served(&cluster.with_services(services))[0].split(':').next().unwrap().to_owned()
    };
    assert_eq!(ready(Dialect::INGRESS_NGINX), "a.test/ s-next-80");
    assert_eq!(ready(Dialect::TRAEFIK), "a.test/ s-third-80");
}

/// If the first canary was deleted, no other one gets requests: the canaries of a location are those of its policy.
#[test]
fn a_deleted_canary_leaves_no_further_ones() {
    let lines = [
        "web 1; a.test/ > web:80",
        "next 2; a.test/ > next:80; a.test/x > next:80; canary 10",
        "third 3; a.test/ > third:80; canary 20",
    ];
    let cluster = Cluster::new(Flags::default().with_dialect(Dialect::TENGINE));
    let cluster = cluster.with_ingresses(lines.iter().map(|line| ingress(line)));
    let hosts = cluster.virtual_hosts().unwrap();
    let location = &hosts.iter().find(|host| host.host == "a.test").unwrap().locations[0];
    assert_eq!(location.dangling.as_deref(), Some("s-next-80"));
    assert_eq!((location.canaries().count(), location.policy()), (0, None));
}

/// Several canaries become a virtual host with several backends, and the linter does not say that the second one is never chosen.
#[test]
fn several_canaries_are_read_whole() {
    let lines =
        ["web 1; a.test/ > web:80", "next 2; a.test/ > next:80; canary 10", "third 3; a.test/ > third:80; canary 20"];
    let of = |dialect| {
        let cluster = Cluster::new(Flags::default().with_dialect(dialect));
        cluster
            .with_ingresses(lines.iter().map(|line| ingress(line)))
            .with_services(["web", "next", "third"].map(|name| service("s", name)))
    };
    let host = hosts(&of(Dialect::HIGRESS)).unwrap().remove(0).virtual_host.unwrap();
    let backends: Vec<String> = host.locations()[0].canaries().iter().map(ToString::to_string).collect();
    assert_eq!(backends, ["next:80", "third:80"]);
    assert_eq!(lint(&of(Dialect::HIGRESS)), []);
    assert_eq!(lint(&of(Dialect::INGRESS_NGINX)).len(), 1);
}

/// A host whose canary is read in a way that no policy can express is not whole, so that no proof is about it.
#[test]
fn what_no_policy_can_express_is_not_proven() {
    let lines = ["web 1; a.test/ > web:80", "next 2; a.test/ > next:80; canary=true; canary-by-cookie=cohort"];
    let of = |dialect| {
        let cluster = Cluster::new(Flags::default().with_dialect(dialect));
        hosts(&cluster.with_ingresses(lines.iter().map(|line| ingress(line)))).unwrap().remove(0)
    };
    assert!(of(Dialect::INGRESS_NGINX).whole && of(Dialect::INGRESS_NGINX).findings.is_empty());
    let traefik = of(Dialect::TRAEFIK);
    assert!(!traefik.whole);
    assert_eq!(
        texts(&traefik.findings),
        ["s/next: metadata.annotations[canary-by-cookie]: `cohort` is assumed: \
          the controller finds the cookie as a text, and a policy reads cookies as nginx does"]
    );
}

/// The dialect of ingress-nginx is what is read without one, and it mixes with itself.
#[test]
fn ingress_nginx_is_the_dialect_of_ingress_nginx() {
    assert_eq!(Flags::default().with_dialect(Dialect::INGRESS_NGINX), Flags::default());
    for dialect in Dialect::ALL {
        assert_eq!(dialect.name.parse(), Ok(dialect));
        for aspect in Aspect::ALL {
            assert_eq!(aspect.of(&dialect, &dialect), dialect);
            // A sentence says something else if and only if the aspect differs.
            let differs = aspect.of(&dialect, &Dialect::INGRESS_NGINX) != Dialect::INGRESS_NGINX;
            assert_eq!(
                aspect.describe(&dialect) != aspect.describe(&Dialect::INGRESS_NGINX),
                differs,
                "{aspect:?} {dialect}"
            );
        }
    }
    // In every recorded state, only dialects with several canaries have further ones.
    for state in recorded_states().iter().filter(|state| !state.panics) {
        let hosts = state.cluster.virtual_hosts().unwrap();
        assert!(hosts.iter().flat_map(|host| &host.locations).all(|location| location.further_canaries.is_empty()));
    }
}
