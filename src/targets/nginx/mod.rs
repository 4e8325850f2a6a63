//! ingress-nginx: the annotations of a canary Ingress, written and read with the meaning they have in controller 1.15.1
//! (`dbb11b92`, nginx 1.27.1).
//!
//! * [`annotations`] writes a policy, [`read`] reads one back, and [`parse`] returns what the controller's own parser does.
//! * [`RequestView`] is a request as nginx sees it, so that a recorded request is decided as the controller decided it.
//! * [`token`] is the name of a backend in the controller's affinity cookie.
//! * [`Cluster`] reads all Ingresses of a cluster as the controller does, [`hosts`] turns them into virtual hosts for the other
//!   targets, and [`lint`] finds the canaries of a cluster that do not do what their owners probably think.
//! * [`canary_ingress`] writes the canary Ingress of a stable one or changes one that exists, [`Pair`] finds it, and [`routes`]
//!   reads the routes of an Ingress for the other targets.
//! * [`Ingress`] is the object on which all of them work. With the feature `serde` it is read and written as JSON, and `Manifest`
//!   reads an Ingress of any API version; with `k8s-openapi` and its older versions it is converted.
//!
//! Traefik, Higress, Tengine-Ingress and others read the same annotations, some of them with another [`Prefix`] or another meaning.
//! A [`Dialect`] says what each of them does, and [`Flags::with_dialect`] reads the annotations in its way.
//!
//! ingress-nginx takes one canary for each host and path, one header rule of one kind, and a cookie rule for `always` and
//! `never`. Everything else that a policy can say is a [`Loss`](super::Loss).

mod annotations;
mod cluster;
mod dialect;
#[cfg(feature = "serde")]
mod document;
mod flags;
mod hosts;
mod ingress;
#[cfg(any(
    feature = "k8s-openapi",
    feature = "k8s-openapi-0-28",
    feature = "k8s-openapi-0-27",
    feature = "k8s-openapi-0-26"
))]
mod kubernetes;
mod lint;
mod objects;
mod prefix;
mod request;
mod risk_level;
mod token;

pub use annotations::{
    AnnotationFinding, AnnotationKind, AnnotationReading, Annotations, Config, ParsedAnnotations, Side, annotations,
    parse, read,
};
#[cfg(feature = "serde")]
#[cfg_attr(docsrs, doc(cfg(feature = "serde")))]
pub use cluster::ServiceManifest;
pub use cluster::{
    CanaryInForce, Cluster, Configuration, Location, ObjectName, ProcessedIngress, Refusal, Service, ServicePort,
    Upstream, UpstreamAffinity, VirtualHost,
};
pub use dialect::{
    AffinityRule, Aspect, Attachment, BoolRule, Combination, CookieReading, Dialect, PatternRule, TotalRule, ValueRule,
    Words,
};
pub use flags::Flags;
pub use hosts::{HostReading, IngressFinding, hosts};
#[cfg(feature = "serde")]
#[cfg_attr(docsrs, doc(cfg(feature = "serde")))]
pub use ingress::Manifest;
pub use ingress::{CanaryIngress, CoveredIngress, IngressParams, Pair, Routes, canary_ingress, is_canary, routes};
pub use lint::{LintFinding, LintKind, RepeatedValue, lint};
pub use objects::{
    HttpIngressPath, HttpIngressRuleValue, Ingress, IngressBackend, IngressRule, IngressServiceBackend, IngressSpec,
    IngressTls, IntOrString, ServiceBackendPort, TypedLocalObjectReference,
};
pub use prefix::Prefix;
pub use request::RequestView;
pub use risk_level::RiskLevel;
pub use token::token;
