//! The hosts of a cluster that an Ingress or Service could concern which cannot be read.

use std::collections::{BTreeMap, BTreeSet};

use canary_policy::error::Excerpt;
use canary_policy::route::VirtualHost;
use canary_policy::targets::nginx::HostReading;
use serde_json::Value;

/// The host of every rule without one.
const CATCH_ALL: &str = "_";

/// What an Ingress or Service names. Two Ingresses have an influence on each other only if both name a host or a Service, or if
/// others connect them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names(BTreeSet<Name>);

/// A host or a Service. The controller joins the namespace and the name of a Service, so `a-b` and `c` are the Service of `a` and
/// `b-c` too.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Name {
    Host(String),
    Service(String),
}

/// What cannot be read of a cluster.
#[derive(Default)]
pub(crate) struct Unread {
    /// What each Ingress and Service names that was read.
    pub(crate) read: Vec<Names>,
    /// What each Ingress and Service names that was not read; `None` if that is not known.
    pub(crate) unread: Vec<Option<Names>>,
}

/// The hosts about which nothing is proven.
pub(crate) enum Concerned {
    Hosts(BTreeSet<String>),
    Every,
}

impl Names {
    /// What an Ingress or Service names; `None` if that is not known.
    pub(crate) fn of(value: &Value, kind: &str) -> Option<Self> {
        if kind == "Ingress" { Names::of_ingress(value) } else { Names::of_service(value) }
    }

    /// What an Ingress names; `None` if that is not known.
    fn of_ingress(value: &Value) -> Option<Self> {
        let spec = value.get("spec").filter(|spec| spec.is_object())?;
        let namespace = namespace(value)?;
        let mut names = BTreeSet::new();
        let rules = match spec.get("rules") {
            None | Some(Value::Null) => &[],
            Some(rules) => rules.as_array()?.as_slice(),
        };
        for rule in rules {
            let host = match rule.get("host") {
                None | Some(Value::Null) => CATCH_ALL,
                Some(host) => host.as_str()?,
            };
            names.insert(Name::Host(if host.is_empty() { CATCH_ALL } else { host }.to_owned()));
        }
        if rules.is_empty() || ["defaultBackend", "backend"].iter().any(|field| spec.get(field).is_some()) {
            names.insert(Name::Host(CATCH_ALL.to_owned()));
        }
        add_services(spec, namespace, &mut names)?;
        for (key, text) in value.pointer("/metadata/annotations").and_then(Value::as_object).into_iter().flatten() {
            let (name, text) = (key.rsplit('/').next().unwrap_or_default(), text.as_str().unwrap_or_default());
            match name {
                "server-alias" => names.extend(text.split(',').map(|alias| Name::Host(alias.trim().to_owned()))),
                "default-backend" => names.extend([service(namespace, text.rsplit('/').next().unwrap_or(text))]),
                _ => {}
            }
        }
        Some(Names(names))
    }

    /// The name of a Service; `None` if it is not known.
    fn of_service(value: &Value) -> Option<Self> {
        let name = value.pointer("/metadata/name")?.as_str()?;
        Some(Names(BTreeSet::from([service(namespace(value)?, name)])))
    }

    /// The same names and the catch-all host: a path on a host that no other Ingress has becomes one of it.
    pub(crate) fn with_catch_all(mut self) -> Self {
        self.0.insert(Name::Host(CATCH_ALL.to_owned()));
        self
    }
}

/// The namespace of an object; `None` if it is no text.
fn namespace(value: &Value) -> Option<&str> {
    match value.pointer("/metadata/namespace") {
        None | Some(Value::Null) => Some("default"),
        Some(namespace) => namespace.as_str(),
    }
}

fn service(namespace: &str, name: &str) -> Name {
    Name::Service(format!("{namespace}-{name}"))
}

/// Adds the Services of all backends, in the form of `networking.k8s.io/v1` or an older one; `None` if one of them has no readable
/// name.
fn add_services(value: &Value, namespace: &str, names: &mut BTreeSet<Name>) -> Option<()> {
    match value {
        Value::Array(items) => items.iter().try_for_each(|item| add_services(item, namespace, names)),
        Value::Object(fields) => fields.iter().try_for_each(|(field, value)| {
            let name = match field.as_str() {
                "serviceName" => value,
                "service" => value.get("name")?,
                _ => return add_services(value, namespace, names),
            };
            names.insert(service(namespace, name.as_str()?));
            Some(())
        }),
        _ => Some(()),
    }
}

impl Unread {
    /// The hosts that what was not read could concern: those that it names, and those of each Ingress that it is connected with.
    pub(crate) fn concerned(&self) -> Concerned {
        let Some(mut open) = self.unread.iter().map(Option::as_ref).collect::<Option<Vec<&Names>>>() else {
            return Concerned::Every;
        };
        let mut by_name: BTreeMap<&Name, Vec<&Names>> = BTreeMap::new();
        for names in &self.read {
            for name in &names.0 {
                by_name.entry(name).or_default().push(names);
            }
        }
        let mut found: BTreeSet<&Name> = BTreeSet::new();
        while let Some(Names(names)) = open.pop() {
            for name in names {
                if found.insert(name) {
                    open.extend(by_name.remove(name).unwrap_or_default());
                }
            }
        }
        let host = |name: &Name| match name {
            Name::Host(host) => Some(host.clone()),
            Name::Service(_) => None,
        };
        Concerned::Hosts(found.into_iter().filter_map(host).collect())
    }
}

impl Concerned {
    /// Whether nothing is proven about a host or wildcard. `_` is every host that no other one takes.
    pub(crate) fn has(&self, host: &str) -> bool {
        match self {
            Concerned::Hosts(hosts) => hosts.contains(host),
            Concerned::Every => true,
        }
    }

    /// Whether nothing is proven about what a host serves today.
    pub(crate) fn has_host(&self, reading: &HostReading) -> bool {
        let aliases = reading.virtual_host.iter().flat_map(VirtualHost::hosts);
        self.has(&reading.host) || aliases.into_iter().any(|alias| self.has(alias.as_str()))
    }

    /// What is not compared, in words; `None` if everything is.
    pub(crate) fn words(&self) -> Option<String> {
        let hosts = match self {
            Concerned::Every => {
                return Some("no host is compared: a document that cannot be read could concern every host".to_owned());
            }
            Concerned::Hosts(hosts) if hosts.is_empty() => return None,
            Concerned::Hosts(hosts) => hosts,
        };
        let host = |host: &String| if host == CATCH_ALL { "every other host".to_owned() } else { format!("`{host}`") };
        let shown: Vec<String> = hosts.iter().map(host).take(5).collect();
        let more = match hosts.len().checked_sub(5) {
            Some(more @ 1..) => format!(" and {more} more"),
            _ => String::new(),
        };
        let words = format!(
            "not compared, because an object that cannot be read could concern them: {}{more}",
            shown.join(", ")
        );
        Some(Excerpt::whole(&words).to_string())
    }
}
