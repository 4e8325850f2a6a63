//! An affinity key as a hash policy of Envoy.

use super::{HashPolicy, HashedCookie, HashedHeader};
use crate::error::Excerpt;
use crate::policy::{Affinity, Key, KeyAffinity, Parts, Policy};
use crate::targets::table::{Row, Split};
use crate::targets::{Conversion, Loss, Part, UnknownFields};

/// The hash policy that a policy's affinity key is written as, with a loss, because Envoy hashes differently. Without an affinity
/// key there is neither.
///
/// `last` is the last row of the table, which splits the requests. If it sends all of them to one variant, no hash policy is
/// written.
pub(super) fn hash_policy<C>(policy: &Policy, last: Option<&Row<C>>) -> Conversion<Option<HashPolicy>> {
    let Parts { canaries: _, total: _, affinity } = policy.parts();
    let Affinity::Key(KeyAffinity { key, salt: _, hash: _ }) = affinity else {
        return Conversion { output: None, losses: Vec::new() };
    };
    let part = Part::Affinity;
    let requested = Excerpt::of(&affinity.to_string());
    if !last.is_some_and(|row| matches!(row.split, Split::Several(_))) {
        let why = "the weights send every request to one variant, so that no key is hashed";
        return Conversion { output: None, losses: vec![Loss::LeftOut { part, value: requested, why }] };
    }
    let (hash_policy, written) = match key {
        Key::Header(name) => {
            let header = HashedHeader { header_name: name.as_str().to_owned(), unknown: UnknownFields::default() };
            (HashPolicy::Header(header), format!("hash_policy header {name}"))
        }
        Key::Cookie(name) => {
            let cookie = HashedCookie { name: name.as_str().to_owned(), unknown: UnknownFields::default() };
            (HashPolicy::Cookie(cookie), format!("hash_policy cookie {name}"))
        }
    };
    let why = "Envoy keeps a client on one variant by its own hash, without the salt: the selector may choose another variant";
    let loss = Loss::Changed { part, requested, written: Excerpt::of(&written), why };
    Conversion { output: Some(hash_policy), losses: vec![loss] }
}
