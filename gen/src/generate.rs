//! `cargo gen` itself: generates, or checks what was generated.

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use actwright_codegen::{Diagnostics, Drift, Error, Generator, Report};
use clap::error::ErrorKind;
use clap::{Args, CommandFactory};
use serde_json::json;

use crate::output::Format;
use crate::{watch, workspace};

/// More files than this are counted, not named.
const NAMED_FILES: usize = 12;

#[derive(Debug, Args)]
#[group(skip)]
pub struct Arguments {
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
    /// Generate again whenever a spec is saved, until ended with Ctrl-C
    #[arg(long, conflicts_with_all = ["check", "skeletons"])]
    watch: bool,
    /// How to say what is wrong
    #[arg(long, value_enum, default_value = "human")]
    format: Format,
}

pub fn run(arguments: &Arguments) -> ExitCode {
    let format = arguments.format;
    let root = workspace::root();
    let (generator, folders) = generator(arguments, &root);
    if arguments.watch {
        let were_wrong = Cell::new(false);
        return watch::run(&generator, &folders.specs, folders.bodies.as_deref(), &|took, outcome| match outcome {
            Ok(report) => tell_again(&report, took, were_wrong.replace(false), format, &root),
            Err(error) => {
                were_wrong.set(true);
                complain(&error, format);
            }
        });
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
            tell(report.as_ref(), format, &root);
            ExitCode::SUCCESS
        }
        Err(error) => {
            complain(&error, format);
            ExitCode::FAILURE
        }
    }
}

/// The folders that a run reads.
struct Folders {
    specs: PathBuf,
    bodies: Option<PathBuf>,
}

fn generator(arguments: &Arguments, root: &Path) -> (Generator, Folders) {
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
    let bodies = (own || arguments.bodies.is_some()).then(|| or_default(&arguments.bodies, "actions/src"));
    let mut generator = Generator::new(&specs, or_default(&arguments.out, "generated"));
    if let Some(bodies) = &bodies {
        generator = generator.bodies(bodies);
    }
    (generator, Folders { specs, bodies })
}

fn usage(message: &str) -> ! {
    crate::Arguments::command().error(ErrorKind::MissingRequiredArgument, message).exit()
}

fn same_folder(a: &Path, b: &Path) -> bool {
    matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}

fn tell(report: Option<&Report>, format: Format, root: &Path) {
    if format == Format::Json {
        let facts = match report {
            None => json!({ "ok": true }),
            Some(report) => json!({
                "ok": true, "actions": report.actions, "written": report.written, "removed": report.removed,
                "overwritten": report.overwritten, "skeletons": report.skeletons,
            }),
        };
        anstream::println!("{facts}");
        return;
    }
    if format != Format::Human {
        format.tell(&Diagnostics::default());
        return;
    }
    let Some(report) = report else {
        anstream::println!("Everything is as the specs say.");
        return;
    };
    let short = |path: &PathBuf| workspace::short(path, root);
    for path in &report.overwritten {
        anstream::eprintln!("{} had been edited by hand; the edit is gone", short(path));
    }
    let count = report.written.len();
    if count > NAMED_FILES {
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

/// As [`tell`], of one run among many.
fn tell_again(report: &Report, took: Duration, were_wrong: bool, format: Format, root: &Path) {
    let differs = report.written.len() + report.removed.len() > 0;
    if differs || format != Format::Human {
        tell(Some(report), format, root);
    } else if were_wrong {
        anstream::println!("The specs are right again.");
    }
    if differs && format == Format::Human {
        anstream::println!("in {} ms", took.as_millis());
    }
}

fn complain(error: &Error, format: Format) {
    match error {
        Error::Specs(diagnostics) => format.tell(diagnostics),
        Error::Drift(all) => match format {
            Format::Json => anstream::println!("{}", json!({ "ok": false, "drift": facts(all) })),
            Format::Github => all.iter().for_each(|one| {
                let path = workspace::short(&one.path, &workspace::root());
                anstream::println!("::error file={path}::{}: {}", one.kind.as_str(), one.kind.remedy());
            }),
            Format::Human | Format::Sarif => anstream::eprintln!("{error}"),
        },
        other if format == Format::Json => {
            anstream::println!("{}", json!({ "ok": false, "message": other.to_string() }));
        }
        other => anstream::eprintln!("{other}"),
    }
}

fn facts(all: &[Drift]) -> Vec<serde_json::Value> {
    let fact =
        |drift: &Drift| json!({ "file": drift.path, "problem": drift.kind.as_str(), "help": drift.kind.remedy() });
    all.iter().map(fact).collect()
}
