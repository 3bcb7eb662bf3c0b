//! What the generator knows of an action, as static data that the runtime interprets.

/// One action and version.
#[derive(Debug)]
pub struct ActionSpec {
    /// `module.name`, as callers write it.
    pub id: &'static str,
    /// Counted from 1.
    pub version: u32,
    /// For people.
    pub label: &'static str,
    /// For people.
    pub description: &'static str,
    /// Whether the action changes anything.
    pub effects: Effects,
    /// Where the idempotency key of a call comes from.
    pub idempotency: Idempotency,
    /// What the actor must be allowed to do.
    pub permissions: &'static [Permission],
    /// What the body may ask for besides, as resource and action.
    pub may_require: &'static [(&'static str, &'static str)],
    /// The fields of the input.
    pub input: &'static [Field],
    /// Rules that span fields, judged once every field is right by itself.
    pub rules: &'static [Rule],
    /// What goes into the audit row. Present for every action that writes.
    pub audit: Option<Audit>,
    /// Events that a call may emit.
    pub emits: &'static [&'static str],
    /// JSON Schema 2020-12 of the input, everything inlined.
    pub input_schema: &'static str,
    /// JSON Schema 2020-12 of the output, everything inlined.
    pub output_schema: &'static str,
}

/// Whether an action changes anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effects {
    /// No audit row, no events, no ledger entry; runs beside writers.
    Read,
    /// Audited, deduplicated, may emit.
    Write,
}

/// Where the idempotency key of a call comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Idempotency {
    /// Derived from run, step path, action, version and input.
    Engine,
    /// This input field when given, else run and step path.
    Action(&'static str),
}

/// A permission that a call needs. `resource` may hold one placeholder, `{target.type}`, filled from the input.
#[derive(Debug, Clone, Copy)]
pub struct Permission {
    /// Such as `client`.
    pub resource: &'static str,
    /// Such as `update`.
    pub action: &'static str,
    /// When it is needed.
    pub when: Condition,
}

/// When a permission is needed, or a rule applies. Paths are dotted, below the input.
#[derive(Debug, Clone, Copy)]
pub enum Condition {
    /// Always.
    Always,
    /// When the field is given.
    Present(&'static str),
    /// When the field has this value (JSON text).
    Equals(&'static str, &'static str),
}

/// A field of a record.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// The key in JSON.
    pub name: &'static str,
    /// Whether it may be left out.
    pub presence: Presence,
    /// Whether `null` is one of its values.
    pub nullable: bool,
    /// Whether it is redacted before anything is stored or logged.
    pub secret: bool,
    /// The picker that chooses its value.
    pub picker: Option<&'static str>,
    /// What it holds.
    pub ty: Type,
}

/// Whether a field may be left out.
#[derive(Debug, Clone, Copy)]
pub enum Presence {
    /// It must be given.
    Required,
    /// It may be left out.
    Optional,
    /// It may be left out, and is then this (JSON text).
    Default(&'static str),
}

impl Field {
    /// A field that must be given.
    pub const fn required(name: &'static str, ty: Type) -> Self {
        Self { name, presence: Presence::Required, nullable: false, secret: false, picker: None, ty }
    }

    /// A field that may be left out.
    pub const fn optional(name: &'static str, ty: Type) -> Self {
        Self { presence: Presence::Optional, ..Self::required(name, ty) }
    }

    /// A field that has this value (JSON text) when it is left out.
    pub const fn defaulted(name: &'static str, ty: Type, json: &'static str) -> Self {
        Self { presence: Presence::Default(json), ..Self::required(name, ty) }
    }

    /// `null` is one of its values.
    pub const fn nullable(self) -> Self {
        Self { nullable: true, ..self }
    }

    /// Redacted before anything is stored or logged.
    pub const fn secret(self) -> Self {
        Self { secret: true, ..self }
    }

    /// Chosen by this picker.
    pub const fn picker(self, kind: &'static str) -> Self {
        Self { picker: Some(kind), ..self }
    }
}

/// What a field holds, with its constraints.
#[derive(Debug, Clone, Copy)]
pub enum Type {
    /// In any letter case, hyphenated.
    Uuid,
    /// Text without U+0000.
    String(Text),
    /// A whole number in these bounds; also the type of money, in the currency's minor unit.
    Integer(i64, i64),
    /// A finite number in these bounds.
    Number(Option<f64>, Option<f64>),
    /// `true` or `false`.
    Boolean,
    /// RFC 3339 with any offset, years 1000 to 2999.
    DateTime,
    /// `YYYY-MM-DD`, years 1000 to 2999.
    Date,
    /// An e-mail address.
    Email,
    /// Anything.
    Json,
    /// One of these.
    Enum(&'static [&'static str]),
    /// Several of one type.
    List(List),
    /// Text keys, values of one type.
    Map(Item),
    /// A record; behind a function, so that records may hold themselves.
    Object(fn() -> &'static [Field]),
}

impl Type {
    /// Text without bounds.
    pub const TEXT: Self = Self::String(Text::new(0, ANY));
    /// Text of at least one character.
    pub const NON_EMPTY: Self = Self::String(Text::new(1, ANY));

    /// The values of an enum.
    pub const fn enumeration<E: crate::decode::Enumeration>() -> Self {
        Self::Enum(E::NAMES)
    }

    /// The fields of a record.
    pub const fn object<T: crate::decode::Record>() -> Self {
        Self::Object(|| T::FIELDS)
    }
}

impl Text {
    /// Text of these lengths.
    pub const fn new(min: u64, max: u64) -> Self {
        Self { trimmed: false, min, max, pattern: None }
    }

