//! Annotations: how the controller parses them, what they mean, and how a policy is written in them.

use std::collections::BTreeMap;

use canary_policy::error::Diagnostic;
use canary_policy::targets::nginx::{Annotations, Config, Flags, Prefix, annotations, parse, read};
use canary_policy::{Affinity, SameSite};
use serde::Deserialize;

use crate::util::{self, policy, texts};

/// A recorded run of the controller's parser.
#[derive(Deserialize)]
struct Case {
    id: String,
    annotations: BTreeMap<String, String>,
    prefix: Option<String>,
    validation: Option<bool>,
    config: Option<RecordedConfig>,
    error: Option<String>,
    /// `sessionaffinity.Config` without its zero values.
    #[serde(default)]
    affinity: RecordedAffinity,
}

/// `canary.Config`, as the controller printed it.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RecordedConfig {
    enabled: bool,
    weight: i64,
    weight_total: i64,
    header: String,
    header_value: String,
    header_pattern: String,
    cookie: String,
}

/// `sessionaffinity.Config`, as the controller printed it.
#[derive(Default, Deserialize)]
#[serde(default)]
struct RecordedAffinity {
    r#type: String,
    name: String,
    expires: String,
    maxage: String,
    path: String,
    domain: String,
    secure: bool,
    samesite: String,
}

impl Case {
    fn flags(&self) -> Flags {
        let prefix = self.prefix.as_ref().map_or(Prefix::default(), |prefix| Prefix::new(prefix).unwrap());
        Flags::default().with_prefix(prefix).with_validation(self.validation.unwrap_or(true))
    }
}

fn cases() -> Vec<Case> {
    let cases: Vec<Case> = util::json_lines("cases/annotations.jsonl")
        .into_iter()
        .map(|line| serde_json::from_value(line).unwrap())
        .collect();
    assert_eq!(cases.len(), 886);
    cases
}

/// There is no deviation.
#[test]
fn annotations_are_parsed_as_the_controller_parsed_them() {
    for case in cases() {
        let parsed = parse(&case.annotations, &case.flags()).config;
        let expected = case.config.map(|config| Config {
            enabled: config.enabled,
            weight: config.weight,
            weight_total: config.weight_total,
            header: config.header,
            header_value: config.header_value,
            header_pattern: config.header_pattern,
            cookie: config.cookie,
        });
        assert_eq!(parsed.as_ref().ok(), expected.as_ref(), "{}", case.id);
        assert_eq!(parsed.err().map(|error| error.to_string()), case.error, "{}", case.id);
    }
}

