//! `cargo gen import`: a spec to start from, from JSON Schemas or an OpenAPI operation.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use actwright_codegen::import::{self, Document, Draft, Imported};
use actwright_codegen::model::{Effects, Model};
use actwright_codegen::scaffold;
use clap::Args;

use crate::plan::{self, About, Plan};
use crate::workspace;

/// Write the spec of a new action from a pair of JSON Schemas or an OpenAPI operation, and name it in the catalog
///
/// Says what it could not carry over, and what became of it. Documents are JSON or YAML; references lead within them.
#[derive(Debug, Args)]
#[group(skip)]
pub struct Arguments {
    /// module.name, such as crm.log_call
    #[arg(required_unless_present = "list")]
    id: Option<String>,
    /// The JSON Schema of what goes in
    #[arg(long, value_name = "FILE", conflicts_with = "openapi", required_unless_present = "openapi")]
    input: Option<PathBuf>,
    /// The JSON Schema of what comes out
    #[arg(long, value_name = "FILE", conflicts_with = "openapi")]
    output: Option<PathBuf>,
    /// An OpenAPI 3 document
    #[arg(long, value_name = "FILE")]
    openapi: Option<PathBuf>,
    /// The operation: its operationId, or METHOD /path
    #[arg(long, value_name = "OPERATION", requires = "openapi", required_unless_present_any = ["input", "list"])]
    operation: Option<String>,
    /// List the operations of the OpenAPI document
    #[arg(long, requires = "openapi", conflicts_with_all = ["id", "operation"])]
    list: bool,
    #[command(flatten)]
    about: About,
    /// Print the specs, and write nothing
    #[arg(long)]
    print: bool,
}

pub fn run(arguments: &Arguments) -> ExitCode {
    let root = workspace::root();
    if arguments.list {
        return told(list(arguments));
    }
    match import(arguments, &root) {
        Ok((imported, _)) if arguments.print => {
            for (path, text) in &imported.files {
                anstream::println!("# specs/{path}\n{text}");
            }
            tell(&imported);
            ExitCode::SUCCESS
        }
        Ok((imported, plan)) => {
            tell(&imported);
            plan::carry_out(Ok(plan), &root)
        }
        Err(message) => told(Err(message)),
    }
}

fn told(done: Result<(), String>) -> ExitCode {
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            anstream::eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}

/// What could not be carried over. People want to know; programs read what is written.
fn tell(imported: &Imported) {
    let lines = import::summary(&imported.notes);
    if lines.is_empty() {
        return;
    }
    anstream::eprintln!("Not carried over as it is:");
    lines.iter().for_each(|line| anstream::eprintln!("  {line}"));
    anstream::eprintln!();
}

fn list(arguments: &Arguments) -> Result<(), String> {
    let Some(path) = &arguments.openapi else { return Ok(()) };
    let operations = import::operations(&read(path, "")?).map_err(|message| in_file(path, &message))?;
    for operation in operations {
        let id = operation.id.unwrap_or_default();
        anstream::println!("{id:<40} {:<50} {}", operation.address, operation.summary.unwrap_or_default());
    }
    Ok(())
}

fn import(arguments: &Arguments, root: &Path) -> Result<(Imported, Plan), String> {
    let id = arguments.id.as_deref().unwrap_or_default();
    let (module, name) = scaffold::split_id(id)?;
    let model = plan::load(root)?;
    if model.actions.iter().any(|action| action.id == id) {
        return Err(format!("{id} is there already; import it under another name, and compare"));
    }
    let imported = imported(arguments, (module, name), &model)?;
    let specs = root.join("specs");
    let catalog_path = specs.join("catalog.yaml");
    let catalog = fs::read_to_string(&catalog_path).map_err(|error| format!("specs/catalog.yaml: {error}"))?;
    let catalog = scaffold::add_to_catalog(&catalog, arguments.about.group.as_deref(), module, name)?;
    let files = imported.files.iter().map(|(path, text)| (specs.join(path), text.clone()));
    let files: Vec<_> = files.chain([(catalog_path, catalog)]).collect();
    plan::check(root, &files)?;
    let spec = scaffold::spec_path(module, name, 1);
    let body = scaffold::body_path(module, name, 1);
    let mut next = vec![format!("see in specs/{spec} what it needs: permissions, pickers of ids, rules, examples")];
    if imported.writes {
        next.push("and what the audit names: it was guessed".to_owned());
    }
    next.extend([
        "cargo gen lint         says what could be better".to_owned(),
        format!("cargo gen --skeletons  creates the body, actions/src/{body}"),
    ]);
    Ok((imported, Plan { files, next }))
}

fn imported(arguments: &Arguments, (module, name): (&str, &str), model: &Model) -> Result<Imported, String> {
    let About { label, description, effects, permission, .. } = &arguments.about;
    let permissions = |effects| match permission.as_slice() {
        [] => Ok(vec![plan::permission(model, module, effects)?]),
        given => Ok::<_, String>(given.to_vec()),
    };
    let draft = Draft {
        module: module.to_owned(),
        name: name.to_owned(),
        label: label.clone(),
        description: description.clone(),
        effects: effects.map(Into::into),
        read_permissions: permissions(Effects::Read)?,
        write_permissions: permissions(Effects::Write)?,
    };
    match (&arguments.openapi, &arguments.operation, &arguments.input) {
        (Some(path), Some(operation), _) => {
            let document = read(path, "")?;
            import::operation(&draft, &document, operation, model).map_err(|message| in_file(path, &message))
        }
        (_, _, Some(input)) => {
            let output = arguments.output.as_ref().map(|path| read(path, "output")).transpose()?;
            Ok(import::schemas(&draft, &read(input, "input")?, output.as_ref(), model))
        }
        _ => Err("say what to import: --input FILE, or --openapi FILE --operation OPERATION".to_owned()),
    }
}

fn read(path: &Path, name: &str) -> Result<Document, String> {
    let bytes = fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let text = String::from_utf8(bytes).map_err(|_| format!("{}: the file is not UTF-8", path.display()))?;
    Document::parse(name, &text).map_err(|message| format!("{}:{message}", path.display()))
}

fn in_file(path: &Path, message: &str) -> String {
    format!("{}: {message}", path.display())
}
