//! Searches for the pattern and the value for which a selector needs the most time for each byte. Run it with
//! `cargo bench --bench patterns`, or for N seconds with `cargo bench --bench patterns -- N` (default 30).
//!
//! Each pattern costs at most `Pattern::MAX_COST`, and most of them cost almost as much. `Pattern::MAX_COST` states the
//! result.
#![allow(missing_docs, clippy::unwrap_used, clippy::disallowed_types, clippy::disallowed_methods)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use canary_policy::simulate::Samples;
use canary_policy::{Canary, HeaderRule, Match, Pattern, Policy, Sample, Selector, Total};

/// Large enough that what a thread learns about a pattern does not fit into its memory.
const VALUE: usize = 8 << 10;

fn main() {
    let seconds = std::env::args().find_map(|arg| arg.parse().ok()).unwrap_or(30);
    let (start, mut chance) = (Instant::now(), Chance(Samples::new(2026)));
    let (mut patterns, mut worst): (u32, Vec<(Duration, Pattern)>) = (0, Vec::new());
    while start.elapsed() < Duration::from_secs(seconds) {
        let Ok(pattern) = Pattern::new(&chance.pattern()) else { continue };
        if pattern.cost() < Pattern::MAX_COST / 2 {
            continue;
        }
        patterns += 1;
        let time = longest(&pattern, 1, &mut chance);
        let at = worst.partition_point(|(longer, _)| *longer > time);
        worst.insert(at, (time, pattern));
        worst.truncate(20);
    }
    println!("{patterns} patterns; time for 1 KB of a value, cost and pattern of the worst:");
    // A short time is not due to chance, and a long one may be.
    let again = worst.into_iter().map(|(_, pattern)| (longest(&pattern, 5, &mut chance), pattern));
    let mut again: Vec<(Duration, Pattern)> = again.collect();
    again.sort_by_key(|(time, _)| std::cmp::Reverse(*time));
    for (time, pattern) in again.iter().take(8) {
        println!("{:>9.2?} {:>4}  {}", *time / 8, pattern.cost(), pattern.as_str());
    }
}

/// The longest time for one of several values: the shortest of this many attempts, each by a new selector.
fn longest(pattern: &Pattern, attempts: usize, chance: &mut Chance) -> Duration {
    let rule = HeaderRule::new("x", Match::Pattern(pattern.clone())).unwrap();
    let policy = Policy::new([Canary::default().with_header(rule)], Total::default()).unwrap();
    let alphabets = ["a", "ab", "aab", "abx", "abcdefghijkl", "a b.", "aaaaaaaaab"];
    let times = alphabets.map(|letters| {
        let value: String = (0..VALUE).map(|_| chance.letter(letters)).collect();
        let attempt = |_| {
            let selector = Selector::new(&policy);
            let start = Instant::now();
            let _ = black_box(selector.select(&[("x", value.as_str())], Sample::MAX));
            start.elapsed()
        };
        (0..attempts).map(attempt).min().unwrap()
    });
    times.into_iter().max().unwrap()
}

/// Choices that are the same in every run.
struct Chance(Samples);

impl Chance {
    fn below(&mut self, total: u32) -> usize {
        self.0.next().unwrap().point(total).try_into().unwrap()
    }

    fn one<'a, const N: usize>(&mut self, choices: [&'a str; N]) -> &'a str {
        choices.get(self.below(N.try_into().unwrap())).unwrap()
    }

    fn letter(&mut self, letters: &str) -> char {
        letters.chars().nth(self.below(letters.len().try_into().unwrap())).unwrap()
    }

    fn pattern(&mut self) -> String {
        let start = self.one(["", "", "^"]);
        let end = self.one(["", "!"]);
        format!("{start}{}{end}", self.part(5))
    }

    fn part(&mut self, depth: u32) -> String {
        let choice = if depth == 0 { 0 } else { self.below(7) };
        let mut part = || self.part(depth - 1);
        match choice {
            0 => {
                self.one(["a", "b", "[ab]", ".", "[a-c]", "[^b]", r"\w", "(?i:a)", "[acegikmoqsuwy]", r"\b"]).to_owned()
            }
            1 | 2 => format!("{}{}", part(), part()),
            3 => format!("(?:{}|{})", part(), part()),
            4 => format!("(?:{}){}", part(), self.one(["{0,5}", "{20}", "{1,50}", "{100}", "{0,200}", "{400}"])),
            5 => format!("(?:{}){}", part(), self.one(["*", "+", "?"])),
            _ => format!("({})", part()),
        }
    }
}
