//! Header lines: the types that a selector reads as a request.

use canary_policy::{Sample, Selector};
use http::{HeaderMap, HeaderValue};

use crate::util::{CANARY, policy};

#[test]
fn a_header_map_is_a_request() {
    let policy = policy("canaries: [{ header: { name: x-region, value: 'eu, us' } }]");
    let mut headers = HeaderMap::new();
    headers.append("x-region", HeaderValue::from_static("eu"));
    headers.append("x-region", HeaderValue::from_static("us"));
    assert_eq!(Selector::new(&policy).select(&headers, Sample::MAX).variant, CANARY);
}
