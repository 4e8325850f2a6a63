//! Former tokens: the texts by which the former router named the variants in the affinity cookie.

use std::collections::BTreeSet;

use super::{Affinity, Canary, Policy, Token, Variant};
#[cfg(feature = "schemars")]
use super::{cookie_affinity::MAX_TOKEN, schema};
use crate::error::{Excerpt, InvalidFormerTokens};
#[cfg(feature = "schemars")]
use crate::schema::for_operators;

/// The tokens by which the former router named the variants in the affinity cookie: one for each variant that the cookie pins,
/// which is stable and, unless the cookie pins stable only, each canary in the order of the policy.
///
/// Clients still hold cookies of the former router, as in `1795403237.92.31370.49610|06b6…`, whose token is the second of the
/// fields between `|`, not counting empty ones. A [`Selector`](crate::Selector::with_former_tokens) with former tokens, and the
/// objects of a [`Route`](crate::Route::with_former_tokens) or [`Location`](crate::route::Location::with_former_tokens) that has
/// them, give such a client the variant that it had, and set the cookie of the policy. The tokens are needed until the last cookie
/// of the former router is gone: for its maximum age, or until the sessions of the browsers end.
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
#[cfg_attr(feature = "serde", serde(into = "FormerTokensSpec", try_from = "FormerTokensSpec"))]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema), schemars(with = "FormerTokensSpec"))]
#[cfg_attr(feature = "schemars", schemars(description = "The tokens in the affinity cookies of the former router."))]
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

/// [`FormerTokens`] as they are written in a [`RouteSpec`](crate::route::RouteSpec).
///
/// ```
/// use canary_policy::policy::{FormerTokens, FormerTokensSpec};
///
/// let spec = FormerTokensSpec { stable: "5ab1e".into(), canaries: Some(vec!["ca9a7".into()]) };
/// assert_eq!(FormerTokens::try_from(spec)?.canaries()[0].as_str(), "ca9a7");
/// assert!(FormerTokens::try_from(FormerTokensSpec { stable: "5|b".into(), canaries: None }).is_err());
/// # Ok::<(), canary_policy::error::InvalidFormerTokens>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "camelCase", deny_unknown_fields))]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema), schemars(transform = for_operators))]
#[cfg_attr(feature = "schemars", schemars(description = "The tokens in the affinity cookies of the former router."))]
#[cfg_attr(feature = "schemars", schemars(extend("x-kubernetes-validations" = schema::FORMER_TOKENS_RULES)))]
pub struct FormerTokensSpec {
    /// The token of stable.
    #[cfg_attr(feature = "schemars", schemars(length(max = MAX_TOKEN), regex(pattern = schema::TOKEN)))]
    pub stable: String,
    /// The tokens of the canaries, in the order of the policy's canaries; none if the cookie pins stable only.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    #[cfg_attr(feature = "schemars", schemars(length(max = schema::MAX_ITEMS), extend("x-kubernetes-list-type" = "set")))]
    #[cfg_attr(feature = "schemars", schemars(inner(length(max = MAX_TOKEN), regex(pattern = schema::TOKEN))))]
    pub canaries: Option<Vec<String>>,
}

impl From<FormerTokens> for FormerTokensSpec {
    fn from(tokens: FormerTokens) -> Self {
        let FormerTokens { stable, canaries } = tokens;
        let canaries = Some(canaries).filter(|canaries| !canaries.is_empty());
        FormerTokensSpec {
            stable: stable.to_string(),
            canaries: canaries.map(|canaries| canaries.iter().map(Token::to_string).collect()),
        }
    }
}

impl TryFrom<FormerTokensSpec> for FormerTokens {
    type Error = InvalidFormerTokens;

    fn try_from(spec: FormerTokensSpec) -> Result<Self, InvalidFormerTokens> {
        let FormerTokensSpec { stable, canaries } = spec;
        let canaries =
            canaries.unwrap_or_default().iter().map(|token| Token::new(token)).collect::<Result<Vec<_>, _>>()?;
        FormerTokens::new(Token::new(&stable)?, canaries)
    }
}
