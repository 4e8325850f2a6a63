//! Istio: VirtualServices and DestinationRules.

mod read;
mod read_by_hand;
mod write;
