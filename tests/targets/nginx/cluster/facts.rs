//! The rules by which the controller pairs and merges Ingresses, one row for each case that a rule names.

use canary_policy::targets::nginx::{Cluster, Flags, Ingress, RiskLevel};

use crate::util::cluster_text::{cluster, ingress, served, service};

/// Ingresses, and the locations that they become.
type Row<'a> = (&'a [&'a str], &'a [&'a str]);

#[track_caller]
fn check(rows: &[Row<'_>]) {
    for (ingresses, locations) in rows {
        assert_eq!(served(&cluster(ingresses)), *locations, "{ingresses:#?}");
    }
}

#[test]
fn paths_and_path_types_have_defaults_and_no_other_normal_form() {
    check(&[
        (&["web 1; a.test ? web:80", "next 2; a.test/ ~ next:80; canary 30"], &["a.test/ s-web-80 > s-next-80 30/100"]),
        (
            &["web 1; a.test/a ~ web:80", "next 2; a.test/a > next:80; canary 30"],
            &["a.test/a s-web-80 > s-next-80 30/100", "a.test/ 404"],
        ),
        (
            &["web 1; a.test/a = web:80", "next 2; a.test/a ~ next:80; canary 30"],
            &["a.test/a= s-web-80", "a.test/ 404"],
        ),
        (
            &["web 1; a.test/a > web:80", "next 2; a.test/a/ > next:80; canary 30"],
            &["a.test/a s-web-80", "a.test/ 404"],
        ),
        (&["web 1; a.test/a > web:80", "next 2; a.test/A > next:80; canary 30"], &["a.test/a s-web-80", "a.test/ 404"]),
        (
            &["web 1; a.test//a > web:80", "next 2; a.test/a > next:80; canary 30"],
            &["a.test//a s-web-80", "a.test/ 404"],
        ),
    ]);
}

#[test]
fn hosts_are_compared_as_they_are_written() {
    check(&[
        (&["web 1; H.io/ > web:80", "next 2; h.io/ > next:80; canary 30"], &["H.io/ s-web-80"]),
        (&["web 1; H.io/ > web:80", "api 2; h.io/ > api:80"], &["H.io/ s-web-80", "h.io/ s-api-80"]),
        (&["web 1; /a > web:80", "next 2; _/a > next:80; canary 30"], &["_/a s-web-80 > s-next-80 30/100"]),
        (&["web 1; *.test/ > web:80", "next 2; a.test/ > next:80; canary 30"], &["*.test/ s-web-80"]),
        (
            &["web 1; *.test/ > web:80", "next 2; *.test/ > next:80; canary 30"],
            &["*.test/ s-web-80 > s-next-80 30/100"],
        ),
        (
            &["web 1; a.test/ > web:80; server-alias=b.test", "next 2; b.test/ > next:80; canary 30"],
            &["a.test/ s-web-80"],
        ),
        (&["web 1; a.test/ > web:80", "next 2; / > next:80; canary 30"], &["a.test/ s-web-80"]),
    ]);
}

#[test]
fn older_ingresses_come_first_and_then_the_larger_names() {
    check(&[
        (&["z 2; a.test/ > web:80", "a 1; a.test/ > api:80"], &["a.test/ s-api-80"]),
        (&["a 1; a.test/ > web:80", "b 1; a.test/ > api:80"], &["a.test/ s-api-80"]),
        (&["9 1; a.test/ > web:80", "10 1; a.test/ > api:80"], &["a.test/ s-web-80"]),
        (&["t/a 1; a.test/ > web:80", "s/z 1; a.test/ > api:80"], &["a.test/ t-web-80"]),
        // `-` is smaller than `/`, so the namespace `team-b` comes before `team` and loses.
        (&["team/a 1; a.test/ > web:80", "team-b/z 1; a.test/ > api:80"], &["a.test/ team-web-80"]),
    ]);
    // An Ingress without a time is the oldest.
    let mut first = ingress("a 1; a.test/ > api:80");
    first.metadata.creation_timestamp = None;
    assert_eq!(served(&cluster(&["z 0; a.test/ > web:80"]).with_ingresses([first])), ["a.test/ s-api-80"]);
}

/// A cluster at a level of risk.
fn at_level(level: &str, lines: &[&str]) -> Cluster {
    let services = ["web", "next", "api"].map(|name| service("s", name));
    let flags = Flags::default().with_risk_level(RiskLevel::of_config(level));
    Cluster::new(flags).with_ingresses(lines.iter().map(|line| ingress(line))).with_services(services)
}

#[test]
fn an_ingress_with_a_risky_annotation_is_not_stored() {
    let web = "web 1; a.test/ > web:80";
    let (both, stable) = (["a.test/ s-web-80 > s-next-80 30/100"], ["a.test/ s-web-80"]);
    for (level, annotation, is_stored) in [
        ("High", "configuration-snippet=x", false),
        ("High", "server-alias=x", true),
        ("HIGH", "auth-snippet=x", false),
        ("critical", "configuration-snippet=x", true),
        ("Medium", "server-alias=x", false),
        ("Medium", "canary-weight-total=100", true),
        ("Low", "canary-weight-total=100", true),
        ("low", "affinity=cookie", true),
        ("low", "x-forwarded-prefix=/a", false),
        ("medium", "x-forwarded-prefix=/a", true),
        ("low", "affinity-mode=balanced", false),
        ("low", "session-cookie-name=x", false),
        ("bogus", "canary-by-header-value=x", false),
        ("bogus", "canary-by-header-pattern=x", false),
        // A key without any prefix does nothing but counts here; one with another prefix does not count.
        ("Low", "@canary-by-cookie=x", false),
        ("Low", "@nginx.org/canary-by-cookie=x", true),
        ("Low", "@Nginx.ingress.kubernetes.io/canary-by-cookie=x", true),
    ] {
        let next = format!("next 2; a.test/ > next:80; canary 30; {annotation}");
        let served = served(&at_level(level, &[web, &next]));
        assert_eq!(served, if is_stored { &both[..] } else { &stable[..] }, "{level} {annotation}");
    }
    for annotation in ["canary-by-header=x", "canary-by-cookie=x"] {
        let next = format!("next 2; a.test/ > next:80; canary 30; {annotation}");
        assert_eq!(served(&at_level("Low", &[web, &next])), stable, "{annotation}");
    }
    // A stable Ingress that is not stored leaves its host without an answer.
    let web = "web 1; a.test/ > web:80; server-snippet=x";
    assert_eq!(served(&at_level("High", &[web, "next 2; a.test/ > next:80; canary 30"])), [""; 0]);
}

#[test]
fn an_ingress_that_the_controller_does_not_take_has_no_effect() {
    let other_class = |mut ingress: Ingress| {
        ingress.spec.ingress_class_name = Some("internal".to_owned());
        ingress
    };
    let of_annotation = |class: &str| {
        let mut ingress = ingress(&format!("api 0; a.test/ > api:80; @kubernetes.io/ingress.class={class}"));
        ingress.spec.ingress_class_name = None;
        ingress
    };
    let web = cluster(&["web 1; a.test/ > web:80"]);
    let is_taken = |ingress: Ingress| served(&web.clone().with_ingresses([ingress])) == ["a.test/ s-api-80"];
    for (ingress, taken) in [
        (ingress("api 0; a.test/ > api:80"), true),
        (other_class(ingress("api 0; a.test/ > api:80")), false),
        // `spec.ingressClassName` decides, and without it the annotation.
        (ingress("api 0; a.test/ > api:80; @kubernetes.io/ingress.class=internal"), true),
        (of_annotation("internal"), false),
        (of_annotation("nginx"), true),
        (of_annotation(""), true),
        (ingress("api 0; a.test/ > api:80; default-backend=Not_A_Name"), false),
        (ingress("api 0; a.test/ > api:80; default-backend=gone"), true),
        (ingress("api 0; a.test/ > api:80; default-backend="), true),
        (ingress("api 0; a.test/ > api:80; server-alias=b.test, ~^c\\d+$"), true),
        (ingress("api 0; a.test/ > api:80; server-alias=b test"), false),
        (ingress("api 0; a.test/ > api:80; a.test/etc/nginx > api:80"), false),
        (ingress("api 0; a.test/ > api:80; a.test/aliases > resource"), true),
    ] {
        assert_eq!(is_taken(ingress.clone()), taken, "{ingress:?}");
    }
}

#[test]
fn only_a_true_canary_annotation_makes_a_canary() {
    for value in ["1", "t", "T", "TRUE", "true", "True"] {
        let next = format!("next 0; a.test/ > next:80; canary={value}");
        check(&[(&["web 1; a.test/ > web:80", &next], &["a.test/ s-web-80 > s-next-80 0/100"])]);
    }
    // Otherwise the Ingress competes with the stable one, with or without rules.
    for value in ["yes", "false", "0", "", " true", "on"] {
        let next = format!("next 0; a.test/ > next:80; canary={value}; canary-weight=30");
        check(&[(&["web 1; a.test/ > web:80", &next], &["a.test/ s-next-80"])]);
    }
    check(&[
        (&["web 1; a.test/ > web:80", "next 0; a.test/ > next:80; @nginx.org/canary=true"], &["a.test/ s-next-80"]),
        (&["web 1; a.test/ > web:80", "next 0; a.test/ > next:80; @canary=true"], &["a.test/ s-next-80"]),
    ]);
}

#[test]
fn the_policy_has_defaults_and_no_bounds() {
    for (annotations, policy) in [
        ("canary-weight=x", "0/100"),
        ("canary-weight=30%", "0/100"),
        ("canary-weight=250", "250/100"),
        ("canary-weight=-5; canary-weight-total=10", "-5/10"),
        ("canary-weight=+7; canary-weight-total=x", "7/100"),
        ("canary-by-header=a;canary-by-header-value=v", "0/100 a v"),
        ("canary-by-header=a,b; canary-by-cookie=c", "0/100 c"),
        ("canary-by-header-pattern=^a{1}$", "0/100 ^a{1}$"),
        ("canary-by-header-pattern=^a{1,2}$", "0/100"),
    ] {
        let next = format!("next 2; a.test/ > next:80; canary=true; {annotations}");
        let expected = format!("a.test/ s-web-80 > s-next-80 {policy}");
        check(&[(&["web 1; a.test/ > web:80", &next], &[&expected])]);
    }
}

#[test]
fn an_upstream_is_a_text_of_namespace_service_and_port() {
    check(&[
        // The same port by name and by number are two upstreams, so that a canary can take requests from its own Service.
        (
            &["web 1; a.test/ > web:80", "next 2; a.test/ > web:http; canary 30"],
            &["a.test/ s-web-80 > s-web-http 30/100"],
        ),
        (
            &["web 1; a.test/ > web:http", "next 2; a.test/ > next:http; canary 30"],
            &["a.test/ s-web-http > s-next-http 30/100"],
        ),
        // Two Services with one name for the upstream: the canary is the stable Service.
        (&["team/web 1; a.test/ > b-web:80", "team-b/next 2; a.test/ > web:80; canary 30"], &["a.test/ team-b-web-80"]),
        // The namespace is that of the Ingress, and does not matter for pairing.
        (
            &["s/web 1; a.test/ > web:80", "t/next 2; a.test/ > next:80; canary 30"],
            &["a.test/ s-web-80 > t-next-80 30/100"],
        ),
        (
            &["s/web 1; a.test/ > web:80", "t/next 2; a.test/ > web:80; canary 30"],
            &["a.test/ s-web-80 > t-web-80 30/100"],
        ),
        // A name that the controller has itself.
        (
            &["s/web 1; a.test/ > web:80", "upstream/x 2; a.test/x > default:backend"],
            &["a.test/x 404", "a.test/ s-web-80"],
        ),
    ]);
}

#[test]
fn the_first_ingress_with_a_rule_decides_what_an_upstream_is() {
    check(&[
        // An older ordinary Ingress: the canary has no policy.
        (
            &["web 1; a.test/ > web:80; b.test/ > next:80", "next 2; a.test/ > next:80; canary 30"],
            &["a.test/ s-web-80 > s-next-80 0/0", "b.test/ s-next-80"],
        ),
        // An older canary: the ordinary Ingress gets no location for its Service.
        (
            &["next 1; a.test/ > next:80; canary 30", "web 2; a.test/ > web:80; b.test/ > next:80"],
            &["a.test/ s-web-80 > s-next-80 30/100", "b.test/ 404"],
        ),
        // Two canaries with one Service: the policy of the older one.
        (
            &["web 1; a.test/ > web:80", "b 2; a.test/ > next:80; canary 30", "a 3; a.test/ > next:80; canary 70"],
            &["a.test/ s-web-80 > s-next-80 30/100"],
        ),
        // The canary's Service is the stable one.
        (&["web 1; a.test/ > web:80", "next 2; a.test/ > web:80; canary 30"], &["a.test/ s-web-80"]),
        (&["next 1; a.test/ > web:80; canary 30", "web 2; a.test/ > web:80"], &["a.test/ 404"]),
    ]);
}

#[test]
fn a_default_backend_creates_its_upstream_anew() {
    check(&[
        // A newer ordinary Ingress wipes the rules of a canary, which then is a stable Service.
        (
            &["web 1; a.test/ > web:80", "next 2; a.test/ > next:80; canary 30", "d 3; default > next:80"],
            &["_/ s-next-80", "a.test/ s-web-80 > s-next-80 0/0"],
        ),
        // A newer canary makes a stable Service a canary: its location vanishes, and it is deleted where nothing matches.
        (&["web 1; a.test/ > web:80", "next 2; default > web:80; canary 30"], &["a.test/ 404"]),
        // The default backend comes before the rules of its Ingress, and deletes the upstream.
        (
            &["web 1; a.test/ > web:80", "next 2; a.test/ > next:80; default > next:80; canary 30"],
            &["a.test/ s-web-80"],
        ),
    ]);
}

#[test]
fn services_need_not_exist_to_be_paired() {
    check(&[
        (
            &["web 1; a.test/ > gone:80", "next 2; a.test/ > next:80; canary 30"],
            &["a.test/ s-gone-80 (no endpoints) > s-next-80 30/100"],
        ),
        (
            &["web 1; a.test/ > web:80", "next 2; a.test/ > gone:80; canary 30"],
            &["a.test/ s-web-80 > s-gone-80 30/100 (no endpoints)"],
        ),
        // A port of the pods counts too; a port that the Service does not have has no endpoints.
        (
            &["web 1; a.test/ > web:8080; a.test/x > web:81"],
            &["a.test/x s-web-81 (no endpoints)", "a.test/ s-web-8080"],
        ),
    ]);
}

#[test]
fn ordinary_ingresses_create_hosts() {
    check(&[
        (&["next 1; a.test/ > next:80; canary 30"], &[]),
        (&["web 1; a.test !"], &["a.test/ 404"]),
        (&["web 1; a.test/x > web:80; default > d:80"], &["a.test/x s-web-80", "a.test/ s-d-80"]),
        // The Ingress that names a host first decides what it shows at `/`.
        (
            &["web 1; a.test/x > web:80", "api 2; a.test/y > api:80; default > d:80"],
            &["a.test/y s-api-80", "a.test/x s-web-80", "a.test/ 404"],
        ),
        // A default backend without rules claims the catch-all host; the first one wins.
        (&["d 2; default > d:80", "web 1; default > web:80"], &["_/ s-web-80"]),
        (&["d 1; default > d:80; a.test !"], &["a.test/ s-d-80"]),
        (&["d 1; default > resource"], &[]),
        // It wins against an older rule too.
        (&["web 1; / > web:80", "d 2; default > d:80"], &["_/ s-d-80"]),
    ]);
}

#[test]
fn paths_are_claimed_in_order() {
    check(&[
        (&["web 1; a.test/ > web:80", "api 2; a.test/ > api:80"], &["a.test/ s-web-80"]),
        (
            &["web 1; a.test/x > web:80", "api 2; a.test/x = api:80"],
            &["a.test/x s-web-80", "a.test/x= s-api-80", "a.test/ 404"],
        ),
        // Only the first location of a path is looked at, so that an exact `/` is appended again and again.
        (
            &["web 1; a.test/ = web:80", "api 2; a.test/ = api:80"],
            &["a.test/ 404", "a.test/= s-web-80", "a.test/= s-api-80"],
        ),
        (
            &["web 1; a.test/ = web:80", "api 2; a.test/ = api:80", "next 3; a.test/ = next:80; canary 30"],
            &["a.test/ 404", "a.test/= s-web-80 > s-next-80 30/100", "a.test/= s-api-80 > s-next-80 30/100"],
        ),
        (&["web 1; a.test/x > resource; a.test/ > web:80"], &["a.test/ s-web-80"]),
    ]);
}

#[test]
fn a_canary_on_a_stable_service_acts_as_an_ordinary_ingress() {
    check(&[
        // It claims a free path,
        (
            &["web 1; a.test/ > web:80; b.test/ > api:80", "next 2; b.test/x > web:80; canary 30"],
            &["a.test/ s-web-80", "b.test/x s-web-80", "b.test/ s-api-80"],
        ),
        // the unclaimed `/`,
        (
            &["web 1; a.test/ > web:80; b.test/y > api:80", "next 2; b.test/ > web:80; canary 30"],
            &["a.test/ s-web-80", "b.test/y s-api-80", "b.test/ s-web-80"],
        ),
        // the path of a younger stable Ingress,
        (
            &["web 1; a.test/ > web:80", "next 2; b.test/ > web:80; canary 30", "api 3; b.test/ > api:80"],
            &["a.test/ s-web-80", "b.test/ s-web-80"],
        ),
        // and, if the host is unknown, a path of the catch-all host.
        (
            &["web 1; a.test/ > web:80", "next 2; b.test/ > web:80; b.test/x > web:80; canary 30"],
            &["_/x s-web-80", "_/ s-web-80", "a.test/ s-web-80"],
        ),
    ]);
}

#[test]
fn longer_paths_come_first() {
    check(&[(
        &["web 1; a.test/b > web:80; a.test/a > web:80; a.test/aa > web:80; a.test/é > web:80"],
        &["a.test/é s-web-80", "a.test/aa s-web-80", "a.test/b s-web-80", "a.test/a s-web-80", "a.test/ 404"],
    )]);
}

#[test]
fn canaries_merge_path_by_path() {
    check(&[
        // A matching path, then another one: the name dangles. The other way round, nothing is merged.
        (
            &["web 1; a.test/ > web:80", "next 2; a.test/ > next:80; a.test/x > next:80; canary 30"],
            &["a.test/ s-web-80 > s-next-80 (gone)"],
        ),
        (
            &["web 1; a.test/ > web:80", "next 2; a.test/x > next:80; a.test/ > next:80; canary 30"],
            &["a.test/ s-web-80"],
        ),
        // So too with two Ingresses.
        (
            &[
                "web 1; a.test/ > web:80",
                "next 2; a.test/ > next:80; canary 30",
                "other 3; a.test/x > next:80; canary 30",
            ],
            &["a.test/ s-web-80 > s-next-80 (gone)"],
        ),
        (
            &[
                "web 1; a.test/ > web:80",
                "next 3; a.test/ > next:80; canary 30",
                "other 2; a.test/x > next:80; canary 30",
            ],
            &["a.test/ s-web-80"],
        ),
        // An unknown host does no harm.
        (
            &["web 1; a.test/ > web:80", "next 2; b.test/ > next:80; a.test/ > next:80; c.test/ > next:80; canary 30"],
            &["a.test/ s-web-80 > s-next-80 30/100"],
        ),
        // A path without a Service is passed over.
        (
            &["web 1; a.test/ > web:80", "next 2; a.test/ > next:80; a.test/x > resource; canary 30"],
            &["a.test/ s-web-80 > s-next-80 30/100"],
        ),
        // A dangling name hides another canary.
        (
            &[
                "web 1; a.test/ > web:80",
                "next 2; a.test/ > next:80; a.test/x > next:80; canary 30",
                "third 3; a.test/ > third:80; canary 40",
            ],
            &["a.test/ s-web-80 > s-next-80 (gone)"],
        ),
        // Of two canaries the older one gets requests.
        (
            &[
                "web 1; a.test/ > web:80",
                "third 3; a.test/ > third:80; canary 40",
                "next 2; a.test/ > next:80; canary 30",
            ],
            &["a.test/ s-web-80 > s-next-80 30/100"],
        ),
        // The unclaimed `/` has no stable Service, unless its Ingress has a default backend.
        (&["web 1; a.test/x > web:80", "next 2; a.test/ > next:80; canary 30"], &["a.test/x s-web-80", "a.test/ 404"]),
        (
            &["web 1; a.test/x > web:80; default > d:80", "next 2; a.test/ > next:80; canary 30"],
            &["a.test/x s-web-80", "a.test/ s-d-80 > s-next-80 30/100"],
        ),
        // A canary of a canary: the other canary has no location.
        (
            &[
                "web 1; a.test/ > web:80",
                "next 2; a.test/ > next:80; canary 30",
                "third 3; b.test/ > third:80; canary 40",
            ],
            &["a.test/ s-web-80 > s-next-80 30/100"],
        ),
    ]);
}

#[test]
fn the_walk_ends_at_the_canarys_own_service() {
    check(&[
        // The canary's Service is stable on `/b`: the path before it is merged, and the canary is not deleted.
        (
            &["web 1; a.test/a > web:80; a.test/b > next:80", "next 2; a.test/a > next:80; canary 30"],
            &["a.test/b s-next-80", "a.test/a s-web-80 > s-next-80 0/0", "a.test/ 404"],
        ),
        // Behind it, nothing is merged.
        (
            &["web 1; a.test/b > next:80; a.test/a > web:80", "next 2; a.test/a > next:80; canary 30"],
            &["a.test/b s-next-80", "a.test/a s-web-80", "a.test/ 404"],
        ),
        // The canary has the path of another Service, and still is not deleted.
        (
            &[
                "web 1; a.test/b > next:80; c.test/ > web:80",
                "next 2; a.test/z > next:80; c.test/ > next:80; canary 30",
            ],
            &["a.test/z s-next-80", "a.test/b s-next-80", "a.test/ 404", "c.test/ s-web-80 > s-next-80 0/0"],
        ),
    ]);
}

#[test]
fn alternatives_belong_to_the_service_and_not_to_the_path() {
    check(&[
        (
            &["web 1; a.test/ > web:80; a.test/x > web:80; b.test/ > web:80", "next 2; a.test/x > next:80; canary 30"],
            &[
                "a.test/x s-web-80 > s-next-80 30/100",
                "a.test/ s-web-80 > s-next-80 30/100",
                "b.test/ s-web-80 > s-next-80 30/100",
            ],
        ),
        // Another port is another upstream.
        (
            &["web 1; a.test/ > web:80; a.test/x > web:http", "next 2; a.test/x > next:80; canary 30"],
            &["a.test/x s-web-http > s-next-80 30/100", "a.test/ s-web-80"],
        ),
    ]);
}

#[test]
fn a_canarys_default_backend_merges_into_the_whole_catch_all_host() {
    check(&[
        (
            &["d 1; default > d:80", "web 2; /x > web:80", "next 3; default > next:80; canary 30"],
            &["_/x s-web-80 > s-next-80 30/100", "_/ s-d-80 > s-next-80 30/100"],
        ),
        // Nothing to merge into: deleted, also for the paths of the same Ingress.
        (
            &["web 1; a.test/ > web:80", "next 2; default > next:80; canary 30; a.test/ > next:80"],
            &["a.test/ s-web-80"],
        ),
        (
            &["web 1; a.test/ > web:80", "next 2; default > resource; canary 30; a.test/ > next:80"],
            &["a.test/ s-web-80 > s-next-80 30/100"],
        ),
        // It can delete the default backend of a host.
        (
            &["web 1; a.test/x > web:80; default > d:80", "next 2; default > d:80; canary 30"],
            &["a.test/x s-web-80", "a.test/ s-d-80 (gone)"],
        ),
        // It can be the stable Service of the catch-all host, which then takes no other canary.
        (
            &[
                "d 1; default > d:80",
                "next 2; default > d:80; canary 30",
                "third 3; default > third:80; canary 40",
                "web 1; a.test/ > web:80",
            ],
            &["_/ s-d-80", "a.test/ s-web-80"],
        ),
    ]);
}

#[test]
fn a_canary_without_http_makes_the_controller_crash() {
    for (lines, panics) in [
        (
            &["web 1; a.test/ > web:80", "next 2; b.test !; canary 30"][..],
            Some(
                "Ingress `s/next`: spec.rules[0].http is missing, which makes the controller crash, because the Ingress is a canary",
            ),
        ),
        (
            &["web 1; a.test/ > web:80", "next 2; a.test/ > next:80; b.test !; canary 30"],
            Some(
                "Ingress `s/next`: spec.rules[1].http is missing, which makes the controller crash, because the Ingress is a canary",
            ),
        ),
        (&["web 1; a.test !", "next 2; b.test/ > next:80; canary 30"], None),
        (&["next 2; b.test !; canary 30"], None),
        (&["web 1; a.test/ > web:80; configuration-snippet=x", "next 2; b.test !; canary 30"], None),
    ] {
        let error = cluster(lines).virtual_hosts().err().map(|error| error.to_string());
        assert_eq!(error.as_deref(), panics, "{lines:?}");
    }
}

/// The affinity of an upstream: type, mode, cookie and the paths of the cookie.
#[track_caller]
fn affinity(lines: &[&str], upstream: &str) -> String {
    let configuration = cluster(lines).configuration().unwrap();
    let upstream = configuration.upstreams.iter().find(|known| known.name == upstream).unwrap();
    let affinity = &upstream.affinity;
    let paths =
        affinity.locations.iter().flat_map(|(host, paths)| paths.iter().map(move |path| format!(" {host}{path}")));
    format!("{}/{}/{}{}", affinity.kind, affinity.mode, affinity.cookie_name, paths.collect::<String>())
}

#[test]
fn affinity_comes_from_every_ingress_with_a_path_on_the_service() {
    let sticky = "affinity=cookie; session-cookie-name=A";
    for (lines, upstream, expected) in [
        (vec!["web 1; a.test/ > web:80; affinity=cookie".to_owned()], "s-web-80", "cookie//INGRESSCOOKIE a.test/"),
        (
            vec!["web 1; a.test/ > web:80; affinity=Cookie; affinity-mode= persistent ".to_owned()],
            "s-web-80",
            "/persistent/",
        ),
        (
            vec!["web 1; a.test/ > web:80; affinity=cookie; session-cookie-name=a,b".to_owned()],
            "s-web-80",
            "cookie//INGRESSCOOKIE a.test/",
        ),
        // The type and the mode of the first Ingress that has them, and the cookie of the last.
        (
            vec![
                format!("web 1; a.test/ > web:80; {sticky}"),
                "b 2; b.test/x > web:80; affinity=cookie; session-cookie-name=B; affinity-mode=balanced".to_owned(),
                "c 3; c.test/ > web:80; affinity-mode=persistent".to_owned(),
            ],
            "s-web-80",
            "cookie/balanced/B a.test/ b.test/x",
        ),
        // A path that another Ingress has claimed counts too.
        (
            vec!["web 1; a.test/ > web:80".to_owned(), format!("b 2; a.test/ > web:80; {sticky}")],
            "s-web-80",
            "cookie//A a.test/",
        ),
        // A canary counts if its Service is an older stable one.
        (
            vec!["web 1; a.test/ > web:80".to_owned(), format!("next 2; b.test/ > web:80; canary 1; {sticky}")],
            "s-web-80",
            "cookie//A b.test/",
        ),
        (
            vec!["web 1; a.test/ > web:80".to_owned(), format!("next 2; a.test/ > next:80; canary 1; {sticky}")],
            "s-next-80",
            "//",
        ),
        // A default backend has no path.
        (vec![format!("d 1; default > d:80; {sticky}")], "s-d-80", "//"),
        // The canary has a copy, unless its Ingress says `legacy`.
        (
            vec![format!("web 1; a.test/ > web:80; {sticky}"), "next 2; a.test/ > next:80; canary 1".to_owned()],
            "s-next-80",
            "cookie//A a.test/",
        ),
        (
            vec![
                format!("web 1; a.test/ > web:80; {sticky}"),
                "next 2; a.test/ > next:80; canary 1; affinity-canary-behavior= legacy ".to_owned(),
            ],
            "s-next-80",
            "//",
        ),
        (
            vec![
                format!("web 1; a.test/ > web:80; {sticky}"),
                "next 2; a.test/ > next:80; canary 1; affinity-canary-behavior=Legacy".to_owned(),
            ],
            "s-next-80",
            "cookie//A a.test/",
        ),
        // Each later stable Service overwrites the copy, also one without affinity.
        (
            vec![
                format!("web 1; a.test/ > web:80; {sticky}"),
                "api 1; b.test/ > api:80".to_owned(),
                "next 2; a.test/ > next:80; b.test/ > next:80; canary 1".to_owned(),
            ],
            "s-next-80",
            "//",
        ),
        (
            vec![
                format!("web 1; a.test/ > web:80; {sticky}"),
                "api 1; b.test/ > api:80".to_owned(),
                "next 2; b.test/ > next:80; a.test/ > next:80; canary 1".to_owned(),
            ],
            "s-next-80",
            "cookie//A a.test/",
        ),
        // A second match with the same stable Service copies nothing.
        (
            vec![
                format!("web 1; a.test/ > web:80; a.test/x > web:80; {sticky}"),
                "api 1; b.test/ > api:80".to_owned(),
                "next 2; a.test/ > next:80; b.test/ > next:80; a.test/x > next:80; canary 1".to_owned(),
            ],
            "s-next-80",
            "//",
        ),
        // The cookie is set for aliases too.
        (
            vec![format!("web 1; a.test/ > web:80; {sticky}; server-alias=x.test,a.test")],
            "s-web-80",
            "cookie//A a.test/ x.test/",
        ),
    ] {
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        assert_eq!(affinity(&lines, upstream), expected, "{lines:#?}");
    }
}

#[test]
fn a_service_without_endpoints_is_replaced_by_that_of_the_annotation() {
    let d = "default-backend=d";
    for (lines, expected) in [
        (
            vec![format!("web 1; a.test/ > gone:80; {d}"), "next 2; a.test/ > next:80; canary 30".to_owned()],
            vec!["a.test/ custom-default-backend-s-d > s-next-80 30/100"],
        ),
        (vec![format!("web 1; a.test/ > web:80; {d}")], vec!["a.test/ s-web-80"]),
        // The annotation of the Ingress that has the location counts, and the Service is in its namespace.
        (
            vec!["web 1; a.test/ > gone:80".to_owned(), format!("api 2; a.test/ > gone:80; a.test/x > gone:80; {d}")],
            vec!["a.test/x custom-default-backend-s-d", "a.test/ s-gone-80 (no endpoints)"],
        ),
        (vec![format!("u/web 1; a.test/ > gone:80; {d}")], vec!["a.test/ u-gone-80 (no endpoints)"]),
        (vec!["web 1; a.test/ > gone:80; default-backend=gone".to_owned()], vec!["a.test/ s-gone-80 (no endpoints)"]),
        // The default backend of the controller stays.
        (vec![format!("web 1; a.test/x > gone:80; {d}")], vec!["a.test/x custom-default-backend-s-d", "a.test/ 404"]),
    ] {
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        assert_eq!(served(&cluster(&lines)), expected, "{lines:#?}");
    }
    let without = cluster(&["web 1; a.test/ > gone:80; default-backend=d"])
        .with_services([service("s", "d").without_endpoints()]);
    assert_eq!(served(&without), ["a.test/ s-gone-80 (no endpoints)"]);
}

#[test]
fn aliases_are_those_of_the_first_ingress_and_no_hosts() {
    let aliases = |lines: &[&str]| -> Vec<String> {
        let hosts = cluster(lines).virtual_hosts().unwrap();
        hosts
            .into_iter()
            .filter(|host| !host.aliases.is_empty())
            .map(|host| format!("{} {}", host.host, host.aliases.join(" ")))
            .collect()
    };
    let rows: [Row<'_>; 3] = [
        (
            &[
                "web 1; a.test/ > web:80; server-alias=y.test, x.test,,x.test",
                "api 2; a.test/x > api:80; server-alias=z.test",
            ],
            &["a.test x.test y.test"],
        ),
        (
            &[
                "web 1; a.test/ > web:80",
                "api 2; a.test/x > api:80; server-alias=z.test,a.test,b.test",
                "b 3; b.test/ > web:80",
            ],
            &["a.test z.test"],
        ),
        (&["web 1; a.test/ > web:80", "next 2; a.test/ > next:80; canary 1; server-alias=z.test"], &[]),
    ];
    for (lines, expected) in rows {
        assert_eq!(aliases(lines), expected, "{lines:?}");
    }
}
