//! JSON Schemas (draft 2020-12) of inputs and outputs.
//!
//! Everything that a schema says is what the runtime does; what a schema cannot say is listed in `x-actwright-rules`.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::model::{Action, Check, Condition, Field, Item, Model, NamedType, Presence, Rule, Shape, StringType, Type};

/// The white space that the runtime trims: Unicode's, spelt out, because validators disagree about `\s`.
const SPACE: &str = r"\u0009-\u000D\u0020\u0085\u00A0\u1680\u2000-\u200A\u2028\u2029\u202F\u205F\u3000";
const UUID: &str = "^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}$";
const DATE_TIME: &str = "^[12][0-9]{3}-[0-9]{2}-[0-9]{2}[Tt](?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\\.[0-9]{1,9})?\
                         (?:[Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])$";
const DATE: &str = "^[12][0-9]{3}-[0-9]{2}-[0-9]{2}$";
const EMAIL: &str = "^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*\
                     @(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\\.)+[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$";

/// How shared types appear.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// Written out where they are used, for form builders. Only types that hold themselves are referred to.
    Inline,
    /// Referred to by `$ref`, for people and code generators.
    References,
}

/// Whether values come in or go out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    Input,
    Output,
}

pub fn input(model: &Model, action: &Action, profile: Profile) -> Value {
    let mut emitter =
        Emitter { model, profile, direction: Direction::Input, definitions: BTreeMap::new(), open: Vec::new() };
    let mut schema = emitter.record(&action.input);
    let examples: Vec<&Value> = action.examples.iter().map(|example| &example.input).collect();
    if !examples.is_empty() {
        schema.insert("examples".to_owned(), json!(examples));
    }
    rules(model, &action.input, &action.rules, &mut schema);
    emitter.document(action, "input", schema)
}

pub fn output(model: &Model, action: &Action, profile: Profile) -> Value {
    let mut emitter =
        Emitter { model, profile, direction: Direction::Output, definitions: BTreeMap::new(), open: Vec::new() };
    let schema = emitter.record(&action.output);
    emitter.document(action, "output", schema)
}

struct Emitter<'m> {
    model: &'m Model,
    profile: Profile,
    direction: Direction,
    definitions: BTreeMap<String, Value>,
    /// Types under way: a second time means that they hold themselves.
    open: Vec<String>,
}

