//! Virtual hosts: which location decides a request, and what no virtual host has.

use canary_policy::Policy;
use canary_policy::route::{Location, Path, PathType, VirtualHost};
use proptest::prelude::*;

use crate::util::route::{paths, route_to};

/// A location for each path, as `paths` reads it, whose backend is `c` and its number.
fn locations(text: &str) -> Vec<Location> {
    let location = |(index, path)| Location::new(path, format!("c{index}:80").parse().unwrap());
    paths(text).into_iter().enumerate().map(location).collect()
}

fn host(text: &str) -> VirtualHost {
    VirtualHost::new("web", locations(text)).unwrap()
}

#[test]
fn the_most_specific_location_decides() {
    let host = host("/ /a =/a /a/b =/ /a/b/c");
    let order: Vec<String> = host.locations().iter().map(|location| location.path().to_string()).collect();
    assert_eq!(order, ["Exact /a", "Exact /", "Prefix /a/b/c", "Prefix /a/b", "Prefix /a", "Prefix /"]);
    for (request, path) in [
        ("/", "Exact /"),
        ("/x", "Prefix /"),
        ("/a", "Exact /a"),
        ("/a/", "Prefix /a"),
        ("/ab", "Prefix /"),
        ("/a/b", "Prefix /a/b"),
        ("/a/bc", "Prefix /a"),
        ("/a/b/c/d", "Prefix /a/b/c"),
    ] {
        assert_eq!(host.location(request).unwrap().path().to_string(), path, "{request}");
    }
}

#[test]
fn a_host_without_a_matching_location_has_no_answer() {
    assert_eq!(host("/a =/b").location("/b/c"), None);
}

#[test]
fn locations_with_one_path_are_refused() {
    for (text, message) in [
        ("", "locations: none is given: a virtual host serves at least one path"),
        ("/a/ /b /a", "`Prefix /a` is listed twice"),
        ("=/a =/a", "`Exact /a` is listed twice"),
    ] {
        assert_eq!(VirtualHost::new("web", locations(text)).unwrap_err().to_string(), message);
    }
    assert!(VirtualHost::new("web", locations("=/a /a =/a/")).is_ok());
}

#[test]
fn a_route_is_a_virtual_host_with_one_policy() {
    let policy = Policy::percent(30).unwrap();
    let route = route_to("web:80", &["next:80"]).with_paths(paths("/a =/b")).unwrap();
    let host = VirtualHost::of_route(&policy, &route).unwrap();
    assert_eq!((host.name(), host.locations().len()), (route.name(), 2));
    for location in host.locations() {
        assert_eq!((location.policy(), location.stable()), (Some(&policy), route.stable()));
        assert_eq!(location.canaries(), route.canaries());
    }
    let without = route_to("web:80", &[]);
    assert_eq!(
        VirtualHost::of_route(&policy, &without).unwrap_err().to_string(),
        "backends: 0 canary backends are given, but the policy has 1 canary"
    );
}

#[cfg(feature = "serde")]
#[test]
fn a_virtual_host_reads_as_it_is_documented() {
    let text = r#"{"name":"shop","namespace":"shop","hosts":["shop.example.com"],"parents":["infra/public"],"locations":[{"path":"/orders","pathType":"Prefix","stable":"orders:80"},{"path":"/","pathType":"Prefix","stable":"shop:80","policy":{"canaries":[{"weight":30}]},"canaries":["next/shop-canary:80"]}]}"#;
    let host: VirtualHost = serde_json::from_str(text).unwrap();
    assert_eq!(host.locations()[1].canaries()[0].namespace(), Some("next"));
    let written = serde_json::to_string(&host).unwrap();
    assert_eq!(serde_json::from_str::<VirtualHost>(&written).unwrap(), host);
    for (from, to, message) in [
        (r#","policy":{"canaries":[{"weight":30}]}"#, "", "policy: none is given: canaries get requests by a policy"),
        (r#"["next/shop-canary:80"]"#, "[]", "backends: 0 canary backends are given, but the policy has 1 canary"),
        (r#""/orders""#, r#""orders""#, "path: `orders` is not a path"),
        (r#""locations""#, r#""routes""#, "unknown field `routes`"),
    ] {
        let error = serde_json::from_str::<VirtualHost>(&text.replace(from, to)).unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
    }
}

proptest! {
    /// The location that decides is the longest of those that match, and an exact one before all others.
    #[test]
    fn no_less_specific_location_decides(
        texts in prop::collection::btree_set(("[=]?", "(/[ab]){1,4}"), 1..12),
        request in "(/[ab]){1,5}",
    ) {
        let all: Vec<String> = texts.into_iter().map(|(kind, text)| format!("{kind}{text}")).collect();
        let host = host(&all.join(" "));
        let covers = |path: &Path| match path.path_type() {
            PathType::Exact => request == path.as_str(),
            PathType::Prefix => format!("{request}/").starts_with(&format!("{}/", path.as_str())),
        };
        let rank = |path: &Path| (path.path_type() == PathType::Exact, path.as_str().len());
        let expected = host.locations().iter().map(Location::path).filter(|path| covers(path)).max_by_key(|path| rank(path));
        prop_assert_eq!(host.location(&request).map(Location::path), expected);
    }
}
