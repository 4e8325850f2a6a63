//! A policy is put into somebody's VirtualService, and taken out again.

use super::edited_rule::SET_COOKIE;
use super::hosts::destination;
use super::read::{check_kind, paths_of};
use super::subsets::check_subsets;
use super::write::policy_table;
use super::{Destination, HeaderOperations, Headers, HttpRoute, StringMatch, VirtualService, VirtualServiceParams};
use crate::error::{EditError, Excerpt};
use crate::policy::{Policy, Variant};
use crate::route::{Backend, Front, Group, Route};
use crate::targets::edit::{
    Applied, OwnedFields, Place, annotate, base_rules, check_backends, check_has_base, check_not_written, put_in,
    take_applied, take_out, variants_text,
};
use crate::targets::table::{check_size, json_bytes};
use crate::targets::{Conversion, Loss, Part};

/// The list of rules.
const RULES: &str = "spec.http";

/// The fields that a policy owns in somebody's VirtualService: `spec.http` and the annotations
/// [`Metadata::APPLIED`](crate::targets::Metadata::APPLIED) and [`Metadata::VARIANTS`](crate::targets::Metadata::VARIANTS). An API
/// server takes the list of rules as one value.
pub const OWNED_FIELDS: [&str; 3] =
    ["metadata.annotations.canary-policy/applied", "metadata.annotations.canary-policy/variants", RULES];

/// Puts a policy into somebody's VirtualService. An object holds one policy: one that was put in before is replaced, even if it was
/// for another stable backend, so putting the same policy in twice changes nothing. [`without_policy`] takes it out again.
///
/// Only the backends and the former tokens of the route count: the object has its own name, hosts and Gateways. A rule of the
/// object that sends all of its requests to the stable backend gets the split of the policy, and keeps its matches, its timeouts
/// and every other field. In front of it come rules for the conditions of the policy, each made of this rule: it has every other
/// field of the rule, its name too, and one more header in each match. So requests that reached the rule before reach one of these
/// rules, and no others do. The annotation [`Metadata::APPLIED`](crate::targets::Metadata::APPLIED) says what was put in. All other
/// rules and fields stay as they are.
///
/// A destination without a port is taken to go to the only port of its Service, which is a loss, because Services are not read: if
/// there are several, Istio sends each request of stable to the port that it came to, but those of a canary to the port of its
/// backend. A destination with a port has no such loss.
///
/// If the parameters ask for subsets, stable is the subset `stable` of its Service, and each canary is the subset of its name. No
/// `DestinationRule` is written: that of the Service has to have the subsets, which is a loss for each canary.
///
/// The losses are otherwise those of [`virtual_service`](super::virtual_service).
///
/// # Errors
///
/// * The object is not a VirtualService, or a converter wrote it.
/// * The route does not have one backend for each canary, a canary has the backend of stable, or a backend has no port number.
/// * The variants are subsets, and a canary has another backend than stable.
/// * No rule sends all of its requests to the stable backend.
/// * Another rule has a condition of the policy, or splits requests between stable and a canary.
/// * A match already has a condition on a header that the policy needs, such as `cookie` for an affinity cookie.
/// * The rule changes the header `Set-Cookie`, and the policy has an affinity cookie.
/// * The object would be larger than what Kubernetes stores.
/// * Somebody changed what was put in before, see [`without_policy`].
///
/// ```
/// use canary_policy::targets::istio::{self, VirtualService, VirtualServiceParams};
/// use canary_policy::{Canary, HeaderRule, Match, Policy, Route, Total};
/// use serde_json::json;
///
/// let theirs: VirtualService = serde_json::from_value(json!({
///     "apiVersion": "networking.istio.io/v1",
///     "kind": "VirtualService",
///     "metadata": { "name": "shop" },
///     "spec": { "hosts": ["shop.test"], "http": [
///         { "match": [{ "uri": { "prefix": "/pay" } }], "route": [{ "destination": { "host": "pay" } }] },
///         { "route": [{ "destination": { "host": "web", "port": { "number": 80 } } }], "timeout": "1s" },
///     ] },
/// }))?;
/// let canary = Canary::new("canary", 5)?.with_header(HeaderRule::new("x-beta", Match::Exact("yes".to_owned()))?);
/// let policy = Policy::new([canary], Total::default())?;
/// let web = Route::new("web", "web:80".parse()?, ["web-canary:80".parse()?])?;
/// let params = VirtualServiceParams::default();
///
/// let edited = istio::with_policy(&theirs, &policy, &web, &params)?.exact()?;
/// assert_eq!(edited.spec.http[0], theirs.spec.http[0]);
/// let rules = serde_json::to_value(&edited.spec.http)?;
/// assert_eq!(rules[1], json!({
///     "match": [{ "headers": { "x-beta": { "exact": "yes" } } }],
///     "route": [{ "destination": { "host": "web-canary", "port": { "number": 80 } } }],
///     "timeout": "1s",
/// }));
/// assert_eq!(rules[2]["route"][0], json!({ "destination": { "host": "web", "port": { "number": 80 } }, "weight": 95 }));
/// assert_eq!(rules[2]["timeout"], "1s");
///
/// assert_eq!(istio::with_policy(&edited, &policy, &web, &params)?.exact()?, edited);
/// assert_eq!(istio::without_policy(&edited)?, theirs);
///
/// let orders = Route::new("orders", "orders:80".parse()?, ["orders-canary:80".parse()?])?;
/// assert_eq!(
///     istio::with_policy(&theirs, &policy, &orders, &params).unwrap_err().to_string(),
///     "spec.http: no rule sends all of its requests to `orders:80`, so the policy has no place",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn with_policy(
    object: &VirtualService,
    policy: &Policy,
    route: &Route,
    params: &VirtualServiceParams,
) -> Result<Conversion<VirtualService>, EditError> {
    let mut edited = without_policy(object)?;
    check_not_written(&edited.metadata)?;
    let own = edited.metadata.namespace.clone();
    let own = own.as_deref();
    let mut group = Group::of_route(policy, route)?;
    group.backends = group.backends.moved(route.namespace().or(own), own);
    check_subsets(&group, params)?;
    let Conversion { output: table, mut losses } = policy_table(policy, group.former_tokens, params)?;

    let front = Front { name: &edited.metadata.name, namespace: own, hosts: &[], parents: &[] };
    let backend = |variant: Variant| {
        let subset = params.subsets().and_then(|_| policy.name(variant)).map(str::to_owned);
        Ok(Destination { subset, ..destination(group.backends.of(variant), front, params)? })
    };
    check_backends(policy, group.backends.stable(), backend)?;
    let mut applied = Applied::new(table, backend(Variant::Stable)?, |header| (header.name, header.value), backend)?;
    losses.extend(needed_subsets(policy, &applied));
    let rules = &edited.spec.http;
    let are_base = base_rules(rules, &applied, own, RULES)?;
    check_has_base(&are_base, group.backends.stable(), RULES)?;
    let mut paths = Vec::new();
    for (index, rule) in rules.iter().enumerate().filter(|(index, _)| are_base.get(*index) == Some(&true)) {
        check_base_rule(index, rule, &applied)?;
        losses.extend(assumed_port(index, rule, group.backends.stable()));
        paths.extend(paths_of(rule));
    }
    edited.spec.http = put_in(rules, &are_base, &mut applied, Place::InFront);
    annotate(&mut edited.metadata, &applied, variants_text(&group, &paths, &are_base))?;
    // Texts and numbers can always be written; if they could not, the object would be refused as too large.
    let rules = serde_json::to_string(&edited.spec.http).map_or(usize::MAX, |json| json.len());
    let annotations = edited.metadata.annotations.values().map(|value| json_bytes(value));
    check_size("a VirtualService", annotations.fold(rules, usize::saturating_add))?;
    Ok(Conversion { output: edited, losses })
}