/// The recorded session annotations are read as those of a stable Ingress.
#[test]
fn affinities_are_read_as_the_controller_read_them() {
    let mut sticky = 0;
    for case in cases() {
        let flags = case.flags();
        let canary = BTreeMap::from([(format!("{}/canary", flags.prefix), "true".to_owned())]);
        let own = |key: &str| !key.starts_with(&format!("{}/canary", flags.prefix));
        let stable = case.annotations.clone().into_iter().filter(|(key, _)| own(key)).collect();
        let reading = read(&Annotations::new(canary, stable), &flags).unwrap();
        let expected = case.affinity;
        let Affinity::Cookie(cookie) = reading.policy.affinity() else {
            assert_ne!(expected.r#type, "cookie", "{}", case.id);
            continue;
        };
        sticky += 1;
        assert_eq!(expected.r#type, "cookie", "{}", case.id);
        let written = serde_json::to_value(&reading.policy).unwrap()["affinity"]["cookie"].clone();
        assert_eq!(cookie.name().as_str(), expected.name, "{}", case.id);
        assert_eq!(written["secure"].as_bool().unwrap_or(false), expected.secure, "{}", case.id);
        // Lua's `tonumber` reads both ages, and a browser prefers `Max-Age` and takes a negative age as 0.
        let seconds = |text: &str| text.parse::<i64>().ok();
        let age = seconds(&expected.maxage).or(seconds(&expected.expires)).map(|seconds| seconds.max(0));
        assert_eq!(written["maxAge"].as_i64(), age, "{}", case.id);
        let path = Some(expected.path.as_str()).filter(|path| path.starts_with('/'));
        assert_eq!(written["path"].as_str(), path, "{}", case.id);
        let domain = Some(expected.domain.as_str()).filter(|domain| !domain.is_empty() && !domain.contains(' '));
        assert_eq!(written["domain"].as_str(), domain, "{}", case.id);
        let words = [SameSite::Strict, SameSite::Lax, SameSite::None].map(SameSite::as_str);
        let same_site = Some(expected.samesite.as_str()).filter(|word| words.contains(word));
        assert_eq!(written["sameSite"].as_str(), same_site, "{}", case.id);
    }
    assert!(sticky > 80, "{sticky}");
}

/// Each row is the annotations of a canary Ingress and of its stable Ingress, the policy that they mean, and the findings.
#[test]
fn annotations_mean_what_the_controller_does_with_them() {
    type Pairs<'a> = &'a [(&'a str, &'a str)];
    let rows: &[(Pairs<'_>, Pairs<'_>, &str, &[&str])] = &[
        (
            &[("canary-weight", "5"), ("canary-weight-total", "10")],
            &[],
            "canaries: [{ weight: 5 }]",
            &["canary-weight-total: 10 counts as 100, like every total below 100"],
        ),
        (
            &[("canary-weight", "5"), ("canary-weight-total", "1000")],
            &[],
            "{ total: 1000, canaries: [{ weight: 5 }] }",
            &[],
        ),
        (
            &[("canary-weight", "250")],
            &[],
            "canaries: [{ weight: 100 }]",
            &["canary-weight: 250 is more than the total and counts as 100"],
        ),
        (&[("canary-weight", "-5")], &[], "canaries: [{}]", &["canary-weight: -5 counts as 0"]),
        (
            &[("canary-weight", "10%")],
            &[],
            "canaries: [{}]",
            &["canary-weight: `10%` is not valid, so the controller uses 0: expected an integer"],
        ),
        (
            &[("canary-by-header", "X-Env"), ("canary-by-header-value", "a,b")],
            &[],
            "canaries: [{ header: { name: x-env } }]",
            &[
                "canary-by-header-value: `a,b` is not valid, so the controller uses the values always and never: expected letters, digits, spaces and -._~/:",
            ],
        ),
        (
            &[("canary-by-header", "X-Env"), ("canary-by-header-pattern", "a{1,3}")],
            &[],
            "canaries: [{ header: { name: x-env } }]",
            &[
                r"canary-by-header-pattern: `a{1,3}` is not valid, so the controller uses the values always and never: expected letters, digits and -._~/:^$[](){}*+?|&=\",
            ],
        ),
        (
            &[("canary-by-header", "X-Env"), ("canary-by-header-value", "a"), ("canary-by-header-pattern", "b++")],
            &[],
            "canaries: [{ header: { name: x-env, value: a } }]",
            &["canary-by-header-pattern: `b++` is ignored, because canary-by-header-value is set"],
        ),
        (
            &[("canary-by-header-value", "a"), ("canary-by-header-pattern", "b")],
            &[],
            "canaries: [{}]",
            &[
                "canary-by-header-value: `a` is ignored, because canary-by-header names no header",
                "canary-by-header-pattern: `b` is ignored, because canary-by-header names no header",
            ],
        ),
        (
            &[("canary-by-header", "X_Env")],
            &[],
            "canaries: [{ header: { name: x-env } }]",
            &[
                "canary-by-header: `X_Env` stands for the request header `X-Env`: nginx drops request headers that have `_` in their names",
            ],
        ),
        (
            &[("canary-by-header", "X.Env")],
            &[],
            "canaries: [{}]",
            &[
                "canary-by-header: the rule never matches: nginx drops the request header `X.Env`, since its name has other characters than letters, digits and -",
            ],
        ),
        (
            &[("canary-by-header", " X-Env ")],
            &[],
            "canaries: [{ header: { name: x-env } }]",
            &["canary-by-header: the controller removes the white space at the ends of ` X-Env `"],
        ),
        (
            &[("canary-by-cookie", "c"), ("canary-by-cookie-value", "v")],
            &[],
            "canaries: [{ cookie: { name: c } }]",
            &["canary-by-cookie-value: the controller has no such annotation"],
        ),
        (
            &[("affinity", "cookie"), ("session-cookie-name", "a")],
            &[],
            "canaries: [{}]",
            &[
                "affinity: it belongs on the stable Ingress and has no effect on the canary Ingress",
                "session-cookie-name: it belongs on the stable Ingress and has no effect on the canary Ingress",
            ],
        ),
        (
            &[("affinity-canary-behavior", "legacy")],
            &[("affinity", "cookie")],
            "{ canaries: [{}], affinity: { cookie: { name: INGRESSCOOKIE, pins: stable } } }",
            &[],
        ),
        (
            &[("affinity-canary-behavior", "Legacy")],
            &[("affinity", "cookie"), ("session-cookie-name", "a;b")],
            "{ canaries: [{}], affinity: { cookie: { name: INGRESSCOOKIE } } }",
            &[
                "affinity-canary-behavior: `Legacy` is not valid, so the controller uses sticky: expected sticky or legacy",
                "session-cookie-name: `a;b` is not valid, so the controller uses INGRESSCOOKIE: expected letters, digits, spaces and -._~/:",
            ],
        ),
        (
            &[("canary-weight", ""), ("canary-by-cookie", "  "), ("affinity-canary-behavior", "legacy")],
            &[("canary-weight", "30"), ("session-cookie-name", "r")],
            "canaries: [{}]",
            &[
                "canary-weight: `` is not valid, so the controller uses 0: expected an integer",
                "canary-by-cookie: `  ` is not valid, so the controller uses no cookie rule: expected letters, digits, spaces and -._~/:",
                "affinity-canary-behavior: it has no effect without `affinity: cookie` on the stable Ingress",
                "canary-weight: it belongs on the canary Ingress and has no effect on the stable Ingress",
                "session-cookie-name: it has no effect without `affinity: cookie` on the stable Ingress",
            ],
        ),
        (
            &[],
            &[("affinity", "Cookie")],
            "canaries: [{}]",
            &["affinity: `Cookie` is not valid, so the controller uses no affinity: expected cookie"],
        ),
        (
            &[],
            &[
                ("affinity", "cookie"),
                ("affinity-canary-behavior", "legacy"),
                ("affinity-mode", "persistent"),
                ("session-cookie-max-age", "-1"),
                ("session-cookie-path", "/a"),
                ("session-cookie-samesite", "lax"),
                ("session-cookie-secure", "true"),
                ("session-cookie-expires", "60"),
            ],
            "{ canaries: [{}], affinity: { cookie: { name: INGRESSCOOKIE, maxAge: 0, path: /a, secure: true } } }",
            &[
                "affinity-canary-behavior: it belongs on the canary Ingress and has no effect on the stable Ingress",
                "session-cookie-expires: browsers ignore 60, because session-cookie-max-age is set",
                "session-cookie-max-age: -1 counts as 0, since a browser drops the cookie at once in both cases",
                "session-cookie-samesite: `lax` is not valid, so the controller uses no SameSite: expected Strict, Lax or None",
                "affinity-mode: a canary policy cannot express `persistent`",
            ],
        ),
    ];
    for (canary, stable, meaning, findings) in rows {
        let canary = util::annotations([("canary", "true")].into_iter().chain(canary.iter().copied()));
        let stable = util::annotations(stable.iter().copied());
        let reading = read(&Annotations::new(canary, stable), &Flags::default()).unwrap();
        assert_eq!(reading.policy, policy(meaning));
        assert_eq!(texts(&reading.findings), *findings);
    }
}

/// Each row is the two ages of an affinity cookie, the age of the policy, and the findings.
#[test]
fn an_expiry_alone_is_a_maximum_age() {
    type Row = (Option<&'static str>, Option<&'static str>, Option<u32>, &'static [&'static str]);
    let rows: [Row; 10] = [
        (None, None, None, &[]),
        (None, Some("172800"), Some(172_800), &[]),
        (None, Some("010"), Some(10), &[]),
        (Some("60"), Some("60"), Some(60), &[]),
        (
            Some("60"),
            Some("90"),
            Some(60),
            &["session-cookie-expires: browsers ignore 90, because session-cookie-max-age is set"],
        ),
        (
            None,
            Some("-1"),
            Some(0),
            &["session-cookie-expires: -1 counts as 0, since a browser drops the cookie at once in both cases"],
        ),
        (None, Some("4294967296"), None, &["session-cookie-expires: a canary policy cannot express `4294967296`"]),
        (
            Some("1d"),
            Some("90"),
            Some(90),
            &[
                "session-cookie-max-age: `1d` is not valid, so the controller uses session-cookie-expires: expected a number of seconds",
            ],
        ),
        (
            Some("60"),
            Some("1d"),
            Some(60),
            &[
                "session-cookie-expires: `1d` is not valid, so the controller uses session-cookie-max-age: expected a number of seconds",
            ],
        ),
        (
            None,
            Some("1d"),
            None,
            &[
                "session-cookie-expires: `1d` is not valid, so the controller uses the browser's session: expected a number of seconds",
            ],
        ),
    ];
    for (max_age, expires, age, findings) in rows {
        let ages = [("session-cookie-max-age", max_age), ("session-cookie-expires", expires)];
        let ages = ages.into_iter().filter_map(|(name, value)| Some((name, value?)));
        let stable = util::annotations([("affinity", "cookie")].into_iter().chain(ages));
        let reading =
            read(&Annotations::new(util::annotations([("canary", "true")]), stable), &Flags::default()).unwrap();
        let Affinity::Cookie(cookie) = reading.policy.affinity() else { panic!("{max_age:?} {expires:?}") };
        assert_eq!(cookie.max_age(), age, "{max_age:?} {expires:?}");
        assert_eq!(texts(&reading.findings), findings, "{max_age:?} {expires:?}");
    }
}

/// Without the validation the controller keeps line ends, and a value that consists of them is a value.
#[test]
fn a_value_of_line_ends_is_kept_without_the_validation() {
    let parsed = |value: &str, validation| {
        let annotations = util::annotations([("canary", "true"), ("canary-by-header-value", value)]);
        let parsed = parse(&annotations, &Flags::default().with_validation(validation));
        (parsed.config.unwrap().header_value, texts(&parsed.findings))
    };
    let no_name =
        |value: &str| format!("canary-by-header-value: `{value}` is ignored, because canary-by-header names no header");
    assert_eq!(parsed("\n", false), ("\n".to_owned(), vec![no_name(r"\n")]));
    let trimmed = r"canary-by-header-value: the controller removes the white space at the ends of ` \n `".to_owned();
    assert_eq!(parsed(" \n ", false), ("\n".to_owned(), vec![trimmed, no_name(r"\n")]));
    let refused =
        "is not valid, so the controller uses the values always and never: expected letters, digits, spaces and -._~/:";
    assert_eq!(parsed("\n", true), (String::new(), vec![format!(r"canary-by-header-value: `\n` {refused}")]));
    assert_eq!(parsed("  ", false), (String::new(), vec![format!("canary-by-header-value: `  ` {refused}")]));
}

/// Each row is the annotations of a canary Ingress, and the error.
#[test]
fn annotations_that_are_no_policy_are_an_error() {
    let rows: &[(&[(&str, &str)], &str)] = &[
        (&[], "canary: the annotation is not true, so the Ingress is not a canary"),
        (&[("canary", "false")], "canary: the annotation is not true, so the Ingress is not a canary"),
        (&[("canary-weight", "-5")], "canary: the annotation is not true, so the Ingress is not a canary"),
        (
            &[("canary", "yes"), ("canary-weight", "5")],
            "the annotation canary does not contain a valid configuration: configured but not enabled",
        ),
        (
            &[("canary", "true"), ("canary-by-header", "a"), ("canary-by-header-pattern", "a++")],
            "canary-by-header-pattern: the pattern `a++` is refused at byte 2: a quantifier follows a quantifier, which PCRE reads as possessive or refuses",
        ),
        (
            &[("canary", "true"), ("canary-weight-total", "9999999999")],
            "canary-weight-total: 9999999999 is not a total: expected 1 to 4294967295",
        ),
    ];
    for (canary, why) in rows {
        let annotations = Annotations::new(util::annotations(canary.iter().copied()), BTreeMap::new());
        assert_eq!(read(&annotations, &Flags::default()).unwrap_err().to_string(), *why);
    }
}

/// Each row is a policy, its annotations on the canary and on the stable Ingress, and its losses.
#[test]
fn policies_are_written_as_annotations() {
    type Pairs<'a> = &'a [(&'a str, &'a str)];
    let rows: &[(&str, Pairs<'_>, Pairs<'_>, &[&str])] = &[
        ("canaries: [{ weight: 30 }]", &[("canary-weight", "30")], &[], &[]),
        (
            "{ total: 1000, canaries: [{ weight: 5 }] }",
            &[("canary-weight", "5"), ("canary-weight-total", "1000")],
            &[],
            &[],
        ),
        ("{ total: 10, canaries: [{ weight: 3 }] }", &[("canary-weight", "30")], &[], &[]),
        (
            "{ total: 3, canaries: [{ weight: 1 }] }",
            &[("canary-weight", "34"), ("canary-weight-total", "102")],
            &[],
            &[],
        ),
        (
            "{ total: 99, canaries: [{ weight: 99 }] }",
            &[("canary-weight", "198"), ("canary-weight-total", "198")],
            &[],
            &[],
        ),
        ("{ total: 1, canaries: [{ weight: 1 }] }", &[("canary-weight", "100")], &[], &[]),
        ("canaries: [{ header: { name: x-c } }]", &[("canary-weight", "0"), ("canary-by-header", "x-c")], &[], &[]),
        (
            "canaries: [{ header: { name: x-c, value: always b } }]",
            &[("canary-weight", "0"), ("canary-by-header", "x-c"), ("canary-by-header-value", "always b")],
            &[],
            &[],
        ),
        (
            "canaries: [{ header: { name: x-c, pattern: '^v[0-9]+$' } }]",
            &[("canary-weight", "0"), ("canary-by-header", "x-c"), ("canary-by-header-pattern", "^v[0-9]+$")],
            &[],
            &[],
        ),
        (
            "canaries: [{ header: { name: x-c, value: 'a,b' } }]",
            &[("canary-weight", "0")],
            &[],
            &[
                "canaries[0].header: `x-c = a,b` is refused, so it is left out: ingress-nginx accepts only letters, digits, spaces and -._~/:",
            ],
        ),
        (
            "canaries: [{ header: { name: x-c, value: '' } }]",
            &[("canary-weight", "0")],
            &[],
            &["canaries[0].header: `x-c = ` is left out: ingress-nginx reads an empty value as no value"],
        ),
        (
            "canaries: [{ header: { name: x-c, pattern: 'a{1,3}' } }]",
            &[("canary-weight", "0")],
            &[],
            &[
                r"canaries[0].header: `x-c ~ a{1,3}` is refused, so it is left out: ingress-nginx accepts only letters, digits and -._~/:^$[](){}*+?|&=\",
            ],
        ),
        (
            "canaries: [{ header: { name: x_c } }]",
            &[("canary-weight", "0")],
            &[],
            &[
                "canaries[0].header: `x_c` is refused, so it is left out: nginx drops request headers whose names have other characters than letters, digits and -",
            ],
        ),
        ("canaries: [{ cookie: { name: c } }]", &[("canary-weight", "0"), ("canary-by-cookie", "c")], &[], &[]),
        (
            "canaries: [{ cookie: { name: c, value: always } }]",
            &[("canary-weight", "0")],
            &[],
            &["canaries[0].cookie: `c = always` is left out: ingress-nginx reads only always and never in a cookie"],
        ),
        (
            "canaries: [{ cookie: { name: c, pattern: 'a|b' } }]",
            &[("canary-weight", "0")],
            &[],
            &["canaries[0].cookie: `c ~ a|b` is left out: ingress-nginx reads only always and never in a cookie"],
        ),
        (
            "canaries: [{ cookie: { name: c!d } }]",
            &[("canary-weight", "0")],
            &[],
            &[
                "canaries[0].cookie: `c!d` is refused, so it is left out: ingress-nginx accepts only letters, digits, spaces and -._~/:",
            ],
        ),
        (
            "canaries: [{ name: a, weight: 1 }, { name: b, weight: 2, header: { name: x-b, value: c } }]",
            &[("canary-weight", "1")],
            &[],
            &["canaries[1]: `b: 2, x-b = c` is left out: ingress-nginx has one canary per path"],
        ),
        (
            "{ canaries: [{}], affinity: { cookie: { name: r } } }",
            &[("canary-weight", "0")],
            &[("affinity", "cookie"), ("session-cookie-name", "r")],
            &[],
        ),
        (
            "{ canaries: [{}], affinity: { cookie: { name: r, pins: stable, maxAge: 60, path: '/a b', domain: a.test, sameSite: Lax, secure: true } } }",
            &[("canary-weight", "0"), ("affinity-canary-behavior", "legacy")],
            &[
                ("affinity", "cookie"),
                ("session-cookie-name", "r"),
                ("session-cookie-max-age", "60"),
                ("session-cookie-path", "/a b"),
                ("session-cookie-domain", "a.test"),
                ("session-cookie-samesite", "Lax"),
                ("session-cookie-secure", "true"),
            ],
            &[],
        ),
        (
            "{ canaries: [{}], affinity: { cookie: { name: r, precedence: afterRules, revision: '7', path: '/(a)' } } }",
            &[("canary-weight", "0")],
            &[("affinity", "cookie"), ("session-cookie-name", "r")],
            &[
                "affinity.cookie.precedence: `afterRules` becomes `beforeRules`: in ingress-nginx the affinity cookie beats every rule",
                "affinity.cookie.revision: `7` is left out: an affinity cookie of ingress-nginx names a backend and has no revision",
                "affinity.cookie.path: `/(a)` is refused, so it is left out: ingress-nginx accepts only letters, digits, spaces and -._~/:,?&=",
            ],
        ),
        (
            "{ canaries: [{}], affinity: { cookie: { name: r!s } } }",
            &[("canary-weight", "0")],
            &[],
            &[
                "affinity: `r!s` is refused, so it is left out: ingress-nginx accepts only letters, digits, spaces and -._~/:",
            ],
        ),
        (
            "{ canaries: [{}], affinity: { key: { header: x-user } } }",
            &[("canary-weight", "0")],
            &[],
            &[
                "affinity: `key header x-user` is left out: ingress-nginx chooses the variant of each request anew, whoever sends it",
            ],
        ),
    ];
    for (written, canary, stable, losses) in rows {
        let conversion = annotations(&policy(written), &Prefix::default());
        let canary = util::annotations([("canary", "true")].into_iter().chain(canary.iter().copied()));
        assert_eq!(conversion.output.canary, canary, "{written}");
        assert_eq!(conversion.output.stable, util::annotations(stable.iter().copied()), "{written}");
        assert_eq!(texts(&conversion.losses), *losses, "{written}");
    }
}

#[test]
fn annotations_may_have_another_prefix() {
    let prefix = Prefix::new("higress.io").unwrap();
    let written = annotations(&policy("canaries: [{ weight: 30 }]"), &prefix).exact().unwrap();
    assert!(written.canary.keys().all(|key| key.starts_with("higress.io/canary")));
    assert!(read(&written, &Flags::default()).is_err());
    assert!(read(&written, &Flags::default().with_prefix(prefix)).is_ok());
}

#[test]
fn a_stable_ingress_that_is_a_canary_is_an_error() {
    let canary = || util::annotations([("canary", "true")]);
    let error = read(&Annotations::new(canary(), canary()), &Flags::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "canary: the annotation is true on the stable Ingress, but a canary Ingress answers no request on its own"
    );
}

/// A boolean that says false in a word of Go's is no finding; in another word it is one.
#[test]
fn a_boolean_is_a_word_of_gos() {
    let reading = |secure: &str| {
        let stable = util::annotations([
            ("affinity", "cookie"),
            ("affinity-mode", "persistent"),
            ("session-cookie-secure", secure),
        ]);
        read(&Annotations::new(util::annotations([("canary", "true")]), stable), &Flags::default()).unwrap()
    };
    let secure = |secure: &str| {
        let reading = reading(secure);
        let Affinity::Cookie(cookie) = reading.policy.affinity() else { panic!("an affinity cookie") };
        (cookie.secure(), texts(&reading.findings))
    };
    let (_, without) = secure("true");
    for (words, expected) in [("1 t T TRUE true True", true), ("0 f F FALSE false False", false)] {
        for word in words.split(' ') {
            assert_eq!(secure(word), (expected, without.clone()), "{word}");
        }
    }
    for word in ["yes", "tRUE", "", " true", "01"] {
        let (is_secure, findings) = secure(word);
        assert!(!is_secure && findings.len() == without.len() + 1, "{word:?}: {findings:?}");
    }
}

/// No annotation holds the name of the canary, so the program that reads them gives it.
#[test]
fn a_canary_has_the_name_that_is_given() {
    let canary = util::annotations([("canary", "true"), ("canary-weight", "5")]);
    let annotations = Annotations::new(canary, BTreeMap::new());
    let name = |annotations: &Annotations| {
        read(annotations, &Flags::default()).unwrap().policy.canaries()[0].name().as_str().to_owned()
    };
    assert_eq!(name(&annotations), "canary");
    assert_eq!(name(&annotations.with_name("next".parse().unwrap())), "next");
}

/// Each row is an age in seconds, the age that the policy has, and the kind of finding.
#[test]
fn an_age_has_the_bounds_of_a_policy() {
    for (age, expected, finding) in [
        ("0", Some(0), None),
        ("-1", Some(0), Some("age-below-zero")),
        ("4294967295", Some(u32::MAX), None),
        ("4294967296", None, Some("outside-policy")),
    ] {
        for annotation in ["session-cookie-max-age", "session-cookie-expires"] {
            let stable =
                util::annotations([("affinity", "cookie"), ("affinity-mode", "persistent"), (annotation, age)]);
            let annotations = Annotations::new(util::annotations([("canary", "true")]), stable);
            let reading = read(&annotations, &Flags::default()).unwrap();
            let Affinity::Cookie(cookie) = reading.policy.affinity() else { panic!("an affinity cookie") };
            let of_age = reading.findings.iter().filter(|finding| finding.annotation.as_str() == annotation);
            assert_eq!(cookie.max_age(), expected, "{annotation} {age}");
            assert!(of_age.map(|finding| finding.code()).eq(finding), "{annotation} {age}: {:?}", reading.findings);
        }
    }
}

/// Without annotations, the controller has these values.
#[test]
fn a_config_without_annotations_has_the_defaults() {
    let parsed = parse(&BTreeMap::new(), &Flags::default());
    assert_eq!(parsed.config.unwrap(), Config::default());
    assert_eq!((Config::default().enabled, Config::default().weight_total), (false, 100));
    assert_eq!((Config::default().weight, Config::default().effective_total()), (0, 100));
}

/// Each row is a prefix, and whether an annotation can have it.
#[test]
fn a_prefix_has_the_characters_of_a_key() {
    let (longest, too_long) = ("a".repeat(253), "a".repeat(254));
    let rows = [
        ("nginx.org", true),
        ("A-b_c/d.1", true),
        (&*longest, true),
        (&*too_long, false),
        ("", false),
        ("a b", false),
        ("a:b", false),
    ];
    for (text, valid) in rows {
        assert_eq!(Prefix::new(text).is_ok(), valid, "{text}");
    }
    assert_eq!(Prefix::new("a b").unwrap_err().code(), "prefix");
}
