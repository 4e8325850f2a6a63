//! Values of a route: their bounds, and the text of every error.

use canary_policy::policy::{FormerTokens, Token};
use canary_policy::route::{Backend, Host, Parent, Path, PathType, Port};
use canary_policy::{Route, Variant};

use crate::util::policy;
use crate::util::route::{paths, route_to};

/// A route to `web:80`, with one canary.
fn web() -> Route {
    route_to("web:80", &["c0:80"])
}

/// Each row is the result of an invalid value, and the error.
#[test]
fn every_error_names_the_value_and_the_bound() {
    let duplicates = |text: &str| [text, text].map(|text| text.parse().unwrap());
    for (result, text) in [
        (
            Route::new("Web", "web".parse().unwrap(), []),
            "`Web` is not an object name: expected 1 to 253 of a-z, 0-9, - and ., with a letter or digit at both ends",
        ),
        (
            web().with_namespace("a.b"),
            "`a.b` is not a namespace: expected 1 to 63 of a-z, 0-9 and -, with a letter or digit at both ends",
        ),
        (
            "a.b/public".parse::<Parent>().map(|_| web()),
            "`a.b` is not a namespace: expected 1 to 63 of a-z, 0-9 and -, with a letter or digit at both ends",
        ),
        (
            "infra/".parse::<Parent>().map(|_| web()),
            "`` is not an object name: expected 1 to 253 of a-z, 0-9, - and ., with a letter or digit at both ends",
        ),
        (
            "10.0.0.1".parse::<Host>().map(|_| web()),
            "`10.0.0.1` is not a host: expected a DNS name, or `*.` and a DNS name",
        ),
        (
            "1web:80".parse::<Backend>().map(|_| web()),
            "`1web` is not a Service name: expected 1 to 63 of a-z, 0-9 and -, with a letter first and no - last",
        ),
        (
            "web:65536".parse::<Backend>().map(|_| web()),
            "`65536` is not a port: expected 1 to 65535, or a name of 1 to 15 of a-z, 0-9 and - with a letter in it and no --",
        ),
        (
            Path::prefix("/a//b").map(|_| web()),
            "`/a//b` is not a path: expected `/` and at most 1023 more characters of a URL path, without //, /./, /../ and %2f",
        ),
        (
            Path::prefix("/a%2Db").map(|_| web()),
            "`/a%2Db` is not a path: `%2D` is replaced or refused by proxies: expected no escaped letter, digit, -, ., _, ~ and no %00",
        ),
        (web().with_hosts(duplicates("a.test")), "`a.test` is listed twice"),
        (web().with_paths(paths("/a /a/")), "`Prefix /a` is listed twice"),
        (web().with_parents(["public", "public"].map(|text| text.parse().unwrap())), "`public` is listed twice"),
    ] {
        assert_eq!(result.unwrap_err().to_string(), text);
    }
}

/// Each row is a text of a backend, and whether it is valid.
#[test]
fn backends_are_service_names_with_a_port() {
    let (longest, too_long) = ("a".repeat(63), "a".repeat(64));
    for (text, valid) in [
        ("web", true),
        ("web:80", true),
        ("web-2:http", true),
        (&*longest, true),
        ("web:1", true),
        ("web:65535", true),
        ("web:a-1", true),
        ("web:abcdefghijklmno", true),
        (&*too_long, false),
        ("", false),
        ("Web", false),
        ("web-", false),
        ("web.shop", false),
        ("web:", false),
        ("web:0", false),
        ("web:-1", false),
        ("web:1-", false),
        ("web:abcdefghijklmnop", false),
        ("web:80:80", false),
    ] {
        let backend = text.parse::<Backend>();
        assert_eq!(backend.is_ok(), valid, "{text}");
        assert!(backend.is_ok_and(|backend| backend.to_string() == text) == valid, "{text}");
    }
    assert!(matches!("80".parse(), Ok(Port::Number(port)) if port.get() == 80));
    assert!(matches!("http".parse(), Ok(Port::Name(name)) if name.as_str() == "http"));
}

/// Each row is a text of a host, and whether it is valid.
#[test]
fn hosts_are_dns_names() {
    let (longest, too_long) = (format!("{}.b", "a".repeat(251)), format!("{}.b", "a".repeat(252)));
    for (text, valid) in [
        ("a.test", true),
        ("localhost", true),
        ("*.a.test", true),
        ("1.2.3.4.test", true),
        (&*longest, true),
        (&*too_long, false),
        ("", false),
        ("*", false),
        ("A.test", false),
        ("a_b.test", false),
        ("a..test", false),
        ("*.*.test", false),
        ("a.*.test", false),
        ("a.test.", false),
        ("a.test:80", false),
        ("1.2.3.4", false),
    ] {
        assert_eq!(text.parse::<Host>().is_ok(), valid, "{text}");
    }
}

/// Each row is a text of a path, and whether it is valid.
#[test]
fn paths_are_those_that_targets_read_alike() {
    let (longest, too_long) = (format!("/{}", "a".repeat(1023)), format!("/{}", "a".repeat(1024)));
    for (text, valid) in [
        ("/", true),
        ("/a/", true),
        ("/a/b-c._~!$&'()*+,;=:@", true),
        ("/%20", true),
        ("/.a", true),
        (&*longest, true),
        (&*too_long, false),
        ("", false),
        ("a", false),
        ("/a//b", false),
        ("/./a", false),
        ("/a/../b", false),
        ("/a/..", false),
        ("/.", false),
        ("/%2f", false),
        ("/%2F", false),
        ("/%", false),
        ("/%g0", false),
        ("/a b", false),
        ("/a?b", false),
        ("/a#b", false),
        ("/é", false),
    ] {
        for path_type in [PathType::Exact, PathType::Prefix] {
            assert_eq!(Path::new(text, path_type).is_ok(), valid, "{path_type} {text}");
        }
    }
    assert_eq!(
        (Path::exact("/a/").unwrap().to_string(), Path::prefix("/a/").unwrap().to_string()),
        ("Exact /a/".into(), "Prefix /a".into())
    );
}

