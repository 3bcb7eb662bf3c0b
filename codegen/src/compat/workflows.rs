//! Which stored workflows a change breaks.
//!
//! A definition is a JSON document with steps of type `action.call` anywhere in it: `config.actionId`, `config.version`,
//! `config.inputMapping`, and `saveAs`, the name under which later steps refer to the output.

use serde_json::{Map, Value};

use super::{Change, Rule, Subject};

/// A stored workflow.
#[derive(Debug, Clone)]
pub struct Workflow {
    /// Where it was found, for reports.
    pub source: String,
    /// Its definition.
    pub definition: Value,
}

/// A step of a workflow that a change breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// Where the workflow was found.
    pub source: String,
    /// What people call it.
    pub workflow: String,
    /// The step, by its name, its id or its place in the document.
    pub step: String,
    /// Position in the changes.
    pub change: usize,
    /// It does break. Otherwise it may, by values that are known only when it runs.
    pub certain: bool,
}

/// The steps that refused changes break, in the order of workflows and steps.
pub fn broken(changes: &[Change], workflows: &[Workflow]) -> Vec<Broken> {
    let mut all = Vec::new();
    for workflow in workflows {
        let mut calls = Vec::new();
        collect(&workflow.definition, "", &mut calls);
        for call in &calls {
            for (index, change) in changes.iter().enumerate().filter(|(_, change)| change.rule.verdict().is_refused()) {
                if let Some(certain) = call.is_broken(change, &workflow.definition) {
                    all.push(Broken {
                        source: workflow.source.clone(),
                        workflow: name(&workflow.definition).unwrap_or(&workflow.source).to_owned(),
                        step: call.step.clone(),
                        change: index,
                        certain,
                    });
                }
            }
        }
    }
    all
}

/// A step that calls an action.
#[derive(Debug)]
struct Call<'w> {
    step: String,
    action: &'w str,
    version: Option<u64>,
    mapping: Option<&'w Map<String, Value>>,
    save_as: Option<&'w str>,
}

fn name(definition: &Value) -> Option<&str> {
    ["name", "key", "id"].iter().find_map(|key| definition[*key].as_str())
}

fn collect<'w>(value: &'w Value, pointer: &str, calls: &mut Vec<Call<'w>>) {
    match value {
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                collect(item, &format!("{pointer}/{index}"), calls);
            }
        }
        Value::Object(fields) => {
            calls.extend(call(fields, pointer));
            for (key, item) in fields {
                collect(item, &format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1")), calls);
            }
        }
        _ => {}
    }
}

fn call<'w>(step: &'w Map<String, Value>, pointer: &str) -> Option<Call<'w>> {
    if step.get("type")?.as_str()? != "action.call" {
        return None;
    }
    let config = step.get("config")?;
    let text = |key: &str| step.get(key).and_then(Value::as_str);
    Some(Call {
        step: text("name").or_else(|| text("id")).map_or_else(|| pointer.to_owned(), str::to_owned),
        action: config.get("actionId")?.as_str()?,
        version: config.get("version").and_then(|version| version.as_u64().or_else(|| version.as_str()?.parse().ok())),
        mapping: config.get("inputMapping").and_then(Value::as_object),
        save_as: text("saveAs").or_else(|| config.get("saveAs").and_then(Value::as_str)),
    })
}

