//! Pages of the reference, one an action.

use std::sync::LazyLock;

use serde_json::{Value, json};
use tera::{Context, Tera};

use crate::model::{
    Action, AuditField, AuditSource, Condition, Effects, Field, Idempotency, Item, Model, Permission, Presence, Shape,
    Type,
};
use crate::spec::EXACT;

/// The templates of the pages, read once.
static TEMPLATES: LazyLock<Result<Tera, String>> = LazyLock::new(|| {
    let mut tera = Tera::default();
    tera.add_raw_templates([
        ("action.md", include_str!("../../templates/action.md.tera")),
        ("index.md", include_str!("../../templates/index.md.tera")),
    ])
    .map_err(|error| format!("the templates of the reference are wrong: {error}"))?;
    Ok(tera)
});

/// The page of an action.
pub fn page(model: &Model, action: &Action) -> Result<String, String> {
    render("action.md", &facts(model, action))
}

fn render(template: &str, facts: &Value) -> Result<String, String> {
    let context = Context::from_serialize(facts).map_err(|error| error.to_string())?;
    let tera = TEMPLATES.as_ref().map_err(Clone::clone)?;
    tera.render(template, &context).map_err(|error| format!("a page of the reference cannot be written: {error}"))
}

/// The list of all actions.
pub fn index(model: &Model) -> Result<String, String> {
    let groups: Vec<Value> = model
        .catalog
        .iter()
        .map(|group| {
            let actions: Vec<Value> = group
                .actions
                .iter()
                .flat_map(|id| model.versions(id))
                .map(|action| {
                    let name = format!("{}.v{}", action.id, action.version);
                    json!({ "id": action.id, "version": action.version, "page": name, "label": action.label, "description": action.description })
                })
                .collect();
            json!({ "label": group.label, "description": group.description, "actions": actions })
        })
        .collect();
    render("index.md", &json!({ "groups": groups }))
}

fn facts(model: &Model, action: &Action) -> Value {
    let example = action.examples.first().map(|example| {
        json!({ "name": example.name, "input": serde_json::to_string(&example.input).unwrap_or_default().replace('\'', "'\\''") })
    });
    json!({
        "id": action.id,
        "version": action.version,
        "label": action.label,
        "description": action.description,
        "source": action.source,
        "effects": match action.effects {
            Effects::Read => "Reads only: nothing is changed, audited or emitted.",
            Effects::Write => "Changes data. Audited.",
        },
        "idempotency": idempotency(action),
        "permissions": action.permissions.iter().map(permission).collect::<Vec<_>>(),
        "may_require": action.may_require.iter().map(|(resource, action)| format!("`{resource}:{action}`")).collect::<Vec<_>>(),
        "input": rows(model, &action.input),
        "rules": action.rules.iter().map(|rule| json!({ "message": rule.message })).collect::<Vec<_>>(),
        "output": rows(model, &action.output),
        "audit": action.audit.as_ref().map(|audit| {
            json!({ "target": audit.target.name, "changed": audit.changed.iter().map(audited).collect::<Vec<_>>() })
        }),
        "emits": action.emits,
        "examples": action.examples.iter().map(|example| {
            json!({ "name": example.name, "input": serde_json::to_string_pretty(&example.input).unwrap_or_default() })
        }).collect::<Vec<_>>(),
        "call": example,
    })
}

/// Nothing for a call that changes nothing: repeating it needs no protection.
fn idempotency(action: &Action) -> Option<String> {
    match (action.effects, &action.idempotency) {
        (Effects::Read, _) => None,
        (Effects::Write, Idempotency::Engine) => {
            Some("The key is derived from the run, the step and the input. A direct call may give one.".to_owned())
        }
        (Effects::Write, Idempotency::Action { key }) => {
            Some(format!("The key is the input `{key}` where it is given, else the run and the step."))
        }
    }
}

fn permission(permission: &Permission) -> String {
    let name = format!("`{}:{}`", permission.resource, permission.action);
    match &permission.when {
        None => name,
        Some(Condition::Present(path)) => format!("{name} when `{path}` is given"),
        Some(Condition::Equals(path, value)) => format!("{name} when `{path}` is `{value}`"),
    }
}

fn audited(field: &AuditField) -> String {
    match &field.from {
        AuditSource::Path(path) => format!("`{}` (`{path}`)", field.name),
        AuditSource::Object(fields) => {
            let names: Vec<String> = fields.iter().map(|field| format!("`{}`", field.name)).collect();
            format!("`{}` with {}", field.name, names.join(", "))
        }
    }
}

/// The rows of a table of fields; those of objects follow their object.
pub fn rows(model: &Model, fields: &[Field]) -> Vec<Value> {
    rows_below(model, fields, "", 0)
}

