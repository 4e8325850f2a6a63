//! Generated policies that a target with rules can express without a loss, most of them.

use canary_policy::Policy;
use canary_policy::policy::strategy::{self, PolicyParams};
use proptest::prelude::*;

/// Policies that targets with rules can express, and one in five that has anything in it.
pub fn policies() -> impl Strategy<Value = Policy> {
    prop_oneof![4 => strategy::policy_with(&PolicyParams::rule_targets()), 1 => strategy::policy()]
}
