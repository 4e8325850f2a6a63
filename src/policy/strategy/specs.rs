//! Specs, valid ones and those with one problem.

use proptest::prelude::*;
use proptest::sample::select;

use super::policy;
use crate::policy::{AffinitySpec, CanarySpec, CookieAffinitySpec, KeySpec, RuleSpec, Spec};

/// Valid specs, each of a policy that [`policy`](super::policy()) generates.
///
/// ```
/// use canary_policy::policy::strategy;
/// use canary_policy::{Policy, Spec};
/// use proptest::prelude::*;
///
/// proptest!(ProptestConfig::with_cases(8), |(spec in strategy::spec())| {
///     prop_assert!(Policy::try_from(spec).is_ok());
/// });
/// ```
pub fn spec() -> impl Strategy<Value = Spec> {
    policy().prop_map(Spec::from)
}

/// Specs that are valid except for one [`Defect`], for tests of what a program does with errors.
///
/// ```
/// use canary_policy::Policy;
/// use canary_policy::policy::strategy;
/// use proptest::prelude::*;
///
/// proptest!(ProptestConfig::with_cases(8), |((spec, defect) in strategy::nearly_valid_spec())| {
///     let error = Policy::try_from(spec).unwrap_err();
///     prop_assert!(error.problems.iter().any(|problem| problem.field == defect.field()));
/// });
/// ```
pub fn nearly_valid_spec() -> impl Strategy<Value = (Spec, Defect)> {
    (spec(), select(DEFECTS)).prop_map(|(mut spec, defect)| {
        (defect.make)(&mut spec);
        (spec, defect)
    })
}

/// The one problem of an otherwise valid spec.
#[derive(Clone, Copy, Debug)]
pub struct Defect {
    field: &'static str,
    make: fn(&mut Spec),
}

impl Defect {
    /// The field that has the problem, as the error names it.
    #[must_use]
    pub const fn field(&self) -> &'static str {
        self.field
    }
}

const DEFECTS: &[Defect] = &[
    Defect { field: "total", make: |spec| spec.total = Some(0) },
    Defect { field: "total", make: |spec| spec.total = Some(4_294_967_296) },
    Defect { field: "canaries", make: |spec| spec.canaries.clear() },
    Defect { field: "canaries[0].name", make: |spec| each(spec, |canary| canary.name = Some("stable".to_owned())) },
    Defect { field: "canaries[0].name", make: |spec| each(spec, |canary| canary.name = Some("Canary".to_owned())) },
    Defect { field: "canaries[0].weight", make: |spec| each(spec, |canary| canary.weight = Some(-1)) },
    Defect { field: "canaries[0].weight", make: |spec| each(spec, |canary| canary.weight = Some(4_294_967_296)) },
    Defect { field: "canaries[0].header.name", make: |spec| header(spec, "x canary", None, None) },
    Defect { field: "canaries[0].header.value", make: |spec| header(spec, "x-canary", Some("a\nb"), None) },
    Defect { field: "canaries[0].header.pattern", make: |spec| header(spec, "x-canary", None, Some("(")) },
    Defect { field: "canaries[0].header.pattern", make: |spec| header(spec, "x-canary", None, Some("a(?=b)")) },
    Defect { field: "canaries[0].header", make: |spec| header(spec, "x-canary", Some("a"), Some("a")) },
    Defect { field: "canaries[0].cookie.name", make: |spec| cookie(spec, "a;b", None) },
    Defect { field: "canaries[0].cookie.value", make: |spec| cookie(spec, "canary", Some("a;b")) },
    Defect { field: "affinity", make: |spec| spec.affinity = Some(AffinitySpec::default()) },
    Defect { field: "affinity.cookie.maxAge", make: |spec| pinned(spec, |cookie| cookie.max_age = Some(-1)) },
    Defect { field: "affinity.cookie.pins", make: |spec| pinned(spec, |cookie| cookie.pins = Some("all".to_owned())) },
    Defect { field: "affinity.cookie.path", make: |spec| pinned(spec, |cookie| cookie.path = Some("shop".to_owned())) },
    Defect { field: "affinity.key", make: |spec| keyed(spec, KeySpec::default()) },
    Defect {
        field: "affinity.key.hash",
        make: |spec| {
            let (header, hash) = (Some("x-user".to_owned()), Some("md5".to_owned()));
            keyed(spec, KeySpec { header, hash, ..KeySpec::default() });
        },
    },
];

fn each(spec: &mut Spec, change: impl Fn(&mut CanarySpec)) {
    spec.canaries.iter_mut().for_each(change);
}

fn rule(name: &str, value: Option<&str>, pattern: Option<&str>) -> RuleSpec {
    RuleSpec { name: name.to_owned(), value: value.map(str::to_owned), pattern: pattern.map(str::to_owned) }
}

fn header(spec: &mut Spec, name: &str, value: Option<&str>, pattern: Option<&str>) {
    each(spec, |canary| canary.header = Some(rule(name, value, pattern)));
}

fn cookie(spec: &mut Spec, name: &str, value: Option<&str>) {
    each(spec, |canary| canary.cookie = Some(rule(name, value, None)));
}

fn pinned(spec: &mut Spec, change: impl Fn(&mut CookieAffinitySpec)) {
    let mut cookie = CookieAffinitySpec { name: "route".to_owned(), ..CookieAffinitySpec::default() };
    change(&mut cookie);
    spec.affinity = Some(AffinitySpec { cookie: Some(cookie), key: None });
}

fn keyed(spec: &mut Spec, key: KeySpec) {
    spec.affinity = Some(AffinitySpec { cookie: None, key: Some(key) });
}

impl Arbitrary for Spec {
    /// There are no parameters.
    type Parameters = ();
    /// A strategy of any kind, in a box.
    type Strategy = BoxedStrategy<Spec>;

    /// Valid specs, and one in four with a [`Defect`].
    fn arbitrary() -> Self::Strategy {
        Spec::arbitrary_with(())
    }

    /// The same specs as [`arbitrary`](Self::arbitrary): there are no parameters.
    fn arbitrary_with((): ()) -> Self::Strategy {
        prop_oneof![3 => spec(), 1 => nearly_valid_spec().prop_map(|(spec, _)| spec)].boxed()
    }
}
