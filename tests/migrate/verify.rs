//! The proof against rows by hand, and against requests by chance.

use canary_policy::migrate::{
    self, Answer, HostClass, LocationAnswer, LocationDifference, Replay, Replayed, Verification,
};
use canary_policy::policy::FormerTokens;
use canary_policy::route::{Backend, Host, Location, Path, VirtualHost};
use canary_policy::targets::nginx::token;
use canary_policy::targets::{VirtualHostReading, Wildcards};
use canary_policy::{Affinity, Canary, CookieAffinity, Decision, HeaderRule, Match, Policy, Sample, Total, Variant};
use proptest::prelude::*;

use crate::util::former_tokens::selector;
use crate::util::route::paths;

/// A virtual host from lines such as `/a web:80` and `/ web:80 > next:80 30`, a canary with its weight.
#[track_caller]
fn host(names: &str, lines: &[&str]) -> VirtualHost {
    let location = |line: &&str| {
        let words: Vec<&str> = line.split(' ').collect();
        let location = Location::new(paths(words[0]).remove(0), words[1].parse().unwrap());
        let Some(canary) = words.get(3) else { return location };
        let policy = Policy::percent(words[4].parse().unwrap()).unwrap();
        location.with_policy(policy, [canary.parse().unwrap()]).unwrap()
    };
    let host = VirtualHost::new("web", lines.iter().map(location)).unwrap();
    host.with_namespace("s").unwrap().with_hosts(names.split_whitespace().map(|name| name.parse().unwrap())).unwrap()
}

/// The answers that are not `Same`, each as a line.
fn differences(before: &[VirtualHost], after: &[VirtualHost]) -> Vec<String> {
    let locations = verify(before, after).locations.into_iter();
    locations.filter(|location| location.answer != Answer::Same).map(|location| location.to_string()).collect()
}

/// The proof for virtual hosts that are known exactly.
fn verify(before: &[VirtualHost], after: &[VirtualHost]) -> Verification {
    migrate::verify(before, &readings(after, Wildcards::OneLabel))
}

/// Virtual hosts whose wildcards match such hosts.
fn readings(hosts: &[VirtualHost], wildcards: Wildcards) -> Vec<VirtualHostReading> {
    let reading = |host: &VirtualHost| {
        let mut reading = VirtualHostReading::from(host.clone());
        reading.wildcards = wildcards;
        reading
    };
    hosts.iter().map(reading).collect()
}

const WEB: &[&str] = &["/a api:80", "/ web:80 > next:80 30"];

#[test]
fn the_same_answers_are_proven_although_they_are_written_differently() {
    let before = [host("a.test", WEB)];
    for after in [
        vec![host("a.test", WEB)],
        // A path that its own prefix answers alike, and a Service whose namespace is written.
        vec![host("a.test", &["/b web:80 > next:80 30", "/a s/api:80", "=/a api:80", "/ web:80 > next:80 30"])],
        // A host of its own for what a wildcard answers.
        vec![host("a.test", WEB), host("b.test", &["/x api:80"]).with_hosts(["c.test".parse().unwrap()]).unwrap()],
    ] {
        let expected = if after.len() == 1 { 0 } else { 1 };
        assert_eq!(differences(&before, &after).len(), expected, "{after:?}");
    }
}

#[test]
fn every_difference_names_its_host_and_path() {
    let before = [host("a.test *.b.test", WEB)];
    for (after, lines) in [
        (
            vec![host("a.test *.b.test", &["/ web:80 > next:80 30"])],
            &[
                "*.b.test Prefix /a: stable is `s/api:80` before, and stable is `s/web:80` after",
                "a.test Prefix /a: stable is `s/api:80` before, and stable is `s/web:80` after",
            ][..],
        ),
        (
            vec![host("a.test", WEB)],
            &[
                "*.b.test Prefix /a: stable is `s/api:80` before, and no location matches after",
                "*.b.test Prefix /: stable is `s/web:80` before, and no location matches after",
            ],
        ),
        (
            vec![host("a.test *.b.test", WEB), host("c.b.test", &["/a api:80"])],
            &["c.b.test Prefix /: stable is `s/web:80` before, and no location matches after"],
        ),
        (
            vec![host("a.test *.b.test", WEB), host("", &["/a t/api:80"])],
            &["every other host Prefix /a: no location matches before, and stable is `t/api:80` after"],
        ),
        (
            vec![host("a.test", WEB), host("*.b.test", &["/a api:80", "/ web:80 > other:80 30"])],
            &["*.b.test Prefix /: a request without headers goes from canary to canary-2, by weight"],
        ),
        (
            vec![host("a.test", WEB), host("*.b.test", &["/a api:80", "/ web:80"])],
            &["*.b.test Prefix /: a request without headers goes from canary to stable, by weight"],
        ),
    ] {
        assert_eq!(differences(&before, &after), lines, "{after:?}");
    }
}

