//! Patterns on which PCRE gives up.
//!
//! The controller searches for a header pattern by `ngx.re.match` without options, that is with the interpreter of PCRE and its
//! default limit. If PCRE tries more often than the limit, the request goes to the stable Service at once (controller 1.15.1,
//! `route_to_alternative_balancer` in `rootfs/etc/nginx/lua/balancer.lua`).
//!
//! The steps of PCRE are followed in an automaton of the pattern: a text that is repeated in a value can make the number of ways
//! through the pattern grow with each repetition, and PCRE tries all of them if the pattern does not match in the end.
//! `tests/oracles/pcre.rs` gives the values that are found to PCRE itself.

mod automaton;
mod budget;
mod check;
mod expression;
mod loops;
mod program;
mod pumps;
mod repeated_value;
mod search;

pub(super) use check::check;
pub use repeated_value::RepeatedValue;
