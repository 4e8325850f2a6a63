//! The selector: a policy compiled for deciding.

use std::sync::Arc;

use http::{HeaderName, header};

use super::affinity::{CompiledAffinity, CompiledCookie, FormerCookie};
use super::rules::CompiledRule;
use super::weights::CompiledWeights;
use super::{Decision, Explanation, HeaderLines, NameSet, Reason, Sample, Step, cookies};
use crate::error::InvalidFormerTokens;
use crate::policy::{Canary, FormerTokens, Key, Parts, Policy, Token, Variant};

/// A compiled policy, which decides for each request which variant answers it.
///
/// A selector is cheap to clone, because clones share the compiled policy. A selector also holds its policy, so a
/// program does not need to keep the policy beside it. When the policy changes, replace the whole selector.
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

/// The compiled parts of a policy, which the clones of a selector share.
#[derive(Debug)]
struct Compiled {
    policy: Policy,
    headers: Box<[CompiledRule<HeaderName>]>,
    cookies: Box<[CompiledRule<Box<str>>]>,
    weights: CompiledWeights,
    affinity: CompiledAffinity,
}

/// From this number of header rules, or of cookie rules, on, the names in a request are listed first. For fewer rules that takes
/// longer than to search for each of them.
const MANY: usize = 4;

impl Selector {
    /// Compiles a policy.
    ///
    /// The affinity cookie has the name of the variant as its value, as in `stable` or `canary`. If the affinity has a
    /// revision, the revision and a dot come before the name, as in `7.canary`.
    #[must_use]
    pub fn new(policy: &Policy) -> Self {
        Self::compile(policy, CompiledAffinity::new(policy, None))
    }

