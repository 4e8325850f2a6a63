//! The time and the memory that each step of a migration takes. Run it with `cargo bench --bench cluster`.
//!
//! The arguments are the name of a shape and a size: then the steps run once, for `benches/cluster/run`, which counts their
//! instructions. The argument `list` prints the names.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::disallowed_types,
    clippy::as_conversions,
    clippy::cast_precision_loss
)]

mod shapes;

use std::hint::black_box;
use std::time::Instant;

use canary_policy::migrate::{self, Answer};
use canary_policy::route::{Parent, VirtualHost};
use canary_policy::targets::gateway::{self, HttpRoute, RouteParams};
use canary_policy::targets::nginx::{Cluster, Flags, Ingress, Manifest, Service, ServiceManifest, hosts, lint};
use serde_json::Value;
use shapes::{SHAPES, Shape};

const PAIRS: usize = 10_000;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => table(),
        [name, size] => {
            let shape = SHAPES.iter().find(|shape| shape.name == *name).unwrap();
            let text = (shape.yaml)(size.parse().unwrap());
            all_steps(&text, &mut |_, _| {});
        }
        _ => SHAPES.iter().for_each(|Shape { name, meaning, .. }| println!("{name:<16} {meaning}")),
    }
}

/// Prints a line for each step.
fn table() {
    let text = (SHAPES.first().unwrap().yaml)(PAIRS);
    let objects = text.split("---\n").count();
    println!(
        "{PAIRS} pairs of Ingresses on {} hosts, {objects} objects, {} MB of YAML",
        PAIRS / 5,
        text.len() / 1_000_000
    );
    println!("step             ms   objects/s   of parsing   peak MB");
    let (mut parsing, mut others) = (0.0, 0.0);
    let mut print = |step: &str, seconds: f64| {
        if step == "parse" {
            parsing = seconds;
        } else {
            others += seconds;
        }
        let (rate, share) = (objects as f64 / seconds, seconds / parsing);
        println!("{step:<12} {:>6.0} {rate:>11.0} {share:>12.2} {:>9}", seconds * 1e3, peak_memory());
        reset_peak();
    };
    all_steps(&text, &mut print);
    println!("all but parsing{:>28.2}", others / parsing);
}

/// Reads, lints, converts and verifies a cluster, and reports the seconds of each step.
fn all_steps(text: &str, report: &mut dyn FnMut(&str, f64)) {
    let clock = Instant::now();
    let mut start = seconds(clock);
    // A few documents at a time, as a program reads them, so that no step is slowed down by the values of all.
    let documents: Vec<&str> = text.split("---\n").collect();
    let (mut objects, mut parsing) = (Objects::default(), 0.0);
    for documents in documents.chunks(100) {
        let before = seconds(clock);
        let values: Vec<Value> = documents.iter().map(|text| serde_saphyr::from_str(text).unwrap()).collect();
        parsing += seconds(clock) - before;
        for value in values {
            objects.add(value);
        }
    }
    report("parse", parsing);
    start += parsing;
    let mut end = |step: &str| {
        report(step, seconds(clock) - start);
        start = seconds(clock);
    };
    let Objects { ingresses, services } = objects;
    let cluster = Cluster::new(Flags::default()).with_ingresses(ingresses).with_services(services);
    let readings = hosts(&cluster).unwrap();
    end("read, pair");
    black_box(lint(&cluster));
    end("lint");
    let gateways: [Parent; 1] = ["infra/public".parse().unwrap()];
    let before: Vec<VirtualHost> = readings
        .into_iter()
        .filter_map(|reading| reading.virtual_host)
        .map(|host| host.with_parents(gateways.iter().cloned()).unwrap())
        .collect();
    let routes: Vec<HttpRoute> = before
        .iter()
        .flat_map(|host| gateway::http_routes_of_host(host, &RouteParams::default()).unwrap().output)
        .collect();
    end("convert");
    let after = gateway::read_hosts(&routes, &[]).unwrap();
    let verification = migrate::verify(&before, &after);
    assert_eq!(verification.answer(), &Answer::Same, "the routes answer as the Ingresses do");
    end("verify");
}

/// The objects of a cluster.
#[derive(Default)]
struct Objects {
    ingresses: Vec<Ingress>,
    services: Vec<Service>,
}

impl Objects {
    fn add(&mut self, value: Value) {
        if value.get("kind").and_then(Value::as_str) == Some("Service") {
            let service: ServiceManifest = serde_json::from_value(value).unwrap();
            self.services.push(service.into());
        } else {
            self.ingresses.push(serde_json::from_value::<Manifest>(value).unwrap().into());
        }
    }
}

/// The time that the program has run on a processor, where Linux says it, so that other programs do not count. Elsewhere it is
/// the time of the clock.
fn seconds(clock: Instant) -> f64 {
    let text = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    let nanoseconds = text.split(' ').next().and_then(|first| first.parse::<u64>().ok());
    nanoseconds.map_or_else(|| clock.elapsed().as_secs_f64(), |nanoseconds| nanoseconds as f64 / 1e9)
}

/// The largest memory of the process since the last reset, in megabytes, where Linux says it.
fn peak_memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB")).and_then(|text| text.parse::<u64>().ok());
    kilobytes.map_or_else(|| "?".to_owned(), |kilobytes| (kilobytes / 1000).to_string())
}

fn reset_peak() {
    // Where this fails, the peak is that of all steps so far.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}
