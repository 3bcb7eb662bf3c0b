//! Imports: what becomes of schemas and operations, and that it always loads.
#![expect(clippy::unwrap_used, reason = "a test that cannot read its files has failed")]

use std::fs;
use std::path::Path;

use actwright_codegen::import::{self, Document, Draft, Imported};
use actwright_codegen::model::Model;
use actwright_codegen::{Diagnostics, load_texts, output};
use jsonschema::draft202012;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

fn draft() -> Draft {
    let permissions = vec!["thing:update".to_owned()];
    let (module, name) = ("pack".to_owned(), "try_it".to_owned());
    let (read_permissions, write_permissions) = (permissions.clone(), permissions);
    Draft { module, name, label: None, description: None, effects: None, read_permissions, write_permissions }
}

/// Specs with what was imported.
fn load(imported: &Imported) -> Result<Model, Diagnostics> {
    let group = "{ key: all, label: All, icon: box, tile_kind: group, description: All., actions: [pack.try_it], default_action: pack.try_it }";
    let more = [
        ("permissions.yaml", "permissions:\n  thing: { description: Things., actions: [update] }\n".to_owned()),
        ("catalog.yaml", format!("groups:\n  - {group}\n")),
    ];
    let files = imported.files.iter().map(|(path, text)| (path.as_str(), text.clone())).chain(more);
    let texts = files.map(|(path, text)| (format!("specs/{path}"), text));
    load_texts(texts)
}

/// What is wrong with what was imported.
fn problem(imported: &Imported) -> Option<String> {
    load(imported).err().map(|errors| errors.to_string())
}

fn imported(case: &Value) -> Imported {
    let document = |key: &str| case.get(key).map(|schema| Document::new(key, schema.clone()));
    match case.get("operation").and_then(Value::as_str) {
        Some(operation) => {
            let document = Document::new("", case.clone());
            import::operation(&draft(), &document, operation, &Model::default()).unwrap()
        }
        None => import::schemas(&draft(), &document("input").unwrap(), document("output").as_ref(), &Model::default()),
    }
}

/// Every case, to the letter: what is carried over, and what is told of the rest.
#[test]
fn cases() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/import");
    let mut count = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            continue;
        }
        let case: Value = serde_saphyr::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        let imported = imported(&case);
        let mut text = String::new();
        for (path, file) in &imported.files {
            text.push_str(&format!("──── {path}\n{file}"));
        }
        text.push_str("──── notes\n");
        for note in import::summary(&imported.notes) {
            text.push_str(&format!("{note}\n"));
        }
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false, snapshot_path => "import/expected" }, {
            insta::assert_snapshot!(path.file_stem().unwrap().to_str().unwrap(), text);
        });
        assert_eq!(problem(&imported), None, "{}", path.display());
        count += 1;
    }
    assert!(count > 20, "{count}");
}

/// What is no document, or no operation of it, is told with its place or with what there is.
#[test]
fn mistakes_are_told() {
    let api = "openapi: 3.1.0\npaths:\n  /pets/{id}:\n    get: { operationId: getPet }\n    put: {}\n  /x: { $ref: '#/gone' }\n";
    let find = |text: &str, operation: &str| {
        let document = Document::parse("", text)?;
        import::operation(&draft(), &document, operation, &Model::default()).map(|_| String::new())
    };
    let mut told = String::new();
    for (text, operation) in [
        (api, "getPets"),
        (api, "GET /pet/{id}"),
        (api, "zzz"),
        ("swagger: \"2.0\"\npaths: {}\n", "x"),
        ("{}", "x"),
        ("openapi: 3.0.0\n", "x"),
        ("a: [1\n", "x"),
        ("{\"openapi\": \"3.0.0\",\n  \"paths\": {,}}", "x"),
        ("\u{feff}", "x"),
    ] {
        told.push_str(&format!("──── {operation} of {text:?}\n{}\n", find(text, operation).unwrap_err()));
    }
    insta::assert_snapshot!("mistakes", told);
    assert_eq!(find(api, "get /pets/{id}").unwrap(), "");
    let listed = import::operations(&Document::parse("", api).unwrap()).unwrap();
    assert_eq!(listed.iter().map(|one| one.address.as_str()).collect::<Vec<_>>(), ["GET /pets/{id}", "PUT /pets/{id}"]);
}