    /// Compiles a policy whose affinity cookie is shared with another proxy and names variants by tokens.
    ///
    /// The value of the cookie has two fields that are separated by `|`, and only the second one, the token, names the
    /// variant. Tokens carry no revision, so a new revision of the policy does not make clients lose their variants.
    ///
    /// With the tokens of [`nginx::token`](crate::targets::nginx::token), a selector and an ingress-nginx controller
    /// read each other's affinity cookies, whether both are in use or one replaces the other.
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
    /// // A value without a second field names no variant.
    /// assert_eq!(selector.select(&[("Cookie", "INGRESSCOOKIE=ca9a7")], Sample::MAX).reason, Reason::Weight);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_tokens(policy: &Policy, tokens: impl Fn(Variant) -> Token) -> Self {
        Self::compile(policy, CompiledAffinity::new(policy, Some(&tokens)))
    }

    /// Compiles a policy whose clients may still hold affinity cookies of the former router.
    ///
    /// The cookies of the policy name variants as those of [`new`](Self::new) do. In addition, a cookie whose second `|` field is a
    /// former token names the variant of the token: it decides in the place of the affinity cookie, and the response sets the
    /// cookie of the policy.
    ///
    /// # Errors
    ///
    /// The policy has no affinity cookie, or its cookie pins another number of variants than there are tokens.
    ///
    /// ```
    /// use canary_policy::policy::FormerTokens;
    /// use canary_policy::targets::nginx::token;
    /// use canary_policy::{Affinity, CookieAffinity, Policy, Reason, Sample, Selector, Variant};
    ///
    /// let policy = Policy::percent(30)?.with_affinity(Affinity::Cookie(CookieAffinity::new("route")?));
    /// let (stable, canary) = (token("shop", "web", "80"), token("shop", "next", "80"));
    /// let selector = Selector::with_former_tokens(&policy, &FormerTokens::new(stable.clone(), [canary.clone()])?)?;
    ///
    /// let cookie = format!("route=1795403237.92.31370.49610|{canary}");
    /// let decision = selector.select(&[("Cookie", cookie)], Sample::MAX);
    /// assert_eq!((decision.variant, decision.reason), (Variant::Canary(0), Reason::Affinity));
    /// assert_eq!(decision.set_cookie.unwrap(), "route=canary; Path=/; HttpOnly");
    /// assert_eq!(selector.select(&[("Cookie", "route=canary")], Sample::MAX).set_cookie, None);
    ///
    /// let of_stable = FormerTokens::new(stable, [])?;
    /// assert_eq!(
    ///     Selector::with_former_tokens(&policy, &of_stable).unwrap_err().to_string(),
    ///     "formerTokens: 1 token is given, but the affinity cookie pins 2 variants",
    /// );
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn with_former_tokens(policy: &Policy, tokens: &FormerTokens) -> Result<Self, InvalidFormerTokens> {
        tokens.check(policy)?;
        Ok(Self::compile(policy, CompiledAffinity::new(policy, None).with_former_tokens(tokens)))
    }

    fn compile(policy: &Policy, affinity: CompiledAffinity) -> Self {
        let Parts { canaries, total: _, affinity: _ } = policy.parts();
        let patterns = policy.patterns().count();
        let (mut headers, mut cookies) = (Vec::new(), Vec::new());
        for (index, Canary { name: _, weight: _, position: _, header, cookie }) in (0..).zip(canaries) {
            headers.extend(header.iter().map(|rule| CompiledRule::header(rule, index, patterns)));
            cookies.extend(cookie.iter().map(|rule| CompiledRule::cookie(rule, index, patterns)));
        }
        Selector(Arc::new(Compiled {
            headers: headers.into(),
            cookies: cookies.into(),
            weights: CompiledWeights::new(policy),
            affinity,
            policy: policy.clone(),
        }))
    }

    /// The policy that was compiled.
    ///
    /// ```
    /// use canary_policy::{Policy, Selector};
    ///
    /// let policy = Policy::percent(30)?;
    /// assert_eq!(Selector::new(&policy).policy(), &policy);
    /// # Ok::<(), canary_policy::InvalidPolicy>(())
    /// ```
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.0.policy
    }

    /// The name of a variant: `stable`, or the name of the canary. `None` if the policy has no such canary.
    ///
    /// The name is borrowed from the selector, so that a program can use it as a label for metrics without a copy.
    ///
    /// ```
    /// use canary_policy::{Policy, Sample, Selector, Variant};
    ///
    /// let selector = Selector::new(&Policy::percent(30)?);
    /// let decision = selector.select(&(), Sample::MIN);
    /// assert_eq!(selector.name(decision.variant), Some("canary"));
    /// assert_eq!(selector.name(Variant::Canary(1)), None);
    /// # Ok::<(), canary_policy::InvalidPolicy>(())
    /// ```
    #[must_use]
    pub fn name(&self, variant: Variant) -> Option<&str> {
        self.0.policy.name(variant)
    }

    /// Decides which variant answers a request.
    ///
    /// The sample counts only if neither a rule, nor the affinity cookie, nor the affinity key decides. A decision
    /// cannot fail, whatever bytes the request has.
    ///
    /// No memory is allocated, with three exceptions. The first search for a pattern in each thread allocates. If a request
    /// repeats a header, its values are joined before a pattern is searched for in them. The [hashes](crate::policy::KeyHash)
    /// of feature-flag SDKs join the salt and the key.
    #[inline]
    pub fn select<R: HeaderLines + ?Sized>(&self, request: &R, sample: Sample) -> Decision {
        if self.0.weights.alone {
            // This case is small enough to be inlined into the caller.
            return Decision { variant: self.0.weights.variant(sample), reason: Reason::Weight, set_cookie: None };
        }
        self.select_by_request(request, sample)
    }

    fn select_by_request<R: HeaderLines + ?Sized>(&self, request: &R, sample: Sample) -> Decision {
        let affinity = &self.0.affinity;
        let cookie = match affinity {
            CompiledAffinity::Cookie(cookie) => Some(cookie),
            CompiledAffinity::FormerCookie(former) => return self.select_by_former_cookie(former, request, sample),
            CompiledAffinity::None => {
                // Without affinity there is nothing to ask before or after the rules.
                let (variant, reason) = self.by_rules(request).unwrap_or_else(|| self.by_weights(sample));
                return Decision { variant, reason, set_cookie: None };
            }
            CompiledAffinity::Key(_) | CompiledAffinity::SdkKey(_) => None,
        };
        let by_cookie = |after_rules: bool| {
            let cookie = cookie.filter(|cookie| cookie.after_rules() == after_rules)?;
            cookie.variant(request).map(|variant| (variant, Reason::Affinity))
        };
        let (variant, reason) = by_cookie(false)
            .or_else(|| self.by_rules(request))
            .or_else(|| by_cookie(true))
            .unwrap_or_else(|| self.by_weights(affinity.key_sample(request).unwrap_or(sample)));
        match cookie {
            None => Decision { variant, reason, set_cookie: None },
            Some(cookie) => Decision { variant, reason, set_cookie: cookie.set_cookie(variant, reason) },
        }
    }

    /// Decides with former tokens. It is a function of its own, so that a selector without former tokens spends no time on it.
    #[cold]
    #[inline(never)]
    fn select_by_former_cookie<R: HeaderLines + ?Sized>(
        &self,
        former: &FormerCookie,
        request: &R,
        sample: Sample,
    ) -> Decision {
        let by_cookie = |after_rules: bool| {
            let former = Some(former).filter(|former| former.cookie.after_rules() == after_rules)?;
            former.variant(request).map(|variant| (variant, Reason::Affinity))
        };
        let decided = by_cookie(false).or_else(|| self.by_rules(request)).or_else(|| by_cookie(true));
        let (variant, reason) = decided.unwrap_or_else(|| self.by_weights(sample));
        Decision { variant, reason, set_cookie: former.set_cookie(request, variant, reason) }
    }

    /// The variant of the first rule that decides; header rules come before cookie rules.
    #[expect(
        clippy::inline_always,
        reason = "with two callers, the compiler would call it, which takes 30 instructions"
    )]
    #[inline(always)]
    fn by_rules<R: HeaderLines + ?Sized>(&self, request: &R) -> Option<(Variant, Reason)> {
        let Compiled { policy: _, headers, cookies, weights: _, affinity: _ } = &*self.0;
        let present = if headers.len() < MANY { None } else { request.names(headers.len()) };
        for rule in headers.iter().filter(|rule| present.is_none_or(|names: NameSet| names.has(rule.bit))) {
            if let Some(variant) = rule.decide(request) {
                return Some((variant, Reason::Header));
            }
        }
        let present = if cookies.len() < MANY { None } else { Some(cookies::names(request)) };
        for rule in cookies.iter().filter(|rule| present.is_none_or(|names: NameSet| names.has(rule.bit))) {
            if let Some(variant) = rule.decide(request) {
                return Some((variant, Reason::Cookie));
            }
        }
        None
    }

    #[inline]
    fn by_weights(&self, sample: Sample) -> (Variant, Reason) {
        (self.0.weights.variant(sample), Reason::Weight)
    }

    /// The decision for this variant when this part of the policy has chosen it.
    #[inline]
    pub(crate) fn decision(&self, variant: Variant, reason: Reason) -> Decision {
        let set_cookie = self.0.affinity.cookie().and_then(|cookie| cookie.set_cookie(variant, reason));
        Decision { variant, reason, set_cookie }
    }

    /// The point of the total, counted from 0, that the weights decide by: that of the affinity key if the policy and the
    /// request have one, otherwise that of the sample.
    ///
    /// Send it to other tiers in a header, so that each of them splits the requests that no rule and no affinity cookie
    /// decides in the same way. The point belongs to a variant by the [intervals](Policy::intervals) of the policy.
    ///
    /// ```
    /// use canary_policy::{Affinity, KeyAffinity, Policy, Sample, Selector};
    ///
    /// let key = KeyAffinity::header("x-user-id")?.with_salt("checkout-2026")?;
    /// let selector = Selector::new(&Policy::percent(30)?.with_affinity(Affinity::Key(key)));
    /// assert_eq!(selector.point(&[("x-user-id", "alice")], Sample::MIN), 88);
    /// assert_eq!(selector.point(&(), Sample::MIN), 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    #[inline]
    pub fn point<R: HeaderLines + ?Sized>(&self, request: &R, sample: Sample) -> u32 {
        let Compiled { policy: _, headers: _, cookies: _, weights, affinity } = &*self.0;
        weights.point(affinity.key_sample(request).unwrap_or(sample))
    }

    /// Decides as [`select`](Self::select) does, and lists every step of the decision with what was compared. This
    /// function allocates.
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
    pub fn explain<R: HeaderLines + ?Sized>(&self, request: &R, sample: Sample) -> Explanation {
        let Compiled { policy, headers, cookies, weights, affinity } = &*self.0;
        let cookie_step = affinity.cookie_step(request);
        let headers = headers.iter().map(|rule| rule.step(request));
        let rules = headers.chain(cookies.iter().map(|rule| rule.step(request)));
        let after_rules = affinity.cookie().is_some_and(CompiledCookie::after_rules);
        let mut steps: Vec<Step> = if after_rules {
            rules.chain(cookie_step).collect()
        } else {
            cookie_step.into_iter().chain(rules).collect()
        };
        let key = affinity.key_sample(request);
        steps.push(weights.step(policy, key.unwrap_or(sample), key.is_some()));

        // A decision ends with the step that decides.
        let undecided = steps.iter().take_while(|step| step.decided().is_none()).count();
        steps.truncate(undecided + 1);
        let Decision { variant, reason, set_cookie: _ } = self.select(request, sample);
        Explanation { variant, reason, steps }
    }

    /// The names of all headers that a decision may read, sorted and without duplicates.
    ///
    /// A program that fetches headers one at a time needs to fetch these headers only.
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
        let Compiled { policy: _, headers, cookies, weights: _, affinity } = &*self.0;
        let mut names: Vec<HeaderName> = headers.iter().map(|rule| rule.name.clone()).collect();
        let key = affinity.key();
        if let Some(Key::Header(name)) = key {
            names.push(name.clone());
        }
        if affinity.cookie().is_some() || !cookies.is_empty() || matches!(key, Some(Key::Cookie(_))) {
            names.push(header::COOKIE);
        }
        names.sort_by(|a, b| a.as_str().cmp(b.as_str()));
        names.dedup();
        names
    }
}
