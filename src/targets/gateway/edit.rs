//! A policy is put into somebody's HTTPRoute or GRPCRoute, and taken out again.

use super::edit_checks::{RULES, check_base_rule, check_limits, check_other_route, check_others};
use super::objects::{BackendRef, Filter, HeaderMatch, Rule};
use super::read::check_objects;
use super::route_match::RouteMatch;
use super::writer::{backend_ref, needed_grants, policy_table};
use super::{RouteParams, Spec};
use crate::error::{EditError, Excerpt};
use crate::policy::{Policy, Variant};
use crate::route::{Group, Path, Route};
use crate::targets::edit::{
    Applied, OwnedFields, Place, annotate, base_rules, check_backends, check_has_base, check_not_written, is_whole,
    put_in, take_applied, take_out, variants_text,
};
use crate::targets::{Conversion, Loss, Object, Part};

/// The fields that a policy owns in somebody's HTTPRoute or GRPCRoute: `spec.rules` and the annotations
/// [`Metadata::APPLIED`](crate::targets::Metadata::APPLIED) and [`Metadata::VARIANTS`](crate::targets::Metadata::VARIANTS). An API
/// server takes the list of rules as one value.
pub const OWNED_FIELDS: [&str; 3] =
    ["metadata.annotations.canary-policy/applied", "metadata.annotations.canary-policy/variants", RULES];

