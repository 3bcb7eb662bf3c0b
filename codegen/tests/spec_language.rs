//! The reference of the spec language, `docs/spec/`, and `docs/lint.md`: all that they show is run, and nothing is missing.
//!
//! A block of YAML is one of two things:
//!
//! - a whole file, when its first line is a path: `# specs/types/address.yaml`. It stands in the place of that file among the
//!   specs of `tests/language/`, which are right;
//! - a part of one, when its first line says of what: `# action` (keys of `crm.log_call`, which replace its own), `# input`
//!   (the fields of its input, all of them), `# output` (those of `crm.find_activities`), `# tables` and `# permissions`
//!   (entries that are added).
//!
//! Without further comments the generator accepts it. A comment `# AW0203` says that its line, or a line below that begins
//! with it, is refused with that code; nothing else is said then. Where such a code is a finding of `cargo gen lint`, or the
//! block has a comment `# allow(…)`, it is linted.
//!
//! Comments `# accepted: {…}` and `# refused: {…}` are inputs, which the generator (as examples of the action) and the JSON
//! Schema take or refuse; `# refused by the call: {…}` is one that a schema cannot refuse.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;
#[path = "common/markdown.rs"]
mod markdown;
#[path = "common/pages.rs"]
mod pages;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use actwright_codegen::diagnostic::Code;
use actwright_codegen::{Generator, MAPPINGS, load_texts};
use common::specs_of;
use markdown::{blocks, code, rows};
use pages::repository;
use serde_json::{Value, json};
use tempfile::TempDir;

const WRITES: &str = "specs/actions/crm/log_call.v1.yaml";
const READS: &str = "specs/actions/crm/find_activities.v1.yaml";

type Texts = BTreeMap<String, String>;

fn base() -> Texts {
    let folder = specs_of("language");
    actwright_codegen::texts(&folder.path().join("specs")).unwrap().into_iter().collect()
}

/// The pages, by their paths.
fn reference() -> Vec<(String, String)> {
    let root = repository();
    let lint = root.join("docs/lint.md");
    let text = fs::read_to_string(&lint).unwrap();
    let name = |path: std::path::PathBuf| path.strip_prefix(&root).unwrap().to_string_lossy().into_owned();
    pages::pages(&root.join("docs/spec"))
        .into_iter()
        .chain([(lint, text)])
        .map(|(path, text)| (name(path), text))
        .collect()
}

/// A block among the other specs.
struct Placed {
    specs: Texts,
    path: String,
    /// Lines of the file before the block.
    before: usize,
}

fn place(block: &str) -> Option<Placed> {
    let mut specs = base();
    let (mark, part) = block.split_once('\n')?;
    let mark = mark.strip_prefix("# ")?;
    if mark.starts_with("specs/") {
        specs.insert(mark.to_owned(), block.to_owned());
        return Some(Placed { specs, path: mark.to_owned(), before: 0 });
    }
    let path = match mark {
        "action" | "input" => WRITES,
        "output" => READS,
        "tables" | "permissions" => &format!("specs/{mark}.yaml"),
        _ => return None,
    };
    let own = specs.get(path)?;
    let (own, part, inserted) = match mark {
        "action" => (without(own, &keys(part)), part.to_owned(), 0),
        "input" | "output" => (without(own, &[mark]), format!("{mark}:\n{}", indented(part)), 1),
        _ => (own.clone(), indented(part), 0),
    };
    // The first line of the block, which says where it belongs, is not in the file.
    let before = own.lines().count() + inserted - 1;
    specs.insert(path.to_owned(), own + &part);
    Some(Placed { specs, path: path.to_owned(), before })
}

fn indented(text: &str) -> String {
    text.lines().map(|line| if line.is_empty() { "\n".to_owned() } else { format!("  {line}\n") }).collect()
}

/// The keys of a mapping that begins at the margin.
fn keys(text: &str) -> Vec<&str> {
    let begins = |line: &&str| line.starts_with(|c: char| c.is_ascii_alphabetic());
    text.lines().filter(begins).filter_map(|line| Some(line.split_once(':')?.0)).collect()
}

/// A mapping without some of its keys and what they hold.
fn without(text: &str, keys: &[&str]) -> String {
    let mut kept = true;
    let lines = text.lines().filter(|line| {
        if line.starts_with(|c: char| !c.is_whitespace()) {
            kept = !line.split_once(':').is_some_and(|(key, _)| keys.contains(&key));
        }
        kept
    });
    lines.map(|line| format!("{line}\n")).collect()
}

