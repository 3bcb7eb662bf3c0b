//! `cargo gen lint`: what is right and could be better.

use std::path::PathBuf;
use std::process::ExitCode;

use actwright_codegen::diagnostic::Severity;
use actwright_codegen::lint::Findings;
use clap::Args;
use serde_json::{Value, json};

use crate::output::Format;
use crate::workspace;

/// Look for what could be better: labels, descriptions, bounds, pickers, examples, audits
///
/// Exit codes: 0 nothing but notes, 1 there are warnings (or the specs are wrong), 2 the command line is wrong.
#[derive(Debug, Args)]
#[group(skip)]
pub struct Arguments {
    /// The folder of specs [default: specs of the workspace]
    #[arg(long, value_name = "DIR")]
    specs: Option<PathBuf>,
    /// List what is silenced, with the reasons
    #[arg(long)]
    silenced: bool,
    /// Leave out notes
    #[arg(long)]
    warnings: bool,
    /// How to tell
    #[arg(long, value_enum, default_value = "human")]
    format: Format,
}

pub fn run(arguments: &Arguments) -> ExitCode {
    let specs = arguments.specs.clone().unwrap_or_else(|| workspace::root().join("specs"));
    let findings = match actwright_codegen::lint(&specs) {
        Ok(findings) => findings,
        Err(errors) => {
            arguments.format.tell(&errors);
            return ExitCode::FAILURE;
        }
    };
    let least = if arguments.warnings { Severity::Warning } else { Severity::Note };
    let shown = findings.diagnostics.clone().filtered(|one| one.code.severity() <= least);
    let fails = findings.diagnostics.iter().any(|one| one.code.severity() <= Severity::Warning);
    match arguments.format {
        Format::Json => {
            let facts = json!({ "ok": !fails, "findings": shown.to_json(), "silenced": silenced(&findings) });
            anstream::println!("{facts}");
        }
        Format::Human if shown.is_empty() => anstream::println!("Nothing to mend."),
        format => format.tell(&shown),
    }
    if arguments.format == Format::Human && arguments.silenced {
        for one in &findings.silenced {
            anstream::println!("{}:{}: {} {}: {}", one.file, one.line, one.code.id(), one.message, one.reason);
        }
    }
    if fails { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn silenced(findings: &Findings) -> Value {
    let one = |one: &actwright_codegen::lint::Silenced| {
        json!({
            "code": one.code.id(), "file": one.file, "line": one.line, "message": one.message, "reason": one.reason,
        })
    };
    findings.silenced.iter().map(one).collect()
}
