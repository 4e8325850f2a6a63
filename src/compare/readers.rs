//! The ways in which a selector reads header lines, as automata over their bytes.
//!
//! `select` has the same readers as loops over a whole line. These loops decide every difference before it is returned, and
//! `tests/compare/brute_force.rs` compares them with the automata for policies that do not differ.

use super::rows::Subject;
use super::values::{Firsts, Full, Value, Values};

/// A reader with the conditions on what it reads.
#[derive(Debug)]
pub(super) struct Reader {
    kind: Kind,
    values: Values,
    none: Firsts,
}

#[derive(Debug)]
enum Kind {
    /// The lines of a header, joined with this separator.
    Joined(&'static [u8]),
    /// The first cookie of this name, which is in lower case, in any letter case.
    First(Box<[u8]>),
    /// The token in the last cookie of exactly this name.
    Last(Box<[u8]>),
}

/// The state of a reader between two bytes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum State {
    Joined(Value),
    First(First),
    Last(Last),
}

/// The state of a reader of the first cookie, which is the loop of nginx 1.27.1 in `ngx_http_parse_multi_header_lines`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum First {
    /// This many bytes of the name were read: none at the start of a line and after a separator, all before the `=`.
    Name(usize),
    /// Up to the next `;` or `,`.
    Skipped,
    /// After the `=`, where spaces do not count.
    Before,
    Value(Value),
    /// The value has ended.
    Read(Firsts),
}

/// The state of a reader of the last cookie, which is lua-resty-cookie `f418d77`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Last {
    /// The rows that match the last cookie of the name so far.
    found: Firsts,
    at: LastAt,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum LastAt {
    Name(usize),
    OtherName,
    OtherValue,
    Value(Token),
}

/// The state of a reader of the token in a value: its second field that is not empty, or the whole value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Token {
    /// No `|` so far.
    Whole(Value),
    /// One `|` or more, and nothing else.
    Before,
    /// The first field of a value that begins with `|`.
    Field,
    /// After the first field.
    Between,
    Second(Value),
    Over(Firsts),
}

impl Reader {
    pub(super) fn new(subject: &Subject, values: Values, none: Firsts) -> Self {
        let kind = match subject {
            Subject::Header(_) => Kind::Joined(if subject.is_in_cookies() { b"; " } else { b", " }),
            Subject::Cookie(name) => Kind::First(name.as_bytes().into()),
            Subject::Affinity(name) => Kind::Last(name.as_bytes().into()),
        };
        Reader { kind, values, none }
    }

    /// The state before the first byte of the first line.
    pub(super) fn start(&mut self) -> Result<State, Full> {
        Ok(match &self.kind {
            Kind::Joined(_) => State::Joined(self.values.start()?),
            Kind::First(_) => State::First(First::Name(0)),
            Kind::Last(_) => State::Last(Last { found: self.none, at: LastAt::Name(0) }),
        })
    }

    /// The state after one more byte of a line.
    pub(super) fn step(&mut self, state: &State, byte: u8) -> Result<State, Full> {
        Ok(match state {
            State::Joined(value) => State::Joined(self.values.step(value, byte)?),
            State::First(first) => State::First(self.step_first(first, byte)?),
            State::Last(last) => State::Last(self.step_last(last, byte)?),
        })
    }

    /// The state at the start of one more line.
    pub(super) fn next_line(&mut self, state: &State) -> Result<State, Full> {
        Ok(match (state, &self.kind) {
            (State::Joined(value), Kind::Joined(separator)) => {
                let mut value = value.clone();
                for byte in *separator {
                    value = self.values.step(&value, *byte)?;
                }
                State::Joined(value)
            }
            (State::First(First::Before | First::Value(_) | First::Read(_)), _) => {
                State::First(First::Read(self.end(state)?))
            }
            (State::First(_), _) => State::First(First::Name(0)),
            (State::Last(Last { found, at: LastAt::Name(_) | LastAt::OtherName }), _) => {
                // A name reaches to the next `=`, over the ends of lines.
                State::Last(Last { found: *found, at: LastAt::OtherName })
            }
            (State::Last(_) | State::Joined(_), _) => {
                State::Last(Last { found: self.end(state)?, at: LastAt::Name(0) })
            }
        })
    }

    /// The first rows that match if this is the end of the last line.
    pub(super) fn end(&mut self, state: &State) -> Result<Firsts, Full> {
        match state {
            State::Joined(value) | State::First(First::Value(value)) => self.values.end(value),
            State::First(First::Read(firsts)) => Ok(*firsts),
            State::First(First::Before) => {
                let empty = self.values.start()?;
                self.values.end(&empty)
            }
            State::First(First::Name(_) | First::Skipped) => Ok(self.none),
            State::Last(Last { found: _, at: LastAt::Value(token) }) => self.end_token(token),
            State::Last(Last { found, at: _ }) => Ok(*found),
        }
    }

