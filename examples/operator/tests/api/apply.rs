//! Server-side apply, and who manages what after any other write.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::answer::Refusal;
use super::fields::{Manager, Path, get, leaves, remove, set, touches};

/// The object and its managers after a configuration is applied.
pub fn apply(
    live: &Value,
    managers: &[Manager],
    configuration: &Value,
    (name, subresource): (&str, Option<&'static str>),
    force: bool,
) -> Result<(Value, Vec<Manager>), Refusal> {
    let wanted = leaves(configuration);
    let is_self = |manager: &Manager| {
        (manager.name.as_str(), manager.operation, manager.subresource) == (name, "Apply", subresource)
    };
    let (mut own, mut others): (Vec<Manager>, Vec<Manager>) = managers.iter().cloned().partition(is_self);

    let mut conflicts = Vec::new();
    for path in &wanted {
        let differs = get(live, path) != get(configuration, path);
        for other in others.iter_mut().filter(|_| differs) {
            let theirs: Vec<Path> = other.fields.iter().filter(|field| touches(field, path)).cloned().collect();
            for field in theirs {
                if force {
                    other.fields.remove(&field);
                } else {
                    conflicts.push((other.name.clone(), field));
                }
            }
        }
    }
    if !conflicts.is_empty() {
        return Err(conflict(&conflicts));
    }

    let mut after = live.clone();
    let before: BTreeSet<Path> = own.pop().map(|own| own.fields).unwrap_or_default();
    for path in before.difference(&wanted) {
        let is_kept = others.iter().any(|other| other.fields.iter().any(|field| touches(field, path)))
            || wanted.iter().any(|field| touches(field, path));
        if !is_kept {
            remove(&mut after, path);
        }
    }
    for path in &wanted {
        let value = get(configuration, path).unwrap();
        // An empty object is merged with what is there.
        if !(value.is_object() && get(&after, path).is_some_and(Value::is_object)) {
            set(&mut after, path, value.clone());
        }
    }
    if !wanted.is_empty() {
        others.push(Manager { name: name.to_owned(), operation: "Apply", subresource, fields: wanted });
    }
    others.retain(|manager| !manager.fields.is_empty());
    Ok((after, others))
}

fn conflict(conflicts: &[(String, Path)]) -> Refusal {
    let field = |path: &Path| format!(".{}", path.join("."));
    let causes: Vec<Value> = conflicts
        .iter()
        .map(|(manager, path)| {
            let message = format!("conflict with \"{manager}\"");
            json!({ "reason": "FieldManagerConflict", "message": message, "field": field(path) })
        })
        .collect();
    let texts: Vec<String> =
        conflicts.iter().map(|(manager, path)| format!("\"{manager}\": {}", field(path))).collect();
    let message = format!("Apply failed with {} conflicts: conflicts with {}", conflicts.len(), texts.join(", "));
    Refusal::new(409, "Conflict", message).with_causes(causes)
}

/// The managers after a write that is no apply: it takes over what it changes.
pub fn updated(
    before: &Value,
    after: &Value,
    managers: &[Manager],
    (name, subresource): (&str, Option<&'static str>),
) -> Vec<Manager> {
    let (old, new) = (leaves(before), leaves(after));
    let changed: BTreeSet<Path> = new.iter().filter(|path| get(before, path) != get(after, path)).cloned().collect();
    let mut managers = managers.to_vec();
    for manager in &mut managers {
        manager.fields.retain(|field| !changed.contains(field) && (new.contains(field) || !old.contains(field)));
    }
    let own = managers.iter_mut().find(|manager| {
        (manager.name.as_str(), manager.operation, manager.subresource) == (name, "Update", subresource)
    });
    match own {
        Some(own) => own.fields.extend(changed),
        None => managers.push(Manager { name: name.to_owned(), operation: "Update", subresource, fields: changed }),
    }
    managers.retain(|manager| !manager.fields.is_empty());
    managers
}
