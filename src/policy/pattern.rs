//! Patterns: regular expressions that mean the same to every engine that runs them.

use regex::bytes::{Regex, RegexBuilder};
use regex_syntax::ast;
use regex_syntax::hir::translate::TranslatorBuilder;

use super::{pattern_cost, portability};
use crate::error::{Excerpt, Invalid};
use crate::names::text;

/// The text of a regular expression, checked but not compiled.
///
/// A pattern matches a value if it is found anywhere in the value, unless an anchor such as `^` or `$` fixes the place.
/// Patterns work on bytes: `\d`, `\w`, `\s`, `\b` and `(?i)` know ASCII only.
///
/// The syntax is what PCRE (ingress-nginx), RE2 (Envoy, Istio, Gloo) and the `regex` crate (Linkerd, and the
/// [`Selector`](crate::Selector)) have in common. A pattern that one of them reads differently, or cannot run in linear
/// time, is refused: lookaround, back references, possessive quantifiers, atomic groups, set operators and nested
/// classes, `\Q..\E`, `\v`, counted repetitions above 1000, and more.
///
/// Header values come from strangers, so no pattern may depend on backtracking, and the time for each byte of a value is
/// bounded: a pattern has a [`cost`](Self::cost) of at most [`MAX_COST`](Self::MAX_COST).
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
pub struct Pattern(String, u32);

impl Pattern {
    /// The largest length in bytes. A header match of the Gateway API has the same bound.
    pub const MAX_LEN: usize = 4096;

    /// The largest [`cost`](Self::cost).
    ///
    /// `benches/patterns.rs` searches for the pattern and the value that take longest: a selector needs less than 16 ms for
    /// each KB of the value, on one core of a cloud machine. All patterns that were recorded from ingress-nginx cost less.
    pub const MAX_COST: u32 = 512;

    /// The largest size in bytes of the compiled pattern. Other bounds are reached before it.
    const MAX_SIZE: usize = 1 << 20;

    /// The largest size in bytes of what one thread remembers of the searches for a pattern. With more, hostile values
    /// would fill more memory and would not be searched faster.
    const MAX_CACHE: usize = 1 << 15;

    /// The largest depth of nested groups. PCRE refuses a depth of more than 250.
    const MAX_NEST: u32 = 100;

    /// A pattern of this text.
    ///
    /// # Errors
    ///
    /// The text is empty, is longer than [`MAX_LEN`](Self::MAX_LEN), is not a regular expression, means different
    /// things to different engines, costs more than [`MAX_COST`](Self::MAX_COST), or needs more than 1 MiB when it is
    /// compiled.
    pub fn new(text: &str) -> Result<Self, Invalid> {
        if text.is_empty() || text.len() > Self::MAX_LEN {
            return Err(Invalid::PatternLength { length: text.len(), bound: Self::MAX_LEN });
        }
        let refuse = |at, why: String| Invalid::PatternSyntax { pattern: Excerpt::of(text), at, why };

        if let Some(at) = text.bytes().position(|byte| !matches!(byte, b' '..=b'~')) {
            return Err(refuse(at, "only printable ASCII means the same to every engine".to_owned()));
        }
        let ast = ast::parse::ParserBuilder::new()
            .nest_limit(Self::MAX_NEST)
            .build()
            .parse(text)
            .map_err(|error| refuse(error.span().start.offset, syntax(error.kind())))?;
        portability::check(text, &ast).map_err(|refusal| refuse(refusal.at, refusal.why.to_owned()))?;

        let expression = TranslatorBuilder::new()
            .unicode(false)
            .utf8(false)
            .build()
            .translate(text, &ast)
            .map_err(|error| refuse(error.span().start.offset, error.kind().to_string()))?;
        let cost = pattern_cost::cost(&expression);
        let bounded = u32::try_from(cost).ok().filter(|&cost| cost <= Self::MAX_COST);
        let Some(bounded) = bounded else {
            return Err(Invalid::PatternCost { pattern: Excerpt::of(text), cost, bound: Self::MAX_COST });
        };

        let pattern = Pattern(text.to_owned(), bounded);
        match pattern.compile(1) {
            Ok(_) => Ok(pattern),
            Err(regex::Error::CompiledTooBig(bound)) => Err(Invalid::PatternSize { pattern: Excerpt::of(text), bound }),
            Err(error) => Err(refuse(0, last_line(&error.to_string()))),
        }
    }

    /// The largest number of places in the pattern that a selector has to keep track of at a byte of a value, 1 to
    /// [`MAX_COST`](Self::MAX_COST). A pattern that is long costs at least a 32nd of its length.
    ///
    /// The time for a byte is proportional to the cost in the worst case, about 25 ns for each place. Repetitions are
    /// counted as often as they are repeated. A pattern that begins with `^` costs less, because only one attempt to match
    /// is under way.
    ///
    /// ```
    /// use canary_policy::Pattern;
    ///
    /// assert_eq!(Pattern::new("a.{0,100}c")?.cost(), 202);
    /// assert_eq!(Pattern::new("^[a-z]{3,1000}$")?.cost(), 63);
    /// assert_eq!(
    ///     Pattern::new("a.{0,1000}c").unwrap_err().to_string(),
    ///     "the pattern `a.{0,1000}c` costs 2002: expected at most 512, by fewer repetitions or a `^` at its start",
    /// );
    /// # Ok::<(), canary_policy::Invalid>(())
    /// ```
    #[must_use]
    pub const fn cost(&self) -> u32 {
        self.1
    }

    /// The compiled pattern, one of `patterns` in a policy, which share the memory that a thread needs for searches.
    /// `new` compiled it with the same limits on its own size, so it does not fail.
    pub(crate) fn compile(&self, patterns: usize) -> Result<Regex, regex::Error> {
        // So many patterns can have a full cache each.
        const FULL: usize = 64;
        RegexBuilder::new(&self.0)
            .unicode(false)
            .size_limit(Self::MAX_SIZE)
            .dfa_size_limit(Self::MAX_CACHE * FULL / patterns.max(FULL))
            .nest_limit(Self::MAX_NEST)
            .build()
    }
}

text!(Pattern, Invalid);

/// The parser's message, or a clearer one for syntax that exists in PCRE but not in the `regex` crate.
fn syntax(kind: &ast::ErrorKind) -> String {
    match kind {
        ast::ErrorKind::FlagUnrecognized => "the flag does not exist, or only PCRE has this kind of group".to_owned(),
        kind => kind.to_string(),
    }
}

/// The last line of a message of the `regex` crate, which repeats the pattern on the lines before it.
fn last_line(message: &str) -> String {
    let line = message.lines().last().unwrap_or(message);
    line.trim_start_matches("error: ").to_owned()
}
