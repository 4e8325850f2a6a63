//! Envoy: RouteConfigurations, by the rules of its documentation and by a real Envoy.

mod former_tokens;
mod real_envoy;
mod write;
