//! Written forms from serde: a value of a wrong type is a problem with its field, so that no problem hides another one.
//!
//! A part of a written form is read from an object only, never from a list. By the strict reading, an unknown field and a
//! missing one are errors of the format. Where text is expected, the format is asked for text, because YAML text needs no
//! quotes; so a value of a wrong type is an error of the format there too. The lenient reading has no such errors: see
//! [`Lenient`](super::Lenient).

use std::cell::RefCell;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::error::{Excerpt, Invalid, InvalidPolicy, Problem, Step, UnknownField, path};

/// What was found while a written form was read.
#[derive(Default)]
pub(crate) struct Found {
    problems: RefCell<Vec<Problem>>,
    /// The unknown fields; `None` if they are errors.
    unknown: Option<RefCell<Vec<UnknownField>>>,
}

/// The place of a value in a written form, and what was found so far.
pub(crate) struct Place<'p> {
    steps: Vec<Step>,
    found: &'p Found,
}

impl Place<'_> {
    pub(crate) fn field(&self, name: &str) -> Self {
        self.then(Step::Field(name.to_owned()))
    }

    fn item(&self, index: usize) -> Self {
        self.then(Step::Item(index))
    }

    fn then(&self, step: Step) -> Self {
        Place { steps: self.steps.iter().cloned().chain([step]).collect(), found: self.found }
    }

    /// Whether the reading is lenient.
    fn is_lenient(&self) -> bool {
        self.found.unknown.is_some()
    }

    /// The name of the next field of an object at this place.
    ///
    /// # Errors
    ///
    /// Unknown fields are errors, and the field is none of these.
    pub(crate) fn next_field<'de, A: MapAccess<'de>>(
        &self,
        known: &'static [&'static str],
        object: &mut A,
    ) -> Result<Option<String>, A::Error> {
        object.next_key_seed(FieldName { known, is_lenient: self.is_lenient() })
    }

    /// Reads the value of an unknown field of this place from the object.
    pub(crate) fn read_unknown<'de, A: MapAccess<'de>>(&self, name: &str, object: &mut A) -> Result<(), A::Error> {
        let value: serde_json::Value = object.next_value()?;
        // API servers drop such a `null`.
        if let Some(unknown) = self.found.unknown.as_ref().filter(|_| !value.is_null()) {
            unknown.borrow_mut().push(UnknownField::new(self.field(name).steps, value));
        }
        Ok(())
    }

    /// The value of a field that may be missing.
    ///
    /// # Errors
    ///
    /// The field is required and missing. By the lenient reading that is a problem of the field.
    pub(crate) fn present<T: Value, E: Error>(&self, value: Option<T>, name: &'static str) -> Result<T, E> {
        match value.or_else(T::absent) {
            Some(value) => Ok(value),
            None if self.is_lenient() => Ok(ValueAt::new(self.field(name)).value(None, || "nothing".to_owned())),
            None => Err(E::missing_field(name)),
        }
    }
}

/// The name of a field, which is read as a key, so that an error has the path of the field.
struct FieldName {
    known: &'static [&'static str],
    is_lenient: bool,
}

impl<'de> DeserializeSeed<'de> for FieldName {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<String, D::Error> {
        let name = String::deserialize(deserializer)?;
        if self.is_lenient || self.known.contains(&name.as_str()) {
            Ok(name)
        } else {
            Err(D::Error::unknown_field(&name, self.known))
        }
    }
}

/// A type of values in a written form. Each `of_…` function returns `None` if a value of this type cannot be read from what was
/// found.
pub(crate) trait Value: Default {
    /// The type, in words that can follow "expected".
    const TYPE: &'static str;

    /// Whether formats in which text needs no quotes, such as YAML, should read the value as text.
    const IS_TEXT: bool = false;

    /// Whether formats that read text only on request should be asked whether there is a value at all.
    const IS_OPTIONAL: bool = false;

    /// The value of a field that is left out; `None` if the field is required.
    fn absent() -> Option<Self> {
        None
    }

