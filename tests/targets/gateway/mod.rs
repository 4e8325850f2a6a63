//! The Gateway API: HTTPRoutes and GRPCRoutes.

mod implementation;
mod read;
mod read_by_hand;
mod read_findings;
mod read_objects;
mod write;
