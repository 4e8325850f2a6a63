//! The rules in which dialects differ, each as the values that it can have and what they do.

use std::borrow::Cow;
use std::fmt;

use crate::error::Invalid;
use crate::policy::{AffinityPrecedence, AffinityScope, CookieAffinity, Match, Pattern};

/// What a total below 100 is. [`Dialect`](super::Dialect) has an example of the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TotalRule {
    /// It counts as 100.
    AtLeast100,
    /// It counts as it is written. A total below 1 counts as 100.
    AsGiven,
}

impl TotalRule {
    /// The total that counts.
    pub(in crate::targets::nginx) const fn effective(self, total: i64) -> i64 {
        match self {
            TotalRule::AtLeast100 if total < 100 => 100,
            TotalRule::AsGiven if total < 1 => 100,
            TotalRule::AtLeast100 | TotalRule::AsGiven => total,
        }
    }
}

/// The values of an annotation that is true or false, such as `canary`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BoolRule {
    /// The texts that Go's `strconv.ParseBool` reads: `1`, `t` and `true` are true, `0`, `f` and `false` are false, and any other
    /// text is refused, also one with white space.
    Go,
    /// `true` in any letter case is true, and any other text is false.
    OnlyTrue,
}

impl BoolRule {
    /// Reads a value; `None` if it is refused.
    pub(in crate::targets::nginx) fn read(self, raw: &str) -> Option<bool> {
        match self {
            BoolRule::Go => match raw {
                "1" | "t" | "T" | "TRUE" | "true" | "True" => Some(true),
                "0" | "f" | "F" | "FALSE" | "false" | "False" => Some(false),
                _ => None,
            },
            BoolRule::OnlyTrue => Some(raw.eq_ignore_ascii_case("true")),
        }
    }
}

/// The values that decide in a rule for which no value is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Words {
    /// `always` and `never`.
    AlwaysAndNever,
    /// `always`. `never` is a value like every other one.
    Always,
}

impl Words {
    pub(in crate::targets::nginx) fn value_match(self) -> Match {
        match self {
            Words::AlwaysAndNever => Match::AlwaysNever,
            Words::Always => Match::Exact("always".to_owned()),
        }
    }
}

/// What the value of a rule means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ValueRule {
    /// The value is equal.
    Exact,
    /// The regular expression `always|VALUE` matches the whole value: `always` decides too, and a `.` is any character.
    ExactOrAlways,
    /// The value is one of several, which are separated by `||`.
    List,
}

impl ValueRule {
    /// # Errors
    ///
    /// No policy can hold the regular expression.
    pub(in crate::targets::nginx) fn value_match(self, value: &str) -> Result<Match, Invalid> {
        match self {
            ValueRule::Exact => Ok(Match::Exact(value.to_owned())),
            ValueRule::ExactOrAlways => Pattern::new(&format!("^(?:always|{value})$")).map(Match::Pattern),
            ValueRule::List if !value.contains("||") => Ok(Match::Exact(value.to_owned())),
            ValueRule::List => {
                let values: Vec<String> = value.split("||").map(regex::escape).collect();
                Pattern::new(&format!("^(?:{})$", values.join("|"))).map(Match::Pattern)
            }
        }
    }
}

/// What the pattern of a header rule means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PatternRule {
    /// The pattern is found in the value.
    Search,
    /// The regular expression `.*PATTERN.*` matches the whole value. If the pattern is `a|b`, the value ends in `a` or begins with
    /// `b`.
    Wrapped,
    /// The controller does not read the annotation.
    NotRead,
}

impl PatternRule {
    /// The match of a pattern; `None` if the controller does not read it.
    ///
    /// # Errors
    ///
    /// No policy can hold the pattern.
    pub(in crate::targets::nginx) fn value_match(self, pattern: &str) -> Result<Option<Match>, Invalid> {
        let text = match self {
            PatternRule::Search => Cow::Borrowed(pattern),
            PatternRule::Wrapped => Cow::Owned(format!("^(?:.*{pattern}.*)$")),
            PatternRule::NotRead => return Ok(None),
        };
        Pattern::new(&text).map(Match::Pattern).map(Some)
    }
}

