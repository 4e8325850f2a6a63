//! A spec from serde: a value of a wrong type is a problem with its field, so that no problem hides another one.
//!
//! A part of a spec is read from an object only, never from a list. An unknown field is an error of the format. Where text is
//! expected, the format is asked for text, because YAML text needs no quotes; so a value of a wrong type is an error of the format
//! there too.

use std::cell::RefCell;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::{AffinitySpec, CanarySpec, CookieAffinitySpec, KeySpec, RuleSpec, Spec};
use crate::error::{Excerpt, Invalid, InvalidPolicy, Problem};

/// The place of a value in a spec, and the problems that were found in the spec so far.
struct Place<'p> {
    path: String,
    problems: &'p RefCell<Vec<Problem>>,
}

impl Place<'_> {
    fn field(&self, name: &str) -> Self {
        let path = if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) };
        Place { path, problems: self.problems }
    }

    fn item(&self, index: usize) -> Self {
        Place { path: format!("{}[{index}]", self.path), problems: self.problems }
    }
}

/// A type of values in a spec. Each `of_…` function returns `None` if a value of this type cannot be read from what was found.
trait Value: Default {
    /// The type, in words that can follow "expected".
    const TYPE: &'static str;

    /// Whether formats in which text needs no quotes, such as YAML, should read the value as text.
    const IS_TEXT: bool = false;

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

/// Implements [`Value`] for a part of a spec, which is an object with these fields.
macro_rules! part {
    ($part:ident { $($field:ident: $name:literal),* } $(and $other:ident: $value:expr)?) => {
        impl Value for $part {
            const TYPE: &'static str = "an object";

            fn of_object<'de, A: MapAccess<'de>>(place: &Place<'_>, mut object: A) -> Result<Option<Self>, A::Error> {
                #[derive(Deserialize)]
                #[serde(field_identifier)]
                #[allow(non_camel_case_types)]
                enum Field {
                    $(#[serde(rename = $name)] $field,)*
                }

                $(let mut $field = None;)*
                while let Some(field) = object.next_key()? {
                    match field {
                        $(
                            Field::$field if $field.is_some() => return Err(A::Error::duplicate_field($name)),
                            Field::$field => $field = Some(object.next_value_seed(ValueAt::new(place.field($name)))?),
                        )*
                    }
                }
                Ok(Some($part {
                    $($field: $field.or_else(Value::absent).ok_or_else(|| A::Error::missing_field($name))?,)*
                    $($other: $value,)?
                }))
            }
        }
    };
}

part!(Spec { total: "total", canaries: "canaries", affinity: "affinity" } and unread: Vec::new());
part!(CanarySpec { name: "name", weight: "weight", position: "position", header: "header", cookie: "cookie" });
part!(RuleSpec { name: "name", value: "value", pattern: "pattern" });
part!(AffinitySpec { cookie: "cookie", key: "key" });
part!(CookieAffinitySpec {
    name: "name",
    precedence: "precedence",
    pins: "pins",
    revision: "revision",
    max_age: "maxAge",
    path: "path",
    domain: "domain",
    same_site: "sameSite",
    secure: "secure"
});
part!(KeySpec { header: "header", cookie: "cookie", salt: "salt", hash: "hash" });

impl<'de> Deserialize<'de> for Spec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (spec, unread) = read::<Spec, D>(deserializer)?;
        Ok(Spec { unread, ..spec })
    }
}

/// Implements `Deserialize` for parts that are read without a spec around them. A value of a wrong type is an error.
macro_rules! deserialize {
    ($($part:ident)*) => {$(
        impl<'de> Deserialize<'de> for $part {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                match read(deserializer)? {
                    (part, problems) if problems.is_empty() => Ok(part),
                    (_, problems) => Err(D::Error::custom(InvalidPolicy { problems })),
                }
            }
        }
    )*};
}

deserialize!(CanarySpec RuleSpec AffinitySpec CookieAffinitySpec KeySpec);

/// A spec or a part of one, and the problems in it.
fn read<'de, T: Value, D: Deserializer<'de>>(deserializer: D) -> Result<(T, Vec<Problem>), D::Error> {
    let problems = RefCell::new(Vec::new());
    let place = Place { path: String::new(), problems: &problems };
    let value = ValueAt::new(place).deserialize(deserializer)?;
    let problems = problems.into_inner();
    match problems.first() {
        // The whole value has a wrong type, so nothing was read.
        Some(Problem { field, invalid }) if field.is_empty() => Err(D::Error::custom(invalid)),
        _ => Ok((value, problems)),
    }
}

/// Reads the value of type `T` at a place.
struct ValueAt<'p, T> {
    place: Place<'p>,
    value: PhantomData<T>,
}

impl<'p, T: Value> ValueAt<'p, T> {
    fn new(place: Place<'p>) -> Self {
        ValueAt { place, value: PhantomData }
    }

    /// The value, or the default and a problem if a value of another type was found.
    fn value(self, value: Option<T>, found: impl FnOnce() -> String) -> T {
        value.unwrap_or_else(|| {
            let invalid = Invalid::WrongType { found: found(), expected: T::TYPE };
            self.place.problems.borrow_mut().push(invalid.at(self.place.path));
            T::default()
        })
    }
}

impl<'de, T: Value> DeserializeSeed<'de> for ValueAt<'_, T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        if T::IS_TEXT { deserializer.deserialize_string(self) } else { deserializer.deserialize_any(self) }
    }
}

fn quoted(value: impl fmt::Display) -> String {
    format!("`{}`", Excerpt::of(&value.to_string()))
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
        Ok(self.value(None, || quoted(value)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        Ok(self.value(T::of_text(text), || quoted(text)))
    }

    fn visit_unit<E: Error>(self) -> Result<T, E> {
        Ok(self.value(T::absent(), || "null".to_owned()))
    }

    fn visit_none<E: Error>(self) -> Result<T, E> {
        self.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        self.deserialize(deserializer)
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
