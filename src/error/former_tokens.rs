//! The error of former tokens.

use std::borrow::Cow;

use thiserror::Error;

use super::{Diagnostic, Excerpt, Invalid};

/// Why [`FormerTokens`](crate::policy::FormerTokens) cannot be, or do not belong to a policy.
///
/// ```
/// use canary_policy::error::InvalidFormerTokens;
/// use canary_policy::policy::{FormerTokens, Token};
/// use canary_policy::{Policy, Selector};
///
/// let tokens = FormerTokens::new(Token::new("5ab1e")?, [Token::new("ca9a7")?])?;
/// let error = Selector::with_former_tokens(&Policy::percent(30)?, &tokens).unwrap_err();
/// assert_eq!(error, InvalidFormerTokens::NoCookie);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum InvalidFormerTokens {
    /// A text is not a token.
    #[error("formerTokens: {0}")]
    Token(#[from] Invalid),
    /// Two variants have the same token.
    #[error("formerTokens: `{0}` names two variants: tokens are unique")]
    Twice(Excerpt),
    /// The policy has no affinity cookie.
    #[error("formerTokens: the policy has no affinity cookie, which is what holds a token")]
    NoCookie,
    /// The affinity cookie pins another number of variants.
    #[error("formerTokens: {tokens} {} given, but the affinity cookie pins {pinned} {}",
        if *.tokens == 1 { "token is" } else { "tokens are" },
        if *.pinned == 1 { "variant" } else { "variants" }
    )]
    Count {
        /// The number of variants that the cookie pins.
        pinned: usize,
        /// The number of tokens.
        tokens: usize,
    },
}

impl Diagnostic for InvalidFormerTokens {
    fn code(&self) -> &'static str {
        match self {
            InvalidFormerTokens::Token(invalid) => invalid.code(),
            InvalidFormerTokens::Twice(_) => "token-twice",
            InvalidFormerTokens::NoCookie => "no-affinity-cookie",
            InvalidFormerTokens::Count { .. } => "token-count",
        }
    }

    fn field(&self) -> Option<Cow<'_, str>> {
        Some(Cow::Borrowed("formerTokens"))
    }
}
