//! Conditions as matches on one header, which is how every target with rules writes them.

use std::borrow::Cow;

use super::Condition;
use super::program_size::{Encoding, fits};
use super::regex::{affinity_cookie_regex, cookie_pattern_regex, cookie_regex, former_token_regex, pattern_regex};

/// The headers that a gateway which is built on Envoy overwrites or removes before it chooses a route: those that describe a
/// connection, and those that strangers could forge (`use_remote_address`,
/// <https://www.envoyproxy.io/docs/envoy/v1.40.0/configuration/http/http_conn_man/headers>). Each of them was tried with Envoy
/// 1.40, and so were some forty others, which match.
const NOT_SEEN_BY_ENVOY: [&str; 32] = [
    "connection",
    "keep-alive",
    "proxy-connection",
    "te",
    "transfer-encoding",
    "upgrade",
    "x-envoy-decorator-operation",
    "x-envoy-downstream-service-cluster",
    "x-envoy-downstream-service-node",
    "x-envoy-expected-rq-timeout-ms",
    "x-envoy-external-address",
    "x-envoy-force-trace",
    "x-envoy-hedge-on-per-try-timeout",
    "x-envoy-internal",
    "x-envoy-ip-tags",
    "x-envoy-max-retries",
    "x-envoy-original-host",
    "x-envoy-original-path",
    "x-envoy-original-url",
    "x-envoy-retriable-header-names",
    "x-envoy-retriable-status-codes",
    "x-envoy-retry-grpc-on",
    "x-envoy-retry-on",
    "x-envoy-upstream-alt-stat-name",
    "x-envoy-upstream-rq-per-try-timeout-ms",
    "x-envoy-upstream-rq-timeout-alt-response",
    "x-envoy-upstream-rq-timeout-ms",
    "x-envoy-upstream-stream-duration-ms",
    "x-forwarded-client-cert",
    "x-forwarded-for",
    "x-forwarded-proto",
    "x-request-id",
];

/// A condition as a test on one header. A condition on a cookie becomes a regular expression on the `cookie` header.
pub(in crate::targets) struct HeaderMatch<'p> {
    /// The name of the header, in lower case.
    pub(in crate::targets) name: Cow<'static, str>,
    pub(in crate::targets) value: ValueMatch<'p>,
}

/// A test on the value of a header.
pub(in crate::targets) enum ValueMatch<'p> {
    /// The value is equal.
    Exact(&'p str),
    /// The regular expression matches the whole value.
    Regex(String),
}

/// How large a regular expression may become in a target that runs RE2.
#[derive(Clone, Copy)]
pub(in crate::targets) struct ProgramLimit {
    /// Whether the target lets RE2 read a value as bytes or as UTF-8.
    pub(in crate::targets) encoding: Encoding,
    /// The most instructions that RE2 may make of one regular expression.
    pub(in crate::targets) max_instructions: usize,
    /// The limit in words, for a loss.
    pub(in crate::targets) bound: &'static str,
}

impl<'p> HeaderMatch<'p> {
    /// Writes a condition as a test on one header.
    ///
    /// # Errors
    ///
    /// The condition is a pattern that cannot be limited to the value of its cookie. The error says why.
    pub(in crate::targets) fn new(condition: Condition<'p>) -> Result<Self, &'static str> {
        let cookie = |regex| HeaderMatch { name: Cow::Borrowed("cookie"), value: ValueMatch::Regex(regex) };
        Ok(match condition {
            Condition::Header(name, value) => {
                HeaderMatch { name: Cow::Owned(name.to_string()), value: ValueMatch::Exact(value) }
            }
            Condition::HeaderPattern(name, pattern) => {
                HeaderMatch { name: Cow::Owned(name.to_string()), value: ValueMatch::Regex(pattern_regex(pattern)) }
            }
            Condition::Cookie(name, value) => cookie(cookie_regex(name.as_str(), value)),
            Condition::CookiePattern(name, pattern) => cookie(cookie_pattern_regex(name.as_str(), pattern)?),
            Condition::Affinity(name, value) => cookie(affinity_cookie_regex(name.as_str(), value)),
            Condition::FormerToken(name, token) => cookie(former_token_regex(name.as_str(), token)),
        })
    }

    /// Writes a condition as a test on one header, for a target that is built on Envoy.
    ///
    /// # Errors
    ///
    /// Those of [`new`](Self::new), or Envoy does not see the header as the client sent it, so the test would never hold, or hold
    /// for a value that the client did not send.
    pub(in crate::targets) fn for_envoy(condition: Condition<'p>) -> Result<Self, &'static str> {
        let header = HeaderMatch::new(condition)?;
        if NOT_SEEN_BY_ENVOY.contains(&&*header.name) {
            return Err("a gateway that is built on Envoy overwrites or removes this header before it chooses a route");
        }
        Ok(header)
    }

    /// The same test, if RE2 compiles its regular expression within this limit. `condition` is the condition that was written as
    /// this test.
    ///
    /// # Errors
    ///
    /// The regular expression may exceed the limit. The error is the limit in words.
    pub(in crate::targets) fn within(
        self,
        limit: ProgramLimit,
        condition: Condition<'_>,
    ) -> Result<Self, &'static str> {
        match &self.value {
            ValueMatch::Regex(regex) if !fits(condition, regex, limit.encoding, limit.max_instructions) => {
                Err(limit.bound)
            }
            ValueMatch::Exact(_) | ValueMatch::Regex(_) => Ok(self),
        }
    }
}
