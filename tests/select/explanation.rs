//! Explanations: every step of a decision as text.

use canary_policy::{Sample, Selector};

use crate::util::former_tokens::{former_tokens, selector};
use crate::util::policy;

/// Each row is a request and the text of its explanation.
#[test]
fn each_step_is_a_line() {
    let policy = policy(
        "{ canaries: [{ name: a, weight: 10, header: { name: x-a, value: b }, cookie: { name: c, pattern: '^v' } }, { name: b, weight: 20 }],
           affinity: { cookie: { name: route } } }",
    );
    let selector = Selector::new(&policy);
    let rows: [(&[(&str, &str)], &str); 4] = [
        (
            &[("x-a", "always"), ("cookie", "route=gone; c=w")],
            "affinity cookie route is `gone`, not the token of a variant: it does not decide
header x-a is `always`, not `b`: it does not decide
cookie c is `w`, not a match for `^v`: it does not decide
the weights are 0..10 canaries[0], 10..80 stable, 80..100 canaries[1], and the sample is 85: canaries[1]",
        ),
        (
            &[("cookie", "c=v2")],
            "affinity cookie route is absent: it does not decide
header x-a is absent: it does not decide
cookie c is `v2`: canaries[0]",
        ),
        (&[("x-a", "b"), ("cookie", "route=b")], "affinity cookie route is `b`: canaries[1]"),
        (
            &[("x-a", "b"), ("x-a", "c"), ("cookie", "c=v")],
            "affinity cookie route is absent: it does not decide
header x-a is `b, c`, not `b`: it does not decide
cookie c is `v`: canaries[0]",
        ),
    ];
    for (lines, said) in rows {
        let explanation = selector.explain(lines, Sample::from_fraction(85, 100).unwrap());
        assert_eq!(explanation.to_string(), said);
    }
}

#[test]
fn a_former_token_is_a_step_of_the_affinity() {
    let policy = policy("{ canaries: [{ weight: 10 }], affinity: { cookie: { name: route } } }");
    let tokens = former_tokens(&policy);
    let token = tokens.as_ref().unwrap().canaries()[0].to_string();
    let selector = selector(&policy, tokens.as_ref());
    let said = |cookie: &str| selector.explain(&[("cookie", cookie)], Sample::MAX).to_string();
    assert_eq!(said(&format!("route=1|{token}")), format!("affinity cookie route is `1|{token}`: canaries[0]"));
    assert_eq!(
        said(&format!("route={token}")),
        format!(
            "affinity cookie route is `{token}`, not the token of a variant: it does not decide
the weights are 0..10 canaries[0], 10..100 stable, and the sample is 99: stable"
        )
    );
}
