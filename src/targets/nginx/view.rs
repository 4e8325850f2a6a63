//! A request as the controller's nginx shows it.

use crate::error::{BadRequest, Excerpt};

/// The header lines of an HTTP/1 request as nginx 1.27.1 shows them with the controller's settings
/// (`underscores_in_headers off`, `ignore_invalid_headers on`, `large_client_header_buffers 4 8k`).
///
/// It drops lines whose names have other bytes than letters, digits and `-`, and cuts spaces, not tabs, off both ends of
/// a value. A repeated header's lines are kept apart here and joined where a rule reads them.
///
/// ```
/// use canary_policy::{Canary, HeaderRule, Match, Policy, Reason, Sample, Selector, Total};
/// use canary_policy::targets::nginx::View;
///
/// let canary = Canary::new("canary", 0)?.with_header(HeaderRule::new("x-canary", Match::AlwaysNever)?);
/// let selector = Selector::new(&Policy::new([canary], Total::default())?);
///
/// let rows = [("X-Canary", "  always ", Reason::Header), ("X-Canary", "always\t", Reason::Weight),
///     ("X_Canary", "always", Reason::Weight)];
/// for (name, value, reason) in rows {
///     assert_eq!(selector.select(View::new(&[(name, value)])?.lines(), Sample::MIN).reason, reason);
/// }
/// assert!(View::new(&[("Host", "a"), ("Host", "b")]).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View<'r> {
    lines: Vec<(&'r [u8], &'r [u8])>,
}

impl<'r> View<'r> {
    /// The most bytes that a line may have, `: ` and its end counted.
    pub const MAX_LINE: usize = 8192;

    /// Headers that may come once (`ngx_http_headers_in`, `ngx_http_process_unique_header_line`).
    const UNIQUE: [&'static str; 11] = [
        "host",
        "if-modified-since",
        "if-unmodified-since",
        "if-match",
        "if-none-match",
        "content-length",
        "content-range",
        "if-range",
        "transfer-encoding",
        "expect",
        "authorization",
    ];

    /// Reads header lines, `(name, value)`, in the order of the wire; a value is all that stood between `: ` and the end
    /// of its line.
    ///
    /// # Errors
    ///
    /// nginx answers 400: a name is empty or has a blank, a colon or a control character; a value has NUL, CR or LF; a
    /// header that may come once came twice; a line is longer than 8 KiB.
    pub fn new<N: AsRef<[u8]>, V: AsRef<[u8]>>(lines: &'r [(N, V)]) -> Result<Self, BadRequest> {
        let mut view = View { lines: Vec::with_capacity(lines.len()) };
        for (name, value) in lines {
            let (name, value) = (name.as_ref(), value.as_ref());
            let excerpt = || Excerpt::of(&String::from_utf8_lossy(name));

            if name.is_empty() || name.iter().any(|&byte| byte <= b' ' || byte == b':' || byte == 0x7f) {
                return Err(BadRequest::Name(excerpt()));
            }
            if value.iter().any(|byte| matches!(byte, b'\0' | b'\r' | b'\n')) {
                return Err(BadRequest::Value(excerpt()));
            }
            let length = name.len() + ": ".len() + value.len() + "\r\n".len();
            if length > Self::MAX_LINE {
                return Err(BadRequest::Line { name: excerpt(), length, bound: Self::MAX_LINE });
            }
            if !name.iter().all(|&byte| byte.is_ascii_alphanumeric() || byte == b'-') {
                continue;
            }
            let again = || view.lines.iter().any(|(seen, _)| seen.eq_ignore_ascii_case(name));
            if Self::UNIQUE.iter().any(|unique| name.eq_ignore_ascii_case(unique.as_bytes())) && again() {
                return Err(BadRequest::Twice(excerpt()));
            }
            view.lines.push((name, trimmed(value)));
        }
        Ok(view)
    }

    /// The lines that nginx shows, `(name, value)`, in the order of the wire: a request to select for.
    #[must_use]
    pub fn lines(&self) -> &[(&'r [u8], &'r [u8])] {
        &self.lines
    }
}

/// Without the spaces, 0x20 alone, at both ends.
fn trimmed(mut value: &[u8]) -> &[u8] {
    while let [b' ', rest @ ..] | [rest @ .., b' '] = value {
        value = rest;
    }
    value
}
