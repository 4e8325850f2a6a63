//! Values from the bytes of a fuzzer: words that rules and targets know, and now and then any text.

use arbitrary::Unstructured;
use canary_policy::{Match, Policy, Spec};
use serde_json::{Value, json};

use crate::util::request::Lines;

/// The bytes of a fuzzer. When they end, every choice is the first one.
pub struct Input<'d>(Unstructured<'d>);

impl<'d> Input<'d> {
    pub fn new(data: &'d [u8]) -> Self {
        Input(Unstructured::new(data))
    }

    /// A number below this one.
    pub fn below(&mut self, bound: usize) -> usize {
        self.0.int_in_range(0..=bound.max(1) - 1).unwrap_or(0)
    }

    /// Whether something that happens once in so many times happens.
    pub fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == times - 1
    }

    pub fn pick<'w>(&mut self, words: &[&'w str]) -> &'w str {
        words[self.below(words.len())]
    }

    pub fn number(&mut self) -> u64 {
        self.0.arbitrary().unwrap_or(0)
    }

    /// Any text.
    pub fn any_text(&mut self) -> String {
        self.0.arbitrary::<&str>().unwrap_or_default().to_owned()
    }

    /// Any bytes.
    pub fn bytes(&mut self) -> Vec<u8> {
        self.0.arbitrary::<&[u8]>().unwrap_or_default().to_vec()
    }

    /// A word, or any text.
    pub fn text(&mut self, words: &[&str]) -> String {
        if self.one_in(8) { self.any_text() } else { self.pick(words).to_owned() }
    }

    /// A policy, if the spec that the bytes describe is valid.
    pub fn policy(&mut self) -> Option<Policy> {
        Policy::try_from(self.spec()?).ok()
    }

    /// A spec, which may be invalid.
    pub fn spec(&mut self) -> Option<Spec> {
        serde_json::from_value(self.spec_json()).ok()
    }

    fn spec_json(&mut self) -> Value {
        let total = [100, 1, 10, 1000, 4_294_967_295_u64][self.below(5)];
        let total = if self.one_in(4) { self.number() % 5_000_000_000 } else { total };
        let count = 1 + self.below(4);
        let mut rest = total;
        let canaries: Vec<Value> = (0..count)
            .map(|index| {
                let weight = [0, rest, rest / 2, 1.min(rest)][self.below(4)];
                let weight = if self.one_in(4) { self.number() % (rest + 1) } else { weight };
                rest -= weight;
                let mut canary = json!({"name": format!("c{index}"), "weight": weight});
                if count == 1 && self.below(2) == 0 {
                    canary["name"] = json!("canary");
                }
                if self.below(2) == 0 {
                    canary["header"] =
                        self.rule(&["x-canary", "x-user", "Host", "x_y", "cookie", "user-agent", "x-forwarded-for"]);
                }
                if self.below(2) == 0 {
                    canary["cookie"] = self.rule(&["c", "cohort", "C", "a.b", "__Host-c", "route"]);
                }
                canary
            })
            .collect();
        let mut spec = json!({"total": total, "canaries": canaries});
        match self.below(4) {
            0 => spec["affinity"] = json!({"cookie": self.cookie()}),
            1 => spec["affinity"] = json!({"key": self.key()}),
            _ => {}
        }
        spec
    }

    fn rule(&mut self, names: &[&str]) -> Value {
        let name = self.text(names);
        match self.below(3) {
            0 => json!({"name": name}),
            1 => json!({"name": name, "value": self.text(&["beta", "", "always", "a b", "v+1 (x)", "é", "a;b"])}),
            _ => json!({"name": name, "pattern": self.pattern()}),
        }
    }

    /// The text of a pattern, made of tokens.
    pub fn pattern(&mut self) -> String {
        if self.one_in(8) {
            return self.any_text();
        }
        const TOKENS: [&str; 40] = [
            "a",
            "b",
            "beta",
            "v",
            "1",
            "^",
            "$",
            ".",
            ".*",
            "[0-9]+",
            "[^;]",
            "[a-z]",
            r"\d",
            r"\w",
            r"\s",
            r"\S",
            r"\b",
            "|",
            "(",
            "(?:",
            ")",
            "(?i)",
            "(?s:",
            "*",
            "+",
            "?",
            "{2}",
            "{0,3}",
            "{100}",
            "[^a",
            "]",
            "-",
            r"\.",
            r"\x41",
            ";",
            "=",
            " ",
            "[[:alpha:]]",
            "x*?",
            ",",
        ];
        let count = 1 + self.below(7);
        (0..count).map(|_| self.pick(&TOKENS)).collect()
    }

    fn cookie(&mut self) -> Value {
        let mut cookie = json!({"name": self.text(&["route", "c", "__Host-r", "a b"])});
        let fields: [(&str, fn(&mut Self) -> Value); 8] = [
            ("precedence", |input| json!(input.pick(&["beforeRules", "afterRules"]))),
            ("pins", |input| json!(input.pick(&["everyone", "stable"]))),
            ("revision", |input| json!(input.text(&["7", "a.b", "x|y"]))),
            ("maxAge", |input| json!(input.number() % 5_000_000_000)),
            ("path", |input| json!(input.text(&["/", "/a", "/a%20b", "/a b"]))),
            ("domain", |input| json!(input.text(&["a.test", "example.com"]))),
            ("sameSite", |input| json!(input.pick(&["Lax", "Strict", "None"]))),
            ("secure", |input| json!(input.below(2) == 0)),
        ];
        for (field, value) in fields {
            if self.below(3) == 0 {
                cookie[field] = value(self);
            }
        }
        cookie
    }

    fn key(&mut self) -> Value {
        let kind = self.pick(&["header", "cookie"]);
        json!({kind: self.text(&["x-user", "uid"]), "salt": self.text(&["", "s", "checkout-2026"])})
    }

    /// A request that the rules of a policy look at, without what targets read differently: no header has two lines, no cookie is
    /// sent twice, and a value means the same in a line of cookies as alone.
    pub fn request(&mut self, policy: &Policy) -> Lines {
        let (mut headers, mut cookies): (Lines, Lines) = (Vec::new(), Vec::new());
        for canary in policy.canaries() {
            if let Some(rule) = canary.header().filter(|rule| rule.name() != "cookie") {
                headers.extend(self.line(rule.name().as_str(), rule.value_match()));
            }
            if let Some(rule) = canary.cookie() {
                cookies.extend(self.line(rule.name().as_str(), rule.value_match()));
            }
        }
        if let canary_policy::Affinity::Cookie(cookie) = policy.affinity() {
            let revision = cookie.revision().map(|revision| format!("{revision}.")).unwrap_or_default();
            let value = format!("{revision}{}", self.pick(&["stable", "canary", "c0", "c1", "x"]));
            if self.below(2) == 0 && is_plain(&value) {
                cookies.push((cookie.name().to_string(), value));
            }
        }
        for lines in [&mut headers, &mut cookies] {
            let mut seen: Vec<String> = Vec::new();
            lines.retain(|(name, _)| {
                let name = name.to_ascii_lowercase();
                !seen.contains(&name) && {
                    seen.push(name);
                    true
                }
            });
        }
        let cookies: Vec<String> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        headers.extend((!cookies.is_empty()).then(|| ("cookie".to_owned(), cookies.join("; "))));
        headers
    }

    /// A line that a rule may decide by, or none.
    fn line(&mut self, name: &str, value_match: &Match) -> Option<(String, String)> {
        let own = match value_match {
            Match::AlwaysNever => "never".to_owned(),
            Match::Exact(value) => value.clone(),
            Match::Pattern(pattern) => pattern.as_str().trim_matches(['^', '$']).replace("[0-9]+", "12"),
        };
        let value = match self.below(5) {
            0 => return None,
            1 => self.any_text(),
            2 => self.pick(&["always", "beta", "v1", "a"]).to_owned(),
            _ => own,
        };
        is_plain(&value).then(|| (name.to_owned(), value))
    }

    /// Header lines of any bytes, among them cookies of these names.
    pub fn raw_lines(&mut self, headers: &[&str], cookies: &[&str]) -> Vec<(String, Vec<u8>)> {
        let count = self.below(6);
        (0..count)
            .map(|_| match self.below(4) {
                0 => (self.pick(headers).to_owned(), self.bytes()),
                1 => (
                    self.pick(headers).to_owned(),
                    self.pick(&["always", "never", "a", "a, b", "stable", "canary"]).into(),
                ),
                2 => ("Cookie".to_owned(), self.bytes()),
                _ => {
                    let parts = 1 + self.below(8);
                    let separators = ["=", "; ", ";", ",", " ", "\t", "|", "stable", "canary", "always", "x"];
                    let words = [cookies, &separators].concat();
                    ("cookie".to_owned(), (0..parts).map(|_| self.pick(&words)).collect::<String>().into_bytes())
                }
            })
            .collect()
    }

    /// Changes a value somewhere: what a person might do, or a machine.
    pub fn change(&mut self, value: &mut Value) {
        let depth = self.below(8);
        let mut at = value;
        for _ in 0..depth {
            let inside = match &*at {
                Value::Array(items) => items.len(),
                Value::Object(fields) => fields.len(),
                _ => 0,
            };
            if inside == 0 {
                break;
            }
            let chosen = self.below(inside);
            at = match at {
                Value::Array(items) => &mut items[chosen],
                Value::Object(fields) => fields.values_mut().nth(chosen).unwrap(),
                _ => unreachable!("a value without values inside"),
            };
        }
        match (self.below(6), at) {
            (0, at) => *at = Value::Null,
            (1, Value::Array(items)) if !items.is_empty() => {
                let copy = items[self.below(items.len())].clone();
                items.push(copy);
            }
            (2, Value::Array(items)) if !items.is_empty() => drop(items.remove(self.below(items.len()))),
            (3, Value::Array(items)) => items.reverse(),
            (1 | 2, Value::Object(fields)) if !fields.is_empty() => {
                let name = fields.keys().nth(self.below(fields.len())).unwrap().clone();
                fields.remove(&name);
            }
            (3, Value::Object(fields)) => {
                let name =
                    self.text(&["regex", "exact", "prefix", "weight", "port", "namespace", "filters", "unknown"]);
                let value = self.scalar();
                fields.insert(name, value);
            }
            (_, Value::String(text)) => {
                *text = self.text(&["always", "never", "/", "/b", "web", "c1", "^(?:.*(?:a).*)$", "Exact", ""])
            }
            (_, at) => *at = self.scalar(),
        }
    }

    fn scalar(&mut self) -> Value {
        match self.below(6) {
            0 => json!(0),
            1 => json!(self.number()),
            2 => json!(-1),
            3 => json!([]),
            4 => json!({}),
            _ => json!(self.text(&["a", "/a", "true"])),
        }
    }
}

/// Whether a value means the same in a line of cookies as alone.
fn is_plain(value: &str) -> bool {
    value.bytes().all(|byte| matches!(byte, b'!'..=b'~') && byte != b';' && byte != b',' && byte != b'|')
}
