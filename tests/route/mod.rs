//! **Where**: routes, and the backends, hosts, paths and parents that they are made of.

mod serialised;
mod value;
