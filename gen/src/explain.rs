//! `cargo gen explain`: the page about an error.

use std::process::ExitCode;

use actwright_codegen::diagnostic::Code;
use clap::error::ErrorKind;
use clap::{Args, CommandFactory};
use serde_json::{Value, json};

/// Say more about an error, with an example that is wrong and one that is right
#[derive(Debug, Args)]
#[group(skip)]
pub struct Arguments {
    /// The code of an error, such as AW0101; without one, all are listed
    code: Option<String>,
    /// Write JSON
    #[arg(long)]
    json: bool,
}

pub fn run(arguments: &Arguments) -> ExitCode {
    let Some(id) = &arguments.code else {
        list(arguments.json);
        return ExitCode::SUCCESS;
    };
    let Some(code) = Code::parse(id) else {
        let message = format!("there is no code `{id}`; `cargo gen explain` lists them");
        crate::Arguments::command().error(ErrorKind::InvalidValue, message).exit()
    };
    if arguments.json {
        anstream::println!("{}", facts(code));
    } else {
        anstream::print!("{}", code.page());
    }
    ExitCode::SUCCESS
}

fn list(json: bool) {
    if json {
        let all: Value = Code::ALL.iter().map(|code| facts(*code)).collect();
        anstream::println!("{all}");
    } else {
        Code::ALL.iter().for_each(|code| anstream::println!("{}  {}", code.id(), code.title()));
    }
}

fn facts(code: Code) -> Value {
    json!({ "code": code.id(), "title": code.title(), "why": code.why(), "page": code.page() })
}
