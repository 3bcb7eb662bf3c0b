//! The decoder as generated code uses it.

mod agreement;
mod bounds;
mod examples;
mod messages;
mod permissions;
mod privacy;

use std::collections::BTreeMap;

use serde_json::Value;
use uuid::Uuid;

use super::{Decode, Enumeration, Node, Reader, Record, enumeration, record};
use crate::spec::{Check, Condition, Field, Item, List, Rule, Text, Type};
use crate::value::{Date, Timestamp, Update};

const TEXT: Text = Text { trimmed: false, min: 0, max: u64::MAX, pattern: None };
const TITLE: Text = Text { trimmed: true, min: 1, max: 20, pattern: None };
const CODE: Text = Text { trimmed: false, min: 3, max: 3, pattern: Some("^[A-Z]+$") };
const SAFE: i64 = (1 << 53) - 1;

/// One field of every type.
#[derive(Debug, Clone, PartialEq)]
struct Input {
    client_id: Uuid,
    title: String,
    currency: Option<String>,
    limit: i64,
    rate: Option<f64>,
    urgent: bool,
    start: Option<Timestamp>,
    end: Option<Timestamp>,
    day: Option<Date>,
    email: Option<String>,
    visibility: Visibility,
    notes: Update<String>,
    owner: Option<Uuid>,
    level: Option<i64>,
    tags: Option<Vec<String>>,
    users: Option<Vec<Option<Uuid>>>,
    labels: Option<BTreeMap<String, i64>>,
    patch: Option<Patch>,
    tree: Option<Box<Tree>>,
    extra: Option<Value>,
    token: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Visibility {
    Internal,
    ClientVisible,
}

impl Enumeration for Visibility {
    const VALUES: &'static [Self] = &[Self::Internal, Self::ClientVisible];
    const NAMES: &'static [&'static str] = &["internal", "client_visible"];
}

impl Decode for Visibility {
    fn decode(node: Node<'_>) -> Self {
        enumeration(node)
    }
}

#[derive(Debug, Clone, PartialEq)]
struct Patch {
    status_id: Update<Uuid>,
    minutes: Option<i64>,
}

impl Record for Patch {
    const FIELDS: &'static [Field] =
        &[Field::optional("status_id", Type::Uuid).nullable(), Field::optional("minutes", Type::Integer(0, SAFE))];

    fn decode(reader: &mut Reader<'_>) -> Self {
        Self { status_id: reader.take(), minutes: reader.take() }
    }
}

impl Decode for Patch {
    fn decode(node: Node<'_>) -> Self {
        record(node)
    }
}

#[derive(Debug, Clone, PartialEq)]
struct Tree {
    name: String,
    children: Vec<Tree>,
}

impl Record for Tree {
    const FIELDS: &'static [Field] = &[
        Field::required("name", Type::String(TEXT)),
        Field::defaulted(
            "children",
            Type::List(List {
                items: Item { ty: &Type::Object(|| Tree::FIELDS), nullable: false },
                min: 0,
                max: u64::MAX,
                unique: false,
            }),
            "[]",
        ),
    ];

    fn decode(reader: &mut Reader<'_>) -> Self {
        Self { name: reader.take(), children: reader.take() }
    }
}

impl Decode for Tree {
    fn decode(node: Node<'_>) -> Self {
        record(node)
    }
}

impl Record for Input {
    const FIELDS: &'static [Field] = &[
        Field::required("client_id", Type::Uuid),
        Field::required("title", Type::String(TITLE)),
        Field::optional("currency", Type::String(CODE)),
        Field::defaulted("limit", Type::Integer(1, 200), "25"),
        Field::optional("rate", Type::Number(Some(0.0), Some(99.5))),
        Field::defaulted("urgent", Type::Boolean, "false"),
        Field::optional("start", Type::DateTime),
        Field::optional("end", Type::DateTime),
        Field::optional("day", Type::Date),
        Field::optional("email", Type::Email),
        Field::defaulted("visibility", Type::Enum(Visibility::NAMES), "\"internal\""),
        Field::optional("notes", Type::String(TEXT)).nullable(),
        Field::required("owner", Type::Uuid).nullable(),
        Field::defaulted("level", Type::Integer(-SAFE, SAFE), "3").nullable(),
        Field::optional(
            "tags",
            Type::List(List {
                items: Item { ty: &Type::String(Text { min: 1, ..TEXT }), nullable: false },
                min: 1,
                max: 3,
                unique: true,
            }),
        ),
        Field::optional(
            "users",
            Type::List(List { items: Item { ty: &Type::Uuid, nullable: true }, min: 2, max: 50, unique: true }),
        ),
        Field::optional("labels", Type::Map(Item { ty: &Type::Integer(0, 9), nullable: false })),
        Field::optional("patch", Type::Object(|| Patch::FIELDS)),
        Field::optional("tree", Type::Object(|| Tree::FIELDS)),
        Field::optional("extra", Type::Json),
        Field::optional("token", Type::String(TEXT)).secret(),
    ];

    fn decode(reader: &mut Reader<'_>) -> Self {
        Self {
            client_id: reader.take(),
            title: reader.take(),
            currency: reader.take(),
            limit: reader.take(),
            rate: reader.take(),
            urgent: reader.take(),
            start: reader.take(),
            end: reader.take(),
            day: reader.take(),
            email: reader.take(),
            visibility: reader.take(),
            notes: reader.take(),
            owner: reader.take(),
            level: reader.take(),
            tags: reader.take(),
            users: reader.take(),
            labels: reader.take(),
            patch: reader.take(),
            tree: reader.take(),
            extra: reader.take(),
            token: reader.take(),
        }
    }
}

const RULES: &[Rule] = &[
    Rule { check: Check::AnyOf(&["currency", "rate"]), message: "currency or rate is required" },
    Rule { check: Check::OneOf(&["owner", "patch.status_id"]), message: "owner or patch.status_id, not both" },
    Rule { check: Check::Ordered("start", "end"), message: "start must not be after end" },
    Rule { check: Check::Ordered("limit", "level"), message: "limit must not be greater than level" },
    Rule { check: Check::Requires(Condition::Present("day"), &["email", "rate"]), message: "day needs email and rate" },
    Rule { check: Check::NonEmpty("patch"), message: "patch must have at least one field" },
    Rule {
        check: Check::Forbid(&[("urgent", "true"), ("visibility", "\"internal\"")]),
        message: "what is urgent must be client_visible",
    },
];

const ID: &str = "3f2b6c1e-0d4a-4f57-9a1b-8c2d7e6f5a40";

fn id() -> Uuid {
    Uuid::parse_str(ID).unwrap()
}
