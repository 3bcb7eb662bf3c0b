//! `cargo gen diff`: what a change of the specs means for those who rely on them.

mod report;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use actwright_codegen::compat::{self, Workflow};
use actwright_codegen::{Diagnostics, model::Model};
use clap::{Args, ValueEnum};

use crate::output::Format as ErrorFormat;
use crate::{git, workspace};
use report::Report;

/// Compare the specs with what they were, and say what breaks for callers, workflows, readers and auditors
///
/// Exit codes: 0 nothing breaks, 1 something does (or the specs are wrong), 2 the command line is wrong.
#[derive(Debug, Args)]
#[group(skip)]
pub struct Arguments {
    /// What to compare with: a revision, or a folder of specs [default: where this branch left main]
    #[arg(long, value_name = "REV|DIR")]
    against: Option<String>,
    /// The folder of specs [default: specs of the workspace]
    #[arg(long, value_name = "DIR")]
    specs: Option<PathBuf>,
    /// Stored workflows (a folder of JSON files, one such file, or - for the standard input), to be told which of their
    /// steps break
    #[arg(long, value_name = "DIR|FILE|-")]
    workflows: Option<PathBuf>,
    /// Show compatible changes, too
    #[arg(long)]
    all: bool,
    /// How to report
    #[arg(long, value_enum, default_value = "human")]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Text
    Human,
    /// One JSON document
    Json,
    /// A comment for a pull request
    Markdown,
}

/// Why there is nothing to report.
enum Failure {
    /// The specs, as they are or as they were, are wrong.
    Specs(Box<Diagnostics>, Option<String>),
    Other(String),
}

impl From<String> for Failure {
    fn from(message: String) -> Self {
        Self::Other(message)
    }
}

pub fn run(arguments: &Arguments) -> ExitCode {
    match report(arguments) {
        Ok(report) => {
            match arguments.format {
                Format::Human => anstream::print!("{}", report.text(arguments.all)),
                Format::Json => anstream::println!("{}", report.to_json()),
                Format::Markdown => anstream::print!("{}", report.markdown()),
            }
            if report.is_refused() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
        }
        Err(failure) => {
            complain(failure, arguments.format);
            ExitCode::FAILURE
        }
    }
}

fn complain(failure: Failure, format: Format) {
    match failure {
        Failure::Specs(diagnostics, of) => {
            if let Some(of) = of {
                anstream::eprintln!("the specs of {of} are wrong, so nothing can be compared with them:\n");
            }
            let format = if format == Format::Json { ErrorFormat::Json } else { ErrorFormat::Human };
            format.tell(&diagnostics);
        }
        Failure::Other(message) if format == Format::Json => {
            anstream::println!("{}", serde_json::json!({ "ok": false, "message": message }));
        }
        Failure::Other(message) => anstream::eprintln!("error: {message}"),
    }
}

fn report(arguments: &Arguments) -> Result<Report, Failure> {
    let root = workspace::root();
    let specs = arguments.specs.clone().unwrap_or_else(|| root.join("specs"));
    let (against, before) = before(arguments.against.as_deref(), &root, &specs)?;
    let after = actwright_codegen::load(&specs).map_err(|errors| Failure::Specs(Box::new(errors), None))?;
    let changes = compat::compare(&before, &after);
    let workflows = match &arguments.workflows {
        Some(folder) => workflows(folder)?,
        None => Vec::new(),
    };
    let broken = compat::broken(&changes, &workflows);
    // Sorted by version, so that the last one stays.
    let latest = after.actions.iter().map(|action| (action.id.clone(), action.version)).collect();
    let workflows = arguments.workflows.as_ref().map(|_| workflows.len());
    Ok(Report { against, changes, workflows, broken, latest })
}

/// What the specs were, and what to call that.
fn before(against: Option<&str>, root: &Path, specs: &Path) -> Result<(String, Model), Failure> {
    let wrong = |of: &str| {
        let of = of.to_owned();
        move |errors| Failure::Specs(Box::new(errors), Some(of))
    };
    if let Some(folder) = against.filter(|name| Path::new(name).is_dir()) {
        return Ok((folder.to_owned(), actwright_codegen::load(Path::new(folder)).map_err(wrong(folder))?));
    }
    let commit = match against {
        Some(revision) => git::commit(root, revision).map_err(|error| {
            format!("cannot compare with `{revision}`, which is neither a folder nor a revision: {error}")
        })?,
        None => git::merge_base(root)?,
    };
    let texts = git::texts(root, &commit, specs)?;
    let name = commit.get(..12).unwrap_or(&commit).to_owned();
    if texts.is_empty() {
        // Everything is new.
        return Ok((name, Model::default()));
    }
    let model = actwright_codegen::load_texts(texts).map_err(wrong(&name))?;
    Ok((name, model))
}

/// Every JSON file below a folder: a definition, or a list of them.
fn workflows(place: &Path) -> Result<Vec<Workflow>, String> {
    if place == Path::new("-") {
        let text = std::io::read_to_string(std::io::stdin()).map_err(|error| format!("standard input: {error}"))?;
        return definitions("standard input", &text);
    }
    let mut files = Vec::new();
    if place.is_file() {
        files.push(place.to_owned());
    } else {
        collect(place, &mut files)?;
        files.sort();
    }
    let mut all = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
        let name = if file == place { file.display().to_string() } else { workspace::short(&file, place) };
        all.extend(definitions(&name, &text).map_err(|error| error.replacen(&name, &file.display().to_string(), 1))?);
    }
    Ok(all)
}

/// One definition, or a list of them.
fn definitions(source: &str, text: &str) -> Result<Vec<Workflow>, String> {
    let value = serde_json::from_str(text).map_err(|error| format!("{source}: not JSON: {error}"))?;
    Ok(match value {
        serde_json::Value::Array(items) => {
            let numbered = items.into_iter().enumerate();
            let workflow = |(index, definition)| Workflow { source: format!("{source}#{index}"), definition };
            numbered.map(workflow).collect()
        }
        definition => vec![Workflow { source: source.to_owned(), definition }],
    })
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), String> {
    let entries = std::fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    for entry in entries {
        let entry = entry.map_err(|error| format!("{}: {error}", folder.display()))?;
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            collect(&entry.path(), files)?;
        } else if entry.path().extension().is_some_and(|end| end == "json") {
            files.push(entry.path());
        }
    }
    Ok(())
}
