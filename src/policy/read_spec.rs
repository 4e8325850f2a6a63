//! A spec from serde, strict and lenient: the fields of each part. [`written_value`](super::written_value) says how they are read.

use super::{AffinitySpec, CanarySpec, CookieAffinitySpec, FormerTokensSpec, KeySpec, RuleSpec, Spec};

/// Implements [`Value`] for a part of a written form, which is an object with these fields.
macro_rules! part {
    ($part:ident { $($field:ident: $name:literal),* } $(and $other:ident: $value:expr)?) => {
        impl crate::policy::written_value::Value for $part {
            const TYPE: &'static str = "an object";

            fn of_object<'de, A: serde::de::MapAccess<'de>>(
                place: &crate::policy::written_value::Place<'_>,
                mut object: A,
            ) -> Result<Option<Self>, A::Error> {
                $(let mut $field = None;)*
                while let Some(name) = place.next_field(&[$($name),*], &mut object)? {
                    match name.as_str() {
                        $(
                            $name if $field.is_some() => return Err(serde::de::Error::duplicate_field($name)),
                            $name => {
                                let value = crate::policy::written_value::ValueAt::new(place.field($name));
                                $field = Some(object.next_value_seed(value)?);
                            }
                        )*
                        unknown => place.read_unknown(unknown, &mut object)?,
                    }
                }
                Ok(Some($part {
                    $($field: place.present($field, $name)?,)*
                    $($other: $value,)?
                }))
            }
        }
    };
}
pub(crate) use part;

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
part!(FormerTokensSpec { stable: "stable", canaries: "canaries" });

/// Implements `Deserialize`, strict and lenient, for a written form that keeps the values that could not be read.
macro_rules! deserialize_whole {
    ($form:ident) => {
        impl<'de> serde::Deserialize<'de> for $form {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let (form, unread) = crate::policy::written_value::read::<$form, D>(deserializer)?;
                Ok($form { unread, ..form })
            }
        }

        impl<'de> serde::Deserialize<'de> for crate::policy::Lenient<$form> {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let (form, unread, unknown) = crate::policy::written_value::read_leniently::<$form, D>(deserializer)?;
                Ok(crate::policy::Lenient::of($form { unread, ..form }, unknown))
            }
        }
    };
}
pub(crate) use deserialize_whole;

deserialize_whole!(Spec);

/// Implements `Deserialize` for parts that are read without a written form around them. A value of a wrong type is an error.
macro_rules! deserialize_part {
    ($($part:ident)*) => {$(
        impl<'de> serde::Deserialize<'de> for $part {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                match crate::policy::written_value::read(deserializer)? {
                    (part, problems) if problems.is_empty() => Ok(part),
                    (_, problems) => Err(serde::de::Error::custom(crate::policy::written_value::all(problems))),
                }
            }
        }
    )*};
}
pub(crate) use deserialize_part;

deserialize_part!(CanarySpec RuleSpec AffinitySpec CookieAffinitySpec KeySpec FormerTokensSpec);
