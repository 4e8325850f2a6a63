//! Prints the CRD of a `CanaryRelease`: `cargo run | kubectl apply -f -`.

use std::io::{Write, stdout};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    stdout().write_all(canary_crd::crd()?.as_bytes())?;
    Ok(())
}
