//! How results are told: to people on a terminal, or to programs.

use std::io::IsTerminal;

use actwright_codegen::Diagnostics;
use clap::ValueEnum;
use serde_json::json;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Text with excerpts
    Human,
    /// One JSON document
    Json,
    /// SARIF 2.1.0, for code hosts and editors
    Sarif,
    /// Annotations of a pull request on GitHub
    Github,
}

impl Format {
    /// Tells what is wrong with specs: people on the standard error, programs on the standard output.
    pub fn tell(self, diagnostics: &Diagnostics) {
        match self {
            Self::Human => anstream::eprint!("{}", diagnostics.render(std::io::stderr().is_terminal())),
            Self::Json => anstream::println!("{}", json!({ "ok": false, "errors": diagnostics.to_json() })),
            Self::Sarif => anstream::println!("{}", diagnostics.to_sarif()),
            Self::Github => anstream::print!("{}", diagnostics.to_github()),
        }
    }
}
