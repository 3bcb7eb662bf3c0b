//! The resolved model as JSON: what templates see, and what other programs read. `docs/model.md` is about it.
//!
//! These types are the contract, apart from [`crate::model`], so that the generator can change inside. Doc comments
//! are the descriptions of the schema. Every key is always there, with null where there is nothing to say.

mod field;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::model as source;

pub use field::{Field, FieldPicker, Item, NamedType, Presence, Type};

/// Counts up when a key goes or means something else. A key that is added does not count.
pub const VERSION: u32 = 1;

/// Everything that a folder of specs declares, after every name has been looked up and every rule has been checked.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Resolved model")]
pub struct Document {
    /// Counts up when a key goes or means something else. Ignore keys that you do not know.
    pub model_version: u32,
    /// By id, then version.
    pub actions: Vec<Action>,
    /// Types that several actions share, by name.
    pub types: Vec<NamedType>,
    /// By name.
    pub events: Vec<Event>,
    /// By kind.
    pub pickers: Vec<Picker>,
    /// By name.
    pub permissions: Vec<Resource>,
    /// By name.
    pub tables: Vec<Table>,
    /// In the order in which people see them.
    pub catalog: Vec<Group>,
}

/// One version of an action.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Action {
    /// As callers write it: `crm.send_quote`.
    pub id: String,
    /// The part before the dot.
    pub module: String,
    /// The part after the dot.
    pub name: String,
    /// Counted from 1.
    pub version: u32,
    /// Whether no later version is there.
    pub latest: bool,
    /// The path of the spec, with forward slashes.
    pub source: String,
    /// What workflow authors choose it by.
    pub label: String,
    /// What it does.
    pub description: String,
    /// Whether it reads or writes.
    pub effects: source::Effects,
    /// Where the key comes from that tells a repeated call; null for what reads.
    pub idempotency: Option<Idempotency>,
    /// What the actor must be allowed to do.
    pub permissions: Vec<Permission>,
    /// What the actor may need besides, depending on the data.
    pub may_require: Vec<Allowed>,
    /// What it takes.
    pub input: Vec<Field>,
    /// Rules across fields of the input.
    pub rules: Vec<Rule>,
    /// What it answers.
    pub output: Vec<Field>,
    /// What each call leaves behind; null for what reads.
    pub audit: Option<Audit>,
    /// Names of the events that it emits.
    pub emits: Vec<String>,
    /// Inputs that fit.
    pub examples: Vec<Example>,
}

/// Where the idempotency key comes from.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Idempotency {
    /// `engine`: from run, step and input. `action`: from an input field.
    pub mode: Mode,
    /// The input field; null with `engine`.
    pub key: Option<String>,
}

/// Who makes the idempotency key.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// The engine, from run, step and input.
    Engine,
    /// The caller, in an input field.
    Action,
}

/// A permission that a call needs.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Permission {
    /// May hold one placeholder, `{path.to.enum_field}`.
    pub resource: String,
    /// What is done to the resource.
    pub action: String,
    /// Needed only then; null for always.
    pub when: Option<Condition>,
}

/// A permission by its two parts.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Allowed {
    /// What something is done to.
    pub resource: String,
    /// What is done.
    pub action: String,
}

/// What an input may be like.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(tag = "is", rename_all = "snake_case", deny_unknown_fields)]
pub enum Condition {
    /// The field is given.
    Present {
        /// Dotted, below the input.
        path: String,
    },
    /// The field has this value.
    Equals {
        /// Dotted, below the input.
        path: String,
        /// The value.
        value: Value,
    },
}

/// A rule across fields of an input.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// What callers are told who break it.
    pub message: String,
    /// What must hold.
    pub check: Check,
}

/// What must hold. Paths are dotted, below the input.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Check {
    /// At least one is given.
    AnyOf {
        /// The fields.
        paths: Vec<String>,
    },
    /// Exactly one is given.
    OneOf {
        /// The fields.
        paths: Vec<String>,
    },
    /// Where both are given, the first is not greater.
    Ordered {
        /// The first field.
        first: String,
        /// The second field.
        second: String,
    },
    /// When the condition holds, all are given.
    Requires {
        /// The condition.
        when: Condition,
        /// The fields.
        paths: Vec<String>,
    },
    /// When the condition holds, none is given.
    Excludes {
        /// The condition.
        when: Condition,
        /// The fields.
        paths: Vec<String>,
    },
    /// The object has at least one of its fields.
    NonEmpty {
        /// The object; empty for the input itself.
        path: String,
    },
    /// The fields do not have all of these values at once; a default counts.
    Forbid {
        /// Fields and values.
        values: Vec<PathValue>,
    },
}

