//! From the generator's model to the one that others read.

use std::collections::BTreeSet;

use serde_json::Value;

use super::model::{
    Action, Allowed, Audit, AuditField, Authorization, Check, Column, ColumnValue, Condition, Dependency, Document,
    Event, Example, Field, FieldPicker, Group, Idempotency, Item, Mode, NamedType, PathValue, Permission, Picker,
    Presence, Resource, Rule, Scope, Table, Type, VERSION,
};
use crate::model as source;
use crate::model::{AuditSource, Effects, Model, Shape};
use crate::spec::Reach;

/// The model as others read it.
pub fn document(model: &Model) -> Document {
    let payloads = model.events.iter().flat_map(|event| &event.payload);
    let in_events = Reach::of(&model.types).from(payloads);
    Document {
        model_version: VERSION,
        actions: model.actions.iter().map(|own| action(model, own)).collect(),
        types: model.types.iter().map(|own| named_type(own, &in_events)).collect(),
        events: model.events.iter().map(event).collect(),
        pickers: model.pickers.iter().map(picker).collect(),
        permissions: model.permissions.iter().map(resource).collect(),
        tables: model.tables.iter().map(table).collect(),
        catalog: model.catalog.iter().map(group).collect(),
    }
}

fn action(model: &Model, action: &source::Action) -> Action {
    let writes = action.effects == Effects::Write;
    Action {
        id: action.id.clone(),
        module: action.module.clone(),
        name: action.name.clone(),
        version: action.version,
        latest: model.versions(&action.id).last().is_none_or(|last| last.version == action.version),
        source: action.source.clone(),
        label: action.label.clone(),
        description: action.description.clone(),
        effects: action.effects,
        idempotency: writes.then(|| idempotency(&action.idempotency)),
        permissions: action.permissions.iter().map(permission).collect(),
        may_require: action.may_require.iter().map(allowed).collect(),
        input: fields(&action.input),
        rules: action.rules.iter().map(rule).collect(),
        output: fields(&action.output),
        audit: action.audit.as_ref().map(|audit| Audit {
            target: audit_field(&audit.target),
            changed: audit.changed.iter().map(audit_field).collect(),
        }),
        emits: action.emits.clone(),
        examples: action.examples.iter().map(example).collect(),
    }
}

fn idempotency(idempotency: &source::Idempotency) -> Idempotency {
    match idempotency {
        source::Idempotency::Engine => Idempotency { mode: Mode::Engine, key: None },
        source::Idempotency::Action { key } => Idempotency { mode: Mode::Action, key: Some(key.clone()) },
    }
}

fn permission(permission: &source::Permission) -> Permission {
    Permission {
        resource: permission.resource.clone(),
        action: permission.action.clone(),
        when: permission.when.as_ref().map(condition),
    }
}

fn allowed((resource, action): &(String, String)) -> Allowed {
    Allowed { resource: resource.clone(), action: action.clone() }
}

fn condition(condition: &source::Condition) -> Condition {
    match condition {
        source::Condition::Present(path) => Condition::Present { path: path.clone() },
        source::Condition::Equals(path, value) => Condition::Equals { path: path.clone(), value: value.clone() },
    }
}

fn example(example: &source::Example) -> Example {
    Example { name: example.name.clone(), input: example.input.clone() }
}

fn fields(fields: &[source::Field]) -> Vec<Field> {
    fields.iter().map(field).collect()
}

fn field(field: &source::Field) -> Field {
    let (presence, default) = match &field.presence {
        source::Presence::Required => (Presence::Required, Value::Null),
        source::Presence::Optional => (Presence::Optional, Value::Null),
        source::Presence::Default(value) => (Presence::Default, value.clone()),
    };
    Field {
        name: field.name.clone(),
        label: field.label.clone(),
        description: field.description.clone(),
        presence,
        default,
        nullable: field.nullable,
        secret: field.secret,
        picker: field
            .picker
            .as_ref()
            .map(|picker| FieldPicker { kind: picker.kind.clone(), depends_on: picker.depends_on.clone() }),
        ty: ty(&field.ty),
    }
}

fn ty(ty: &source::Type) -> Type {
    match ty {
        source::Type::Uuid => Type::Uuid,
        source::Type::String(text) => Type::String {
            multiline: text.multiline,
            trimmed: text.trimmed,
            min_length: text.min_length,
            max_length: text.max_length,
            pattern: text.pattern.clone(),
        },
        source::Type::Integer { min, max } => Type::Integer { min: *min, max: *max },
        source::Type::Number { min, max } => Type::Number { min: *min, max: *max },
        source::Type::Boolean => Type::Boolean,
        source::Type::DateTime => Type::Datetime,
        source::Type::Date => Type::Date,
        source::Type::Email => Type::Email,
        source::Type::Money { min, max } => Type::Money { min: *min, max: *max },
        source::Type::Json => Type::Json,
        source::Type::Enum(values) => Type::Enum { values: values.clone() },
        source::Type::List { items, min_items, max_items, unique } => {
            Type::List { items: item(items), min_items: *min_items, max_items: *max_items, unique: *unique }
        }
        source::Type::Map(values) => Type::Map { values: item(values) },
        source::Type::Object(own) => Type::Object { fields: fields(own) },
        source::Type::Ref(name) => Type::Ref { name: name.clone() },
    }
}

