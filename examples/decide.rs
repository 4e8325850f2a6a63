//! Uses the selector as a proxy does: one decision for each request.
//!
//! ```console
//! $ cargo run --example decide
//! ```

#[path = "common/output.rs"]
mod output;

use std::error::Error;

use canary_policy::{Canary, HeaderRule, Match, Policy, Sample, Selector, Total, Variant};
use http::{HeaderMap, HeaderValue};

fn main() -> Result<(), Box<dyn Error>> {
    let canary = Canary::new("canary", 30)?.with_header(HeaderRule::new("x-canary", Match::AlwaysNever)?);
    let selector = Selector::new(&Policy::new([canary], Total::default())?);

    let mut headers = HeaderMap::new();
    headers.insert("x-canary", HeaderValue::from_static("always"));
    // A proxy takes 64 bits of its random number generator for each request. The crate has no generator of its own.
    let decision = selector.select(&headers, Sample::from_bits(0x9e37_79b9_7f4a_7c15));

    let backend = match decision.variant {
        Variant::Stable => "web:80",
        Variant::Canary(_) => "web-canary:80",
    };
    // Not `println!`, which panics if nobody reads the output.
    let _ = output::print(&format!("{backend}, decided by {}\n", decision.reason.as_str()))?;
    Ok(())
}
