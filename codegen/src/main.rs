//! `cargo gen`: generates from specs, or checks what was generated.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use actwright_codegen::{Error, Generator, Report};
use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, ValueEnum};
use serde_json::json;

/// Generates Rust, JSON Schemas, the catalog and reference pages from the specs.
///
/// Writes only what differs. Exit codes: 0 done, 1 the specs are wrong or (with --check) files are not as they say, 2 the
/// command line is wrong.
#[derive(Debug, Parser)]
#[command(name = "cargo gen", version)]
struct Arguments {
    /// The folder of specs [default: specs of the workspace]
    #[arg(long, value_name = "DIR")]
    specs: Option<PathBuf>,
    /// The folder that is written [default: generated of the workspace]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// The folder of bodies, whose lists of modules are kept [default: actions/src of the workspace]
    #[arg(long, value_name = "DIR")]
    bodies: Option<PathBuf>,
    /// Write nothing; name every file that is missing, out of date, stale or hand-edited
    #[arg(long, conflicts_with = "skeletons")]
    check: bool,
    /// Create a body that compiles for each action without one
    #[arg(long)]
    skeletons: bool,
    /// How to say what is wrong
    #[arg(long, value_enum, default_value = "human")]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Human,
    Json,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let root = workspace_root();
    let or_default = |given: &Option<PathBuf>, name: &str| given.clone().unwrap_or_else(|| root.join(name));
    let specs = or_default(&arguments.specs, "specs");
    // The output and the bodies of another pack are not where this workspace has its own.
    let own = same_folder(&specs, &root.join("specs"));
    if !own && arguments.out.is_none() {
        usage("--out is needed with the specs of another place");
    }
    if !own && arguments.skeletons && arguments.bodies.is_none() {
        usage("--bodies is needed for skeletons with the specs of another place");
    }
    let mut generator = Generator::new(specs, or_default(&arguments.out, "generated"));
    if own || arguments.bodies.is_some() {
        generator = generator.bodies(or_default(&arguments.bodies, "actions/src"));
    }
    let outcome = if arguments.check {
        generator.check().map(|()| None)
    } else if arguments.skeletons {
        generator.skeletons().map(Some)
    } else {
        generator.run().map(Some)
    };
    match outcome {
        Ok(report) => {
            tell(&arguments, report.as_ref(), &root);
            ExitCode::SUCCESS
        }
        Err(error) => {
            complain(&arguments, &error);
            ExitCode::FAILURE
        }
    }
}

fn usage(message: &str) -> ! {
    Arguments::command().error(ErrorKind::MissingRequiredArgument, message).exit()
}

fn same_folder(a: &Path, b: &Path) -> bool {
    matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}

/// The nearest folder above that holds specs, else this one.
fn workspace_root() -> PathBuf {
    let here = std::env::current_dir().unwrap_or_default();
    let found = here.ancestors().find(|folder| folder.join("specs").is_dir() && folder.join("Cargo.toml").is_file());
    found.unwrap_or(&here).to_owned()
}

fn tell(arguments: &Arguments, report: Option<&Report>, root: &Path) {
    let Some(report) = report else {
        match arguments.format {
            Format::Human => anstream::println!("Everything is as the specs say."),
            Format::Json => anstream::println!("{}", json!({ "ok": true })),
        }
        return;
    };
    if arguments.format == Format::Json {
        let facts = json!({
            "ok": true, "actions": report.actions, "written": report.written, "removed": report.removed,
            "overwritten": report.overwritten, "skeletons": report.skeletons,
        });
        anstream::println!("{facts}");
        return;
    }
    let short = |path: &PathBuf| path.strip_prefix(root).unwrap_or(path).display().to_string();
    for path in &report.overwritten {
        anstream::eprintln!("{} had been edited by hand; the edit is gone", short(path));
    }
    let count = report.written.len();
    if count > 12 {
        anstream::println!("wrote {count} files");
    } else {
        report.written.iter().for_each(|path| anstream::println!("wrote {}", short(path)));
    }
    report.removed.iter().for_each(|path| anstream::println!("removed {}", short(path)));
    report.skeletons.iter().for_each(|path| anstream::println!("created {}: write the body", short(path)));
    match report.actions {
        Some(actions) if count + report.removed.len() + report.skeletons.len() == 0 => {
            anstream::println!("{actions} actions; nothing differs");
        }
        Some(actions) => anstream::println!("{actions} actions"),
        None => anstream::println!("Nothing has changed."),
    }
}

fn complain(arguments: &Arguments, error: &Error) {
    if arguments.format == Format::Json {
        let facts = match error {
            Error::Specs(diagnostics) => json!({ "ok": false, "errors": diagnostics.to_json() }),
            Error::Drift(all) => {
                let all: Vec<_> = all
                    .iter()
                    .map(|drift| json!({ "file": drift.path, "problem": drift.kind.as_str(), "help": drift.kind.remedy() }))
                    .collect();
                json!({ "ok": false, "drift": all })
            }
            other => json!({ "ok": false, "message": other.to_string() }),
        };
        anstream::println!("{facts}");
        return;
    }
    match error {
        Error::Specs(diagnostics) => anstream::eprint!("{}", diagnostics.render(std::io::stderr().is_terminal())),
        other => anstream::eprintln!("{other}"),
    }
}