/// A field and a value.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PathValue {
    /// Dotted, below the input.
    pub path: String,
    /// The value.
    pub value: Value,
}

/// What the audit row of a call holds.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Audit {
    /// The id of what was changed.
    pub target: AuditField,
    /// What was changed.
    pub changed: Vec<AuditField>,
}

/// A value of the audit row.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AuditField {
    /// Its key in the row.
    pub name: String,
    /// The path that it comes from, `input.…` or `output.…`; null for an object.
    pub from: Option<String>,
    /// What the object holds.
    pub fields: Vec<AuditField>,
}

/// An input that fits.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Example {
    /// What it is an example of.
    pub name: String,
    /// The input.
    pub input: Value,
}

/// An event.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// In upper case.
    pub name: String,
    /// The path of the spec, with forward slashes.
    pub source: String,
    /// When it is emitted.
    pub description: Option<String>,
    /// A template over the payload that tells events apart.
    pub key: String,
    /// A template over the payload: events of one subject are delivered in order. Without it, an event is about itself.
    pub subject: Option<String>,
    /// What subscribers get.
    pub payload: Vec<Field>,
}

/// A list of rows that forms choose ids from.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Picker {
    /// What fields name it by.
    pub kind: String,
    /// The path of the spec, with forward slashes.
    pub source: String,
    /// What people see.
    pub label: String,
    /// What people may type instead.
    pub hint: String,
    /// Where the rows are.
    pub table: String,
    /// The column of the id.
    pub id: String,
    /// A template over columns.
    pub label_template: String,
    /// The column that stands in when the template gives nothing.
    pub label_fallback: Option<String>,
    /// A template over columns for a second line.
    pub detail: Option<String>,
    /// The columns that a search looks into.
    pub search: Vec<String>,
    /// What a row must have to be found.
    pub filter: Vec<ColumnValue>,
    /// What narrows the choice.
    pub depends_on: Vec<Dependency>,
    /// What people need to see the list.
    pub permission: Allowed,
}

/// A column and a value.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ColumnValue {
    /// The column.
    pub column: String,
    /// The value.
    pub value: Value,
}

/// What narrows the choice of a picker.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Dependency {
    /// What fields call it.
    pub name: String,
    /// The column that it narrows.
    pub column: String,
}

/// Something that can be permitted.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Resource {
    /// The part before the colon.
    pub name: String,
    /// What it is.
    pub description: Option<String>,
    /// The parts after the colon.
    pub actions: Vec<String>,
}

/// A table that bodies and pickers may use.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// As the database has it.
    pub name: String,
    /// What its rows are.
    pub description: Option<String>,
    /// Whose rows they are.
    pub scope: Scope,
    /// The columns that tell rows apart, without that of the tenant.
    pub key: Vec<String>,
    /// All but that of the tenant.
    pub columns: Vec<Column>,
    /// What rules of record-level authorization go by.
    pub authorization: Option<Authorization>,
}

/// Whose rows they are.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Scope {
    /// Every row belongs to a tenant.
    Tenant,
    /// All tenants have the same rows.
    System,
    /// Each belongs to the tenant of the row that it refers to.
    Through {
        /// The column that refers.
        column: String,
        /// The table that is referred to.
        table: String,
        /// The column there.
        key: String,
    },
}

/// A column.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// As the database has it.
    pub name: String,
    /// What it holds.
    #[serde(rename = "type")]
    pub ty: source::ColumnType,
    /// Whether it may be null.
    pub nullable: bool,
}

/// What rules of record-level authorization go by.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Authorization {
    /// Rules for any of these narrow the rows.
    pub resources: Vec<String>,
    /// The column of the user whose row it is.
    pub owner: Option<String>,
    /// The column of the client whose row it is.
    pub client: Option<String>,
}

/// A group of the catalog.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// What programs call it.
    pub key: String,
    /// What people see.
    pub label: String,
    /// The name of its icon.
    pub icon: String,
    /// The kind of its tile.
    pub tile_kind: String,
    /// What its actions do.
    pub description: String,
    /// Ids of actions, in order.
    pub actions: Vec<String>,
    /// The action that is chosen first.
    pub default_action: String,
}
