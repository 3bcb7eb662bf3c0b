//! Names that others have a use for.

use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;

/// Names of fields: keywords of Rust, SQL, JSON and TypeScript, and names that generated code could have a use for.
const FIELDS: &[&str] = &[
    "type",
    "match",
    "async",
    "await",
    "dyn",
    "fn",
    "move",
    "ref",
    "where",
    "yield",
    "try",
    "gen",
    "abstract",
    "become",
    "box",
    "do",
    "final",
    "macro",
    "override",
    "priv",
    "typeof",
    "unsized",
    "virtual",
    "union",
    "auto",
    "raw",
    "default",
    "static",
    "loop",
    "impl",
    "in",
    "is",
    "mod",
    "pub",
    "mut",
    "let",
    "unsafe",
    "use",
    "safe",
    "select",
    "from",
    "order",
    "group",
    "user",
    "table",
    "null",
    "true",
    "constructor",
    "prototype",
    "toString",
    "input",
    "output",
    "context",
    "body",
    "action",
    "entry",
    "decode",
    "node",
    "reader",
    "value",
    "fields",
    "spec",
    "version",
    "Option",
    "String",
    "Vec",
    "Result",
    "x",
    "X1",
    "camelCase",
    "PascalCase",
    "with_1_digit",
    "trailing9",
    "id",
    "len",
    "clone",
    "new",
    "as_str",
    "serialize",
    "deserialize",
    "record",
    "field",
    "name",
    "error",
];
/// Names of types, with those of their files.
pub const TYPES: &[(&str, &str)] = &[
    ("Option", "option"),
    ("String", "string"),
    ("Vec", "vec"),
    ("Result", "result"),
    ("Box", "box"),
    ("Some", "some"),
    ("None", "none"),
    ("Ok", "ok"),
    ("Err", "err"),
    ("Input", "input"),
    ("Output", "output"),
    ("Body", "body"),
    ("Action", "action"),
    ("Context", "context"),
    ("Type", "type"),
    ("Fn", "fn"),
    ("Send", "send"),
    ("Copy", "copy"),
    ("Default", "default"),
    ("Map", "map"),
    ("Field", "field"),
    ("Object", "object"),
    ("Value", "value"),
    ("I64", "i64"),
    ("Bool", "bool"),
    ("Str", "str"),
];
const VALUES: &[&str] = &[
    "draft",
    "in_progress",
    "Sent-Out",
    "type",
    "a1",
    "None",
    "Some",
    "Ok",
    "Err",
    "true",
    "null",
    "Self-ish",
    "fn",
    "UPPER",
    "camelCase",
    "x-y-z",
    "default",
    "Option",
    "String",
    "b2b",
];
const PATTERNS: &[&str] = &["^[a-z]+$", "\"", "^[0-9]{1,3}$", "[^/]\\.", "a|b", "^#[0-9A-F]{6}$", "\\\\"];
const PROSE: &[&str] = &[
    "An ordinary sentence.",
    "With \"quotes\" and \\ backslashes.",
    "Not a comment: */ // /* #",
    "{braces} and {{more}}",
    "Über 漢字 🦀 \u{202e}mirrored.",
    "`code` and [links](x) | pipes",
    "#![doc] ]] \" # r#\"raw\"#",
    "${template} `tick`",
    "%s %d \\n \\u{41}",
    "<script>alert(1)</script> &amp;",
];

pub fn prose(random: &mut StdRng) -> String {
    let [a, b] = [pick(random, PROSE), pick(random, PROSE)];
    format!("{a} {b} {}", random.random_range(0..1000))
}

pub fn pattern(random: &mut StdRng) -> &'static str {
    pick(random, PATTERNS)
}

/// So many names of fields, no two of which would be one in Rust.
pub fn fields(random: &mut StdRng, count: usize) -> Vec<String> {
    distinct(random, FIELDS, count)
}

/// Values of an enum.
pub fn values(random: &mut StdRng) -> Vec<String> {
    let count = random.random_range(1..8);
    distinct(random, VALUES, count)
}

fn distinct(random: &mut StdRng, words: &[&str], count: usize) -> Vec<String> {
    let identity = |word: &str| word.replace(['_', '-'], "").to_lowercase();
    let mut chosen: Vec<String> = Vec::new();
    for word in words.sample(random, count) {
        if !chosen.iter().any(|other| identity(other) == identity(word)) {
            chosen.push((*word).to_owned());
        }
    }
    chosen
}

pub fn pick<T: Copy>(random: &mut StdRng, all: &[T]) -> T {
    all[random.random_range(0..all.len())]
}
