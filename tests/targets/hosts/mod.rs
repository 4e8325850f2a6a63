//! Virtual hosts: every target answers each request as the location that decides it.

mod by_routing;
mod former_tokens;
mod gateway;
mod golden;
mod istio;
mod limits;
mod linkerd;
mod lists;
mod moved;
mod read;
mod rows;
