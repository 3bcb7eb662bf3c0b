//! The permissions that a call needs by its input.

use serde_json::Value;

use super::lookup;
use crate::spec::{Condition, Field, Permission};

/// The declared permissions whose condition holds, as resource and action, each once, in the declared order.
///
/// The input must be valid. A placeholder that has no value stays as it is: nobody has such a permission, so the call is
/// refused rather than let through.
pub fn required(permissions: &[Permission], fields: &[Field], input: &Value) -> Vec<(String, String)> {
    let mut needed = Vec::with_capacity(permissions.len());
    for permission in permissions.iter().filter(|permission| holds(permission.when, fields, input)) {
        let one = (filled(permission.resource, fields, input), permission.action.to_owned());
        if !needed.contains(&one) {
            needed.push(one);
        }
    }
    needed
}

fn holds(condition: Condition, fields: &[Field], input: &Value) -> bool {
    match condition {
        Condition::Always => true,
        Condition::Present(path) => lookup::given(input, path).is_some_and(|value| !value.is_null()),
        Condition::Equals(path, json) => {
            lookup::effective(fields, input, path).is_some_and(|(_, value)| lookup::is(&value, json))
        }
    }
}

fn filled(resource: &str, fields: &[Field], input: &Value) -> String {
    let placeholder = resource.split_once('{').and_then(|(before, rest)| {
        let (path, after) = rest.split_once('}')?;
        let (_, value) = lookup::effective(fields, input, path)?;
        Some(format!("{before}{}{after}", value.as_str()?))
    });
    placeholder.unwrap_or_else(|| resource.to_owned())
}
