//! The resolved model: what the specs mean, after every name has been looked up and every rule has been checked.
//!
//! Emitters read this and nothing else. Everything is sorted, so that output is the same on every run.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

/// All that one `specs/` folder declares.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Model {
    /// Sorted by id, then version.
    pub actions: Vec<Action>,
    /// Sorted by name.
    pub types: Vec<NamedType>,
    /// Sorted by name.
    pub events: Vec<Event>,
    /// Sorted by kind.
    pub pickers: Vec<Picker>,
    /// Sorted by resource.
    pub permissions: Vec<Resource>,
    /// Sorted by name.
    pub tables: Vec<Table>,
    /// In the order of `catalog.yaml`.
    pub catalog: Vec<Group>,
}

impl Model {
    /// All versions of an action, the first one first.
    pub fn versions(&self, id: &str) -> &[Action] {
        let first = self.actions.partition_point(|action| action.id.as_str() < id);
        let behind = self.actions.partition_point(|action| action.id.as_str() <= id);
        &self.actions[first..behind]
    }
}

/// One action and version: one file below `specs/actions/`.
#[derive(Debug, Clone, PartialEq)]
pub struct Action {
    /// `module.name`, as callers write it.
    pub id: String,
    /// The part before the dot.
    pub module: String,
    /// The part after the dot.
    pub name: String,
    /// Counted from 1.
    pub version: u32,
    /// Path of the spec, relative to the specs folder's parent, with forward slashes: `specs/actions/crm/x.v1.yaml`.
    pub source: String,
    pub label: String,
    pub description: String,
    pub effects: Effects,
    pub idempotency: Idempotency,
    pub permissions: Vec<Permission>,
    /// Permissions that only the body can decide on.
    pub may_require: Vec<(String, String)>,
    pub input: Vec<Field>,
    pub rules: Vec<Rule>,
    pub output: Vec<Field>,
    /// Present for every action that writes.
    pub audit: Option<Audit>,
    /// Names of events, sorted.
    pub emits: Vec<String>,
    pub examples: Vec<Example>,
}

/// Whether an action reads or writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Effects {
    /// Nothing changes.
    Read,
    /// Audited, and repeated without effect.
    Write,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Idempotency {
    /// The engine derives the key from the run, the step and the input.
    Engine,
    /// The caller may give a key in this input field.
    Action { key: String },
}

/// `resource` may hold one placeholder, `{path.to.enum_field}`, which the resolver has checked for each of its values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permission {
    pub resource: String,
    pub action: String,
    pub when: Option<Condition>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// The field (a dotted path below the input) is given.
    Present(String),
    /// The field has this value.
    Equals(String, Value),
}

/// A field of an input, an output, an object or an event payload.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    pub name: String,
    /// What people see in a form. Derived from the name where the spec gives none.
    pub label: String,
    pub description: Option<String>,
    pub presence: Presence,
    /// `null` is a value of the field.
    pub nullable: bool,
    /// Redacted before anything is stored or logged.
    pub secret: bool,
    pub picker: Option<FieldPicker>,
    pub ty: Type,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Presence {
    Required,
    Optional,
    /// Optional, with this value when absent.
    Default(Value),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldPicker {
    pub kind: String,
    /// Names of sibling input fields that narrow the choice.
    pub depends_on: Vec<String>,
}

/// Bounds are always resolved: where the spec gives none, `None` means unbounded, except that integers and money
/// always carry the range that JSON numbers hold exactly (±(2^53 - 1)).
#[derive(Debug, Clone, PartialEq)]
pub enum Type {
    Uuid,
    /// One line (`string`) or several (`text`, with `multiline`). Never holds U+0000, which PostgreSQL cannot store.
    String(StringType),
    Integer {
        min: i64,
        max: i64,
    },
    Number {
        min: Option<f64>,
        max: Option<f64>,
    },
    Boolean,
    /// RFC 3339 with any offset, years 1000 to 2999.
    DateTime,
    Date,
    Email,
    /// An integer in the currency's minor unit.
    Money {
        min: i64,
        max: i64,
    },
    Json,
    /// Values written in the field itself. Gets a Rust enum named after the field.
    Enum(Vec<String>),
    List {
        items: Box<Item>,
        min_items: Option<u64>,
        max_items: Option<u64>,
        unique: bool,
    },
    /// Text keys, values of one type.
    Map(Box<Item>),
    /// Fields written in place. Gets a Rust struct named after the field.
    Object(Vec<Field>),
    /// A type of `specs/types/`, by name.
    Ref(String),
}

/// What a list or a map holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    pub ty: Type,
    pub nullable: bool,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct StringType {
    pub multiline: bool,
    /// White space around the text is taken off before lengths and pattern are judged, and what is left is the value.
    pub trimmed: bool,
    /// In Unicode scalar values.
    pub min_length: Option<u64>,
    pub max_length: Option<u64>,
    /// Unanchored, in the common subset of ECMA-262 and the `regex` crate.
    pub pattern: Option<String>,
}

/// A file below `specs/types/`.
#[derive(Debug, Clone, PartialEq)]
pub struct NamedType {
    /// `PascalCase`.
    pub name: String,
    pub source: String,
    pub description: Option<String>,
    pub shape: Shape,
    /// Reachable from an input, an output: decides which code the Rust type needs.
    pub used_in_input: bool,
    pub used_in_output: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    Object(Vec<Field>),
    Enum(Vec<String>),
}

/// A cross-field rule. Paths are dotted, below the input.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    pub check: Check,
    pub message: String,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Check {
    /// At least one is given.
    AnyOf(Vec<String>),
    /// Exactly one is given.
    OneOf(Vec<String>),
    /// Where both are given, the first is not greater. Not expressible in JSON Schema.
    Ordered(String, String),
    /// When the condition holds, these are given.
    Requires(Condition, Vec<String>),
    /// When the condition holds, none of these is given.
    Excludes(Condition, Vec<String>),
    /// The object at this path has at least one of its fields. The empty path is the input itself.
    NonEmpty(String),
    /// These fields do not have all of these values at once; a default counts as the value of an absent field.
    Forbid(Vec<(String, Value)>),
}

#[derive(Debug, Clone, PartialEq)]
pub struct Audit {
    /// Name and source of the id that `details` of the audit row carries.
    pub target: AuditField,
    /// What `changed_data` of the audit row holds, in order.
    pub changed: Vec<AuditField>,
}

/// A value of the audit row: `input.…` or `output.…`, dotted. A source may be an object of sources.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditField {
    pub name: String,
    pub from: AuditSource,
}