/// Words of JSON Schema with values that may or may not go with them.
fn schema() -> impl Strategy<Value = Value> {
    let name = prop_oneof![
        "[a-c]{1,2}",
        Just("self".to_owned()),
        Just("clientId".to_owned()),
        Just("client_id".to_owned()),
        ".{0,4}"
    ];
    let leaf = prop_oneof![
        Just(json!({})),
        any::<bool>().prop_map(Value::Bool),
        prop::sample::select(vec!["string", "integer", "number", "boolean", "null", "array", "object", "file"])
            .prop_map(|ty| json!({ "type": ty })),
        prop::sample::select(vec!["uuid", "date", "date-time", "email", "password", "uri", "int32"])
            .prop_map(|format| json!({ "type": "string", "format": format })),
        prop::collection::vec(
            prop_oneof![".{0,3}".prop_map(Value::from), any::<i8>().prop_map(Value::from), Just(Value::Null)],
            0..4
        )
        .prop_map(|values| json!({ "enum": values })),
        (any::<i16>(), any::<i16>())
            .prop_map(|(min, max)| json!({ "type": "integer", "minimum": min, "maximum": max })),
        (-2.0..9.0, -2.0..9.0).prop_map(|(min, max)| json!({ "type": "string", "minLength": min, "maxLength": max })),
        ".{0,6}".prop_map(|pattern| json!({ "type": "string", "pattern": pattern })),
        prop::sample::select(vec!["#/$defs/A", "#/$defs/B", "#/$defs/C", "#", "#/gone", "other.json"])
            .prop_map(|to| json!({ "$ref": to })),
    ];
    leaf.prop_recursive(5, 60, 6, move |inner| {
        let list = prop::collection::vec(inner.clone(), 0..4);
        let map = prop::collection::vec((name.clone(), inner.clone()), 0..4);
        prop_oneof![
            (map.clone(), prop::collection::vec(name.clone(), 0..3), inner.clone()).prop_map(|(properties, required, more)| {
                let properties: Map<String, Value> = properties.into_iter().collect();
                json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": more })
            }),
            (inner.clone(), any::<u8>(), any::<bool>())
                .prop_map(|(items, min, unique)| json!({ "type": "array", "items": items, "minItems": min, "uniqueItems": unique })),
            (prop::sample::select(vec!["allOf", "anyOf", "oneOf", "prefixItems"]), list).prop_map(|(key, all)| json!({ key: all })),
            (inner.clone(), inner.clone()).prop_map(|(schema, default)| {
                let mut schema = schema;
                if let Value::Object(map) = &mut schema {
                    map.insert("default".to_owned(), default);
                    map.insert("nullable".to_owned(), true.into());
                    map.insert("description".to_owned(), "A\u{0}b\u{2028}c: d # e".into());
                    map.insert("readOnly".to_owned(), true.into());
                }
                schema
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever the schemas, what comes of them is right.
    #[test]
    fn what_is_imported_loads(input in schema(), output in schema(), shared in prop::collection::vec(schema(), 3)) {
        let defs = json!({ "A": shared[0], "B": shared[1], "C": shared[2] });
        let with_defs = |mut schema: Value| {
            if let Value::Object(map) = &mut schema {
                map.insert("$defs".to_owned(), defs.clone());
            }
            schema
        };
        let case = json!({ "input": with_defs(input), "output": with_defs(output) });
        let imported = imported(&case);
        prop_assert_eq!(problem(&imported), None, "{}\n{:?}", case, imported.files);
    }
}

/// A schema that says of what type its values are.
fn plain_schema() -> impl Strategy<Value = Value> {
    let whole = -3..6_i64;
    let bound = |name: &'static str| prop::option::of(whole.clone()).prop_map(move |one| json!({ name: one }));
    let count = |name: &'static str| prop::option::of(0..4_u64).prop_map(move |one| json!({ name: one }));
    let pattern =
        prop::sample::select(vec!["^a", "^\\d+$", "^\\w{2}$", "^.$", "\\s", "^\\S*$", "^[\\s\\S]$", "b|\\-", "[^}]"]);
    let texts = prop_oneof![
        (count("minLength"), count("maxLength")).prop_map(|(min, max)| merged(&[
            json!({ "type": "string" }),
            min,
            max
        ])),
        pattern.prop_map(|pattern| json!({ "type": "string", "pattern": pattern })),
        prop::collection::vec(prop::sample::select(vec!["a", "b", "", "1", "a b", "é"]), 1..4)
            .prop_map(|all| json!({ "enum": all })),
        prop::sample::select(vec![json!("a"), json!(1), json!(1.5)]).prop_map(|one| json!({ "const": one })),
    ];
    let integers = [bound("minimum"), bound("maximum"), bound("exclusiveMinimum"), bound("exclusiveMaximum")];
    let integers = integers.prop_map(|bounds| merged(&[&[json!({ "type": "integer" })][..], &bounds].concat()));
    let numbers = [bound("minimum"), bound("maximum")];
    let numbers = numbers.prop_map(|bounds| merged(&[&[json!({ "type": "number" })][..], &bounds].concat()));
    let references =
        prop::sample::select(vec!["#/$defs/record", "#/$defs/letters"]).prop_map(|to| json!({ "$ref": to }));
    let leaf =
        prop_oneof![3 => texts, 2 => integers, 1 => numbers, 1 => Just(json!({ "type": "boolean" })), 1 => references];
    leaf.prop_recursive(2, 10, 3, move |inner| {
        prop_oneof![
            (inner.clone(), count("minItems"), count("maxItems"), any::<bool>()).prop_map(|(items, min, max, unique)| {
                merged(&[json!({ "type": "array", "items": items, "uniqueItems": unique }), min, max])
            }),
            inner.clone().prop_map(|values| json!({ "type": "object", "additionalProperties": values })),
            [inner.clone(), inner.clone()].prop_map(|[a, b]| {
                json!({ "type": "object", "properties": { "a": a, "b": b }, "required": ["a"], "additionalProperties": false })
            }),
            inner.clone().prop_map(|inner| json!({ "anyOf": [inner, { "type": "null" }] })),
            inner.clone().prop_map(|inner| json!({ "allOf": [inner, { "description": "More." }] })),
            [inner.clone(), inner].prop_map(|both| json!({ "allOf": both })),
        ]
    })
}

/// One object with the entries of all, without those that are null.
fn merged(all: &[Value]) -> Value {
    let entries = all.iter().filter_map(Value::as_object).flatten().filter(|(_, value)| !value.is_null());
    Value::Object(entries.map(|(key, value)| (key.clone(), value.clone())).collect())
}

fn plain_value() -> impl Strategy<Value = Value> {
    let texts = vec![
        "", "a", "b", "ab", "a b", "1", "12", "\n", "-", "}", "é", "é1", "\u{a0}", "\u{feff}", "\u{2028}", "٣", "😀",
    ];
    let leaf = prop_oneof![
        3 => prop::sample::select(texts).prop_map(Value::from),
        3 => (-4..7_i64).prop_map(Value::from),
        1 => prop::sample::select(vec![json!(1.0), json!(1.5), json!(-0.5)]),
        1 => any::<bool>().prop_map(Value::from),
        1 => Just(Value::Null),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            [inner.clone(), inner.clone()].prop_map(|[a, b]| json!({ "a": a, "b": b })),
            inner.clone().prop_map(|a| json!({ "a": a })),
            inner.prop_map(|c| json!({ "c": c })),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// Where nothing is noted, the generated schema accepts what the source accepts, and nothing else.
    #[test]
    fn what_is_not_noted_means_the_same(schema in plain_schema(), values in prop::collection::vec(plain_value(), 20)) {
        let source = json!({
            "type": "object",
            "properties": { "value": schema },
            "required": ["value"],
            "additionalProperties": false,
            "$defs": {
                "record": {
                    "type": "object",
                    "properties": { "a": { "type": "string" }, "b": { "$ref": "#/$defs/record" } },
                    "additionalProperties": false,
                },
                "letters": { "enum": ["a", "b"] },
            },
        });
        let imported = imported(&json!({ "input": source }));
        // The audit has no place in the source, and a pattern of all values is as good as a list of them.
        let is_loss = |note: &&import::Note| !note.pointer.is_empty() && !note.message.contains("a text with a pattern");
        prop_assume!(imported.notes.iter().find(is_loss).is_none());
        let model = load(&imported).unwrap();
        let generated: Value = serde_json::from_str(&output(&model).unwrap()["schemas/pack.try_it.v1.input.refs.json"]).unwrap();
        let (source, generated) = (draft202012::new(&source).unwrap(), draft202012::new(&generated).unwrap());
        for value in values {
            let input = json!({ "value": value });
            prop_assert_eq!(source.is_valid(&input), generated.is_valid(&input), "{} {}", input, imported.files[0].1);
        }
    }
}

/// Types that would be written out for ever are cut, and it does not take for ever.
#[test]
fn what_grows_is_cut() {
    let list = |to: String| {
        let fields: Map<String, Value> = (0..6).map(|n| (format!("f{n}"), json!({ "$ref": to }))).collect();
        json!({ "type": "array", "items": { "type": "object", "properties": fields } })
    };
    let mut types: Map<String, Value> =
        (0..12).map(|n| (format!("t{n}"), list(format!("#/$defs/t{}", n + 1)))).collect();
    types.insert("t12".to_owned(), json!({ "type": "string" }));
    let imported = imported(&json!({ "input": { "properties": { "top": { "$ref": "#/$defs/t0" } }, "$defs": types } }));
    assert_eq!(problem(&imported), None);
    assert!(imported.notes.iter().any(|note| note.message.contains("from here on")), "{:?}", imported.notes);
}
