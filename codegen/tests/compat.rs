//! Changes of specs and what they mean: each case of `tests/compat/*.yaml` changes the specs of `tests/compat/base/`.

#![expect(clippy::unwrap_used, reason = "a test that cannot read its files has failed")]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use actwright_codegen::compat::{Change, Rule, compare};
use actwright_codegen::model::Model;
use common::specs_of;
use serde::Deserialize;

/// A change of the base. What `at` names is where a comment of the base stands; `in` and `replace` change any text.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    at: Option<String>,
    #[serde(default)]
    before: String,
    #[serde(default)]
    after: String,
    r#in: Option<String>,
    replace: Option<String>,
    with: Option<String>,
    /// Changes both sides first, in the same file.
    given: Option<Given>,
    /// Is on both sides.
    also: Option<Also>,
    #[serde(default)]
    files: BTreeMap<String, String>,
    #[serde(default)]
    added: BTreeMap<String, String>,
    #[serde(default)]
    removed: BTreeMap<String, String>,
    /// Verdict, rule, subject (the action of the base unless it is named) and path of every change.
    expect: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    replace: String,
    with: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Also {
    at: String,
    text: String,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/compat")
}

fn cases() -> Vec<Case> {
    let files = ["fields.yaml", "actions.yaml"];
    files
        .iter()
        .flat_map(|file| -> Vec<Case> {
            serde_saphyr::from_str(&fs::read_to_string(folder().join(file)).unwrap()).unwrap()
        })
        .collect()
}

impl Case {
    fn model(&self, is_after: bool) -> Model {
        let folder = specs_of("compat/base");
        let root = folder.path().join("specs");
        let more = if is_after { &self.added } else { &self.removed };
        for (path, text) in self.files.iter().chain(more) {
            fs::write(root.join(path), text).unwrap();
        }
        if let Some(at) = &self.at {
            put(&root, at, if is_after { &self.after } else { &self.before });
        }
        if let Some(also) = &self.also {
            put(&root, &also.at, &also.text);
        }
        if let Some(file) = &self.r#in {
            let path = root.join(file);
            let mut text = fs::read_to_string(&path).unwrap();
            let mut change = |from: &str, to: &str| {
                assert!(text.contains(from), "{}: there is no {from} in {file}", self.name);
                text = text.replacen(from, to, 1);
            };
            if let Some(given) = &self.given {
                change(&given.replace, &given.with);
            }
            if let (Some(from), Some(to), true) = (&self.replace, &self.with, is_after) {
                change(from, to);
            }
            fs::write(path, text).unwrap();
        }
        let model = actwright_codegen::load(&root);
        let errors = model.as_ref().err().map(ToString::to_string).unwrap_or_default();
        assert!(model.is_ok(), "{}, after: {is_after}\n{errors}", self.name);
        model.unwrap()
    }

    fn changes(&self) -> Vec<Change> {
        compare(&self.model(false), &self.model(true))
    }

    fn expected(&self) -> BTreeSet<String> {
        let whole = |line: &String| {
            let at = line.find(|c: char| c.is_ascii_uppercase()).unwrap();
            let (verdict, rest) = line.split_at(at);
            let (rule, rest) = rest.split_once(' ').unwrap_or((rest, ""));
            let named = ["crm.", "event ", "picker ", "catalog"].iter().any(|subject| rest.starts_with(subject));
            let subject = if named { "" } else { "crm.change_client v1 " };
            format!("{verdict}{rule} {subject}{rest}").trim_end().to_owned()
        };
        self.expect.iter().map(whole).collect()
    }
}

/// Puts lines where a comment of the base stands.
fn put(root: &Path, at: &str, lines: &str) {
    let marker = format!("#{at}\n");
    let path = files(root).into_iter().find(|path| fs::read_to_string(path).unwrap().contains(&marker));
    assert!(path.is_some(), "the base has no comment #{at}");
    let path = path.unwrap();
    let text = fs::read_to_string(&path).unwrap();
    let start = text.find(&marker).unwrap();
    let indent = &text[text[..start].rfind('\n').map_or(0, |line| line + 1)..start];
    let lines = lines.replace('\n', &format!("\n{indent}"));
    fs::write(path, text.replacen(&marker, &format!("{lines}\n{indent}{marker}"), 1)).unwrap();
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

fn told(changes: &[Change]) -> BTreeSet<String> {
    let one = |Change { subject, path, rule, .. }: &Change| {
        format!("{} {} {subject} {path}", rule.verdict().as_str(), rule.id()).trim_end().to_owned()
    };
    changes.iter().map(one).collect()
}

#[test]
fn changes_mean_what_they_should() {
    let cases = cases();
    assert!(cases.len() >= 80, "{}", cases.len());
    let wrong: Vec<String> = cases
        .iter()
        .map(|case| (case, told(&case.changes()), case.expected()))
        .filter(|(_, told, expected)| told != expected)
        .map(|(case, told, expected)| format!("{}:\n  told     {told:?}\n  expected {expected:?}", case.name))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// No rule without a case that it is alone in, so that each is known to have a purpose of its own.
#[test]
fn every_rule_has_a_case() {
    let rules = |case: &Case| -> BTreeSet<&str> {
        let id =
            |line: &String| Rule::ALL.iter().map(|rule| rule.id()).find(|id| line.split(' ').any(|word| word == *id));
        case.expected().iter().filter_map(id).collect()
    };
    let cases = cases();
    let alone: BTreeSet<&str> = cases.iter().map(rules).filter(|rules| rules.len() == 1).flatten().collect();
    // A new action is in the catalog, and one that is gone is not.
    let never_alone = [Rule::ActionAdded, Rule::ActionRemoved].map(Rule::id);
    let missing = Rule::ALL.iter().map(|rule| rule.id()).filter(|id| !alone.contains(id) && !never_alone.contains(id));
    assert_eq!(missing.collect::<Vec<_>>(), Vec::<&str>::new());
}

/// Specs that are what they were have not changed.
#[test]
fn nothing_is_no_change() {
    let model = actwright_codegen::load(&folder().join("base")).unwrap();
    assert_eq!(compare(&model, &model), []);
    let pack = actwright_codegen::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../specs")).unwrap();
    assert_eq!(compare(&pack, &pack), []);
}

/// The page lists every rule. `UPDATE=1` writes the list anew.
#[test]
fn the_page_lists_every_rule() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/compatibility.md");
    let page = fs::read_to_string(&path).unwrap();
    let (before, _) = page.split_once("| rule | verdict | for | why |").unwrap_or((&page, ""));
    let row = |rule: &Rule| {
        let audience: Vec<&str> = rule.audience().iter().map(|one| one.as_str()).collect();
        format!("| `{}` | {} | {} | {} |\n", rule.id(), rule.verdict().as_str(), audience.join(", "), rule.why())
    };
    let rows: String = Rule::ALL.iter().map(row).collect();
    let expected = format!("{before}| rule | verdict | for | why |\n|---|---|---|---|\n{rows}");
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, &expected).unwrap();
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), expected);
}