/// Puts a policy into somebody's HTTPRoute or GRPCRoute. An object holds one policy: one that was put in before is replaced, even if
/// it was for another stable backend, so putting the same policy in twice changes nothing. [`without_policy`] takes it out again.
///
/// Only the backends and the former tokens of the route count: the object has its own name, hosts, paths and parents. A rule of the
/// object that sends all of its requests to the stable backend gets the split of the policy, and keeps its place, its matches, its
/// filters and every other field. Behind the last rule come rules for the conditions of the policy, each made of such a rule: it
/// has the filters and every other field of that rule, and one more header in each match. The annotation
/// [`Metadata::APPLIED`](crate::targets::Metadata::APPLIED) says what was put in. All other rules and fields stay as they are.
///
/// The losses are those of [`http_routes`](super::http_routes), and one for each of these rules that has a name or a
/// `sessionPersistence`: the name stays with the rule, and the rules that are made of it have none.
///
/// Other objects are not looked at: [`check_other_routes`] says whether the rules for the conditions take requests from them.
///
/// For a gradual release, edit the object again for each step. To roll back, take the policy out.
///
/// # Errors
///
/// * The object is not an HTTPRoute or GRPCRoute, or a converter wrote it.
/// * The route does not have one backend for each canary, a canary has the backend of stable, or a backend has no port number.
/// * No rule has the stable backend as its only one, with a weight above 0.
/// * Another rule has a condition of the policy, or splits requests between stable and a canary.
/// * A match already has a condition on a header that the policy needs, such as `cookie` for an affinity cookie.
/// * With one more header, a match would be more specific than a match of another rule that has these requests now.
/// * A filter changes the header `Set-Cookie`, and the policy has an affinity cookie.
/// * There would be more than 16 rules, 64 matches in a rule or 128 in all, or 16 backends, filters or headers in a list.
/// * Somebody changed what was put in before, see [`without_policy`].
///
/// ```
/// use canary_policy::targets::gateway::{self, HttpRoute, RouteParams};
/// use canary_policy::{Canary, HeaderRule, Match, Policy, Route, Total};
/// use serde_json::json;
///
/// let theirs: HttpRoute = serde_json::from_value(json!({
///     "apiVersion": "gateway.networking.k8s.io/v1",
///     "kind": "HTTPRoute",
///     "metadata": { "name": "shop", "labels": { "team": "shop" } },
///     "spec": { "rules": [
///         { "matches": [{ "method": "GET" }], "backendRefs": [{ "name": "web", "port": 80 }], "timeouts": { "request": "1s" } },
///         { "matches": [{ "path": { "value": "/pay" } }], "backendRefs": [{ "name": "pay", "port": 80 }] },
///     ] },
/// }))?;
/// let canary = Canary::new("canary", 5)?.with_header(HeaderRule::new("x-canary", Match::AlwaysNever)?);
/// let policy = Policy::new([canary], Total::default())?;
/// let web = Route::new("web", "web:80".parse()?, ["web-canary:80".parse()?])?;
///
/// let edited = gateway::with_policy(&theirs, &policy, &web, &RouteParams::default())?.exact()?;
/// let rules = serde_json::to_value(&edited.spec.rules)?;
/// assert_eq!(rules[0], json!({
///     "matches": [{ "method": "GET" }],
///     "backendRefs": [{ "name": "web", "port": 80, "weight": 95 }, { "name": "web-canary", "port": 80, "weight": 5 }],
///     "timeouts": { "request": "1s" },
/// }));
/// assert_eq!(edited.spec.rules[1], theirs.spec.rules[1]);
/// assert_eq!(rules[2], json!({
///     "matches": [{ "method": "GET", "headers": [{ "type": "Exact", "name": "x-canary", "value": "always" }] }],
///     "backendRefs": [{ "name": "web-canary", "port": 80 }],
///     "timeouts": { "request": "1s" },
/// }));
///
/// let again = gateway::with_policy(&edited, &policy, &web, &RouteParams::default())?.exact()?;
/// assert_eq!(again, edited);
/// assert_eq!(gateway::without_policy(&edited)?, theirs);
///
/// let pay = Route::new("pay", "pay:81".parse()?, ["pay-canary:81".parse()?])?;
/// assert_eq!(
///     gateway::with_policy(&theirs, &policy, &pay, &RouteParams::default()).unwrap_err().to_string(),
///     "spec.rules: no rule sends all of its requests to `pay:81`, so the policy has no place",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn with_policy<M: RouteMatch>(
    object: &Object<Spec<M>>,
    policy: &Policy,
    route: &Route,
    params: &RouteParams,
) -> Result<Conversion<Object<Spec<M>>>, EditError> {
    let mut edited = without_policy(object)?;
    check_not_written(&edited.metadata)?;
    let own = edited.metadata.namespace.clone();
    let own = own.as_deref();
    let mut group = Group::of_route(policy, route)?;
    group.backends = group.backends.moved(route.namespace().or(own), own);
    let Conversion { output: table, mut losses } = policy_table(policy, group.former_tokens, params, |_| Ok(()));
    losses.extend(needed_grants(&table, &group.backends));

    let backend = |variant: Variant| backend_ref(group.backends.of(variant));
    check_backends(policy, group.backends.stable(), backend)?;
    let mut applied = Applied::new(table, backend(Variant::Stable)?, |condition| condition, backend)?;
    let rules = &edited.spec.rules;
    let are_base = base_rules(rules, &applied, own, RULES)?;
    check_has_base(&are_base, group.backends.stable(), RULES)?;
    if rules.iter().zip(&are_base).any(|(rule, is_base)| *is_base && replaces_prefix(rule)) {
        applied = applied.with_one_condition_each();
    }
    let mut paths = Vec::new();
    for (index, rule) in rules.iter().enumerate().filter(|(index, _)| are_base.get(*index) == Some(&true)) {
        check_base_rule(index, rule, &applied)?;
        losses.extend(lost_fields(index, rule, &applied));
        let every = rule.matches.is_empty().then(Path::root);
        paths.extend(rule.matches.iter().filter_map(M::path).chain(every));
    }
    check_others(rules, &are_base, &applied)?;
    edited.spec.rules = put_in(rules, &are_base, &mut applied, Place::AtTheEnd);
    check_limits(&edited.spec.rules)?;
    annotate(&mut edited.metadata, &applied, variants_text(&group, &paths, &are_base))?;
    Ok(Conversion { output: edited, losses })
}

/// Takes the policy that [`with_policy`] put into an HTTPRoute or GRPCRoute out of it again, which gives the object that it was
/// before. An object without a policy is returned as it is.
///
/// Only what was put in is taken out. Rules that somebody added later stay, and so does a field that somebody changed outside of
/// the rules of the policy. If somebody put the original rules back, as tools for continuous delivery do, only the annotations are
/// taken out.
///
/// To promote a canary, take the policy out and change the backend, as for any other release.
///
/// # Errors
///
/// * The object is not an HTTPRoute or GRPCRoute.
/// * The annotation that says what was put in is malformed.
/// * Somebody changed a rule that has the split of the policy, or one that was made of it. The error names the rule.
///
/// ```
/// use canary_policy::targets::gateway::{self, HttpRoute, RouteParams};
/// use canary_policy::{Policy, Route};
///
/// let theirs: HttpRoute = serde_json::from_value(serde_json::json!({
///     "apiVersion": "gateway.networking.k8s.io/v1",
///     "kind": "HTTPRoute",
///     "metadata": { "name": "web" },
///     "spec": { "rules": [{ "backendRefs": [{ "name": "web", "port": 80 }] }] },
/// }))?;
/// let web = Route::new("web", "web:80".parse()?, ["web-canary:80".parse()?])?;
/// let mut edited = gateway::with_policy(&theirs, &Policy::percent(30)?, &web, &RouteParams::default())?.exact()?;
/// assert_eq!(gateway::without_policy(&edited)?, theirs);
///
/// edited.spec.rules[0].backend_refs[1].weight = Some(50);
/// assert_eq!(
///     gateway::without_policy(&edited).unwrap_err().to_string(),
///     "spec.rules[0]: somebody changed it, or a rule that was made of it, after the policy was put in",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn without_policy<M: RouteMatch>(object: &Object<Spec<M>>) -> Result<Object<Spec<M>>, EditError> {
    check_objects(std::slice::from_ref(object), M::KIND)?;
    let mut original = object.clone();
    if let Some(applied) = take_applied(&mut original.metadata)? {
        let own = object.metadata.namespace.as_deref();
        original.spec.rules = take_out(&object.spec.rules, &applied, own, RULES)?;
    }
    Ok(original)
}

