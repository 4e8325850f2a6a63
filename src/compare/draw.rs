//! Differences between samples: those of two affinity keys, or those of a key and of the caller.

use http::header;

use super::request::{Line, Request};
use super::rows::Subject;
use super::search::legal;
use super::side::Side;
use crate::select::Sample;

/// The number of values of a key that are tried.
pub(super) const MAX_TRIES: usize = 1 << 16;

/// A request with a key for which two policies decide differently, because they draw with different samples. The keys that are
/// tried have at least this length, which is that of the shortest key for which the weights decide. Shorter keys come first.
pub(super) fn request(a: &Side, b: &Side, key: &Subject, length: usize) -> Option<Request> {
    different(a, b, values(length).take(MAX_TRIES).filter_map(|value| Some(vec![line(key, value)?])))
}

/// A request with almost the lines of this one, for which two policies decide differently, because they draw with different
/// samples.
///
/// Rules on the Cookie lines can leave the draw to lines in which the key does not stand alone. The place of the key in them is not
/// known, so at each place a byte is replaced by each other byte, and each byte is inserted.
pub(super) fn like(a: &Side, b: &Side, request: &Request) -> Option<Request> {
    let of_line = |(place, line): (usize, &Line)| {
        values_like(&line.value)
            .map(|value| {
                let mut lines = request.lines.clone();
                if let Some(line) = lines.get_mut(place) {
                    line.value = value;
                }
                lines
            })
            .collect::<Vec<_>>()
    };
    different(a, b, request.lines.iter().enumerate().flat_map(of_line).take(MAX_TRIES))
}

/// The first request with some of these lines for which two policies decide differently.
fn different(a: &Side, b: &Side, lines: impl Iterator<Item = Vec<Line>>) -> Option<Request> {
    // The first two decisions of a policy differ from each other, so at least one of them differs from what the other policy
    // decides.
    let samples: Vec<Sample> = a.samples().take(2).chain(b.samples().take(2)).collect();
    let mut requests =
        lines.flat_map(|lines| samples.iter().map(move |sample| Request { lines: lines.clone(), sample: *sample }));
    requests.find(|request| !a.decide(request).is_same(&b.decide(request)))
}

/// The values that this one becomes if one byte is replaced or inserted.
fn values_like(value: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let places = (0..=value.len()).flat_map(|place| [(place, place), (place, place + 1)]);
    let changed = places.flat_map(move |(end, start)| {
        legal().filter_map(move |byte| Some([value.get(..end)?, &[byte], value.get(start..)?].concat()))
    });
    changed.filter(|value| is_value(value))
}

/// All values of at least this length, shorter ones first.
fn values(length: usize) -> impl Iterator<Item = Vec<u8>> {
    let bytes: Vec<u8> = legal().collect();
    (length.max(1)..).flat_map(move |length| {
        let bytes = bytes.clone();
        let count = u32::try_from(length).ok().and_then(|length| bytes.len().checked_pow(length)).unwrap_or(usize::MAX);
        (0..count).map(move |number| value(&bytes, length, number))
    })
}

/// The value of this length that has this number when all are counted.
fn value(bytes: &[u8], length: usize, mut number: usize) -> Vec<u8> {
    let mut value = Vec::with_capacity(length);
    for _ in 0..length {
        value.extend(bytes.get(number % bytes.len()));
        number /= bytes.len();
    }
    value.reverse();
    value
}

/// The line with the key, if a line can have it.
fn line(key: &Subject, value: Vec<u8>) -> Option<Line> {
    is_value(&value).then(|| match key {
        Subject::Header(name) => Line { name: name.clone(), value },
        Subject::Cookie(name) | Subject::Affinity(name) => {
            Line { name: header::COOKIE, value: [name.as_bytes(), b"=", &value].concat() }
        }
    })
}

/// Whether a line can have this value: no blank is at its ends.
fn is_value(value: &[u8]) -> bool {
    let is_blank = |byte: Option<&u8>| matches!(byte, Some(b' ' | b'\t'));
    !is_blank(value.first()) && !is_blank(value.last())
}
