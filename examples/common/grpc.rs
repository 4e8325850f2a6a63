//! Services that speak gRPC.

use canary_policy::targets::Finding;

/// Whether a finding says only that the Services speak gRPC, which a GRPCRoute expresses.
pub(crate) fn is_in_grpc_route(finding: &Finding) -> bool {
    match finding {
        Finding::Condition { field, value, .. } => {
            field.ends_with("/backend-protocol]") && value.as_str().trim().eq_ignore_ascii_case("GRPC")
        }
        _ => false,
    }
}
