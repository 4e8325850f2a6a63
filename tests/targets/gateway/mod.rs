//! The Gateway API: HTTPRoutes and GRPCRoutes.

mod read;
mod write;
