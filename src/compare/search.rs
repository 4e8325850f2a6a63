//! The search for the smallest lines for each pair of rows, cheapest first.

use std::collections::{BTreeMap, BTreeSet};

use super::readers::{Reader, State};
use super::values::{Firsts, Full};

/// Lines of one header, and the first rows that match them.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) firsts: Firsts,
    pub(super) lines: Vec<Vec<u8>>,
    /// The bytes of the lines; see `Request::size`.
    pub(super) size: usize,
}

/// The result of a search: the smallest lines for each pair of rows that can be the first to match.
#[derive(Debug)]
pub(super) struct Searched {
    pub(super) found: Vec<Found>,
    /// The size below which all lines were searched, if the search was given up.
    pub(super) unsearched: Option<usize>,
}

/// The kind of the last byte that was read. Servers remove spaces and tabs at the ends of a line, so that no line begins or ends
/// with one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    /// No byte of the line was read.
    Start,
    /// The last byte is neither a space nor a tab.
    Inside,
    /// The last byte is a space or a tab.
    Blank,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Symbol {
    Byte(u8),
    NextLine,
}

/// Everything that the readers know of the bytes so far.
type Reading = (Place, Vec<State>);

/// How a reading was reached: from which earlier one, and by which symbol.
struct Step {
    from: Option<usize>,
    symbol: Symbol,
}

/// The search over the lines of one header.
pub(super) struct Search<'r> {
    readers: &'r mut [Reader],
    /// The bytes of a line before its value.
    start: usize,
    alphabet: Vec<u8>,
    steps: Vec<Step>,
    seen: BTreeSet<Reading>,
    /// The readings to look at next, by size and then in the order in which they were met.
    waiting: BTreeMap<(usize, usize), (Reading, Step)>,
    met: usize,
    /// The size of the reading that was taken last: all smaller ones were taken before.
    size: usize,
    /// The steps that each reading takes, one for each next byte and condition.
    cost: usize,
    found: BTreeMap<Firsts, Found>,
}

/// The number of readings after which a search is given up.
pub(super) const MAX_READINGS: usize = 1 << 15;

/// The number of steps after which a search is given up. With a thousand patterns on one name a reading takes thousands of steps.
pub(super) const MAX_STEPS: usize = 1 << 24;

impl<'r> Search<'r> {
    /// A search over lines that begin with this number of bytes before the value.
    pub(super) fn new(readers: &'r mut [Reader], start: usize) -> Self {
        let alphabet = alphabet(readers);
        Search {
            cost: alphabet.len() * readers.iter().map(Reader::conditions).sum::<usize>(),
            alphabet,
            readers,
            start,
            steps: Vec::new(),
            seen: BTreeSet::new(),
            waiting: BTreeMap::new(),
            met: 0,
            size: 0,
            found: BTreeMap::new(),
        }
    }

    /// The smallest lines for each pair of rows that can be first, including the pair of none.
    pub(super) fn run(mut self) -> Searched {
        let is_complete = self.walk().is_ok_and(|()| self.waiting.is_empty());
        let mut found: Vec<Found> = self.found.into_values().collect();
        found.sort_by_key(|found| found.size);
        Searched { found, unsearched: (!is_complete).then_some(self.size) }
    }

    fn walk(&mut self) -> Result<(), Full> {
        let start = self.readers.iter_mut().map(Reader::start).collect::<Result<Vec<State>, Full>>()?;
        self.meet(self.start, (Place::Start, start), Step { from: None, symbol: Symbol::NextLine });
        while let Some(entry) = self.waiting.first_entry() {
            if self.steps.len() >= MAX_READINGS || self.steps.len() * self.cost >= MAX_STEPS {
                return Ok(());
            }
            let ((size, _), (reading, step)) = entry.remove_entry();
            if !self.seen.insert(reading.clone()) {
                continue;
            }
            self.size = size;
            let id = self.steps.len();
            self.steps.push(step);
            self.end(id, size, &reading)?;
            self.go_on(id, size, &reading)?;
        }
        Ok(())
    }

    fn meet(&mut self, size: usize, reading: Reading, step: Step) {
        if !self.seen.contains(&reading) {
            self.waiting.insert((size, self.met), (reading, step));
            self.met += 1;
        }
    }

    /// Notes the rows that match if the request ends here.
    fn end(&mut self, id: usize, size: usize, (place, states): &Reading) -> Result<(), Full> {
        if *place == Place::Blank {
            return Ok(());
        }
        let mut firsts: Option<Firsts> = None;
        for (reader, state) in self.readers.iter_mut().zip(states) {
            let read = reader.end(state)?;
            firsts = Some(firsts.map_or(read, |firsts| firsts.and(read)));
        }
        if let Some(firsts) = firsts.filter(|firsts| !self.found.contains_key(firsts)) {
            self.found.insert(firsts, Found { firsts, size, lines: self.lines(id) });
        }
        Ok(())
    }

    /// Meets the readings that are one symbol longer.
    fn go_on(&mut self, id: usize, size: usize, (place, states): &Reading) -> Result<(), Full> {
        for byte in self.alphabet.clone() {
            let is_blank = matches!(byte, b' ' | b'\t');
            if is_blank && *place == Place::Start {
                continue;
            }
            let readers = self.readers.iter_mut().zip(states);
            let states = readers.map(|(reader, state)| reader.step(state, byte)).collect::<Result<_, Full>>()?;
            let place = if is_blank { Place::Blank } else { Place::Inside };
            self.meet(size + 1, (place, states), Step { from: Some(id), symbol: Symbol::Byte(byte) });
        }
        if *place != Place::Blank {
            let readers = self.readers.iter_mut().zip(states);
            let states = readers.map(|(reader, state)| reader.next_line(state)).collect::<Result<_, Full>>()?;
            let step = Step { from: Some(id), symbol: Symbol::NextLine };
            self.meet(size + self.start, (Place::Start, states), step);
        }
        Ok(())
    }

    /// The lines that led to a reading.
    fn lines(&self, id: usize) -> Vec<Vec<u8>> {
        let (mut lines, mut line, mut at) = (Vec::new(), Vec::new(), Some(id));
        while let Some(step) = at.and_then(|at| self.steps.get(at)) {
            match step.symbol {
                Symbol::Byte(byte) => line.push(byte),
                Symbol::NextLine => {
                    line.reverse();
                    lines.push(std::mem::take(&mut line));
                }
            }
            at = step.from;
        }
        lines.reverse();
        lines
    }
}

/// The bytes that a header value can have, one of each set of bytes that no reader tells apart. Letters come first.
fn alphabet(readers: &[Reader]) -> Vec<u8> {
    let mut seen = BTreeSet::new();
    legal().filter(|byte| seen.insert(signature(readers, *byte))).collect()
}

/// The bytes that an `http::HeaderValue` takes, ordered by how easily people read them.
pub(super) fn legal() -> impl Iterator<Item = u8> {
    let marks = (b'!'..=b'~').filter(|byte| !byte.is_ascii_alphanumeric());
    (b'a'..=b'z').chain(b'0'..=b'9').chain(b'A'..=b'Z').chain(marks).chain([b' ', b'\t']).chain(0x80..=0xff)
}

/// Bytes with the same signature lead every reader to the same states.
fn signature(readers: &[Reader], byte: u8) -> Vec<u8> {
    // These bytes separate lines, cookies and the fields of a token, or are removed by servers at the ends of a line.
    let separator = if matches!(byte, b' ' | b'\t' | b',' | b';' | b'=' | b'|') { byte } else { 0 };
    std::iter::once(separator).chain(readers.iter().flat_map(|reader| reader.signature(byte))).collect()
}
