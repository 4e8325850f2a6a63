//! Answers recorded requests as before and after a move.

use std::collections::BTreeMap;

use http::header::COOKIE;

use super::former_tokens::Honoured;
use super::host_classes::ByHost;
use super::location_pair::{Side, comparable};
use super::verification::Inexact;
use super::{Destination, Replayed};
use crate::policy::{Affinity, Canary, CookieName, CookieRule, Policy, Variant};
use crate::route::{Path, VirtualHost};
use crate::select::{Decision, HeaderLines, Reason, Sample, Selector};
use crate::targets::VirtualHostReading;

/// Answers requests with the virtual hosts before and after a move.
///
/// A location, a canary and a cookie count as in [`verify`](super::verify), which answers for every request: a replay says how
/// many of the requests that really arrive are answered differently.
///
/// ```
/// use canary_policy::Policy;
/// use canary_policy::migrate::{Replay, Replayed};
/// use canary_policy::route::{Location, Path, VirtualHost};
/// use canary_policy::{Canary, HeaderRule, Match, Sample, Total};
///
/// let shop = |canary: Canary| -> Result<VirtualHost, Box<dyn std::error::Error>> {
///     let root = Location::new(Path::prefix("/")?, "shop:80".parse()?);
///     let root = root.with_policy(Policy::new([canary], Total::default())?, ["next:80".parse()?])?;
///     Ok(VirtualHost::new("shop", [root])?.with_hosts(["shop.test".parse()?])?)
/// };
/// let canary = Canary::new("canary", 30)?;
/// let rule = HeaderRule::new("x-canary", Match::AlwaysNever)?;
/// let (before, after) = ([shop(canary.clone().with_header(rule))?], [shop(canary)?.into()]);
/// let mut replay = Replay::new(&before, &after);
///
/// let none: &[(&str, &str)] = &[];
/// assert_eq!(replay.answer("shop.test", "/cart", none, None), Replayed::Same);
/// let asked = replay.answer("shop.test", "/cart", &[("x-canary", "always")], None);
/// assert_eq!(asked.to_string(), "goes to `next:80` by header before, and to `next:80` by weight after");
/// // With a sample, only the requests of this sample are compared.
/// let asked = replay.answer("shop.test", "/cart", &[("x-canary", "always")], Some(Sample::MAX));
/// assert_eq!(asked.to_string(), "goes to `next:80` by header before, and to `shop:80` by weight after");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Replay<'h> {
    before: ByHost<'h, VirtualHost>,
    after: ByHost<'h, VirtualHostReading>,
    /// The paths of the hosts after the move that were not read exactly, by the addresses of the readings.
    inexact: BTreeMap<usize, Inexact<'h>>,
    /// The policies of two locations, by the addresses of the locations.
    policies: BTreeMap<(usize, usize), Option<Compiled>>,
}

/// The policies of two locations, ready to decide.
#[derive(Debug)]
struct Compiled {
    before: Selector,
    after: Selector,
    /// The first sample of each interval of either policy: no other sample is decided in another way.
    samples: Vec<Sample>,
}

impl<'h> Replay<'h> {
    /// A replay with these virtual hosts.
    #[must_use]
    pub fn new(before: &'h [VirtualHost], after: &'h [VirtualHostReading]) -> Self {
        let (before, after) = (ByHost::before(before), ByHost::after(after));
        Replay { before, after, inexact: BTreeMap::new(), policies: BTreeMap::new() }
    }

