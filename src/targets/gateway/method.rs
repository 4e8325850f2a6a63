//! Paths as gRPC methods.

use super::MethodMatch;
use crate::error::{Excerpt, RouteError};
use crate::targets::{Path, PathType};

/// The method that a path is, if it is one.
pub(super) fn method((path, kind): &(Path, PathType)) -> Result<Option<MethodMatch>, RouteError> {
    let refused = || RouteError::GrpcPath(Excerpt::of(path.as_str()));
    // The names that the API server takes, although a proxy would compare others.
    let identifier = |text: &str| {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        text.bytes().all(allowed) && !text.starts_with(|first: char| first.is_ascii_digit()) && !text.is_empty()
    };
    let name = |text: &str, valid: bool| if valid { Ok(text.to_owned()) } else { Err(refused()) };
    let exactly = |service: &str, method: Option<&str>| {
        let service = name(service, service.strip_prefix('.').unwrap_or(service).split('.').all(identifier))?;
        let method = method.map(|method| name(method, identifier(method))).transpose()?;
        Ok(Some(MethodMatch { kind: "Exact".into(), service, method }))
    };
    let text = path.compared(*kind).strip_prefix('/').unwrap_or_default();
    match (kind, text.split_once('/')) {
        (PathType::Exact, Some((service, method))) => exactly(service, Some(method)),
        (PathType::Prefix, None) if text.is_empty() => Ok(None),
        (PathType::Prefix, None) => exactly(text, None),
        _ => Err(refused()),
    }
}
