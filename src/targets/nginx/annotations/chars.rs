//! The characters that the controller's validators accept (controller 1.15.1,
//! `internal/ingress/annotations/parser/validators.go`).

/// In names and values. The validator removes the spaces before it looks at the other characters.
pub(super) fn basic(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~/: ".contains(&byte)
}

/// In patterns, where a space is refused.
pub(in crate::targets::nginx) fn pattern(byte: u8) -> bool {
    byte != b' ' && (basic(byte) || br"^$[](){}*+?|&=\".contains(&byte))
}

/// In the path of a cookie. The validator removes the spaces before it looks at the other characters.
pub(super) fn url(byte: u8) -> bool {
    basic(byte) || b",?&=".contains(&byte)
}
