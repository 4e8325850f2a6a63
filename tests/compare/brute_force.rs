//! Every pair of policies of a grammar, against every request up to a length.

use std::collections::BTreeMap;

use canary_policy::compare::{self, Comparison, Difference};
use canary_policy::{Policy, Sample, Selector};

use crate::util::{orders, policy};

/// Header lines with any bytes.
type Lines = Vec<(&'static str, Vec<u8>)>;

/// The bytes of the lines as `NAME: VALUE`.
fn size(lines: &Lines) -> usize {
    lines.iter().map(|(name, value)| name.len() + 2 + value.len()).sum()
}

/// All texts of at most this length over these bytes, without spaces or tabs at their ends, shorter ones first.
fn texts(alphabet: &[u8], length: usize) -> Vec<Vec<u8>> {
    let mut all: Vec<Vec<u8>> = vec![Vec::new()];
    let mut from = 0;
    for _ in 0..length {
        let to = all.len();
        for place in from..to {
            for byte in alphabet {
                let longer = [all[place].as_slice(), &[*byte]].concat();
                all.push(longer);
            }
        }
        from = to;
    }
    all.retain(|text| is_line(text));
    all
}

fn is_line(text: &[u8]) -> bool {
    let is_blank = |byte: Option<&u8>| matches!(byte, Some(b' ' | b'\t'));
    !is_blank(text.first()) && !is_blank(text.last())
}

/// All concatenations of at most this many of these pieces.
fn pieces(pieces: &[&str], count: usize) -> Vec<Vec<u8>> {
    let mut all = vec![Vec::new()];
    let mut last = all.clone();
    for _ in 0..count {
        let longer = |text: &Vec<u8>| {
            pieces.iter().map(|piece| [text.as_slice(), piece.as_bytes()].concat()).collect::<Vec<_>>()
        };
        last = last.iter().flat_map(longer).collect();
        all.extend(last.iter().filter(|text| is_line(text)).cloned());
    }
    all
}

/// The decision of each policy for each request and sample, as a number. Two decisions have the same number if the names, the
/// reasons and the cookies are the same.
struct Decisions<'r> {
    requests: &'r [Lines],
    numbers: Vec<Vec<usize>>,
}

const SAMPLES: [u64; 3] = [0, 1 << 62, 1 << 63];

impl<'r> Decisions<'r> {
    fn new(policies: &[Policy], requests: &'r [Lines]) -> Self {
        let mut known = BTreeMap::new();
        let mut numbers = Vec::new();
        for policy in policies {
            let selector = Selector::new(policy);
            let mut of_policy = Vec::with_capacity(requests.len() * SAMPLES.len());
            for request in requests {
                for bits in SAMPLES {
                    let decision = selector.select(request, Sample::from_bits(bits));
                    let name = selector.name(decision.variant).unwrap().to_owned();
                    let new = known.len();
                    of_policy.push(*known.entry((name, decision.reason, decision.set_cookie)).or_insert(new));
                }
            }
            numbers.push(of_policy);
        }
        Decisions { requests, numbers }
    }

    /// The smallest request that two policies decide differently.
    fn smallest(&self, a: usize, b: usize) -> Option<(usize, &Lines)> {
        let differs = self.numbers[a].iter().zip(&self.numbers[b]).enumerate().filter(|(_, (a, b))| a != b);
        let requests = differs.map(|(place, _)| &self.requests[place / SAMPLES.len()]);
        requests.map(|request| (size(request), request)).min_by_key(|(size, _)| *size)
    }
}

/// Replays a difference on both selectors.
#[track_caller]
pub(super) fn replay(a: &Policy, b: &Policy, difference: &Difference) {
    let request = &difference.request;
    let (before, after) = (Selector::new(a), Selector::new(b));
    assert_eq!(before.select(request, request.sample), difference.before.decision);
    assert_eq!(after.select(request, request.sample), difference.after.decision);
    assert_eq!(before.name(difference.before.decision.variant), Some(difference.before.name.as_str()));
    assert_eq!(after.name(difference.after.decision.variant), Some(difference.after.name.as_str()));
    assert!(!difference.before.is_same(&difference.after), "{difference}");
    for line in &request.lines {
        assert!(is_line(&line.value) && http::HeaderValue::from_bytes(&line.value).is_ok(), "{difference}");
    }
}