    /// White space around it is taken off first.
    pub const fn trimmed(self) -> Self {
        Self { trimmed: true, ..self }
    }

    /// It matches this.
    pub const fn pattern(self, pattern: &'static str) -> Self {
        Self { pattern: Some(pattern), ..self }
    }
}

impl List {
    /// A list of these lengths.
    pub const fn new(items: Item, min: u64, max: u64) -> Self {
        Self { items, min, max, unique: false }
    }

    /// No two items alike.
    pub const fn unique(self) -> Self {
        Self { unique: true, ..self }
    }
}

impl Item {
    /// Values of a type.
    pub const fn of(ty: &'static Type) -> Self {
        Self { ty, nullable: false }
    }

    /// `null` is one of its values.
    pub const fn nullable(self) -> Self {
        Self { nullable: true, ..self }
    }
}

impl Permission {
    /// Needed for every call.
    pub const fn always(resource: &'static str, action: &'static str) -> Self {
        Self { resource, action, when: Condition::Always }
    }

    /// Needed under a condition.
    pub const fn when(resource: &'static str, action: &'static str, when: Condition) -> Self {
        Self { resource, action, when }
    }
}

impl Rule {
    /// A rule and what is said when it is broken.
    pub const fn new(check: Check, message: &'static str) -> Self {
        Self { check, message }
    }
}

impl AuditField {
    /// A value at a path.
    pub const fn path(name: &'static str, path: &'static str) -> Self {
        Self { name, from: AuditSource::Path(path) }
    }

    /// An object of values.
    pub const fn object(name: &'static str, fields: &'static [Self]) -> Self {
        Self { name, from: AuditSource::Object(fields) }
    }
}

/// No upper bound.
pub const ANY: u64 = u64::MAX;

/// Constraints of text. Lengths are in Unicode scalar values.
#[derive(Debug, Clone, Copy)]
pub struct Text {
    /// White space around it is taken off first.
    pub trimmed: bool,
    /// Shortest.
    pub min: u64,
    /// Longest; `u64::MAX` for any.
    pub max: u64,
    /// Unanchored regular expression.
    pub pattern: Option<&'static str>,
}

/// Constraints of a list.
#[derive(Debug, Clone, Copy)]
pub struct List {
    /// What it holds.
    pub items: Item,
    /// Fewest.
    pub min: u64,
    /// Most; `u64::MAX` for any.
    pub max: u64,
    /// No two alike.
    pub unique: bool,
}

/// What a list or a map holds.
#[derive(Debug, Clone, Copy)]
pub struct Item {
    /// The type of each.
    pub ty: &'static Type,
    /// Whether `null` is one of its values.
    pub nullable: bool,
}

/// A rule that spans fields.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// What is judged.
    pub check: Check,
    /// What the author of a call reads when it fails.
    pub message: &'static str,
}

/// What a rule judges. Paths are dotted, below the input.
#[derive(Debug, Clone, Copy)]
pub enum Check {
    /// At least one is given.
    AnyOf(&'static [&'static str]),
    /// Exactly one is given.
    OneOf(&'static [&'static str]),
    /// Where both have a value, the first is not greater.
    Ordered(&'static str, &'static str),
    /// When the condition holds, these are given.
    Requires(Condition, &'static [&'static str]),
    /// When the condition holds, none of these is given.
    Excludes(Condition, &'static [&'static str]),
    /// The object has at least one of its known fields. The empty path is the input itself.
    NonEmpty(&'static str),
    /// These fields do not have all of these values (JSON text) at once; defaults count.
    Forbid(&'static [(&'static str, &'static str)]),
}

/// What goes into the audit row of a successful call.
#[derive(Debug, Clone, Copy)]
pub struct Audit {
    /// The id that `details` carries.
    pub target: AuditField,
    /// What `changed_data` holds.
    pub changed: &'static [AuditField],
}

/// A named value of the audit row.
#[derive(Debug, Clone, Copy)]
pub struct AuditField {
    /// The key in JSON.
    pub name: &'static str,
    /// Where it comes from.
    pub from: AuditSource,
}

/// Where a value of the audit row comes from.
#[derive(Debug, Clone, Copy)]
pub enum AuditSource {
    /// `input.…` or `output.…`, dotted.
    Path(&'static str),
    /// An object of sources.
    Object(&'static [AuditField]),
}

/// A list of rows to choose an id from.
#[derive(Debug)]
pub struct PickerSpec {
    /// Such as `client`.
    pub kind: &'static str,
    /// For people.
    pub label: &'static str,
    /// Text of the empty search box.
    pub hint: &'static str,
    /// Where the rows are.
    pub table: &'static crate::query::Table,
    /// Column of the id.
    pub id: &'static str,
    /// Template over columns: `{first_name} {last_name}`.
    pub label_template: &'static str,
    /// Column that stands in when the template gives nothing.
    pub label_fallback: Option<&'static str>,
    /// Template over columns for a second line.
    pub detail: Option<&'static str>,
    /// Columns that a search looks into.
    pub search: &'static [&'static str],
    /// Rows that a search shows: column and the value it must have (JSON text). Other rows still resolve.
    pub filter: &'static [(&'static str, &'static str)],
    /// Input field and the column that it narrows.
    pub depends_on: &'static [(&'static str, &'static str)],
    /// Resource and action that the actor needs.
    pub permission: (&'static str, &'static str),
}
