//! The cases, as they are written in `tests/conformance/`. `tests/conformance/README.md` describes the format.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Map, Value};

use super::fixture::folder;

/// A file of cases about one action.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    action: String,
    cases: Vec<Map<String, Value>>,
}

/// A case: given rows, calls, and what they lead to.
#[derive(Debug, Clone)]
pub struct Case {
    /// File and name, to be found by.
    pub title: String,
    /// The action that calls are of, where they do not say.
    pub action: String,
    /// What comes besides the calls.
    pub frame: Frame,
    /// The calls.
    pub steps: Vec<Step>,
    /// Whether the calls are made at once.
    pub together: bool,
}

/// What a case says besides its calls.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Frame {
    /// Unique in its file.
    pub name: String,
    /// What would break unnoticed without this case.
    pub protects: String,
    /// Rows besides the base.
    pub given: Option<Value>,
    /// SQL that runs on both databases, after the rows are loaded.
    #[serde(default)]
    pub prepare: Vec<String>,
    /// Row changes by table. Tables that are not named must not change; `$any` for whatever.
    #[serde(default = "none_by_table")]
    pub changes: Value,
    /// Audit rows. Not judged when absent.
    pub audit: Option<Value>,
    /// Events that went out.
    #[serde(default = "none")]
    pub events: Value,
    /// Mails that went out.
    #[serde(default = "none")]
    pub mails: Value,
}

/// A call and what it answers.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Another action than the file's.
    pub action: Option<String>,
    /// Name of a user; `admin` when absent. Or a run.
    pub actor: Option<String>,
    /// Name of a workflow run.
    pub run: Option<String>,
    /// Name of a tenant; `north` when absent.
    pub tenant: Option<String>,
    /// The newest version when absent.
    pub version: Option<u32>,
    /// The caller's own key.
    pub idempotency_key: Option<String>,
    /// Where in the run.
    pub step_path: Option<String>,
    /// Show, then undo.
    #[serde(default)]
    pub dry_run: bool,
    /// The input.
    pub input: Value,
    /// The output of a call that succeeds.
    pub output: Option<Value>,
    /// The error of a call that fails.
    pub error: Option<Value>,
    /// The problems in the error's details, in any order.
    pub problems: Option<Value>,
    /// Whether the answer is an earlier one.
    pub deduplicated: Option<bool>,
    /// Warnings, in any order; none when absent.
    #[serde(default = "none")]
    pub warnings: Value,
    /// The rest of the answer's metadata.
    pub meta: Option<Value>,
    /// What a dry run shows.
    pub preview: Option<Value>,
}

const FRAME: [&str; 8] = ["name", "protects", "given", "prepare", "changes", "audit", "events", "mails"];

fn none() -> Value {
    Value::Array(Vec::new())
}

fn none_by_table() -> Value {
    Value::Object(Map::new())
}

/// Every case of `tests/conformance/`, file by file.
///
/// # Errors
///
/// What is wrong with which file and case.
pub fn all() -> Result<Vec<Case>, String> {
    let root = folder("conformance");
    let mut files = Vec::new();
    collect(&root, &mut files).map_err(|error| format!("{}: {error}", root.display()))?;
    files.sort();
    let mut cases: Vec<Case> = Vec::new();
    for path in files {
        let place = path.strip_prefix(&root).unwrap_or(&path).display().to_string();
        let text = fs::read_to_string(&path).map_err(|error| format!("{place}: {error}"))?;
        let file: File = serde_saphyr::from_str(&text).map_err(|error| format!("{place}: {error}"))?;
        for case in file.cases {
            let case = Case::parse(&place, &file.action, case).map_err(|error| format!("{place}: {error}"))?;
            if cases.iter().any(|other| other.title == case.title) {
                return Err(format!("{}: there are two cases of this name", case.title));
            }
            cases.push(case);
        }
    }
    Ok(cases)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "yaml") {
            files.push(path);
        }
    }
    Ok(())
}

impl Case {
    /// A case has one call written in place, or `steps`, or calls `together`.
    fn parse(place: &str, action: &str, mut case: Map<String, Value>) -> Result<Self, String> {
        let name = case.get("name").and_then(Value::as_str).unwrap_or("a case without a name").to_owned();
        let wrong = |error: &dyn std::fmt::Display| format!("{name}: {error}");
        let steps = case.remove("steps");
        let together = case.remove("together");
        let (frame, call): (Map<_, _>, Map<_, _>) =
            case.into_iter().partition(|(key, _)| FRAME.contains(&key.as_str()));
        let frame: Frame = serde_json::from_value(frame.into()).map_err(|error| wrong(&error))?;
        let at_once = together.is_some();
        let steps: Vec<Step> = match (steps.or(together), call.is_empty()) {
            (Some(steps), true) => serde_json::from_value(steps),
            (None, false) => serde_json::from_value(Value::Array(vec![call.into()])),
            _ => return Err(wrong(&"give one call, or `steps`, or calls `together`")),
        }
        .map_err(|error| wrong(&error))?;
        if let Some(step) = steps.iter().find(|step| step.output.is_some() == step.error.is_some()) {
            return Err(wrong(&format!("expect either an output or an error of {}", step.input)));
        }
        Ok(Self { title: format!("{place}: {name}"), action: action.to_owned(), frame, steps, together: at_once })
    }
}