fn item(item: &source::Item) -> Box<Item> {
    Box::new(Item { ty: ty(&item.ty), nullable: item.nullable })
}

fn rule(rule: &source::Rule) -> Rule {
    let check = match &rule.check {
        source::Check::AnyOf(paths) => Check::AnyOf { paths: paths.clone() },
        source::Check::OneOf(paths) => Check::OneOf { paths: paths.clone() },
        source::Check::Ordered(first, second) => Check::Ordered { first: first.clone(), second: second.clone() },
        source::Check::Requires(when, paths) => Check::Requires { when: condition(when), paths: paths.clone() },
        source::Check::Excludes(when, paths) => Check::Excludes { when: condition(when), paths: paths.clone() },
        source::Check::NonEmpty(path) => Check::NonEmpty { path: path.clone() },
        source::Check::Forbid(values) => {
            let value = |(path, value): &(String, Value)| PathValue { path: path.clone(), value: value.clone() };
            Check::Forbid { values: values.iter().map(value).collect() }
        }
    };
    Rule { message: rule.message.clone(), check }
}

fn audit_field(field: &source::AuditField) -> AuditField {
    let (from, fields) = match &field.from {
        AuditSource::Path(path) => (Some(path.clone()), Vec::new()),
        AuditSource::Object(fields) => (None, fields.iter().map(audit_field).collect()),
    };
    AuditField { name: field.name.clone(), from, fields }
}

fn named_type(named: &source::NamedType, in_events: &BTreeSet<&str>) -> NamedType {
    NamedType {
        name: named.name.clone(),
        source: named.source.clone(),
        description: named.description.clone(),
        ty: match &named.shape {
            Shape::Object(own) => Type::Object { fields: fields(own) },
            Shape::Enum(values) => Type::Enum { values: values.clone() },
        },
        used_in_input: named.used_in_input,
        used_in_output: named.used_in_output,
        used_in_event: in_events.contains(named.name.as_str()),
    }
}

fn event(event: &source::Event) -> Event {
    Event {
        name: event.name.clone(),
        source: event.source.clone(),
        description: event.description.clone(),
        key: event.key.clone(),
        subject: event.subject.clone(),
        payload: fields(&event.payload),
    }
}

fn picker(picker: &source::Picker) -> Picker {
    let filter = |(column, value): &(String, Value)| ColumnValue { column: column.clone(), value: value.clone() };
    let dependency = |(name, column): &(String, String)| Dependency { name: name.clone(), column: column.clone() };
    Picker {
        kind: picker.kind.clone(),
        source: picker.source.clone(),
        label: picker.label.clone(),
        hint: picker.hint.clone(),
        table: picker.table.clone(),
        id: picker.id.clone(),
        label_template: picker.label_template.clone(),
        label_fallback: picker.label_fallback.clone(),
        detail: picker.detail.clone(),
        search: picker.search.clone(),
        filter: picker.filter.iter().map(filter).collect(),
        depends_on: picker.depends_on.iter().map(dependency).collect(),
        permission: allowed(&picker.permission),
    }
}

fn resource(resource: &source::Resource) -> Resource {
    Resource {
        name: resource.name.clone(),
        description: resource.description.clone(),
        actions: resource.actions.clone(),
    }
}

fn table(table: &source::Table) -> Table {
    let column =
        |column: &source::Column| Column { name: column.name.clone(), ty: column.ty, nullable: column.nullable };
    Table {
        name: table.name.clone(),
        description: table.description.clone(),
        scope: match &table.scope {
            source::Scope::Tenant => Scope::Tenant,
            source::Scope::System => Scope::System,
            source::Scope::Through(parent) => {
                Scope::Through { column: parent.column.clone(), table: parent.table.clone(), key: parent.key.clone() }
            }
        },
        key: table.key.clone(),
        columns: table.columns.iter().map(column).collect(),
        authorization: table.authorization.as_ref().map(|own| Authorization {
            resources: own.resources.clone(),
            owner: own.owner.clone(),
            client: own.client.clone(),
        }),
    }
}

fn group(group: &source::Group) -> Group {
    Group {
        key: group.key.clone(),
        label: group.label.clone(),
        icon: group.icon.clone(),
        tile_kind: group.tile_kind.clone(),
        description: group.description.clone(),
        actions: group.actions.clone(),
        default_action: group.default_action.clone(),
    }
}
