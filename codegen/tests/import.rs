//! Imports: what becomes of schemas and operations, and that it always loads.
#![expect(clippy::unwrap_used, reason = "a test that cannot read its files has failed")]

use std::fs;
use std::path::Path;

use actwright_codegen::import::{self, Document, Draft, Imported};
use actwright_codegen::model::Model;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

fn draft() -> Draft {
    let permissions = vec!["thing:update".to_owned()];
    let (module, name) = ("pack".to_owned(), "try_it".to_owned());
    Draft { module, name, label: None, description: None, effects: None, permissions }
}

/// Whether specs with what was imported are right; else what is wrong.
fn problem(imported: &Imported) -> Option<String> {
    let group = "{ key: all, label: All, icon: box, tile_kind: group, description: All., actions: [pack.try_it], default_action: pack.try_it }";
    let more = [
        ("permissions.yaml", "permissions:\n  thing: { description: Things., actions: [update] }\n".to_owned()),
        ("catalog.yaml", format!("groups:\n  - {group}\n")),
    ];
    let files = imported.files.iter().map(|(path, text)| (path.as_str(), text.clone())).chain(more);
    let texts = files.map(|(path, text)| (format!("specs/{path}"), text));
    actwright_codegen::load_texts(texts).err().map(|errors| errors.to_string())
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
