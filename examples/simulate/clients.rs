//! The clients of a simulation: those of a file, or plain ones.

use canary_policy::error::Excerpt;
use canary_policy::policy::Key;
use canary_policy::simulate::{Client, ClientMix};
use canary_policy::{Affinity, Policy};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use serde::Deserialize;

use crate::files::parsed;

/// The number of clients if each has a key of its own.
pub(crate) const CLIENTS: u32 = 10_000;

/// A kind of client, as a line of the file has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    #[serde(default = "one")]
    parts: u32,
    #[serde(default)]
    headers: Vec<(String, String)>,
    #[serde(default = "yes")]
    cookies: bool,
}

fn one() -> u32 {
    1
}

fn yes() -> bool {
    true
}

/// The mix in the text of a file. An error begins with the number of the line that is wrong.
pub(crate) fn read(text: &str) -> Result<ClientMix<HeaderMap>, String> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let clients = lines.map(|(index, line)| client(line).map_err(|why| format!("line {}: {why}", index + 1)));
    ClientMix::new(clients.collect::<Result<Vec<_>, _>>()?).map_err(|error| error.to_string())
}

fn client(line: &str) -> Result<Client<HeaderMap>, String> {
    // Each line is parsed by itself, so its line number in the error is always 1.
    let not_json = |error: serde_json::Error| format!("not JSON: {error}").replace(" at line 1 column", " at column");
    let value = serde_json::from_str(line).map_err(not_json)?;
    let Line { parts, headers, cookies } = parsed(value)?;
    let mut request = HeaderMap::new();
    for (index, (name, value)) in headers.iter().enumerate() {
        let wrong = |what| format!("headers[{index}]: {what}");
        let line =
            HeaderName::try_from(name).map_err(|_| wrong(format!("`{}` is not a header name", Excerpt::of(name))));
        let value =
            HeaderValue::try_from(value).map_err(|_| wrong(format!("`{}` is not a header value", Excerpt::of(value))));
        request.append(line?, value?);
    }
    let client = Client::new(request).with_parts(parts);
    Ok(if cookies { client.with_cookies() } else { client })
}

/// A client without headers, or clients with a key each if the policy has an affinity key.
pub(crate) fn plain(policy: &Policy) -> Result<ClientMix<HeaderMap>, String> {
    let clients = if matches!(policy.affinity(), Affinity::Key(_)) { CLIENTS } else { 1 };
    let clients = (0..clients).map(|n| Ok(Client::new(request(policy, n)?).with_cookies()));
    ClientMix::new(clients.collect::<Result<Vec<_>, String>>()?).map_err(|error| error.to_string())
}

/// The request of the client with this number: its key, if the policy has an affinity key.
pub(crate) fn request(policy: &Policy, n: u32) -> Result<HeaderMap, String> {
    let line = match policy.affinity() {
        Affinity::None | Affinity::Cookie(_) => None,
        Affinity::Key(affinity) => Some(match affinity.key() {
            Key::Header(name) => (name.clone(), format!("client-{n}")),
            Key::Cookie(name) => (header::COOKIE, format!("{name}=client-{n}")),
        }),
    };
    let line = line.map(|(name, value)| Ok((name, HeaderValue::try_from(value).map_err(|error| error.to_string())?)));
    line.into_iter().collect()
}
