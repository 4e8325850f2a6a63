//! What the schema of a spec says beside the types of its fields: regular expressions, and rules in CEL.
//!
//! They say what the check says, in the words of an API server. `examples/crd` compares the two. Three things are
//! left to the check: whether a pattern is valid, lengths in bytes, which a schema counts in characters, and specs with more
//! than 64 canaries, which a schema refuses.

use schemars::Schema;

pub(super) use crate::schema::MAX_ITEMS;
use crate::schema::{Rule, add_rules};

/// The name of a canary: a DNS label. Bounds of lengths are beside the expressions in the schema.
pub(super) const CANARY_NAME: &str = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$";
/// The name of a header: a token of RFC 9110.
pub(super) const HEADER_NAME: &str = r"^[-!#$%&'*+.^_`|~0-9A-Za-z]+$";
/// The name of a cookie: a token, or one with `/`, `:` and inner spaces.
pub(super) const COOKIE_NAME: &str =
    r"^[-!#$%&'*+./:^_`|~0-9A-Za-z]([-!#$%&'*+./:^_`|~0-9A-Za-z ]*[-!#$%&'*+./:^_`|~0-9A-Za-z])?$";
/// The value of a header: no control character other than tab, and no space or tab at an end.
pub(super) const HEADER_VALUE: &str = r"^([^\x00-\x20\x7f]([^\x00-\x08\x0a-\x1f\x7f]*[^\x00-\x20\x7f])?)?$";
/// The value of a cookie: that of a header, without `;`.
pub(super) const COOKIE_VALUE: &str = r"^([^\x00-\x20\x7f;]([^\x00-\x08\x0a-\x1f\x7f;]*[^\x00-\x20\x7f;])?)?$";
/// A revision or a token.
pub(super) const TOKEN: &str = "^[-_.0-9A-Za-z]+$";
/// The path of a cookie: printable ASCII without `;`.
pub(super) const COOKIE_PATH: &str = "^/[ -:<-~]*$";
/// The domain of a cookie: DNS labels in any letter case, after a dot or without one.
pub(super) const COOKIE_DOMAIN: &str =
    r"^\.?[0-9A-Za-z]([-0-9A-Za-z]{0,61}[0-9A-Za-z])?(\.[0-9A-Za-z]([-0-9A-Za-z]{0,61}[0-9A-Za-z])?)*$";

/// Adds the characters that names and values have to the schema of a header rule.
pub(super) fn of_header_rule(rule: &mut Schema) {
    add_patterns(rule, HEADER_NAME, HEADER_VALUE);
}

/// Adds the characters that names and values have to the schema of a cookie rule.
pub(super) fn of_cookie_rule(rule: &mut Schema) {
    add_patterns(rule, COOKIE_NAME, COOKIE_VALUE);
}

fn add_patterns(rule: &mut Schema, name: &'static str, value: &'static str) {
    // In a schema with references, both rules have the schema of a rule, which knows neither.
    for (field, pattern) in [("/properties/name", name), ("/properties/value", value)] {
        if let Some(serde_json::Value::Object(field)) = rule.pointer_mut(field) {
            field.insert("pattern".to_owned(), pattern.into());
        }
    }
}

/// What the canaries of a spec have to be together. The rules that compare pairs look at 64 × 64 of them, and each pair costs
/// less than 50.
pub(super) const SPEC_RULES: [Rule; 7] = [
    Rule::new(
        "self.canaries.map(c, has(c.weight) ? c.weight : 0).sum() <= (has(self.total) ? self.total : 100)",
        "the weights add up to more than the total, which is 100 by default",
    ),
    Rule::new(
        "self.canaries.size() == 1 || self.canaries.all(c, has(c.name))",
        "if there are several canaries, each needs a name",
    ),
    Rule::new(
        "self.canaries.all(c, !has(c.name) || c.name != 'stable')",
        "stable names the stable variant: a canary needs another name",
    ),
    Rule::new(
        "self.canaries.all(c, !has(c.name) || self.canaries.exists_one(d, has(d.name) && d.name == c.name))",
        "the names of canaries are unique",
    ),
    Rule::new(
        "self.canaries.all(c, has(c.position)) || !self.canaries.exists(c, has(c.position))",
        "if one canary has a position, each needs one",
    ),
    Rule::new(
        "self.canaries.all(c, !has(c.position) || \
         c.position + (has(c.weight) ? c.weight : 0) <= (has(self.total) ? self.total : 100))",
        "the interval from a position ends after the total, which is 100 by default",
    ),
    Rule::new(
        "self.canaries.all(c, !has(c.position) || !has(c.weight) || c.weight == 0 || !has(c.name) || self.canaries.all(d, \
         !has(d.position) || !has(d.weight) || d.weight == 0 || !has(d.name) || d.name == c.name || \
         c.position + c.weight <= d.position || d.position + d.weight <= c.position))",
        "the intervals of two canaries overlap: each begins at a position and is as long as the weight",
    ),
];

/// What the value and the pattern of a rule have to be together.
pub(super) const RULE_RULES: [Rule; 1] =
    [Rule::new("!has(self.value) || !has(self.pattern)", "value and pattern are both given: give one of them")];

