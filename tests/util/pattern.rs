//! Generated patterns, each with a value that it is likely to match.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// Patterns with every part of their syntax.
#[rustfmt::skip]
pub const PATTERNS: [&str; 79] = [
    "a", "^a$", "^a", "a$", "^abcdefgh$", "^a|b$", "^(?:a|b)$", "^(?:abc|abd|x)$", "^(?:a|b|c|d)$", "^(?:|a)$", "^(a)$", "^(ab|c)$",
    "^.$", "^..$", "^.*$", "^a.*b$", r"^\d$", r"^\D$", r"^\w$", r"^\W$", r"^\s$", r"^\S$", "^[ab]$", "^[a-cx-z]$", "^[^a]$", "^[^a-z0-9]$",
    r"^[\x80-\xff]$", r"^[\xe9]$", r"^[^\xe9]$", r"^[\x0b]$", r"^[^\x0b]$", r"^[\x09-\x0c]$", r"^\xe9$", r"^[k]$", r"^[^k]$", "^[[:alpha:]]$",
    "^(?i:a)$", "^(?i:k)$", "^(?i:s)$", "^(?i:ks)$", "^(?i:[k])$", "^(?i:[s])$", "^(?i:[a-z])$", "^(?i:[^k])$", "^(?i:[^s])$", r"^(?i:[\xe9])$",
    r"^(?i:\xe9)$", "^(?i:a(?-i:k)s)$", "^(?i:(?:k)s)$", "^(?i:a)k$",
    "^a*$", "^a+$", "^a?$", "^(?:ab)*$", "^(?:ab)+$", "^(?:ab)?$", "^a{3}$", "^a{0}b$", "^a{0,2}$", "^a{2,4}$", "^a{2,}$", "^(?:ab){3}$",
    "^(?:ab){2,4}$", "^(?:ab){2,}$", "^(?:ab){0,1}$", "^(?:a*)*$", "^(?:a*b)*$", "^(?:a*b)+$", "^(?:a*b){2}$", "^(?:a?){3}$", "^(?:a?b?)+$",
    "^(?:(?:a*b)c)+$", "^(?:a|b*)+$", r"^(?:\b)*a$", r"a\bb", "^(?:^a|b)$", "^a{20}$", r"^\w{3}[^;]{2}$", "(?:a{3}b){2}",
];

/// Patterns that backtrack without end, each with a value on which PCRE gives up.
pub const BACKTRACKING: [(&str, &str); 15] = [
    ("^(a+)+$", "23 times `a`, then `b`"),
    ("^(a*)*$", "23 times `a`, then `b`"),
    // PCRE tries both branches, although they are equal.
    ("^(?:a|a)*$", "24 times `a`, then `b`"),
    ("^(?:a|aa)+$", "33 times `a`, then `b`"),
    (r"^(?:\w+\s?)*$", "24 times `a`, then `!`"),
    ("^(?:a?b?)+$", "`a`, then 20 times `ba`, then `c`"),
    (r"(\xe9+)+$", r"23 times `\xe9`, then `a`"),
    // PCRE looks for the `b` before it tries, but not in a value of 1,000 bytes.
    ("(a+)+b", "1000 times `a`"),
    ("(?i:a+)+B", "1000 times `a`"),
    // The second branch matches every value, after PCRE has tried the first one.
    ("(?:(a+)+b|)", "1000 times `a`"),
    // The pattern matches in every value with an `a` behind the others.
    ("^(?:a|[^;]+)+a", "`a`, then 22 times `b`"),
    // A match can begin behind the first byte, where `^` does not match.
    ("^b|c|(?:[^b]+)+b$", "1000 times `a`"),
    // Not exponential, but the steps grow with the length.
    ("^.*.*x$", "4472 times `a`"),
    ("^a*a*a*a*a*$", "123 times `a`, then `b`"),
    ("^.*foo.*bar", "`a`, then 2582 times `foo`"),
];

/// Text that may be a pattern, and a value that was made along with it.
pub type Text = (String, Vec<u8>);

