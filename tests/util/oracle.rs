//! Oracles: software of others that a test compares the crate with. A variable has the place of each, and `.ci/run` sets it.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io::{Write, stderr};
use std::sync::Mutex;

/// The missing oracles that a line was printed for.
static MISSING: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// The value of the variable that has the place of an oracle. `None` if it is not set: the test then compares nothing, and a line
/// says so. In CI, where the variable `CI` is set, this is a failure.
#[track_caller]
pub fn oracle(name: &str, variable: &str) -> Option<OsString> {
    let place = std::env::var_os(variable);
    if place.is_none() {
        let missing = format!("not compared with {name}: set {variable} to its path");
        assert!(std::env::var_os("CI").is_none(), "{missing}");
        if MISSING.lock().is_ok_and(|mut said| said.insert(missing.clone())) {
            say(&missing);
        }
    }
    place
}

/// Prints a line, also in a run that shows no output of tests that pass.
pub fn say(line: &str) {
    drop(writeln!(stderr().lock(), "{line}"));
}
