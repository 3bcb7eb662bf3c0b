//! Rules that span fields of an input.

use serde_json::Value;

use super::access::condition;
use super::formats::instant;
use super::keys::{Keys, Notes};
use super::mappings::{EXCLUDES, Mapping, REQUIRES, RULE};
use super::names::{Found, Names};
use super::values::Judge;
use crate::diagnostic::Code;
use crate::model::{Check, Condition, Field, Presence, Rule, Type};
use crate::yaml::{Key, Kind, Node};

/// The rules of an action.
pub fn rules(notes: &mut Notes<'_>, names: &Names, keys: &Keys<'_>, input: &[Field]) -> Vec<Rule> {
    let items = keys.get("rules").and_then(|node| notes.items(node, "`rules`")).unwrap_or_default();
    let mut reader = Reader { notes, names, input };
    items.iter().filter_map(|node| reader.rule(node)).collect()
}

/// Reads the rules over one input.
struct Reader<'r, 'n, 'm> {
    notes: &'r mut Notes<'n>,
    names: &'m Names,
    input: &'m [Field],
}

impl<'m> Reader<'_, '_, 'm> {
    fn rule(&mut self, node: &'m Node) -> Option<Rule> {
        let keys = Keys::of(self.notes, node, RULE)?;
        let message = keys.line(self.notes, "message");
        let known: Vec<&str> = RULE.keys.iter().copied().filter(|key| *key != "message").collect();
        let checks: Vec<&(Key, Node)> = known.iter().filter_map(|check| keys.entry(check)).collect();
        let [(kind, value)] = checks.as_slice() else {
            if checks.is_empty() && keys.has_unknown(RULE) {
                return None;
            }
            let error = self.notes.error(Code::WrongShape, &node.span, "a rule says exactly one thing");
            error.help(format!("write one of {}", known.join(", ")));
            return None;
        };
        let check = match kind.text.as_str() {
            "any_of" => Check::AnyOf(self.choices(value)?),
            "one_of" => Check::OneOf(self.choices(value)?),
            "ordered" => self.ordered(value)?,
            "requires" => {
                let (when, with) = self.consequence(value, REQUIRES, "with")?;
                Check::Requires(when, with)
            }
            "excludes" => {
                let (when, fields) = self.consequence(value, EXCLUDES, "fields")?;
                Check::Excludes(when, fields)
            }
            "non_empty" => self.non_empty(value)?,
            _ => self.forbid(value)?,
        };
        let message = message.unwrap_or_else(|| default_message(&check));
        Some(Rule { check, message })
    }

    /// The field at a path; `None` when there is none, which is noted, or nothing can be said about it.
    fn field(&mut self, path: &'m str, node: &Node) -> Option<(&'m Field, bool)> {
        match self.names.lookup(self.notes, &node.span, self.input, path) {
            Found::Field { field, always, .. } if !self.names.is_open(&field.ty) => Some((field, always)),
            _ => None,
        }
    }

    /// Fields that may be left out.
    fn choices(&mut self, node: &'m Node) -> Option<Vec<String>> {
        let texts = self.notes.texts(node, "the fields of a rule")?;
        if matches!(&node.kind, Kind::List(items) if items.len() < 2) {
            self.notes.error(Code::BadRule, &node.span, "a choice needs at least two fields");
        }
        for (path, item) in &texts {
            if let Some((_, true)) = self.field(path, item) {
                let message = format!("`{path}` must always be given, so there is no choice");
                let error = self.notes.error(Code::BadRule, &item.span, message);
                error.help("make it `optional: true`, or leave it out of the rule");
            }
        }
        Some(owned(&texts))
    }

    fn ordered(&mut self, node: &'m Node) -> Option<Check> {
        let texts = self.notes.texts(node, "`ordered`")?;
        let [(first, first_node), (second, second_node)] = texts.as_slice() else {
            if !matches!(&node.kind, Kind::List(items) if items.len() == 2) {
                self.notes.error(Code::WrongShape, &node.span, "`ordered` takes two fields");
            }
            return None;
        };
        let (a, b) = (self.field(first, first_node), self.field(second, second_node));
        if let (Some((a, _)), Some((b, _))) = (a, b)
            && (order(&a.ty).is_none() || order(&a.ty) != order(&b.ty))
        {
            let message = format!("`{first}` and `{second}` cannot be compared");
            let error = self.notes.error(Code::BadRule, &node.span, message);
            error.help("both must be of type `datetime`, both `date`, both `money`, or both numbers");
        }
        Some(Check::Ordered((*first).to_owned(), (*second).to_owned()))
    }