/// What the parts of an affinity have to be together.
pub(super) const AFFINITY_RULES: [Rule; 1] =
    [Rule::new("has(self.cookie) != has(self.key)", "give one of cookie and key")];

/// What the attributes of an affinity cookie have to be together with its name.
pub(super) const COOKIE_AFFINITY_RULES: [Rule; 2] = [
    Rule::new(
        "!self.name.matches('(?i)^__(secure|host|http)-') || !has(self.secure) || self.secure",
        "browsers drop a cookie whose name begins with __Secure-, __Host- or __Http- unless it is secure",
    ),
    Rule::new(
        "!self.name.matches('(?i)^__host-') || (!has(self.domain) && (!has(self.path) || self.path == '/'))",
        "browsers drop a cookie whose name begins with __Host- unless its path is / and it has no domain",
    ),
];

/// What the header and the cookie of a key have to be together.
pub(super) const KEY_RULES: [Rule; 1] =
    [Rule::new("has(self.header) != has(self.cookie)", "give one of header and cookie")];

/// What former tokens have to be together.
pub(super) const FORMER_TOKENS_RULES: [Rule; 1] = [Rule::new(
    "!has(self.canaries) || self.canaries.all(token, token != self.stable)",
    "the tokens of variants are unique",
)];

/// What a running release cannot change without losing the variants of its clients.
const TRANSITION_RULES: [Rule; 5] = [
    Rule::new(
        "!has(self.affinity) || !has(oldSelf.affinity) || has(self.affinity.key) == has(oldSelf.affinity.key)",
        "a cookie instead of a key, or a key instead of a cookie, gives every client a new variant: remove the affinity first",
    ),
    Rule::new(
        "!has(self.affinity) || !has(self.affinity.key) || !has(oldSelf.affinity) || !has(oldSelf.affinity.key) || \
         ((has(self.affinity.key.header) ? self.affinity.key.header.lowerAscii() : '') == \
         (has(oldSelf.affinity.key.header) ? oldSelf.affinity.key.header.lowerAscii() : '') && \
         (has(self.affinity.key.cookie) ? self.affinity.key.cookie.lowerAscii() : '') == \
         (has(oldSelf.affinity.key.cookie) ? oldSelf.affinity.key.cookie.lowerAscii() : ''))",
        "another header or cookie of the key gives every client a new sample: it cannot change while a release runs",
    ),
    Rule::new(
        "!has(self.affinity) || !has(self.affinity.key) || !has(oldSelf.affinity) || !has(oldSelf.affinity.key) || \
         (has(self.affinity.key.salt) ? self.affinity.key.salt : '') == \
         (has(oldSelf.affinity.key.salt) ? oldSelf.affinity.key.salt : '')",
        "a new salt gives every client a new sample: it cannot change while a release runs",
    ),
    Rule::new(
        "!has(self.affinity) || !has(self.affinity.key) || !has(oldSelf.affinity) || !has(oldSelf.affinity.key) || \
         (has(self.affinity.key.hash) ? self.affinity.key.hash : 'xxh64') == \
         (has(oldSelf.affinity.key.hash) ? oldSelf.affinity.key.hash : 'xxh64')",
        "a new hash gives every client a new sample: it cannot change while a release runs",
    ),
    Rule::new(
        "!has(self.affinity) || !has(self.affinity.cookie) || !has(oldSelf.affinity) || !has(oldSelf.affinity.cookie) || \
         self.affinity.cookie.name == oldSelf.affinity.cookie.name || (has(self.affinity.cookie.revision) && \
         (!has(oldSelf.affinity.cookie.revision) || self.affinity.cookie.revision != oldSelf.affinity.cookie.revision))",
        "with another name of its cookie every client loses its variant: give the cookie a new revision too",
    ),
];

/// Adds rules to the schema of a [`Spec`](crate::Spec), with which an API server refuses updates that would silently give the
/// clients of a running release other variants.
///
/// * An affinity stays a cookie or a key.
/// * The header or cookie, the salt and the hash of an affinity key stay as they are.
/// * The name of an affinity cookie changes only together with its revision, which says that clients are meant to lose their
///   variants.
///
/// It is a transform of `schemars` for the field of a custom resource that holds the spec. Such transition rules are legal
/// where an API server can tell which old value belongs to a new one, which is not so inside a list, unless the list is a map
/// (`x-kubernetes-list-type`). Affinity can still be removed by one update and added by another, so that no such change is made
/// unawares.
///
/// ```
/// use canary_policy::Spec;
/// use canary_policy::policy::transition_rules;
///
/// #[derive(schemars::JsonSchema)]
/// struct Release {
///     #[schemars(transform = transition_rules)]
///     policy: Spec,
/// }
///
/// let settings = schemars::generate::SchemaSettings::openapi3().with(|settings| settings.inline_subschemas = true);
/// let schema = settings.into_generator().into_root_schema_for::<Release>();
/// assert!(schema.to_value().to_string().contains("oldSelf.affinity.key.salt"));
/// ```
pub fn transition_rules(schema: &mut Schema) {
    add_rules(schema, &TRANSITION_RULES);
}
