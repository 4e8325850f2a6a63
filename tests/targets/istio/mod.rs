//! Istio: VirtualServices and DestinationRules.

mod read;
mod write;
