//! `actwright call`.

use std::io::Read;

use actwright_runtime::{Answer, Call};
use serde_json::{Value, json};

use crate::batch;
use crate::cli::CallArguments;
use crate::failure::Failure;
use crate::open;
use crate::terminal::say;

pub async fn run(arguments: CallArguments, json: bool) -> Result<(), Failure> {
    if let Some(source) = &arguments.batch {
        return batch::run(source, &arguments).await;
    }
    let (Some(name), Some(input)) = (&arguments.action, &arguments.input) else {
        return Err(Failure::Usage("Name an action and its --input, or a --batch.".to_owned()));
    };
    let (tenant, caller) = open::caller(&arguments.caller)?;
    let config = open::config(&arguments.database)?;
    let call = Call {
        version: name.version,
        step_path: arguments.step_path.clone(),
        idempotency_key: arguments.idempotency_key.clone(),
        dry_run: arguments.dry_run,
        ..Call::new(&name.id, tenant, caller, read_input(input, config.calls.largest_input)?)
    };
    let runtime = open::runtime_with(&config).await?;
    let Answer { output, meta } = runtime.call(call).await?;
    for warning in meta.warnings.iter().filter(|_| !json) {
        anstream::eprintln!("warning: {}: {}", warning.pointer, warning.message);
    }
    say(serde_json::to_string_pretty(&json!({ "output": output, "meta": meta })).unwrap_or_default())?;
    // Deliveries that the answer did not wait for.
    runtime.finish().await;
    Ok(())
}

/// JSON, `@FILE`, or `-`.
fn read_input(source: &str, largest: u64) -> Result<Value, Failure> {
    let (text, name) = match source.strip_prefix('@') {
        Some(path) => {
            let file = std::fs::File::open(path).map_err(|error| Failure::CannotRun(format!("{path}: {error}")))?;
            (limited(file, path, largest)?, path)
        }
        None if source == "-" => (limited(std::io::stdin(), "standard input", largest)?, "standard input"),
        None => (source.to_owned(), "--input"),
    };
    serde_json::from_str(&text).map_err(|error| {
        Failure::Refused(actwright_runtime::Error::validation(format!("{name} is not valid JSON: {error}")))
    })
}

fn limited(source: impl Read, name: &str, largest: u64) -> Result<String, Failure> {
    let mut text = String::new();
    let read = source.take(largest + 1).read_to_string(&mut text);
    read.map_err(|error| Failure::CannotRun(format!("{name}: {error}")))?;
    if text.len() as u64 > largest {
        return Err(Failure::CannotRun(format!("{name} is larger than {largest} bytes.")));
    }
    Ok(text)
}
