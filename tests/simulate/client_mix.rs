//! Client mixes: the mistakes that a mix can have.

use canary_policy::simulate::{Client, ClientMix};

#[test]
fn every_mistake_in_a_mix_is_named() {
    let client = |parts| Client::new(()).with_parts(parts);
    let rows = [
        (ClientMix::new([]), "the mix has no client: expected at least one"),
        (ClientMix::new([client(0), client(0)]), "the parts of the mix add up to 0: expected 1 to 4294967295"),
        (
            ClientMix::new([client(u32::MAX), client(1)]),
            "the parts of the mix add up to 4294967296: expected 1 to 4294967295",
        ),
        (
            ClientMix::new([client(1)]).unwrap().with_requests(0),
            "each client sends 0 requests: expected 1 to 4294967295",
        ),
    ];
    for (mix, message) in rows {
        assert_eq!(mix.unwrap_err().to_string(), message);
    }
}
