//! The texts that policies are generated with, as regular expressions.

use proptest::prelude::*;
use proptest::strategy::Union;
use proptest::string::string_regex;

/// The texts that generated policies have. One of the expressions of a list is taken; a part whose list is empty is not generated.
#[derive(Clone, Copy, Debug)]
pub(super) struct Texts {
    pub(super) header_names: &'static [&'static str],
    pub(super) header_values: &'static [&'static str],
    pub(super) header_patterns: &'static [&'static str],
    pub(super) cookie_names: &'static [&'static str],
    pub(super) cookie_values: &'static [&'static str],
    pub(super) cookie_patterns: &'static [&'static str],
    /// The names of affinity cookies.
    pub(super) affinity_names: &'static [&'static str],
    /// The salts of affinity keys.
    pub(super) salts: &'static [&'static str],
    /// Whether affinity cookies have revisions, and may decide after the rules.
    pub(super) all_affinity_cookies: bool,
    /// Whether canaries may have positions.
    pub(super) positions: bool,
    /// Whether parts may have no effect: a condition that an earlier canary has, or a cookie that pins clients to stable only while
    /// stable gets no request. If not, the index of a canary is part of the names in its conditions.
    pub(super) parts_without_effect: bool,
}

impl Texts {
    /// Common texts and unusual ones, of every kind that a policy may have.
    pub(super) const ANY: Texts = Texts {
        header_names: &["x-[a-z]{1,8}", "[a-z][a-z0-9-]{0,12}", "x_canary", "cookie"],
        header_values: &["[a-z0-9./:~_-]{0,8}", "always", "never", "[ -~]{1,8}"],
        header_patterns: &["[a-z]{1,4}", "\\^[a-z]{1,3}\\$", "\\^v\\[0-9\\]\\+", "a\\|b", "[ -~]{1,6}"],
        cookie_names: &["[a-zA-Z][a-zA-Z0-9_.-]{0,8}", "[!-~]{1,4}"],
        cookie_values: &["[a-z0-9./:~_-]{0,8}", "always", "never", "[ -~]{1,8}"],
        cookie_patterns: &["[a-z]{1,4}", "\\^[a-z]{1,3}\\$", "\\^v\\[0-9\\]\\+", "a\\|b", "[ -~]{1,6}"],
        affinity_names: &["[a-zA-Z][a-zA-Z0-9_.-]{0,8}", "[!-~]{1,4}"],
        salts: &["[ -~]{0,12}"],
        all_affinity_cookies: true,
        positions: true,
        parts_without_effect: true,
    };

    /// Texts that the validators of ingress-nginx accept (controller 1.15.1, `internal/ingress/annotations/parser/validators.go`).
    pub(super) const INGRESS_NGINX: Texts = Texts {
        header_names: &["[a-z][a-z0-9-]{0,8}"],
        header_values: &["[A-Za-z0-9._~/:-]{1,6}( [A-Za-z0-9._~/:-]{1,3})?"],
        header_patterns: &["\\^?[a-z]{1,3}(\\||\\.\\*|\\[0-9\\]\\+)?[a-z]{1,3}\\$?"],
        cookie_names: &["[A-Za-z0-9._~/:-]{1,6}"],
        cookie_values: &[],
        cookie_patterns: &[],
        affinity_names: &["[A-Za-z0-9._~/:-]{1,6}"],
        salts: &[],
        all_affinity_cookies: false,
        positions: false,
        parts_without_effect: true,
    };

    /// Texts that every engine of a target with rules reads alike.
    pub(super) const RULE_TARGETS: Texts = Texts {
        header_names: &["x-[a-z]{1,5}"],
        header_values: &["[A-Za-z0-9._~/:-]{1,6}"],
        header_patterns: &["\\^?[a-z]{1,3}(\\||\\.\\*|\\[0-9\\]\\+)?[a-z]{1,3}\\$?"],
        cookie_names: &["[A-Za-z_]{1,5}"],
        cookie_values: &["[A-Za-z0-9._~/:-]{1,6}"],
        cookie_patterns: &["\\^?[a-z]{1,3}(\\||\\[0-9\\]\\+|\\[\\^;\\]\\*)?[a-z]{1,3}\\$?"],
        affinity_names: &["r[a-z]{0,4}"],
        salts: &[],
        all_affinity_cookies: true,
        positions: false,
        parts_without_effect: false,
    };

    /// The same texts without patterns.
    pub(super) const fn without_patterns(self) -> Self {
        Texts { header_patterns: &[], cookie_patterns: &[], ..self }
    }
}

/// A text of one of these expressions; `None` if there are none.
pub(super) fn one_of(expressions: &[&str]) -> Option<Union<BoxedStrategy<String>>> {
    // Tests generate texts of every expression above, so each of them is valid.
    let texts: Vec<_> =
        expressions.iter().filter_map(|expression| Some(string_regex(expression).ok()?.boxed())).collect();
    (!texts.is_empty()).then(|| Union::new(texts))
}