impl Call<'_> {
    /// Whether a change breaks the step, and whether that is certain.
    fn is_broken(&self, change: &Change, definition: &Value) -> Option<bool> {
        let Subject::Action(id, version) = &change.subject else { return None };
        // A step that names no version calls the latest, which may be any.
        if *id != self.action || self.version.is_some_and(|own| own != u64::from(*version)) {
            return None;
        }
        let input = change.path.strip_prefix("input.");
        match change.rule {
            Rule::ActionRemoved => Some(true),
            Rule::VersionRemoved => self.version.map(|_| true),
            Rule::InputRequiredFieldAdded | Rule::InputFieldMadeRequired => self.lacks(input?),
            Rule::InputDefaultChanged => self.lacks(input?).map(|_| false),
            Rule::InputFieldRemoved => self.mapped(input?).map(|_| true),
            Rule::InputValueRemoved => match self.mapped(input?)? {
                Value::String(text) if *text == change.detail => Some(true),
                value if is_literal(value) => None,
                _ => Some(false),
            },
            _ => match (input, change.path.strip_prefix("output.")) {
                (Some(path), _) => self.mapped(path).map(|_| false),
                (None, Some(path)) => self.refers(path, change.rule, definition),
                (None, None) => Some(false),
            },
        }
    }

    /// Whether the mapping leaves a field out where there is a place for it.
    fn lacks(&self, path: &str) -> Option<bool> {
        let Some((above, name)) = path.rsplit_once('.') else {
            let given = self.mapping.is_some_and(|mapping| mapping.contains_key(path));
            return (!given).then_some(true);
        };
        match self.mapped(above)? {
            Value::Object(fields) if !fields.contains_key(name) => Some(true),
            Value::Object(_) => None,
            _ => Some(false),
        }
    }

    /// What the mapping has at a path, or at the nearest place above it that is not an object of its own.
    fn mapped(&self, path: &str) -> Option<&Value> {
        let mut steps = path.split(['.', '[', '{']).filter(|step| !step.starts_with([']', '}']));
        let mut value = self.mapping?.get(steps.next()?)?;
        for step in steps {
            match value {
                Value::Object(fields) if is_literal(value) => value = fields.get(step)?,
                _ => return Some(value),
            }
        }
        Some(value)
    }

    /// Whether a text of the workflow refers to a place of the output, or to all that it is in.
    fn refers(&self, path: &str, rule: Rule, definition: &Value) -> Option<bool> {
        let name = self.save_as?;
        let path = path.split(['[', '{']).next().unwrap_or(path);
        let (mut exact, mut whole) = (false, false);
        texts(definition, &mut |text| {
            for place in references(text, name) {
                exact |= is_below(place, path);
                whole |= !place.is_empty() && is_below(path, place);
            }
        });
        let is_gone = rule == Rule::OutputFieldRemoved;
        (exact || whole).then_some(exact && is_gone)
    }
}

