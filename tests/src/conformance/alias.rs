//! Names for ids: `$client.contoso` in a fixture or a case stands for a UUID that is the same everywhere.

use std::collections::{BTreeMap, BTreeSet};

use actwright_runtime::Uuid;
use serde_json::Value;

/// The UUID of `client.contoso`.
pub fn id(alias: &str) -> Uuid {
    // FNV-1a, so that ids stay the same on every machine and in every release of Rust.
    let hash = alias.bytes().fold(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d_u128, |hash, byte| {
        (hash ^ u128::from(byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b)
    });
    // The version and variant of a random UUID; an `a` in front, so that upper and lower case differ.
    let bits = hash & 0x0fff_ffff_ffff_0fff_3fff_ffff_ffff_ffff | 0xa000_0000_0000_4000_8000_0000_0000_0000;
    Uuid::from_u128(bits)
}

/// The aliases that rows define, and those that stand for nothing (`$missing.…`).
#[derive(Debug, Clone, Default)]
pub struct Aliases {
    known: BTreeSet<String>,
    names: BTreeMap<String, String>,
}

impl Aliases {
    /// Replaces every alias of a fixture, and remembers it.
    pub fn define(&mut self, value: &Value) -> Value {
        let found = &mut Vec::new();
        let replaced = replace(value, &mut |alias| found.push(alias.to_owned()));
        for alias in found.drain(..) {
            self.names.insert(id(&alias).to_string(), format!("${alias}"));
            self.known.insert(alias);
        }
        replaced
    }

    /// Replaces every alias of a case.
    ///
    /// # Errors
    ///
    /// Names the aliases that no row defines.
    pub fn resolve(&mut self, value: &Value) -> Result<Value, String> {
        let mut unknown = Vec::new();
        let mut missing = Vec::new();
        let resolved = replace(value, &mut |alias| match alias.strip_prefix("missing.") {
            Some(_) => missing.push(alias.to_owned()),
            None if self.known.contains(alias) => {}
            None => unknown.push(format!("${alias}")),
        });
        for alias in missing {
            self.names.insert(id(&alias).to_string(), format!("${alias}"));
        }
        if unknown.is_empty() { Ok(resolved) } else { Err(format!("no row defines {}", unknown.join(", "))) }
    }

    /// Puts aliases in place of the UUIDs in a text, for people.
    pub fn name(&self, text: &str) -> String {
        self.names.iter().fold(text.to_owned(), |text, (id, alias)| text.replace(id.as_str(), alias))
    }
}

/// Replaces aliases in all texts and keys, except those that the matcher understands.
fn replace(value: &Value, seen: &mut dyn FnMut(&str)) -> Value {
    match value {
        Value::String(text) => Value::String(replace_text(text, seen)),
        Value::Array(items) => items.iter().map(|item| replace(item, seen)).collect(),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, field)| (name.clone(), replace(field, seen)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        other => other.clone(),
    }
}

fn replace_text(text: &str, seen: &mut dyn FnMut(&str)) -> String {
    let mut replaced = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('$') {
        let (before, tail) = rest.split_at(start);
        replaced.push_str(before);
        let name =
            tail[1..].chars().take_while(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '.'));
        let name: String = name.collect();
        let name = name.trim_end_matches('.');
        let (alias, upper) = name.strip_prefix("upper.").map_or((name, false), |alias| (alias, true));
        rest = &tail[1 + name.len()..];
        if !alias.contains('.') || alias.starts_with("as.") {
            replaced.push('$');
            replaced.push_str(name);
            continue;
        }
        seen(alias);
        let id = id(alias).to_string();
        replaced.push_str(&if upper { id.to_uppercase() } else { id });
    }
    replaced.push_str(rest);
    replaced
}
