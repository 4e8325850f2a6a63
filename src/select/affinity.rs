//! Affinity, compiled: which variant a client's cookie names, which sample its key gives, which cookie to set.

use super::{Reason, Request, Salt, Sample, Step, cookies, rules};
use crate::policy::{self, AffinityPrecedence, CookieAffinity, Key, KeyAffinity, Name, Token, Variant};

/// How a client keeps its variant.
#[derive(Debug)]
pub(super) enum Affinity {
    None,
    Cookie(Kept),
    Key(Keyed),
}

impl Affinity {
    pub(super) fn new<'p>(
        affinity: &policy::Affinity,
        canaries: impl Iterator<Item = &'p Name>,
        tokens: Option<&dyn Fn(Variant) -> Token>,
    ) -> Self {
        match affinity {
            policy::Affinity::None => Affinity::None,
            policy::Affinity::Cookie(cookie) => Affinity::Cookie(Kept::new(cookie, canaries, tokens)),
            policy::Affinity::Key(key) => Affinity::Key(Keyed::new(key)),
        }
    }

    #[inline]
    pub(super) fn kept(&self) -> Option<&Kept> {
        if let Affinity::Cookie(kept) = self { Some(kept) } else { None }
    }

    #[inline]
    pub(super) fn keyed(&self) -> Option<&Keyed> {
        if let Affinity::Key(keyed) = self { Some(keyed) } else { None }
    }
}

/// The affinity cookie of a policy.
#[derive(Debug)]
pub(super) struct Kept {
    name: Box<str>,
    precedence: AffinityPrecedence,
    /// Whether a value without a second field may name a variant by the whole of it.
    whole: bool,
    /// Stable first, then the canaries in order, unless stable alone is pinned. Where two variants have one token, it is
    /// stable's, as in ingress-nginx.
    pins: Box<[Pin]>,
}

/// What keeps clients on a variant.
#[derive(Debug)]
struct Pin {
    token: Box<str>,
    set_cookie: Box<str>,
}

impl Kept {
    pub(super) fn new<'p>(
        affinity: &CookieAffinity,
        canaries: impl Iterator<Item = &'p Name>,
        tokens: Option<&dyn Fn(Variant) -> Token>,
    ) -> Self {
        let pins = affinity.pinned(canaries).into_iter().map(|(variant, own)| {
            let (token, value) = match tokens {
                None => (own.clone(), own),
                Some(tokens) => {
                    let token = tokens(variant).to_string();
                    (token.clone(), format!("{own}|{token}"))
                }
            };
            Pin { token: token.into(), set_cookie: affinity.set_cookie(&value).into() }
        });
        Kept {
            name: affinity.name().as_str().into(),
            precedence: affinity.precedence(),
            whole: tokens.is_none(),
            pins: pins.collect(),
        }
    }

    /// Whether a rule beats the cookie.
    #[inline]
    pub(super) fn after_rules(&self) -> bool {
        self.precedence == AffinityPrecedence::AfterRules
    }

    /// The variant that the client's cookie names.
    pub(super) fn held<R: Request + ?Sized>(&self, request: &R) -> Option<Variant> {
        let value = cookies::last(request, &self.name)?;
        let token = self.token(value)?;
        let place = self.pins.iter().position(|pin| pin.token.as_bytes() == token)?;
        Some(place.checked_sub(1).map_or(Variant::Stable, Variant::Canary))
    }

    /// The cookie as a step of an explanation.
    pub(super) fn step<R: Request + ?Sized>(&self, request: &R) -> Step {
        let saw = cookies::last(request, &self.name);
        Step::rule(Reason::Affinity, &self.name, saw, "the token of a variant".to_owned(), self.held(request))
    }

    /// The second of the fields between `|`, of which empty ones do not count.
    fn token<'v>(&self, value: &'v [u8]) -> Option<&'v [u8]> {
        let second = value.split(|&byte| byte == b'|').filter(|field| !field.is_empty()).nth(1);
        second.or(Some(value).filter(|_| self.whole))
    }

    /// The `Set-Cookie` value that keeps a client on this variant.
    #[inline]
    pub(super) fn set_cookie(&self, variant: Variant) -> Option<&str> {
        let place = variant.index().map_or(0, |canary| canary + 1);
        self.pins.get(place).map(|pin| &*pin.set_cookie)
    }
}

/// The key of a policy, and its salt.
#[derive(Debug)]
pub(super) struct Keyed {
    pub(super) key: Key,
    salt: Salt,
}

impl Keyed {
    pub(super) fn new(affinity: &KeyAffinity) -> Self {
        let KeyAffinity { key, salt } = affinity;
        Keyed { key: key.clone(), salt: Salt::new(salt) }
    }

    /// The sample of the request's key, if it has one that is not empty.
    pub(super) fn sample<R: Request + ?Sized>(&self, request: &R) -> Option<Sample> {
        match &self.key {
            Key::Header(name) => self.salt.sample_of_joined(request.header(name), rules::separator(name)),
            Key::Cookie(name) => {
                let value = cookies::first(request, name.as_str());
                self.salt.sample_of_joined(value.into_iter(), b"")
            }
        }
    }
}