/// Takes the policy that [`with_policy`] put into a VirtualService out of it again, which gives the object that it was before. An
/// object without a policy is returned as it is.
///
/// Only what was put in is taken out. Rules that somebody added later stay, and so does a field that somebody changed outside of
/// the rules of the policy. If somebody put the original rules back, as tools for continuous delivery do, only the annotations are
/// taken out.
///
/// To promote a canary, take the policy out and change the destination, as for any other release.
///
/// # Errors
///
/// * The object is not a VirtualService.
/// * The annotation that says what was put in is malformed.
/// * Somebody changed a rule that has the split of the policy, or one that was made of it. The error names the rule.
///
/// ```
/// use canary_policy::targets::istio::{self, VirtualService, VirtualServiceParams};
/// use canary_policy::{Policy, Route};
///
/// let theirs: VirtualService = serde_json::from_value(serde_json::json!({
///     "apiVersion": "networking.istio.io/v1",
///     "kind": "VirtualService",
///     "metadata": { "name": "web" },
///     "spec": { "hosts": ["web"], "http": [{ "route": [{ "destination": { "host": "web", "port": { "number": 80 } } }] }] },
/// }))?;
/// let web = Route::new("web", "web:80".parse()?, ["web-canary:80".parse()?])?;
/// let params = VirtualServiceParams::default();
/// let mut edited = istio::with_policy(&theirs, &Policy::percent(30)?, &web, &params)?.exact()?;
/// assert_eq!(istio::without_policy(&edited)?, theirs);
///
/// edited.spec.http[0].route[1].weight = Some(50);
/// assert_eq!(
///     istio::without_policy(&edited).unwrap_err().to_string(),
///     "spec.http[0]: somebody changed it, or a rule that was made of it, after the policy was put in",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn without_policy(object: &VirtualService) -> Result<VirtualService, EditError> {
    check_kind(object)?;
    let mut original = object.clone();
    if let Some(applied) = take_applied(&mut original.metadata)? {
        original.spec.http = take_out(&object.spec.http, &applied, object.metadata.namespace.as_deref(), RULES)?;
    }
    Ok(original)
}

