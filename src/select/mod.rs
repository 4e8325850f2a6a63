//! **Who**: one request and one sample in, one decision out.
//!
//! A [`Selector`] is a [`Policy`] compiled. It is cheap to clone, `Send + Sync`, and is replaced whole when a policy
//! changes.

mod affinity;
mod cookies;
mod decision;
mod explain;
#[cfg(feature = "rand")]
mod mix;
mod request;
mod rules;
mod salt;
mod sample;
mod sequence;
#[cfg(feature = "rand")]
mod share;
#[cfg(feature = "rand")]
mod simulation;
#[cfg(feature = "rand")]
mod stream;
mod weights;

use std::sync::Arc;

use http::{HeaderName, header};

pub use decision::{Decision, Reason};
pub use explain::{Explanation, Step};
#[cfg(feature = "rand")]
#[cfg_attr(docsrs, doc(cfg(feature = "rand")))]
pub use mix::{Client, Mix};
pub use request::Request;
pub use salt::Salt;
pub use sample::Sample;
pub use sequence::Sequence;
#[cfg(feature = "rand")]
#[cfg_attr(docsrs, doc(cfg(feature = "rand")))]
pub use share::{Fraction, Share};
#[cfg(feature = "rand")]
#[cfg_attr(docsrs, doc(cfg(feature = "rand")))]
pub use simulation::Simulation;
#[cfg(feature = "rand")]
#[cfg_attr(docsrs, doc(cfg(feature = "rand")))]
pub use stream::Samples;

use crate::policy::{Canary, Key, Policy, Token, Variant};
use affinity::Kept;
use rules::Rule;
use weights::Intervals;

/// A policy compiled, to be asked for every request.
///
/// ```
/// use canary_policy::{Canary, HeaderRule, Match, Policy, Reason, Sample, Selector, Total, Variant};
///
/// let canary = Canary::new("canary", 5)?.with_header(HeaderRule::new("x-canary", Match::AlwaysNever)?);
/// let selector = Selector::new(&Policy::new([canary], Total::default())?);
///
/// let rows = [("always", Variant::Canary(0), Reason::Header), ("never", Variant::Stable, Reason::Header),
///     ("Always", Variant::Stable, Reason::Weight)];
/// for (value, variant, reason) in rows {
///     let decision = selector.select(&[("X-Canary", value)], Sample::from_fraction(99, 100)?);
///     assert_eq!((decision.variant, decision.reason), (variant, reason));
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Selector(Arc<Compiled>);

#[derive(Debug)]
struct Compiled {
    headers: Box<[Rule<HeaderName>]>,
    cookies: Box<[Rule<Box<str>>]>,
    weights: Intervals,
    affinity: affinity::Affinity,
}

impl Selector {
    /// Compiles a policy. Its affinity cookie names a variant `stable`, or as the canary is called, behind the revision
    /// and a dot if it has one.
    #[must_use]
    pub fn new(policy: &Policy) -> Self {
        Self::compile(policy, None)
    }