    fn step_first(&mut self, first: &First, byte: u8) -> Result<First, Full> {
        let Kind::First(name) = &self.kind else { return Ok(first.clone()) };
        Ok(match first {
            // Spaces before the `=`. The byte after the name and the spaces is skipped, even a separator.
            First::Name(read) if *read == name.len() => match byte {
                b' ' => First::Name(*read),
                b'=' => First::Before,
                _ => First::Skipped,
            },
            First::Name(read) => match (byte, name.get(*read)) {
                (b';' | b',', _) => First::Name(0),
                (b' ', _) if *read == 0 => First::Name(0),
                (_, Some(expected)) if byte.eq_ignore_ascii_case(expected) => First::Name(read + 1),
                _ => First::Skipped,
            },
            First::Skipped if matches!(byte, b';' | b',') => First::Name(0),
            First::Skipped => First::Skipped,
            First::Before if byte == b' ' => First::Before,
            First::Before => {
                let value = self.values.start()?;
                self.step_first(&First::Value(value), byte)?
            }
            First::Value(value) if byte == b';' => First::Read(self.values.end(value)?),
            First::Value(value) => First::Value(self.values.step(value, byte)?),
            First::Read(firsts) => First::Read(*firsts),
        })
    }

    fn step_last(&mut self, last: &Last, byte: u8) -> Result<Last, Full> {
        let Kind::Last(name) = &self.kind else { return Ok(last.clone()) };
        let Last { found, at } = last;
        let is_end = matches!(byte, b';' | b' ' | b'\t');
        let at = match at {
            LastAt::Name(read) => match (byte, name.get(*read)) {
                (b'=', None) => LastAt::Value(Token::Whole(self.values.start()?)),
                (b'=', Some(_)) => LastAt::OtherValue,
                (b' ' | b'\t', _) if *read == 0 => LastAt::Name(0),
                (_, Some(expected)) if byte == *expected => LastAt::Name(read + 1),
                _ => LastAt::OtherName,
            },
            LastAt::OtherName if byte == b'=' => LastAt::OtherValue,
            LastAt::OtherName => LastAt::OtherName,
            LastAt::OtherValue if is_end => LastAt::Name(0),
            LastAt::OtherValue => LastAt::OtherValue,
            LastAt::Value(token) if is_end => return Ok(Last { found: self.end_token(token)?, at: LastAt::Name(0) }),
            LastAt::Value(token) => LastAt::Value(self.step_token(token, byte)?),
        };
        Ok(Last { found: *found, at })
    }

    fn step_token(&mut self, token: &Token, byte: u8) -> Result<Token, Full> {
        let is_bar = byte == b'|';
        Ok(match token {
            Token::Whole(value) if is_bar && *value == self.values.start()? => Token::Before,
            Token::Whole(_) | Token::Field | Token::Between if is_bar => Token::Between,
            Token::Whole(value) => Token::Whole(self.values.step(value, byte)?),
            Token::Before if is_bar => Token::Before,
            Token::Before | Token::Field => Token::Field,
            Token::Between => {
                let value = self.values.start()?;
                Token::Second(self.values.step(&value, byte)?)
            }
            Token::Second(value) if is_bar => Token::Over(self.values.end(value)?),
            Token::Second(value) => Token::Second(self.values.step(value, byte)?),
            Token::Over(firsts) => Token::Over(*firsts),
        })
    }

    fn end_token(&mut self, token: &Token) -> Result<Firsts, Full> {
        match token {
            Token::Whole(value) | Token::Second(value) => self.values.end(value),
            // The whole value has a `|`, which no token has.
            Token::Before | Token::Field | Token::Between => Ok(self.none),
            Token::Over(firsts) => Ok(*firsts),
        }
    }

    /// The number of conditions that each byte is compared with; all exact values together are one.
    pub(super) fn conditions(&self) -> usize {
        self.values.conditions()
    }

    /// Numbers that are equal for bytes that the reader does not tell apart.
    pub(super) fn signature(&self, byte: u8) -> impl Iterator<Item = u8> {
        let (name, folded): (&[u8], u8) = match &self.kind {
            Kind::Joined(_) => (&[], byte),
            Kind::First(name) => (name, byte.to_ascii_lowercase()),
            Kind::Last(name) => (name, byte),
        };
        let in_name = if name.contains(&folded) { folded } else { 0 };
        std::iter::once(in_name).chain(self.values.signature(byte))
    }
}
