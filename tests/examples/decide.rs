//! `decide` decides one request.

use crate::util::example::example;

#[test]
fn decide_decides() {
    let run = example("decide", &[], "");
    assert_eq!((run.code, run.out.as_str()), (0, "web-canary:80, decided by header\n"));
}
