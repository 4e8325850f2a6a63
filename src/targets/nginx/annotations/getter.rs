//! The controller's typed getters (controller 1.15.1, `internal/ingress/annotations/parser`).

use std::collections::BTreeMap;

use super::finding::Findings;
use super::{AnnotationKind, Side, chars};
use crate::error::Excerpt;
use crate::targets::nginx::Flags;

/// Reads the annotations of one Ingress by type. A getter returns `None` if the annotation is absent or its value is refused;
/// for a refused value it also adds a finding.
///
/// The parameters `expected` and `default` are text for this finding: the values that the controller accepts, and what it
/// uses instead of the refused value.
pub(in crate::targets::nginx) struct Getter<'a> {
    /// The values as they are in the manifest, by the names of the annotations without their prefix.
    values: BTreeMap<&'a str, &'a str>,
    pub(super) flags: &'a Flags,
    pub(in crate::targets::nginx) findings: Findings,
}

impl<'a> Getter<'a> {
    pub(in crate::targets::nginx) fn new(
        ingress: Side,
        annotations: &'a BTreeMap<String, String>,
        flags: &'a Flags,
    ) -> Self {
        Getter { values: flags.values(annotations), flags, findings: Findings::new(ingress) }
    }

    /// The value as it is in the manifest.
    pub(super) fn raw(&self, annotation: &str) -> Option<&'a str> {
        self.values.get(annotation).copied()
    }

    /// A boolean, as the dialect reads it.
    pub(super) fn bool(&mut self, annotation: &'static str) -> Option<bool> {
        let value = self.raw(annotation).and_then(|raw| self.flags.dialect.bools.read(raw));
        self.accepted(annotation, value, "true or false", "false")
    }

    /// A 64-bit integer as Go's `strconv.Atoi` reads it: an optional sign and decimal digits, without white space.
    pub(super) fn int(&mut self, annotation: &'static str, default: &'static str) -> Option<i64> {
        let value = self.raw(annotation).and_then(|raw| raw.parse().ok());
        self.accepted(annotation, value, "an integer", default)
    }

    /// A name or a value of a header, a cookie or an attribute.
    pub(in crate::targets::nginx) fn basic(
        &mut self,
        annotation: &'static str,
        default: &'static str,
    ) -> Option<String> {
        self.text(annotation, chars::basic, "letters, digits, spaces and -._~/:", default)
    }

    /// A pattern.
    pub(super) fn pattern(&mut self, annotation: &'static str, default: &'static str) -> Option<String> {
        self.text(annotation, chars::pattern, r"letters, digits and -._~/:^$[](){}*+?|&=\", default)
    }

    /// The path of a cookie.
    pub(super) fn url(&mut self, annotation: &'static str, default: &'static str) -> Option<String> {
        self.text(annotation, chars::url, "letters, digits, spaces and -._~/:,?&=", default)
    }

    /// One of these words. White space around the word is ignored, but a value with a line end is refused.
    pub(super) fn option(
        &mut self,
        annotation: &'static str,
        words: &[&'static str],
        expected: &'static str,
        default: &'static str,
    ) -> Option<&'static str> {
        let value = self.raw(annotation).map(normalized);
        let word = value.and_then(|value| words.iter().copied().find(|&word| word == value));
        self.accepted(annotation, word, expected, default)
    }

    /// Returns `parsed`. If it is `None` although the annotation is set, the value is refused: adds a finding.
    pub(super) fn accepted<T>(
        &mut self,
        annotation: &'static str,
        parsed: Option<T>,
        expected: &'static str,
        default: &'static str,
    ) -> Option<T> {
        if let (None, Some(raw)) = (&parsed, self.raw(annotation)) {
            let value = Excerpt::of(raw);
            self.findings.add(annotation, AnnotationKind::InvalidValue { value, expected, default });
        }
        parsed
    }

    /// A text that has only allowed characters, without the white space at the ends of its lines; `None` if nothing is left.
    /// Adds a finding if white space is removed. Without the validation a text may consist of line ends.
    fn text(
        &mut self,
        annotation: &'static str,
        allowed: impl Fn(u8) -> bool,
        expected: &'static str,
        default: &'static str,
    ) -> Option<String> {
        let raw = self.raw(annotation)?;
        let text = normalized(raw);
        let is_refused = self.flags.checks_values() && !raw.bytes().all(allowed);
        let is_blank = text.is_empty() && !raw.is_empty();
        if is_refused || is_blank {
            self.accepted(annotation, None::<String>, expected, default);
        } else if text != raw {
            self.findings.add(annotation, AnnotationKind::Trimmed { value: Excerpt::of(raw) });
        }
        Some(text).filter(|text| !is_refused && !text.is_empty())
    }

    /// Adds a finding if the annotation is set, since it has no effect on this Ingress.
    pub(in crate::targets::nginx) fn on_wrong_ingress(&mut self, annotation: &'static str) {
        if self.raw(annotation).is_some() {
            self.findings.add(annotation, AnnotationKind::WrongIngress);
        }
    }

    /// Adds a finding if the annotation is set, since there is no affinity that it could change.
    pub(super) fn without_affinity(&mut self, annotation: &'static str) {
        if self.raw(annotation).is_some() {
            self.findings.add(annotation, AnnotationKind::NoAffinity);
        }
    }

    /// Adds a finding about the value if the annotation is set.
    pub(super) fn report(&mut self, annotation: &'static str, kind: impl FnOnce(Excerpt) -> AnnotationKind) {
        if let Some(raw) = self.raw(annotation) {
            self.findings.add(annotation, kind(Excerpt::of(raw)));
        }
    }

    /// Adds a finding if the annotation is set, since a policy cannot express it.
    pub(super) fn outside_policy(&mut self, annotation: &'static str) {
        self.report(annotation, |value| AnnotationKind::OutsidePolicy { value });
    }
}

/// The text without the white space at the ends of its lines. The line ends themselves stay, also one at the end of the text
/// (`normalizeString` of the controller).
pub(in crate::targets::nginx) fn normalized(raw: &str) -> String {
    raw.split('\n').map(str::trim).collect::<Vec<_>>().join("\n")
}
