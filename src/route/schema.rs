//! What the schema of a route says beside the types of its fields: regular expressions, and rules in CEL.
//!
//! They say what the check says, in the words of an API server. `examples/crd` compares the two. The lists have
//! a bound that the check does not have.

use crate::names::{MAX_LABEL, MAX_SUBDOMAIN};
pub(super) use crate::schema::MAX_ITEMS;
use crate::schema::Rule;

/// The name of a namespace: a DNS label.
pub(super) const NAMESPACE: &str = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$";
/// The name of an object: DNS labels and dots.
pub(super) const OBJECT_NAME: &str = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$";
/// A host: a DNS name, or one below `*.`.
pub(super) const HOST: &str = r"^(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$";
/// A Gateway: the name of an object, with the namespace in front if the Gateway is in another one than the route.
pub(super) const PARENT: &str =
    r"^([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?/)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$";
/// The largest number of characters of a namespace, `/` and the name of an object.
pub(super) const MAX_PARENT: usize = MAX_LABEL + 1 + MAX_SUBDOMAIN;
/// A backend: a Service, with the namespace in front if the Service is in another one than the route, and a port: a number from 1
/// to 65535, or a name.
pub(super) const BACKEND: &str = concat!(
    "^([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?/)?[a-z]([-a-z0-9]{0,61}[a-z0-9])?",
    "(:([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]",
    "|([0-9]+-)*[0-9]*[a-z][a-z0-9]*(-[a-z0-9]+)*))?$",
);
/// The largest number of characters of a namespace, a Service and a port.
pub(super) const MAX_BACKEND: usize = MAX_LABEL + 1 + MAX_LABEL + 1 + super::backend::MAX_PORT_NAME;
/// The characters and escapes of a path. No escape stands for a letter, a digit, `-`, `.`, `_`, `~`, `/` or the null character.
pub(super) const PATH: &str = concat!(
    "^/([-A-Za-z0-9/._~!$&'()*+,;=:@]",
    "|%(0[1-9A-Fa-f]|1[0-9A-Fa-f]|2[0-9A-Ca-c]|3[A-Fa-f]|[46]0|5[B-Eb-e]|7[B-DFb-df]|[89A-Fa-f][0-9A-Fa-f]))*$",
);

/// What is not a host, although its characters are those of one.
pub(super) const HOSTS_RULES: [Rule; 1] = [Rule::new(
    "self.all(host, !host.matches('^((25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])(\\\\.|$)){4}$'))",
    "a host is a DNS name, and not an IPv4 address",
)];

/// What no path contains.
pub(super) const PATH_RULES: [Rule; 1] = [Rule::new(
    "!self.contains('//') && !self.contains('/./') && !self.contains('/../') && !self.endsWith('/.') && !self.endsWith('/..')",
    "a path has no //, /./ or /../, and does not end with /. or /..",
)];

/// What the paths of a route have to be together. The rule looks at 64 × 64 pairs of texts with up to 1024 characters.
pub(super) const PATHS_RULES: [Rule; 1] = [Rule::new(
    "self.all(p, self.exists_one(q, q.pathType == p.pathType && (q.path == p.path || \
     (p.pathType == 'Prefix' && (q.path + '/' == p.path || p.path + '/' == q.path)))))",
    "a path is listed twice: the prefixes /cart and /cart/ are the same path",
)];

/// What the names of Gateways have to be. Their expression cannot bound the length of a part.
pub(super) const PARENTS_RULES: [Rule; 1] =
    [Rule::new("self.all(parent, !parent.matches('[^/]{254}'))", "the name of a Gateway has at most 253 characters")];

/// What the port of a backend has to be. Its expression cannot bound the length of a name.
pub(super) const BACKEND_RULES: [Rule; 1] =
    [Rule::new("!self.matches(':[^:]{16}')", "the name of a port has at most 15 characters")];

/// What the ports of backends have to be.
pub(super) const BACKENDS_RULES: [Rule; 1] =
    [Rule::new("self.all(backend, !backend.matches(':[^:]{16}'))", "the name of a port has at most 15 characters")];
