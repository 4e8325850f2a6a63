//! A comparison finds the only Cookie line that two policies decide differently, if the selector reads it so.

use canary_policy::compare::{self, Comparison};
use canary_policy::{Policy, Sample, Selector};

use crate::util::policy;

type Lines = Vec<(&'static str, Vec<u8>)>;

/// Of the lines with several unusual parts, one of so many is tried. The number has no divisor in common with the numbers of parts.
const STEP: usize = 17;

/// Lines that differ in how their first or last cookie `c` is read: separators and spaces around names and values, other names, a
/// `=` that is missing or comes twice, and tokens of several fields.
fn lines() -> Vec<String> {
    let starts = ["", "d; ", "d=v; ", "d,", "dc=v;", "c; ", "c=d; ", "cd=v; ", "C=d; ", " ,; ", "=; "];
    let cookies = [
        "c=v", "C=v", "c =v", "c = v", "cc=v", "c", "c,=v", "c =v ", "c c=v", "c=|v", "c=d|v", "c=||v", "c=|||v",
        "c=d||v|d", "c=|d|v", "c=v|d", "c=d|", "c=d|vv", "c=v=v", "c==v", "=v", "c=dv",
    ];
    let ends = ["", ";", "; d=d", ", d", " d", "; c=d", "; c=v"];
    let (mut all, mut combined) = (Vec::new(), Vec::new());
    for (start, cookie, end) in starts
        .iter()
        .flat_map(|start| cookies.iter().flat_map(move |cookie| ends.map(move |end| (*start, *cookie, end))))
    {
        let line = format!("{start}{cookie}{end}").trim().to_owned();
        let usual = [start.is_empty(), cookie == "c=v", end.is_empty()].into_iter().filter(|usual| *usual).count();
        if usual >= 2 { &mut all } else { &mut combined }.push(line);
    }
    all.extend(combined.into_iter().step_by(STEP));
    all
}

/// A pattern that every text but this one has.
fn other_than(line: &str) -> String {
    let length = line.len();
    let shorter = if length > 1 { format!("^.{{0,{}}}$", length - 1) } else { "^$".to_owned() };
    let differ = line.chars().enumerate().map(|(at, letter)| format!("^{}[^{letter}]", ".".repeat(at)));
    [shorter, format!("^.{{{},}}", length + 1)].into_iter().chain(differ).collect::<Vec<_>>().join("|")
}

/// All header lines that are this line if they are joined, the one line first. No line has a space at an end.
fn divided(line: &str) -> Vec<Lines> {
    let places: Vec<usize> = line.match_indices("; ").map(|(at, _)| at).collect();
    let divided = (0..1_u32 << places.len()).map(|chosen| {
        let (mut lines, mut from) = (Lines::new(), 0);
        for (_, place) in places.iter().enumerate().filter(|(bit, _)| chosen >> bit & 1 == 1) {
            lines.push(("cookie", line[from..*place].into()));
            from = place + 2;
        }
        lines.push(("cookie", line[from..].into()));
        lines
    });
    let is_line = |line: &[u8]| line.first() != Some(&b' ') && line.last() != Some(&b' ');
    divided.filter(|lines| lines.iter().all(|(_, line)| is_line(line))).collect()
}

/// Compares two policies that decide every other line alike, and returns whether they decide this one differently.
fn check(line: &str, before: &Policy, after: &Policy) -> bool {
    let [selector, other] = [before, after].map(Selector::new);
    let differ = |lines: &Lines| selector.select(lines, Sample::MIN).reason != other.select(lines, Sample::MIN).reason;
    let differing: Vec<Lines> = divided(line).into_iter().filter(differ).collect();
    match compare::policies(before, after) {
        Comparison::Same => assert!(differing.is_empty(), "`{line}`: the selectors differ with {differing:?}"),
        Comparison::Differs(difference) => {
            let found: Vec<&[u8]> = difference.request.lines.iter().map(|line| line.value.as_slice()).collect();
            let fewest = differing.iter().map(Vec::len).min();
            let is_found = |lines: &Lines| lines.iter().map(|(_, line)| line.as_slice()).eq(found.iter().copied());
            assert!(fewest == Some(found.len()) && differing.iter().any(is_found), "`{line}`: {difference}");
            assert!(difference.is_smallest, "`{line}`: {difference}");
        }
        comparison => panic!("`{line}`, for which the selectors differ with {differing:?}: {comparison}"),
    }
    !differing.is_empty()
}

/// Checks some of the lines, with this value in place of `v`.
fn check_all(value: &str, before: &str, after: &str) {
    let lines: Vec<String> = lines();
    let mut found = 0;
    for line in &lines {
        let line = &line.replace('v', value);
        let pattern = other_than(line);
        let [before, after] = [before, after].map(|text| policy(&text.replace("PATTERN", &pattern)));
        found += usize::from(check(line, &before, &after));
    }
    println!("{found} of {} lines are read as the cookie", lines.len());
    assert!(found * 10 > lines.len() && found < lines.len(), "{found} of {} lines", lines.len());
}

#[test]
fn the_cookie_of_a_rule() {
    check_all(
        "v",
        "canaries: [{ name: a, header: { name: cookie, pattern: 'PATTERN' } }, { name: b, cookie: { name: c, value: v } }]",
        "canaries: [{ name: a, header: { name: cookie, pattern: 'PATTERN' } }, { name: b }]",
    );
}

/// Stable alone is pinned, and gets requests by the cookie only.
#[test]
fn the_affinity_cookie() {
    let canary = "{ name: a, weight: 100, header: { name: cookie, pattern: 'PATTERN' } }";
    let canaries = format!("canaries: [{canary}]");
    check_all(
        "stable",
        &format!("{{ {canaries}, affinity: {{ cookie: {{ name: c, pins: stable, precedence: afterRules }} }} }}"),
        &format!("{{ {canaries} }}"),
    );
}
