//! ingress-nginx: the annotations of a canary Ingress, written and read with the meaning they have in controller 1.15.1
//! (`dbb11b92`, nginx 1.27.1).
//!
//! * [`annotations`] writes a policy, [`read`] reads one back, and [`parse`] returns what the controller's own parser does.
//! * [`RequestView`] is a request as nginx sees it, so that a recorded request is decided as the controller decided it.
//! * [`token`] is the name of a backend in the controller's affinity cookie.
//! * With the feature `k8s-openapi`, `Cluster` reads all Ingresses of a cluster as the controller does, `hosts` turns them into
//!   virtual hosts for the other targets, and `lint` finds the canaries of a cluster that do not do what their owners probably
//!   think. `canary_ingress` writes the canary Ingress of a stable one, `Pair` finds it, `routes` reads the routes of an Ingress
//!   for the other targets, and `Manifest` reads an Ingress of any API version.
//!
//! Traefik, Higress, Tengine-Ingress and others read the same annotations, some of them with another [`Prefix`] or another meaning.
//! A [`Dialect`] says what each of them does, and [`Flags::with_dialect`] reads the annotations in its way.
//!
//! ingress-nginx takes one canary for each host and path, one header rule of one kind, and a cookie rule for `always` and
//! `never`. Everything else that a policy can say is a [`Loss`](super::Loss).

mod annotations;
#[cfg(feature = "k8s-openapi")]
mod cluster;
mod dialect;
mod flags;
#[cfg(feature = "k8s-openapi")]
mod hosts;
#[cfg(feature = "k8s-openapi")]
mod ingress;
#[cfg(feature = "k8s-openapi")]
mod lint;
mod prefix;
mod request;
mod risk_level;
mod token;

pub use annotations::{
    AnnotationFinding, AnnotationReading, Annotations, Config, FindingKind, ParsedAnnotations, Side, annotations,
    parse, read,
};
#[cfg(feature = "k8s-openapi")]
#[cfg_attr(docsrs, doc(cfg(feature = "k8s-openapi")))]
pub use cluster::{
    CanaryInForce, Cluster, Configuration, Location, ObjectName, ProcessedIngress, Refusal, Service, ServicePort,
    Upstream, UpstreamAffinity, VirtualHost,
};
pub use dialect::{
    AffinityRule, Aspect, Attachment, Combination, CookieReading, Dialect, PatternRule, TotalRule, ValueRule, Words,
};
pub use flags::Flags;
#[cfg(feature = "k8s-openapi")]
#[cfg_attr(docsrs, doc(cfg(feature = "k8s-openapi")))]
pub use hosts::{HostReading, IngressFinding, hosts};
#[cfg(feature = "k8s-openapi")]
#[cfg_attr(docsrs, doc(cfg(feature = "k8s-openapi")))]
pub use ingress::{
    CanaryIngress, CoveredIngress, IngressParams, Manifest, Pair, Routes, canary_ingress, is_canary, routes,
};
#[cfg(feature = "k8s-openapi")]
#[cfg_attr(docsrs, doc(cfg(feature = "k8s-openapi")))]
pub use lint::{LintFinding, LintKind, Severity, lint};
pub use prefix::Prefix;
pub use request::RequestView;
pub use risk_level::RiskLevel;
pub use token::token;
