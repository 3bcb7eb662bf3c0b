//! What goes into the audit row.

use std::collections::BTreeSet;

use super::keys::{Keys, Notes};
use super::mappings::AUDIT;
use super::names::{Found, Names, is_key};
use crate::diagnostic::Code;
use crate::model::{Audit, AuditField, AuditSource, Effects, Field, Type};
use crate::yaml::{Kind, Node};

/// Where the values of an audit row come from.
#[derive(Clone, Copy)]
pub struct Sources<'m> {
    pub names: &'m Names,
    pub input: &'m [Field],
    pub output: &'m [Field],
}

/// The audit fields of an action.
pub fn audit(notes: &mut Notes<'_>, keys: &Keys<'_>, effects: Option<Effects>, sources: Sources<'_>) -> Option<Audit> {
    let Some((key, node)) = keys.entry("audit") else {
        if effects == Some(Effects::Write) {
            let span = keys.get("effects").map_or(0..0, |node| node.span.clone());
            let error = notes.error(Code::BadAudit, &span, "an action that writes needs the key `audit`");
            error.help("audit: { target: { client_id: output.client_id }, changed: { … } }");
        }
        return None;
    };
    if effects == Some(Effects::Read) {
        let error = notes.error(Code::ReadOnly, &key.span, "an action that only reads is not audited");
        error.help("leave `audit` out, or declare `effects: write`");
    }
    let inner = Keys::of(notes, node, AUDIT)?.named_by(key);
    let target_node = inner.require(notes, "target");
    let target = target_node.and_then(|node| audit_fields(notes, node, sources));
    let changed = inner.require(notes, "changed").and_then(|node| audit_fields(notes, node, sources));
    if let (Some(node), Some(fields)) = (target_node, &target) {
        check_target(notes, node, fields);
    }
    Some(Audit { target: target?.into_iter().next()?, changed: changed? })
}

fn check_target(notes: &mut Notes<'_>, node: &Node, fields: &[AuditField]) {
    if !matches!(fields, [AuditField { from: AuditSource::Path(_), .. }]) {
        let error = notes.error(Code::BadAudit, &node.span, "`target` names one id and where it comes from");
        error.help("target: { client_id: output.client_id }");
    }
}

fn audit_fields(notes: &mut Notes<'_>, node: &Node, sources: Sources<'_>) -> Option<Vec<AuditField>> {
    let entries = notes.entries(node, "a set of audit fields")?;
    let mut all = Vec::new();
    for (key, node) in entries {
        if !is_key(&key.text) {
            let error =
                notes.error(Code::BadName, &key.span, format!("`{}` cannot be the name of an audit field", key.text));
            error.help("use letters, digits and underscores");
        }
        let from = match &node.kind {
            Kind::Map(_) => AuditSource::Object(audit_fields(notes, node, sources)?),
            _ => {
                let path = notes.text(node, "the source of an audit field")?;
                check_source(notes, node, path, sources);
                AuditSource::Path(path.to_owned())
            }
        };
        all.push(AuditField { name: key.text.clone(), from });
    }
    Some(all)
}

fn check_source(notes: &mut Notes<'_>, node: &Node, path: &str, sources: Sources<'_>) {
    let (fields, rest) = match path.split_once('.') {
        Some(("input", rest)) => (sources.input, rest),
        Some(("output", rest)) => (sources.output, rest),
        _ => {
            let error =
                notes.error(Code::BadAudit, &node.span, format!("`{path}` does not say where the value comes from"));
            error.help("a source begins with input. or output.");
            return;
        }
    };
    let span = notes.part(node, rest);
    let Found::Field { field, secret, .. } = sources.names.lookup(notes, &span, fields, rest) else { return };
    if secret || holds_secret(sources.names, &field.ty, &mut BTreeSet::new()) {
        let error =
            notes.error(Code::BadAudit, &span, format!("`{path}` holds a secret, and secrets are never stored"));
        error.help("leave it out, or name the fields beside it");
    }
}

/// Whether there is a secret anywhere below.
fn holds_secret<'m>(names: &'m Names, ty: &'m Type, seen: &mut BTreeSet<&'m str>) -> bool {
    match ty {
        Type::List { items, .. } | Type::Map(items) => return holds_secret(names, &items.ty, seen),
        Type::Ref(name) if !seen.insert(name) => return false,
        _ => {}
    }
    let fields = names.fields(ty).unwrap_or_default();
    fields.iter().any(|field| field.secret || holds_secret(names, &field.ty, seen))
}
