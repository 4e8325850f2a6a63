//! Patterns: regular-expression text that means the same wherever it is run.

use regex::bytes::{Regex, RegexBuilder};
use regex_syntax::ast;

use super::portable;
use crate::error::{Excerpt, Invalid};

/// Regular-expression text, checked but not compiled.
///
/// A pattern is searched for: it matches a value in which it is found anywhere, unless it is anchored. It works on
/// bytes, and `\d`, `\w`, `\s`, `\b` and `(?i)` are those of ASCII.
///
/// The syntax is what PCRE (ingress-nginx), RE2 (Envoy, Istio, Gloo) and the `regex` crate (Linkerd, and the
/// [`Selector`](crate::Selector)) read alike. What one of them reads differently or cannot run in linear time is refused:
/// lookaround, back references, possessive quantifiers, atomic groups, set operators and nested classes, `\Q..\E`, `\v`,
/// counted repetition above 1000, and more. Header values come from strangers, so nothing here backtracks.
///
/// ```
/// use canary_policy::Pattern;
///
/// assert_eq!(Pattern::new("^v[0-9]+$")?.as_str(), "^v[0-9]+$");
/// assert_eq!(
///     Pattern::new("(?=beta)").unwrap_err().to_string(),
///     "the pattern `(?=beta)` is refused at byte 0: look-around, including look-ahead and look-behind, is not supported",
/// );
/// assert_eq!(
///     Pattern::new("a++").unwrap_err().to_string(),
///     "the pattern `a++` is refused at byte 2: a quantifier follows a quantifier, which PCRE reads as possessive or refuses",
/// );
/// # Ok::<(), canary_policy::Invalid>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pattern(String);

impl Pattern {
    /// The most bytes a pattern may have: what the Gateway API lets a header match have.
    pub const MAX_LEN: usize = 4096;

    /// The most bytes its compiled form may need.
    const MAX_SIZE: usize = 1 << 20;

    /// The most groups inside groups. PCRE gives up at 250.
    const MAX_NEST: u32 = 100;

    /// A pattern.
    ///
    /// # Errors
    ///
    /// It is empty or longer than [`MAX_LEN`](Self::MAX_LEN), it is not a regular expression, its targets would not read
    /// it alike, or its compiled form would need more than 1 MiB.
    pub fn new(text: &str) -> Result<Self, Invalid> {
        if text.is_empty() || text.len() > Self::MAX_LEN {
            return Err(Invalid::PatternLength { length: text.len(), bound: Self::MAX_LEN });
        }
        let refuse = |at, why: String| Invalid::PatternSyntax { pattern: Excerpt::of(text), at, why };

        if let Some(at) = text.bytes().position(|byte| !matches!(byte, b' '..=b'~')) {
            return Err(refuse(at, "only printable ASCII is read alike everywhere".to_owned()));
        }
        let ast = ast::parse::ParserBuilder::new()
            .nest_limit(Self::MAX_NEST)
            .build()
            .parse(text)
            .map_err(|error| refuse(error.span().start.offset, syntax(error.kind())))?;
        portable::check(text, &ast).map_err(|(at, why)| refuse(at, why.to_owned()))?;

        let pattern = Pattern(text.to_owned());
        match pattern.compile() {
            Ok(_) => Ok(pattern),
            Err(regex::Error::CompiledTooBig(bound)) => Err(Invalid::PatternSize { pattern: Excerpt::of(text), bound }),
            Err(error) => Err(refuse(0, last_line(&error.to_string()))),
        }
    }

    /// The automaton that searches for the pattern. `new` made it once with these very limits, so it can be made again.
    pub(crate) fn compile(&self) -> Result<Regex, regex::Error> {
        RegexBuilder::new(&self.0).unicode(false).size_limit(Self::MAX_SIZE).nest_limit(Self::MAX_NEST).build()
    }
}

text!(Pattern);

/// What the parser says, or more where it knows less than PCRE does.
fn syntax(kind: &ast::ErrorKind) -> String {
    match kind {
        ast::ErrorKind::FlagUnrecognized => "no such flag, or a kind of group that only PCRE has".to_owned(),
        kind => kind.to_string(),
    }
}

/// `regex` prints the pattern again above what it says of it.
fn last_line(message: &str) -> String {
    let line = message.lines().last().unwrap_or(message);
    line.trim_start_matches("error: ").to_owned()
}