/// The body of a JSON merge patch (`application/merge-patch+json`, RFC 7386) that changes what a policy owns in the object,
/// [`OWNED_FIELDS`], and nothing else: after [`with_policy`], it puts the policy in, and after [`without_policy`], it takes the
/// policy out.
///
/// [`gateway::merge_patch`](crate::targets::gateway::merge_patch) has an example, and says what an API server refuses.
#[must_use]
pub fn merge_patch(object: &VirtualService) -> OwnedFields<'_, HttpRoute> {
    OwnedFields::merge_patch(object, "http", &object.spec.http)
}

/// The body of a server-side apply (`application/apply-patch+yaml`) that changes what a policy owns in the object,
/// [`OWNED_FIELDS`], and nothing else. [`gateway::apply_configuration`](crate::targets::gateway::apply_configuration) has an
/// example, and says when to use which.
#[must_use]
pub fn apply_configuration(object: &VirtualService) -> OwnedFields<'_, HttpRoute> {
    OwnedFields::apply_configuration(object, "http", &object.spec.http)
}

/// A loss of a rule whose destination has no port.
fn assumed_port(index: usize, rule: &HttpRoute, stable: &Backend) -> Option<Loss> {
    let only = rule.route.first().filter(|only| only.destination.port.is_none())?;
    Some(Loss::Changed {
        part: Part::Rule(index),
        requested: Excerpt::of(&stable.to_string()),
        written: Excerpt::of(&only.destination.host),
        why: "without a port, a destination has the only port of its Service; if there are several, Istio sends these requests to the \
              port that they came to",
    })
}

/// A loss for each subset of a canary that gets requests, because no `DestinationRule` is written.
fn needed_subsets(policy: &Policy, applied: &Applied<(String, StringMatch), Destination>) -> Vec<Loss> {
    let is_named = |name: &str| applied.canaries().any(|to| to.subset.as_deref() == Some(name));
    let named = policy.variants().filter_map(|variant| Some((variant, policy.name(variant)?)));
    let named = named.filter(|(variant, name)| *variant != Variant::Stable && is_named(name));
    let loss = |(variant, name)| Loss::Needs {
        part: Part::Backend(variant),
        value: Excerpt::of(name),
        object: "a subset of this name in the DestinationRule of its Service: without one, the requests to this subset fail",
    };
    named.map(loss).collect()
}

/// Checks a rule that the policy is put into.
fn check_base_rule(
    index: usize,
    rule: &HttpRoute,
    applied: &Applied<(String, StringMatch), Destination>,
) -> Result<(), EditError> {
    for (number, one) in rule.matches.iter().enumerate() {
        let is_taken = |name: &str| one.headers.keys().any(|header| header.eq_ignore_ascii_case(name));
        if let Some((name, _)) = applied.conditions().find(|(name, _)| is_taken(name)) {
            let field = format!("{RULES}[{index}].match[{number}]");
            return Err(EditError::Header { field, header: Excerpt::of(name) });
        }
    }
    if !applied.sets_cookie() {
        return Ok(());
    }
    if let Some(why) = rule.unknown.get("headers").and_then(|headers| response_problem(headers.get("response")?)) {
        return Err(EditError::SetCookie { field: format!("{RULES}[{index}].headers"), why });
    }
    for (number, to) in rule.route.iter().enumerate() {
        if let Some(why) = to.headers.as_ref().and_then(headers_problem) {
            return Err(EditError::SetCookie { field: format!("{RULES}[{index}].route[{number}].headers"), why });
        }
    }
    Ok(())
}

const CHANGES_COOKIE: &str = "it changes the header Set-Cookie";

/// Why changes to headers cannot set a cookie too.
fn headers_problem(headers: &Headers) -> Option<&'static str> {
    let empty = Some("it is empty");
    if *headers == Headers::default() {
        return empty;
    }
    let response = headers.response.as_ref()?;
    if *response == HeaderOperations::default() {
        return empty;
    }
    let HeaderOperations { add, unknown } = response;
    let is_cookie = |name: &str| name.eq_ignore_ascii_case(SET_COOKIE);
    let of_unknown = ["set", "remove"].into_iter().filter_map(|field| unknown.get(field));
    let is_changed = add.keys().any(|name| is_cookie(name)) || of_unknown.into_iter().any(names_cookie);
    is_changed.then_some(CHANGES_COOKIE)
}

/// The same for the changes of a rule, of which this crate reads nothing else.
fn response_problem(response: &serde_json::Value) -> Option<&'static str> {
    let fields = ["add", "set", "remove"].into_iter().filter_map(|field| response.get(field));
    fields.into_iter().any(names_cookie).then_some(CHANGES_COOKIE)
}

/// Whether a list or a map of headers has the one that sets a cookie.
fn names_cookie(headers: &serde_json::Value) -> bool {
    let is_cookie = |name: &str| name.eq_ignore_ascii_case(SET_COOKIE);
    let in_list = headers.as_array().is_some_and(|list| list.iter().filter_map(|name| name.as_str()).any(is_cookie));
    in_list || headers.as_object().is_some_and(|map| map.keys().any(|name| is_cookie(name)))
}
