//! Software of others says what the crate says. Each test prints how many cases it compared. `.ci/run` installs every oracle, and
//! fails without one; elsewhere a line says what was not compared. A real Envoy is an oracle too: `targets/envoy/real_envoy.rs`.

mod languages;
mod nginx;
mod pcre;
mod re2;
mod sarif;
mod traefik;
