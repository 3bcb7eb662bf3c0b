//! Fields and their types.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

/// A field of an input, an output, an object or an event.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// As it is in JSON.
    pub name: String,
    /// What people see in a form.
    pub label: String,
    /// What it is.
    pub description: Option<String>,
    /// Whether it may be left out.
    pub presence: Presence,
    /// What is taken when it is left out; null without one, or when that is the default.
    pub default: Value,
    /// Whether null is a value of it.
    pub nullable: bool,
    /// Whether it is redacted before anything is stored or logged.
    pub secret: bool,
    /// The list that a form chooses from.
    pub picker: Option<FieldPicker>,
    /// What its values are.
    #[serde(rename = "type")]
    pub ty: Type,
}

/// Whether a field may be left out.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    /// It may not.
    Required,
    /// It may.
    Optional,
    /// It may, and has a value then.
    Default,
}

/// How a form chooses an id.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FieldPicker {
    /// One of the pickers.
    pub kind: String,
    /// Fields beside this one that narrow the choice.
    pub depends_on: Vec<String>,
}

/// What values are.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Type {
    /// A UUID.
    Uuid,
    /// A text.
    String {
        /// Whether it may have several lines.
        multiline: bool,
        /// Whether white space around it does not count.
        trimmed: bool,
        /// In Unicode scalar values; null for no bound.
        min_length: Option<u64>,
        /// In Unicode scalar values; null for no bound.
        max_length: Option<u64>,
        /// Unanchored, in what ECMA-262 and the crate `regex` have in common.
        pattern: Option<String>,
    },
    /// A whole number.
    Integer {
        /// Inclusive.
        min: i64,
        /// Inclusive.
        max: i64,
    },
    /// A number.
    Number {
        /// Inclusive; null for no bound.
        min: Option<f64>,
        /// Inclusive; null for no bound.
        max: Option<f64>,
    },
    /// True or false.
    Boolean,
    /// A point in time as in RFC 3339.
    Datetime,
    /// A day as in RFC 3339.
    Date,
    /// An e-mail address.
    Email,
    /// A whole number in the currency's minor unit.
    Money {
        /// Inclusive.
        min: i64,
        /// Inclusive.
        max: i64,
    },
    /// Any JSON.
    Json,
    /// One of some texts. What is read may have values of later versions.
    Enum {
        /// In the order of the spec.
        values: Vec<String>,
    },
    /// A list.
    List {
        /// What is in it.
        items: Box<Item>,
        /// Null for no bound.
        min_items: Option<u64>,
        /// Null for no bound.
        max_items: Option<u64>,
        /// Whether no two may be alike.
        unique: bool,
    },
    /// Texts, each with a value.
    Map {
        /// What the values are.
        values: Box<Item>,
    },
    /// Fields in place.
    Object {
        /// In the order of the spec.
        fields: Vec<Field>,
    },
    /// One of the shared types.
    Ref {
        /// Its name.
        name: String,
    },
}

/// What a list or a map holds.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// What the values are.
    #[serde(rename = "type")]
    pub ty: Type,
    /// Whether null is among them.
    pub nullable: bool,
}

/// A type that several actions share.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NamedType {
    /// In Pascal case.
    pub name: String,
    /// The path of the spec, with forward slashes.
    pub source: String,
    /// What it is.
    pub description: Option<String>,
    /// `object` or `enum`.
    #[serde(rename = "type")]
    pub ty: Type,
    /// Whether an input holds it, directly or through other types.
    pub used_in_input: bool,
    /// Whether an output holds it, directly or through other types.
    pub used_in_output: bool,
    /// Whether an event holds it, directly or through other types.
    pub used_in_event: bool,
}
