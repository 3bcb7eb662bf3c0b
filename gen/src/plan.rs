//! What a command writes into the specs, once they are known to be right with it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use actwright_codegen::model::{Effects, Model};
use clap::{Args, ValueEnum};

use crate::output::Format;
use crate::workspace;

/// What is written where, once the specs are known to be right with it.
pub struct Plan {
    pub files: Vec<(PathBuf, String)>,
    pub next: Vec<String>,
}

/// What people may say of an action that is new.
#[derive(Debug, Args)]
pub struct About {
    /// What workflow authors see [default: from the document, else from the name]
    #[arg(long)]
    pub label: Option<String>,
    /// A sentence for them [default: likewise]
    #[arg(long)]
    pub description: Option<String>,
    /// Whether it reads or writes [default: write; of an operation, what its method says]
    #[arg(long, value_enum)]
    pub effects: Option<Choice>,
    /// A permission that every call needs, such as client:update; may be repeated
    #[arg(long, value_name = "RESOURCE:ACTION")]
    pub permission: Vec<String>,
    /// The group of the catalog [default: the one with actions of the module]
    #[arg(long, value_name = "KEY")]
    pub group: Option<String>,
}

/// Effects, as the command line knows them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Choice {
    Read,
    Write,
}

impl From<Choice> for Effects {
    fn from(choice: Choice) -> Self {
        match choice {
            Choice::Read => Self::Read,
            Choice::Write => Self::Write,
        }
    }
}

/// Writes the files, and says what to do next.
pub fn carry_out(plan: Result<Plan, String>, root: &Path) -> ExitCode {
    let done = plan.and_then(|plan| {
        for (path, text) in &plan.files {
            let is_new = !path.exists();
            let folder = path.parent().unwrap_or(root);
            fs::create_dir_all(folder)
                .and_then(|()| fs::write(path, text))
                .map_err(|error| format!("{}: {error}", workspace::short(path, root)))?;
            let verb = if is_new { "created" } else { "changed" };
            anstream::println!("{verb} {}", workspace::short(path, root));
        }
        anstream::println!("\nNext:");
        plan.next.iter().for_each(|step| anstream::println!("  {step}"));
        Ok(())
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            anstream::eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}

/// The specs as they are.
pub fn load(root: &Path) -> Result<Model, String> {
    actwright_codegen::load(&root.join("specs")).map_err(|errors| {
        Format::Human.tell(&errors);
        "the specs are wrong already; nothing was written".to_owned()
    })
}

/// Whether the specs are right with these files in them.
pub fn check(root: &Path, files: &[(PathBuf, String)]) -> Result<(), String> {
    if let Some((path, _)) = files.iter().find(|(path, _)| path.exists() && !path.ends_with("catalog.yaml")) {
        return Err(format!("{} is there already", workspace::short(path, root)));
    }
    let specs = root.join("specs");
    let mut texts = actwright_codegen::texts(&specs).map_err(|errors| errors.to_string())?;
    for (path, text) in files {
        let name = workspace::short(path, root).replace('\\', "/");
        texts.retain(|(path, _)| *path != name);
        texts.push((name, text.clone()));
    }
    actwright_codegen::load_texts(texts).map(|_| ()).map_err(|errors| {
        Format::Human.tell(&errors);
        "the spec would not be right; nothing was written".to_owned()
    })
}

/// A permission of the resource that is named like the subject, else of the first one.
pub fn permission(model: &Model, subject: &str, effects: Effects) -> Result<String, String> {
    let resource = model.permissions.iter().find(|resource| resource.name == subject).or(model.permissions.first());
    let resource = resource.ok_or("specs/permissions.yaml declares no permission; say one with --permission")?;
    let wanted = if effects == Effects::Write { "update" } else { "read" };
    let action = resource.actions.iter().find(|action| *action == wanted).or(resource.actions.first());
    action
        .map(|action| format!("{}:{action}", resource.name))
        .ok_or_else(|| format!("nothing can be done with {}", resource.name))
}
