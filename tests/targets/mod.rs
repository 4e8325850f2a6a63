//! **How**: the output of a target means what the policy means, and a reader reads back what was written.

mod cookie_patterns;
mod corpus;
mod crds;
mod edit;
mod envoy;
mod gateway;
mod gloo;
mod hosts;
mod istio;
mod linkerd;
mod matrix;
mod nginx;
mod program_sizes;
mod replicas;
mod shared_losses;
mod timestamp;
mod unknown_fields;
