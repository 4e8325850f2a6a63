//! The affinity of a policy: the choices of its cookie, and the `Set-Cookie` values that pin clients to variants.

use super::choices::translated;
use super::{Choice, Condition, Destination, Limits, Row};
use crate::error::Excerpt;
use crate::policy::{Affinity, AffinityPrecedence, Canary, CookieAffinity, FormerTokens, SameSite, Variant};
use crate::targets::{Conversion, Loss, Part};

/// The cookies that pin clients to variants. A policy without an affinity cookie, or whose cookie is lost, has none.
pub(super) struct Pins<'p, C> {
    /// The choices of the cookie, stable first.
    pub(super) choices: Vec<Choice<C>>,
    /// The choices of the former tokens, stable first. They come directly after those of the cookie, and set the cookie.
    pub(super) former: Vec<Choice<C>>,
    /// Whether the cookie decides before the rules. If it does, the choice of a rule is kept in the cookie too; if not, the choice
    /// of a rule holds for one request only.
    pub(super) before_rules: bool,
    cookie: Option<&'p CookieAffinity>,
    /// The `Set-Cookie` value of each variant that clients are pinned to.
    set_cookies: Vec<(Variant, String)>,
}

impl<'p, C> Pins<'p, C> {
    const NONE: Self =
        Pins { choices: Vec::new(), former: Vec::new(), before_rules: false, cookie: None, set_cookies: Vec::new() };

    /// The pins of a policy with this affinity, and what the target cannot express of it.
    pub(super) fn new(
        affinity: &'p Affinity,
        canaries: &[Canary],
        former_tokens: Option<&FormerTokens>,
        limits: &Limits<impl Fn(Condition<'_>) -> Result<C, &'static str>>,
    ) -> Conversion<Self> {
        match affinity {
            Affinity::None => Conversion { output: Pins::NONE, losses: Vec::new() },
            // The loss is reported even if all requests go to one variant for now. The output has no key, so it would not keep
            // clients on their variant once its weights are changed.
            Affinity::Key(_) => {
                let value = Excerpt::of(&affinity.to_string());
                let loss = limits.why_no_hash.map(|why| Loss::LeftOut { part: Part::Affinity, value, why });
                Conversion { output: Pins::NONE, losses: loss.into_iter().collect() }
            }
            Affinity::Cookie(cookie) => {
                let values = cookie.pinned(canaries.iter().map(Canary::name));
                let choices = values.iter().map(|(variant, value)| Choice {
                    condition: Condition::Affinity(cookie.name(), value),
                    variant: *variant,
                });
                match translated(Part::Affinity, affinity, choices.collect(), limits) {
                    Err(loss) => {
                        let text = affinity.to_string();
                        let of_tokens = former_tokens.map(|_| Loss::of_former_tokens(Excerpt::of(&text)));
                        Conversion { output: Pins::NONE, losses: std::iter::once(loss).chain(of_tokens).collect() }
                    }
                    Ok(choices) => {
                        let former = former_tokens.map_or(Ok(Vec::new()), |tokens| former(cookie, tokens, limits));
                        let (former, losses) =
                            former.map_or_else(|loss| (Vec::new(), vec![loss]), |all| (all, Vec::new()));
                        let set_cookies =
                            values.iter().map(|(variant, value)| (*variant, cookie.set_cookie(value))).collect();
                        let before_rules = cookie.precedence() == AffinityPrecedence::BeforeRules;
                        let pins = Pins { choices, former, before_rules, cookie: Some(cookie), set_cookies };
                        Conversion { output: pins, losses }
                    }
                }
            }
        }
    }

    /// The variant as a destination that sets the cookie of the variant, if clients are pinned to it.
    pub(super) fn destination(&self, variant: Variant) -> Destination {
        let set_cookie = self.set_cookies.iter().find(|(pinned, _)| *pinned == variant);
        Destination { variant, set_cookie: set_cookie.map(|(_, value)| value.clone()) }
    }

    /// The attributes of the cookie, if none of these rows sets the cookie: the rows then read the cookie, and have no place for
    /// its attributes. An example is a cookie that pins stable only, while every request goes to the canary.
    pub(super) fn unwritten_attributes(&self, rows: &[Row<C>]) -> Vec<Loss> {
        let sets_cookie = |row: &Row<C>| row.split.destinations().any(|to| to.destination.set_cookie.is_some());
        let Some(cookie) = self.cookie.filter(|_| !rows.iter().any(sets_cookie)) else { return Vec::new() };
        let why = "every request goes to a variant that clients are not pinned to, so no response sets the cookie";
        let attributes = [
            (Part::AffinityMaxAge, cookie.max_age().map(|seconds| seconds.to_string())),
            (Part::AffinityPath, cookie.path().map(str::to_owned)),
            (Part::AffinityDomain, cookie.domain().map(str::to_owned)),
            (Part::AffinitySameSite, cookie.same_site().map(SameSite::as_str).map(str::to_owned)),
            (Part::AffinitySecure, cookie.secure().then(|| true.to_string())),
        ];
        let given = attributes.into_iter().filter_map(|(part, value)| Some((part, value?)));
        given.map(|(part, value)| Loss::LeftOut { part, value: Excerpt::of(&value), why }).collect()
    }
}

/// The choices of the former tokens in the cookie.
fn former<C>(
    cookie: &CookieAffinity,
    tokens: &FormerTokens,
    limits: &Limits<impl Fn(Condition<'_>) -> Result<C, &'static str>>,
) -> Result<Vec<Choice<C>>, Loss> {
    let choices = tokens
        .all()
        .map(|(variant, token)| Choice { condition: Condition::FormerToken(cookie.name(), token.as_str()), variant });
    let text = format!("cookie {}", cookie.name());
    translated(Part::FormerTokens, &text, choices.collect(), limits)
}
