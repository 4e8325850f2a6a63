//! The cookies of a former router, which only one of two locations may honour.

use crate::compare::Difference;
use crate::policy::{Affinity, Canary, FormerTokens, Policy};
use crate::select::{Sample, Selector};

/// A policy, and the former tokens that are honoured with it, which are those of the policy.
#[derive(Clone, Copy)]
pub(super) struct Honoured<'p> {
    pub(super) policy: &'p Policy,
    pub(super) tokens: Option<&'p FormerTokens>,
}

impl Honoured<'_> {
    pub(super) fn selector(self) -> Selector {
        let honouring = self.tokens.map(|tokens| Selector::with_former_tokens(self.policy, tokens));
        match honouring {
            Some(Ok(selector)) => selector,
            // No location has tokens of another policy.
            Some(Err(_)) | None => Selector::new(self.policy),
        }
    }

    /// A cookie with each of the former tokens: those of the canaries come first, because a client that loses a canary notices
    /// it.
    fn cookies(self) -> Vec<String> {
        let (Affinity::Cookie(cookie), Some(tokens)) = (self.policy.affinity(), self.tokens) else { return Vec::new() };
        let tokens = tokens.canaries().iter().chain([tokens.stable()]);
        tokens.map(|token| format!("{}=1|{token}", cookie.name())).collect()
    }
}

/// A request with a cookie of the former router that two policies decide differently, although no other difference was found.
///
/// A token that both sides honour for the same variant makes no difference, and any other one does. If possible, the request goes
/// to another variant.
pub(super) fn difference(before: Honoured<'_>, after: Honoured<'_>) -> Option<Difference> {
    let names = |side: &Honoured<'_>| side.policy.canaries().iter().map(Canary::name).cloned().collect::<Vec<_>>();
    if before.tokens == after.tokens && names(&before) == names(&after) {
        return None;
    }
    let selectors = (before.selector(), after.selector());
    let total = before.policy.total().get();
    let start = |start| Sample::from_fraction(start, total).unwrap_or(Sample::MIN);
    let samples: Vec<Sample> = before.policy.intervals().iter().map(|interval| start(interval.start)).collect();
    let mut first = None;
    for cookie in before.cookies().into_iter().chain(after.cookies()) {
        for sample in &samples {
            let found = Difference::with_cookie(&cookie, *sample, &selectors.0, &selectors.1);
            if found.as_ref().is_some_and(|found| found.before.name != found.after.name) {
                return found;
            }
            first = first.or(found);
        }
    }
    first
}
