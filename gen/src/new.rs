//! `cargo gen new`: a spec to start from, or the next version of one.

use std::fs;
use std::io::{self, BufRead, IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;

use actwright_codegen::model::{Effects, Model};
use actwright_codegen::scaffold::{self, Draft};
use clap::Args;

use crate::plan::{self, About, Choice, Plan};
use crate::workspace;

/// Write the spec of a new action, or the next version of one, and name it in the catalog
///
/// Asks for what is not given, when it is run in a terminal.
#[derive(Debug, Args)]
#[group(skip)]
pub struct Arguments {
    /// module.name, such as crm.log_call
    id: String,
    /// Copy the version before and its body
    #[arg(long, value_name = "N", conflicts_with_all = ["label", "description", "effects", "permission", "subject", "group"])]
    version: Option<u32>,
    #[command(flatten)]
    about: About,
    /// What it is about, such as client, which becomes the field client_id
    #[arg(long, value_name = "NAME")]
    subject: Option<String>,
    /// Ask nothing
    #[arg(long)]
    yes: bool,
}

pub fn run(arguments: &Arguments) -> ExitCode {
    let root = workspace::root();
    let plan = match arguments.version {
        Some(version) => next_version(arguments, &root, version),
        None => new_action(arguments, &root),
    };
    plan::carry_out(plan, &root)
}

fn new_action(arguments: &Arguments, root: &Path) -> Result<Plan, String> {
    let (module, name) = scaffold::split_id(&arguments.id)?;
    let model = plan::load(root)?;
    if let Some(last) = latest(&model, &arguments.id) {
        let (id, next) = (&arguments.id, last + 1);
        return Err(format!("{id} is there already; its next version: cargo gen new --version {next} {id}"));
    }
    let draft = draft(arguments, module, name, &model)?;
    let catalog_path = root.join("specs/catalog.yaml");
    let catalog = fs::read_to_string(&catalog_path).map_err(|error| format!("specs/catalog.yaml: {error}"))?;
    let catalog = scaffold::add_to_catalog(&catalog, arguments.about.group.as_deref(), module, name)?;
    let spec_path = root.join("specs").join(scaffold::spec_path(module, name, 1));
    let files = vec![(spec_path.clone(), draft.spec()), (catalog_path, catalog)];
    plan::check(root, &files)?;
    let (id, spec) = (&arguments.id, workspace::short(&spec_path, root));
    let body = scaffold::body_path(module, name, 1);
    let next = vec![
        format!("say in {spec} what goes in and what comes out; docs/adding-an-action.md tells how"),
        format!("cargo gen --skeletons    creates the body, actions/src/{body}"),
        format!("cargo run -- call {id} --dry-run …    tries it"),
    ];
    Ok(Plan { files, next })
}

fn next_version(arguments: &Arguments, root: &Path, version: u32) -> Result<Plan, String> {
    let (module, name) = scaffold::split_id(&arguments.id)?;
    let model = plan::load(root)?;
    let id = &arguments.id;
    let last = latest(&model, id).ok_or_else(|| format!("there is no {id} to copy; without --version it is new"))?;
    if version != last + 1 {
        return Err(format!("the last version of {id} is {last}, so the next one is {}", last + 1));
    }
    let read =
        |path: &Path| fs::read_to_string(path).map_err(|error| format!("{}: {error}", workspace::short(path, root)));
    let spec_of = |version| root.join("specs").join(scaffold::spec_path(module, name, version));
    let spec = scaffold::next_version(&read(&spec_of(last))?, version).ok_or("the spec says no version")?;
    let mut files = vec![(spec_of(version), spec)];
    plan::check(root, &files)?;
    let body_of = |version| root.join("actions/src").join(scaffold::body_path(module, name, version));
    let mut next = vec![format!("change {}, and leave v{last} as it is", workspace::short(&spec_of(version), root))];
    if body_of(last).exists() {
        files.push((body_of(version), scaffold::next_body(&read(&body_of(last))?, module, name, (last, version))));
        next.push("cargo gen    generates the types of the new body".to_owned());
    } else {
        next.push("cargo gen --skeletons    creates the body".to_owned());
    }
    next.push("cargo gen diff    says what the change means".to_owned());
    Ok(Plan { files, next })
}

fn latest(model: &Model, id: &str) -> Option<u32> {
    model.actions.iter().filter(|action| action.id == id).map(|action| action.version).max()
}

/// What was given, what is answered, else what is likely.
fn draft(arguments: &Arguments, module: &str, name: &str, model: &Model) -> Result<Draft, String> {
    let asks = !arguments.yes && io::stdin().is_terminal();
    let label = answer(arguments.about.label.clone(), asks, "Label", &scaffold::title(name))?;
    let description =
        answer(arguments.about.description.clone(), asks, "Description, a sentence", &format!("{label}."))?;
    let effects = match arguments.about.effects {
        Some(Choice::Read) => "read".to_owned(),
        Some(Choice::Write) => "write".to_owned(),
        None => answer(None, asks, "Does it read or write?", "write")?,
    };
    let effects = match effects.as_str() {
        "read" => Effects::Read,
        "write" => Effects::Write,
        other => return Err(format!("an action reads or writes; it does not `{other}`")),
    };
    let first = model.pickers.first().map_or("record", |picker| picker.kind.as_str());
    let subject = answer(arguments.subject.clone(), asks, "What is it about?", first)?;
    let permissions = if arguments.about.permission.is_empty() {
        let likely = plan::permission(model, &subject, effects)?;
        vec![answer(None, asks, "Permission", &likely)?]
    } else {
        arguments.about.permission.clone()
    };
    let picker = model.pickers.iter().find(|picker| picker.kind == subject).map(|picker| picker.kind.clone());
    let (module, name) = (module.to_owned(), name.to_owned());
    Ok(Draft { module, name, label, description, effects, permissions, subject, picker })
}

fn answer(given: Option<String>, asks: bool, question: &str, likely: &str) -> Result<String, String> {
    if let Some(given) = given {
        return Ok(given);
    }
    if !asks {
        return Ok(likely.to_owned());
    }
    anstream::print!("{question} [{likely}]: ");
    io::stdout().flush().map_err(|error| error.to_string())?;
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line).map_err(|error| error.to_string())?;
    Ok(if line.trim().is_empty() { likely.to_owned() } else { line.trim().to_owned() })
}