fn rows_below(model: &Model, fields: &[Field], prefix: &str, depth: usize) -> Vec<Value> {
    let mut all = Vec::new();
    for field in fields {
        let name = format!("{prefix}{}", field.name);
        all.push(json!({
            "name": name,
            "type": cell(&type_name(model, &field.ty, field.nullable)),
            "needed": match &field.presence {
                Presence::Required => "required".to_owned(),
                Presence::Optional => "optional".to_owned(),
                Presence::Default(value) => format!("default `{value}`"),
            },
            "notes": cell(&notes(field)),
        }));
        let (fields, prefix) = match &field.ty {
            Type::List { items, .. } => (fields_of(model, &items.ty), format!("{name}[].")),
            ty => (fields_of(model, ty), format!("{name}.")),
        };
        // Types may hold themselves.
        if depth < 3 {
            all.extend(rows_below(model, fields, &prefix, depth + 1));
        }
    }
    all
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

fn type_name(model: &Model, ty: &Type, nullable: bool) -> String {
    let name = match ty {
        Type::Uuid => "UUID".to_owned(),
        Type::String(text) if text.multiline => "text".to_owned(),
        Type::String(_) => "string".to_owned(),
        Type::Integer { .. } => "integer".to_owned(),
        Type::Number { .. } => "number".to_owned(),
        Type::Boolean => "boolean".to_owned(),
        Type::DateTime => "date-time".to_owned(),
        Type::Date => "date".to_owned(),
        Type::Email => "e-mail address".to_owned(),
        Type::Money { .. } => "money (minor unit)".to_owned(),
        Type::Json => "JSON".to_owned(),
        Type::Enum(values) => values.iter().map(|value| format!("`{value}`")).collect::<Vec<_>>().join(" or "),
        Type::List { items, .. } => format!("list of {}", item_name(model, items)),
        Type::Map(values) => format!("map of {}", item_name(model, values)),
        Type::Object(_) => "object".to_owned(),
        Type::Ref(name) => match model.types.iter().find(|one| one.name == *name).map(|one| &one.shape) {
            Some(Shape::Enum(values)) => {
                values.iter().map(|value| format!("`{value}`")).collect::<Vec<_>>().join(" or ")
            }
            _ => name.clone(),
        },
    };
    if nullable { format!("{name} or null") } else { name }
}

fn item_name(model: &Model, item: &Item) -> String {
    type_name(model, &item.ty, item.nullable)
}

fn notes(field: &Field) -> String {
    let mut notes: Vec<String> = field.description.iter().cloned().collect();
    notes.extend(bounds(&field.ty));
    notes.extend(field.picker.as_ref().map(|picker| match picker.depends_on.as_slice() {
        [] => format!("picker `{}`", picker.kind),
        fields => format!("picker `{}`, narrowed by `{}`", picker.kind, fields.join("`, `")),
    }));
    notes.extend(field.secret.then(|| "secret".to_owned()));
    notes.iter().map(|note| note.trim_end_matches('.')).collect::<Vec<_>>().join("; ")
}

/// What values are bound by, besides their type.
fn bounds(ty: &Type) -> Vec<String> {
    let mut bounds = Vec::new();
    match ty {
        Type::String(text) => {
            bounds.extend(text.min_length.map(|min| format!("at least {}", counted(min, "character"))));
            bounds.extend(text.max_length.map(|max| format!("at most {}", counted(max, "character"))));
            bounds.extend(text.trimmed.then(|| "trimmed".to_owned()));
            bounds.extend(text.pattern.as_ref().map(|pattern| format!("matches `{pattern}`")));
        }
        Type::Integer { min, max } | Type::Money { min, max } => {
            bounds.extend((*min != -EXACT).then(|| format!("at least {min}")));
            bounds.extend((*max != EXACT).then(|| format!("at most {max}")));
        }
        Type::Number { min, max } => {
            bounds.extend(min.map(|min| format!("at least {min}")));
            bounds.extend(max.map(|max| format!("at most {max}")));
        }
        Type::List { items, min_items, max_items, unique } => {
            bounds.extend(min_items.map(|min| format!("at least {}", counted(min, "item"))));
            bounds.extend(max_items.map(|max| format!("at most {}", counted(max, "item"))));
            bounds.extend(unique.then(|| "no two alike".to_owned()));
            bounds.extend(self::bounds(&items.ty).into_iter().map(|bound| format!("each {bound}")));
        }
        Type::Map(values) => bounds.extend(self::bounds(&values.ty).into_iter().map(|bound| format!("each {bound}"))),
        _ => {}
    }
    bounds
}

/// A number of things, in words.
pub fn counted(number: u64, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

/// Text of a table's cell.
pub fn cell(text: &str) -> String {
    text.replace('|', "\\|").split_whitespace().collect::<Vec<_>>().join(" ")
}
