//! `cargo gen export`: outputs for others.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use actwright_codegen::export;
use clap::Args;

use crate::output::Format;
use crate::workspace;

/// Write outputs for others: TypeScript, OpenAPI, a book, the resolved model, or what templates of your own make
///
/// Writes only what differs, and removes what is no longer exported. A file that was not exported is never touched. Exit
/// codes: 0 done, 1 the specs or templates are wrong, a file is in the way, or (with --check) files are not as the specs
/// say, 2 the command line is wrong.
#[derive(Debug, Args)]
#[group(skip)]
pub struct Arguments {
    /// What to export; see --list
    #[arg(value_name = "TARGET", required_unless_present = "list")]
    target: Option<String>,
    /// The folder that is written [default: exported/TARGET of the workspace]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// The folder with a folder of templates per target [default: templates of the workspace]
    #[arg(long, value_name = "DIR")]
    templates: Option<PathBuf>,
    /// The folder of specs [default: specs of the workspace]
    #[arg(long, value_name = "DIR")]
    specs: Option<PathBuf>,
    /// Write nothing; name every file that is missing, out of date, stale or hand-edited
    #[arg(long, conflicts_with_all = ["list", "eject"])]
    check: bool,
    /// List what can be exported
    #[arg(long, conflicts_with = "eject")]
    list: bool,
    /// Copy the built-in templates of the target into your folder of templates, to change them there
    #[arg(long)]
    eject: bool,
    /// How to say what is wrong with the specs
    #[arg(long, value_enum, default_value = "human")]
    format: Format,
}

pub fn run(arguments: &Arguments) -> ExitCode {
    let root = workspace::root();
    let templates = arguments.templates.clone().unwrap_or_else(|| root.join("templates"));
    let done = match arguments.target.as_deref() {
        None => list(&templates),
        Some(_) if arguments.list => list(&templates),
        Some(target) if arguments.eject => eject(target, &templates, &root),
        Some(target) => {
            let specs = arguments.specs.clone().unwrap_or_else(|| root.join("specs"));
            match actwright_codegen::load(&specs) {
                Ok(model) => {
                    let out = arguments.out.clone().unwrap_or_else(|| root.join("exported").join(target));
                    let files = export::files(&model, target, &templates);
                    files.map_err(told).and_then(|files| finish(files, target, &out, arguments.check, &root))
                }
                Err(errors) => {
                    arguments.format.tell(&errors);
                    return ExitCode::FAILURE;
                }
            }
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            anstream::eprintln!("{}", message.trim_end());
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn told(error: export::Error) -> String {
    error.to_string()
}

fn list(templates: &Path) -> Result<(), String> {
    for target in export::targets(templates).map_err(told)? {
        anstream::println!("{:<12} {}", target.name, target.about);
    }
    Ok(())
}

fn finish(files: BTreeMap<String, String>, target: &str, out: &Path, check: bool, root: &Path) -> Result<(), String> {
    if check {
        export::check(files, target, out).map_err(told)?;
        anstream::println!("Everything is as the specs say.");
        return Ok(());
    }
    let count = files.len();
    let report = export::write(files, target, out).map_err(told)?;
    for path in &report.overwritten {
        anstream::eprintln!("{} had been edited by hand; the edit is gone", workspace::short(path, root));
    }
    let (written, removed) = (report.written.len(), report.removed.len());
    let folder = workspace::short(out, root);
    match (written, removed) {
        (0, 0) => anstream::println!("{count} files in {folder}; nothing differs"),
        (_, 0) => anstream::println!("{count} files in {folder}; wrote {written}"),
        _ => anstream::println!("{count} files in {folder}; wrote {written}, removed {removed}"),
    }
    Ok(())
}

/// Copies templates; those that are there already stay as they are.
fn eject(target: &str, templates: &Path, root: &Path) -> Result<(), String> {
    let known = export::targets(templates).map_err(told)?;
    if !known.iter().any(|one| one.name == target) {
        return Err(export::Error::UnknownTarget(target.to_owned(), known).to_string());
    }
    let built_in = export::built_in(target);
    if built_in.is_empty() {
        return Err(format!("{target} is not made from built-in templates"));
    }
    for (path, text) in built_in {
        let path = templates.join(target).join(path);
        let shown = workspace::short(&path, root);
        if path.exists() {
            anstream::println!("{shown} is there already");
            continue;
        }
        let folder = path.parent().unwrap_or(templates);
        let written = fs::create_dir_all(folder).and_then(|()| fs::write(&path, text));
        written.map_err(|error| format!("{shown}: {error}"))?;
        anstream::println!("created {shown}");
    }
    Ok(())
}
