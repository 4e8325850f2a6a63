//! The header lines of a request as nginx sees them.

use crate::error::{BadRequest, Excerpt};

/// The header lines of an HTTP/1 request as nginx 1.27.1 sees them with the settings of the controller
/// (`underscores_in_headers off`, `ignore_invalid_headers on`, `large_client_header_buffers 4 8k`).
///
/// nginx drops lines whose names have other bytes than letters, digits and `-`, and removes spaces, but not tabs, at both ends
/// of a value. The lines of a repeated header stay separate; a rule joins them when it reads them.
///
/// ```
/// use canary_policy::{Canary, HeaderRule, Match, Policy, Reason, Sample, Selector, Total};
/// use canary_policy::targets::nginx::RequestView;
///
/// let canary = Canary::new("canary", 0)?.with_header(HeaderRule::new("x-canary", Match::AlwaysNever)?);
/// let selector = Selector::new(&Policy::new([canary], Total::default())?);
///
/// let rows = [("X-Canary", "  always ", Reason::Header), ("X-Canary", "always\t", Reason::Weight),
///     ("X_Canary", "always", Reason::Weight)];
/// for (name, value, reason) in rows {
///     assert_eq!(selector.select(RequestView::new(&[(name, value)])?.lines(), Sample::MIN).reason, reason);
/// }
/// assert!(RequestView::new(&[("Host", "a"), ("Host", "b")]).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[must_use]
pub struct RequestView<'r> {
    lines: Vec<(&'r [u8], &'r [u8])>,
}

impl<'r> RequestView<'r> {
    /// The largest number of bytes of a line, including `: ` and the line end.
    pub const MAX_LINE: usize = 8192;

    /// The headers that a request may have only once (nginx 1.27.1, `ngx_http_headers_in` and
    /// `ngx_http_process_unique_header_line`).
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

    /// The view of header lines, `(name, value)`, in the order in which they were sent. A value is everything between `: ` and
    /// the line end.
    ///
    /// # Errors
    ///
    /// nginx answers with 400: a name is empty, or has a blank, a colon or a control character; a value has NUL, CR or LF; a
    /// header that a request may have only once is repeated; or a line is longer than 8 KiB.
    pub fn new<N: AsRef<[u8]>, V: AsRef<[u8]>>(lines: &'r [(N, V)]) -> Result<Self, BadRequest> {
        let mut view = RequestView { lines: Vec::with_capacity(lines.len()) };
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
            let is_repeated = || view.lines.iter().any(|(line, _)| line.eq_ignore_ascii_case(name));
            let is_unique = Self::UNIQUE.iter().any(|unique| name.eq_ignore_ascii_case(unique.as_bytes()));
            if is_unique && is_repeated() {
                return Err(BadRequest::Twice(excerpt()));
            }
            view.lines.push((name, trimmed(value)));
        }
        Ok(view)
    }

    /// The lines that nginx keeps, `(name, value)`, in the order in which they were sent. A selector takes them as a request.
    #[must_use]
    pub fn lines(&self) -> &[(&'r [u8], &'r [u8])] {
        &self.lines
    }
}

/// The value without spaces (0x20, not tabs) at both ends.
fn trimmed(mut value: &[u8]) -> &[u8] {
    while let [b' ', rest @ ..] | [rest @ .., b' '] = value {
        value = rest;
    }
    value
}
