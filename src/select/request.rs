//! What a selector reads of a request: header lines, in bytes.

use http::{HeaderMap, HeaderName, HeaderValue};

/// A request, as far as a selector looks at it.
///
/// It is implemented for [`http::HeaderMap`], [`http::Request`] and its parts, `()`, which has none, and for slices, arrays and vectors of `(name, value)` pairs in the order of
/// the wire. A host that fetches one header at a time asks [`Selector::header_names`](crate::Selector::header_names)
/// which ones to fetch.
///
/// ```
/// use canary_policy::{CookieRule, Canary, Match, Policy, Reason, Sample, Selector, Total};
///
/// let canary = Canary::new("beta", 0)?.with_cookie(CookieRule::new("cohort", Match::Exact("beta".to_owned()))?);
/// let selector = Selector::new(&Policy::new([canary], Total::default())?);
///
/// let pairs = [("Cookie", "theme=dark; cohort=beta")];
/// assert_eq!(selector.select(&pairs, Sample::MIN).reason, Reason::Cookie);
///
/// assert_eq!(selector.select(&(), Sample::MIN).reason, Reason::Weight);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Request {
    /// The values of that header's lines, in the order of the wire, each without the blanks around it.
    fn header<'r>(&'r self, name: &HeaderName) -> impl Iterator<Item = &'r [u8]>;
}

impl Request for HeaderMap {
    #[inline]
    fn header<'r>(&'r self, name: &HeaderName) -> impl Iterator<Item = &'r [u8]> {
        self.get_all(name).iter().map(HeaderValue::as_bytes)
    }
}

/// A request without headers.
impl Request for () {
    #[inline]
    fn header<'r>(&'r self, _: &HeaderName) -> impl Iterator<Item = &'r [u8]> {
        std::iter::empty()
    }
}

impl<B> Request for http::Request<B> {
    #[inline]
    fn header<'r>(&'r self, name: &HeaderName) -> impl Iterator<Item = &'r [u8]> {
        self.headers().header(name)
    }
}

impl Request for http::request::Parts {
    #[inline]
    fn header<'r>(&'r self, name: &HeaderName) -> impl Iterator<Item = &'r [u8]> {
        self.headers.header(name)
    }
}

impl<N: AsRef<[u8]>, V: AsRef<[u8]>> Request for [(N, V)] {
    #[inline]
    fn header<'r>(&'r self, name: &HeaderName) -> impl Iterator<Item = &'r [u8]> {
        let named = |(line, _): &&(N, V)| line.as_ref().eq_ignore_ascii_case(name.as_str().as_bytes());
        self.iter().filter(named).map(|(_, value)| value.as_ref())
    }
}

impl<N: AsRef<[u8]>, V: AsRef<[u8]>, const LEN: usize> Request for [(N, V); LEN] {
    #[inline]
    fn header<'r>(&'r self, name: &HeaderName) -> impl Iterator<Item = &'r [u8]> {
        self.as_slice().header(name)
    }
}

impl<N: AsRef<[u8]>, V: AsRef<[u8]>> Request for Vec<(N, V)> {
    #[inline]
    fn header<'r>(&'r self, name: &HeaderName) -> impl Iterator<Item = &'r [u8]> {
        self.as_slice().header(name)
    }
}
