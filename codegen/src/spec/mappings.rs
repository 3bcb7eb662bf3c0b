//! The mappings of the spec language with the keys that they know: any other key is a mistake.
//!
//! What else holds keys (fields, columns, resources, audit values) is named by whoever writes the spec.

/// A mapping of the spec language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mapping {
    /// As messages call it: `an action`.
    pub what: &'static str,
    /// The keys that it knows. For a field and an item, those of all types.
    pub keys: &'static [&'static str],
}

macro_rules! mappings {
    ($($name:ident = $what:literal, [$($key:literal),+ $(,)?];)*) => {
        $(pub const $name: Mapping = Mapping { what: $what, keys: &[$($key),+] };)*

        /// Every mapping of the spec language: what the parser reads, the schemas for editors describe, and
        /// `docs/spec/` explains.
        pub const MAPPINGS: &[Mapping] = &[$($name),*];
    };
}

mappings! {
    ACTION = "an action", [
        "action", "version", "label", "description", "effects", "idempotency", "permissions", "may_require", "input",
        "rules", "output", "audit", "emits", "examples",
    ];
    IDEMPOTENCY = "`idempotency`", ["mode", "key"];
    PERMISSION = "a permission", ["require", "when"];
    CONDITION = "a condition", ["present", "equals"];
    RULE = "a rule", ["any_of", "one_of", "ordered", "requires", "excludes", "non_empty", "forbid", "message"];
    REQUIRES = "`requires`", ["field", "when", "with"];
    EXCLUDES = "`excludes`", ["field", "when", "fields"];
    AUDIT = "`audit`", ["target", "changed"];
    EXAMPLE = "an example", ["name", "input"];
    FIELD = "a field", [
        "type", "label", "description", "optional", "nullable", "default", "secret", "picker", "min_length",
        "max_length", "trimmed", "pattern", "min", "max", "values", "items", "min_items", "max_items", "unique",
        "fields",
    ];
    OUTPUT_FIELD = "a field of an output", [
        "type", "label", "description", "nullable", "secret", "min_length", "max_length", "trimmed", "pattern", "min",
        "max", "values", "items", "min_items", "max_items", "unique", "fields",
    ];
    PAYLOAD_FIELD = "a field of a payload", [
        "type", "label", "description", "optional", "min_length", "max_length", "trimmed", "pattern", "min", "max",
        "values", "items", "min_items", "max_items", "unique", "fields",
    ];
    ITEM = "an item", [
        "type", "description", "nullable", "min_length", "max_length", "trimmed", "pattern", "min", "max", "values",
        "items", "min_items", "max_items", "unique", "fields",
    ];
    FIELD_PICKER = "a picker", ["kind", "depends_on"];
    TYPE = "a type", ["type", "description", "fields", "values"];
    EVENT = "an event", ["event", "description", "key", "subject", "payload"];
    PICKER = "a picker", [
        "picker", "label", "hint", "table", "id", "label_template", "label_fallback", "detail", "search", "filter",
        "depends_on", "permission",
    ];
    PERMISSIONS = "the file of permissions", ["permissions"];
    RESOURCE = "a resource", ["description", "actions"];
    CATALOG = "the catalog", ["groups"];
    GROUP = "a group", ["key", "label", "icon", "tile_kind", "description", "default_action", "actions"];
    TABLES = "the file of tables", ["tables"];
    TABLE = "a table", ["description", "scope", "belongs_to", "key", "authorization", "columns"];
    AUTHORIZATION = "`authorization`", ["resources", "owner", "client"];
}
