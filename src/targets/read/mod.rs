//! Reads the matches of an object back to a policy. The readers of all targets share this module.
//!
//! A reader turns each rule of its object into a [`ParsedRule`]. [`ParsedTable::of_rules`] makes rows of the matches that have a
//! condition, and the split by weight of those that have none. It keeps a row only if the object has it on every path of the
//! split.
//! [`ParsedTable::policy`] finds the policy that would be written as these rows, writes it as a [`Table`](super::table::Table)
//! again, and reports every difference, so that nothing is lost silently.
//!
//! The work is linear in the size of the object, up to the logarithms of the maps: each match is looked at a fixed number of
//! times, and equal lists of destinations are compared by their numbers.

mod backend_subset;
mod difference;
mod host_rules;
mod listed;
mod locations;
mod order;
mod owned_condition;
mod parsed_match;
mod parsed_policy;
mod parsed_route;
mod parsed_table;
mod places;
mod reading;
mod regex;
mod rules;
mod rules_by_path;
mod variant_names;
mod virtual_host_reading;

pub(super) use backend_subset::BackendSubset;
pub(super) use host_rules::{ObjectRules, distinct_hosts, hosts_of, moved_rules, virtual_hosts};
pub(super) use listed::{ListedMatch, PathWords, TextPath, listed_rule, listed_rules};
pub(super) use locations::{ReadLocations, locations, paths};
pub(super) use owned_condition::OwnedCondition;
pub(super) use parsed_match::{
    AddedHeader, ParsedDestination, ParsedMatch, ParsedRule, add_cookie_of_rule, condition_of, set_cookie_of,
    unknown_fields, unknown_rule_fields,
};
pub(super) use parsed_policy::ParsedPolicy;
pub(super) use parsed_route::{Field, ParsedRoute};
pub(super) use parsed_table::ParsedTable;
pub(super) use places::MatchOrder;
pub use reading::Reading;
pub(super) use variant_names::{SubsetsOf, VariantNames};
pub use virtual_host_reading::{VirtualHostReading, Wildcards};
