//! Laws that hold for every cluster.

use canary_policy::targets::nginx::{Cluster, VirtualHost};
use proptest::prelude::*;
use proptest::sample::select;

use crate::util::cases;
use crate::util::cluster_text::{cluster, ingress};

const PLACES: [&str; 8] = ["a.test/", "a.test/", "a.test/x", "b.test/", "b.test/x", "/", "*.test/", "A.test/"];

/// A part of an Ingress: a path, a default backend or annotations.
fn part() -> impl Strategy<Value = String> {
    let path = (select(PLACES.as_slice()), select([">", ">", ">", "=", "~"].as_slice()), service());
    prop_oneof![
        6 => path.prop_map(|(place, kind, service)| format!("{place} {kind} {service}")),
        1 => service().prop_map(|service| format!("default > {service}")),
        1 => select(["affinity=cookie", "affinity-canary-behavior=legacy", "canary-by-header=x", "server-alias=z.test", "default-backend=d"].as_slice()).prop_map(str::to_owned),
    ]
}

fn service() -> impl Strategy<Value = &'static str> {
    select(["web:80", "web:http", "next:80", "next:80", "third:80", "d:80", "gone:80"].as_slice())
}

/// The lines of a cluster: a few Ingresses, of which half are canaries.
pub fn lines() -> impl Strategy<Value = Vec<String>> {
    let parts = prop::collection::vec(part(), 1..4).prop_map(|parts| parts.join("; "));
    let namespace = prop_oneof![4 => Just("s"), 1 => Just("t")];
    let one = (namespace, 0..4_u8, prop_oneof![Just(""), Just("; canary 30"), Just("; canary 70")], parts);
    prop::collection::vec(one, 1..7).prop_map(|all| {
        let lines = all.into_iter().enumerate();
        let line =
            |(index, (namespace, second, canary, parts))| format!("{namespace}/i{index} {second}; {parts}{canary}");
        lines.map(line).collect()
    })
}

/// The cluster of lines.
pub fn of_lines(lines: &[String]) -> Cluster {
    cluster(&lines.iter().map(String::as_str).collect::<Vec<_>>())
}

proptest! {
    #![proptest_config(cases(2_000))]

    /// The order in which Ingresses are added does not matter: their age and their names decide.
    #[test]
    fn the_order_of_the_input_does_not_matter(lines in lines(), seed in any::<prop::sample::Index>()) {
        let mut shuffled = lines.clone();
        shuffled.rotate_left(seed.index(lines.len()));
        shuffled.reverse();
        prop_assert_eq!(of_lines(&lines).configuration(), of_lines(&shuffled).configuration());
        prop_assert_eq!(of_lines(&lines).processed(), of_lines(&shuffled).processed());
    }

    /// A host and Services that no other Ingress names change nothing for the others, if the cluster has an ordinary Ingress
    /// already: without one, no canary is merged.
    #[test]
    fn an_unrelated_host_changes_nothing(lines in lines(), second in 0..4_u8) {
        let ordinary = of_lines(&lines).processed().iter().any(|ingress| !ingress.canary);
        prop_assume!(ordinary);
        let is_related = |host: &VirtualHost| host.host != "other.test";
        let before = of_lines(&lines).virtual_hosts();
        let unrelated = [
            format!("other {second}; other.test/ > other:80"),
            format!("other-canary {second}; other.test/ > other-next:80; canary 50"),
        ];
        let after = of_lines(&lines).with_ingresses(unrelated.iter().map(|line| ingress(line))).virtual_hosts();
        let after = after.map(|hosts| hosts.into_iter().filter(is_related).collect::<Vec<_>>());
        prop_assert_eq!(before, after);
    }

    /// A canary in force exists, is no stable upstream of its own location, and is the first alternative; a dangling name is gone.
    #[test]
    fn a_canary_in_force_is_an_upstream(lines in lines()) {
        let configuration = of_lines(&lines).configuration().unwrap();
        let upstream = |name: &str| configuration.upstreams.iter().find(|upstream| upstream.name == name);
        for location in configuration.virtual_hosts.iter().flat_map(|host| &host.locations) {
            prop_assert_eq!(location.stable_exists, upstream(&location.stable).is_some());
            let first = upstream(&location.stable).and_then(|stable| stable.alternatives.first());
            match (&location.canary, &location.dangling) {
                (Some(canary), None) => {
                    prop_assert_eq!(first, Some(&canary.upstream));
                    prop_assert_ne!(&canary.upstream, &location.stable);
                    prop_assert!(upstream(&canary.upstream).is_some_and(|known| known.config == canary.config));
                }
                (None, Some(name)) => prop_assert!(first == Some(name) && upstream(name).is_none()),
                (None, None) => prop_assert_eq!(first, None),
                (Some(_), Some(_)) => prop_assert!(false, "both"),
            }
        }
    }
}