/// Compares all pairs. `complete` is the size up to which the requests are complete. Returns how many pairs are the same, and how
/// many differ by a request that is so small that it is proven to be the smallest.
fn compare_all(policies: &[Policy], requests: &[Lines], complete: usize) -> (usize, usize) {
    let decisions = Decisions::new(policies, requests);
    let (mut same, mut smallest) = (0, 0);
    for (place_a, a) in policies.iter().enumerate() {
        for (place_b, b) in policies.iter().enumerate() {
            let brute = decisions.smallest(place_a, place_b);
            let pair = || format!("{} and {}", serde_json::to_string(a).unwrap(), serde_json::to_string(b).unwrap());
            match compare::policies(a, b) {
                Comparison::Same => {
                    assert_eq!(brute, None, "{}", pair());
                    same += 1;
                }
                Comparison::Differs(difference) => {
                    replay(a, b, &difference);
                    assert!(difference.is_smallest, "{}", pair());
                    let size = difference.request.size();
                    if let Some((brute, request)) = brute {
                        assert!(size <= brute, "{size} > {brute}: {request:?} {difference} {}", pair());
                    }
                    if size <= complete {
                        assert_eq!(brute.map(|(size, _)| size), Some(size), "{difference} {}", pair());
                        smallest += 1;
                    }
                }
                other => panic!("{other} {}", pair()),
            }
        }
    }
    (same, smallest)
}

/// One of each of these parts, in all combinations, with commas between them.
fn combined(parts: &[&[&str]]) -> Vec<String> {
    let mut all = vec![String::new()];
    for options in parts {
        all = all.iter().flat_map(|text| options.iter().map(move |option| format!("{text}{option}"))).collect();
    }
    all
}

/// Policies with up to two canaries and header rules.
#[test]
fn header_rules() {
    let rules = [
        "",
        ", header: { name: x, value: a }",
        ", header: { name: x, value: 'a, b' }",
        ", header: { name: x, pattern: a }",
        ", header: { name: x, pattern: '^(a|b)$' }",
        ", header: { name: x, pattern: '^a+$' }",
        ", header: { name: x, pattern: ', $' }",
        ", header: { name: x, pattern: '[^ab]b$' }",
        ", header: { name: x }",
        ", header: { name: y, value: a }",
        ", header: { name: y, pattern: '\\bb' }",
        ", header: { name: y, value: '' }",
    ];
    let texts_of_x = texts(b"ab ,", 4);
    let texts_of_y = texts(b"ab ,", 3);
    let mut requests: Vec<Lines> = vec![Vec::new()];
    requests.extend(texts_of_x.iter().map(|x| vec![("x", x.clone())]));
    requests.extend(texts_of_y.iter().map(|y| vec![("y", y.clone())]));
    requests.extend(["always", "never"].map(|x| vec![("x", x.into())]));
    let short = |texts: &[Vec<u8>]| texts.iter().filter(|text| text.len() <= 2).cloned().collect::<Vec<_>>();
    for one in short(&texts_of_x) {
        for other in short(&texts_of_x) {
            requests.push(vec![("x", one.clone()), ("x", other.clone())]);
            requests.push(vec![("x", one.clone()), ("y", other.clone())]);
            requests.push(vec![("y", one.clone()), ("y", other.clone())]);
        }
    }
    let canaries = combined(&[&["[{ name: p, weight: 0"], &rules, &[" }, { name: q, weight: 0"], &rules, &[" }]"]]);
    let policies: Vec<Policy> = canaries.iter().map(|canaries| policy(&format!("canaries: {canaries}"))).collect();
    let (same, smallest) = compare_all(&policies, &requests, 6);
    assert_eq!(policies.len(), 144);
    assert!(same > policies.len() && smallest > 10_000, "{same} {smallest}");
}

