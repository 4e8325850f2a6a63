//! Istio: VirtualService and DestinationRule of `networking.istio.io/v1`, as of Istio 1.31 (istio/api `b8f8791`,
//! <https://istio.io/latest/docs/reference/config/networking/virtual-service/>,
//! `networking/v1alpha3/virtual_service.proto`; what is admitted: istio/istio `pkg/config/validation`; what it becomes:
//! `pilot/pkg/networking/core/route/route.go`).
//!
//! * The rules are looked at in the order of the list, and the first that matches decides: no match is more specific than
//!   another. Behind a rule without a match there is nothing, so the split is the last one.
//! * A prefix is one of characters here: `/cart` as a prefix is `/cart` exactly and the prefix `/cart/`.
//! * A cookie is a regular expression on the `cookie` header. One has to match the whole value, and is RE2's: of 1 to 1024
//!   bytes, and of at most 32768 instructions, which is where Istio sets Envoy's bound.
//! * An affinity cookie is a `set-cookie` header that is added to a destination's responses, and rules in front of or behind
//!   the others. `consistentHash` is not written: it chooses among the pods of a destination that was chosen without it.
//! * Weights are parts of their sum, up to 2147483647. A destination without a share is left out, and a single one has no
//!   weight: it gets everything, whatever its weight is.
//! * Without a Gateway the rules are for the sidecars. Those take no `*` for a host, but the name of stable's Service.

mod hosts;
mod names;
mod object;
mod params;
mod read;

use std::borrow::Cow;
use std::collections::BTreeMap;

pub use object::{
    Destination, DestinationRule, DestinationRuleSpec, HeaderOperations, Headers, HttpDestination, HttpMatch,
    HttpRoute, Objects, PortSelector, StringMatch, Subset, VirtualService, VirtualServiceSpec,
};
pub use params::Params;
pub use read::read;

use super::re2::{self, Reads};
use super::regex::{self, Wanted};
use super::table::{Condition, Row, Table};
use super::{Conversion, Metadata, Object, Path, PathType, Route};
use crate::error::{Excerpt, RouteError};
use crate::policy::{Policy, Variant};

/// The API's group and version.
const API: &str = "networking.istio.io/v1";

/// The largest weight: an `int32`.
const WEIGHT: u32 = i32::MAX.unsigned_abs();

/// Why a key cannot share out the variants.
const KEYLESS: &str = "a VirtualService shares each request out anew, and hashes among the pods of one variant alone";

/// The most bytes of a regular expression.
const REGEX: usize = 1024;

/// The most instructions that RE2 may make of one (`re2.max_program_size.error_level` in Istio's bootstrap of Envoy).
const PROGRAM: usize = 32_768;

