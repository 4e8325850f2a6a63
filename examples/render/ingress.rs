//! The canary Ingress that stands beside the stable one.

use canary_policy::targets::nginx::{CanaryIngress, Params, canary_ingress};
use canary_policy::{Conversion, Policy};
use k8s_openapi::api::networking::v1::Ingress;

use crate::Written;
use crate::manifests::Found;

pub(crate) fn written(found: &Found, policy: &Policy, params: &Params) -> Result<Written, String> {
    let Found { stable, canaries, notes: _ } = found;
    let conversion = canary_ingress(stable, policy, params).map_err(|why| why.to_string())?;
    let Conversion { output, losses, .. } = conversion;

    let mut notes = Vec::new();
    let named = |ingress: &Ingress| (ingress.metadata.namespace.clone(), ingress.metadata.name.clone());
    if canaries.iter().any(|canary| named(canary) == named(&output.ingress)) {
        let name = output.ingress.metadata.name.as_deref().unwrap_or_default();
        notes.push(format!("has a canary `{name}` already, which this one replaces"));
    }
    if !output.stable_edit.is_empty() {
        notes.push("the affinity is an edit of the stable Ingress: the command stands above the manifest".to_owned());
    }
    let manifest = serde_saphyr::to_string(&output.ingress).map_err(|error| error.to_string())?;
    Ok(Written { documents: vec![format!("{}{manifest}", edit(stable, &output))], losses, notes })
}

/// What changes on the stable Ingress, as a comment above the canary: an edit, not a second manifest that would replace it.
fn edit(stable: &Ingress, output: &CanaryIngress) -> String {
    if output.stable_edit.is_empty() {
        return String::new();
    }
    let name = stable.metadata.name.as_deref().unwrap_or_default();
    let namespace = stable.metadata.namespace.iter().map(|namespace| format!(" --namespace {namespace}"));
    let changes = output.stable_edit.iter().map(|(key, value)| match value {
        Some(value) => format!(" '{key}={}'", value.replace('\'', r"'\''")),
        None => format!(" '{key}-'"),
    });
    let arguments: String = namespace.chain(changes).collect();
    format!("# The stable Ingress carries the affinity:\n#   kubectl annotate --overwrite ingress {name}{arguments}\n")
}
