//! `actwright`: actions from the command line.

mod actions;
mod audit;
mod backup;
mod batch;
mod call;
mod cli;
mod config;
mod db;
mod demo;
mod failure;
mod grant;
mod http;
mod logging;
mod mail;
mod open;
mod outbox;
mod pick;
mod seed;
mod signal;
mod terminal;
mod traces;

use std::process::ExitCode;
use std::time::Duration;

use clap::{CommandFactory, Parser};
use cli::{Arguments, Command};
use failure::Failure;

/// Rows travel from the threads of SQLite to those of calls, and the allocator of most systems makes them wait for each
/// other: this one makes searches by several callers at once some 40 % faster.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // Those know from their configuration where the log goes.
    if !matches!(arguments.command, Command::Serve { .. } | Command::Relay(_)) {
        logging::of_environment();
    }
    let json = arguments.json;
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            anstream::eprintln!("{} {error}", terminal::bad("error:"));
            return ExitCode::FAILURE;
        }
    };
    let outcome = runtime.block_on(run(arguments));
    // What is stuck does not keep the process.
    runtime.shutdown_timeout(Duration::from_secs(2));
    match outcome {
        Ok(()) | Err(Failure::ClosedPipe) => ExitCode::SUCCESS,
        Err(failure) => {
            if json {
                // Where nobody reads it, the exit code says it.
                let _ = terminal::say(failure.to_json());
            } else {
                anstream::eprintln!("{} {failure}", terminal::bad("error:"));
            }
            failure.exit_code()
        }
    }
}

async fn run(Arguments { command, json }: Arguments) -> Result<(), Failure> {
    match command {
        Command::Demo { dir } => demo::run(dir, json).await,
        Command::Call(arguments) => call::run(arguments, json).await,
        Command::Actions => actions::list(json),
        Command::Schema { action, output } => actions::schema(&action, output),
        Command::Pick(arguments) => pick::run(arguments, json).await,
        Command::Serve { settings } => http::serve(&settings, json).await,
        Command::Token(arguments) => http::auth::mint(&arguments, json),
        Command::Relay(arguments) => outbox::relay(&arguments, json).await,
        Command::Outbox(command) => outbox::run(command, json).await,
        Command::Audit(command) => audit::run(command, json).await,
        Command::Workflows { database } => db::workflows(&database).await,
        Command::Db(command) => db::run(command, json).await,
        Command::Mail(command) => mail::run(command, json).await,
        Command::Config(command) => config::run(&command, json),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "actwright", &mut script);
            terminal::say(String::from_utf8_lossy(&script))
        }
    }
}