impl Emitter<'_> {
    fn document(self, action: &Action, direction: &str, schema: Map<String, Value>) -> Value {
        let profile = if self.profile == Profile::References { ".refs" } else { "" };
        let mut document = Map::new();
        document.insert("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema"));
        document.insert(
            "$id".to_owned(),
            json!(format!("urn:actwright:{}:{}:{direction}{profile}", action.id, action.version)),
        );
        document.insert("title".to_owned(), json!(format!("{} ({direction})", action.label)));
        document.insert("description".to_owned(), json!(action.description));
        document.extend(schema);
        if !self.definitions.is_empty() {
            document.insert("$defs".to_owned(), json!(self.definitions));
        }
        Value::Object(document)
    }

    fn record(&mut self, fields: &[Field]) -> Map<String, Value> {
        let mut properties = Map::new();
        let mut required = Vec::new();
        for field in fields {
            properties.insert(field.name.clone(), self.field(field));
            if field.presence == Presence::Required {
                required.push(field.name.as_str());
            }
        }
        let mut schema = Map::new();
        schema.insert("type".to_owned(), json!("object"));
        schema.insert("properties".to_owned(), Value::Object(properties));
        if !required.is_empty() {
            schema.insert("required".to_owned(), json!(required));
        }
        schema.insert("additionalProperties".to_owned(), json!(false));
        schema
    }

    fn field(&mut self, field: &Field) -> Value {
        let mut schema = self.ty(&field.ty, field.nullable);
        let mut about = Map::new();
        about.insert("title".to_owned(), json!(field.label));
        if let Some(description) = &field.description {
            about.insert("description".to_owned(), json!(description));
        }
        if let Presence::Default(value) = &field.presence {
            about.insert("default".to_owned(), value.clone());
        }
        if field.secret {
            about.insert("writeOnly".to_owned(), json!(true));
            about.insert("x-actwright-secret".to_owned(), json!(true));
        }
        if let Some(picker) = &field.picker {
            about.insert("x-workflow-picker-kind".to_owned(), json!(picker.kind));
            if !picker.depends_on.is_empty() {
                about.insert("x-workflow-picker-dependencies".to_owned(), json!(picker.depends_on));
            }
            if let Some(declared) = self.model.pickers.iter().find(|one| one.kind == picker.kind) {
                about.insert("x-workflow-picker-fixed-value-hint".to_owned(), json!(declared.hint));
            }
            about.insert("x-workflow-picker-allow-dynamic-reference".to_owned(), json!(true));
        }
        // What the field says goes before what its type says.
        about.extend(
            schema
                .iter()
                .filter(|(key, _)| !about.contains_key(*key))
                .map(|(k, v)| (k.clone(), v.clone()))
                .collect::<Map<_, _>>(),
        );
        schema = about;
        Value::Object(schema)
    }

    fn ty(&mut self, ty: &Type, nullable: bool) -> Map<String, Value> {
        let schema = self.plain(ty);
        if !nullable || schema.is_empty() {
            return schema;
        }
        match (schema.get("type"), schema.get("enum")) {
            (Some(Value::String(kind)), None) => {
                let mut schema = schema.clone();
                schema.insert("type".to_owned(), json!([kind, "null"]));
                schema
            }
            _ => object(json!({ "anyOf": [schema, { "type": "null" }] })),
        }
    }

    fn plain(&mut self, ty: &Type) -> Map<String, Value> {
        match ty {
            Type::Json => Map::new(),
            Type::Uuid => object(json!({ "type": "string", "format": "uuid", "pattern": UUID })),
            Type::Boolean => object(json!({ "type": "boolean" })),
            Type::DateTime => object(json!({ "type": "string", "format": "date-time", "pattern": DATE_TIME })),
            Type::Date => object(json!({ "type": "string", "format": "date", "pattern": DATE })),
            Type::Email => object(json!({
                "type": "string", "format": "email", "maxLength": 254, "pattern": EMAIL,
                "allOf": [{ "pattern": "^[^@]{1,64}@" }],
            })),
            Type::Integer { min, max } => object(json!({ "type": "integer", "minimum": min, "maximum": max })),
            Type::Money { min, max } => {
                object(json!({ "type": "integer", "minimum": min, "maximum": max, "x-actwright-money": "minor-unit" }))
            }
            Type::Number { min, max } => {
                let mut schema = object(json!({ "type": "number" }));
                schema.extend(min.map(|min| ("minimum".to_owned(), json!(min))));
                schema.extend(max.map(|max| ("maximum".to_owned(), json!(max))));
                schema
            }
            Type::String(text) => self.text(text),
            Type::Enum(values) => self.values(values),
            Type::List { items, min_items, max_items, unique } => {
                let mut schema = object(json!({ "type": "array", "items": self.item(items) }));
                schema.extend(min_items.map(|min| ("minItems".to_owned(), json!(min))));
                schema.extend(max_items.map(|max| ("maxItems".to_owned(), json!(max))));
                if *unique {
                    schema.insert("uniqueItems".to_owned(), json!(true));
                }
                schema
            }
            Type::Map(values) => object(json!({ "type": "object", "additionalProperties": self.item(values) })),
            Type::Object(fields) => self.record(fields),
            Type::Ref(name) => self.reference(name),
        }
    }

    fn item(&mut self, item: &Item) -> Value {
        Value::Object(self.ty(&item.ty, item.nullable))
    }

    fn values(&self, values: &[String]) -> Map<String, Value> {
        // Closed where it comes in; readers of outputs must stand values of later versions.
        match self.direction {
            Direction::Input => object(json!({ "type": "string", "enum": values })),
            Direction::Output => object(json!({ "type": "string", "examples": values })),
        }
    }

    fn text(&self, text: &StringType) -> Map<String, Value> {
        let mut schema = object(json!({ "type": "string" }));
        if self.direction == Direction::Output {
            return schema;
        }
        let mut patterns = Vec::new();
        if text.trimmed {
            patterns.push(trimmed(text.min_length.unwrap_or(0), text.max_length));
        } else {
            schema.extend(text.min_length.map(|min| ("minLength".to_owned(), json!(min))));
            schema.extend(text.max_length.map(|max| ("maxLength".to_owned(), json!(max))));
        }
        patterns.extend(text.pattern.clone());
        // PostgreSQL stores no U+0000.
        patterns.push(r"^[^\u0000]*$".to_owned());
        let mut patterns = patterns.into_iter();
        schema.extend(patterns.next().map(|first| ("pattern".to_owned(), json!(first))));
        let more: Vec<Value> = patterns.map(|pattern| json!({ "pattern": pattern })).collect();
        if !more.is_empty() {
            schema.insert("allOf".to_owned(), Value::Array(more));
        }
        if text.multiline {
            schema.insert("x-actwright-multiline".to_owned(), json!(true));
        }
        schema
    }

    fn reference(&mut self, name: &str) -> Map<String, Value> {
        let Some(named) = self.model.types.iter().find(|named| named.name == name) else { return Map::new() };
        let refers = self.profile == Profile::References || holds_itself(self.model, name);
        if !refers {
            return self.named(named);
        }
        if !self.open.contains(&named.name) && !self.definitions.contains_key(name) {
            self.open.push(named.name.clone());
            let schema = self.named(named);
            self.open.pop();
            self.definitions.insert(name.to_owned(), Value::Object(schema));
        }
        object(json!({ "$ref": format!("#/$defs/{name}") }))
    }

    fn named(&mut self, named: &NamedType) -> Map<String, Value> {
        let mut schema = match &named.shape {
            Shape::Enum(values) => self.values(values),
            Shape::Object(fields) => self.record(fields),
        };
        schema.extend(named.description.as_ref().map(|text| ("description".to_owned(), json!(text))));
        schema
    }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// Whether a type holds itself on any way.