/// Each row is a text of a parent, and its namespace and name.
#[test]
fn parents_are_gateways_by_name() {
    let parent = |text: &str| -> Option<(Option<String>, String)> {
        let parent: Parent = text.parse().ok()?;
        Some((parent.namespace().map(str::to_owned), parent.name().to_owned()))
    };
    assert_eq!(parent("public"), Some((None, "public".to_owned())));
    assert_eq!(parent("public.v1"), Some((None, "public.v1".to_owned())));
    assert_eq!(parent("infra/public"), Some((Some("infra".to_owned()), "public".to_owned())));
    for text in ["", "/public", "infra/", "a.b/public", "infra/a/b", "Public"] {
        assert_eq!(parent(text), None, "{text}");
    }
}

/// A proxy that normalizes paths makes `/A` of `/%41` before it compares paths, and answers `%00` with an error.
#[test]
fn a_path_escapes_only_what_has_to_be_escaped() {
    for text in ["/%41", "/%7a", "/a%2Db", "/a%2d", "/%2e%2e/a", "/a/%2E/b", "/%5f", "/%7E", "/%30", "/a%00", "/%00"] {
        assert!(Path::exact(text).is_err(), "{text}");
        assert!(Path::prefix(text).is_err(), "{text}");
    }
    for text in ["/%20", "/%C3%A9", "/%25", "/%3f", "/a%3B", "/%7F", "/%01", "/%5C"] {
        assert!(Path::exact(text).is_ok(), "{text}");
    }
}

/// An API server refuses two hyphens in a row in the name of a port.
#[test]
fn a_port_name_has_no_two_hyphens_in_a_row() {
    assert!("a-b".parse::<Port>().is_ok());
    for name in ["a--b", "a---b", "-a", "a-"] {
        assert!(name.parse::<Port>().is_err(), "{name}");
    }
}

/// The other parts of a route stay when one is replaced.
#[test]
fn a_part_of_a_route_is_replaced() {
    let full = || {
        let route = web().with_namespace("shop").unwrap().with_paths(paths("/a =/b")).unwrap();
        let route = route.with_hosts(["a.test".parse::<Host>().unwrap()]).unwrap();
        route.with_parents(["public".parse::<Parent>().unwrap()]).unwrap()
    };
    let rest = |route: &Route| {
        (route.namespace().map(str::to_owned), route.paths().to_vec(), route.hosts().to_vec(), route.parents().to_vec())
    };
    assert_eq!(
        rest(&full()),
        (Some("shop".to_owned()), paths("/a =/b"), vec!["a.test".parse().unwrap()], vec!["public".parse().unwrap()])
    );

    let renamed = full().with_name("next.web").unwrap();
    assert_eq!((renamed.name(), rest(&renamed)), ("next.web", rest(&full())));
    assert_eq!((renamed.stable(), renamed.canaries()), (web().stable(), web().canaries()));
    assert!(full().with_name("Next").is_err());

    let [stable, first, second] = ["b:81", "c:82", "d:http"].map(|text| text.parse::<Backend>().unwrap());
    let moved = full().with_backends(stable.clone(), [first.clone(), second.clone()]);
    assert_eq!((moved.name(), rest(&moved)), ("web", rest(&full())));
    let backends = [Variant::Stable, Variant::Canary(0), Variant::Canary(1), Variant::Canary(2)]
        .map(|variant| moved.backend(variant));
    assert_eq!(backends, [Some(&stable), Some(&first), Some(&second), None]);
}

/// Each row is a policy, the canary backends of a route, and why the two do not belong together.
#[test]
fn a_route_has_the_backends_of_its_policy() {
    let tokens = FormerTokens::new(Token::new("5ab1e").unwrap(), [Token::new("ca9a7").unwrap()]).unwrap();
    let two = "canaries: [{ name: a }, { name: b }]";
    for (yaml, canaries, has_tokens, expected) in [
        ("canaries: [{}]", &["a:80"][..], false, None),
        ("canaries: [{}]", &[], false, Some("backends: 0 canary backends are given, but the policy has 1 canary")),
        (two, &["a:80"], false, Some("backends: 1 canary backend is given, but the policy has 2 canaries")),
        (two, &["a:80", "b:80"], false, None),
        (
            two,
            &["a:80", "b:80", "c:80"],
            false,
            Some("backends: 3 canary backends are given, but the policy has 2 canaries"),
        ),
        ("{ canaries: [{}], affinity: { cookie: { name: route } } }", &["a:80"], true, None),
        (
            "canaries: [{}]",
            &["a:80"],
            true,
            Some("formerTokens: the policy has no affinity cookie, which is what holds a token"),
        ),
    ] {
        let route = route_to("web:80", canaries);
        let route = if has_tokens { route.with_former_tokens(tokens.clone()) } else { route };
        let error = route.check(&policy(yaml)).err().map(|error| error.to_string());
        assert_eq!(error.as_deref(), expected, "{yaml} {canaries:?}");
    }
}
