//! Linkerd: what [`gateway`] writes, on a Service instead of a Gateway; as of edge-26.8.3
//! (<https://linkerd.io/2-edge/reference/httproute/>) and its proxy, version 2.366 (`linkerd/http/route/src`).
//!
//! What is different there:
//!
//! * The parent is stable's Service, and the backends are Services beside it. Clients in the mesh call it by its name, so the
//!   hosts of the route, which are those of the world outside, are left out.
//! * The **client's** proxy decides. Who calls from outside the mesh is not split, and an ingress controller has to be in the
//!   mesh and to send requests to the Service, not to its pods.
//! * A Service with a route answers nothing else: a request that no rule matches fails. So where the paths of the route do not
//!   cover every request, a last rule sends the rest to stable.
//! * A backend without a ready pod gets nothing, and its share goes to the others: a broken canary is not seen as errors.
//! * A `ServiceProfile` of the Service turns its routes off.
//! * A route in the Service's namespace is for every client, and one elsewhere for the clients there.
//! * A regular expression is compiled with Unicode tables, by an admission webhook too. What is too large for that is a loss.
//! * A regular expression sees each line alone: HTTP/2 clients may send each cookie on a line of its own, which does not
//!   matter to a rule, and a header that is sent twice counts if one of its lines does. A line that is not visible ASCII
//!   matches none.
//!
//! The kind of that name in `policy.linkerd.io` is not written: it takes 8 matches in a rule, has no filter that could set an
//! affinity cookie, and is no longer developed. SMI's `TrafficSplit` knows no rules at all.

use regex_syntax::ast::{self, Ast, RepetitionKind, RepetitionRange};

use super::gateway::{self, ALL_MATCHES, BackendRef, HttpRoute, ParentRef, Place, RULES, Rule};
use super::table::Condition;
use super::{Conversion, Path, PathType, Route, Unread};
use crate::error::RouteError;
use crate::policy::{Pattern, Policy};

/// What `regex` takes by default.
const COMPILED: usize = 10 << 20;

/// Writes a policy as HTTPRoutes of the Gateway API for Linkerd: one, unless its limits make it several. The parents and hosts
/// of the route do not matter.
///
/// # Errors
///
/// Those of [`gateway::http_routes`], except that no parent is needed.
///
/// ```
/// use canary_policy::Policy;
/// use canary_policy::targets::{Route, linkerd};
///
/// let route = Route::new("web", "web:80".parse()?, ["web-canary:80".parse()?])?;
/// let routes = linkerd::http_routes(&Policy::percent(30)?, &route)?.exact()?;
/// let parent = &routes[0].spec.parent_refs[0];
/// assert_eq!((parent.kind.as_deref(), parent.name.as_str(), parent.port), (Some("Service"), "web", Some(80)));
///
/// let route = Route::new("web", "web".parse()?, ["web-canary".parse()?])?;
/// assert_eq!(
///     linkerd::http_routes(&Policy::percent(30)?, &route).unwrap_err().to_string(),
///     "backends: `web` needs the number of a port: a route on a Service is for one of its ports",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn http_routes(policy: &Policy, route: &Route) -> Result<Conversion<Vec<HttpRoute>>, RouteError> {
    let stable = route.stable();
    let port = stable.number("a route on a Service is for one of its ports")?;
    let parent = ParentRef {
        group: Some("core".to_owned()),
        kind: Some("Service".to_owned()),
        name: stable.service().to_owned(),
        port: Some(port),
        ..ParentRef::default()
    };
    let place = Place { parents: vec![parent], hosts: &[] };
    let Conversion { mut output, losses } = gateway::http_routes_on(policy, route, &place, takes)?;

    let everything = |(path, kind): &(Path, PathType)| *kind == PathType::Prefix && path.compared(*kind).is_empty();
    if !route.paths().iter().any(everything) {
        let rest = BackendRef { name: stable.service().to_owned(), port: Some(port), ..BackendRef::default() };
        let rest =
            Rule { matches: Vec::new(), filters: Vec::new(), backend_refs: vec![rest], unread: Unread::default() };
        let index = output.len();
        // The last rule of the last object: some versions find `/` as a prefix no less specific than exactly `/`.
        if let Some(last) = output.last_mut() {
            if has_room(&last.spec.rules) {
                last.spec.rules.push(rest);
            } else {
                let mut further = last.clone();
                further.metadata = gateway::metadata(policy, route, index)?;
                further.spec.rules = vec![rest];
                output.push(further);
            }
        }
    }
    Ok(Conversion { output, losses })
}

