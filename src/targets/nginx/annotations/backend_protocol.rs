//! `backend-protocol`: the protocol that the Services of an Ingress speak.

use super::getter::normalized;

/// The value of `backend-protocol` in upper case, in which the controller compares it (`Parse` in
/// `internal/ingress/annotations/backendprotocol/main.go` of ingress-nginx, 05a0480c).
pub(in crate::targets::nginx) fn backend_protocol(value: &str) -> String {
    normalized(value).to_uppercase()
}

/// Whether a value in upper case is HTTP: the controller takes every value for it that it does not know.
pub(in crate::targets::nginx) fn is_http(protocol: &str) -> bool {
    !matches!(protocol, "AUTO_HTTP" | "HTTPS" | "GRPC" | "GRPCS" | "FCGI")
}

/// What the target has to do if Services with this value of `backend-protocol` speak gRPC; `None` if they do not.
pub(in crate::targets::nginx) fn grpc_condition(value: &str) -> Option<&'static str> {
    match backend_protocol(value).as_str() {
        "GRPC" => Some("the target speaks gRPC to the Services, by a GRPCRoute or by the `appProtocol` of their ports"),
        "GRPCS" => Some("the target speaks gRPC over TLS to the Services, and no route says that it is TLS"),
        _ => None,
    }
}
