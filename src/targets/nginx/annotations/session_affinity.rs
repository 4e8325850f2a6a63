//! The affinity that the annotations of the stable Ingress express.

use super::getter::normalized;
use super::{AnnotationKind, Getter, key};
use crate::error::{AnnotationError, Invalid};
use crate::policy::{Affinity, AffinityScope, CookieAffinity, SameSite};

/// The name of the cookie if `session-cookie-name` is absent or refused.
pub(in crate::targets::nginx) const DEFAULT_NAME: &str = "INGRESSCOOKIE";

/// The affinity that the stable Ingress sets. It pins clients to the variants in `scope`. Source: controller 1.15.1,
/// `internal/ingress/annotations/sessionaffinity/main.go` and `rootfs/etc/nginx/lua/balancer/sticky.lua`.
///
/// | annotations of the stable Ingress | affinity |
/// |---|---|
/// | none | none |
/// | `affinity: Cookie` | none, and a finding: the only valid value is `cookie` in lower case |
/// | `affinity: cookie` | the cookie `INGRESSCOOKIE` |
/// | `affinity: cookie`, `session-cookie-name: route`, `session-cookie-max-age: "60"` | the cookie `route` for 60 s |
///
/// # Errors
///
/// No policy can hold the name of the cookie.
pub(in crate::targets::nginx) fn session_affinity(
    stable: &mut Getter<'_>,
    scope: AffinityScope,
) -> Result<Affinity, AnnotationError> {
    if stable.option(key::AFFINITY, &["cookie"], "cookie", "no affinity").is_none() {
        for annotation in key::OF_STABLE.into_iter().filter(|&annotation| annotation != key::AFFINITY) {
            stable.without_affinity(annotation);
        }
        return Ok(Affinity::None);
    }

    let name = stable.basic(key::SESSION_NAME, DEFAULT_NAME).unwrap_or_else(|| DEFAULT_NAME.to_owned());
    let dialect = stable.flags.dialect;
    let cookie = dialect.affinity.cookie(&name, scope);
    let mut cookie = cookie.map_err(AnnotationError::unsupported(key::SESSION_NAME))?;
    if dialect.not_known.contains(&key::AFFINITY) {
        stable.report(key::AFFINITY, |value| AnnotationKind::NotKnown { value });
    }
    cookie.max_age = stable.max_age();
    cookie.secure |= stable.bool(key::SESSION_SECURE).unwrap_or(false);
    cookie.same_site = stable.same_site();
    let path = stable.url(key::SESSION_PATH, "the path of the location");
    let domain = stable.basic(key::SESSION_DOMAIN, "the host of the request");
    let cookie = stable.with_attribute(cookie, key::SESSION_PATH, path, CookieAffinity::with_path);
    let cookie = stable.with_attribute(cookie, key::SESSION_DOMAIN, domain, CookieAffinity::with_domain);
    for annotation in [key::AFFINITY_MODE, key::SESSION_CHANGE, key::SESSION_CONDITIONAL] {
        stable.outside_policy(annotation);
    }
    Ok(Affinity::Cookie(cookie))
}

impl Getter<'_> {
    /// The maximum age in seconds. `session-cookie-expires` is an age too, which the balancer adds to its clock; a browser
    /// ignores the resulting `Expires` if there is a `Max-Age` (RFC 6265, section 5.3). So it counts only alone.
    ///
    /// A negative age becomes 0, since a browser drops the cookie at once in both cases. An age above the most that a policy can
    /// hold becomes `None`. Both get a finding, and so does a second age that differs.
    fn max_age(&mut self) -> Option<u32> {
        const EXPECTED: &str = "a number of seconds";
        let (max_age, expires) = (self.seconds(key::SESSION_MAX_AGE), self.seconds(key::SESSION_EXPIRES));
        let instead =
            |other: Option<i64>, annotation| if other.is_some() { annotation } else { "the browser's session" };
        self.accepted(key::SESSION_MAX_AGE, max_age, EXPECTED, instead(expires, key::SESSION_EXPIRES));
        self.accepted(key::SESSION_EXPIRES, expires, EXPECTED, instead(max_age, key::SESSION_MAX_AGE));
        let (annotation, seconds) = match (max_age, expires) {
            (Some(max_age), _) => (key::SESSION_MAX_AGE, max_age),
            (None, Some(expires)) => (key::SESSION_EXPIRES, expires),
            (None, None) => return None,
        };
        if let Some(expires) = expires.filter(|expires| *expires != seconds) {
            self.findings.add(key::SESSION_EXPIRES, AnnotationKind::ExpiresIgnored { seconds: expires });
        }
        if seconds < 0 {
            self.findings.add(annotation, AnnotationKind::AgeBelowZero { seconds });
        } else if seconds > i64::from(u32::MAX) {
            self.outside_policy(annotation);
        }
        u32::try_from(seconds.max(0)).ok()
    }

    /// A number of seconds; `None` if the annotation is absent or has no number.
    fn seconds(&self, annotation: &'static str) -> Option<i64> {
        normalized(self.raw(annotation)?).parse().ok()
    }

    /// The attribute `SameSite`. The validator accepts every letter case, but the balancer writes only `Strict`, `Lax` and
    /// `None`.
    fn same_site(&mut self) -> Option<SameSite> {
        let value = self.raw(key::SESSION_SAME_SITE).map(normalized);
        let all = [SameSite::Strict, SameSite::Lax, SameSite::None];
        let same_site = all.into_iter().find(|same_site| value.as_deref() == Some(same_site.as_str()));
        self.accepted(key::SESSION_SAME_SITE, same_site, "Strict, Lax or None", "no SameSite")
    }

    /// The cookie with an attribute that `setter` sets to this value. If no policy can hold the value, adds a finding and
    /// returns the cookie unchanged.
    fn with_attribute(
        &mut self,
        cookie: CookieAffinity,
        annotation: &'static str,
        value: Option<String>,
        setter: fn(CookieAffinity, &str) -> Result<CookieAffinity, Invalid>,
    ) -> CookieAffinity {
        let Some(value) = value else { return cookie };
        setter(cookie.clone(), &value).unwrap_or_else(|_| {
            self.outside_policy(annotation);
            cookie
        })
    }
}