/// Checks that the policy in an object takes no requests from other objects of the same hosts. These are all taken to attach to the
/// same Gateways. The object itself may be one of them: an object of its name is the same one, unless both name a namespace, and
/// not the same.
///
/// A rule for a condition has one more header than the rule that it is made of, so it may be more specific than the rule of another
/// object for the same path, or equally specific, and then the older object decides, which is not read. If both objects name hosts,
/// only a host that both name counts: otherwise the more specific host decides.
///
/// # Errors
///
/// * An object is not an HTTPRoute or GRPCRoute, or its annotation is malformed.
/// * A match would take requests of another object, or could take them.
/// * Somebody changed what was put in, see [`without_policy`].
///
/// ```
/// use canary_policy::targets::gateway::{self, HttpRoute, RouteParams};
/// use canary_policy::{Canary, HeaderRule, Match, Policy, Route, Total};
/// use serde_json::json;
///
/// let route = |name: &str, matches: serde_json::Value| {
///     serde_json::from_value::<HttpRoute>(json!({
///         "apiVersion": "gateway.networking.k8s.io/v1",
///         "kind": "HTTPRoute",
///         "metadata": { "name": name },
///         "spec": { "rules": [{ "matches": matches, "backendRefs": [{ "name": name, "port": 80 }] }] },
///     }))
/// };
/// let web = route("web", json!([]))?;
/// let beta = route("beta", json!([{ "headers": [{ "name": "x-beta", "value": "1" }] }]))?;
/// let canary = Canary::new("canary", 5)?.with_header(HeaderRule::new("x-canary", Match::Exact("yes".to_owned()))?);
/// let policy = Policy::new([canary], Total::default())?;
/// let backends = Route::new("web", "web:80".parse()?, ["web-canary:80".parse()?])?;
/// let edited = gateway::with_policy(&web, &policy, &backends, &RouteParams::default())?.exact()?;
/// assert_eq!(
///     gateway::check_other_routes(&edited, &[web.clone(), beta]).unwrap_err().to_string(),
///     "spec.rules[0].matches[0]: with the condition `x-canary = yes` it would be at least as specific as \
///      beta.spec.rules[0].matches[0], and could take requests of that rule",
/// );
/// assert!(gateway::check_other_routes(&edited, &[route("pay", json!([{ "path": { "value": "/pay" } }]))?]).is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn check_other_routes<M: RouteMatch>(
    edited: &Object<Spec<M>>,
    others: &[Object<Spec<M>>],
) -> Result<(), EditError> {
    check_objects(others, M::KIND)?;
    let original = without_policy(edited)?;
    let Some(applied) = take_applied(&mut edited.metadata.clone())? else { return Ok(()) };
    let are_base = base_rules(&original.spec.rules, &applied, edited.metadata.namespace.as_deref(), RULES)?;
    others.iter().try_for_each(|other| check_other_route(&original, &are_base, &applied, other))
}