/// The codes that comments name, with the lines of the block that they are about, counted from 1.
fn expected(block: &str) -> BTreeSet<(usize, String)> {
    let lines: Vec<&str> = block.lines().collect();
    let mut all = BTreeSet::new();
    for (index, line) in lines.iter().enumerate() {
        let Some((before, comment)) = line.split_once("# AW") else { continue };
        let is_alone = before.trim().is_empty();
        let codes = format!("AW{comment}");
        for code in codes.split([' ', ',']).take_while(|word| Code::parse(word).is_some()) {
            all.insert((index + 1 + usize::from(is_alone), code.to_owned()));
        }
    }
    all
}

/// Specs as files.
fn folder(specs: &Texts) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (path, text) in specs {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

/// What is told of a block, by the lines of its file.
fn told(placed: &Placed, lint: bool) -> BTreeSet<(String, usize, String)> {
    let found = if lint {
        let folder = folder(&placed.specs);
        let findings = actwright_codegen::lint(&folder.path().join("specs"));
        findings.unwrap().diagnostics.filtered(|one| one.file == placed.path)
    } else {
        load_texts(placed.specs.clone()).err().unwrap_or_default()
    };
    found.iter().map(|one| (one.file.clone(), one.line, one.code.id().to_owned())).collect()
}

/// Everything that the reference calls right is right, and what it calls wrong is that, for the reason that it gives.
#[test]
fn specs_are_what_they_are_called() {
    let mut count = 0;
    for (page, text) in reference() {
        for block in blocks(&text).into_iter().filter(|block| block.language == "yaml") {
            let at = format!("{page}:{}", block.line);
            let placed =
                place(&block.text).unwrap_or_else(|| panic!("{at}: the first line does not say where it belongs"));
            let expected = expected(&block.text);
            let is_lint = |(_, code): &(usize, String)| Code::parse(code).is_some_and(Code::is_lint);
            let lint = expected.iter().any(is_lint) || block.text.contains("# allow(");
            let expected: BTreeSet<(String, usize, String)> =
                expected.into_iter().map(|(line, code)| (placed.path.clone(), placed.before + line, code)).collect();
            assert_eq!(told(&placed, lint), expected, "{at}");
            count += 1;
        }
    }
    assert!(count >= 50, "{count}");
}

/// An input that a block shows.
struct Shown<'b> {
    text: &'b str,
    /// Whether the generator takes it, and whether the schema does.
    taken: (bool, bool),
}

fn inputs(block: &str) -> Vec<Shown<'_>> {
    let kinds =
        [("# accepted: ", (true, true)), ("# refused: ", (false, false)), ("# refused by the call: ", (false, true))];
    let shown = |line| {
        kinds.iter().find_map(|(mark, taken)| Some(Shown { text: str::strip_prefix(line, mark)?, taken: *taken }))
    };
    block.lines().filter_map(shown).collect()
}

/// Inputs that the reference calls accepted are, by the generator and by the JSON Schema, and those that it calls refused
/// are not.
#[test]
fn inputs_are_what_they_are_called() {
    let mut count = 0;
    for (page, text) in reference() {
        for block in blocks(&text).into_iter().filter(|block| block.language == "yaml") {
            let inputs = inputs(&block.text);
            let Some(placed) = place(&block.text).filter(|_| !inputs.is_empty()) else { continue };
            let schema = schema(&placed.specs, &placed.path);
            let validator = jsonschema::validator_for(&schema).unwrap();
            for Shown { text, taken } in inputs {
                let at = format!("{page}:{}: {text}", block.line);
                let mut specs = placed.specs.clone();
                let own = without(&specs[&placed.path], &["examples"]);
                specs.insert(placed.path.clone(), format!("{own}examples:\n  - {{ name: shown, input: {text} }}\n"));
                let codes: BTreeSet<Code> =
                    load_texts(specs).err().unwrap_or_default().iter().map(|one| one.code).collect();
                let expected = if taken.0 { BTreeSet::new() } else { BTreeSet::from([Code::BadValue]) };
                assert_eq!(codes, expected, "{at}: as an example");
                let input: Value = serde_saphyr::from_str(text).unwrap();
                assert_eq!(validator.is_valid(&input), taken.1, "{at}: by the schema");
                count += 1;
            }
        }
    }
    assert!(count >= 40, "{count}");
}

