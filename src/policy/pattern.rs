//! Patterns: regular expressions that mean the same to every engine that runs them.

use regex::bytes::{Regex, RegexBuilder};
use regex_syntax::ast;

use super::portability;
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
/// classes, `\Q..\E`, `\v`, counted repetitions above 1000, and more. Header values come from strangers, so no pattern
/// may depend on backtracking.
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
    /// The largest length in bytes. A header match of the Gateway API has the same bound.
    pub const MAX_LEN: usize = 4096;

    /// The largest size in bytes of the compiled pattern.
    const MAX_SIZE: usize = 1 << 20;

    /// The largest depth of nested groups. PCRE refuses a depth of more than 250.
    const MAX_NEST: u32 = 100;

    /// A pattern of this text.
    ///
    /// # Errors
    ///
    /// The text is empty, is longer than [`MAX_LEN`](Self::MAX_LEN), is not a regular expression, means different
    /// things to different engines, or needs more than 1 MiB when it is compiled.
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

        let pattern = Pattern(text.to_owned());
        match pattern.compile() {
            Ok(_) => Ok(pattern),
            Err(regex::Error::CompiledTooBig(bound)) => Err(Invalid::PatternSize { pattern: Excerpt::of(text), bound }),
            Err(error) => Err(refuse(0, last_line(&error.to_string()))),
        }
    }

    /// The compiled pattern. `new` compiled it with the same limits, so it does not fail.
    pub(crate) fn compile(&self) -> Result<Regex, regex::Error> {
        RegexBuilder::new(&self.0).unicode(false).size_limit(Self::MAX_SIZE).nest_limit(Self::MAX_NEST).build()
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
