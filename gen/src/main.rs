//! `cargo gen`: what people who write specs run.

mod diff;
mod explain;
mod export;
mod generate;
mod git;
mod import;
mod lint;
mod lsp;
mod new;
mod output;
mod plan;
mod watch;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Generates Rust, JSON Schemas, the catalog and reference pages from the specs.
///
/// Writes only what differs. Exit codes: 0 done, 1 the specs are wrong or (with --check) files are not as they say, 2 the
/// command line is wrong.
#[derive(Debug, Parser)]
#[command(name = "cargo gen", version, args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(flatten)]
    generate: generate::Arguments,
    #[command(subcommand)]
    command: Option<Command>,
}

/// Generating makes and drops millions of small values, on all cores.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Debug, Subcommand)]
enum Command {
    Diff(diff::Arguments),
    Explain(explain::Arguments),
    Export(export::Arguments),
    Import(import::Arguments),
    Lint(lint::Arguments),
    Lsp(lsp::Arguments),
    New(new::Arguments),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match arguments.command {
        None => generate::run(&arguments.generate),
        Some(Command::Diff(own)) => diff::run(&own),
        Some(Command::Explain(own)) => explain::run(&own),
        Some(Command::Export(own)) => export::run(&own),
        Some(Command::Import(own)) => import::run(&own),
        Some(Command::Lint(own)) => lint::run(&own),
        Some(Command::Lsp(own)) => lsp::run(&own),
        Some(Command::New(own)) => new::run(&own),
    }
}
