//! Changes in words, a line for each.

use canary_policy::compare::{Changes, Comparison, Difference, Draw, NamedDecision, Request, Transition};
use canary_policy::error::Excerpt;
use canary_policy::policy::Ratio;
use canary_policy::{Affinity, Policy, Reason};

/// All changes, ending with the bounds that were passed.
pub(crate) fn words(changes: &Changes, old: &Policy, new: &Policy) -> String {
    let mut lines = Vec::new();
    if changes.comparison() == Comparison::Same {
        lines.push("Every request is decided alike.".to_owned());
    }
    lines.extend(shares(changes, old, new));
    lines.extend(changes.differences.iter().map(|difference| change(difference, changes)));
    lines.extend(changes.bounds.iter().map(|bound| format!("Unknown: {bound}.")));
    lines.join("\n") + "\n"
}

/// The shares that change their variant by weight.
fn shares(changes: &Changes, old: &Policy, new: &Policy) -> Vec<String> {
    let moved: Vec<&Transition> =
        changes.transitions.transitions.iter().filter(|transition| transition.from != transition.to).collect();
    let who = match changes.transitions.draw {
        Draw::Caller => match (old.affinity(), new.affinity()) {
            (Affinity::None, Affinity::None) => "requests",
            _ => "clients without a cookie",
        },
        _ => "clients",
    };
    let mut lines = Vec::new();
    if changes.transitions.draw == Draw::Independent && !moved.is_empty() {
        lines.push("All clients are drawn again, because the key, its salt or its hash differs.".to_owned());
    }
    for (place, one) in moved.iter().enumerate() {
        let mut others = moved.iter().enumerate();
        let back = match others.find(|(_, other)| other.from == one.to && other.to == one.from) {
            // Both directions are one line.
            Some((back, _)) if back < place => continue,
            Some((_, back)) => format!("and {} back", percent(back.share).to_lowercase()),
            None => "none back".to_owned(),
        };
        lines.push(format!("{} of {who} move from {} to {}, {back}.", percent(one.share), one.from, one.to));
    }
    lines
}

/// A share as a percentage with one digit after the point.
fn percent(share: Ratio) -> String {
    let percent = share.as_f64() * 100.0;
    if percent < 0.05 { "Less than 0.1 %".to_owned() } else { format!("{percent:.1} %") }
}

/// A difference in words.
fn change(difference: &Difference, changes: &Changes) -> String {
    let Difference { request, before, after, .. } = difference;
    let who = who(request, before, after);
    let (from, to) = (reason(before), reason(after));
    // If every sample goes to one variant, a decision by weight is a decision for that variant.
    let (from_all, to_all) = (all(changes, |one| &one.from), all(changes, |one| &one.to));
    match (before.decision.reason, after.decision.reason) {
        (Reason::Weight, Reason::Weight) if before.name == after.name => {
            format!("Clients without a cookie that get {} {}.", after.name, given(before, after))
        }
        (Reason::Weight, Reason::Weight) => {
            format!("For example, {request} goes from {} to {}.", before.name, after.name)
        }
        (Reason::Affinity, Reason::Weight) => format!("{who} are drawn again."),
        (Reason::Weight, Reason::Affinity) => {
            format!("{who} keep {}; before the change they were drawn again.", after.name)
        }
        (Reason::Weight, _) if from_all.is_none() => {
            format!("{who} go to {}, by {to} and no longer by weight.", after.name)
        }
        (_, Reason::Weight) if to_all.is_none() => {
            format!("{who} are decided by weight, and no longer go to {}.", before.name)
        }
        _ if before.name != after.name => format!("{who} go from {} to {}.", before.name, after.name),
        _ if from != to => format!("{who} still go to {}, by {to} instead of by {from}.", after.name),
        _ => format!("{who} still go to {}, and {}.", after.name, given(before, after)),
    }
}

/// The variant that this function names in every transition, if it is always the same.
fn all<'c>(changes: &'c Changes, name: impl Fn(&'c Transition) -> &'c String) -> Option<&'c String> {
    let mut names = changes.transitions.transitions.iter().map(name);
    let first = names.next()?;
    names.all(|name| name == first).then_some(first)
}

/// The clients whom a request stands for.
fn who(request: &Request, before: &NamedDecision, after: &NamedDecision) -> String {
    let is_holder = [before, after].iter().any(|decided| decided.decision.reason == Reason::Affinity);
    match request.lines.as_slice() {
        [] => "Requests without headers".to_owned(),
        [line] if is_holder && line.name == "cookie" => {
            format!("Clients that hold `{}`", Excerpt::of(&String::from_utf8_lossy(&line.value)))
        }
        lines => {
            let lines: Vec<String> = lines.iter().map(|line| format!("`{line}`")).collect();
            format!("Clients with {}", lines.join(" and "))
        }
    }
}

fn reason(decided: &NamedDecision) -> &'static str {
    decided.decision.reason.as_str()
}

/// The cookies that the clients are given, which differ.
fn given(before: &NamedDecision, after: &NamedDecision) -> String {
    let cookie = |decided: &NamedDecision| {
        let cookie = decided.decision.set_cookie.as_ref()?;
        Some(format!("`{}`", Excerpt::whole(&String::from_utf8_lossy(cookie.as_bytes()))))
    };
    match (cookie(before), cookie(after)) {
        (Some(old), Some(new)) => format!("are given the cookie {new} instead of {old}"),
        (Some(old), None) => format!("are no longer given the cookie {old}"),
        (None, Some(new)) => format!("are now given the cookie {new}"),
        (None, None) => "are given no cookie".to_owned(),
    }
}