    fn of_bool(_: bool) -> Option<Self> {
        None
    }

    fn of_integer(_: i64) -> Option<Self> {
        None
    }

    fn of_text(_: &str) -> Option<Self> {
        None
    }

    fn of_list<'de, A: SeqAccess<'de>>(_: &Place<'_>, mut list: A) -> Result<Option<Self>, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn of_object<'de, A: MapAccess<'de>>(_: &Place<'_>, mut object: A) -> Result<Option<Self>, A::Error> {
        while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(None)
    }
}

impl Value for bool {
    const TYPE: &'static str = "true or false";

    fn of_bool(value: bool) -> Option<Self> {
        Some(value)
    }
}

impl Value for i64 {
    const TYPE: &'static str = "a whole number of at most 64 bits";

    fn of_integer(value: i64) -> Option<Self> {
        Some(value)
    }

    /// With the feature `arbitrary_precision` of `serde_json`, every number is an object with this one field.
    fn of_object<'de, A: MapAccess<'de>>(_: &Place<'_>, mut object: A) -> Result<Option<Self>, A::Error> {
        let mut number = None;
        while let Some(name) = object.next_key::<String>()? {
            if name == "$serde_json::private::Number" {
                number = object.next_value::<String>()?.parse().ok();
            } else {
                object.next_value::<IgnoredAny>()?;
            }
        }
        Ok(number)
    }
}

impl Value for String {
    const TYPE: &'static str = "text";
    const IS_TEXT: bool = true;

    fn of_text(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }
}

impl<T: Value> Value for Option<T> {
    const TYPE: &'static str = T::TYPE;
    const IS_TEXT: bool = T::IS_TEXT;
    const IS_OPTIONAL: bool = true;

    fn absent() -> Option<Self> {
        Some(None)
    }

    fn of_bool(value: bool) -> Option<Self> {
        T::of_bool(value).map(Some)
    }

    fn of_integer(value: i64) -> Option<Self> {
        T::of_integer(value).map(Some)
    }

    fn of_text(text: &str) -> Option<Self> {
        T::of_text(text).map(Some)
    }

    fn of_list<'de, A: SeqAccess<'de>>(place: &Place<'_>, list: A) -> Result<Option<Self>, A::Error> {
        Ok(T::of_list(place, list)?.map(Some))
    }

    fn of_object<'de, A: MapAccess<'de>>(place: &Place<'_>, object: A) -> Result<Option<Self>, A::Error> {
        Ok(T::of_object(place, object)?.map(Some))
    }
}

impl<T: Value> Value for Vec<T> {
    const TYPE: &'static str = "a list";

    fn of_list<'de, A: SeqAccess<'de>>(place: &Place<'_>, mut list: A) -> Result<Option<Self>, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element_seed(ValueAt::new(place.item(items.len())))? {
            items.push(item);
        }
        Ok(Some(items))
    }
}

/// Keeps a form from being written without the values that could not be read.
pub(crate) fn refuse<S: serde::Serializer>(unread: &[Problem], _: S) -> Result<S::Ok, S::Error> {
    use serde::ser::Error;
    let name =
        |problem: &'_ Problem| if problem.field.is_empty() { "all of it".to_owned() } else { problem.field.clone() };
    let fields: Vec<String> = unread.iter().map(name).collect();
    Err(S::Error::custom(format_args!("values of the spec could not be read: {}", fields.join(", "))))
}

/// All problems as one error.
pub(crate) fn all(problems: Vec<Problem>) -> InvalidPolicy {
    InvalidPolicy { problems }
}

/// A written form or a part of one, and the problems in it.
pub(crate) fn read<'de, T: Value, D: Deserializer<'de>>(deserializer: D) -> Result<(T, Vec<Problem>), D::Error> {
    let found = Found::default();
    let value = ValueAt::new(Place { steps: Vec::new(), found: &found }).deserialize(deserializer)?;
    let problems = found.problems.into_inner();
    match problems.first() {
        // The whole value has a wrong type, so nothing was read.
        Some(Problem { field, invalid }) if field.is_empty() => Err(D::Error::custom(invalid)),
        _ => Ok((value, problems)),
    }
}