/// The schema of the input of an action.
fn schema(specs: &Texts, path: &str) -> Value {
    let id = path.trim_start_matches("specs/actions/").trim_end_matches(".yaml").replace('/', ".");
    let text = &generated(specs)[&format!("schemas/{id}.input.json")];
    serde_json::from_str(text).unwrap()
}

/// What is generated from specs, by name.
fn generated(specs: &Texts) -> Texts {
    let (folder, out) = (folder(specs), TempDir::new().unwrap());
    let report = Generator::new(folder.path().join("specs"), out.path()).run().unwrap();
    let name = |path: &std::path::Path| path.strip_prefix(out.path()).unwrap().to_string_lossy().into_owned();
    report.written.iter().map(|path| (name(path), fs::read_to_string(path).unwrap())).collect()
}

/// Every mapping has a section whose table lists its keys, and each key is shown in a block. So a new key cannot be
/// forgotten.
#[test]
fn every_key_is_explained_and_shown() {
    let pages = reference();
    let mut sections: BTreeSet<BTreeSet<&str>> = BTreeSet::new();
    let mut shown = String::new();
    for (_, text) in &pages {
        for section in text.split("\n## ") {
            sections.insert(rows(section, "| key |").into_iter().map(|row| code(row[0])).collect());
        }
        blocks(text).into_iter().filter(|block| block.language == "yaml").for_each(|block| shown.push_str(&block.text));
    }
    // Where else fields and items stand, a matrix says.
    let elsewhere = ["a field of an output", "a field of a payload", "an item"];
    for mapping in MAPPINGS.iter().filter(|mapping| !elsewhere.contains(&mapping.what)) {
        let keys: BTreeSet<&str> = mapping.keys.iter().copied().collect();
        assert!(sections.contains(&keys), "no section has a table of the keys of {}: {keys:?}", mapping.what);
        for key in keys {
            let written = [format!("\n{key}: "), format!(" {key}: "), format!("\n{key}:\n"), format!(" {key}:\n")];
            assert!(written.iter().any(|text| shown.contains(text)), "no block shows `{key}` of {}", mapping.what);
        }
    }
}

/// Where the keys of a field may stand is as the matrix says.
#[test]
fn keys_stand_where_the_page_says() {
    let pages = reference();
    let matrix: Vec<Vec<&str>> =
        pages.iter().flat_map(|(_, text)| rows(text, "| key | input | output | event | item |")).collect();
    for (column, what) in [(1, "a field"), (2, "a field of an output"), (3, "a field of a payload"), (4, "an item")] {
        let mapping = MAPPINGS.iter().find(|mapping| mapping.what == what).unwrap();
        let known: BTreeSet<&str> = mapping.keys.iter().copied().collect();
        let listed: BTreeSet<&str> = matrix.iter().filter(|row| row[column] == "yes").map(|row| code(row[0])).collect();
        assert_eq!(listed, known, "{what}");
    }
}

/// Every error that specs can have is linked from the reference.
#[test]
fn every_error_is_linked() {
    let all: String = reference().into_iter().map(|(_, text)| text).collect();
    let missing: Vec<&str> = Code::ALL
        .iter()
        .filter(|code| !code.is_lint() && !all.contains(&format!("(../errors/{}.md)", code.id())))
        .map(|code| code.id())
        .collect();
    assert_eq!(missing, Vec::<&str>::new());
}

/// A field as it is written, and what the page says that it becomes.
fn fields<'p>(pages: &'p [(String, String)], heading: &str) -> Vec<(&'p str, Vec<&'p str>)> {
    let rows: Vec<Vec<&str>> = pages.iter().flat_map(|(_, text)| rows(text, heading)).collect();
    assert!(!rows.is_empty(), "no table has the heading {heading}");
    rows.into_iter().map(|row| (code(row[0]), row)).collect()
}

/// Specs with an action whose input has these fields: `f0`, `f1`, …
fn with_fields<'f>(fields: impl Iterator<Item = &'f str>) -> Texts {
    let mut specs = base();
    let lines: String = fields.enumerate().map(|(index, field)| format!("  f{index}: {field}\n")).collect();
    let own = format!("{}input:\n{lines}", without(&specs[WRITES], &["input"]));
    specs.insert(WRITES.to_owned(), own);
    specs
}