    /// Compiles a policy whose affinity cookie somebody else hands out too, and names variants by these tokens.
    ///
    /// A value then names a variant by its second `|` field alone, and the cookies to set have one. That field knows no
    /// revision, so a policy's revision forgets nothing here. A proxy can thus honour the cookies of an ingress-nginx that
    /// stands beside it, or stood there before; see [`nginx::token`](crate::targets::nginx::token).
    ///
    /// ```
    /// use canary_policy::policy::Token;
    /// use canary_policy::{Affinity, CookieAffinity, Policy, Reason, Sample, Selector, Variant};
    ///
    /// let policy = Policy::percent(30)?.with_affinity(Affinity::Cookie(CookieAffinity::new("INGRESSCOOKIE")?));
    /// let (stable, canary) = (Token::new("5ab1e")?, Token::new("ca9a7")?);
    /// let selector = Selector::with_tokens(&policy, |variant| match variant {
    ///     Variant::Stable => stable.clone(),
    ///     Variant::Canary(_) => canary.clone(),
    /// });
    ///
    /// let held = [("Cookie", "INGRESSCOOKIE=1795403237.92.31370.49610|ca9a7")];
    /// assert_eq!(selector.select(&held, Sample::MAX).variant, Variant::Canary(0));
    /// // Without a second field the value names nothing.
    /// assert_eq!(selector.select(&[("Cookie", "INGRESSCOOKIE=ca9a7")], Sample::MAX).reason, Reason::Weight);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_tokens(policy: &Policy, tokens: impl Fn(Variant) -> Token) -> Self {
        Self::compile(policy, Some(&tokens))
    }

    fn compile(policy: &Policy, tokens: Option<&dyn Fn(Variant) -> Token>) -> Self {
        let Policy { canaries, total, affinity } = policy;
        let (mut headers, mut cookies, mut weights, mut names) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (index, Canary { name, weight, header, cookie }) in canaries.iter().enumerate() {
            headers.extend(header.iter().map(|rule| Rule::header(rule, index)));
            cookies.extend(cookie.iter().map(|rule| Rule::cookie(rule, index)));
            weights.push(*weight);
            names.push(name);
        }
        Selector(Arc::new(Compiled {
            headers: headers.into(),
            cookies: cookies.into(),
            weights: Intervals::new(&weights, *total),
            affinity: affinity::Affinity::new(affinity, names.into_iter(), tokens),
        }))
    }

    /// Decides where a request goes. It cannot fail, whatever bytes the request has.
    ///
    /// It allocates nothing, but for patterns: their engine does on the first search in a thread, and a header that came in
    /// several lines is joined for one.
    ///
    /// The sample is looked at only if no rule, no affinity cookie and no key decides.
    #[inline]
    pub fn select<R: Request + ?Sized>(&self, request: &R, sample: Sample) -> Decision<'_> {
        let Compiled { headers, cookies, weights, affinity } = &*self.0;
        if headers.is_empty() && cookies.is_empty() && matches!(affinity, affinity::Affinity::None) {
            // Small enough to be compiled into the caller.
            return Decision { variant: weights.variant(sample), reason: Reason::Weight, set_cookie: None };
        }
        self.look(request, sample)
    }

    /// Decides where the request has a say.
    fn look<R: Request + ?Sized>(&self, request: &R, sample: Sample) -> Decision<'_> {
        match &self.0.affinity {
            affinity::Affinity::None => {
                let (variant, reason) = self.ruled(request).unwrap_or_else(|| self.weighed(sample));
                Decision { variant, reason, set_cookie: None }
            }
            affinity::Affinity::Key(keyed) => {
                let weighed = || self.weighed(keyed.sample(request).unwrap_or(sample));
                let (variant, reason) = self.ruled(request).unwrap_or_else(weighed);
                Decision { variant, reason, set_cookie: None }
            }
            affinity::Affinity::Cookie(kept) => {
                let after_rules = kept.after_rules();
                let held = || kept.held(request).map(|variant| (variant, Reason::Affinity));
                let ruled = || self.ruled(request);
                let decided = if after_rules { ruled().or_else(held) } else { held().or_else(ruled) };
                let (variant, reason) = decided.unwrap_or_else(|| self.weighed(sample));
                let due = match reason {
                    Reason::Affinity => false,
                    Reason::Header | Reason::Cookie => !after_rules,
                    Reason::Weight => true,
                };
                Decision { variant, reason, set_cookie: kept.set_cookie(variant).filter(|_| due) }
            }
        }
    }

    /// The first rule that decides: header rules, then cookie rules.
    #[inline]
    fn ruled<R: Request + ?Sized>(&self, request: &R) -> Option<(Variant, Reason)> {
        let Compiled { headers, cookies, weights: _, affinity: _ } = &*self.0;
        for rule in headers {
            if let Some(variant) = rule.decide(request) {
                return Some((variant, Reason::Header));
            }
        }
        for rule in cookies {
            if let Some(variant) = rule.decide(request) {
                return Some((variant, Reason::Cookie));
            }
        }
        None
    }

    #[inline]
    fn weighed(&self, sample: Sample) -> (Variant, Reason) {
        (self.0.weights.variant(sample), Reason::Weight)
    }

    /// Decides as `select` does and says why: every step in order, what it saw, and where the sample fell. It allocates.
    ///
    /// ```
    /// use canary_policy::{Policy, Sample, Selector};
    ///
    /// let selector = Selector::new(&Policy::percent(30)?);
    /// let explanation = selector.explain(&(), Sample::MAX);
    /// assert_eq!(explanation.variant, selector.select(&(), Sample::MAX).variant);
    /// assert_eq!(
    ///     explanation.to_string(),
    ///     "the weights are 0..30 canaries[0], 30..100 stable, and the sample is 99: stable",
    /// );
    /// # Ok::<(), canary_policy::InvalidPolicy>(())
    /// ```
    #[must_use]
    pub fn explain<R: Request + ?Sized>(&self, request: &R, sample: Sample) -> Explanation {
        let Compiled { headers, cookies, weights, affinity } = &*self.0;
        let held = affinity.kept().map(|kept| kept.step(request));
        let rules = headers.iter().map(|rule| rule.step(request)).chain(cookies.iter().map(|rule| rule.step(request)));
        let after_rules = affinity.kept().is_some_and(Kept::after_rules);
        let mut steps: Vec<Step> =
            if after_rules { rules.chain(held).collect() } else { held.into_iter().chain(rules).collect() };
        let key = affinity.keyed().and_then(|keyed| keyed.sample(request));
        steps.push(weights.step(key.unwrap_or(sample), key.is_some()));

        // What stands behind the step that decides is not looked at.
        let undecided = steps.iter().take_while(|step| step.outcome().is_none()).count();
        steps.truncate(undecided + 1);
        let Decision { variant, reason, set_cookie: _ } = self.select(request, sample);
        Explanation { variant, reason, steps }
    }

    /// The headers it may look at, each once: all that a host has to fetch which fetches them one at a time.
    ///
    /// ```
    /// use canary_policy::{Canary, CookieRule, HeaderRule, Match, Policy, Selector, Total};
    ///
    /// let canary = Canary::new("canary", 5)?
    ///     .with_header(HeaderRule::new("X-Canary", Match::AlwaysNever)?)
    ///     .with_cookie(CookieRule::new("cohort", Match::AlwaysNever)?);
    /// let selector = Selector::new(&Policy::new([canary], Total::default())?);
    /// assert_eq!(selector.header_names(), ["cookie", "x-canary"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn header_names(&self) -> Vec<HeaderName> {
        let Compiled { headers, cookies, weights: _, affinity } = &*self.0;
        let mut names: Vec<HeaderName> = headers.iter().map(|rule| rule.name.clone()).collect();
        let key = affinity.keyed().map(|keyed| &keyed.key);
        if let Some(Key::Header(name)) = key {
            names.push(name.clone());
        }
        if affinity.kept().is_some() || !cookies.is_empty() || matches!(key, Some(Key::Cookie(_))) {
            names.push(header::COOKIE);
        }
        names.sort_by(|a, b| a.as_str().cmp(b.as_str()));
        names.dedup();
        names
    }
}
