//! Compiled affinity: the variant that an affinity cookie names, the cookie to set, and the sample of an affinity key.

use http::HeaderValue;

use super::cookies::{AffinityValue, RuleValue};
use super::{HeaderLines, Reason, Salt, Sample, Step, cookies, rules};
use crate::policy::{
    Affinity, AffinityPrecedence, Canary, CookieAffinity, FormerTokens, Key, KeyAffinity, KeyHash, Policy, Token,
    Variant,
};

/// The affinity of a policy, compiled.
#[derive(Debug)]
pub(super) enum CompiledAffinity {
    None,
    Cookie(CompiledCookie),
    /// The cookie is in a box, because it would make every selector larger.
    FormerCookie(Box<FormerCookie>),
    Key(CompiledKey<Salt>),
    /// The key is in a box, because it would make every selector larger.
    SdkKey(Box<CompiledKey<SdkHash>>),
}

impl CompiledAffinity {
    pub(super) fn new(policy: &Policy, tokens: Option<&dyn Fn(Variant) -> Token>) -> Self {
        match policy.affinity() {
            Affinity::None => CompiledAffinity::None,
            Affinity::Cookie(cookie) => CompiledAffinity::Cookie(CompiledCookie::new(cookie, policy, tokens)),
            Affinity::Key(KeyAffinity { key, salt, hash: KeyHash::Xxh64 }) => {
                CompiledAffinity::Key(CompiledKey { key: key.clone(), hasher: Salt::new(salt) })
            }
            Affinity::Key(KeyAffinity { key, salt, hash }) => {
                let hasher = SdkHash { hash: *hash, salt: salt.as_str().into() };
                CompiledAffinity::SdkKey(Box::new(CompiledKey { key: key.clone(), hasher }))
            }
        }
    }

    /// The same affinity, which honours these tokens too. They are those of the policy.
    pub(super) fn with_former_tokens(self, tokens: &FormerTokens) -> Self {
        match self {
            CompiledAffinity::Cookie(cookie) => {
                let tokens = tokens.all().map(|(_, token)| token.as_str().into()).collect();
                CompiledAffinity::FormerCookie(Box::new(FormerCookie { cookie, tokens }))
            }
            other => other,
        }
    }

    #[inline]
    pub(super) fn cookie(&self) -> Option<&CompiledCookie> {
        match self {
            CompiledAffinity::Cookie(cookie) => Some(cookie),
            CompiledAffinity::FormerCookie(former) => Some(&former.cookie),
            CompiledAffinity::None | CompiledAffinity::Key(_) | CompiledAffinity::SdkKey(_) => None,
        }
    }

    /// The cookie as a step of an explanation, if the policy has one.
    pub(super) fn cookie_step<R: HeaderLines + ?Sized>(&self, request: &R) -> Option<Step> {
        match self {
            CompiledAffinity::Cookie(cookie) => Some(cookie.step(request, cookie.variant(request))),
            CompiledAffinity::FormerCookie(former) => Some(former.cookie.step(request, former.variant(request))),
            CompiledAffinity::None | CompiledAffinity::Key(_) | CompiledAffinity::SdkKey(_) => None,
        }
    }

    /// The header or cookie that has the affinity key; `None` if the policy has no affinity key.
    pub(super) fn key(&self) -> Option<&Key> {
        match self {
            CompiledAffinity::Key(compiled) => Some(&compiled.key),
            CompiledAffinity::SdkKey(compiled) => Some(&compiled.key),
            CompiledAffinity::None | CompiledAffinity::Cookie(_) | CompiledAffinity::FormerCookie(_) => None,
        }
    }

    /// The sample of the key in a request. `None` if the policy has no affinity key, or if the request has no key or an empty
    /// one.
    #[inline]
    pub(super) fn key_sample<R: HeaderLines + ?Sized>(&self, request: &R) -> Option<Sample> {
        match self {
            CompiledAffinity::Key(key) => key.sample(request),
            CompiledAffinity::SdkKey(key) => key.sample(request),
            CompiledAffinity::None | CompiledAffinity::Cookie(_) | CompiledAffinity::FormerCookie(_) => None,
        }
    }
}