fn holds_itself(model: &Model, name: &str) -> bool {
    fn below<'m>(model: &'m Model, fields: &'m [Field], all: &mut Vec<&'m str>) {
        fields.iter().for_each(|field| of_type(model, &field.ty, all));
    }
    fn of_type<'m>(model: &'m Model, ty: &'m Type, all: &mut Vec<&'m str>) {
        match ty {
            Type::Ref(name) if !all.contains(&name.as_str()) => {
                all.push(name);
                if let Some(Shape::Object(fields)) =
                    model.types.iter().find(|one| one.name == *name).map(|one| &one.shape)
                {
                    below(model, fields, all);
                }
            }
            Type::List { items, .. } | Type::Map(items) => of_type(model, &items.ty, all),
            Type::Object(fields) => below(model, fields, all),
            _ => {}
        }
    }
    let mut all = Vec::new();
    if let Some(Shape::Object(fields)) = model.types.iter().find(|one| one.name == name).map(|one| &one.shape) {
        below(model, fields, &mut all);
    }
    all.contains(&name)
}

/// Text whose length counts without the white space around it.
fn trimmed(min: u64, max: Option<u64>) -> String {
    let any = r"[\s\S]";
    let inner = |low: u64, high: Option<u64>| match high {
        Some(high) => format!("{any}{{{low},{high}}}"),
        None => format!("{any}{{{low},}}"),
    };
    let core = match (min, max) {
        (_, Some(0)) => String::new(),
        (0, Some(1)) => format!("[^{SPACE}]?"),
        (1, Some(1)) => format!("[^{SPACE}]"),
        (0 | 1, max) => {
            let core = format!("[^{SPACE}](?:{}[^{SPACE}])?", inner(0, max.map(|max| max - 2)));
            if min == 0 { format!("(?:{core})?") } else { core }
        }
        (min, max) => format!("[^{SPACE}]{}[^{SPACE}]", inner(min - 2, max.map(|max| max - 2))),
    };
    format!("^[{SPACE}]*{core}[{SPACE}]*$")
}

