//! The header lines of a request, as a selector reads them.

use http::header::ValueIter;
use http::{HeaderMap, HeaderName, HeaderValue};

use super::NameSet;
use super::words::equal;

/// The header lines of a request, which are the only part of a request that a selector reads.
///
/// Implementations exist for
///
/// * [`http::HeaderMap`], [`http::Request`] and [`http::request::Parts`],
/// * slices, arrays and vectors of `(name, value)` pairs in the order in which they arrived,
/// * `()`, a request without headers,
/// * references to these types.
///
/// A host that fetches headers one at a time gets their names from
/// [`Selector::header_names`](crate::Selector::header_names).
///
/// ```
/// use canary_policy::{Canary, CookieRule, Match, Policy, Reason, Sample, Selector, Total};
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
pub trait HeaderLines {
    /// The values of this header, one for each line, in the order in which they arrived.
    ///
    /// Names are compared without regard to letter case. Values have no spaces or tabs at their ends.
    fn lines<'r>(&'r self, name: &HeaderName) -> impl Iterator<Item = &'r [u8]>;

    /// A set that has the names of all header lines. `None` if it would take longer to list them than to look up `lookups`
    /// names.
    ///
    /// A selector with many rules does not look up the headers that are not in the set. An implementation can leave this
    /// function out.
    #[inline]
    fn names(&self, lookups: usize) -> Option<NameSet> {
        let _ = lookups;
        None
    }
}

impl<R: HeaderLines + ?Sized> HeaderLines for &R {
    #[inline]
    fn lines<'r>(&'r self, name: &HeaderName) -> impl Iterator<Item = &'r [u8]> {
        (**self).lines(name)
    }

    #[inline]
    fn names(&self, lookups: usize) -> Option<NameSet> {
        (**self).names(lookups)
    }
}

impl HeaderLines for HeaderMap {
    #[inline]
    fn lines<'r>(&'r self, name: &HeaderName) -> impl Iterator<Item = &'r [u8]> {
        // No header has several lines if there are as many lines as names. A look-up of one line then takes less time.
        if self.len() == self.keys_len() { Lines::One(self.get(name)) } else { Lines::All(self.get_all(name).iter()) }
    }

    #[inline]
    fn names(&self, lookups: usize) -> Option<NameSet> {
        // To look up a name takes about three times as long as to read one.
        (self.keys_len() <= 3 * lookups).then(|| self.keys().collect())
    }
}

/// The lines of a header in a [`HeaderMap`].
enum Lines<'r> {
    /// The only line, if there is one.
    One(Option<&'r HeaderValue>),
    All(ValueIter<'r, HeaderValue>),
}

impl<'r> Iterator for Lines<'r> {
    type Item = &'r [u8];

    #[inline]
    fn next(&mut self) -> Option<&'r [u8]> {
        let value = match self {
            Lines::One(line) => line.take(),
            Lines::All(lines) => lines.next(),
        };
        value.map(HeaderValue::as_bytes)
    }
}

/// A request without headers.
impl HeaderLines for () {
    #[inline]
    fn lines<'r>(&'r self, _: &HeaderName) -> impl Iterator<Item = &'r [u8]> {
        std::iter::empty()
    }
}

impl<B> HeaderLines for http::Request<B> {
    #[inline]
    fn lines<'r>(&'r self, name: &HeaderName) -> impl Iterator<Item = &'r [u8]> {
        self.headers().lines(name)
    }

    #[inline]
    fn names(&self, lookups: usize) -> Option<NameSet> {
        self.headers().names(lookups)
    }
}

impl HeaderLines for http::request::Parts {
    #[inline]
    fn lines<'r>(&'r self, name: &HeaderName) -> impl Iterator<Item = &'r [u8]> {
        self.headers.lines(name)
    }

    #[inline]
    fn names(&self, lookups: usize) -> Option<NameSet> {
        self.headers.names(lookups)
    }
}

impl<N: AsRef<[u8]>, V: AsRef<[u8]>> HeaderLines for [(N, V)] {
    #[inline]
    fn lines<'r>(&'r self, name: &HeaderName) -> impl Iterator<Item = &'r [u8]> {
        // Most names are in lower case, as the name of a rule is. To compare them as they are takes half the time.
        let name = name.as_str().as_bytes();
        let named = move |(line, _): &&(N, V)| equal(line.as_ref(), name) || line.as_ref().eq_ignore_ascii_case(name);
        self.iter().filter(named).map(|(_, value)| value.as_ref())
    }

    #[inline]
    fn names(&self, _: usize) -> Option<NameSet> {
        Some(self.iter().map(|(name, _)| name).collect())
    }
}

impl<N: AsRef<[u8]>, V: AsRef<[u8]>, const LEN: usize> HeaderLines for [(N, V); LEN] {
    #[inline]
    fn lines<'r>(&'r self, name: &HeaderName) -> impl Iterator<Item = &'r [u8]> {
        self.as_slice().lines(name)
    }

    #[inline]
    fn names(&self, lookups: usize) -> Option<NameSet> {
        self.as_slice().names(lookups)
    }
}

impl<N: AsRef<[u8]>, V: AsRef<[u8]>> HeaderLines for Vec<(N, V)> {
    #[inline]
    fn lines<'r>(&'r self, name: &HeaderName) -> impl Iterator<Item = &'r [u8]> {
        self.as_slice().lines(name)
    }

    #[inline]
    fn names(&self, lookups: usize) -> Option<NameSet> {
        self.as_slice().names(lookups)
    }
}
