//! A policy in somebody's object: it is put in, and taken out again. The targets whose objects are edited share this module.
//!
//! A rule that sends all of its requests to stable gets the split of the policy, and for each row of the policy's
//! [`Table`](super::table::Table) a rule is made of it, which has everything of that rule and one more condition. What is put in is
//! recorded in the annotation [`Metadata::APPLIED`](super::Metadata::APPLIED), and nothing of the original but the weight that the
//! backend of stable had. To take the policy out, the rules are made once more from what is recorded, and compared with those that
//! the object has: only rules that are equal are taken out.

mod annotations;
mod applied;
mod edited_rule;
mod owned_fields;
mod put_in;
mod take_out;

pub(super) use annotations::{annotate, check_not_written, take_applied, variants_text};
pub(super) use applied::{Applied, AppliedRule, Share, is_whole};
pub(super) use edited_rule::EditedRule;
pub use owned_fields::OwnedFields;
pub(super) use put_in::{Place, base_rules, check_backends, check_has_base, put_in};
pub(super) use take_out::take_out;