/// Patterns with every part of their syntax.
pub fn pattern() -> impl Strategy<Value = Text> {
    let anchored = (branches(3), 0..8_u8).prop_map(|((text, value), ends)| {
        let [start, end] =
            [(ends & 1 > 0, "^"), (ends & 2 > 0, "$")].map(|(has, anchor)| if has { anchor } else { "" });
        (format!("{start}{text}{end}"), value)
    });
    prop_oneof![4 => anchored, 1 => tokens()]
}

/// Patterns that compile to many instructions: a repetition of a small pattern. Without an anchor most of them cost too much.
pub fn large_pattern(most: u32) -> impl Strategy<Value = Text> {
    let times = (1..=most, 1..=most).prop_map(|(a, b)| a.min(b));
    (branches(1), times, select(vec!["", "^"])).prop_map(|((text, value), times, start)| {
        (format!("{start}(?:{text}){{{times}}}"), value.repeat(times.try_into().unwrap()))
    })
}

/// Anything that looks like a pattern, also text that is none.
fn tokens() -> impl Strategy<Value = Text> {
    let token = prop_oneof![
        4 => select(vec![
            "a", "b", "k", "S", "-", "]", "[", "[^", "(", "(?:", "(?i)", "(?i:", "(?s)", "(?m)", "(?U)", "(?P<n>", ")", "{", "}",
            "{2}", "{0,2}", "{1,}", ",", "*", "+", "?", "*?", "|", "^", "$", ".", ";", " ", "=", ":", "[:alpha:]", "[:^digit:]", "&&",
        ]),
        1 => select(vec![
            r"\d", r"\W", r"\s", r"\S", r"\b", r"\B", r"\A", r"\z", r"\Z", r"\x41", r"\xff", r"\x{41}", r"\n", r"\t", r"\v", r"\.", r"\-",
            r"\]", r"\Q", r"\E", r"\1", r"\pL", r"\_", r"\a", r"\0", r"\e", r"\h", r"\K", r"\/",
        ]),
        1 => "[ -~]".prop_map(|text| &*text.leak()),
    ];
    (vec(token, 1..8), "[abkSs; =-]{0,6}").prop_map(|(tokens, value)| (tokens.concat(), value.into_bytes()))
}

/// One or more branches, each with some parts.
fn branches(depth: u32) -> BoxedStrategy<Text> {
    let branch = vec(repeated(depth), 0..4).prop_map(|parts| {
        let (texts, values): (Vec<String>, Vec<Vec<u8>>) = parts.into_iter().unzip();
        (texts.concat(), values.concat())
    });
    let branches = (vec(branch, 1..3), any::<prop::sample::Index>()).prop_map(|(branches, chosen)| {
        let texts: Vec<&str> = branches.iter().map(|(text, _)| text.as_str()).collect();
        (texts.join("|"), branches[chosen.index(branches.len())].1.clone())
    });
    branches.boxed()
}

/// A part with a quantifier or without one.
fn repeated(depth: u32) -> impl Strategy<Value = Text> {
    let quantifier = prop_oneof![
        6 => Just((String::new(), 1)),
        1 => (select(vec!["*", "*?"]), 0..4_usize).prop_map(|(text, times)| (text.to_owned(), times)),
        1 => (select(vec!["+", "+?"]), 1..4_usize).prop_map(|(text, times)| (text.to_owned(), times)),
        1 => (select(vec!["?", "??"]), 0..2_usize).prop_map(|(text, times)| (text.to_owned(), times)),
        1 => (0..4_usize, 0..4_usize).prop_map(|(least, more)| (format!("{{{least},{}}}", least + more), least + more)),
        1 => (0..6_usize).prop_map(|times| (format!("{{{times}}}"), times)),
        1 => (0..3_usize).prop_map(|least| (format!("{{{least},}}"), least + 1)),
    ];
    (part(depth), quantifier)
        .prop_map(|((text, value), (quantifier, times))| (format!("{text}{quantifier}"), value.repeat(times)))
}