/// A written form, the problems in it and its unknown fields.
pub(crate) fn read_leniently<'de, T: Value, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<(T, Vec<Problem>, Vec<UnknownField>), D::Error> {
    let found = Found { unknown: Some(RefCell::default()), ..Found::default() };
    let value = ValueAt::new(Place { steps: Vec::new(), found: &found }).deserialize(deserializer)?;
    let Found { problems, unknown } = found;
    Ok((value, problems.into_inner(), unknown.map(RefCell::into_inner).unwrap_or_default()))
}

/// Reads the value of type `T` at a place.
pub(crate) struct ValueAt<'p, T> {
    place: Place<'p>,
    value: PhantomData<T>,
}

impl<'p, T: Value> ValueAt<'p, T> {
    pub(crate) fn new(place: Place<'p>) -> Self {
        ValueAt { place, value: PhantomData }
    }

    /// Whether the format is asked for text.
    fn is_asked_for_text(&self) -> bool {
        T::IS_TEXT && !self.place.is_lenient()
    }

    /// The value, or the default and a problem if a value of another type was found.
    fn value(self, value: Option<T>, found: impl FnOnce() -> String) -> T {
        value.unwrap_or_else(|| {
            let invalid = Invalid::WrongType { found: found(), expected: T::TYPE };
            self.place.found.problems.borrow_mut().push(invalid.at(path(&self.place.steps)));
            T::default()
        })
    }
}

impl<'de, T: Value> DeserializeSeed<'de> for ValueAt<'_, T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        match self.is_asked_for_text() {
            true if T::IS_OPTIONAL => deserializer.deserialize_option(self),
            true => deserializer.deserialize_string(self),
            false => deserializer.deserialize_any(self),
        }
    }
}

fn quoted(value: impl fmt::Display) -> String {
    format!("`{}`", Excerpt::of(&value.to_string()))
}

/// A text in quotes. One that looks like a number or a truth value is called a text, as `weight: "10"` is in YAML.
fn quoted_text(text: &str) -> String {
    let looks_like_another_type = text.parse::<f64>().is_ok() || text.parse::<bool>().is_ok();
    if looks_like_another_type { format!("the text {}", quoted(text)) } else { quoted(text) }
}

impl<'de, T: Value> Visitor<'de> for ValueAt<'_, T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::TYPE)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<T, E> {
        Ok(self.value(T::of_bool(value), || quoted(value)))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<T, E> {
        Ok(self.value(T::of_integer(value), || quoted(value)))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<T, E> {
        Ok(self.value(i64::try_from(value).ok().and_then(T::of_integer), || quoted(value)))
    }

    fn visit_i128<E: Error>(self, value: i128) -> Result<T, E> {
        Ok(self.value(i64::try_from(value).ok().and_then(T::of_integer), || quoted(value)))
    }

    fn visit_u128<E: Error>(self, value: u128) -> Result<T, E> {
        Ok(self.value(i64::try_from(value).ok().and_then(T::of_integer), || quoted(value)))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<T, E> {
        // A fraction of 0 is written too, because it is what makes the number wrong.
        Ok(self.value(None, || quoted(format_args!("{value:?}"))))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        Ok(self.value(T::of_text(text), || quoted_text(text)))
    }

    fn visit_unit<E: Error>(self) -> Result<T, E> {
        Ok(self.value(T::absent(), || "null".to_owned()))
    }

    fn visit_none<E: Error>(self) -> Result<T, E> {
        self.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        if self.is_asked_for_text() {
            deserializer.deserialize_string(self)
        } else {
            deserializer.deserialize_any(self)
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<T, A::Error> {
        let value = T::of_list(&self.place, list)?;
        Ok(self.value(value, || "a list".to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<T, A::Error> {
        let value = T::of_object(&self.place, object)?;
        Ok(self.value(value, || "an object".to_owned()))
    }
}
