//! Values as they are quoted in messages.

use std::fmt;

/// A value as it is quoted in a message: at most its first 80 characters, with every character escaped that a terminal would
/// not show as it is.
///
/// Such characters are controls, which move the cursor or change colors, and those that are invisible or that change the order
/// of the text around them, such as U+202E. The excerpt of a longer value ends with `…` and the length of the value in bytes.
///
/// ```
/// use canary_policy::error::Excerpt;
///
/// assert_eq!(Excerpt::of("a\tb").to_string(), "a\\tb");
/// assert_eq!(Excerpt::of("a\u{202e}b").to_string(), "a\\u{202e}b");
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
        match cut {
            None => Self::whole(text),
            Some(cut) => Excerpt(format!("{}… ({} bytes)", Self::whole(cut), text.len())),
        }
    }

    /// The whole text, escaped but not cut: for messages of other crates that quote people's text.
    ///
    /// ```
    /// use canary_policy::error::Excerpt;
    ///
    /// let error = serde_json::from_str::<canary_policy::Spec>("{\"\\u001b[31m\": 1}").unwrap_err();
    /// assert!(Excerpt::whole(&error.to_string()).as_str().starts_with("unknown field `\\u{1b}[31m`"));
    /// ```
    #[must_use]
    pub fn whole(text: &str) -> Self {
        let mut shown = String::with_capacity(text.len());
        for character in text.chars() {
            match character {
                '\\' | '\'' | '"' => shown.push(character),
                _ => shown.extend(character.escape_debug()),
            }
        }
        Excerpt(shown)
    }

    /// The excerpt as text, escaped.
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
