//! A text that nothing else is called.

use std::collections::BTreeSet;

/// A label or path element that is none of these.
pub(super) fn unused<'t>(texts: impl Iterator<Item = &'t str>) -> String {
    let texts: BTreeSet<&str> = texts.collect();
    let mut unused = "x".to_owned();
    while texts.contains(unused.as_str()) {
        unused.push('x');
    }
    unused
}