/// Whether a dotted path is another one, or leads on from it.
fn is_below(path: &str, above: &str) -> bool {
    path.strip_prefix(above).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// A value that is what it says, and not an expression: those are objects with a `$` key, or texts with `{{` or `${`.
fn is_literal(value: &Value) -> bool {
    match value {
        Value::String(text) => !text.contains("{{") && !text.contains("${"),
        Value::Object(fields) => !fields.keys().any(|key| key.starts_with('$')),
        _ => true,
    }
}

fn texts<'v>(value: &'v Value, look: &mut impl FnMut(&'v str)) {
    match value {
        Value::String(text) => look(text),
        Value::Array(items) => items.iter().for_each(|item| texts(item, look)),
        Value::Object(fields) => fields.values().for_each(|item| texts(item, look)),
        _ => {}
    }
}

/// The dotted paths that follow a name in a text: `name.quote.status` gives `quote.status`.
fn references<'t>(text: &'t str, name: &str) -> Vec<&'t str> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let starts = text.match_indices(name).filter(|(at, _)| !text[..*at].ends_with(is_word));
    let path = |(at, _): (usize, &str)| {
        let rest = text[at + name.len()..].strip_prefix('.')?;
        let end = rest.find(|c: char| !is_word(c) && c != '.').unwrap_or(rest.len());
        Some(rest[..end].trim_end_matches('.'))
    };
    starts.filter_map(path).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn change(rule: Rule, path: &str, detail: &str) -> Change {
        Change {
            subject: Subject::Action("crm.send_quote".to_owned(), 1),
            path: path.to_owned(),
            rule,
            detail: detail.to_owned(),
            source: "specs/x.yaml".to_owned(),
        }
    }

    fn workflow() -> Workflow {
        Workflow {
            source: "offers.json".to_owned(),
            definition: json!({
                "name": "Offers",
                "steps": [
                    { "type": "action.call", "name": "send", "saveAs": "sent", "config": {
                        "actionId": "crm.send_quote", "version": 1,
                        "inputMapping": { "quote_id": "{{trigger.quote}}", "mode": "soft", "who": { "name": "x" } } } },
                    { "type": "control.if", "condition": "sent.quote.status == 'sent'", "then": [
                        { "type": "action.call", "id": "s2", "config": { "actionId": "crm.send_quote", "version": 2 } },
                        { "type": "action.call", "config": { "actionId": "crm.other", "inputMapping": { "all": "{{resent.quote}}" } } },
                    ] },
                ],
            }),
        }
    }

    /// Which step breaks, and whether that is certain; `None` when the workflow goes on as before.
    #[test]
    fn each_change_breaks_the_steps_that_it_is_about() {
        for (rule, path, detail, expected) in [
            (Rule::ActionRemoved, "", "", Some(true)),
            (Rule::VersionRemoved, "", "", Some(true)),
            (Rule::PermissionAdded, "permissions", "", Some(false)),
            (Rule::InputRequiredFieldAdded, "input.reason", "", Some(true)),
            (Rule::InputRequiredFieldAdded, "input.who.email", "", Some(true)),
            (Rule::InputRequiredFieldAdded, "input.patch.email", "", None),
            (Rule::InputFieldMadeRequired, "input.mode", "", None),
            (Rule::InputFieldRemoved, "input.mode", "", Some(true)),
            (Rule::InputFieldRemoved, "input.subject", "", None),
            (Rule::InputDefaultChanged, "input.subject", "", Some(false)),
            (Rule::InputDefaultChanged, "input.mode", "", None),
            (Rule::InputValueRemoved, "input.mode", "soft", Some(true)),
            (Rule::InputValueRemoved, "input.mode", "hard", None),
            (Rule::InputValueRemoved, "input.quote_id", "x", Some(false)),
            (Rule::InputPatternChanged, "input.quote_id", "", Some(false)),
            (Rule::InputPatternChanged, "input.subject", "", None),
            (Rule::OutputFieldRemoved, "output.quote.status", "", Some(true)),
            (Rule::OutputFieldRemoved, "output.quote", "", Some(true)),
            (Rule::OutputFieldRemoved, "output.recipients", "", None),
            (Rule::OutputFieldRemoved, "output.quote.status.code", "", Some(false)),
            (Rule::OutputNullAdmitted, "output.quote.status", "", Some(false)),
            (Rule::OutputValueAdded, "output.quote.status", "", None),
        ] {
            let found = broken(&[change(rule, path, detail)], &[workflow()]);
            let expected: Vec<(&str, &str, bool)> =
                expected.into_iter().map(|certain| ("Offers", "send", certain)).collect();
            let found: Vec<(&str, &str, bool)> =
                found.iter().map(|one| (one.workflow.as_str(), one.step.as_str(), one.certain)).collect();
            assert_eq!(found, expected, "{rule:?} {path}");
        }
    }

    /// A step without a name or an id is found by its place.
    #[test]
    fn steps_without_names_have_a_place() {
        let definition = json!({ "do": [{ "type": "action.call", "config": { "actionId": "crm.send_quote" } }] });
        let workflows = [Workflow { source: "a.json".to_owned(), definition }];
        let found = broken(&[change(Rule::ActionRemoved, "", "")], &workflows);
        assert_eq!((found[0].workflow.as_str(), found[0].step.as_str()), ("a.json", "/do/0"));
        assert_eq!(broken(&[change(Rule::VersionRemoved, "", "")], &workflows), [], "it calls the latest");
    }
}
