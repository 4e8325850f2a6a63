//! JSON for terminals and programs.

use std::fmt::Write;

use canary_policy::error::Excerpt;

/// JSON on one line, in which a character that a terminal would not show as it is is written as `\u` and its number. JSON
/// itself asks for that in the first 32 characters only.
pub(crate) fn line(json: &str) -> String {
    let mut line = String::new();
    for character in json.chars() {
        if matches!(character, ' '..='~') {
            line.push(character);
            continue;
        }
        let mut text = [0; 4];
        let text = character.encode_utf8(&mut text);
        if Excerpt::whole(text).as_str() == text {
            line.push(character);
        } else {
            for unit in text.encode_utf16() {
                // Writing to a text cannot fail.
                let _ = write!(line, "\\u{unit:04x}");
            }
        }
    }
    line
}
