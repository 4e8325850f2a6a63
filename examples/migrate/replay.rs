//! Recorded requests, answered as before and after a move.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use canary_policy::Sample;
use canary_policy::error::Excerpt;
use canary_policy::migrate::{self, Destination, Replay};
use canary_policy::route::{Host, VirtualHost};
use canary_policy::targets::VirtualHostReading;
use canary_policy::targets::nginx::{HostReading, RequestView};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::files;
use crate::lines::{self, Line};
use crate::unread::Concerned;

/// The host of the requests that no other host takes.
const CATCH_ALL: &str = "_";

/// What a line is.
const EXPECTED: &str = r#"a request in JSON, as in `{"request": {"host": "shop.test", "path": "/"}}`,"#;

/// A recorded request. Other fields are ignored.
#[derive(Deserialize)]
struct RecordedLine {
    #[serde(default)]
    id: Value,
    request: Request,
    /// The number that the controller's `random(1..=total)` returned.
    draw: Option<u32>,
}

#[derive(Deserialize)]
struct Request {
    /// The header `Host` if it is missing.
    host: Option<String>,
    path: String,
    #[serde(default)]
    headers: Vec<(String, String)>,
}

/// The answers for all requests.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Replayed {
    pub(crate) requests: usize,
    pub(crate) alike: usize,
    pub(crate) differ: usize,
    /// The requests for which not all rules were read, before or after the move.
    pub(crate) unread: usize,
    /// The requests that are not answered alike.
    pub(crate) answers: Vec<ReplayedLine>,
    /// The lines that are no requests, each with its place.
    #[serde(skip)]
    pub(crate) errors: Vec<String>,
}

/// A request that is not answered alike.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReplayedLine {
    /// The file and the line.
    pub(crate) place: String,
    pub(crate) id: Value,
    pub(crate) host: String,
    pub(crate) path: String,
    /// The answer in words.
    pub(crate) answer: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<Box<Destination>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<Box<Destination>>,
}

impl Replayed {
    /// Answers the requests of files.
    pub(crate) fn of(
        files: &[String],
        readings: &[HostReading],
        before: &[VirtualHost],
        after: &[VirtualHostReading],
        concerned: &Concerned,
    ) -> Result<Self, String> {
        let mut replayed = Replayed::default();
        let mut replay = Replay::new(before, after);
        let read = ReadHosts::new(readings, concerned);
        for file in files {
            let mut errors = Vec::new();
            let add = |line: &Line| replayed.add(line, &mut replay, &read).map(ControlFlow::Continue);
            let _ = lines::each(file, EXPECTED, |why| errors.push(why), add)?;
            replayed.errors.extend(errors);
        }
        if replayed.requests == 0 && replayed.errors.is_empty() {
            replayed.errors.push("--replay: there is no request".to_owned());
        }
        Ok(replayed)
    }

    /// Adds the answer to a line; an error is the reason why the line is no request.
    fn add(&mut self, line: &Line, replay: &mut Replay<'_>, read: &ReadHosts<'_>) -> Result<(), String> {
        let Line { place, text } = line;
        let (RecordedLine { id, request: Request { path, .. }, draw: _ }, host, answer) =
            answered(text.as_ref()?, replay)?;
        self.requests += 1;
        let mut words = answer.to_string();
        let (before, after) = match (answer, read.of(&host)) {
            (_, Read::Nothing) => {
                self.unread += 1;
                "not compared, because an object that cannot be read could concern the host".clone_into(&mut words);
                (None, None)
            }
            (migrate::Replayed::Same, Read::Partly) => {
                self.unread += 1;
                "not compared, because not everything was read that the host serves today".clone_into(&mut words);
                (None, None)
            }
            (migrate::Replayed::Same, Read::Whole) => {
                self.alike += 1;
                return Ok(());
            }
            (migrate::Replayed::Differs { before, after }, _) => {
                self.differ += 1;
                (before, after)
            }
            _ => {
                self.unread += 1;
                (None, None)
            }
        };
        self.answers.push(ReplayedLine { place: place.clone(), id, host, path, answer: words, before, after });
        Ok(())
    }
}

/// How much was read of what a host serves today.
#[derive(Clone, Copy, PartialEq)]
enum Read {
    Whole,
    Partly,
    /// Something that cannot be read could change any answer.
    Nothing,
}

/// How much was read of each host.
struct ReadHosts<'r> {
    by_name: BTreeMap<&'r str, Read>,
    concerned: &'r Concerned,
}

impl<'r> ReadHosts<'r> {
    fn new(readings: &'r [HostReading], concerned: &'r Concerned) -> Self {
        let names = |reading: &'r HostReading| {
            let aliases = reading.virtual_host.iter().flat_map(|host| host.hosts().iter().map(Host::as_str));
            let read = match reading.whole {
                _ if concerned.has_host(reading) => Read::Nothing,
                true => Read::Whole,
                false => Read::Partly,
            };
            std::iter::once(reading.host.as_str()).chain(aliases).map(move |name| (name, read))
        };
        ReadHosts { by_name: readings.iter().flat_map(names).collect(), concerned }
    }

    /// That of the host itself, of the `*` of its domain, or of every other host.
    fn of(&self, host: &str) -> Read {
        let host = host.split(':').next().unwrap_or(host).to_ascii_lowercase();
        let wildcard = host.split_once('.').map(|(_, domain)| format!("*.{domain}"));
        let named = [Some(host.as_str()), wildcard.as_deref(), Some(CATCH_ALL)].into_iter().flatten();
        let of_name = |name: &str| match self.by_name.get(name) {
            None => self.concerned.has(name).then_some(Read::Nothing),
            known => known.copied(),
        };
        named.into_iter().find_map(of_name).unwrap_or(Read::Whole)
    }
}

/// The request of a line, its host, and the answer.
fn answered(text: &str, replay: &mut Replay<'_>) -> Result<(RecordedLine, String, migrate::Replayed), String> {
    let value: Value = lines::parsed(text)?;
    for (place, object) in [("", Some(&value)), ("request: ", value.get("request"))] {
        if object.is_some_and(|object| !object.is_object()) {
            return Err(format!("{place}not an object"));
        }
    }
    let line: RecordedLine = files::parsed(value)?;
    let RecordedLine { id: _, request: Request { host, path, headers }, draw } = &line;
    let of_header = || headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("host")).map(|(_, value)| value);
    let host = host.as_ref().or_else(of_header).ok_or("the request has neither `host` nor a header `Host`")?.clone();
    let view = RequestView::new(headers).map_err(|error| error.to_string())?;
    let sample = match (draw, replay.policy(&host, path)) {
        // Without a policy before, the controller drew no number for what decides after the move.
        (None, _) | (_, None) => None,
        (Some(draw), Some(policy)) => {
            let total = policy.total().get();
            let sample = draw.checked_sub(1).and_then(|point| Sample::from_fraction(point, total).ok());
            Some(sample.ok_or_else(|| format!("the draw {draw} is not 1 to {total}"))?)
        }
    };
    let answer = replay.answer(&host, path, view.lines(), sample);
    Ok((line, host, answer))
}

impl ReplayedLine {
    /// The answer on one line.
    pub(crate) fn words(&self) -> String {
        let ReplayedLine { place, id, host, path, answer, before: _, after: _ } = self;
        let id = if id.is_null() { String::new() } else { format!(" ({id})") };
        Excerpt::whole(&format!("{place}{id}: {host}{path} {answer}")).to_string()
    }
}
