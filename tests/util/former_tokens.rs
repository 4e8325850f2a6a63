//! Former tokens, and the cookies of a router that has handed them out.

use canary_policy::policy::FormerTokens;
use canary_policy::targets::nginx::token;
use canary_policy::{Affinity, AffinityScope, Policy, Route, Selector};

/// The tokens of the backends `shop-former-0-80`, which is stable, `shop-former-1-80` and so on.
fn tokens(canaries: usize) -> FormerTokens {
    let of = |index: usize| token("shop", &format!("former-{index}"), "80");
    FormerTokens::new(of(0), (1..=canaries).map(of)).unwrap()
}

/// A token for each variant that the affinity cookie of a policy pins; `None` if it has no affinity cookie.
pub fn former_tokens(policy: &Policy) -> Option<FormerTokens> {
    let Affinity::Cookie(cookie) = policy.affinity() else { return None };
    let pins_all = cookie.scope() == AffinityScope::AllVariants;
    Some(tokens(if pins_all { policy.canaries().len() } else { 0 }))
}

/// The same route with these tokens, if there are any.
pub fn with_former_tokens(route: Route, tokens: Option<FormerTokens>) -> Route {
    tokens.into_iter().fold(route, Route::with_former_tokens)
}

/// The selector of a policy, which honours these tokens if there are any.
pub fn selector(policy: &Policy, tokens: Option<&FormerTokens>) -> Selector {
    tokens.map_or_else(|| Selector::new(policy), |tokens| Selector::with_former_tokens(policy, tokens).unwrap())
}

/// Values of an affinity cookie with a former token of one of so many canaries, or of stable, in the form of ingress-nginx and in
/// odd ones. In half of them the token is not the second field.
pub fn values(canaries: usize) -> Vec<String> {
    let tokens = tokens(canaries);
    let all = std::iter::once(tokens.stable()).chain(tokens.canaries());
    let forms = |token: &canary_policy::policy::Token| {
        [
            format!("1795403237.92.31370.49610|{token}"),
            format!("a||{token}"),
            format!("|x|{token}"),
            format!("x|{token}|more"),
            format!("x|more|{token}"),
            format!("x|{token}x"),
            format!("|{token}"),
            format!("{token}"),
        ]
    };
    all.flat_map(forms).collect()
}