    /// A condition, and the fields that something follows for.
    fn consequence(
        &mut self,
        node: &'m Node,
        mapping: Mapping,
        list: &'static str,
    ) -> Option<(Condition, Vec<String>)> {
        let keys = Keys::of(self.notes, node, mapping)?;
        let when = match (keys.get("field"), keys.get("when")) {
            (Some(node), None) => self.notes.text(node, "`field`").map(|path| {
                self.field(path, node);
                Condition::Present(path.to_owned())
            }),
            (None, Some(node)) => condition(self.notes, self.names, node, self.input),
            _ => {
                let error =
                    self.notes.error(Code::WrongShape, &node.span, format!("{} needs one condition", mapping.what));
                error.help("write `field: FIELD`, or `when: { equals: { FIELD: VALUE } }`");
                None
            }
        };
        let others_node = keys.require(self.notes, list)?;
        let others = self.notes.texts(others_node, &format!("`{list}`"))?;
        if others.is_empty() {
            self.notes.error(Code::BadRule, &others_node.span, format!("`{list}` names at least one field"));
        }
        let when = when?;
        let (Condition::Present(first) | Condition::Equals(first, _)) = &when;
        for (path, item) in &others {
            if let Some((_, true)) = self.field(path, item) {
                let message = format!(
                    "`{path}` must always be given, so the rule cannot {}",
                    match list {
                        "with" => "fail",
                        _ => "be kept",
                    }
                );
                self.notes.error(Code::BadRule, &item.span, message).help("leave it out of the rule");
            } else if path == first {
                self.notes.error(
                    Code::BadRule,
                    &item.span,
                    format!(
                        "`{path}` cannot {} itself",
                        match list {
                            "with" => "require",
                            _ => "exclude",
                        }
                    ),
                );
            }
        }
        Some((when, owned(&others)))
    }

    fn non_empty(&mut self, node: &'m Node) -> Option<Check> {
        let path = self.notes.text(node, "`non_empty`")?;
        let fields = if path.is_empty() {
            self.input
        } else {
            let (field, _) = self.field(path, node)?;
            let Some(fields) = self.names.fields(&field.ty) else {
                let error = self.notes.error(Code::BadRule, &node.span, format!("`{path}` is not an object"));
                error.help("lists have `min_items`, texts have `min_length`");
                return None;
            };
            fields
        };
        if let Some(required) = fields.iter().find(|field| field.presence == Presence::Required) {
            let message = format!("`{}` must always be given, so the rule cannot fail", required.name);
            self.notes.error(Code::BadRule, &node.span, message).help("leave out the rule");
        }
        Some(Check::NonEmpty(path.to_owned()))
    }

    fn forbid(&mut self, node: &'m Node) -> Option<Check> {
        let entries = self.notes.entries(node, "`forbid`")?;
        if entries.is_empty() {
            self.notes.error(Code::BadRule, &node.span, "`forbid` names at least one field and its value");
        }
        for (key, value) in entries {
            if let Found::Field { field, .. } = self.names.lookup(self.notes, &key.span, self.input, &key.text) {
                let what = format!("`{}`", key.text);
                let mut judge = Judge { notes: self.notes, names: self.names, code: Code::BadRule };
                judge.value(&what, &field.ty, false, value);
            }
        }
        Some(Check::Forbid(entries.iter().map(|(key, value)| (key.text.clone(), value.to_json())).collect()))
    }
}

/// The rules that an input, right in itself, breaks.
pub fn broken<'r>(rules: &'r [Rule], names: &Names, fields: &[Field], input: &Value) -> Vec<&'r Rule> {
    rules.iter().filter(|rule| is_broken(&rule.check, names, fields, input).unwrap_or(false)).collect()
}

/// `None` where the rule has nothing to judge.
fn is_broken(check: &Check, names: &Names, fields: &[Field], input: &Value) -> Option<bool> {
    let given = |path: &&String| given(input, path).is_some();
    Some(match check {
        Check::AnyOf(paths) => !paths.iter().any(|path| given(&path)),
        Check::OneOf(paths) => paths.iter().filter(given).count() != 1,
        Check::Requires(when, with) => holds(when, names, fields, input) && !with.iter().all(|path| given(&path)),
        Check::Excludes(when, others) => holds(when, names, fields, input) && others.iter().any(|path| given(&path)),
        Check::NonEmpty(path) => self::given(input, path)?.as_object()?.is_empty(),
        Check::Forbid(all) => {
            all.iter().all(|(path, value)| effective(names, fields, input, path).as_ref() == Some(value))
        }
        Check::Ordered(first, second) => {
            let (first, second) = (effective(names, fields, input, first)?, effective(names, fields, input, second)?);
            match (first.as_f64(), second.as_f64()) {
                (Some(first), Some(second)) => first > second,
                _ => instant(first.as_str()?) > instant(second.as_str()?),
            }
        }
    })
}

