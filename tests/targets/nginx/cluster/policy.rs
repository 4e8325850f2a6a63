//! The policy in force as a value: a selector decides with it what the controller decides.

use canary_policy::error::Diagnostic;
use canary_policy::targets::nginx::{CanaryInForce, Location, token};
use canary_policy::{Policy, Reason, Sample, Selector, Variant};

use crate::util::cluster_text::cluster;
use crate::util::{CANARY, STABLE};

/// The location `a.test/`.
#[track_caller]
fn root(lines: &[&str]) -> Location {
    let hosts = cluster(lines).virtual_hosts().unwrap();
    let host = hosts.into_iter().find(|host| host.host == "a.test").unwrap();
    host.locations.into_iter().find(|location| location.path == "/").unwrap()
}

#[track_caller]
fn in_force(lines: &[&str]) -> CanaryInForce {
    root(lines).canary.expect("a canary")
}

#[test]
fn the_policy_is_that_of_the_ingress_that_created_the_upstream() {
    let policy = |canary: &CanaryInForce| canary.policy.clone().unwrap();
    let canary = in_force(&["web 1; a.test/ > web:80", "next 2; a.test/ > next:80; canary 30"]);
    assert_eq!((policy(&canary), canary.ingress.unwrap().as_str()), (Policy::percent(30).unwrap(), "s/next"));

    // An ordinary Ingress created the upstream, so that no rule ever sends a request.
    let lines = ["web 1; a.test/ > web:80; b.test/ > next:80", "next 2; a.test/ > next:80; canary 30"];
    let canary = in_force(&lines);
    assert_eq!((policy(&canary), canary.ingress.unwrap().as_str()), (Policy::percent(0).unwrap(), "s/web"));
}

/// Each row is the annotations of the canary Ingress, those of the stable one, the cookie of a request whose sample falls on
/// stable, and the decision. `CANARY` and `STABLE` stand for the tokens of the two upstreams.
#[test]
fn the_affinity_is_that_of_the_upstreams() {
    let tokens = |cookie: &str| {
        let [stable, next] = [token("s", "web", "80"), token("s", "next", "80")];
        cookie.replace("STABLE", &format!("x|{}", stable.as_str())).replace("CANARY", &format!("x|{}", next.as_str()))
    };
    let (affinity, weight) = (Reason::Affinity, Reason::Weight);
    for (stable, canary, cookie, decision) in [
        ("affinity=cookie", "", "INGRESSCOOKIE=CANARY", (CANARY, affinity)),
        ("affinity=cookie", "", "INGRESSCOOKIE=STABLE", (STABLE, affinity)),
        ("affinity=cookie; session-cookie-name=r", "", "r=CANARY", (CANARY, affinity)),
        ("affinity=cookie; session-cookie-name=r", "", "INGRESSCOOKIE=CANARY", (STABLE, weight)),
        ("", "affinity=cookie", "INGRESSCOOKIE=CANARY", (STABLE, weight)),
        ("affinity=cookie", "affinity-canary-behavior=legacy", "INGRESSCOOKIE=CANARY", (STABLE, weight)),
        ("affinity=cookie", "affinity-canary-behavior=legacy", "INGRESSCOOKIE=STABLE", (STABLE, affinity)),
        // The canary takes over the affinity of the Service that it is merged into last.
        ("affinity=cookie", "c.test/ > third:80", "INGRESSCOOKIE=CANARY", (STABLE, weight)),
    ] {
        let web = format!("web 1; a.test/ > web:80; {stable}");
        let next = format!("next 2; a.test/ > next:80; {}; canary 30", canary.replace("third", "next"));
        let canary = in_force(&[&web, "other 1; c.test/ > third:80", &next]);
        let selector = Selector::with_tokens(&canary.policy.unwrap(), |variant| match variant {
            Variant::Stable => token("s", "web", "80"),
            Variant::Canary(_) => token("s", "next", "80"),
        });
        let found = selector.select(&[("Cookie", tokens(cookie))], Sample::MAX);
        assert_eq!((found.variant, found.reason), decision, "{stable} {next} {cookie}");
    }
}

#[test]
fn a_policy_that_cannot_be_held_is_an_error_and_its_text_stays() {
    let next = "next 2; a.test/ > next:80; canary 30; canary-by-header=x; canary-by-header-pattern=a++";
    let canary = in_force(&["web 1; a.test/ > web:80", next]);
    assert_eq!(canary.policy.unwrap_err().field().as_deref(), Some("canary-by-header-pattern"));
    assert_eq!((canary.config.header_pattern.as_str(), canary.config.weight), ("a++", 30));
}