/// Policies with cookie rules, affinity cookies and rules on the whole header, whose names differ in letter case only.
#[test]
fn cookies() {
    let rules = [
        "",
        ", cookie: { name: c, value: a }",
        ", cookie: { name: C, value: '' }",
        ", cookie: { name: c, pattern: '^a' }",
        ", cookie: { name: c, value: 'a,d=a' }",
        ", cookie: { name: d, value: a }",
        ", cookie: { name: d, pattern: ' $' }",
        ", header: { name: cookie, value: 'c=a' }",
        ", header: { name: cookie, pattern: '; ' }",
        ", header: { name: cookie, pattern: 'd=a$' }, cookie: { name: c, value: a }",
    ];
    let affinities = [
        "",
        ", affinity: { cookie: { name: c } }",
        ", affinity: { cookie: { name: C, precedence: afterRules } }",
        ", affinity: { cookie: { name: c, precedence: afterRules, pins: stable } }",
        ", affinity: { cookie: { name: d, revision: r } }",
    ];
    let mut values = texts(b"acCd=; ,|", 4);
    values.extend(pieces(&["c=a", "C=a", "d=a", "c=", "d", "; ", ";", ",", " ", "|", "c=stable", "d=r.a"], 4));
    values.extend(["c=r.stable", "d=r.stable", "d=r.c", "C=stable", "c=c; d=c"].map(Into::into));
    let short = |value: &&Vec<u8>| value.len() <= 2 || value.as_slice() == b"c=a" || value.as_slice() == b"d=a";
    let few: Vec<Vec<u8>> = values.iter().filter(short).cloned().collect();
    let mut requests: Vec<Lines> = vec![Vec::new()];
    requests.extend(values.into_iter().map(|value| vec![("cookie", value)]));
    for one in &few {
        requests.extend(few.iter().map(|other| vec![("cookie", one.clone()), ("cookie", other.clone())]));
    }
    let specs = combined(&[
        &["{ total: 2, canaries: [{ name: a, weight: 1"],
        &rules,
        &[" }, { name: c, weight: 0"],
        &rules,
        &[" }]"],
        &affinities,
        &[" }"],
    ]);
    assert_eq!(specs.len(), 500);
    // A number that has no divisor in common with the numbers of options.
    let policies: Vec<Policy> = specs.iter().step_by(9).map(|spec| policy(spec)).collect();
    let (same, smallest) = compare_all(&policies, &requests, 8 + 4);
    assert!(same > policies.len() && smallest > 3000, "{same} {smallest}");
}

/// Affinity keys, with rules on the header or cookie that has the key.
#[test]
fn keys() {
    let rules = [
        "",
        ", header: { name: x, pattern: '^[a-y]' }",
        ", header: { name: x, pattern: '^.?$' }, cookie: { name: c, value: a }",
        ", cookie: { name: C, pattern: '.' }",
    ];
    let affinities = [
        "",
        ", affinity: { key: { header: x } }",
        ", affinity: { key: { header: x, salt: s } }",
        ", affinity: { key: { cookie: c } }",
        ", affinity: { key: { cookie: C, salt: s } }",
        ", affinity: { key: { header: cookie, salt: s } }",
        ", affinity: { cookie: { name: c } }",
    ];
    let specs = combined(&[
        &["{ total: 4, canaries: [{ name: canary, weight: "],
        &["0", "1", "2", "4"],
        &rules,
        &[" }]"],
        &affinities,
        &[" }"],
    ]);
    // A number that has no divisor in common with the numbers of options.
    let policies: Vec<Policy> = specs.iter().step_by(3).map(|spec| policy(spec)).collect();
    let bytes: Vec<u8> = (b' '..=b'~').chain(b'\t'..=b'\t').chain(0x80..=0xff).collect();
    let mut values: Vec<Vec<u8>> = texts(&bytes, 1);
    values.extend(texts(b"abxyz", 2).into_iter().filter(|value| value.len() == 2));
    let mut requests: Vec<Lines> = vec![Vec::new()];
    requests.extend(values.iter().map(|value| vec![("x", value.clone())]));
    requests.extend(values.iter().map(|value| vec![("cookie", value.clone())]));
    requests.extend(values.iter().map(|value| vec![("cookie", [b"c=", value.as_slice()].concat())]));
    requests.retain(|lines| lines.iter().all(|(_, value)| is_line(value)));
    requests.extend(["c=stable", "c=canary"].map(|value| vec![("cookie", value.into())]));
    // A cookie line of two bytes has no `=` and a value; one of three bytes has at most one.
    let (same, smallest) = compare_all(&policies, &requests, 4);
    assert!(same > policies.len() && smallest > 500, "{same} {smallest}");
}

