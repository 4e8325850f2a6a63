//! Shares as a table.

use canary_policy::select::Share;
use canary_policy::{Policy, Variant};

/// The name that a variant is shown with.
pub(crate) fn name(policy: &Policy, variant: Variant) -> String {
    let canary = variant.index().and_then(|index| policy.canaries().get(index));
    canary.map_or("stable", |canary| canary.name().as_str()).to_owned()
}

/// A row for each share, in percent, with a mark where what was expected lies outside of the interval.
pub(crate) fn text(policy: &Policy, shares: &[Share]) -> String {
    let name = |share: &Share| share.variant.map_or_else(|| "all".to_owned(), |variant| name(policy, variant));
    let width = shares.iter().map(|share| name(share).len()).max().unwrap_or_default().max("variant".len());
    let mut text = format!(
        "{:width$}  {:8}  {:>10}  {:>10}  {:>10}  {}\n",
        "variant", "reason", "expected %", "observed %", "requests", "95 % interval"
    );
    let percent = |share: f64| 100.0 * share;
    for share in shares {
        let row = format!(
            "{:width$}  {:8}  {:>10.3}  {:>10.3}  {:>10}  {:.3} to {:.3}{}",
            name(share),
            share.reason.map_or("all", |reason| reason.as_str()),
            percent(share.expected.value()),
            percent(share.observed.value()),
            share.observed.n,
            percent(*share.interval.start()),
            percent(*share.interval.end()),
            if share.is_as_expected() { "" } else { "  *" },
        );
        text += &row;
        text.push('\n');
    }
    if !shares.iter().all(Share::is_as_expected) {
        text += "* what was expected lies outside: of twenty intervals, about one is like that\n";
    }
    text
}
