//! Bounds: a small policy can neither exhaust memory nor make a decision slow, and many problems make a short message.

use allocation_counter::measure;
use canary_policy::{Pattern, Policy, Sample, Selector, Spec};
use serde_json::json;

use crate::util::{policy, problems};

/// A spec of this many canaries with this pattern in both of their rules.
fn with_patterns(count: usize, pattern: &str) -> Spec {
    let rule = json!({ "name": "x-a", "pattern": pattern });
    let canary = |index: usize| json!({ "name": format!("c{index}"), "header": rule, "cookie": rule });
    serde_json::from_value(json!({ "canaries": (0..count).map(canary).collect::<Vec<_>>() })).unwrap()
}

/// A value of `x` and `z`, in which hardly any sequence of 20 bytes occurs twice.
fn irregular_value() -> Vec<u8> {
    let mut bits = 1_u64;
    let mut next = || {
        bits = bits.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        if bits >> 63 == 0 { b'x' } else { b'z' }
    };
    (0..20_000).map(|_| next()).collect()
}

fn errors(spec: Spec) -> Vec<String> {
    Policy::try_from(spec).unwrap_err().problems.iter().map(ToString::to_string).collect()
}

/// 244 KiB of JSON took 6.8 s and 2.4 GiB, and 1.1 GiB more in each thread.
#[test]
fn a_small_policy_does_not_exhaust_memory() {
    let within_the_bound_of_one = "x.{0,120}y";
    assert_eq!(Pattern::new(within_the_bound_of_one).unwrap().cost(), 242);
    assert_eq!(
        errors(with_patterns(9, within_the_bound_of_one)),
        ["canaries: the patterns of all rules cost 4356 together: expected at most 4096"]
    );
    assert!(Policy::try_from(with_patterns(8, within_the_bound_of_one)).is_ok());
    // The sum may be as large as the bound.
    let largest = "a.{0,255}c";
    assert_eq!(Pattern::new(largest).unwrap().cost(), Pattern::MAX_COST);
    assert!(Policy::try_from(with_patterns(4, largest)).is_ok());
    assert_eq!(errors(with_patterns(5, largest)).len(), 1);
    assert_eq!(errors(with_patterns(1_001, "a")), ["canaries: the policy has 1001 canaries: expected 1 to 1000"]);

    // The largest policies: many patterns, costly ones and long ones. The request has a value for both rules.
    let value = irregular_value();
    let cookie = [b"x-a=", value.as_slice()].concat();
    let words: Vec<String> = (0..500).map(|n| format!("w{n:05}")).collect();
    let long = format!("^({})$", words.join("|"));
    let rows = [(1_000, "xy".to_owned()), (8, "x.{0,120}y".to_owned()), (4, long)];
    for (canaries, pattern) in rows {
        let policy = Policy::try_from(with_patterns(canaries, &pattern)).unwrap();
        let mut selector = None;
        let compiled = measure(|| selector = Some(Selector::new(&policy))).bytes_max;
        let selector = selector.unwrap();
        let lines = [("x-a", value.as_slice()), ("cookie", cookie.as_slice())];
        let decided = measure(|| drop(selector.select(&lines, Sample::MIN))).bytes_max;
        let (compiled, decided) = (compiled >> 20, decided >> 20);
        assert!(
            compiled < 16 && decided < 32,
            "{canaries} canaries: {compiled} MiB compiled, {decided} MiB in a thread"
        );
    }
}

/// What a thread remembers of searches is bounded for each pattern, and for all patterns of a policy together. The patterns and the
/// value have so many states that they would fill any memory.
#[test]
fn the_memory_of_searches_is_bounded() {
    let value = irregular_value();
    let remembered = |canaries: usize, pattern: &str| {
        let selector = Selector::new(&Policy::try_from(with_patterns(canaries, pattern)).unwrap());
        let cookie = [b"x-a=", value.as_slice()].concat();
        let lines = [("x-a", value.as_slice()), ("cookie", cookie.as_slice())];
        measure(|| drop(selector.select(&lines, Sample::MIN))).bytes_max >> 10
    };
    // Two patterns have 32 KiB each for what a search finds out, and less for what it has at hand. Without the former, a search
    // would take many times longer.
    for pattern in ["[xw].{0,8}[yv]", "[xw].{0,60}[yv]"] {
        let of_two = remembered(1, pattern);
        assert!((64..128).contains(&of_two), "{pattern}: {of_two} KiB");
    }
    // From 64 patterns on, they share what 64 have.
    let (of_64, of_200) = (remembered(32, "[xw].{0,8}[yv]"), remembered(100, "[xw].{0,8}[yv]"));
    assert!(of_64 < 4096 && of_200 < 4096, "64 patterns: {of_64} KiB, 200 patterns: {of_200} KiB");
}