/// The affinity cookie of a policy, compiled.
#[derive(Debug)]
pub(super) struct CompiledCookie {
    name: Box<str>,
    precedence: AffinityPrecedence,
    /// Whether a value with a single field, as in `canary`, is a token as a whole; see [`token`](Self::token).
    whole_value: bool,
    /// The variants that clients are pinned to: first stable and then, unless the scope is stable only, the canaries in
    /// order. If two variants have the same token, it names the first of them, as in ingress-nginx.
    pinned: Box<[PinnedVariant]>,
}

/// A variant that clients are pinned to.
#[derive(Debug)]
struct PinnedVariant {
    /// The text that names the variant in the value of the cookie.
    token: Box<str>,
    /// The value of the `Set-Cookie` header that pins a client to the variant. Never `None`: the texts of a policy
    /// that the value is made of are all valid in a header.
    set_cookie: Option<HeaderValue>,
}

impl CompiledCookie {
    fn new(affinity: &CookieAffinity, policy: &Policy, tokens: Option<&dyn Fn(Variant) -> Token>) -> Self {
        let names = policy.canaries().iter().map(Canary::name);
        let pinned = affinity.pinned(names).into_iter().map(|(variant, name)| {
            let (token, value) = match tokens {
                None => (name.clone(), name),
                Some(tokens) => {
                    let token = tokens(variant).to_string();
                    (token.clone(), format!("{name}|{token}"))
                }
            };
            PinnedVariant { token: token.into(), set_cookie: shared(&affinity.set_cookie(&value)) }
        });
        CompiledCookie {
            name: affinity.name().as_str().into(),
            precedence: affinity.precedence(),
            whole_value: tokens.is_none(),
            pinned: pinned.collect(),
        }
    }

    /// Whether the rules decide before the cookie.
    #[inline]
    pub(super) fn after_rules(&self) -> bool {
        self.precedence == AffinityPrecedence::AfterRules
    }

    /// The variant that the cookie of the request names, if it names one.
    pub(super) fn variant<R: HeaderLines + ?Sized>(&self, request: &R) -> Option<Variant> {
        let found = cookies::last(request, &self.name)?;
        // Most values are a token as a whole, and no such token has a `|`.
        let whole = if self.whole_value {
            self.pinned.iter().position(|variant| found.is(variant.token.as_bytes()))
        } else {
            None
        };
        let place = whole.or_else(|| {
            let token = self.token(found.value())?;
            self.pinned.iter().position(|variant| variant.token.as_bytes() == token)
        })?;
        Some(at_place(place))
    }

    /// The cookie as a step of an explanation, if it names this variant.
    fn step<R: HeaderLines + ?Sized>(&self, request: &R, variant: Option<Variant>) -> Step {
        let value = cookies::last(request, &self.name).map(AffinityValue::value);
        Step::matched(Reason::Affinity, &self.name, value, "the token of a variant".to_owned(), variant)
    }

    /// The token in the value of a cookie: the second of the fields that are separated by `|`, not counting empty
    /// fields, as in `1795403237.92.31370.49610|ca9a7`. If there is no second field, the token is the whole value, or
    /// there is none if `whole_value` is false.
    fn token<'v>(&self, value: &'v [u8]) -> Option<&'v [u8]> {
        second_field(value).or(Some(value).filter(|_| self.whole_value))
    }

    /// The value of the `Set-Cookie` header that goes with a decision for this variant, if a cookie is due and clients are
    /// pinned to the variant.
    #[inline]
    pub(super) fn set_cookie(&self, variant: Variant, reason: Reason) -> Option<HeaderValue> {
        let is_due = match reason {
            Reason::Affinity => false,
            Reason::Header | Reason::Cookie => !self.after_rules(),
            Reason::Weight => true,
        };
        if !is_due {
            return None;
        }
        self.set_cookie_of(variant)
    }

    /// The value of the `Set-Cookie` header that pins a client to this variant, if clients are pinned to it.
    #[inline]
    fn set_cookie_of(&self, variant: Variant) -> Option<HeaderValue> {
        let place = variant.index().map_or(0, |canary| canary + 1);
        self.pinned.get(place)?.set_cookie.clone()
    }
}

/// The variant at a place of a list that has stable first, and then the canaries.
fn at_place(place: usize) -> Variant {
    place.checked_sub(1).map_or(Variant::Stable, Variant::Canary)
}

