//! Patterns: every engine reads an accepted pattern alike, and every other pattern is refused.

use canary_policy::{Canary, HeaderRule, Match, Pattern, Policy, Reason, Sample, Selector, Total};

use crate::util::golden::golden;
use crate::util::pattern::PATTERNS;

#[test]
fn patterns_that_engines_read_alike_are_accepted() {
    let taken = [
        "beta",
        "^v[0-9]+$",
        "a|b",
        "(?:a|b)c",
        "(a)(b)",
        "(?i)beta",
        "(?i:beta)x",
        "(?s).",
        "(?P<name>a)",
        r"\d\w\s\D\W\S",
        r"\bword\b",
        r"\Astart\z",
        "x*?",
        "x{2}",
        "x{2,3}?",
        r"\x41",
        r"\.\-\/\_",
        "[[:alpha:]]",
        "[^[:digit:]x]",
        "[]a]",
        "[^]a]",
        "[.]",
        "[:]",
        "[=]",
        "[a-z-]",
        "[+-.]",
        "(a{2}){3}",
        "^x{1000}",
        "()",
        "a||b",
        "(|a)",
        "[--]",
        "[---]",
        "[]-]",
        "[.[:alnum:].]",
        "^[a-z]{1000}",
        "^(?:[a-z][a-z]){900}",
        "}",
        "]",
    ];
    for text in taken {
        assert!(Pattern::new(text).is_ok(), "{text}: {:?}", Pattern::new(text));
    }
}

/// Each row is a pattern, the byte at which it is refused, and the reason.
#[test]
fn patterns_that_engines_read_differently_are_refused() {
    let look = "look-around, including look-ahead and look-behind, is not supported";
    let twice = "a quantifier follows a quantifier, which PCRE reads as possessive or refuses";
    let assertion = "a quantifier follows an assertion, which PCRE refuses";
    let flags = "only the flags i, m, s and U mean the same to every engine";
    let unknown = "unrecognized escape sequence";
    let nested = "PCRE and RE2 read a class inside a class as a literal `[`";
    let operators = "PCRE and RE2 read set operators as literal text";
    let named = "a named class is valid only inside a class, as in `[[:alpha:]]`";
    let often = "RE2 refuses more than 1000 repetitions, and nested ones are multiplied";
    let code_point = "a code point is one byte in PCRE and several bytes elsewhere";
    let first = "PCRE and RE2 read the first `-` or `]` as the start of a range: put it last, or escape it";
    let large = "the pattern is too large for PCRE, which copies repeated groups";
    let ascii = "only printable ASCII means the same to every engine";
    let boundary = "only one engine has half and named word boundaries";
    let back = "backreferences are not supported";
    let rows = [
        ("(?=a)b", 0, look),
        ("(?!a)", 0, look),
        ("(?<=a)b", 0, look),
        ("(?<!a)b", 0, look),
        (r"(a)\1", 3, back),
        (r"(a)\g{1}", 3, unknown),
        (r"\101", 0, back),
        ("a++", 2, twice),
        ("a*+", 2, twice),
        ("a?+", 2, twice),
        ("a{2}+", 4, twice),
        ("a**", 2, twice),
        ("a{2}{3}", 4, twice),
        ("^*", 1, assertion),
        ("a$+", 2, assertion),
        (r"\b?", 2, assertion),
        ("(?>a)", 2, "the flag does not exist, or only PCRE has this kind of group"),
        ("(?|a)", 2, "the flag does not exist, or only PCRE has this kind of group"),
        ("(?R)", 2, flags),
        ("(?1)", 2, "the flag does not exist, or only PCRE has this kind of group"),
        ("(?u)a", 2, flags),
        ("(?-u)a", 3, flags),
        ("(?x)a", 2, flags),
        ("(?x:a)", 2, flags),
        (r"\Qa\E", 0, unknown),
        (r"a\K", 1, unknown),
        (r"\Ga", 0, unknown),
        (r"a\Z", 1, unknown),
        (r"\h", 0, unknown),
        (r"\R", 0, unknown),
        (r"\N", 0, unknown),
        (r"\v", 0, r"`\v` is any vertical space in PCRE and one character elsewhere"),
        (r"[\v]", 1, r"`\v` is any vertical space in PCRE and one character elsewhere"),
        (r"\x{e9}", 0, code_point),
        (r"\u0041", 0, code_point),
        (r"[\x{41}-z]", 1, code_point),
        ("é", 0, ascii),
        ("a\tb", 1, ascii),
        ("[a[b]]", 2, nested),
        ("[[b]", 0, "unclosed character class"),
        ("[a&&b]", 1, operators),
        ("[a--b]", 1, operators),
        ("[a~~b]", 1, operators),
        ("[--9]", 0, first),
        ("[^--9]", 0, first),
        ("[]-a]", 0, first),
        ("[^]-a]", 0, first),
        ("[.-[:alpha:]]", 3, "PCRE can read an unescaped `[` at the end of a range as the start of a named class"),
        ("a{ 2 }", 1, "PCRE reads a counted repetition with spaces in it as literal text"),
        ("(?P<a.b>x)", 0, "PCRE takes group names of up to 32 letters, digits and _"),
        ("(?:[a-z][a-z]){915}", 8, large),
        ("(?:([a-z])([0-9])){745}", 11, large),
        ("(?:[a-z]x){1000}(?:[a-z]x){1000}", 19, large),
        ("[:alpha:]", 0, named),
        ("[.x.]", 0, named),
        ("[=x=]", 0, named),
        ("[[.x.]]", 1, nested),
        (r"\b{start}", 0, boundary),
        (r"\<a", 0, boundary),
        (r"\b{end-half}", 0, boundary),
        ("x{1001}", 1, often),
        ("(x{40}){40}", 2, often),
        ("a{b}", 2, "repetition quantifier expects a valid decimal"),
        ("(a", 0, "unclosed group"),
        ("a)", 1, "unopened group"),
        ("[z-a]", 1, "invalid character class range, the start must be <= the end"),
        ("+a", 0, "repetition operator missing expression"),
        (r"a[\p{Lu}]", 2, "a Unicode class matches characters where PCRE matches bytes"),
        (r"\pL", 0, "a Unicode class matches characters where PCRE matches bytes"),
    ];
    for (text, at, why) in rows {
        let shown = text.replace('\t', r"\t");
        let error = Pattern::new(text).expect_err(text).to_string();
        let start = format!("the pattern `{shown}` is refused at byte {at}: ");
        assert!(error.starts_with(&start) && error.contains(why), "{text}: {error}");
    }
}

