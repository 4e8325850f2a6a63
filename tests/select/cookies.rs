//! A cookie rule reads the cookie that nginx reads, for any bytes that a client sends.

use canary_policy::{Canary, CookieRule, Match, Policy, Reason, Sample, Selector, Total, Variant};
use proptest::prelude::*;

use crate::util::cases;

/// The cookie that `ngx_http_parse_multi_header_lines` of nginx 1.27.1 finds, translated byte by byte.
fn nginx(lines: &[Vec<u8>], name: &[u8]) -> Option<Vec<u8>> {
    for line in lines {
        let (mut start, end) = (0, line.len());
        while start < end {
            let found = line.get(start..start + name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name));
            if found {
                start += name.len();
                while start < end && line[start] == b' ' {
                    start += 1;
                }
                if start < end {
                    start += 1;
                    if line[start - 1] == b'=' {
                        while start < end && line[start] == b' ' {
                            start += 1;
                        }
                        let last = (start..end).find(|&at| line[at] == b';').unwrap_or(end);
                        return Some(line[start..last].to_vec());
                    }
                }
            }
            while start < end {
                start += 1;
                if matches!(line[start - 1], b';' | b',') {
                    break;
                }
            }
            while start < end && line[start] == b' ' {
                start += 1;
            }
        }
    }
    None
}

/// Cookie lines of pieces that matter to a reader of cookies, some of them long.
fn lines() -> impl Strategy<Value = Vec<Vec<u8>>> {
    const PIECES: &[&str] =
        &["ab", "aB", "a", "b", "=", "=", ";", "; ", ",", " ", "always", "never", "x", "0123456789abcdef; "];
    let line = proptest::collection::vec(proptest::sample::select(PIECES), 0..24);
    proptest::collection::vec(line.prop_map(|pieces| pieces.concat().into_bytes()), 1..3)
}

proptest! {
    #![proptest_config(cases(20_000))]

    /// A rule decides by the cookie that nginx finds.
    #[test]
    fn a_rule_reads_the_cookie_that_nginx_reads(lines in lines(), name in proptest::sample::select(vec!["ab", "a", "B"])) {
        let canary = Canary::new("canary", 0).unwrap().with_cookie(CookieRule::new(name, Match::AlwaysNever).unwrap());
        let selector = Selector::new(&Policy::new([canary], Total::default()).unwrap());
        let request: Vec<(&str, &[u8])> = lines.iter().map(|line| ("cookie", line.as_slice())).collect();

        let expected = match nginx(&lines, name.as_bytes()).as_deref() {
            Some(b"always") => (Variant::Canary(0), Reason::Cookie),
            Some(b"never") => (Variant::Stable, Reason::Cookie),
            _ => (Variant::Stable, Reason::Weight),
        };
        let decision = selector.select(&request, Sample::MIN);
        prop_assert_eq!((decision.variant, decision.reason), expected);
    }
}

/// Each row is a cookie's name, a line, and whether the cookie is `always`. A line is searched in blocks of 32 bytes, for places
/// where the first and the last byte of the name fit.
#[test]
fn a_cookie_is_found_anywhere_in_a_line() {
    let other = "session=0123456789abcdef0123456789abcdef; ";
    let rows = [
        ("cohort", "cohort=always".to_owned(), true),
        ("cohort", "comort=never; cohort=always".to_owned(), true),
        ("cohort", "comort=always".to_owned(), false),
        ("cohort", format!("cohort=always; {other}{other}"), true),
        ("cohort", format!("{other}cohort=always"), true),
        ("cohort", format!("{other}{other}cohort=always; {other}{other}"), true),
        ("cohort", format!("{other}{other}ct=always; {other}"), false),
        ("c", format!("c=always; {other}{other}"), true),
        ("c", format!("{other}{other}C=always"), true),
        // The bit of letter case makes `@` and a backquote equal to each other, and so are `c` and a control character.
        ("a`", "a@=always".to_owned(), false),
        ("a`", "a@=never; a`=always".to_owned(), true),
        ("cohort", "coh".to_owned(), false),
        ("cohort", String::new(), false),
    ];
    for (name, line, found) in rows {
        let canary = Canary::new("canary", 0).unwrap().with_cookie(CookieRule::new(name, Match::AlwaysNever).unwrap());
        let selector = Selector::new(&Policy::new([canary], Total::default()).unwrap());
        let decision = selector.select(&[("cookie", &line)], Sample::MIN);
        assert_eq!(decision.reason == Reason::Cookie, found, "{name} in {line}");
        assert_eq!(decision.variant == Variant::Canary(0), found, "{name} in {line}");
    }
}