/// The second of the fields that are separated by `|`, not counting empty fields.
fn second_field(value: &[u8]) -> Option<&[u8]> {
    value.split(|&byte| byte == b'|').filter(|field| !field.is_empty()).nth(1)
}

/// The affinity cookie of a policy, in which the former router named the variants by tokens of its own.
#[derive(Debug)]
pub(super) struct FormerCookie {
    pub(super) cookie: CompiledCookie,
    /// The token of each pinned variant, stable first.
    tokens: Box<[Box<str>]>,
}

impl FormerCookie {
    /// The variant that the cookie of the request names by a former token or by one of the policy's own.
    pub(super) fn variant<R: HeaderLines + ?Sized>(&self, request: &R) -> Option<Variant> {
        self.by_former_token(request).or_else(|| self.cookie.variant(request))
    }

    /// The variant that the cookie of the request names by a former token.
    fn by_former_token<R: HeaderLines + ?Sized>(&self, request: &R) -> Option<Variant> {
        let token = second_field(cookies::last(request, &self.cookie.name)?.value())?;
        self.tokens.iter().position(|own| own.as_bytes() == token).map(at_place)
    }

    /// The value of the `Set-Cookie` header that goes with a decision for this variant. A client with a former token gets a cookie
    /// of the policy.
    pub(super) fn set_cookie<R: HeaderLines + ?Sized>(
        &self,
        request: &R,
        variant: Variant,
        reason: Reason,
    ) -> Option<HeaderValue> {
        match reason {
            Reason::Affinity => self.by_former_token(request).and_then(|_| self.cookie.set_cookie_of(variant)),
            Reason::Header | Reason::Cookie | Reason::Weight => self.cookie.set_cookie(variant, reason),
        }
    }
}

/// The text as a header value whose clones share the text and allocate nothing.
///
/// The first clone of a header value allocates a reference counter, so this function makes that clone. The text is copied, since
/// the capacity of a formatted `String` is larger than its text.
fn shared(text: &str) -> Option<HeaderValue> {
    let value = HeaderValue::from_str(text).ok()?;
    Some(value.clone())
}

/// The affinity key of a policy, compiled.
#[derive(Debug)]
pub(super) struct CompiledKey<H> {
    key: Key,
    hasher: H,
}

/// Turns the key of a request into a sample.
pub(super) trait KeyHasher {
    /// The sample of the key that consists of these lines, joined with the separator. `None` if there is no line, or if the
    /// only line is empty.
    fn sample_of_joined<'k>(
        &self,
        lines: impl Iterator<Item = &'k [u8]>,
        separator: impl FnOnce() -> &'static [u8],
    ) -> Option<Sample>;
}

impl KeyHasher for Salt {
    #[inline]
    fn sample_of_joined<'k>(
        &self,
        lines: impl Iterator<Item = &'k [u8]>,
        separator: impl FnOnce() -> &'static [u8],
    ) -> Option<Sample> {
        Salt::sample_of_joined(*self, lines, separator)
    }
}

/// The hash of a feature-flag SDK, and the salt.
#[derive(Debug)]
pub(super) struct SdkHash {
    hash: KeyHash,
    salt: Box<str>,
}

impl KeyHasher for SdkHash {
    fn sample_of_joined<'k>(
        &self,
        lines: impl Iterator<Item = &'k [u8]>,
        separator: impl FnOnce() -> &'static [u8],
    ) -> Option<Sample> {
        let key = lines.collect::<Vec<&[u8]>>().join(separator());
        (!key.is_empty()).then(|| Sample::from_key_with(self.hash, &key, &self.salt))
    }
}

impl<H: KeyHasher> CompiledKey<H> {
    /// The sample of the key in a request; `None` if the request has no key or an empty one.
    fn sample<R: HeaderLines + ?Sized>(&self, request: &R) -> Option<Sample> {
        match &self.key {
            Key::Header(name) => self.hasher.sample_of_joined(request.lines(name), || rules::separator(name)),
            Key::Cookie(name) => {
                let value = cookies::first(request, name.as_str()).map(RuleValue::value);
                self.hasher.sample_of_joined(value.into_iter(), || b"")
            }
        }
    }
}