/// Each row has the hosts before and after, which all answer with the Service of their first letter, and the differences if a
/// wildcard matches one or more labels after the move.
#[test]
fn hosts_with_more_labels_than_a_wildcard_has_are_a_class_of_their_own() {
    let hosts = |text: &str| -> Vec<VirtualHost> {
        let host = |word: &str| {
            let (service, names) = word.split_once('=').unwrap();
            host(&names.replace(',', " "), &[&format!("/ {service}:80")])
        };
        text.split(' ').map(host).collect()
    };
    let more = |domain: &str, before: &str, after: &str| {
        let side = |service: &str| match service {
            "" => "no location matches".to_owned(),
            service => format!("stable is `s/{service}:80`"),
        };
        let (before, after) = (side(before), side(after));
        let example = format!("such as x.x{domain}, Prefix /: {before} before, and {after} after");
        format!("hosts with two or more labels before {domain}, {example}")
    };
    for (before, after, expected) in [
        ("w=*.a.test", "w=*.a.test", vec![more(".a.test", "", "w")]),
        // Every other host has the same answer.
        ("w=*.a.test w=", "w=*.a.test w=", vec![]),
        ("w=*.a.test d=", "w=*.a.test d=", vec![more(".a.test", "d", "w")]),
        // A longer wildcard has the hosts below it, on both sides.
        (
            "w=*.a.test d= v=*.b.a.test",
            "w=*.a.test d= v=*.b.a.test",
            vec![more(".a.test", "d", "w"), more(".b.a.test", "d", "v")],
        ),
        // Only the host with two labels is named.
        ("w=*.a.test,c.y.a.test", "w=*.a.test,c.y.a.test", vec![more(".a.test", "", "w")]),
        // A shorter wildcard after the move answers as the longer one before.
        (
            "w=*.b.test",
            "w=*.test",
            vec![
                "*.test Prefix /: no location matches before, and stable is `s/w:80` after".to_owned(),
                more(".b.test", "", "w"),
                more(".test", "", "w"),
            ],
        ),
    ] {
        let after = readings(&hosts(after), Wildcards::AnyLabels);
        let locations = migrate::verify(&hosts(before), &after).locations.into_iter();
        let mut found: Vec<String> =
            locations.filter(|one| one.answer != Answer::Same).map(|one| one.to_string()).collect();
        let mut expected = expected;
        found.sort();
        expected.sort();
        assert_eq!(found, expected, "{before}");
    }
    // A host with more labels than any wildcard has is among all other hosts, if nothing tells it from them.
    let verification = verify(&hosts("w=*.a.test d="), &hosts("w=*.a.test d="));
    let classes: Vec<&HostClass> = verification.locations.iter().map(|one| &one.hosts).collect();
    assert_eq!(classes, [&HostClass::OneLabel("*.a.test".parse().unwrap()), &HostClass::Other]);
}

#[test]
fn a_canary_is_known_by_its_backend_and_by_the_cookie_that_names_it() {
    let policy = |name: &str| Policy::new([Canary::new(name, 30).unwrap()], Total::default()).unwrap();
    let sticky = |name: &str| policy(name).with_affinity(Affinity::Cookie(CookieAffinity::new("route").unwrap()));
    let host = |policy: Policy| {
        let location = Location::new(Path::prefix("/").unwrap(), "web:80".parse().unwrap());
        [VirtualHost::new("web", [location.with_policy(policy, ["next:80".parse().unwrap()]).unwrap()]).unwrap()]
    };
    assert_eq!(verify(&host(policy("canary")), &host(policy("web-next"))).answer(), &Answer::Same);
    assert_eq!(verify(&host(sticky("canary")), &host(sticky("canary"))).answer(), &Answer::Same);
    let renamed = verify(&host(sticky("canary")), &host(sticky("web-next")));
    assert!(matches!(renamed.answer(), Answer::Differs(LocationDifference::Policy(_))), "{renamed:?}");

    let [other] = host(sticky("canary"));
    let location = other.locations()[0].clone().with_policy(sticky("canary"), ["third:80".parse().unwrap()]).unwrap();
    let other = verify(&host(sticky("canary")), &[VirtualHost::new("web", [location]).unwrap()]);
    assert!(matches!(other.answer(), Answer::Differs(LocationDifference::Policy(_))), "{other:?}");
}

