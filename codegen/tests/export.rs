//! Outputs for others: complete, as their schemas say, and open to templates of a team.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use actwright_codegen::export;
use actwright_codegen::model::Model;
use actwright_random_specs::Specs;
use serde_json::Value;
use tempfile::TempDir;

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// The specs of the repository, and some that nobody wrote.
fn models() -> Vec<Model> {
    let own = actwright_codegen::load(&root().join("specs")).unwrap();
    let random = (0..8).map(|seed| actwright_codegen::load_texts(Specs::new(seed, 40).texts()).unwrap());
    std::iter::once(own).chain(random).collect()
}

/// A pack with something of every kind.
fn pack() -> Model {
    actwright_codegen::load(&root().join("codegen/tests/errors/base")).unwrap()
}

fn exported(model: &Model, target: &str) -> BTreeMap<String, String> {
    export::files(model, target, Path::new("none")).unwrap()
}

/// The schema describes every key, allows no other, and is the one in the documentation.
#[test]
fn the_model_is_as_its_schema_says() {
    let documented = fs::read_to_string(root().join("docs/model.schema.json")).unwrap();
    let mut count = 0;
    for model in models() {
        let files = exported(&model, "model");
        assert_eq!(files["model.schema.json"], documented, "copy it with `cargo gen export model --out docs`");
        let validator = jsonschema::validator_for(&serde_json::from_str(&documented).unwrap()).unwrap();
        let document: Value = serde_json::from_str(&files["model.json"]).unwrap();
        let wrong: Vec<String> = validator.iter_errors(&document).map(|error| error.to_string()).collect();
        assert_eq!(wrong, Vec::<String>::new());
        assert_eq!(document["model_version"], export::MODEL_VERSION);
        count += document["actions"].as_array().unwrap().len();
    }
    assert!(count > 300, "{count}");
    let schema: Value = serde_json::from_str(&documented).unwrap();
    for (name, own) in schema["$defs"].as_object().unwrap() {
        let variants = own["oneOf"].as_array().cloned().unwrap_or_else(|| vec![own.clone()]);
        for shape in variants {
            let keys = shape["properties"].as_object().cloned().unwrap_or_default();
            for (key, about) in keys.iter().filter(|(key, _)| !matches!(key.as_str(), "kind" | "is")) {
                assert!(about["description"].is_string(), "{name}.{key} has no description");
            }
            assert!(keys.is_empty() || shape["additionalProperties"] == false, "{name} allows other keys");
        }
    }
}

/// The fields that the page about the model shows are fields.
#[test]
fn the_examples_of_the_page_are_as_the_schema_says() {
    let page = fs::read_to_string(root().join("docs/model.md")).unwrap();
    let mut schema = export::model_schema();
    schema["$ref"] = "#/$defs/Field".into();
    for key in ["type", "properties", "required", "additionalProperties"] {
        schema.as_object_mut().unwrap().remove(key);
    }
    let validator = jsonschema::validator_for(&schema).unwrap();
    let examples: Vec<&str> = page.split("```json\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert_eq!(examples.len(), 2);
    for example in examples {
        let field: Value = serde_json::from_str(example).unwrap();
        let wrong: Vec<String> = validator.iter_errors(&field).map(|error| error.to_string()).collect();
        assert_eq!(wrong, Vec::<String>::new());
    }
}

/// The model of a small pack, to the letter: what templates rely on.
#[test]
fn the_model_of_a_small_pack() {
    insta::assert_snapshot!("model", exported(&pack(), "model")["model.json"]);
}

/// Every file of a small pack, to the letter. That it compiles and works is tested with its compiler.
#[test]
fn types_and_client_of_a_small_pack() {
    let files = exported(&pack(), "typescript");
    let shown = files.iter().filter(|(path, _)| *path != "client.ts");
    let text: String = shown.map(|(path, text)| format!("──── {path}\n{text}")).collect();
    insta::assert_snapshot!("typescript", text);
    let client = &files["client.ts"];
    insta::assert_snapshot!("client", client[..client.find("/** What an action takes").unwrap()]);
}

/// Nothing is referred to that is not there, and nothing is there that is not referred to.
#[test]
fn references_of_openapi_lead_somewhere() {
    for model in models() {
        let document: Value = serde_json::from_str(&exported(&model, "openapi")["openapi.json"]).unwrap();
        let mut found = BTreeSet::new();
        references(&document, &mut found);
        for reference in &found {
            assert!(document.pointer(&reference[1..]).is_some(), "{reference}");
        }
        let kinds = ["schemas", "parameters", "responses"];
        let names = kinds.iter().flat_map(|kind| {
            let all = document["components"][kind].as_object().unwrap();
            all.keys().map(move |name| format!("#/components/{kind}/{name}"))
        });
        let reads_only = model.actions.iter().all(|action| action.audit.is_none());
        assert!(!reads_only);
        assert_eq!(names.collect::<BTreeSet<_>>(), found);
        assert_eq!(document["paths"].as_object().unwrap().len(), model.actions.len());
    }
}

fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Array(all) => all.iter().for_each(|one| references(one, found)),
        Value::Object(map) => {
            found.extend(map.get("$ref").and_then(Value::as_str).filter(|to| to.starts_with('#')).map(str::to_owned));
            map.values().for_each(|one| references(one, found));
        }
        _ => {}
    }
}

