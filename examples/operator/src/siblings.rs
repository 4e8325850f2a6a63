//! Releases that want a canary for one stable Service of ingress-nginx, of which it serves one.
//!
//! The controller has one upstream for a Service and port, whatever Ingress names it, and sends requests to the first canary of it
//! only. So the oldest release has the Service, and among those of the same second the first by name. The others write nothing,
//! and take out what they have written, until that release is gone or wants something else. An invalid release counts if it was
//! valid before, because what it wrote then stays.

use canary_policy::route::Backend;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::runtime::reflector::Store;
use kube::{Resource, ResourceExt};

use crate::release::{CanaryRelease, Release};

/// The stable Service of a release whose target is an Ingress, if it can be read.
fn service(release: &CanaryRelease) -> Option<Backend> {
    release.spec.target.ingress.as_ref()?;
    release.spec.wanted.route.form().stable.parse().ok()
}

/// Whether two releases want a canary for one Service. Without a port, a backend is any port of its Service.
pub(crate) fn are_siblings(one: &CanaryRelease, other: &CanaryRelease) -> bool {
    let (Some(of_one), Some(of_other)) = (service(one), service(other)) else { return false };
    let is_one_port = of_one.port().is_none() || of_other.port().is_none() || of_one.port() == of_other.port();
    one.namespace() == other.namespace() && of_one.service() == of_other.service() && is_one_port
}

/// The release that has the Service of this one, if it is another.
pub(crate) fn first(releases: &Store<CanaryRelease>, release: &CanaryRelease) -> Option<String> {
    let has_place = |other: &CanaryRelease| other.status.as_ref().is_some_and(|status| status.place.is_some());
    let counts = |other: &CanaryRelease| has_place(other) || Release::read(other).is_ok();
    let before = |other: &CanaryRelease| age(other) < age(release) && are_siblings(other, release) && counts(other);
    let state = releases.state();
    let first = state.iter().filter(|other| before(other)).min_by_key(|other| age(other));
    first.map(|first| first.name_any())
}

/// What releases are ordered by.
fn age(release: &CanaryRelease) -> (Option<&Time>, String) {
    (release.meta().creation_timestamp.as_ref(), release.name_any())
}