/// A few backends, so that some are shared.
fn backends() -> impl Strategy<Value = Backend> {
    prop::sample::select(vec!["web:80", "next:80", "api:80", "t/web:80"]).prop_map(|text| text.parse().unwrap())
}

fn locations() -> impl Strategy<Value = Vec<Location>> {
    let path = prop::sample::select(vec!["/", "/a", "=/a", "/a/b", "/b", "=/a/x", "/a/x", "=/"]);
    let policy = (0_u32..3, prop::option::of(prop::sample::select(vec!["v1", "v2"])), 0_usize..4);
    let one = (path, backends(), prop::option::of((policy, backends())));
    prop::collection::vec(one, 1..6).prop_map(|all| {
        let mut seen = std::collections::BTreeSet::new();
        let all = all.into_iter().filter(|(path, _, _)| seen.insert(*path));
        all.map(|(path, stable, split)| location(path, stable, split)).collect()
    })
}

/// The weight, the value of the header rule, whether there is an affinity cookie and which former tokens, and the backend.
type Split = ((u32, Option<&'static str>, usize), Backend);

fn location(path: &str, stable: Backend, split: Option<Split>) -> Location {
    let location = Location::new(paths(path).remove(0), stable);
    // A variant is known by its backend, so that no two variants have the same.
    let split = split.filter(|(_, canary)| canary != location.stable());
    let Some(((weight, header, affinity_kind), canary)) = split else { return location };
    let with = Canary::new("canary", weight).unwrap();
    let with = match header {
        Some(value) => with.with_header(HeaderRule::new("x", Match::Exact(value.to_owned())).unwrap()),
        None => with,
    };
    let policy = Policy::new([with], Total::new(2).unwrap()).unwrap();
    let affinity = Affinity::Cookie(CookieAffinity::new("route").unwrap());
    let policy = if affinity_kind > 0 { policy.with_affinity(affinity) } else { policy };
    let location = location.with_policy(policy, [canary]).unwrap();
    match affinity_kind {
        2 | 3 => location.with_former_tokens(tokens(["web", "next", "api"], affinity_kind)).unwrap(),
        _ => location,
    }
}

/// Tokens of two of these Services, the second of which is the canary.
fn tokens(services: [&str; 3], kind: usize) -> FormerTokens {
    let of = |index: usize| token("s", services[index % 3], "80");
    FormerTokens::new(of(kind), [of(kind + 1)]).unwrap()
}

/// Whether a host matches a name.
fn matches(host: &Host, name: &str, wildcards: Wildcards) -> bool {
    let Some(domain) = host.as_str().strip_prefix('*') else { return host.as_str() == name };
    let Some(labels) = name.strip_suffix(domain) else { return false };
    !labels.is_empty() && (wildcards == Wildcards::AnyLabels || !labels.contains('.'))
}

/// Who answers a request, why, and with which cookie; `None` if no location matches.
fn answer(
    hosts: &[VirtualHost],
    wildcards: Wildcards,
    name: &str,
    path: &str,
    lines: &[(&str, &str)],
    sample: Sample,
) -> Option<String> {
    let named = hosts.iter().flat_map(|host| host.hosts().iter().map(move |name| (name, host)));
    let matching = named.filter(|(host, _)| matches(host, name, wildcards));
    // A host that is named is longer than each of its wildcards, if the `*` is no character.
    let host = matching.max_by_key(|(host, _)| host.as_str().trim_start_matches('*').len()).map(|(_, host)| host);
    let host = host.or_else(|| hosts.iter().find(|host| host.hosts().is_empty()))?;
    let location = host.location(path)?;
    let decision = location.policy().map(|policy| selector(policy, location.former_tokens()).select(lines, sample));
    let variant = decision.as_ref().map_or(Variant::Stable, |decision| decision.variant);
    let backend = location.backend(variant).unwrap();
    let namespace = backend.namespace().unwrap_or("s");
    let why = |decision: Decision| format!("{} {:?}", decision.reason.as_str(), decision.set_cookie);
    // A location without a policy decides as one whose weight is 0.
    let why = decision.map_or("weight None".to_owned(), why);
    Some(format!("{namespace}/{}:{} {why}", backend.service(), backend.port().unwrap()))
}

fn hosts() -> impl Strategy<Value = Vec<VirtualHost>> {
    let names = prop::sample::subsequence(vec!["a.test", "*.test", "*.b.test", "y.b.test c.test", ""], 1..=5);
    let all = names.prop_flat_map(|names| names.into_iter().map(|name| (Just(name), locations())).collect::<Vec<_>>());
    all.prop_map(|all| {
        let host = |(name, locations): (&str, Vec<Location>)| {
            let host = VirtualHost::new("web", locations).unwrap().with_namespace("s").unwrap();
            host.with_hosts(name.split_whitespace().map(|name| name.parse::<Host>().unwrap())).unwrap()
        };
        all.into_iter().map(host).collect()
    })
}

proptest! {
    /// Every request of a class that is proven to be the same is answered alike, and the request of a difference is not.
    #[test]
    fn the_proof_holds_for_every_request(
        before in hosts(),
        after in hosts(),
        equal in any::<bool>(),
        wildcards in prop::sample::select(vec![Wildcards::OneLabel, Wildcards::AnyLabels]),
    ) {
        let after = if equal { before.clone() } else { after };
        let verification = migrate::verify(&before, &readings(&after, wildcards));
        prop_assert!(!equal || wildcards == Wildcards::AnyLabels || verification.answer() == &Answer::Same);
        let read = readings(&after, wildcards);
        let mut replay = Replay::new(&before, &read);
        let answers = |name: &str, path: &str, lines: &[(&str, &str)], sample: Sample| {
            let before = answer(&before, Wildcards::OneLabel, name, path, lines, sample);
            (before, answer(&after, wildcards, name, path, lines, sample))
        };
        for name in ["a.test", "b.test", "c.test", "y.b.test", "z.b.test", "y.z.b.test", "d.a.test", "other.org"] {
            for path in ["/", "/a", "/a/", "/ab", "/a/b", "/a/b/c", "/a/x", "/a/x/y", "/b/x", "/x"] {
                let class = class(&verification, name, path);
                let held = ["web", "next", "api"].map(|service| format!("route=1.2|{}", token("s", service, "80")));
                let held = held.each_ref().map(|cookie| [("cookie", cookie.as_str())]);
                let all = [&[][..], &[("x", "v1")], &[("x", "v2")], &[("cookie", "route=canary")]];
                for lines in all.into_iter().chain(held.iter().map(|cookie| &cookie[..])) {
                    for sample in [Sample::MIN, Sample::MAX] {
                        let (one, other) = answers(name, path, lines, sample);
                        let replayed = replay.answer(name, path, lines, Some(sample));
                        prop_assert_eq!(replayed == Replayed::Same, one == other, "{} {} {:?}: {}", name, path, lines, replayed);
                        // A class that nothing answers is left out.
                        if class.is_none_or(|class| class.answer == Answer::Same) {
                            prop_assert_eq!(one, other, "{} {} {:?}", name, path, lines);
                        }
                    }
                }
            }
        }
        for class in &verification.locations {
            let (name, path) = (&class.example_host, &class.example_path);
            match &class.answer {
                Answer::Differs(LocationDifference::Stable { before: stable, after: other }) => {
                    let (one, another) = answers(name, path, &[], Sample::MAX);
                    prop_assert_eq!((stable.is_some(), other.is_some()), (one.is_some(), another.is_some()));
                    prop_assert_ne!(stable, other);
                }
                Answer::Differs(LocationDifference::Policy(difference) | LocationDifference::FormerToken(difference)) => {
                    let request = &difference.request;
                    let lines = request.lines.iter().map(|line| (line.name.as_str(), std::str::from_utf8(&line.value).unwrap()));
                    let lines: Vec<(&str, &str)> = lines.collect();
                    let (one, another) = answers(name, path, &lines, request.sample);
                    prop_assert_ne!(one, another);
                }
                _ => {}
            }
        }
    }
}

/// The class of a request. The hosts with more labels than a wildcard has are among all others if they have no class of their own.
fn class<'v>(verification: &'v Verification, name: &str, path: &str) -> Option<&'v LocationAnswer> {
    let all = || verification.locations.iter();
    let covers = |one: &HostClass| match one {
        HostClass::Named(host) => host.as_str() == name,
        HostClass::OneLabel(host) => matches(host, name, Wildcards::OneLabel),
        HostClass::MoreLabels(host) => {
            matches(host, name, Wildcards::AnyLabels) && !matches(host, name, Wildcards::OneLabel)
        }
        _ => true,
    };
    let length = |one: &HostClass| one.host().map_or(0, |host| host.as_str().trim_start_matches('*').len());
    let host = all().map(|one| &one.hosts).filter(|one| covers(one)).max_by_key(|one| length(one))?;
    let matching = all().filter(|one| one.hosts == *host && one.path.matches(path));
    matching.max_by_key(|one| (one.path.path_type() == canary_policy::route::PathType::Exact, one.path.as_str().len()))
}