/// Each row is a pattern, and its cost or the start of the error.
#[test]
fn the_cost_of_a_pattern_is_bounded() {
    let long_list: Vec<String> = (0..400).map(|n| format!("{:05x}", n * 7_919)).collect();
    let long_list = long_list.join("|");
    let rows: &[(&str, Result<u32, &str>)] = &[
        ("a", Ok(1)),
        ("^v[0-9]+$", Ok(3)),
        ("beta|gamma", Ok(3)),
        ("a.{0,250}c", Ok(502)),
        ("a.{0,1000}c", Err("costs 2002: expected at most 512")),
        ("a.{600}c", Err("costs 602: ")),
        ("^a.{0,1000}c", Ok(63)),
        ("^.*a.{0,1000}c", Err("costs ")),
        ("^[a-z]{3,1000}$", Ok(63)),
        ("^[a-z]{1,64}@[a-z]{1,63}[.][a-z]{2,63}$", Ok(254)),
        (&"Firefox/1[0-9]".repeat(100), Ok(300)),
        ("aaaaaaaa", Ok(8)),
        ("abcdabcd", Ok(3)),
        (&long_list, Ok(483)),
        (&format!("^(?:{long_list})$"), Ok(143)),
        ("^(?:[a-z]|[0-9])*(?:x{400}|y{400})", Err("costs 803: ")),
        ("(?i)beta", Ok(4)),
        // A class with many ranges takes longer to compare.
        ("[acegikmoqsuwy]", Ok(2)),
        // The names that begin with the same letter stay active, in groups or not.
        ("^(?:ab.*|ac.*|bd.*|ce.*)", Ok(5)),
        ("^(?:(ab)|(ac)|(bd)|(ce))", Ok(7)),
        // The second part can begin at as many bytes as the first part has lengths.
        ("^a{0,3}b{0,9}c", Ok(11)),
        // A long text costs a 32nd of its length.
        (&format!("^{}", "0123456789".repeat(64)), Ok(21)),
    ];
    for (text, expected) in rows {
        let cost = Pattern::new(text).map(|pattern| pattern.cost()).map_err(|error| error.to_string());
        match (&cost, expected) {
            (Ok(cost), Ok(expected)) if cost == expected => {}
            (Err(error), Err(expected)) if error.contains(expected) => {}
            _ => panic!("{cost:?} of {text}"),
        }
    }
}

/// 20,000 canaries with a mistake in each made an error of 4.6 MB.
#[test]
fn many_problems_make_a_short_message() {
    let canaries = |count| {
        let canaries: Vec<_> = (0..count).map(|_| json!({ "name": "A B", "weight": -1 })).collect();
        Policy::try_from(serde_json::from_value::<Spec>(json!({ "canaries": canaries })).unwrap()).unwrap_err()
    };
    let error = canaries(1_000);
    assert_eq!(error.problems.len(), 2_000);
    let text = error.to_string();
    assert!(text.len() < 4_000 && text.ends_with("\nand 1980 more problems"), "{text}");
    assert_eq!(canaries(20_000).to_string(), "canaries: the policy has 20000 canaries: expected 1 to 1000");
}