/// Adds rules across fields.
fn rules(model: &Model, fields: &[Field], rules: &[Rule], schema: &mut Map<String, Value>) {
    let mut all = Vec::new();
    let mut described = Vec::new();
    for Rule { check, message } in rules {
        let expressed = match check {
            Check::AnyOf(paths) => Some(json!({ "anyOf": paths.iter().map(|path| given(path)).collect::<Vec<_>>() })),
            Check::OneOf(paths) => Some(json!({ "oneOf": paths.iter().map(|path| given(path)).collect::<Vec<_>>() })),
            Check::Requires(Condition::Present(first), others)
                if !first.contains('.') && others.iter().all(|other| !other.contains('.')) =>
            {
                Some(json!({ "dependentRequired": { first: others } }))
            }
            Check::Requires(when, others) => {
                let others: Vec<Value> = others.iter().map(|other| given(other)).collect();
                Some(json!({ "if": holds(model, fields, when), "then": { "allOf": others } }))
            }
            Check::Excludes(when, others) => {
                let others: Vec<Value> = others.iter().map(|other| given(other)).collect();
                Some(json!({ "if": holds(model, fields, when), "then": { "not": { "anyOf": others } } }))
            }
            Check::NonEmpty(path) => Some(non_empty(model, fields, path)),
            Check::Forbid(pairs) => {
                let equal: Vec<Value> =
                    pairs.iter().map(|(path, value)| has_value(model, fields, path, value)).collect();
                Some(json!({ "not": { "allOf": equal } }))
            }
            Check::Ordered(..) => None,
        };
        match expressed {
            Some(mut expressed) => {
                expressed["$comment"] = json!(message);
                all.push(expressed);
            }
            None => {
                if let Check::Ordered(first, second) = check {
                    described.push(json!({ "rule": "ordered", "fields": [first, second], "message": message }));
                }
            }
        }
    }
    if !all.is_empty() {
        schema.insert("allOf".to_owned(), Value::Array(all));
    }
    if !described.is_empty() {
        schema.insert("x-actwright-rules".to_owned(), Value::Array(described));
    }
}

/// The field at a path is given.
fn given(path: &str) -> Value {
    match path.split_once('.') {
        Some((step, rest)) => json!({ "required": [step], "properties": { step: given(rest) } }),
        None => json!({ "required": [path] }),
    }
}

fn holds(model: &Model, fields: &[Field], condition: &Condition) -> Value {
    match condition {
        Condition::Present(path) => given(path),
        Condition::Equals(path, value) => has_value(model, fields, path, value),
    }
}

/// The object at a path, where it is given, has at least one of its fields.
fn non_empty(model: &Model, fields: &[Field], path: &str) -> Value {
    let Some((step, rest)) = (!path.is_empty()).then(|| path.split_once('.').unwrap_or((path, ""))) else {
        return json!({ "anyOf": fields.iter().map(|field| given(&field.name)).collect::<Vec<_>>() });
    };
    let inner = fields.iter().find(|field| field.name == step).map_or(&[][..], |field| fields_of(model, &field.ty));
    json!({ "properties": { step: non_empty(model, inner, rest) } })
}

/// The field at a path has this value; a default counts as the value of an absent field.
fn has_value(model: &Model, fields: &[Field], path: &str, value: &Value) -> Value {
    let (step, rest) = path.split_once('.').map_or((path, None), |(step, rest)| (step, Some(rest)));
    let field = fields.iter().find(|field| field.name == step);
    let schema = match rest {
        Some(rest) => has_value(model, field.map_or(&[], |field| fields_of(model, &field.ty)), rest, value),
        None => json!({ "const": value }),
    };
    let by_default = rest.is_none() && field.is_some_and(|field| field.presence == Presence::Default(value.clone()));
    if by_default {
        json!({ "properties": { step: schema } })
    } else {
        json!({ "required": [step], "properties": { step: schema } })
    }
}

fn fields_of<'m>(model: &'m Model, ty: &'m Type) -> &'m [Field] {
    match ty {
        Type::Object(fields) => fields,
        Type::Ref(name) => match model.types.iter().find(|one| one.name == *name).map(|one| &one.shape) {
            Some(Shape::Object(fields)) => fields,
            _ => &[],
        },
        _ => &[],
    }
}