/// How the cookie of a cookie rule is found in a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CookieReading {
    /// As nginx does: the letter case of the name does not count, and blanks around the `=` do not belong to name and value.
    Nginx,
    /// As the text `NAME=VALUE` between two `;`, with its letter case and without blanks. A policy cannot say this, so it is a
    /// finding.
    Text,
}

/// What rules and weights on one Ingress do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Combination {
    /// All of them count: the header before the cookie, and the cookie before the weight.
    Together,
    /// The first of header, cookie and weight counts, and the others are ignored. A value or a pattern without a header counts as a
    /// header rule that never decides.
    OneAlone,
    /// A rule and a weight may not be on one Ingress. It is not known what happens, so all of them are read.
    Apart,
}

/// What the affinity cookie does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AffinityRule {
    /// It decides before the rules. `affinity-canary-behavior: legacy` pins clients to stable only.
    BeforeRules,
    /// It decides after the rules, and its name has a further end. It pins clients to every variant.
    AfterRules {
        /// What is written after the name.
        suffix: &'static str,
    },
}

impl AffinityRule {
    /// Whether the controller reads `affinity-canary-behavior: legacy`.
    pub(in crate::targets::nginx) const fn reads_legacy(self) -> bool {
        matches!(self, AffinityRule::BeforeRules)
    }

    /// The affinity cookie for this name and scope.
    ///
    /// # Errors
    ///
    /// No policy can hold the name.
    pub(in crate::targets::nginx) fn cookie(self, name: &str, scope: AffinityScope) -> Result<CookieAffinity, Invalid> {
        match self {
            AffinityRule::BeforeRules => Ok(CookieAffinity::new(name)?.with_scope(scope)),
            AffinityRule::AfterRules { suffix } => {
                Ok(CookieAffinity::new(&format!("{name}{suffix}"))?.with_precedence(AffinityPrecedence::AfterRules))
            }
        }
    }
}

/// What a canary belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Attachment {
    /// The stable Service: the canary gets requests on all hosts and paths of the Service. The first canary of the Service counts,
    /// with the annotations of the first Ingress that names the canary's own Service.
    Service,
    /// The stable Service of the path that the canary's Ingress names, if both Ingresses write host, path and path type alike. Each
    /// canary has the annotations of its own Ingress. On one path the first canary counts, and if the canaries of a Service are on
    /// several paths, the last one counts on all of them.
    LastPath,
    /// The hosts and paths that its own Ingress has.
    Path,
}

/// What a controller does, in a sentence without a full stop.
macro_rules! says {
    ($type:ident: $($variant:pat => $($text:expr),+;)+) => {
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $($variant => write!(f, $($text),+),)+
                }
            }
        }
    };
}

says!(TotalRule:
    TotalRule::AtLeast100 => "a total below 100 counts as 100";
    TotalRule::AsGiven => "a total below 100 counts as it is written";
);
says!(BoolRule:
    BoolRule::Go => "`1`, `t` and `true` are true";
    BoolRule::OnlyTrue => "only `true` is true, in any letter case";
);
says!(Words:
    Words::AlwaysAndNever => "`always` and `never` decide";
    Words::Always => "only `always` decides";
);
says!(ValueRule:
    ValueRule::Exact => "the value is compared as a whole";
    ValueRule::ExactOrAlways => "the value is a regular expression, and `always` decides too";
    ValueRule::List => "the value is a list, separated by `||`";
);
says!(PatternRule:
    PatternRule::Search => "the pattern is searched for in the value";
    PatternRule::Wrapped => "`.*` before and after the pattern makes it one for the whole value";
    PatternRule::NotRead => "the annotation has no meaning";
);
says!(Combination:
    Combination::Together => "rules and the weight count together";
    Combination::OneAlone => "only the first of header, cookie and weight counts";
    Combination::Apart => "rules and weights have to be on different Ingresses";
);
says!(AffinityRule:
    AffinityRule::BeforeRules => "the affinity cookie decides before the rules";
    AffinityRule::AfterRules { suffix } => "a cookie with `{suffix}` after its name decides after the rules";
);
says!(Attachment:
    Attachment::Service => "the first canary of a stable Service counts, on all of its hosts and paths";
    Attachment::LastPath => "the canary of a stable Service is that of the last path, with the annotations of its own Ingress";
    Attachment::Path => "a canary belongs to the hosts and paths of its own Ingress";
);