/// Where the generated code finds what it names.
const MODULES: [&str; 6] = [
    "::core::option::",
    "::std::string::",
    "::std::vec::",
    "::std::collections::",
    "::actwright_runtime::",
    "crate::types::",
];

/// A Rust type without paths.
fn short(ty: &str) -> String {
    MODULES.iter().fold(ty.to_owned(), |ty, module| ty.replace(module, ""))
}

/// The Rust type of each field of the input.
fn rust_types(generated: &Texts) -> BTreeMap<String, String> {
    let (_, record) = generated["src/crm/log_call.rs"].split_once("pub struct Input {").unwrap();
    let (record, _) = record.split_once("\n}").unwrap();
    let field = |line: &str| {
        let (name, ty) = line.trim().strip_prefix("pub ")?.trim_end_matches(',').split_once(": ")?;
        Some((name.to_owned(), short(ty)))
    };
    record.lines().filter_map(field).collect()
}

/// What each type becomes in Rust and in JSON Schema is as the page says.
#[test]
fn types_become_what_the_page_says() {
    let pages = reference();
    let listed = fields(&pages, "| field | Rust | JSON Schema |");
    let generated = generated(&with_fields(listed.iter().map(|(field, _)| *field)));
    let rust = rust_types(&generated);
    let schema: Value = serde_json::from_str(&generated["schemas/crm.log_call.v1.input.json"]).unwrap();
    let mut types = BTreeSet::new();
    for (index, (field, row)) in listed.iter().enumerate() {
        // What is written in place is named after its field.
        let in_place = format!("F{index}");
        let rust =
            if rust[&format!("f{index}")] == in_place { "named after the field" } else { &rust[&format!("f{index}")] };
        assert_eq!(rust, code(row[1]), "{field}");
        let own = &schema["properties"][format!("f{index}")];
        let said: Value = serde_json::from_str(code(row[2])).unwrap_or_else(|error| panic!("{field}: {error}"));
        for (key, value) in said.as_object().unwrap() {
            assert_eq!(own.get(key).unwrap_or(&json!("nothing")), value, "{field}: {key}");
        }
        let field: Value = serde_saphyr::from_str(field).unwrap();
        types.insert(field["type"].as_str().unwrap().to_owned());
    }
    assert_eq!(types.len(), 15 + 2, "{types:?}");
}

/// How absent and null reach the body is as the page says.
#[test]
fn states_become_what_the_page_says() {
    let pages = reference();
    let listed = fields(&pages, "| field | absent | `null` | Rust |");
    let generated = generated(&with_fields(listed.iter().map(|(field, _)| *field)));
    let rust = rust_types(&generated);
    let schema: Value = serde_json::from_str(&generated["schemas/crm.log_call.v1.input.json"]).unwrap();
    let required: Vec<&str> = schema["required"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    for (index, (field, row)) in listed.iter().enumerate() {
        let name = format!("f{index}");
        assert_eq!(rust[&name], code(row[3]), "{field}");
        assert_eq!(required.contains(&name.as_str()), row[1] == "refused", "{field}: absent");
        let validator = jsonschema::validator_for(&schema["properties"][&name]).unwrap();
        assert_eq!(!validator.is_valid(&Value::Null), row[2] == "refused", "{field}: null");
    }
    assert_eq!(listed.len(), 6);
}

/// The Rust types of columns are as the page says, and none is left out.
#[test]
fn columns_become_what_the_page_says() {
    let pages = reference();
    let listed = fields(&pages, "| column | Rust | SQLite | PostgreSQL |");
    let mut specs = base();
    let columns: Vec<String> = listed.iter().enumerate().map(|(index, (ty, _))| format!("c{index}: {ty}")).collect();
    let table = format!("  samples: {{ key: [], columns: {{ {} }} }}\n", columns.join(", "));
    specs.get_mut("specs/tables.yaml").unwrap().push_str(&table);
    let module = generated(&specs).remove("src/tables.rs").unwrap();
    let (_, module) = module.split_once("pub mod samples").unwrap();
    for (index, (ty, row)) in listed.iter().enumerate() {
        let (_, constant) = module.split_once(&format!("pub const C{index}: query::Column<")).unwrap();
        let (rust, _) = constant.split_once("> =").unwrap();
        let short =
            rust.replace("::actwright_runtime::", "").replace("::std::string::", "").replace("::std::vec::", "");
        assert_eq!(short, code(row[1]), "{ty}");
    }
    assert_eq!(listed.len(), 10);
}