#[derive(Debug, Clone, PartialEq)]
pub enum AuditSource {
    Path(String),
    Object(Vec<AuditField>),
}

#[derive(Debug, Clone, PartialEq)]
pub struct Example {
    pub name: String,
    pub input: Value,
}

/// A file below `specs/events/`.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// `UPPER_SNAKE_CASE`.
    pub name: String,
    pub source: String,
    pub description: Option<String>,
    /// Template over payload fields: `interaction_logged:{interactionId}`.
    pub key: String,
    /// Template over payload fields; without it, an event is about itself.
    pub subject: Option<String>,
    /// Names as they go over the wire (camelCase).
    pub payload: Vec<Field>,
}

/// A file below `specs/pickers/`.
#[derive(Debug, Clone, PartialEq)]
pub struct Picker {
    pub kind: String,
    pub source: String,
    pub label: String,
    /// For `x-workflow-picker-fixed-value-hint`.
    pub hint: String,
    pub table: String,
    /// Column that holds the id.
    pub id: String,
    /// Template over columns: `{first_name} {last_name}`.
    pub label_template: String,
    /// Column that stands in when the template gives nothing.
    pub label_fallback: Option<String>,
    /// Template over columns for a second line.
    pub detail: Option<String>,
    /// Columns that a search looks into.
    pub search: Vec<String>,
    /// Rows that a search leaves out (they still resolve): column and value.
    pub filter: Vec<(String, Value)>,
    /// Dependency name (an input field such as `client_id`) and the column that it narrows.
    pub depends_on: Vec<(String, String)>,
    /// Resource and action.
    pub permission: (String, String),
}

/// A resource of `permissions.yaml` with its actions.
#[derive(Debug, Clone, PartialEq)]
pub struct Resource {
    pub name: String,
    pub description: Option<String>,
    pub actions: Vec<String>,
}

/// A table of `tables.yaml`, as bodies and pickers see it. The tenant column is never among the columns.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    pub name: String,
    pub description: Option<String>,
    pub scope: Scope,
    pub key: Vec<String>,
    pub columns: Vec<Column>,
    pub authorization: Option<Authorization>,
}

/// What the rules of record-level authorization go by.
#[derive(Debug, Clone, PartialEq)]
pub struct Authorization {
    /// Rules for any of these resources narrow the rows.
    pub resources: Vec<String>,
    /// The column of the user whose row it is.
    pub owner: Option<String>,
    /// The column of the client whose row it is.
    pub client: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Every row belongs to a tenant.
    Tenant,
    /// One set of rows for all tenants. Read only.
    System,
    /// The rows have no tenant of their own: each belongs to the tenant of the row that it refers to. Read only.
    Through(Parent),
}

/// What the rows of a table of [`Scope::Through`] refer to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parent {
    /// The column that refers to it.
    pub column: String,
    pub table: String,
    /// The column there that is referred to.
    pub key: String,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    pub name: String,
    pub ty: ColumnType,
    pub nullable: bool,
}

/// What the database stores. Both engines have one codec for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ColumnType {
    Uuid,
    Text,
    /// 32 bits on PostgreSQL.
    Integer,
    /// 64 bits.
    Bigint,
    Boolean,
    /// `timestamptz`; microseconds in an INTEGER on SQLite.
    Timestamp,
    /// TEXT on SQLite.
    Date,
    /// `numeric`; TEXT on SQLite.
    Decimal,
    Json,
    /// `text[]`; a JSON array on SQLite.
    TextArray,
}

/// A group of the catalog.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    pub key: String,
    pub label: String,
    pub icon: String,
    pub tile_kind: String,
    pub description: String,
    /// Ids of actions, in order.
    pub actions: Vec<String>,
    pub default_action: String,
}
