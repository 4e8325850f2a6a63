//! Policies in people's objects: requests are decided as the selector decides, everything else stays, and the original comes back.

mod gateway;
mod istio;
mod laws;
mod rows;
