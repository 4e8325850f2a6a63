//! Who asks: clients, and how common each is (feature `rand`).

use http::{HeaderName, header};

use super::{Request, Sample};
use crate::error::Invalid;

/// A kind of client: the request it sends, and whether it returns the affinity cookie it was given.
///
/// A request that brings its own affinity cookie holds it from the start. For a policy with a key, give a client of each
/// key: a request without the key is weighed anew every time, as a [`KeyAffinity`](crate::KeyAffinity) says.
///
/// ```
/// use canary_policy::select::Client;
///
/// let browser = Client::new(vec![("user-agent", "Firefox")]).with_parts(9).with_cookies();
/// let tester = Client::new(vec![("x-canary", "always")]);
/// assert_eq!((browser.parts(), tester.parts()), (9, 1));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Client<R> {
    request: R,
    parts: u32,
    keeps_cookies: bool,
}

impl<R: Request> Client<R> {
    /// A client that sends this request and keeps no cookies; one part of a mix.
    #[must_use]
    pub fn new(request: R) -> Self {
        Client { request, parts: 1, keeps_cookies: false }
    }

    /// Is so many parts of a mix; with 0 there is no such client.
    #[must_use]
    pub fn with_parts(self, parts: u32) -> Self {
        Client { parts, ..self }
    }

    /// Returns the affinity cookie of the latest response that set one, in a line of its own behind the request's. It does
    /// so for good, whatever age, path or domain the cookie has.
    #[must_use]
    pub fn with_cookies(self) -> Self {
        Client { keeps_cookies: true, ..self }
    }

    /// How many parts of a mix it is.
    #[must_use]
    pub fn parts(&self) -> u32 {
        self.parts
    }

    /// The `Set-Cookie` value it holds after a response, when it held one before.
    pub(super) fn held<'s>(&self, before: Option<&'s str>, set: Option<&'s str>) -> Option<&'s str> {
        if self.keeps_cookies { set.or(before) } else { None }
    }

    /// Its request, when it holds that `Set-Cookie` value.
    pub(super) fn request<'c>(&'c self, held: Option<&'c str>) -> Sent<'c, R> {
        let pair = |set: &'c str| set.split_once(';').map_or(set, |(pair, _)| pair);
        Sent { request: &self.request, cookie: held.map(|set| (header::COOKIE, pair(set))) }
    }
}

/// The clients of a simulation: how common each kind is, and how many requests each client sends.
///
/// The share of a kind is its parts of the parts of all. Every client sends equally many requests, so this is its share
/// of the requests as well.
///
/// ```
/// use canary_policy::select::{Client, Mix};
///
/// let clients = [Client::new(vec![("x-canary", "always")]), Client::new(vec![]).with_parts(99)];
/// assert_eq!(Mix::new(clients)?.with_requests(50)?.requests(), 50);
///
/// let nobody = Mix::new([Client::new(()).with_parts(0)]);
/// assert_eq!(nobody.unwrap_err().to_string(), "the parts of the mix add up to 0: 1 to 4294967295");
/// # Ok::<(), canary_policy::Invalid>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Mix<R> {
    clients: Vec<Client<R>>,
    /// Where the parts of each client end, exclusive, ascending.
    ends: Vec<u32>,
    requests: u32,
}

impl<R: Request> Mix<R> {
    /// A mix of these clients, each of which sends one request.
    ///
    /// # Errors
    ///
    /// There is no client, or their parts add up to 0 or to more than 4,294,967,295.
    pub fn new(clients: impl IntoIterator<Item = Client<R>>) -> Result<Self, Invalid> {
        let clients: Vec<Client<R>> = clients.into_iter().collect();
        if clients.is_empty() {
            return Err(Invalid::NoClient);
        }
        let sum: u64 = clients.iter().map(|client| u64::from(client.parts)).sum();
        match u32::try_from(sum) {
            Ok(1..) => {}
            _ => return Err(Invalid::Parts(sum)),
        }
        let ends = clients.iter().scan(0_u32, |end, client| {
            *end = end.saturating_add(client.parts);
            Some(*end)
        });
        Ok(Mix { ends: ends.collect(), clients, requests: 1 })
    }

    /// The same mix, each client of which sends so many requests, one after the other.
    ///
    /// # Errors
    ///
    /// The number is 0.
    pub fn with_requests(self, requests: u32) -> Result<Self, Invalid> {
        match requests {
            0 => Err(Invalid::Requests(0)),
            1.. => Ok(Mix { requests, ..self }),
        }
    }

    /// How many requests each client sends, at least 1.
    #[must_use]
    pub fn requests(&self) -> u32 {
        self.requests
    }

    /// The kinds of clients.
    pub(super) fn clients(&self) -> &[Client<R>] {
        &self.clients
    }

    /// The parts of all, at least 1.
    pub(super) fn parts(&self) -> u32 {
        self.ends.last().copied().unwrap_or(1)
    }

    /// The client on whose parts a sample falls: exact, as with the weights of a policy.
    pub(super) fn client(&self, sample: Sample) -> Option<&Client<R>> {
        let point = sample.point(self.parts());
        self.clients.get(self.ends.partition_point(|&end| end <= point))
    }
}

/// A client's request, with the cookie it holds.
pub(super) struct Sent<'c, R> {
    request: &'c R,
    cookie: Option<(HeaderName, &'c str)>,
}

impl<R: Request> Request for Sent<'_, R> {
    fn header<'r>(&'r self, name: &HeaderName) -> impl Iterator<Item = &'r [u8]> {
        self.request.header(name).chain(self.cookie.as_slice().header(name))
    }
}
