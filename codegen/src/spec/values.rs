//! Judges values that specs give - defaults, examples, values in rules - by their types, each problem at its place.

use std::collections::HashSet;

use super::formats::{is_date, is_date_time, is_email, is_uuid};
use super::keys::Notes;
use super::names::Names;
use crate::diagnostic::Code;
use crate::model::{Field, Item, Presence, StringType, Type};
use crate::yaml::{Kind, Node};

/// Judges values of one spec file.
pub struct Judge<'j, 'n> {
    pub notes: &'j mut Notes<'n>,
    pub names: &'j Names,
    /// Under which problems are noted.
    pub code: Code,
}

impl Judge<'_, '_> {
    /// Notes what keeps a value from being one of the type. `what` begins the sentence: the field or item.
    pub fn value(&mut self, what: &str, ty: &Type, nullable: bool, node: &Node) {
        if nullable && node.kind == Kind::Null || self.names.is_open(ty) {
            return;
        }
        match ty {
            Type::Json => {}
            Type::Uuid => self.text_form(what, node, "a UUID", is_uuid),
            Type::DateTime => {
                self.text_form(what, node, "a date and time with an offset (2026-01-31T09:30:00Z)", is_date_time)
            }
            Type::Date => self.text_form(what, node, "a date (2026-01-31)", is_date),
            Type::Email => self.text_form(what, node, "an e-mail address", is_email),
            Type::Boolean => self.expect(matches!(node.kind, Kind::Bool(_)), what, node, "true or false"),
            Type::Integer { min, max } | Type::Money { min, max } => {
                let fits = whole(node).is_some_and(|number| (*min..=*max).contains(&number));
                self.expect(fits, what, node, &format!("a whole number{}", bounds(*min, *max)));
            }
            Type::Number { min, max } => {
                let fits = |number: f64| min.is_none_or(|min| number >= min) && max.is_none_or(|max| number <= max);
                let fits = number(node).is_some_and(|number| number.is_finite() && fits(number));
                self.expect(fits, what, node, &format!("a number{}", open_bounds(*min, *max)));
            }
            Type::String(constraints) => self.string(what, constraints, node),
            Type::Enum(values) => self.among(what, values, node),
            Type::List { items, min_items, max_items, unique } => {
                let Kind::List(list) = &node.kind else { return self.expect(false, what, node, "a list") };
                let count = list.len() as u64;
                if min_items.is_some_and(|min| count < min) || max_items.is_some_and(|max| count > max) {
                    self.note(node, format!("{what} has {count} items, and its bounds do not allow that"));
                }
                self.unique(what, *unique, list);
                list.iter().for_each(|one| self.item(&format!("an item of {what}"), items, one));
            }
            Type::Map(values) => {
                let Kind::Map(entries) = &node.kind else { return self.expect(false, what, node, "a mapping") };
                entries.iter().for_each(|(key, one)| self.item(&format!("`{}`", key.text), values, one));
            }
            Type::Object(fields) => self.record(what, fields, node),
            Type::Ref(_) => match (self.names.values(ty), self.names.fields(ty)) {
                (Some(values), _) => self.among(what, values, node),
                (_, Some(fields)) => self.record(what, fields, node),
                (None, None) => {}
            },
        }
    }

    /// As [`Judge::value`], for a whole record.
    pub fn record(&mut self, what: &str, fields: &[Field], node: &Node) {
        let Kind::Map(entries) = &node.kind else { return self.expect(false, what, node, "a mapping") };
        for (key, node) in entries {
            match fields.iter().find(|field| field.name == key.text) {
                Some(field) => {
                    let what = format!("`{}`", key.text);
                    if node.kind == Kind::Null && !field.nullable && field.presence != Presence::Required {
                        self.note(node, format!("{what} cannot be null: leave it out"));
                    } else {
                        self.value(&what, &field.ty, field.nullable, node);
                    }
                }
                None => {
                    let error = self.notes.error(self.code, &key.span, format!("{what} has no field `{}`", key.text));
                    error.suggest(&key.text, fields.iter().map(|field| field.name.as_str()));
                }
            }
        }
        for field in fields.iter().filter(|field| field.presence == Presence::Required) {
            if !entries.iter().any(|(key, _)| key.text == field.name) {
                self.note(node, format!("{what} lacks the field `{}`", field.name));
            }
        }
    }