#[test]
fn the_size_of_a_pattern_is_bounded() {
    assert_eq!(Pattern::new("").unwrap_err().to_string(), "the pattern has 0 bytes: expected 1 to 4096");
    let long = "a".repeat(200 * 1024);
    assert_eq!(Pattern::new(&long).unwrap_err().to_string(), "the pattern has 204800 bytes: expected 1 to 4096");
    assert!(Pattern::new(&"0123456789abcdef".repeat(256)).is_ok());
    let large = format!("^{}", "[acegikmo]{1000}".repeat(15));
    let error = Pattern::new(&large).unwrap_err().to_string();
    assert!(error.ends_with("needs more than 1048576 bytes when compiled"), "{error}");
    let deep = format!("{}a{}", "(".repeat(101), ")".repeat(101));
    assert!(Pattern::new(&deep).is_err());
}

/// Each row is a pattern, a value and whether the pattern matches: anywhere in the value, byte by byte, with ASCII classes.
#[test]
fn a_pattern_matches_anywhere_in_the_bytes_of_a_value() {
    let rows: &[(&str, &[u8], bool)] = &[
        ("eta", b"beta-1", true),
        ("^eta", b"beta", false),
        ("^$", b"", true),
        ("x*", b"", true),
        ("^.{3}$", "é3".as_bytes(), true),
        (r"^\w+$", "é".as_bytes(), false),
        (r"^\d$", "٣".as_bytes(), false),
        ("(?i)BETA", b"beta", true),
        (r"^\xff$", b"\xff", true),
        ("^a.b$", b"a\xffb", true),
    ];
    for (text, value, found) in rows {
        let rule = HeaderRule::new("x", Match::Pattern(Pattern::new(text).unwrap())).unwrap();
        let canary = Canary::new("canary", 0).unwrap().with_header(rule);
        let selector = Selector::new(&Policy::new([canary], Total::default()).unwrap());
        let reason = selector.select(&[("x", value)], Sample::MIN).reason;
        assert_eq!(reason == Reason::Header, *found, "{text} in {value:?}");
    }
}

/// The golden file has the cost of each pattern.
#[test]
fn costs_are_those_of_the_golden_file() {
    let mut all = String::new();
    let further = [
        "abcdefghijklmnopqrstuvwxyz",
        "^abcdefghijklmnopqrstuvwxyz$",
        "a.{0,100}c",
        "^a.{0,100}c$",
        "^[a-z]{3,1000}$",
        "[a-z]{3,30}",
        "(?:ab|cd|ef){5}",
        "foo|bar|baz",
        "^(?:foo|bar|baz)$",
        "(?:foo|bar|baz)+",
        "foo|b.r",
        "(?i)foo|bar",
        "a{100}",
        "^a{100}$",
        "(?:a{3}|b{5}){7}",
        "(?:a?){30}",
        "a*b*c*",
        r"\w+@\w+",
        r"^\w+@\w+$",
    ];
    for text in PATTERNS.into_iter().chain(further) {
        all += &format!("{text}: {}\n", Pattern::new(text).unwrap_or_else(|error| panic!("{error}")).cost());
    }
    golden("pattern_costs.txt", &all);
}

/// RE2 takes at most 1000 repetitions, and multiplies nested ones. Each row is a pattern, and whether it is accepted.
#[test]
fn repetitions_have_the_bound_of_re2() {
    for (text, accepted) in [
        ("^a{0,1000}$", true),
        ("^a{0,1001}$", false),
        ("^a{1000}$", true),
        ("^a{1001}$", false),
        ("^a{1000,}$", true),
        ("^a{1001,}$", false),
        ("^(?:a{100}){10}$", true),
        ("^(?:a{100}){11}$", false),
    ] {
        assert_eq!(Pattern::new(text).is_ok(), accepted, "{text}");
    }
}

/// PCRE copies a repeated group, and needs 65535 bytes at most. Each row is a pattern of exactly the size that is accepted, by the
/// sizes that PCRE has for its parts. One more byte, as for `.`, is too much.
#[test]
fn the_size_for_pcre_is_bounded() {
    for (group, literals) in [("^(?:[a-z][a-z]){900}", 99), ("^(?:[a-z]b|[0-9]c){822}", 30)] {
        let largest = format!("{group}{}", "a".repeat(literals));
        assert!(Pattern::new(&largest).is_ok(), "{:?}", Pattern::new(&largest));
        let error = Pattern::new(&format!("{largest}.")).unwrap_err().to_string();
        assert!(error.contains("the pattern is too large for PCRE"), "{error}");
    }
}