fn holds(when: &Condition, names: &Names, fields: &[Field], input: &Value) -> bool {
    match when {
        Condition::Present(path) => given(input, path).is_some(),
        Condition::Equals(path, value) => effective(names, fields, input, path).as_ref() == Some(value),
    }
}

/// What is at a path; the empty path is the input itself.
fn given<'v>(input: &'v Value, path: &str) -> Option<&'v Value> {
    path.split('.').filter(|step| !step.is_empty()).try_fold(input, |value, step| value.get(step))
}

/// As [`given`], with the default of a field that is left out. Not null.
fn effective(names: &Names, fields: &[Field], input: &Value, path: &str) -> Option<Value> {
    let value = given(input, path).cloned().or_else(|| match names.find(fields, path) {
        Found::Field { field: Field { presence: Presence::Default(value), .. }, .. } => Some(value.clone()),
        _ => None,
    });
    value.filter(|value| !value.is_null())
}

fn owned(texts: &[(&str, &Node)]) -> Vec<String> {
    texts.iter().map(|(text, _)| (*text).to_owned()).collect()
}

/// What a type is compared as.
fn order(ty: &Type) -> Option<&'static str> {
    match ty {
        Type::DateTime => Some("date and time"),
        Type::Date => Some("date"),
        Type::Money { .. } => Some("money"),
        Type::Integer { .. } | Type::Number { .. } => Some("number"),
        _ => None,
    }
}

fn spoken(when: &Condition) -> String {
    match when {
        Condition::Present(path) => format!("{path} is given"),
        Condition::Equals(path, value) => format!("{path} is {}", plain(value)),
    }
}

/// What people read where the spec gives no message.
fn default_message(check: &Check) -> String {
    match check {
        Check::AnyOf(paths) => format!("{} is required", series(paths, "or")),
        Check::OneOf(paths) => format!("exactly one of {} is required", series(paths, "and")),
        Check::Ordered(first, second) => format!("{first} must not be after {second}"),
        Check::Requires(when, with) => {
            let verb = if with.len() == 1 { "is" } else { "are" };
            format!("{} {verb} required when {}", series(with, "and"), spoken(when))
        }
        Check::Excludes(when, others) => {
            let verb = if others.len() == 1 { "is" } else { "are" };
            format!("{} {verb} not allowed when {}", series(others, "and"), spoken(when))
        }
        Check::NonEmpty(path) if path.is_empty() => "at least one field is required".to_owned(),
        Check::NonEmpty(path) => format!("{path} must have at least one field"),
        Check::Forbid(all) => {
            let all: Vec<String> = all.iter().map(|(path, value)| format!("{path} {}", plain(value))).collect();
            match all.as_slice() {
                [one] => format!("{one} is not allowed"),
                all => format!("{} are not allowed together", series(all, "and")),
            }
        }
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// `a, b or c`.
fn series(all: &[String], word: &str) -> String {
    match all {
        [first @ .., last] if !first.is_empty() => format!("{} {word} {last}", first.join(", ")),
        _ => all.concat(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn rules_without_a_message_get_one() {
        let texts = |all: &[&str]| all.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let (given, equal) = (|| Condition::Present("a".into()), || Condition::Equals("a".into(), json!(true)));
        for (check, expected) in [
            (Check::AnyOf(texts(&["client_id", "contact_id"])), "client_id or contact_id is required"),
            (Check::OneOf(texts(&["a", "b", "c"])), "exactly one of a, b and c is required"),
            (Check::Ordered("start_time".into(), "end_time".into()), "start_time must not be after end_time"),
            (Check::Requires(given(), texts(&["b"])), "b is required when a is given"),
            (Check::Requires(given(), texts(&["b", "c"])), "b and c are required when a is given"),
            (Check::Requires(equal(), texts(&["b"])), "b is required when a is true"),
            (Check::Excludes(given(), texts(&["b"])), "b is not allowed when a is given"),
            (Check::Excludes(equal(), texts(&["b", "c"])), "b and c are not allowed when a is true"),
            (Check::NonEmpty("patch".into()), "patch must have at least one field"),
            (Check::NonEmpty(String::new()), "at least one field is required"),
            (Check::Forbid(vec![("a".into(), json!(true))]), "a true is not allowed"),
            (
                Check::Forbid(vec![("target.type".into(), json!("project")), ("visibility".into(), json!("public"))]),
                "target.type project and visibility public are not allowed together",
            ),
        ] {
            assert_eq!(default_message(&check), expected);
        }
    }
}
