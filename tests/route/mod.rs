//! **Where**: routes and virtual hosts, and the backends, hosts, paths and parents that they are made of.

mod serialised;
mod spec;
mod strategy;
mod value;
mod virtual_host;