/// The body of a JSON merge patch (`application/merge-patch+json`, RFC 7386) that changes what a policy owns in the object,
/// [`OWNED_FIELDS`], and nothing else: after [`with_policy`], it puts the policy in, and after [`without_policy`], it takes the
/// policy out.
///
/// The patch has the `resourceVersion` of the object, if there is one. An API server then refuses the patch (`409 Conflict`) if
/// the object has changed since it was read, even by this patch: read the object again, and edit it anew. Without a
/// `resourceVersion`, the patch overwrites the rules of others, and sending it twice is the same as sending it once.
///
/// ```
/// use canary_policy::targets::gateway::{self, HttpRoute, RouteParams};
/// use canary_policy::{Policy, Route};
/// use serde_json::{Value, json};
///
/// let theirs: HttpRoute = serde_json::from_value(json!({
///     "apiVersion": "gateway.networking.k8s.io/v1",
///     "kind": "HTTPRoute",
///     "metadata": { "name": "web", "resourceVersion": "7" },
///     "spec": { "rules": [{ "backendRefs": [{ "name": "web", "port": 80 }] }] },
/// }))?;
/// let web = Route::new("web", "web:80".parse()?, ["web-canary:80".parse()?])?;
/// let edited = gateway::with_policy(&theirs, &Policy::percent(30)?, &web, &RouteParams::default())?.exact()?;
/// let patch = serde_json::to_value(gateway::merge_patch(&edited))?;
/// assert_eq!(patch["metadata"]["resourceVersion"], "7");
/// assert_eq!(patch["spec"]["rules"][0]["backendRefs"][1]["weight"], 30);
///
/// let back = serde_json::to_value(gateway::merge_patch(&theirs))?;
/// assert_eq!(back["metadata"]["annotations"]["canary-policy/applied"], Value::Null);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn merge_patch<M: RouteMatch>(object: &Object<Spec<M>>) -> OwnedFields<'_, Rule<M>> {
    OwnedFields::merge_patch(object, "rules", &object.spec.rules)
}

/// The body of a server-side apply (`application/apply-patch+yaml`) that changes what a policy owns in the object,
/// [`OWNED_FIELDS`], and nothing else.
///
/// The list of rules has one owner: to apply it, take it over from the owner of the object with `force`. The owner then gets a
/// conflict when applying other rules, so that a merge patch is the better choice for an object that somebody else keeps applying.
/// Apply the object of [`without_policy`] once more before the owner takes over: an API server deletes rules that nobody applies.
///
/// ```
/// use canary_policy::targets::gateway::{self, HttpRoute};
///
/// let theirs: HttpRoute = serde_json::from_value(serde_json::json!({
///     "apiVersion": "gateway.networking.k8s.io/v1",
///     "kind": "HTTPRoute",
///     "metadata": { "name": "web", "resourceVersion": "7", "labels": { "team": "shop" } },
///     "spec": { "hostnames": ["shop.test"], "rules": [{ "backendRefs": [{ "name": "web", "port": 80 }] }] },
/// }))?;
/// assert_eq!(
///     serde_json::to_value(gateway::apply_configuration(&theirs))?,
///     serde_json::json!({
///         "apiVersion": "gateway.networking.k8s.io/v1",
///         "kind": "HTTPRoute",
///         "metadata": { "name": "web", "annotations": {} },
///         "spec": { "rules": [{ "backendRefs": [{ "name": "web", "port": 80 }] }] },
///     }),
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn apply_configuration<M: RouteMatch>(object: &Object<Spec<M>>) -> OwnedFields<'_, Rule<M>> {
    OwnedFields::apply_configuration(object, "rules", &object.spec.rules)
}

/// Whether a filter of the rule replaces the prefix of a path. Such a rule has exactly one match, and so have the rules that are
/// made of it (the validation rules of `HTTPRouteRule` in the CRD).
fn replaces_prefix<M>(rule: &Rule<M>) -> bool {
    let replaces = |filter: &Filter| {
        let fields = ["urlRewrite", "requestRedirect"].into_iter().filter_map(|field| filter.unknown.get(field));
        fields.into_iter().any(|change| change.get("path").is_some_and(|path| path.get("replacePrefixMatch").is_some()))
    };
    rule.filters.iter().chain(rule.backend_refs.iter().flat_map(|backend| &backend.filters)).any(replaces)
}

/// What the policy and a rule lose because the policy is put into the rule.
fn lost_fields<M>(index: usize, rule: &Rule<M>, applied: &Applied<HeaderMatch, BackendRef>) -> Vec<Loss> {
    let text = |name: &str| rule.unknown.get(name).map(|value| Excerpt::of(value.as_str().unwrap_or(name)));
    let part = Part::Rule(index);
    let name = text("name").filter(|_| !applied.rules.is_empty());
    let name = name.map(|value| {
        let why =
            "the rules that are made of this one have no name, so what attaches to the rule by its name is not for them";
        Loss::LeftOut { part, value, why }
    });
    let session = text("sessionPersistence").filter(|_| !is_whole(&applied.split));
    let session = session.map(|_| Loss::Changed {
        part,
        requested: Excerpt::of("each request is split by weight"),
        written: Excerpt::of("each session is split by weight"),
        why: "the rule has a sessionPersistence, which keeps the requests of a session on one backend",
    });
    name.into_iter().chain(session).collect()
}
