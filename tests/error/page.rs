//! The table of codes has every code that the crate can return, with its types and severities, and no other.

use std::collections::{BTreeMap, BTreeSet};

use canary_policy::Comparison;
use canary_policy::error::{AnnotationError, Diagnostic};
use canary_policy::migrate::{Answer, DialectFinding, DialectKind, LocationDifference, changes_on};
use canary_policy::targets::nginx::{Aspect, Dialect, LintFinding, LintKind, ObjectName, Refusal, RiskLevel, lint};

use super::diagnostics;
use crate::util::cluster_text::cluster;
use crate::util::codes_page::codes_page;

/// A diagnostic's type, its code and its severity.
type Returned = (String, String, String);

fn returned(name: &str, diagnostics: &[impl Diagnostic]) -> Vec<Returned> {
    let one = |one: &dyn Diagnostic| (name.to_owned(), one.code().to_owned(), one.severity().as_str().to_owned());
    diagnostics.iter().map(|diagnostic| one(diagnostic)).collect()
}

/// A finding of the linter for each of its codes but those of an annotation.
fn lint_findings() -> Vec<LintFinding> {
    let (text, name) = (|| "a".to_owned(), || ObjectName::new("s", "next"));
    let kinds = vec![
        LintKind::Refused { refusal: Refusal::OtherClass { class: text() } },
        LintKind::Refused { refusal: Refusal::TooRisky { annotation: text(), risk: RiskLevel::Critical } },
        LintKind::Refused { refusal: Refusal::InvalidAnnotation { annotation: "server-alias" } },
        LintKind::Refused { refusal: Refusal::Suspicious { text: text() } },
        LintKind::Replaced,
        LintKind::NotEnabled { value: None },
        LintKind::NoStable,
        LintKind::NoService,
        LintKind::NoHost { host: text(), nearest: None, unread: None },
        LintKind::NoLocation { location: text(), nearest: None, unread: None, deletes: false },
        LintKind::Deleted { by: text(), is_dangling: false },
        LintKind::Deleted { by: text(), is_dangling: true },
        LintKind::OwnService { upstream: text() },
        LintKind::NeverChosen { chosen: text() },
        LintKind::OtherNamespace { stable: text() },
        LintKind::OtherPolicy { ingress: name(), is_canary: true },
        LintKind::OtherPolicy { ingress: name(), is_canary: false },
        LintKind::ActsAsStable { location: text() },
        LintKind::TakenByCanary { canary: name() },
        LintKind::PathTaken { by: None, upstream: text() },
        LintKind::SharedService { locations: vec![] },
        LintKind::DefaultBackendIgnored,
        LintKind::DefaultBackendMerges { locations: vec![] },
        LintKind::StableDeleted { upstream: text(), by: None },
        LintKind::CanaryWithoutEndpoints { service: text(), gives_way: false, exists: true },
        LintKind::StableWithoutEndpoints { service: text(), exists: true },
        LintKind::AliasTaken { host: text() },
        LintKind::AffinityBeforeRules { cookie: text() },
        LintKind::AffinityOfOther { stable: text() },
        LintKind::IgnoredAnnotation { stable: name() },
        LintKind::IgnoredCertificate { host: text() },
        LintKind::RandomDefaultBackend { upstreams: vec![] },
        LintKind::OtherPrefix { expected: text() },
        LintKind::NotPortable { error: AnnotationError::NotCanary },
        LintKind::PatternNotExamined,
        LintKind::NeverDecides,
    ];
    let backtracks = "next 2; a.test/ > next:80; canary=true; canary-by-header=x; canary-by-header-pattern=^(a+)+$";
    let backtracks = lint(&cluster(&["web 1; a.test/ > web:80", backtracks]));
    let found = lint(&cluster(&["next 2; a.test/ > next:80; canary 30"])).remove(0);
    let finding = |kind| {
        let mut finding = found.clone();
        finding.kind = kind;
        finding
    };
    kinds.into_iter().map(finding).chain(backtracks).collect()
}

/// A finding about another controller for each of its codes and severities.
fn dialect_findings() -> Vec<DialectFinding> {
    let aspects = Aspect::ALL.into_iter().map(Some).chain([None]);
    let of_aspects = aspects.flat_map(|aspect| {
        let canaries = DialectKind::Canaries { aspect, gains: true, here: String::new(), there: String::new() };
        [DialectKind::Policy { aspect, comparison: None::<Comparison> }, canaries]
    });
    let kinds = of_aspects.chain([
        DialectKind::NotCanary,
        DialectKind::BecomesCanary,
        DialectKind::CookieReading { example: String::new() },
        DialectKind::OutranksPaths { longer: vec![] },
        DialectKind::Outranked { by: vec![] },
        DialectKind::OutranksExact { exact: vec![] },
        DialectKind::Unordered { ingresses: vec![] },
        DialectKind::NoLocation,
        DialectKind::NotKnown,
        DialectKind::OutsidePolicy,
    ]);
    let two = cluster(&[
        "web 1; a.test/ > web:80",
        "next 2; a.test/ > next:80; canary 30",
        "third 3; a.test/ > third:80; canary 1",
    ]);
    let found = changes_on(&two, &Dialect::HIGRESS).unwrap().remove(0);
    let finding = |kind| {
        let mut finding = found.clone();
        finding.kind = kind;
        finding
    };
    kinds.map(finding).collect()
}

#[test]
fn the_table_of_codes_has_what_the_crate_returns() {
    let mut expected: BTreeSet<Returned> = BTreeSet::new();
    for (name, diagnostic) in diagnostics() {
        if let Some(severity) = &diagnostic.severity {
            expected.extend(diagnostic.codes.iter().map(|code| (name.clone(), code.clone(), severity.clone())));
        }
    }
    expected.extend(returned("LintFinding", &lint_findings()));
    expected.extend(returned("DialectFinding", &dialect_findings()));
    let different = Answer::Differs(LocationDifference::Stable { before: None, after: None });
    expected.extend(returned("Answer", &[Answer::Same, different, Answer::Unread]));
    let all: BTreeSet<(String, String)> = diagnostics()
        .into_iter()
        .flat_map(|(name, diagnostic)| diagnostic.codes.into_iter().map(move |code| (name.clone(), code)))
        .collect();
    let constructed: BTreeSet<(String, String)> =
        expected.iter().map(|(name, code, _)| (name.clone(), code.clone())).collect();
    assert_eq!(constructed, all, "a row is missing above");

    let mut of_codes: BTreeMap<String, (BTreeSet<String>, BTreeSet<String>)> = BTreeMap::new();
    for (name, code, severity) in expected {
        let (types, severities) = of_codes.entry(code).or_default();
        types.insert(name);
        severities.insert(severity);
    }
    let page = codes_page();
    let listed: BTreeSet<&String> = page.keys().collect();
    let codes: BTreeSet<&String> = of_codes.keys().collect();
    let missing: Vec<_> = codes.difference(&listed).collect();
    let unknown: Vec<_> = listed.difference(&codes).collect();
    assert!(
        missing.is_empty() && unknown.is_empty(),
        "the page lacks {missing:?}, and the crate returns no {unknown:?}"
    );
    for (code, row) in &page {
        assert_eq!((&row.types, &row.severities), (&of_codes[code].0, &of_codes[code].1), "{code}");
        assert!(row.meaning.ends_with('.'), "{code}: {}", row.meaning);
    }
}