/// Values that are not in the schema are problems with a field, beside all other problems.
#[test]
fn a_value_of_a_wrong_type_hides_no_other_problem() {
    let integer = "is given: expected a whole number of at most 64 bits";
    let yaml = "
        total: [100]
        canaries:
        - { name: a, weight: 5.5, header: x-canary }
        - { name: A, weight: '5', cookie: { name: c, pattern: '(' } }
        - { name: c, weight: 99999999999999999999 }
        affinity: { cookie: { name: route, pins: all, precedence: first, sameSite: lax, secure: sometimes, maxAge: -1 } }";
    assert_eq!(
        problems(yaml),
        [
            &format!("total: a list {integer}"),
            &format!("canaries[0].weight: `5.5` {integer}"),
            "canaries[0].header: `x-canary` is given: expected an object",
            &format!("canaries[1].weight: the text `5` {integer}"),
            &format!("canaries[2].weight: `1e20` {integer}"),
            "affinity.cookie.secure: `sometimes` is given: expected true or false",
            "canaries[1].name: `A` is not a canary's name: expected 1 to 63 of a-z, 0-9 and -, with a letter or digit at both ends",
            "canaries[1].cookie.pattern: the pattern `(` is refused at byte 0: unclosed group",
            "affinity.cookie.precedence: `first` is not a precedence: expected `beforeRules` or `afterRules`",
            "affinity.cookie.pins: `all` is not what a cookie can pin: expected `everyone` or `stable`",
            "affinity.cookie.maxAge: -1 is not a max age: expected 0 to 4294967295 seconds",
            "affinity.cookie.sameSite: `lax` is not a SameSite: expected `Strict`, `Lax` or `None`",
        ]
    );
    // What could not be read has one problem only.
    assert_eq!(
        problems("{ canaries: [{ header: [] }, { name: b }], affinity: { cookie: 5 } }"),
        [
            "canaries[0].header: a list is given: expected an object",
            "affinity.cookie: `5` is given: expected an object",
            "canaries[0].name: the name is missing: if a policy has several canaries, each needs a name",
        ]
    );
    // Text is the exception: the format reports another type itself, with the place.
    let error = serde_json::from_str::<Spec>(r#"{ "canaries": [{ "name": [] }] }"#).unwrap_err().to_string();
    assert_eq!(error, "invalid type: sequence, expected text at line 1 column 25");
    assert_eq!(problems("canaries: 5"), ["canaries: `5` is given: expected a list"]);
    assert_eq!(problems("{ total: x, canaries: [{ weight: 200 }] }"), [format!("total: `x` {integer}")]);

    // A policy that is read at once has the same problems, and a spec with such values is not written without them.
    let json = json!({ "canaries": [{ "weight": 5.5, "name": "A" }] });
    let error = serde_json::from_value::<Policy>(json.clone()).unwrap_err().to_string();
    assert!(
        error.starts_with(&format!("canaries[0].weight: `5.5` {integer}\ncanaries[0].name: `A` is not")),
        "{error}"
    );
    let spec: Spec = serde_json::from_value(json).unwrap();
    assert_eq!(
        serde_json::to_value(&spec).unwrap_err().to_string(),
        "values of the spec could not be read: canaries[0].weight"
    );
}

/// A list is not read by the order of the fields.
#[test]
fn a_spec_is_not_read_from_lists() {
    let error = serde_json::from_str::<Spec>("[100, [{}], null]").unwrap_err().to_string();
    assert!(error.starts_with("a list is given: expected an object"), "{error}");
    let spec: Spec = serde_json::from_str(r#"{ "canaries": [["a", 5, null, null]], "affinity": [{}, null] }"#).unwrap();
    assert_eq!(
        errors(spec),
        ["canaries[0]: a list is given: expected an object", "affinity: a list is given: expected an object"]
    );
}

/// YAML needs no quotes around text, even if the text looks like a number.
#[test]
fn text_in_yaml_may_look_like_a_number() {
    let affinity = "affinity: { cookie: { name: route, revision: 007 } }";
    let policy = policy(&format!("{{ canaries: [{{ header: {{ name: x, value: 1_000 }} }}], {affinity} }}"));
    let Spec { canaries, affinity, .. } = Spec::from(&policy);
    assert_eq!(canaries[0].header.as_ref().unwrap().value.as_deref(), Some("1_000"));
    assert_eq!(affinity.unwrap().cookie.unwrap().revision.as_deref(), Some("007"));
}
