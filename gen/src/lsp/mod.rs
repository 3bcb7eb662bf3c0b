//! `cargo gen lsp`: a language server for specs, over the standard input and output.

mod convert;
mod files;
mod server;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use tower_lsp_server::{LspService, Server};

/// Helps editors with specs: a language server over the standard input and output.
///
/// It gives the diagnostics of `cargo gen` and the findings of `cargo gen lint` while a spec is being written; completes
/// keys, types, pickers, permissions, events and fields; tells what a name means; goes to where it is declared, from a spec
/// to its body and back; and renames fields. docs/editors.md says how to set it up.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The folder of specs [default: specs of the editor's folder]
    #[arg(long, value_name = "DIR")]
    specs: Option<PathBuf>,
    /// The folder of bodies [default: actions/src of the editor's folder]
    #[arg(long, value_name = "DIR")]
    bodies: Option<PathBuf>,
}

pub fn run(arguments: &Arguments) -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            anstream::eprintln!("the language server cannot start: {error}");
            return ExitCode::FAILURE;
        }
    };
    let (specs, bodies) = (arguments.specs.clone(), arguments.bodies.clone());
    runtime.block_on(async move {
        let (service, socket) = LspService::new(|client| server::Backend::new(client, specs, bodies));
        // One after the other: what is asked after an edit is answered by what the edit left.
        let server = Server::new(tokio::io::stdin(), tokio::io::stdout(), socket).concurrency_level(1);
        server.serve(service).await;
    });
    ExitCode::SUCCESS
}
