//! The code, the object and the field of every variant of every error, loss and finding. Programs match on them.

use canary_policy::error::{
    AnnotationError, BadRequest, ConversionError, Diagnostic, EditError, Excerpt, IngressError, Invalid,
    InvalidFormerTokens, InvalidMix, InvalidParams, InvalidRoute, InvalidVariants, ManifestError, PairError, ReadError,
    ReplicasError,
};
use canary_policy::policy::Ratio;
use canary_policy::targets::Part;
use canary_policy::targets::nginx::{self, AnnotationFinding, AnnotationKind, Flags};
use canary_policy::{Loss, Policy, Variant};

use crate::util::cluster_text::cluster;
use crate::util::{annotations, spec};

/// A diagnostic, its code, its object and its field.
type Row<T> = (T, &'static str, Option<&'static str>, Option<&'static str>);

#[track_caller]
fn hold<T: Diagnostic>(rows: impl IntoIterator<Item = Row<T>>) {
    for (diagnostic, code, object, field) in rows {
        let got = (diagnostic.code(), diagnostic.object(), diagnostic.field());
        assert_eq!((got.0, got.1.as_deref(), got.2.as_deref()), (code, object, field), "{diagnostic}");
    }
}

fn text(text: &str) -> Excerpt {
    Excerpt::of(text)
}

/// The part of a policy that is invalid knows its field only if the policy was read as a whole.
#[test]
fn of_a_policy() {
    let bounds = |pattern: &str| text(pattern);
    let rows = [
        (Invalid::CanaryName(text("A")), "canary-name"),
        (Invalid::NameStable, "name-stable"),
        (Invalid::NameTwice(text("a")), "name-twice"),
        (Invalid::NoCanary, "no-canary"),
        (Invalid::CanaryCount { count: 2000, bound: 1000 }, "canary-count"),
        (Invalid::NameMissing, "name-missing"),
        (Invalid::Weight(-1), "weight"),
        (Invalid::Total(0), "total"),
        (Invalid::WeightAboveTotal { weight: 2, total: 1 }, "weight-above-total"),
        (Invalid::SumAboveTotal { sum: 2, total: 1 }, "sum-above-total"),
        (Invalid::HeaderName(text(" ")), "header-name"),
        (Invalid::HeaderValue(text(" ")), "header-value"),
        (Invalid::CookieName(text(";")), "cookie-name"),
        (Invalid::CookieValue(text(";")), "cookie-value"),
        (Invalid::PatternLength { length: 0, bound: 1 }, "pattern-length"),
        (Invalid::PatternSyntax { pattern: bounds("("), at: 0, why: "unclosed group".to_owned() }, "pattern-syntax"),
        (Invalid::PatternSize { pattern: bounds("a"), bound: 1 }, "pattern-size"),
        (Invalid::PatternCost { pattern: bounds("a"), cost: 2, bound: 1 }, "pattern-cost"),
        (Invalid::PatternCosts { cost: 2, bound: 1 }, "pattern-costs"),
        (Invalid::WrongType { found: "null".to_owned(), expected: "text" }, "wrong-type"),
        (Invalid::Both("value", "pattern"), "both-given"),
        (Invalid::Neither("header", "cookie"), "neither-given"),
        (Invalid::Precedence(text("first")), "precedence"),
        (Invalid::Pins(text("all")), "pins"),
        (Invalid::SameSite(text("lax")), "same-site"),
        (Invalid::Revision(text("")), "revision"),
        (Invalid::Token(text("")), "token"),
        (Invalid::MaxAge(-1), "max-age"),
        (Invalid::CookiePath(text("a")), "cookie-path"),
        (Invalid::CookieDomain(text("-")), "cookie-domain"),
        (Invalid::CookiePrefix(text("__Host-a")), "cookie-prefix"),
        (Invalid::Salt(257), "salt"),
        (Invalid::Index { index: 1, count: 1 }, "index"),
        (Invalid::Variant(text("primary")), "variant"),
    ];
    hold(rows.map(|(invalid, code)| (invalid, code, None, None)));
}

/// The source of an invalid policy is its first problem. A message has twenty problems, and counts the others.
#[test]
fn an_invalid_policy_has_its_first_problem_as_source() {
    let problems = |count: usize| {
        let canaries = (0..count).map(|index| format!("{{ name: c{index}, header: {{ name: ' ' }} }}"));
        Policy::try_from(spec(&format!("canaries: [{}]", canaries.collect::<Vec<_>>().join(", ")))).unwrap_err()
    };
    let source = std::error::Error::source(&problems(2)).map(ToString::to_string);
    assert_eq!(source.as_deref(), Some(Invalid::HeaderName(text(" ")).to_string().as_str()));
    for (count, last) in [
        (20, "canaries[19].header.name: "),
        (21, "and 1 more problem"),
        (22, "and 2 more problems"),
        (25, "and 5 more problems"),
    ] {
        let message = problems(count).to_string();
        let lines: Vec<&str> = message.lines().collect();
        assert_eq!(lines.len(), count.min(21), "{message}");
        assert!(
            lines.last().unwrap().starts_with(last) && (count == 20 || *lines.last().unwrap() == last),
            "{message}"
        );
    }
    let empty = {
        let mut invalid = problems(1);
        invalid.problems.clear();
        invalid
    };
    assert!(std::error::Error::source(&empty).is_none());
    hold([(problems(2), "header-name", None, Some("canaries[0].header.name")), (empty, "invalid-policy", None, None)]);
}

#[test]
fn of_a_route_and_its_conversion() {
    let rows = [
        (InvalidRoute::Service(text("A")), "service"),
        (InvalidRoute::Port(text("0")), "port"),
        (InvalidRoute::Host(text("_")), "host"),
        (InvalidRoute::Path(text("a")), "path"),
        (InvalidRoute::PathEscape { path: text("/%61"), escape: text("%61") }, "path-escape"),
        (InvalidRoute::Duplicate(text("/")), "duplicate"),
        (InvalidRoute::ObjectName(text("A")), "object-name"),
        (InvalidRoute::Namespace(text("a.b")), "namespace"),
        (InvalidRoute::PathType(text("exact")), "path-type"),
        (InvalidRoute::Value(Invalid::Token(text(""))), "token"),
    ];
    hold(rows.map(|(invalid, code)| (invalid, code, None, None)));
    let (object, why) = ("an object", "a reason");
    hold([
        (ConversionError::Canaries { policy: 1, route: 0 }, "backend-count", None, Some("backends")),
        (InvalidFormerTokens::NoCookie.into(), "no-affinity-cookie", None, Some("formerTokens")),
        (InvalidFormerTokens::Token(Invalid::Token(text(""))).into(), "token", None, Some("formerTokens")),
        (InvalidFormerTokens::Twice(text("a")).into(), "token-twice", None, Some("formerTokens")),
        (InvalidFormerTokens::Count { pinned: 2, tokens: 1 }.into(), "token-count", None, Some("formerTokens")),
        (ConversionError::Port { backend: text("a"), why }, "port-number", None, Some("backends")),
        (ConversionError::TooMany { field: "rules", count: 17, bound: 16, object }, "too-many", None, Some("rules")),
        (ConversionError::TooLarge { object, bytes: 2, bound: 1 }, "too-large", None, Some("paths")),
        (ConversionError::Missing { field: "parents", why }, "missing", None, Some("parents")),
        (ConversionError::Refused { field: "hosts", value: text("a"), bound: why }, "refused", None, Some("hosts")),
        (ConversionError::GrpcPath(text("/a/b/c")), "grpc-path", None, Some("paths")),
        (
            ConversionError::Invalid { field: "name", invalid: InvalidRoute::ObjectName(text("A")) },
            "object-name",
            None,
            Some("name"),
        ),
        (ConversionError::Conflict { field: "policy", other: text("a"), why }, "conflict", None, Some("policy")),
        (
            ConversionError::VirtualHost {
                host: text("shop"),
                error: Box::new(ConversionError::GrpcPath(text("/a/b/c"))),
            },
            "grpc-path",
            Some("shop"),
            Some("paths"),
        ),
        (
            ConversionError::Location {
                host: text("shop"),
                location: text("Prefix /a"),
                error: Box::new(ConversionError::Port { backend: text("a"), why }),
            },
            "port-number",
            Some("shop"),
            Some("locations[Prefix /a].backends"),
        ),
    ]);
    let (annotation, field) = ("a/b", || "spec.rules[0]".to_owned());
    let (of_annotation, of_rule) = (Some("metadata.annotations[a/b]"), Some("spec.rules[0]"));
    let why_not = "a reason".to_owned();
    hold([
        (EditError::Object(ReadError::NoObject), "no-object", None, None),
        (ConversionError::Canaries { policy: 1, route: 0 }.into(), "backend-count", None, Some("backends")),
        (EditError::Written { annotation }, "written-whole", None, of_annotation),
        (EditError::Annotation { annotation, why: why_not }, "edit-annotation", None, of_annotation),
        (EditError::SameBackend { canary: text("a"), backend: text("a:80") }, "same-backend", None, Some("backends")),
        (EditError::NoRule { field: "spec.rules", stable: text("a:80") }, "no-rule", None, Some("spec.rules")),
        (EditError::Header { field: field(), header: text("cookie") }, "header-taken", None, of_rule),
        (EditError::Alike { field: field(), why }, "rule-alike", None, of_rule),
        (
            EditError::Takes { field: field(), condition: text("a"), other: "b".to_owned() },
            "takes-requests",
            None,
            of_rule,
        ),
        (EditError::SetCookie { field: field(), why }, "set-cookie", None, of_rule),
        (EditError::TooMany { field: field(), count: 17, bound: 16, object }, "list-too-long", None, of_rule),
        (EditError::Changed { field: field() }, "rule-changed", None, of_rule),
    ]);
    let ratio = |parts| Ratio::new(parts, 10);
    hold([
        (Loss::LeftOut { part: Part::Cookie(1), value: text("a"), why }, "left-out", None, Some("canaries[1].cookie")),
        (
            Loss::Refused { part: Part::AffinityPath, value: text("a"), bound: why },
            "refused",
            None,
            Some("affinity.cookie.path"),
        ),
        (
            Loss::Rounded { part: Part::Weight(0), requested: ratio(1), written: ratio(2) },
            "rounded",
            None,
            Some("canaries[0].weight"),
        ),
        (
            Loss::Changed { part: Part::Host(2), requested: text("a"), written: text("b"), why },
            "changed",
            None,
            Some("hosts[2]"),
        ),
        (
            Loss::Needs { part: Part::Backend(Variant::Stable), value: text("a/b:80"), object },
            "needs",
            None,
            Some("backends.stable"),
        ),
    ]);
}

/// Every part of a policy and of a route is named by its field path.
#[test]
fn of_a_part() {
    let rows = [
        (Part::Canary(1), "canaries[1]"),
        (Part::Weight(1), "canaries[1].weight"),
        (Part::Header(1), "canaries[1].header"),
        (Part::Cookie(1), "canaries[1].cookie"),
        (Part::Affinity, "affinity"),
        (Part::AffinityPrecedence, "affinity.cookie.precedence"),
        (Part::AffinityRevision, "affinity.cookie.revision"),
        (Part::AffinityMaxAge, "affinity.cookie.maxAge"),
        (Part::AffinityPath, "affinity.cookie.path"),
        (Part::AffinityDomain, "affinity.cookie.domain"),
        (Part::AffinitySameSite, "affinity.cookie.sameSite"),
        (Part::AffinitySecure, "affinity.cookie.secure"),
        (Part::Host(1), "hosts[1]"),
        (Part::Backend(Variant::Stable), "backends.stable"),
        (Part::Backend(Variant::Canary(1)), "backends.canaries[1]"),
        (Part::Rule(1), "rules[1]"),
    ];
    for (part, field) in rows {
        assert_eq!(part.to_string(), field);
        assert_eq!(serde_json::to_value(part).unwrap(), field);
    }
}

#[test]
fn of_objects_that_are_read() {
    let field = || "spec.rules[0]".to_owned();
    let at = Some("spec.rules[0]");
    let invalid_policy = Policy::try_from(spec("canaries: [{ weight: 101 }]")).unwrap_err();
    let annotation = "canary-policy/variants";
    let annotated = Some("metadata.annotations[canary-policy/variants]");
    let word = || InvalidVariants::Word { word: text("a"), expected: "a word" };
    hold([
        (ReadError::Kind { kind: text("a"), expected: "b" }, "kind", None, Some("kind")),
        (ReadError::ApiVersion { api_version: text("a"), expected: "b" }, "api-version", None, Some("apiVersion")),
        (ReadError::Annotation { annotation, invalid: word() }, "variants-word", None, annotated),
        (
            ReadError::Annotation { annotation, invalid: InvalidVariants::SeveralPolicies },
            "variants-several-policies",
            None,
            annotated,
        ),
        (ReadError::NoPort { field: field(), backend: text("a") }, "no-port", None, at),
        (ReadError::NoObject, "no-object", None, None),
        (ReadError::NoSplit, "no-split", None, None),
        (ReadError::NoWeight { field: field() }, "no-weight", None, at),
        (ReadError::NoCanary { stable: text("a") }, "no-canary", None, None),
        (ReadError::Sum { field: field(), sum: 1 << 32 }, "weights-too-large", None, at),
        (ReadError::Differs { field: field() }, "objects-differ", None, at),
        (ReadError::Route { field: field(), invalid: InvalidRoute::Host(text("_")) }, "host", None, at),
        (ReadError::Value { field: field(), invalid: Invalid::Total(0) }, "total", None, at),
        (ReadError::Policy(invalid_policy), "weight-above-total", None, Some("canaries[0].weight")),
    ]);
    hold([
        (word(), "variants-word", None, None),
        (InvalidVariants::Name(Invalid::NameStable), "name-stable", None, None),
        (InvalidVariants::Backend(InvalidRoute::Port(text("0"))), "port", None, None),
    ]);
    hold([
        (ManifestError::Format(text("a")), "manifest-format", None, None),
        (ManifestError::Kind { api_version: text("v1"), kind: text("Pod") }, "kind", None, Some("kind")),
        (ManifestError::Missing(field()), "missing", None, at),
        (ManifestError::PathType { field: field(), value: text("Exakt") }, "path-type", None, at),
        (ManifestError::Port { field: field(), invalid: InvalidRoute::Port(text("0")) }, "port", None, at),
        (ManifestError::Field { field: field(), api_version: "v1", instead: "a" }, "field-of-other-version", None, at),
    ]);
}

#[test]
fn of_ingresses() {
    let (ingress, service) = (|| text("web"), || text("shop"));
    let object = Some("web");
    let (number, why) = (InvalidRoute::Port(text("0")), || "a reason".to_owned());
    hold([
        (IngressError::NoName, "no-name", None, Some("metadata.name")),
        (IngressError::IsCanary { ingress: ingress() }, "is-canary", object, None),
        (IngressError::NoService { ingress: ingress(), rule: None }, "no-service", object, None),
        (
            IngressError::NoService { ingress: ingress(), rule: Some(1) },
            "no-service",
            object,
            Some("spec.rules[1].http"),
        ),
        (IngressError::Ambiguous { ingress: ingress(), services: vec![service()] }, "ambiguous", object, None),
        (
            IngressError::NotRouted { ingress: ingress(), service: service(), services: vec![] },
            "not-routed",
            object,
            None,
        ),
        (IngressError::SameName { ingress: ingress() }, "same-name", object, None),
        (IngressError::OtherNamespace { service: service() }, "service-in-other-namespace", None, None),
        (IngressError::SameService { service: service() }, "same-service", None, None),
        (IngressError::PortNotation { service: service(), canary: service() }, "port-notation", None, None),
        (IngressError::CanaryRouted { ingress: ingress(), service: service() }, "canary-routed", object, None),
        (IngressError::NoCanary, "no-canary", None, None),
        (IngressError::NothingToSplit { ingress: ingress(), service: service() }, "nothing-to-split", object, None),
        (IngressError::NoPath { ingress: ingress(), service: service(), why: why() }, "no-path", object, None),
        (IngressError::Prefix(text("/a")), "prefix", None, None),
        (
            IngressError::Path { field: why(), path: text("a"), path_type: text("Exact") },
            "ingress-path",
            None,
            Some("a reason"),
        ),
        (IngressError::Invalid { field: why(), invalid: number.clone() }, "port", None, Some("a reason")),
    ]);
    for (path_type, has_more) in [("Exact", true), ("Prefix", true), ("ImplementationSpecific", false)] {
        let error = IngressError::Path { field: why(), path: text("a"), path_type: text(path_type) }.to_string();
        assert_eq!(
            error.ends_with(", and neither //, /./, /../ and %2f nor /. or /.. at the end"),
            has_more,
            "{error}"
        );
    }
    let panic = cluster(&["web 1; a.test/ > web:80", "next 2; a.test !; canary 30"]).configuration().unwrap_err();
    hold([(panic, "controller-panic", Some("s/next"), Some("spec.rules[0].http"))]);
    hold([
        (PairError::NoCanary, "no-canary-ingress", None, None),
        (PairError::SeveralCanaries { canaries: vec![ingress()] }, "several-canary-ingresses", None, None),
        (PairError::NoService { canary: ingress() }, "no-service", object, None),
        (PairError::SeveralServices { canary: ingress(), services: vec![] }, "several-services", object, None),
        (PairError::Service { canary: ingress(), invalid: number }, "port", object, None),
    ]);
}

#[test]
fn of_annotations() {
    let not_enabled = nginx::parse(&annotations([("canary", "false"), ("canary-weight", "5")]), &Flags::default());
    let not_enabled = not_enabled.config.unwrap_err();
    let unsupported = |annotation| AnnotationError::Unsupported { annotation, invalid: Invalid::CookiePath(text("a")) };
    hold([
        (AnnotationError::NotCanary, "not-canary", Some("canary"), Some("canary")),
        (AnnotationError::StableIsCanary, "stable-is-canary", Some("stable"), Some("canary")),
        (AnnotationError::NotEnabled(not_enabled), "not-enabled", Some("canary"), Some("canary")),
        (unsupported("canary-by-cookie"), "cookie-path", Some("canary"), Some("canary-by-cookie")),
        (unsupported("session-cookie-path"), "cookie-path", Some("stable"), Some("session-cookie-path")),
    ]);
    hold([(not_enabled, "not-enabled", Some("canary"), Some("canary"))]);
    let found = nginx::parse(&annotations([("canary", "true"), ("canary-weight", "10%")]), &Flags::default());
    let finding = |kind| {
        let mut finding: AnnotationFinding = found.findings[0].clone();
        finding.kind = kind;
        finding
    };
    let value = || text("a");
    let rows = [
        (AnnotationKind::InvalidValue { value: value(), expected: "b", default: "c" }, "invalid-value"),
        (AnnotationKind::Trimmed { value: value() }, "trimmed"),
        (AnnotationKind::WeightBelowZero { weight: -1 }, "weight-below-zero"),
        (AnnotationKind::WeightAboveTotal { weight: 101, total: 100 }, "weight-above-total"),
        (AnnotationKind::TotalIgnored { total: 10 }, "total-ignored"),
        (AnnotationKind::AgeBelowZero { seconds: -1 }, "age-below-zero"),
        (AnnotationKind::ExpiresIgnored { seconds: 1 }, "expires-ignored"),
        (AnnotationKind::PatternIgnored { pattern: value() }, "pattern-ignored"),
        (AnnotationKind::NoHeaderName { value: value() }, "no-header-name"),
        (AnnotationKind::HeaderUnderscore { name: value() }, "header-underscore"),
        (AnnotationKind::HeaderNeverSeen { name: value() }, "header-never-seen"),
        (AnnotationKind::UnknownAnnotation, "unknown-annotation"),
        (AnnotationKind::WrongIngress, "wrong-ingress"),
        (AnnotationKind::NoAffinity, "no-affinity"),
        (AnnotationKind::OutsidePolicy { value: value() }, "outside-policy"),
        (AnnotationKind::IgnoredBeside { value: value(), by: "canary-by-header" }, "ignored-beside"),
        (AnnotationKind::CookieAsText { name: value() }, "cookie-as-text"),
        (AnnotationKind::NotKnown { value: value() }, "not-known"),
    ];
    hold(rows.map(|(kind, code)| (finding(kind), code, Some("canary"), Some("canary-weight"))));
}

#[test]
fn of_parameters_and_requests() {
    hold([
        (InvalidParams::Pods(0), "pods", None, None),
        (InvalidParams::Tolerance { parts: 2, total: 1 }, "tolerance", None, None),
        (InvalidParams::Label(text("-")), "label", None, None),
        (InvalidParams::Domain(text("-")), "domain", None, None),
        (InvalidParams::Prefix(text("a b")), "prefix", None, None),
        (InvalidParams::Unknown { what: "dialect", value: text("x"), expected: vec!["y"] }, "unknown-name", None, None),
    ]);
    hold([
        (ReplicasError::TooFew { pods: 1, variants: 2 }, "too-few-pods", None, Some("pods")),
        (
            ReplicasError::TooFar { bound: 1, tolerance: "1 %".to_owned(), exact: 2 },
            "out-of-tolerance",
            None,
            Some("pods"),
        ),
    ]);
    hold([
        (InvalidMix::NoClient, "mix-empty", None, None),
        (InvalidMix::Parts(1 << 32), "mix-parts", None, None),
        (InvalidMix::Requests(0), "mix-requests", None, None),
    ]);
    let name = || text("x-a");
    hold([
        (BadRequest::Name(name()), "request-header-name", None, Some("x-a")),
        (BadRequest::Value(name()), "request-header-value", None, Some("x-a")),
        (BadRequest::Twice(name()), "request-header-twice", None, Some("x-a")),
        (BadRequest::Line { name: name(), length: 2, bound: 1 }, "request-header-line", None, Some("x-a")),
    ]);
}
