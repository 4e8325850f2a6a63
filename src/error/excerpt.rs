//! Values as they are quoted in messages.

use std::fmt;

/// A value as it is quoted in a message: at most its first 80 characters, with control characters escaped.
///
/// The excerpt of a longer value ends with `…` and the length of the value in bytes.
///
/// ```
/// use canary_policy::error::Excerpt;
///
/// assert_eq!(Excerpt::of("a\tb").to_string(), "a\\tb");
/// assert_eq!(Excerpt::of(&"x".repeat(100)).to_string(), format!("{}… (100 bytes)", "x".repeat(80)));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(transparent))]
pub struct Excerpt(String);

impl Excerpt {
    const MAX_CHARS: usize = 80;

    /// The excerpt of a text.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let cut = text.char_indices().nth(Self::MAX_CHARS).and_then(|(at, _)| text.get(..at));
        let mut shown = String::new();
        for c in cut.unwrap_or(text).chars() {
            if c.is_control() { shown.extend(c.escape_default()) } else { shown.push(c) }
        }
        match cut {
            None => Excerpt(shown),
            Some(_) => Excerpt(format!("{shown}… ({} bytes)", text.len())),
        }
    }

    /// The excerpt as text, cut and escaped.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
