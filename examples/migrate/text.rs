//! A report for people.

use canary_policy::error::{Excerpt, Severity};
use clap::builder::styling::{AnsiColor, Style};

use crate::replay::{Replayed, ReplayedLine};
use crate::report::{AdvisedMessage, HostReport, LocationReport, Report, Summary};

/// The report as lines: the hosts, the messages, and the summary.
pub(crate) fn text(report: &Report<'_>) -> String {
    // Findings and differences say "the controller".
    let read_by = report.controller.map(|controller| format!("read by the rules of the controller {controller}"));
    let mut lines: Vec<String> = read_by.into_iter().collect();
    for host in &report.hosts {
        lines.extend(host_lines(host));
    }
    lines.extend(report.messages.iter().map(message));
    let replayed = report.replay.iter().flat_map(|replayed| &replayed.answers);
    lines.extend(replayed.map(ReplayedLine::words));
    lines.extend(report.conditions.iter().map(|condition| format!("condition of the proof: {}", escaped(condition))));
    lines.push(summary(report));
    lines.join("\n") + "\n"
}

/// The errors, a line each.
pub(crate) fn errors(report: &Report<'_>) -> String {
    report.errors.iter().flat_map(|why| ["error: ", why, "\n"]).collect()
}

fn host_lines(report: &HostReport) -> Vec<String> {
    let HostReport { host: _, locations, exact: _, verification: _ } = report;
    let bold = Style::new().bold();
    let name = escaped(report.name());
    let width = locations.iter().map(|location| location.path.chars().count()).max().unwrap_or_default();
    let mut lines = vec![format!("{bold}{name}{bold:#}")];
    for LocationReport { path, today, verification, code: _ } in locations {
        lines.push(format!("  {:width$}  {}", escaped(path), escaped(today)));
        lines.extend(verification.iter().map(|answer| format!("  {:width$}  └ {}", "", escaped(answer))));
    }
    if locations.is_empty() {
        lines.push("  no location can be written elsewhere".to_owned());
    }
    lines
}

fn message(message: &AdvisedMessage) -> String {
    let AdvisedMessage { message, advice } = message;
    let color = if message.severity == Severity::Error { AnsiColor::Red } else { AnsiColor::Yellow };
    let style = Style::new().bold().fg_color(Some(color.into()));
    let (label, code) = (message.severity.as_str(), &message.code);
    let advice = advice.as_ref().map(|advice| format!("\n  advice: {}", escaped(advice)));
    format!("{style}{label}[{code}]{style:#}: {}{}", escaped(&message.message), advice.unwrap_or_default())
}

/// The summary in one sentence.
pub(crate) fn summary(report: &Report<'_>) -> String {
    let Summary { hosts, exact, proven, differ, undecided, errors, warnings } = &report.summary;
    let plural = |count: usize, one: &str| if count == 1 { format!("1 {one}") } else { format!("{count} {one}s") };
    let mut words = vec![plural(*hosts, "host"), format!("{exact} exact, {} with losses or findings", hosts - exact)];
    if proven + differ + undecided > 0 {
        let conditions = match report.conditions.len() {
            0 => String::new(),
            count => format!(" under {}", plural(count, "condition")),
        };
        words.push(format!("{proven} proven{conditions}, {differ} different, {undecided} not decided"));
    }
    if let Some(Replayed { requests, alike, differ, unread, answers: _, errors: _ }) = report.replay {
        let requests = plural(*requests, "request");
        words.push(format!("{requests} replayed: {alike} alike, {differ} different, {unread} not compared"));
    }
    words.push(format!("{}, {}", plural(*errors, "error"), plural(*warnings, "warning")));
    words.join("; ")
}

fn escaped(text: &str) -> String {
    Excerpt::whole(text).to_string()
}
