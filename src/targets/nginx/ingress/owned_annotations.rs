//! The annotations of a canary Ingress that belong to its policy.

use std::collections::BTreeMap;

use super::stable_ingress::CLASS;
use crate::targets::nginx::Flags;
use crate::targets::nginx::annotations::key;

/// The annotations that choose an endpoint. Besides the annotations of canaries these are the only ones that the controller
/// applies on a canary Ingress (controller 1.15.1, `mergeAlternativeBackends`).
pub(super) const APPLIED: [&str; 5] =
    ["load-balance", "upstream-hash-by", "upstream-hash-by-subset", "upstream-hash-by-subset-size", "service-upstream"];

/// The `written` annotations of a canary Ingress, and `None` for every other one that could say something else than they do:
/// those of canaries, those of an affinity cookie, which a canary has from its stable Ingress, those that are copied, and the
/// class.
pub(super) fn canary_edit(written: &BTreeMap<String, String>, flags: &Flags) -> BTreeMap<String, Option<String>> {
    let of_canary = key::OF_CANARY.into_iter().chain([key::COOKIE_VALUE, key::AFFINITY_BEHAVIOR]);
    let names = of_canary.chain(key::OF_COOKIE).chain(APPLIED);
    let keys = names.flat_map(|name| flags.keys(name)).chain([CLASS.to_owned()]);
    let mut edit: BTreeMap<String, Option<String>> = keys.map(|key| (key, None)).collect();
    edit.extend(written.iter().map(|(key, value)| (key.clone(), Some(value.clone()))));
    edit
}
