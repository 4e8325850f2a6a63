//! The names of backends in the affinity cookies of ingress-nginx.

use crate::policy::Token;

/// The token of a backend in the affinity cookies of ingress-nginx.
///
/// The token is `md5(md5(name) + name)`, both in hexadecimal digits, where the name of the backend is
/// `NAMESPACE-SERVICE-PORT`. The port is a number, or a name if the Ingress names the port. The second `|` field of the
/// cookie's value is the token. A selector with these tokens ([`Selector::with_tokens`](crate::Selector::with_tokens))
/// honours the cookies that ingress-nginx has set. Source: controller 1.15.1, `rootfs/etc/nginx/lua/balancer/sticky.lua`.
///
/// ```
/// use canary_policy::targets::nginx::token;
/// use canary_policy::{Affinity, CookieAffinity, Policy, Reason, Sample, Selector, Variant};
///
/// assert_eq!(token("s", "p", "80").as_str(), "06b64833cd96df41fff25e6143ddb7ce");
///
/// let policy = Policy::percent(30)?.with_affinity(Affinity::Cookie(CookieAffinity::new("INGRESSCOOKIE")?));
/// let selector = Selector::with_tokens(&policy, |variant| match variant {
///     Variant::Stable => token("default", "web", "80"),
///     Variant::Canary(_) => token("default", "web-canary", "80"),
/// });
/// let cookie = format!("INGRESSCOOKIE=1795403237.92.31370.49610|{}", token("default", "web-canary", "80"));
/// let decision = selector.select(&[("Cookie", cookie)], Sample::MAX);
/// assert_eq!((decision.variant, decision.reason), (Variant::Canary(0), Reason::Affinity));
///
/// // This cookie names another backend, so the weights decide.
/// let cookie = format!("INGRESSCOOKIE=1795403237.92.31370.49610|{}", token("default", "api", "80"));
/// assert_eq!(selector.select(&[("Cookie", cookie)], Sample::MAX).reason, Reason::Weight);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn token(namespace: &str, service: &str, port: &str) -> Token {
    token_of(&format!("{namespace}-{service}-{port}"))
}

/// The token of the backend with this name.
pub(super) fn token_of(name: &str) -> Token {
    let inner = format!("{:x}", md5::compute(name));
    Token::of_digest(md5::compute(inner + name).0)
}
