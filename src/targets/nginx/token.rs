//! How ingress-nginx's affinity cookie names a backend.

use crate::policy::Token;

/// The token of a backend in the affinity cookies that ingress-nginx hands out (`sticky.lua`): the hex MD5 of the name's
/// hex MD5 followed by the name, which is `NAMESPACE-SERVICE-PORT`.
///
/// The port is the number, or the port's name where the Ingress names it. The cookie's value has the token as its second
/// `|` field. Give the tokens to [`Selector::with_tokens`](crate::Selector::with_tokens) and the cookies that clients
/// hold keep their meaning.
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
/// // A cookie for another backend names nothing here.
/// let cookie = format!("INGRESSCOOKIE=1795403237.92.31370.49610|{}", token("default", "api", "80"));
/// assert_eq!(selector.select(&[("Cookie", cookie)], Sample::MAX).reason, Reason::Weight);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn token(namespace: &str, service: &str, port: &str) -> Token {
    let name = format!("{namespace}-{service}-{port}");
    let inner = format!("{:x}", md5::compute(&name));
    Token::of_digest(md5::compute(inner + &name).0)
}
