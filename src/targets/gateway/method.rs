//! gRPC methods, which a GRPCRoute matches instead of paths.

use super::MethodMatch;
use crate::error::{ConversionError, Excerpt};
use crate::route::{Path, PathType};
use crate::targets::UnknownFields;

/// The method or service that a path names; `None` for the prefix `/`, which is every method.
///
/// The exact path `/shop.Cart/Get` is a method, and the prefix `/shop.Cart` is a whole service.
pub(super) fn method_match(path: &Path) -> Result<Option<MethodMatch>, ConversionError> {
    let refused = || ConversionError::GrpcPath(Excerpt::of(path.as_str()));
    let text = path.compared().strip_prefix('/').unwrap_or_default();
    let (service, method) = match (path.path_type(), text.split_once('/')) {
        (PathType::Prefix, None) if text.is_empty() => return Ok(None),
        (PathType::Prefix, None) => (text, None),
        (PathType::Exact, Some((service, method))) => (service, Some(method)),
        _ => return Err(refused()),
    };
    if is_service(service) && method.is_none_or(is_identifier) {
        Ok(Some(MethodMatch {
            kind: "Exact".into(),
            service: service.to_owned(),
            method: method.map(str::to_owned),
            unknown: UnknownFields::default(),
        }))
    } else {
        Err(refused())
    }
}

/// Whether an API server accepts the name of a service. A proxy could compare other names too.
fn is_service(text: &str) -> bool {
    text.strip_prefix('.').unwrap_or(text).split('.').all(is_identifier)
}

fn is_identifier(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    !text.is_empty() && text.bytes().all(allowed) && !text.starts_with(|first: char| first.is_ascii_digit())
}