/// Every order of six rules on different names, in which only requests with two names can differ.
#[test]
fn orders_of_rules() {
    let rules = [
        ("h", "header: { name: x-b, value: aaa }", ("x-b", "aaa")),
        ("i", "header: { name: y, value: aaaaaaaa }", ("y", "aaaaaaaa")),
        ("j", "header: { name: z, pattern: a }", ("z", "a")),
        ("k", "cookie: { name: c, value: aaaaa }", ("cookie", "c=aaaaa")),
        ("l", "cookie: { name: dd, pattern: b }", ("cookie", "dd=b")),
        ("m", "cookie: { name: e, value: '' }", ("cookie", "e=")),
    ];
    let mut requests: Vec<Lines> = Vec::new();
    for present in 0..1_u32 << rules.len() {
        let lines = rules.iter().enumerate().filter(|(place, _)| present >> place & 1 == 1).map(|(_, rule)| rule.2);
        let mut request: Lines = Vec::new();
        for (name, value) in lines {
            match request.last_mut().filter(|(last, _)| *last == "cookie" && name == "cookie") {
                Some((_, cookies)) => cookies.extend([b"; ", value.as_bytes()].concat()),
                None => request.push((name, value.into())),
            }
        }
        requests.push(request);
    }
    let orders = orders(rules.len());
    let canary = |place: &usize| format!("{{ name: {}, {} }}", rules[*place].0, rules[*place].1);
    let policies: Vec<Policy> = orders
        .iter()
        .step_by(11)
        .map(|order| policy(&format!("canaries: [{}]", order.iter().map(canary).collect::<Vec<_>>().join(", "))))
        .collect();
    let (same, smallest) = compare_all(&policies, &requests, usize::MAX);
    assert!(same >= policies.len() && smallest > 2000, "{same} {smallest}");
}

/// Every order of five rules, some of which are on the same name or decide alike, so that the smallest two names may not go
/// together.
#[test]
fn orders_of_rules_that_decide_alike() {
    let rules = [
        ("h", "header: { name: xxx }"),
        ("i", "header: { name: y }"),
        ("j", "header: { name: y, value: aaa }"),
        ("k", "header: { name: z, value: a }"),
        ("l", "header: { name: z, value: bbbbbbbbbb }"),
    ];
    let values: [(&str, &[&str]); 3] =
        [("xxx", &["always", "never"]), ("y", &["always", "never", "aaa"]), ("z", &["a", "bbbbbbbbbb"])];
    let mut requests: Vec<Lines> = vec![Vec::new()];
    for (name, values) in values {
        let with = |request: &Lines| {
            let line = |value: &&str| [request.clone(), vec![(name, value.as_bytes().to_vec())]].concat();
            values.iter().map(line).collect::<Vec<Lines>>()
        };
        let longer: Vec<Lines> = requests.iter().flat_map(with).collect();
        requests.extend(longer);
    }
    let canary = |place: &usize| format!("{{ name: {}, {} }}", rules[*place].0, rules[*place].1);
    let policies: Vec<Policy> = orders(rules.len())
        .iter()
        .map(|order| policy(&format!("canaries: [{}]", order.iter().map(canary).collect::<Vec<_>>().join(", "))))
        .collect();
    let (same, smallest) = compare_all(&policies, &requests, usize::MAX);
    assert!(same >= policies.len() && smallest > 5000, "{same} {smallest}");
}
