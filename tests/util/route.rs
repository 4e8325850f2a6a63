//! Routes and paths.

use canary_policy::Policy;
use canary_policy::route::{Backend, Path, Route};

/// A route to the Service `web`. The canaries are the Services `c0`, `c1` and so on.
pub fn route(policy: &Policy) -> Route {
    let canaries = (0..policy.canaries().len()).map(|index| backend(&format!("c{index}:80")));
    Route::new("web", backend("web:80"), canaries).unwrap()
}

/// A route named `web` to these backends.
#[track_caller]
pub fn route_to(stable: &str, canaries: &[&str]) -> Route {
    Route::new("web", backend(stable), canaries.iter().map(|canary| backend(canary))).unwrap()
}

#[track_caller]
fn backend(text: &str) -> Backend {
    text.parse().unwrap()
}

/// Paths from a text such as `/cart =/pay`: a prefix, or an exact path with `=` in front.
#[track_caller]
pub fn paths(text: &str) -> Vec<Path> {
    let path = |text: &str| match text.strip_prefix('=') {
        Some(exact) => Path::exact(exact).unwrap(),
        None => Path::prefix(text).unwrap(),
    };
    text.split_whitespace().map(path).collect()
}

/// The prefixes `/p0`, `/p1` and so on.
pub fn many_paths(count: usize) -> Vec<Path> {
    (0..count).map(|index| Path::prefix(&format!("/p{index}")).unwrap()).collect()
}
