//! What a request is about.

use std::collections::BTreeMap;

use http::Uri;

/// A resource, as in `ingresses`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Resource {
    Releases,
    Ingresses,
    HttpRoutes,
    Events,
}

impl Resource {
    pub const ALL: [Resource; 4] = [Resource::Releases, Resource::Ingresses, Resource::HttpRoutes, Resource::Events];

    pub fn api_version(self) -> &'static str {
        match self {
            Resource::Releases => "canary.example.com/v1alpha1",
            Resource::Ingresses => "networking.k8s.io/v1",
            Resource::HttpRoutes => "gateway.networking.k8s.io/v1",
            Resource::Events => "events.k8s.io/v1",
        }
    }

    pub fn plural(self) -> &'static str {
        match self {
            Resource::Releases => "canaryreleases",
            Resource::Ingresses => "ingresses",
            Resource::HttpRoutes => "httproutes",
            Resource::Events => "events",
        }
    }

    pub fn kind(self) -> &'static str {
        match self {
            Resource::Releases => "CanaryRelease",
            Resource::Ingresses => "Ingress",
            Resource::HttpRoutes => "HTTPRoute",
            Resource::Events => "Event",
        }
    }
}

/// An object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    pub resource: Resource,
    pub namespace: String,
    pub name: String,
}

impl Key {
    pub fn new(resource: Resource, name: &str) -> Self {
        Key { resource, namespace: "shop".to_owned(), name: name.to_owned() }
    }

    pub fn within(self, namespace: &str) -> Self {
        Key { namespace: namespace.to_owned(), ..self }
    }
}

/// The parts of a path, and of the query behind it.
#[derive(Clone, Debug)]
pub struct Target {
    pub resource: Resource,
    pub namespace: Option<String>,
    pub name: Option<String>,
    pub is_status: bool,
    pub query: BTreeMap<String, String>,
}

impl Target {
    /// The target of a path as in `/apis/GROUP/VERSION/namespaces/NAMESPACE/PLURAL/NAME/status`.
    pub fn of(uri: &Uri) -> Option<Self> {
        let rest = uri.path().strip_prefix("/apis/")?;
        let resource = Resource::ALL.into_iter().find(|resource| rest.starts_with(resource.api_version()))?;
        let mut parts = rest.strip_prefix(resource.api_version())?.split('/').skip(1).peekable();
        let namespace = if parts.next_if_eq(&"namespaces").is_some() { parts.next().map(str::to_owned) } else { None };
        (parts.next()? == resource.plural()).then_some(())?;
        let (name, is_status) = (parts.next().map(str::to_owned), parts.next() == Some("status"));
        let query = uri.query().unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='));
        let query = query.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Some(Target { resource, namespace, name, is_status, query })
    }

    pub fn is(&self, name: &str) -> bool {
        self.query.get(name).is_some_and(|value| value == "true")
    }

    pub fn number(&self, name: &str) -> Option<u64> {
        self.query.get(name)?.parse().ok()
    }

    pub fn key(&self) -> Option<Key> {
        Some(Key { resource: self.resource, namespace: self.namespace.clone()?, name: self.name.clone()? })
    }
}
