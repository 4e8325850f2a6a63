//! The shares of a simulation as a table.

use canary_policy::Policy;
use canary_policy::simulate::Share;

/// One row for each share, in percent, with a mark if the interval misses the expected share.
pub(crate) fn text(policy: &Policy, shares: &[Share]) -> String {
    let name = |share: &Share| share.variant.map_or("all", |variant| policy.name(variant).unwrap_or_default());
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
            percent(share.expected.as_f64()),
            percent(share.observed.as_f64()),
            share.observed.parts,
            percent(*share.interval.start()),
            percent(*share.interval.end()),
            if share.is_as_expected() { "" } else { "  *" },
        );
        text += &row;
        text.push('\n');
    }
    if !shares.iter().all(Share::is_as_expected) {
        text += "* the interval misses the expected share: about one interval in twenty does so by chance\n";
    }
    text
}