/// Every page is in the summary, and every link of it leads to a page.
#[test]
fn the_summary_of_the_book_is_complete() {
    for model in models() {
        let files = exported(&model, "mdbook");
        let summary = &files["src/SUMMARY.md"];
        let linked: BTreeSet<String> = summary
            .lines()
            .filter_map(|line| Some(format!("src/{}", line.strip_suffix(')')?.rsplit_once("](")?.1)))
            .collect();
        let pages = files.keys().filter(|path| path.ends_with(".md") && *path != "src/SUMMARY.md");
        assert_eq!(pages.cloned().collect::<BTreeSet<_>>(), linked);
    }
    insta::assert_snapshot!("summary", exported(&pack(), "mdbook")["src/SUMMARY.md"]);
}

/// A folder of templates, a file each.
fn templates(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

/// A template of a team goes before the built-in one of the same path, and one that gives nothing removes its file.
#[test]
fn built_in_templates_can_be_replaced() {
    let folder = templates(&[
        ("typescript/index.ts.tera", "export * from \"./mine.js\";"),
        ("typescript/mine.ts.tera", "export const count = {{ model.actions | length }};\n\n\n"),
        ("typescript/events.ts.tera", "{# nobody listens #}"),
        ("typescript/notes.txt", "not a template"),
        ("openapi/README.md.tera", "# {{ model.actions | length }} actions"),
    ]);
    let model = pack();
    let (usual, files) = (exported(&model, "typescript"), export::files(&model, "typescript", folder.path()).unwrap());
    assert_eq!(files["index.ts"], "export * from \"./mine.js\";\n");
    assert_eq!(files["mine.ts"], format!("export const count = {};\n", model.actions.len()));
    assert_eq!(files["client.ts"], usual["client.ts"]);
    let names = |files: &BTreeMap<String, String>| files.keys().cloned().collect::<BTreeSet<_>>();
    let (more, less) = (names(&files), names(&usual));
    assert_eq!(more.difference(&less).collect::<Vec<_>>(), ["mine.ts"]);
    assert_eq!(less.difference(&more).collect::<Vec<_>>(), ["events.ts"]);
    let api = export::files(&model, "openapi", folder.path()).unwrap();
    assert_eq!(api.keys().collect::<Vec<_>>(), ["README.md", "openapi.json"]);
}

/// A target of a team: a file per thing, components from a file of their own, every filter.
#[test]
fn a_target_can_be_added() {
    let folder = templates(&[
        (
            "kotlin/_parts.tera",
            "{% component own.field(field) %}val {{ field.name | camel }}: {{ field.type.kind | pascal }}{% endcomponent %}",
        ),
        (
            "kotlin/{module}/{name}V{version}.kt.tera",
            "{{ action.description | comment(prefix=\"// \") }}data class {{ action.name | pascal }}(\n\
             {% for field in action.input %}  {{ <own.field field={field}/> }},\n{% endfor %})",
        ),
        ("kotlin/{module}.kt.tera", "{% for action in module.actions %}{{ action.id | shouty }}\n{% endfor %}"),
        ("kotlin/{type}.kt.tera", "{{ type.name | kebab }} {{ type.type | references | json }} {{ rows | length }}"),
        (
            "kotlin/{event}.kt.tera",
            "{{ event.name | snake }}{{ (event.description or \"Nothing.\") | comment(indent=1) }}{% for own in emitters %}{{ own.id }}{% endfor %}",
        ),
        (
            "kotlin/{picker}.kt.tera",
            "{{ picker.search | json(pretty=true) }} {{ picker.label | markdown }} {{ picker.hint | cell }}",
        ),
        ("kotlin/page.html.tera", "{{ \"<a>\" }}{{ \"a-b\" | property }}"),
    ]);
    let files = export::files(&pack(), "kotlin", folder.path()).unwrap();
    let text: String = files.iter().map(|(path, text)| format!("──── {path}\n{text}")).collect();
    insta::assert_snapshot!("added", text);
    let known = export::targets(folder.path()).unwrap();
    assert_eq!(
        known.iter().map(|target| target.name.as_str()).collect::<Vec<_>>(),
        ["kotlin", "mdbook", "model", "openapi", "typescript"]
    );
}

/// What is wrong with a template is told with its file and line, and what to do.
#[test]
fn mistakes_in_templates_are_told() {
    let mut told = String::new();
    for (path, text) in [
        ("x/a.tera", "{{ model.action }}"),
        ("x/a.tera", "one\n{% for a in model.actions %}"),
        ("x/a.tera", "{{ action.id }}"),
        ("x/a.tera", "{{ 1 | pascal }}"),
        ("x/a.tera", "{{ model.actions | paskal }}"),
        ("x/a.tera", "{{ model.actions | typescript }}"),
        ("x/a.tera", "{{ model.actions[0].input | typescript(direction=\"in\") }}"),
        (
            "x/a.tera",
            "{{ model.events | typescript(direction=\"input\") }}{{ model.catalog[0] | typescript(direction=\"input\") }}",
        ),
        ("x/{acton}.tera", ""),
        ("x/{type}{event}.tera", ""),
        ("x/{picker.tera", ""),
        ("x/crm.tera", "the same as that of a module"),
        ("x/.exported.x.json.tera", "{}"),
        ("x/readme.md", "no template"),
    ] {
        let other = if path == "x/crm.tera" { "x/{module}.tera" } else { "x/other.txt" };
        let folder = templates(&[(path, text), (other, "more")]);
        let error = export::files(&pack(), "x", folder.path()).unwrap_err().to_string();
        told.push_str(&format!(
            "──── {path}: {text}\n{}\n",
            error.replace(&folder.path().display().to_string(), "templates")
        ));
    }
    for target in ["typescrpt", "", "../x", ".", "a/b", "zzz"] {
        let error = export::files(&pack(), target, Path::new("none")).unwrap_err();
        told.push_str(&format!("──── {target}\n{error}\n"));
    }
    insta::assert_snapshot!("mistakes", told);
}