/// Whether one more rule fits. An API server writes a match for every path into a rule without one.
fn has_room<M>(rules: &[Rule<M>]) -> bool {
    rules.len() < RULES && rules.iter().map(|rule| rule.matches.len()).sum::<usize>() < ALL_MATCHES
}

/// What Linkerd is bound to, beside the Gateway API.
fn takes(condition: Condition<'_>) -> Result<(), &'static str> {
    match condition {
        Condition::HeaderFound(_, pattern) | Condition::CookieFound(_, pattern) if compiled(pattern) > COMPILED => {
            Err("Linkerd takes 10 MiB of a compiled pattern, of which every Unicode `\\w` needs 50 KiB")
        }
        _ => Ok(()),
    }
}

/// About how many bytes a pattern needs with Unicode tables, at most.
fn compiled(pattern: &Pattern) -> usize {
    let mut size = Size { sum: 0, repeats: vec![1] };
    match ast::parse::Parser::new().parse(pattern.as_str()).map(|ast| ast::visit(&ast, &mut size)) {
        Ok(Ok(())) => size.sum,
        _ => usize::MAX,
    }
}

struct Size {
    sum: usize,
    /// How many copies there are of what is inside each of the enclosing repetitions.
    repeats: Vec<usize>,
}

impl Size {
    fn add(&mut self, bytes: usize) {
        let copies = self.repeats.last().copied().unwrap_or(1);
        self.sum = self.sum.saturating_add(bytes.saturating_mul(copies));
    }

    fn add_perl(&mut self, kind: &ast::ClassPerlKind) {
        self.add(match kind {
            ast::ClassPerlKind::Word => 50 << 10,
            ast::ClassPerlKind::Digit | ast::ClassPerlKind::Space => 16 << 10,
        });
    }
}

impl ast::Visitor for &mut Size {
    type Output = ();
    type Err = ();

    fn finish(self) -> Result<(), ()> {
        Ok(())
    }

    fn visit_pre(&mut self, ast: &Ast) -> Result<(), ()> {
        match ast {
            Ast::Repetition(repetition) => {
                let copies = match &repetition.op.kind {
                    RepetitionKind::Range(RepetitionRange::Bounded(_, count) | RepetitionRange::Exactly(count)) => {
                        *count
                    }
                    // What is repeated without end has one more copy for that.
                    RepetitionKind::Range(RepetitionRange::AtLeast(count)) => count.saturating_add(1),
                    _ => 2,
                };
                let copies = usize::try_from(copies).unwrap_or(usize::MAX);
                self.repeats.push(self.repeats.last().copied().unwrap_or(1).saturating_mul(copies.max(1)));
            }
            Ast::ClassPerl(class) => self.add_perl(&class.kind),
            Ast::ClassBracketed(_) | Ast::Dot(_) => self.add(2 << 10),
            _ => self.add(256),
        }
        Ok(())
    }

    fn visit_post(&mut self, ast: &Ast) -> Result<(), ()> {
        if let Ast::Repetition(_) = ast {
            self.repeats.pop();
        }
        Ok(())
    }

    fn visit_class_set_item_pre(&mut self, item: &ast::ClassSetItem) -> Result<(), ()> {
        if let ast::ClassSetItem::Perl(class) = item {
            self.add_perl(&class.kind);
        }
        Ok(())
    }
}
