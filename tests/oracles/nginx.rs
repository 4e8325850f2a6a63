//! A real nginx reads headers and cookies as `RequestView` and the rules do. `NGINX_BINARIES` has the paths of its binaries,
//! separated by `:`.

use std::cell::RefCell;
use std::fmt::Write;
use std::path::PathBuf;

use canary_policy::targets::nginx::RequestView;
use canary_policy::{
    Canary, CookieRule, HeaderLines, HeaderRule, Match, Pattern, Policy, Reason, Sample, Selector, Total,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::TestRunner;

use crate::util::cases;
use crate::util::nginx::Nginx;
use crate::util::oracle::{oracle, say};

/// Header lines in the order in which they are sent.
type Lines = Vec<(String, Vec<u8>)>;

/// What nginx reads, and how the crate names it.
#[rustfmt::skip]
const READ: [(&str, Reason, &str); 6] = [
    ("http_x_a", Reason::Header, "x-a"),
    ("http_abc", Reason::Header, "abc"),
    ("http_if_match", Reason::Header, "if-match"),
    ("cookie_c", Reason::Cookie, "c"),
    ("cookie_ab_c", Reason::Cookie, "ab_c"),
    ("cookie_session", Reason::Cookie, "session"),
];

/// The binaries of nginx. Versions before 1.23 look at the first line of a header only, and refuse fewer requests.
fn binaries() -> Option<Vec<Nginx>> {
    let paths = oracle("nginx", "NGINX_BINARIES")?;
    let variables = READ.map(|(variable, ..)| variable);
    Some(std::env::split_paths(&paths).map(|path: PathBuf| Nginx::start(&path, &variables)).collect())
}

fn joins_lines(nginx: &Nginx) -> bool {
    nginx.version >= vec![1, 23]
}

/// Whether a rule on this header or cookie finds the pattern in the value that it reads.
fn finds(reason: Reason, name: &str, pattern: &str, request: &(impl HeaderLines + ?Sized)) -> bool {
    let value_match = Match::Pattern(Pattern::new(pattern).unwrap());
    let canary = Canary::new("canary", 0).unwrap();
    let canary = match reason {
        Reason::Header => canary.with_header(HeaderRule::new(name, value_match).unwrap()),
        _ => canary.with_cookie(CookieRule::new(name, value_match).unwrap()),
    };
    let selector = Selector::new(&Policy::new([canary], Total::default()).unwrap());
    selector.select(request, Sample::MIN).reason == reason
}

/// Whether a rule reads the value that nginx read. To nginx, a header or cookie without a value is empty.
fn reads(reason: Reason, name: &str, value: &[u8], request: &(impl HeaderLines + ?Sized)) -> bool {
    let whole = value.iter().fold("^".to_owned(), |mut pattern, byte| {
        write!(pattern, "\\x{byte:02x}").unwrap();
        pattern
    });
    finds(reason, name, &format!("{whole}$"), request) || value.is_empty() && !finds(reason, name, "()", request)
}

/// Names and values that nginx reads, drops or refuses.
fn line() -> impl Strategy<Value = (String, Vec<u8>)> {
    let name = prop_oneof![
        6 => select(vec!["x-a", "X-A", "abc", "Abc"]).prop_map(str::to_owned),
        1 => select(vec!["x_a", "If-Match", "x.a", "x-a ", " x-a", "", "x-é", "x\u{7f}a", "x\ta", "x-b", "authorization"]).prop_map(str::to_owned),
    ];
    let value = prop_oneof![
        3 => "[ \t]{0,2}[!-~]{0,4}[ \t]{0,2}[!-~]{0,3}[ \t]{0,2}".prop_map(String::into_bytes),
        1 => vec(any::<u8>(), 0..12),
        1 => "[a-z, ;]{0,60}".prop_map(String::into_bytes),
    ];
    let cookies = vec(cookie(), 0..6).prop_map(|parts| (String::from("Cookie"), parts.concat().into_bytes()));
    prop_oneof![1 => (name, value), 1 => cookies]
}

/// A part of a line of cookies.
fn cookie() -> impl Strategy<Value = String> {
    let name = select(vec!["c", "C", "ab_c", "AB_C", "session", "Session", "cc", "xc", "sessio", "", "a", "\u{e9}"]);
    let equals = select(vec!["=", "=", "=", " = ", "= ", "", " ", ";=", "==", "\t="]);
    let value = "[a-c=, \t\"]{0,4}";
    let end = select(vec!["; ", ";", ",", ";;", "; ;", " ", "", ", ", ";\t"]);
    (name, equals, value, end).prop_map(|(name, equals, value, end)| format!("{name}{equals}{value}{end}"))
}

/// The lines of requests by HTTP/1.1. Line ends are not part of a value.
fn lines() -> impl Strategy<Value = Lines> {
    vec(line(), 0..5).prop_map(|mut lines| {
        lines.insert(0, ("Host".to_owned(), b"a.test".to_vec()));
        lines.iter_mut().for_each(|(_, value)| value.retain(|byte| !matches!(byte, b'\r' | b'\n')));
        lines
    })
}

/// Whether an nginx before 1.23 reads these lines as later ones do: none of its headers has two lines. It joins cookies.
fn is_plain(lines: &Lines) -> bool {
    let names: Vec<String> =
        lines.iter().map(|(name, _)| name.to_ascii_lowercase()).filter(|name| name != "cookie").collect();
    (1..names.len()).all(|index| !names[..index].contains(&names[index]))
}

#[test]
fn nginx_reads_http_1_requests_as_rules_do() {
    let Some(binaries) = binaries() else { return };
    let counts = RefCell::new(vec![(0, 0, 0); binaries.len()]);
    let outcome = TestRunner::new(cases(3_000)).run(&lines(), |lines| {
        for (nginx, (requests, refused, values)) in binaries.iter().zip(counts.borrow_mut().iter_mut()) {
            if !joins_lines(nginx) && !is_plain(&lines) {
                continue;
            }
            *requests += 1;
            let view = RequestView::new(&lines);
            let Some(read) = nginx.http1(&lines) else {
                *refused += 1;
                prop_assert!(view.is_err(), "nginx {:?} answers 400", nginx.version);
                continue;
            };
            let view = view.map_err(|error| TestCaseError::fail(format!("nginx {:?}: {error}", nginx.version)))?;
            for ((variable, reason, name), value) in READ.iter().zip(&read) {
                *values += u32::from(!value.is_empty());
                let text = String::from_utf8_lossy(value);
                prop_assert!(
                    reads(*reason, name, value, view.lines()),
                    "nginx {:?} reads {variable} as {text:?}",
                    nginx.version
                );
            }
        }
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
    report("HTTP/1.1", &binaries, &counts.into_inner());
}

/// The longest line, and longer ones.
#[test]
fn nginx_refuses_lines_as_the_view_does() {
    let Some(binaries) = binaries() else { return };
    for nginx in &binaries {
        for length in [8_000, 8_180, 8_184, 8_185, 8_186, 8_187, 8_188, 8_190, 8_200] {
            let lines = vec![("Host".to_owned(), b"a.test".to_vec()), ("x-a".to_owned(), vec![b'a'; length])];
            let view = RequestView::new(&lines);
            assert_eq!(nginx.http1(&lines).is_none(), view.is_err(), "nginx {:?}: {length}", nginx.version);
        }
    }
}

/// HTTP/2 has names in lower case and values without blanks at their ends, and often a line for each cookie. No line is one that
/// nginx would refuse.
fn http2_lines() -> impl Strategy<Value = Lines> {
    lines().prop_map(|lines| {
        let line = |(name, value): (String, Vec<u8>)| {
            let name = name.to_ascii_lowercase();
            let is_cookie = name == "cookie";
            let values: Vec<Vec<u8>> = value.split(|byte| is_cookie && *byte == b';').map(<[u8]>::to_vec).collect();
            values.into_iter().map(move |value| (name.clone(), value))
        };
        let mut lines: Lines = lines.into_iter().flat_map(line).collect();
        lines.retain(|(name, _)| ["x-a", "abc", "x_a", "x-b", "cookie"].contains(&name.as_str()));
        for (_, value) in &mut lines {
            value.retain(|byte| *byte != 0);
            *value = value.trim_ascii().to_vec();
        }
        lines
    })
}

/// The controller joins the lines of cookies before a rule reads them. Read line by line, as the selector does, they differ only
/// after a name without a value, which DESIGN.md lists.
#[test]
fn nginx_reads_http_2_requests_as_rules_do() {
    let Some(binaries) = binaries() else { return };
    let counts = RefCell::new(vec![(0, 0, 0); binaries.len()]);
    let outcome = TestRunner::new(cases(3_000)).run(&http2_lines(), |lines| {
        let cookies: Vec<&[u8]> =
            lines.iter().filter(|(name, _)| name == "cookie").map(|(_, value)| value.as_slice()).collect();
        let mut joined: Lines = lines.iter().filter(|(name, _)| name != "cookie").cloned().collect();
        if !cookies.is_empty() {
            joined.push(("cookie".to_owned(), cookies.join(&b"; "[..])));
        }
        let view = RequestView::new(&lines).unwrap();
        let joined = RequestView::new(&joined).unwrap();
        for (nginx, (requests, deviations, values)) in binaries.iter().zip(counts.borrow_mut().iter_mut()) {
            if !joins_lines(nginx) && !is_plain(&lines) {
                continue;
            }
            *requests += 1;
            let read = nginx.http2(&lines);
            for ((variable, reason, name), value) in READ.iter().zip(&read) {
                *values += u32::from(!value.is_empty());
                let text = String::from_utf8_lossy(value);
                let about = format!("nginx {:?} reads {variable} as {text:?}", nginx.version);
                prop_assert!(reads(*reason, name, value, joined.lines()), "{}", about);
                if !reads(*reason, name, value, view.lines()) {
                    *deviations += 1;
                    let bare = |line: &&[u8]| line.trim_ascii_end().to_ascii_lowercase().ends_with(name.as_bytes());
                    prop_assert!(*reason == Reason::Cookie && cookies.iter().any(bare), "{}", about);
                }
            }
        }
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
    report("HTTP/2", &binaries, &counts.into_inner());
}

/// Prints the numbers of requests, of those that are refused (by HTTP/2: read differently), and of values.
fn report(protocol: &str, binaries: &[Nginx], counts: &[(u32, u32, u32)]) {
    let unusual = if protocol == "HTTP/2" { "deviate as documented" } else { "are refused" };
    for (nginx, (requests, refused, values)) in binaries.iter().zip(counts) {
        let version: Vec<String> = nginx.version.iter().map(u32::to_string).collect();
        say(&format!(
            "nginx {}: {requests} requests by {protocol} are read alike, with {values} values; {refused} {unusual}",
            version.join(".")
        ));
        assert!(*requests > 1_000 && *values > 1_000);
    }
}
