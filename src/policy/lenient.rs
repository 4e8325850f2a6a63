//! The lenient reading of a written form: what this version does not know is kept, and reported.

use serde::ser::{Error, Serialize, Serializer};

use crate::error::{UnknownField, UnknownFieldsError};

/// A [`Spec`](crate::Spec) or [`RouteSpec`](crate::route::RouteSpec) from a custom resource that a newer version may have written.
///
/// `Spec` and `RouteSpec` themselves are read strictly, which suits a file: an unknown field is an error of the format, so that
/// `wieght: 3` is not weight 0. In an operator, one such object is an error of the whole list that holds it: after a rollback, a
/// single object with a newer field would stop every release. With `Lenient`, reading what an API server has stored never fails:
///
/// * An unknown field is in [`unknown`](Self::unknown), with its path and value. One that is `null` does not count, because API
///   servers drop it.
/// * A value of another type, such as text where a number is expected, is a problem of the check, as in a strict reading. So is a
///   word that this version does not know, such as a newer `precedence`.
/// * A required field that is missing is a problem of the check too.
///
/// Values are read as an API server stores them: in YAML, text that looks like a number needs quotes.
///
/// # A safe rollback
///
/// An unknown field can change what a release means, so an operator should not go on without it. [`known`](Self::known) returns the
/// form only if there is none. An operator that is rolled back then leaves the objects of that release as the newer version wrote
/// them, says why in a condition, and serves all other releases. Two more things belong to this:
///
/// * Roll back the operator, and not its CRD. An API server drops the fields that the schema does not have, also from objects that
///   are already stored, and no operator can see what was dropped. For the same reason, ask for strict field validation when
///   objects are written, as `kubectl` does by default since 1.27.
/// * Write `status` only, or a patch of single fields. If an operator does write the whole object, `Lenient` writes the unknown
///   fields back to where they were.
///
/// The schema (feature `schemars`) is that of the form.
///
/// ```
/// use canary_policy::policy::Lenient;
/// use canary_policy::{Policy, Spec};
///
/// let text = r#"{ "canaries": [{ "weight": 30, "mirror": true }] }"#;
/// assert!(serde_json::from_str::<Spec>(text).is_err());
///
/// let spec: Lenient<Spec> = serde_json::from_str(text)?;
/// assert_eq!(spec.unknown()[0].path, "canaries[0].mirror");
/// assert_eq!(spec.known().unwrap_err().to_string(), "canaries[0].mirror: the field is unknown to this version");
/// // Whoever knows that the field does not matter takes the form as it is.
/// assert_eq!(Policy::try_from(spec.form())?, Policy::percent(30)?);
/// assert_eq!(serde_json::to_value(&spec)?, serde_json::from_str::<serde_json::Value>(text)?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Lenient<T> {
    form: T,
    unknown: Vec<UnknownField>,
}

impl<T> Lenient<T> {
    pub(crate) const fn of(form: T, unknown: Vec<UnknownField>) -> Self {
        Lenient { form, unknown }
    }

    /// The form without its unknown fields.
    #[must_use]
    pub const fn form(&self) -> &T {
        &self.form
    }

    /// The fields that this version does not know, in the order in which they were read.
    #[must_use]
    pub fn unknown(&self) -> &[UnknownField] {
        &self.unknown
    }

    /// The form, if this version knows all of its fields.
    ///
    /// Each field is a warning by itself, because it is kept; the error is an error. A program that does not go on reports the
    /// error, and checks [`form`](Self::form) too if it reports all problems at once.
    ///
    /// # Errors
    ///
    /// The form has unknown fields. The error has all of them.
    pub fn known(&self) -> Result<&T, UnknownFieldsError> {
        if self.unknown.is_empty() { Ok(&self.form) } else { Err(UnknownFieldsError { fields: self.unknown.clone() }) }
    }

    /// The form, without its unknown fields.
    #[must_use]
    pub fn into_form(self) -> T {
        self.form
    }
}

/// A form without unknown fields, as a program builds it.
impl<T> From<T> for Lenient<T> {
    fn from(form: T) -> Self {
        Lenient::of(form, Vec::new())
    }
}

/// The form, with the unknown fields where they were.
impl<T: Serialize> Serialize for Lenient<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.unknown.is_empty() {
            return self.form.serialize(serializer);
        }
        let mut form = serde_json::to_value(&self.form).map_err(S::Error::custom)?;
        for field in &self.unknown {
            let place = field.place_in(&mut form);
            *place.ok_or_else(|| S::Error::custom(format_args!("{}: the field has no place", field.path)))? =
                field.value.clone();
        }
        form.serialize(serializer)
    }
}

#[cfg(feature = "schemars")]
impl<T: schemars::JsonSchema> schemars::JsonSchema for Lenient<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> std::borrow::Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        T::json_schema(generator)
    }
}
