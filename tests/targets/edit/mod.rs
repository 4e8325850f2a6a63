//! Policies in people's objects: requests are decided as the selector decides, everything else stays, and the original comes back.

mod changed;
mod gateway;
mod istio;
mod laws;
mod loss;
mod made_rules;
mod object;
mod other_routes;
mod reading;
mod refused;
