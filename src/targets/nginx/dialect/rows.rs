//! The table of dialects: a row for each controller, with its source.

use super::{
    AffinityRule, Attachment, BoolRule, Combination, CookieReading, Dialect, PatternRule, TotalRule, ValueRule, Words,
};

/// The annotations whose meaning the documentation of Alibaba Cloud does not say in detail.
const UNDOCUMENTED: &[&str] = &[
    "affinity",
    "canary-by-cookie",
    "canary-by-header",
    "canary-by-header-pattern",
    "canary-by-header-value",
    "canary-weight-total",
];

impl Dialect {
    /// ingress-nginx itself, controller 1.15.1.
    pub const INGRESS_NGINX: Dialect = Dialect {
        name: "ingress-nginx",
        source: "controller 1.15.1 (dbb11b92)",
        prefix: "nginx.ingress.kubernetes.io",
        further_prefix: None,
        checks_values: true,
        bools: BoolRule::Go,
        total: TotalRule::AtLeast100,
        words: Words::AlwaysAndNever,
        header_value: ValueRule::Exact,
        header_pattern: PatternRule::Search,
        backtracks: true,
        cookie_value: None,
        cookie_reading: CookieReading::Nginx,
        combination: Combination::Together,
        affinity: AffinityRule::BeforeRules,
        attachment: Attachment::Service,
        several_canaries: false,
        other_namespaces: true,
        deletes_unmatched: true,
        skips_without_endpoints: false,
        longest_rule_decides: false,
        outside_policy: &[],
        not_known: &[],
    };

    /// The provider for ingress-nginx of Traefik 3.7. `affinity-canary-behavior: legacy` has no effect.
    ///
    /// Two differences are not in the row, because hardly any client or manifest shows them: of several lines of one header, any
    /// one decides, and names and values are compared with the white space around them.
    pub const TRAEFIK: Dialect = Dialect {
        name: "traefik",
        source: "Traefik 3.7.15, which an oracle of the tests asks; pkg/provider/kubernetes/ingress-nginx at 013f84f and 01de628; issue 13785",
        checks_values: false,
        bools: BoolRule::OnlyTrue,
        backtracks: false,
        cookie_reading: CookieReading::Text,
        affinity: AffinityRule::AfterRules { suffix: "-wrr" },
        attachment: Attachment::LastPath,
        other_namespaces: false,
        deletes_unmatched: false,
        skips_without_endpoints: true,
        longest_rule_decides: true,
        ..Dialect::INGRESS_NGINX
    };

    /// Higress. What becomes of an affinity is not known.
    pub const HIGRESS: Dialect = Dialect {
        name: "higress",
        source: "pkg/ingress/kube/annotations/canary.go and pkg/ingress/kube/ingressv1/controller.go of Higress, read at 5b04201; decisions compared at 8e4041c",
        further_prefix: Some("higress.io"),
        checks_values: false,
        total: TotalRule::AsGiven,
        words: Words::Always,
        header_value: ValueRule::ExactOrAlways,
        header_pattern: PatternRule::Wrapped,
        backtracks: false,
        cookie_reading: CookieReading::Text,
        combination: Combination::OneAlone,
        attachment: Attachment::Path,
        several_canaries: true,
        deletes_unmatched: false,
        not_known: &["affinity"],
        ..Dialect::INGRESS_NGINX
    };

    /// Tengine-Ingress. Whether `never` decides, what a total below 100 is, and what becomes of an affinity is not known.
    pub const TENGINE: Dialect = Dialect {
        name: "tengine",
        source: "internal/ingress/annotations/canary/main.go of Tengine-Ingress (6e5b6ea), with issues 36, 37, 46, 49, 110 and 111",
        checks_values: false,
        header_value: ValueRule::List,
        header_pattern: PatternRule::NotRead,
        backtracks: false,
        cookie_value: Some(ValueRule::List),
        several_canaries: true,
        outside_policy: &[
            "canary-by-query",
            "canary-by-query-value",
            "canary-mod-divisor",
            "canary-mod-relational-operator",
            "canary-mod-remainder",
            "canary-priority-list",
            "canary-request-add-header",
            "canary-request-add-query",
            "canary-request-append-header",
            "canary-response-add-header",
            "canary-response-append-header",
        ],
        not_known: &["affinity", "canary-by-cookie", "canary-by-header", "canary-weight-total"],
        ..Dialect::INGRESS_NGINX
    };

    /// Application Load Balancers of Alibaba Cloud. A rule and a weight have to be on two Ingresses; what a rule beside a weight
    /// does is not known, and neither is what most annotations mean in detail.
    pub const ALB: Dialect = Dialect {
        name: "alb",
        source: "documentation of Alibaba Cloud, canary releases with ALB Ingresses, June 2026",
        prefix: "alb.ingress.kubernetes.io",
        backtracks: false,
        combination: Combination::Apart,
        several_canaries: true,
        outside_policy: &["order"],
        not_known: UNDOCUMENTED,
        ..Dialect::INGRESS_NGINX
    };

    /// APIG and MSE Ingresses of Alibaba Cloud. What most annotations mean in detail is not known.
    pub const APIG: Dialect = Dialect {
        name: "apig",
        source: "documentation of Alibaba Cloud, advanced usage of APIG Ingress, November 2026",
        further_prefix: Some("higress.ingress.kubernetes.io"),
        backtracks: false,
        outside_policy: &["canary-by-query", "canary-by-query-value"],
        not_known: UNDOCUMENTED,
        ..Dialect::INGRESS_NGINX
    };

    /// The known dialects.
    pub const ALL: [Dialect; 6] =
        [Dialect::INGRESS_NGINX, Dialect::TRAEFIK, Dialect::HIGRESS, Dialect::TENGINE, Dialect::ALB, Dialect::APIG];
}
