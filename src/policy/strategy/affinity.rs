//! Affinity: by a cookie, by a key, or none.

use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::Union;

use super::texts::{Texts, one_of};
use crate::policy::{
    Affinity, AffinityPrecedence, AffinityScope, CookieAffinity, CookieName, KeyAffinity, KeyHash, SameSite,
};

/// Any affinity that these texts allow; the simplest is none.
pub(super) fn affinity(texts: &Texts) -> BoxedStrategy<Affinity> {
    let cookies = cookie_affinity(texts).map(|cookie| cookie.prop_map(Affinity::Cookie).boxed());
    let keys = key_affinity(texts).map(|key| key.prop_map(Affinity::Key).boxed());
    Union::new([Just(Affinity::None).boxed()].into_iter().chain(cookies).chain(keys)).boxed()
}

fn key_affinity(texts: &Texts) -> Option<impl Strategy<Value = KeyAffinity> + use<>> {
    let hash = prop_oneof![3 => Just(KeyHash::default()), 1 => select(KeyHash::ALL.to_vec())];
    let parts = (any::<bool>(), "[a-z]{1,8}", one_of(texts.salts)?, hash);
    Some(parts.prop_filter_map("an affinity key", |(is_header, name, salt, hash)| {
        let key = if is_header { KeyAffinity::header(&name) } else { KeyAffinity::cookie(&name) };
        key.and_then(|key| key.with_hash(hash).with_salt(&salt)).ok()
    }))
}

fn cookie_affinity(texts: &Texts) -> Option<impl Strategy<Value = CookieAffinity> + use<>> {
    let all = texts.all_affinity_cookies;
    let precedence = prop_oneof![Just(AffinityPrecedence::BeforeRules), Just(AffinityPrecedence::AfterRules)];
    let scope = prop_oneof![Just(AffinityScope::AllVariants), Just(AffinityScope::StableOnly)];
    let same_site = of(prop_oneof![Just(SameSite::Strict), Just(SameSite::Lax), Just(SameSite::None)]);
    let attributes = (of("[A-Za-z0-9._-]{1,8}"), of("/[a-z/]{0,8}"), of("[a-z]{1,8}\\.test"));
    let parts =
        (one_of(texts.affinity_names)?, precedence, scope, attributes, of(any::<u32>()), same_site, any::<bool>());
    Some(parts.prop_filter_map(
        "an affinity cookie",
        move |(name, precedence, scope, (revision, path, domain), max_age, same_site, secure)| {
            Some(CookieAffinity {
                name: CookieName::new(&name).ok()?,
                precedence: if all { precedence } else { AffinityPrecedence::BeforeRules },
                scope,
                revision: revision.filter(|_| all),
                max_age,
                path,
                domain,
                same_site,
                secure,
            })
        },
    ))
}
