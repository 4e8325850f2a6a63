//! Where the affinity cookie is set, and what becomes of it if the implementation cannot set it there.

use super::{Feature, Filter, HeaderMatch, RouteParams, Support};
use crate::error::Excerpt;
use crate::policy::{Affinity, Policy};
use crate::targets::table::{Destination, Row, Split, Table};
use crate::targets::{Conversion, Loss, Part};

/// The feature that sets the cookies of a row: one destination has the filter of its rule, and several have filters of their own.
pub(super) const fn place(row: &Row<HeaderMatch>) -> Feature {
    match row.split {
        Split::One(_) => Feature::RuleFilter,
        Split::Several(_) => Feature::BackendFilter,
    }
}

/// The filter that sets the cookie of a destination, if it sets one.
pub(super) fn set_cookie_filters(destination: &Destination) -> Vec<Filter> {
    destination.set_cookie.clone().map(Filter::set_cookie).into_iter().collect()
}

/// The table of a policy for the implementation of the parameters, without the cookies that the implementation says it cannot set.
/// `table_of` makes the table of a policy. If no cookie is left, nothing of the affinity is written, and no row for former tokens.
pub(super) fn supported_table(
    policy: &Policy,
    params: &RouteParams,
    has_former_tokens: bool,
    table_of: impl Fn(&Policy) -> Conversion<Table<HeaderMatch>>,
) -> Conversion<Table<HeaderMatch>> {
    let Conversion { output: mut table, mut losses } = table_of(policy);
    let is_refused =
        |feature| params.implementation().is_some_and(|implementation| implementation.support(feature) == Support::No);
    let refused: Vec<Feature> =
        table.rows.iter().filter(|row| sets_cookie(row)).map(place).filter(|one| is_refused(*one)).collect();
    let Some(first) = refused.first() else { return Conversion { output: table, losses } };

    let affinity = Excerpt::of(&policy.affinity().to_string());
    table.rows.iter_mut().filter(|row| is_refused(place(row))).for_each(without_cookies);
    if table.rows.iter().any(sets_cookie) {
        let (set_by, why) = match first {
            Feature::BackendFilter => (
                "rules",
                "the implementation supports no ResponseHeaderModifier on a backendRef, \
                 so a client that the weights choose is drawn anew for each request",
            ),
            Feature::RuleFilter | Feature::RegularExpression => (
                "weights",
                "the implementation supports no ResponseHeaderModifier on a rule, so the choice of a rule holds for one request",
            ),
        };
        let written = Excerpt::of(&format!("{affinity}, which only {set_by} set"));
        losses.push(Loss::Changed { part: Part::Affinity, requested: affinity, written, why });
        losses.sort_by_key(|loss| loss.part().position());
        return Conversion { output: table, losses };
    }
    let mut without = table_of(&policy.clone().with_affinity(Affinity::None));
    let why = "the implementation supports no ResponseHeaderModifier where a response would set the cookie";
    let of_tokens = has_former_tokens.then(|| Loss::of_former_tokens(affinity.clone()));
    without.losses.push(Loss::LeftOut { part: Part::Affinity, value: affinity, why });
    without.losses.extend(of_tokens);
    without
}

fn sets_cookie(row: &Row<HeaderMatch>) -> bool {
    row.split.destinations().any(|to| to.destination.set_cookie.is_some())
}

fn without_cookies(row: &mut Row<HeaderMatch>) {
    match &mut row.split {
        Split::One(destination) => destination.set_cookie = None,
        Split::Several(shares) => shares.iter_mut().for_each(|share| share.destination.set_cookie = None),
    }
}