    fn item(&mut self, what: &str, item: &Item, node: &Node) {
        self.value(what, &item.ty, item.nullable, node);
    }

    fn note(&mut self, node: &Node, message: String) {
        self.notes.error(self.code, &node.span, message);
    }

    fn expect(&mut self, fits: bool, what: &str, node: &Node, wanted: &str) {
        if !fits {
            self.note(node, format!("{what} must be {wanted}, not {}", short(node)));
        }
    }

    fn text_form(&mut self, what: &str, node: &Node, wanted: &str, form: fn(&str) -> bool) {
        self.expect(matches!(&node.kind, Kind::Text(text) if form(text)), what, node, wanted);
    }

    fn among(&mut self, what: &str, values: &[String], node: &Node) {
        let Kind::Text(text) = &node.kind else { return self.expect(false, what, node, "a text") };
        if !values.contains(text) {
            let error = self.notes.error(self.code, &node.span, format!("{what} cannot be `{text}`"));
            error.suggest(text, values.iter().map(String::as_str));
        }
    }

    fn unique(&mut self, what: &str, unique: bool, list: &[Node]) {
        let mut seen = HashSet::new();
        for one in list.iter().filter(|_| unique) {
            if !seen.insert(one.to_json().to_string()) {
                self.note(one, format!("{what} has this item twice"));
            }
        }
    }

    fn string(&mut self, what: &str, constraints: &StringType, node: &Node) {
        let Kind::Text(text) = &node.kind else { return self.expect(false, what, node, "a text") };
        let text = if constraints.trimmed { text.trim() } else { text };
        let length = text.chars().count() as u64;
        if let Some(min) = constraints.min_length.filter(|min| length < *min) {
            self.note(node, format!("{what} must have at least {min} characters, not {length}"));
        }
        if let Some(max) = constraints.max_length.filter(|max| length > *max) {
            self.note(node, format!("{what} must have at most {max} characters, not {length}"));
        }
        if text.contains('\0') {
            self.note(node, format!("{what} must not hold the character U+0000"));
        }
        if let Some(pattern) = &constraints.pattern
            && let Ok(regex) = self.names.patterns.get(pattern).as_ref()
            && !regex.is_match(text)
        {
            self.note(node, format!("{what} does not match its pattern {pattern}"));
        }
    }
}

fn number(node: &Node) -> Option<f64> {
    match node.kind {
        #[expect(clippy::cast_precision_loss, reason = "JSON Schema compares the same way")]
        Kind::Int(number) => Some(number as f64),
        Kind::Float(number) => Some(number),
        _ => None,
    }
}

/// A whole number, `5.0` included, as JSON Schema has it.
fn whole(node: &Node) -> Option<i64> {
    match node.kind {
        Kind::Int(number) => Some(number),
        #[expect(clippy::cast_possible_truncation, reason = "in range and whole")]
        Kind::Float(number) if number.fract() == 0.0 && number.abs() <= super::fields::EXACT as f64 => {
            Some(number as i64)
        }
        _ => None,
    }
}

fn bounds(min: i64, max: i64) -> String {
    const EXACT: i64 = super::fields::EXACT;
    match (min, max) {
        (min, max) if min > -EXACT && max < EXACT => format!(" from {min} to {max}"),
        (min, _) if min > -EXACT => format!(" of at least {min}"),
        (_, max) if max < EXACT => format!(" of at most {max}"),
        _ => String::new(),
    }
}

fn open_bounds(min: Option<f64>, max: Option<f64>) -> String {
    match (min, max) {
        (Some(min), Some(max)) => format!(" from {min} to {max}"),
        (Some(min), None) => format!(" of at least {min}"),
        (None, Some(max)) => format!(" of at most {max}"),
        (None, None) => String::new(),
    }
}

/// A value, cut for a message.
fn short(node: &Node) -> String {
    if matches!(node.kind, Kind::Null | Kind::List(_) | Kind::Map(_)) {
        return node.describe().to_owned();
    }
    let text = node.to_json().to_string();
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
