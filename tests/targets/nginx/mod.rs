//! ingress-nginx: annotations, Ingresses, and requests as nginx reads them.

mod annotations;
mod canary_edit;
mod canary_ingress;
mod cluster;
mod decisions;
mod dialect;
mod hosts;
mod laws;
mod lint;
mod manifest;
mod objects;
mod peers;
mod request_view;
mod routes;
