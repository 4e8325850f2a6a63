//! Request views: the header lines that nginx sees, and the requests that it answers with 400.

use canary_policy::targets::nginx::RequestView;
use proptest::prelude::*;

use crate::util::cases;
use crate::util::request::any_lines;

/// Each row is a request that nginx answers with 400, and the error.
#[test]
fn a_request_that_nginx_answers_with_400_is_an_error() {
    let long = "x".repeat(9000);
    let rows: &[(&[(&str, &str)], &str)] = &[
        (&[("", "a")], "nginx answers 400: the header name `` is empty or has a blank, a colon or a control character"),
        (
            &[("X Canary", "a")],
            "nginx answers 400: the header name `X Canary` is empty or has a blank, a colon or a control character",
        ),
        (
            &[("X-Canary ", "a")],
            "nginx answers 400: the header name `X-Canary ` is empty or has a blank, a colon or a control character",
        ),
        (&[("X-Canary", "a\rb")], "nginx answers 400: the value of the header `X-Canary` has NUL, CR or LF"),
        (&[("X-Canary", "a\0b")], "nginx answers 400: the value of the header `X-Canary` has NUL, CR or LF"),
        (&[("Host", "a"), ("host", "a")], "nginx answers 400: the header `host` is repeated"),
        (
            &[("Authorization", "a"), ("Authorization", "b")],
            "nginx answers 400: the header `Authorization` is repeated",
        ),
        (
            &[("X-Canary", &long)],
            "nginx answers 400: the line of the header `X-Canary` has 9012 bytes: expected at most 8192",
        ),
    ];
    for (lines, expected) in rows {
        assert_eq!(RequestView::new(lines).unwrap_err().to_string(), *expected);
    }
    assert!(RequestView::new(&[("X-Canary", "a"), ("X-Canary", "b"), ("Cookie", "a"), ("Cookie", "b")]).is_ok());
}

proptest! {
    #![proptest_config(cases(2_000))]

    /// For any bytes, the view has some of the lines of the request, or the request is an error.
    #[test]
    fn a_view_has_only_lines_of_the_request(lines in any_lines()) {
        if let Ok(view) = RequestView::new(&lines) {
            prop_assert!(view.lines().len() <= lines.len());
            for (name, value) in view.lines() {
                prop_assert!(name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-'));
                prop_assert!(!value.starts_with(b" ") && !value.ends_with(b" "));
            }
        }
    }
}
