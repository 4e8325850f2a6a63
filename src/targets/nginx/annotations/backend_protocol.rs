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

/// Whether Services with this value of `backend-protocol` speak gRPC.
pub(in crate::targets::nginx) fn is_grpc(value: &str) -> bool {
    matches!(backend_protocol(value).as_str(), "GRPC" | "GRPCS")
}