    /// The policy that decided a request before the move, if there was one.
    #[must_use]
    pub fn policy(&self, host: &str, path: &str) -> Option<&'h Policy> {
        Side::of(self.before.find(&name(host)), text(path))?.location.policy()
    }

    /// Whether a request is answered alike. The host may have a port, and the path a query; both are ignored. Without a sample
    /// every sample is tried, and the first one that is answered differently is the answer.
    ///
    /// A path that proxies do not read alike, such as one with `//` or `/../`, is not compared: [`Path`] has no such text.
    pub fn answer<R: HeaderLines + ?Sized>(
        &mut self,
        host: &str,
        path: &str,
        request: &R,
        sample: Option<Sample>,
    ) -> Replayed {
        let Replay { before, after, inexact, policies } = self;
        let (host, path) = (name(host), text(path));
        let reading = after.find(&host);
        let mut is_inexact = |reading: &'h VirtualHostReading, path: &Path| {
            let key = std::ptr::from_ref(reading).addr();
            inexact.entry(key).or_insert_with(|| Inexact::new(reading)).decides(path)
        };
        let Ok(exact) = Path::exact(path) else { return Replayed::AmbiguousPath };
        if reading.is_some_and(|reading| is_inexact(reading, &exact)) {
            return Replayed::Unread;
        }
        let sides = (Side::of(before.find(&host), path), Side::of(reading.map(|reading| &reading.virtual_host), path));
        let (Some(before), Some(after)) = sides else {
            let [before, after] = [sides.0, sides.1].map(|side| side.and_then(|side| alone(side, request, sample)));
            return replayed(before, after);
        };
        let key = (std::ptr::from_ref(before.location).addr(), std::ptr::from_ref(after.location).addr());
        let compiled = policies.entry(key).or_insert_with(|| {
            comparable(before, after).map(|(one, other)| Compiled::new((before, &one), (after, &other)))
        });
        let Some(Compiled { before: one, after: other, samples }) = compiled else {
            return replayed(to_stable(before), to_stable(after));
        };
        let samples = sample.as_ref().map_or(samples.as_slice(), std::slice::from_ref);
        let answers = samples.iter().map(|sample| {
            let decided = |side, selector: &Selector| destination(side, selector.select(request, *sample));
            replayed(decided(before, one), decided(after, other))
        });
        let is_repeated = || [&*one, &*other].iter().any(|selector| is_repeated(request, selector));
        answers
            .into_iter()
            .find(|answer| *answer != Replayed::Same)
            .unwrap_or_else(|| if is_repeated() { Replayed::Repeated } else { Replayed::Same })
    }
}

impl Compiled {
    fn new((before, one): (Side<'_>, &Policy), (after, other): (Side<'_>, &Policy)) -> Self {
        let firsts = |policy: &Policy| {
            let total = policy.total().get();
            let starts: Vec<u32> = policy.intervals().iter().map(|interval| interval.start).collect();
            starts.into_iter().filter_map(move |start| Sample::from_fraction(start, total).ok())
        };
        let samples = firsts(one).chain(firsts(other)).collect();
        Compiled { before: selector(before, one), after: selector(after, other), samples }
    }
}

/// Whether a header or a cookie that the policy looks at is in the request more than once.
fn is_repeated<R: HeaderLines + ?Sized>(request: &R, selector: &Selector) -> bool {
    let headers = selector.header_names().into_iter().filter(|name| name != COOKIE);
    let policy = selector.policy();
    let rules = policy.canaries().iter().filter_map(Canary::cookie).map(CookieRule::name);
    let affinity = match policy.affinity() {
        Affinity::Cookie(cookie) => Some(cookie.name()),
        Affinity::None | Affinity::Key(_) => None,
    };
    let named = |name: &CookieName| {
        let cookies = request.lines(&COOKIE).flat_map(|line| line.split(|byte| *byte == b';'));
        let names = cookies.map(|cookie| cookie.split(|byte| *byte == b'=').next().unwrap_or_default().trim_ascii());
        names.filter(|own| own.eq_ignore_ascii_case(name.as_str().as_bytes())).count()
    };
    headers.into_iter().any(|name| request.lines(&name).nth(1).is_some())
        || rules.chain(affinity).any(|name| named(name) > 1)
}

fn replayed(before: Option<Destination>, after: Option<Destination>) -> Replayed {
    if before == after {
        return Replayed::Same;
    }
    Replayed::Differs { before: before.map(Box::new), after: after.map(Box::new) }
}

/// The destination on a side whose other side has no location.
fn alone<R: HeaderLines + ?Sized>(side: Side<'_>, request: &R, sample: Option<Sample>) -> Option<Destination> {
    let Some(policy) = side.location.policy() else { return to_stable(side) };
    destination(side, selector(side, policy).select(request, sample.unwrap_or(Sample::MAX)))
}

/// A selector for the policy of a side, which honours the tokens of a former router as the location does.
fn selector(side: Side<'_>, policy: &Policy) -> Selector {
    Honoured { policy, tokens: side.location.former_tokens() }.selector()
}

/// The destination of a location without a policy.
fn to_stable(side: Side<'_>) -> Option<Destination> {
    Some(Destination { backend: side.backend(Variant::Stable)?, reason: Reason::Weight, set_cookie: None })
}

fn destination(side: Side<'_>, decision: Decision) -> Option<Destination> {
    let Decision { variant, reason, set_cookie } = decision;
    let set_cookie = set_cookie.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    Some(Destination { backend: side.backend(variant)?, reason, set_cookie })
}

/// The host of a request, as it is compared: without its port and a dot at its end, and in lower case.
fn name(host: &str) -> String {
    let host = host.split_once(':').map_or(host, |(host, _)| host);
    host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase()
}

/// The path of a request without its query.
fn text(path: &str) -> &str {
    path.split(['?', '#']).next().unwrap_or(path)
}