/// A character, a class, an assertion or a group.
fn part(depth: u32) -> BoxedStrategy<Text> {
    let single = prop_oneof![
        4 => "[a-zA-Z0-9 ;,=_/:@!#%&'~<>\"`-]".prop_map(|text| (text.clone(), text.into_bytes())),
        1 => select(vec![b'k', b'K', b's', b'S']).prop_map(|letter| (char::from(letter).to_string(), vec![letter.to_ascii_lowercase()])),
        1 => "[.*+?()|\\[\\]{}^$\\\\]".prop_map(|text| (format!("\\{text}"), text.into_bytes())),
        1 => any::<u8>().prop_map(|byte| (format!("\\x{byte:02x}"), vec![byte])),
        1 => any::<u8>().prop_map(|byte| (".".to_owned(), vec![byte])),
        1 => (select(vec![r"\d", r"\D", r"\w", r"\W", r"\s", r"\S"]), any::<u8>()).prop_map(|(text, byte)| (text.to_owned(), vec![byte])),
        1 => (select(vec![r"\d", r"\w", r"[0-9a-f]", "[[:alnum:]]", "[^;]", "[^a-j]"])).prop_map(|text| (text.to_owned(), b"7".to_vec())),
        2 => class(),
        1 => select(vec!["^", "$", r"\b", r"\B", r"\A", r"\z"]).prop_map(|text| (text.to_owned(), Vec::new())),
    ];
    if depth == 0 {
        return single.boxed();
    }
    let open = prop_oneof![3 => Just("(?:"), 2 => Just("("), 1 => Just("(?i:"), 1 => Just("(?s:"), 1 => Just("(?P<n>"), 1 => Just("(?i-s:")];
    let group = (open, branches(depth - 1)).prop_map(|(open, (text, value))| (format!("{open}{text})"), value));
    prop_oneof![4 => single, 1 => group].boxed()
}

/// A class of some members, and one of them.
fn class() -> impl Strategy<Value = Text> {
    let member = prop_oneof![
        3 => "[a-zA-Z0-9;,=_ ]".prop_map(|text| (text.clone(), text.into_bytes())),
        2 => select(vec![("a-f", b"c"), ("A-Z", b"K"), ("0-9", b"5"), (" -~", b"~"), ("j-t", b"s")]).prop_map(|(text, byte)| (text.to_owned(), byte.to_vec())),
        1 => (any::<u8>(), any::<u8>()).prop_map(|(a, b)| (format!("\\x{:02x}-\\x{:02x}", a.min(b), a.max(b)), vec![a])),
        1 => select(vec![(r"\d", b"5"), (r"\s", b" "), (r"\W", b"-"), ("[:punct:]", b"!"), ("[:^alpha:]", b"1"), (r"\]", b"]"), (r"\-", b"-"), (r"\\", b"\\")])
            .prop_map(|(text, byte)| (text.to_owned(), byte.to_vec())),
    ];
    (vec(member, 1..4), any::<bool>()).prop_map(|(members, negated)| {
        let text: String = members.iter().map(|(text, _)| text.as_str()).collect();
        if negated { (format!("[^{text}]"), b"\x80".to_vec()) } else { (format!("[{text}]"), members[0].1.clone()) }
    })
}

/// A value that may stand in a header line, and values close to it.
pub fn values_near(value: Vec<u8>) -> impl Strategy<Value = Vec<Vec<u8>>> {
    let edits = vec((0..5_u8, any::<prop::sample::Index>(), any::<u8>()), 4);
    edits.prop_map(move |edits| {
        let near = edits.into_iter().map(|(edit, at, byte)| {
            let mut near = value.clone();
            let at = at.index(near.len() + 1);
            match edit {
                0 => near.insert(at, byte),
                1 => near.truncate(at),
                2 => near.extend([b'x', byte]),
                3 => drop(near.drain(..at)),
                _ => near.iter_mut().skip(at).take(1).for_each(|found| *found ^= 0x20),
            }
            near
        });
        std::iter::once(value.clone()).chain(near).map(in_a_line).collect()
    })
}

/// The value without the bytes that no header line can have.
pub fn in_a_line(mut value: Vec<u8>) -> Vec<u8> {
    value.retain(|byte| !matches!(byte, b'\0' | b'\r' | b'\n'));
    value.truncate(4096);
    value
}