/// Writes a policy as a VirtualService, and a DestinationRule where the variants are subsets.
///
/// # Errors
///
/// The route has another number of canaries than the policy, a backend with a named port, hosts that overlap, no host
/// where Gateways and sidecars need one, or a name that Istio does not admit. Where the variants are subsets, a canary's
/// backend is another than stable's.
///
/// ```
/// use canary_policy::targets::istio::{self, Params};
/// use canary_policy::targets::Route;
/// use canary_policy::{Canary, HeaderRule, Match, Policy, Total};
///
/// let canary = Canary::new("canary", 5)?.with_header(HeaderRule::new("x-canary", Match::AlwaysNever)?);
/// let policy = Policy::new([canary], Total::new(1000)?)?;
/// let route = Route::new("web", "web:80".parse()?, ["web-canary:80".parse()?])?.with_namespace("shop")?;
/// let objects = istio::virtual_service(&policy, &route, &Params::default())?.exact()?;
/// let shares = objects.virtual_service.spec.http[2].route.iter();
/// assert!(shares.map(|to| (to.destination.host.as_str(), to.weight)).eq([
///     ("web.shop.svc.cluster.local", Some(995)),
///     ("web-canary.shop.svc.cluster.local", Some(5)),
/// ]));
///
/// let subsets = Params::default().with_subsets(Params::VERSION)?;
/// assert_eq!(
///     istio::virtual_service(&policy, &route, &subsets).unwrap_err().to_string(),
///     "backends: `web-canary:80` is refused: subsets are of stable's Service and port",
/// );
/// let route = Route::new("web", "web:80".parse()?, ["web:80".parse()?])?;
/// let objects = istio::virtual_service(&policy, &route, &subsets)?.exact()?;
/// assert_eq!(objects.destination_rule.unwrap().spec.subsets[1].labels["version"], "canary");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn virtual_service(policy: &Policy, route: &Route, params: &Params) -> Result<Conversion<Objects>, RouteError> {
    let backends = route.backends(policy)?;
    let gateways = hosts::gateways(route, params)?;
    let hosts = hosts::hosts(route, params, &gateways)?;
    if params.subsets().is_some()
        && let Some(other) = backends.all().find(|backend| *backend != &route.stable)
    {
        let bound = "subsets are of stable's Service and port";
        return Err(RouteError::Refused { field: "backends", value: Excerpt::of(&other.to_string()), bound });
    }
    let destination = |to: Variant, weight: Option<u32>, set_cookie: Option<&String>| {
        let whole = hosts::destination(backends.of(to), route, params)?;
        let name = policy.names().nth(to.index().map_or(0, |index| index + 1));
        let subset = params.subsets().and(name).map(str::to_owned);
        let headers = set_cookie.map(|value| Headers::set_cookie(value));
        Ok(HttpDestination {
            destination: Destination { subset, ..whole },
            weight,
            headers,
            ..HttpDestination::default()
        })
    };

    let mut losses = Vec::new();
    let Table { rows, split } = Table::new(policy, WEIGHT, Some(KEYLESS), header_match, &mut losses);
    let uris = uris(&route.paths);
    let every = uris.as_slice() == [None];
    let mut http = Vec::new();
    for Row { any, to, set_cookie } in &rows {
        let matches = any.iter().flat_map(|(name, value)| {
            let headers = BTreeMap::from([(name.clone(), value.clone())]);
            uris.iter().map(move |uri| HttpMatch { uri: uri.clone(), headers: headers.clone(), ..HttpMatch::default() })
        });
        let route = vec![destination(*to, None, set_cookie.as_ref())?];
        http.push(HttpRoute { matches: matches.collect(), route, ..HttpRoute::default() });
    }
    let matches = uris.into_iter().map(|uri| HttpMatch { uri, ..HttpMatch::default() });
    let single = split.len() == 1;
    let share = |weight: u32| Some(weight).filter(|_| !single);
    http.push(HttpRoute {
        matches: if every { Vec::new() } else { matches.collect() },
        route: split
            .iter()
            .map(|to| destination(to.to, share(to.weight), to.set_cookie.as_ref()))
            .collect::<Result<_, _>>()?,
        ..HttpRoute::default()
    });

    let metadata = Metadata::new(route, policy, backends, 0);
    let destination_rule = params.subsets().map(|label| {
        let labels = |name: &str| BTreeMap::from([(label.to_owned(), name.to_owned())]);
        let subsets = policy.names().map(|name| Subset { name: name.to_owned(), labels: labels(name) }).collect();
        let host = hosts::service(&route.stable, route, params);
        Object::new(API, "DestinationRule", metadata.clone(), DestinationRuleSpec { host, subsets })
    });
    let spec = VirtualServiceSpec { hosts, gateways, http, ..VirtualServiceSpec::default() };
    let output = Objects { destination_rule, virtual_service: Object::new(API, "VirtualService", metadata, spec) };
    Ok(Conversion { output, losses })
}

/// A condition as a header match, or what the target is bound to.
fn header_match(condition: Condition<'_>) -> Result<(String, StringMatch), &'static str> {
    let (name, wanted) = regex::wanted(condition)?;
    let name = header(name)?;
    let regex = match wanted {
        Wanted::Exactly(value) => return Ok((name, StringMatch::Exact(value.to_owned()))),
        Wanted::Matches(regex) => regex,
    };
    if regex.len() > REGEX {
        Err("a regular expression has 1024 bytes at most, with what is written around a pattern or cookie")
    } else if regex.contains('{') && !re2::fits(condition, &regex, Reads::Utf8, PROGRAM) {
        // Without counted repetitions no character of 1024 comes to 32 instructions.
        Err("what RE2 makes of a regular expression has 32768 instructions at most")
    } else {
        Ok((name, StringMatch::Regex(regex)))
    }
}

/// A header's name. If one of these were ignored, its rule would be for every request.
fn header(name: Cow<'static, str>) -> Result<String, &'static str> {
    if matches!(&*name, "uri" | "scheme" | "method" | "authority") {
        Err("Istio documents that it ignores headers called uri, scheme, method and authority")
    } else {
        Ok(name.into_owned())
    }
}

/// What a path has to be, one of these; none where every path will do.
fn uris(paths: &[(Path, PathType)]) -> Vec<Option<StringMatch>> {
    let every = |(path, kind): &(Path, PathType)| *kind == PathType::Prefix && path.as_str() == "/";
    if paths.iter().all(every) {
        return vec![None];
    }
    let uris = paths.iter().flat_map(|(path, kind)| {
        let (text, compared) = (path.as_str().to_owned(), path.compared(*kind));
        match kind {
            PathType::Exact => vec![StringMatch::Exact(text)],
            PathType::Prefix if compared.is_empty() => vec![StringMatch::Prefix(text)],
            PathType::Prefix => {
                vec![StringMatch::Exact(compared.to_owned()), StringMatch::Prefix(format!("{compared}/"))]
            }
        }
    });
    uris.map(Some).collect()
}
