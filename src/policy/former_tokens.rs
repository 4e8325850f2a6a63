//! Former tokens: the texts by which the router before this one named the variants in the affinity cookie.

use std::collections::BTreeSet;

use super::{Affinity, Canary, Policy, Token, Variant};
use crate::error::{Excerpt, InvalidFormerTokens};

/// The tokens by which the router before this one named the variants in the affinity cookie: one for each variant that the cookie
/// pins, which is stable and, unless the cookie pins stable only, each canary in the order of the policy.
///
/// Clients still hold cookies of the former router, as in `1795403237.92.31370.49610|06b6…`, whose token is the second field that
/// is not empty between `|`. A [`Selector`](crate::Selector::with_former_tokens) with former tokens, and the objects of a
/// [`Route`](crate::Route::with_former_tokens) or [`Location`](crate::route::Location::with_former_tokens) that has them, give such
/// a client the variant that it had, and set the cookie of the policy. The tokens are needed until the last cookie of the former
/// router is gone: for its maximum age, or until the sessions of the browsers end.
///
/// With `serde` it is written as `{"stable": "06b6…", "canaries": ["2d1e…"]}`.
///
/// ```
/// use canary_policy::policy::FormerTokens;
/// use canary_policy::targets::nginx::token;
/// use canary_policy::{Affinity, CookieAffinity, Policy, Variant};
///
/// let tokens = FormerTokens::new(token("shop", "web", "80"), [token("shop", "next", "80")])?;
/// assert_eq!(tokens.token(Variant::Canary(0)), Some(&token("shop", "next", "80")));
///
/// let policy = Policy::percent(30)?;
/// assert_eq!(
///     tokens.check(&policy).unwrap_err().to_string(),
///     "formerTokens: the policy has no affinity cookie, which is what holds a token",
/// );
/// assert!(tokens.check(&policy.with_affinity(Affinity::Cookie(CookieAffinity::new("route")?))).is_ok());
/// assert!(FormerTokens::new(token("shop", "web", "80"), [token("shop", "web", "80")]).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(into = "FormerTokensFields", try_from = "FormerTokensFields"))]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema), schemars(with = "FormerTokensFields"))]
#[cfg_attr(
    feature = "schemars",
    schemars(description = "The tokens in the affinity cookies of the router before this one.")
)]
pub struct FormerTokens {
    stable: Token,
    canaries: Vec<Token>,
}

impl FormerTokens {
    /// The token of stable, and those of the canaries in order: none if the affinity cookie pins stable only.
    ///
    /// # Errors
    ///
    /// Two variants have the same token.
    pub fn new(stable: Token, canaries: impl IntoIterator<Item = Token>) -> Result<Self, InvalidFormerTokens> {
        let canaries: Vec<Token> = canaries.into_iter().collect();
        let mut seen = BTreeSet::from([&stable]);
        if let Some(twice) = canaries.iter().find(|token| !seen.insert(token)) {
            return Err(InvalidFormerTokens::Twice(Excerpt::of(twice.as_str())));
        }
        Ok(FormerTokens { stable, canaries })
    }

    /// The token of stable.
    #[must_use]
    pub const fn stable(&self) -> &Token {
        &self.stable
    }

    /// The tokens of the canaries, in order.
    #[must_use]
    pub fn canaries(&self) -> &[Token] {
        &self.canaries
    }

    /// The token of a variant; `None` if clients are not pinned to it.
    #[must_use]
    pub fn token(&self, variant: Variant) -> Option<&Token> {
        match variant {
            Variant::Stable => Some(&self.stable),
            Variant::Canary(index) => self.canaries.get(index),
        }
    }

    /// All tokens with their variants, stable first.
    pub(crate) fn all(&self) -> impl Iterator<Item = (Variant, &Token)> {
        let canaries = self.canaries.iter().enumerate().map(|(index, token)| (Variant::Canary(index), token));
        std::iter::once((Variant::Stable, &self.stable)).chain(canaries)
    }

    /// Checks that there is a token for each variant that the affinity cookie of the policy pins, and no other.
    ///
    /// # Errors
    ///
    /// The policy has no affinity cookie, or its cookie pins more or fewer variants.
    pub fn check(&self, policy: &Policy) -> Result<(), InvalidFormerTokens> {
        let Affinity::Cookie(cookie) = policy.affinity() else { return Err(InvalidFormerTokens::NoCookie) };
        let pinned = cookie.pinned(policy.canaries().iter().map(Canary::name)).len();
        let tokens = self.all().count();
        if tokens == pinned { Ok(()) } else { Err(InvalidFormerTokens::Count { pinned, tokens }) }
    }
}

/// The serialised form of [`FormerTokens`].
#[cfg(feature = "serde")]
#[derive(Clone, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[cfg_attr(
    feature = "schemars",
    schemars(description = "The tokens in the affinity cookies of the router before this one.")
)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct FormerTokensFields {
    /// The token of stable.
    stable: Token,
    /// The tokens of the canaries, in the order of the policy's canaries; none if the cookie pins stable only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    canaries: Vec<Token>,
}

#[cfg(feature = "serde")]
impl From<FormerTokens> for FormerTokensFields {
    fn from(tokens: FormerTokens) -> Self {
        let FormerTokens { stable, canaries } = tokens;
        FormerTokensFields { stable, canaries }
    }
}

#[cfg(feature = "serde")]
impl TryFrom<FormerTokensFields> for FormerTokens {
    type Error = InvalidFormerTokens;

    fn try_from(fields: FormerTokensFields) -> Result<Self, InvalidFormerTokens> {
        let FormerTokensFields { stable, canaries } = fields;
        FormerTokens::new(stable, canaries)
    }
}
