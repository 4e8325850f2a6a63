//! The clients of a simulation, and how common each kind of client is (feature `rand`).

use http::{HeaderName, HeaderValue, header};

use crate::error::InvalidMix;
use crate::select::{HeaderLines, Sample};

/// A kind of client: the request that it sends, and whether it returns the affinity cookie that it was given.
///
/// If the request has an affinity cookie of its own, the client has this cookie from the start. For a policy with an
/// affinity key, add one client for each key, because every request without the key is decided by a new sample.
///
/// ```
/// use canary_policy::simulate::Client;
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

impl<R: HeaderLines> Client<R> {
    /// A client that sends this request, ignores cookies, and has 1 part of its mix.
    #[must_use]
    pub const fn new(request: R) -> Self {
        Client { request, parts: 1, keeps_cookies: false }
    }

    /// The same client with this number of parts of its mix. A client with 0 parts sends no requests.
    #[must_use]
    pub fn with_parts(self, parts: u32) -> Self {
        Client { parts, ..self }
    }

    /// The same client, which returns the affinity cookie that it was given last, in a line after its own lines.
    ///
    /// The client returns the cookie with every request, whatever its age, path and domain are.
    #[must_use]
    pub fn with_cookies(self) -> Self {
        Client { keeps_cookies: true, ..self }
    }

    /// The number of parts of the mix that are clients of this kind.
    #[must_use]
    pub const fn parts(&self) -> u32 {
        self.parts
    }

    /// The `Set-Cookie` value that the client keeps after a response. `before` is the value that it had, and `set` is
    /// the value of the response.
    pub(super) fn cookie_after(&self, before: Option<HeaderValue>, set: Option<HeaderValue>) -> Option<HeaderValue> {
        if self.keeps_cookies { set.or(before) } else { None }
    }

    /// The request of the client while it has this `Set-Cookie` value.
    pub(super) fn request<'c>(&'c self, set_cookie: Option<&'c HeaderValue>) -> ClientRequest<'c, R> {
        let name_and_value =
            |set: &'c HeaderValue| set.as_bytes().split(|&byte| byte == b';').next().unwrap_or_default();
        ClientRequest { request: &self.request, cookie: set_cookie.map(|set| (header::COOKIE, name_and_value(set))) }
    }
}

/// The clients of a simulation: how common each kind of client is, and how many requests each client sends.
///
/// The share of a kind is its number of parts, divided by the parts of all kinds. Since all clients send the same
/// number of requests, it is the share of the requests too.
///
/// ```
/// use canary_policy::simulate::{Client, ClientMix};
///
/// let clients = [Client::new(vec![("x-canary", "always")]), Client::new(vec![]).with_parts(99)];
/// assert_eq!(ClientMix::new(clients)?.with_requests(50)?.requests(), 50);
///
/// let nobody = ClientMix::new([Client::new(()).with_parts(0)]);
/// assert_eq!(nobody.unwrap_err().to_string(), "the parts of the mix add up to 0: expected 1 to 4294967295");
/// # Ok::<(), canary_policy::error::InvalidMix>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ClientMix<R> {
    clients: Vec<Client<R>>,
    /// The running sums of the clients' parts: a client has the parts from the previous sum up to its own.
    ends: Vec<u32>,
    requests: u32,
}

impl<R: HeaderLines> ClientMix<R> {
    /// A mix of these clients, each of which sends one request.
    ///
    /// # Errors
    ///
    /// There is no client, or the parts of all clients add up to 0 or to more than 4,294,967,295.
    pub fn new(clients: impl IntoIterator<Item = Client<R>>) -> Result<Self, InvalidMix> {
        let clients: Vec<Client<R>> = clients.into_iter().collect();
        if clients.is_empty() {
            return Err(InvalidMix::NoClient);
        }
        let sum: u64 = clients.iter().map(|client| u64::from(client.parts)).sum();
        match u32::try_from(sum) {
            Ok(1..) => {}
            _ => return Err(InvalidMix::Parts(sum)),
        }
        let ends = clients.iter().scan(0_u32, |end, client| {
            *end = end.saturating_add(client.parts);
            Some(*end)
        });
        Ok(ClientMix { ends: ends.collect(), clients, requests: 1 })
    }

    /// The same mix, in which each client sends this number of requests, one after the other.
    ///
    /// # Errors
    ///
    /// The number is 0.
    pub fn with_requests(self, requests: u32) -> Result<Self, InvalidMix> {
        match requests {
            0 => Err(InvalidMix::Requests(0)),
            1.. => Ok(ClientMix { requests, ..self }),
        }
    }

    /// The number of requests that each client sends, at least 1.
    #[must_use]
    pub const fn requests(&self) -> u32 {
        self.requests
    }

    /// The kinds of clients.
    pub(super) fn clients(&self) -> &[Client<R>] {
        &self.clients
    }

    /// The parts of all clients, at least 1.
    pub(super) fn parts(&self) -> u32 {
        self.ends.last().copied().unwrap_or(1)
    }

    /// The client that a sample falls on, as for the weights of a policy. Never `None`: the samples cover the parts of
    /// all clients.
    pub(super) fn client(&self, sample: Sample) -> Option<&Client<R>> {
        let point = sample.point(self.parts());
        self.clients.get(self.ends.partition_point(|&end| end <= point))
    }
}

/// The lines of a client's own request and, after them, the cookie that the client was given.
pub(super) struct ClientRequest<'c, R> {
    request: &'c R,
    cookie: Option<(HeaderName, &'c [u8])>,
}

impl<R: HeaderLines> HeaderLines for ClientRequest<'_, R> {
    fn lines<'r>(&'r self, name: &HeaderName) -> impl Iterator<Item = &'r [u8]> {
        self.request.lines(name).chain(self.cookie.as_slice().lines(name))
    }
}
