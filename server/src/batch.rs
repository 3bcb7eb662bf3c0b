//! `actwright call --batch`: JSON lines in, JSON lines out. A bad line answers in its place and stops nothing.

use std::io::{BufRead, BufReader, Read, Write};

use actwright_runtime::{Call, Caller, Error, Runtime};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use uuid::Uuid;

use crate::cli::CallArguments;
use crate::failure::Failure;
use crate::terminal::progress;
use crate::{open, signal};

/// A line of a batch.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    #[serde(default)]
    id: Value,
    action: String,
    version: Option<u32>,
    tenant: Option<Uuid>,
    actor: Option<Uuid>,
    run: Option<Uuid>,
    step_path: Option<String>,
    idempotency_key: Option<String>,
    dry_run: Option<bool>,
    input: Value,
}

pub async fn run(source: &str, arguments: &CallArguments) -> Result<(), Failure> {
    let reader: Box<dyn Read + Send> = if source == "-" {
        Box::new(std::io::stdin())
    } else {
        Box::new(std::fs::File::open(source).map_err(|error| Failure::CannotRun(format!("{source}: {error}")))?)
    };
    let config = open::config(&arguments.database)?;
    let runtime = open::runtime_with(&config).await?;
    let lines = Lines { reader: BufReader::new(reader), number: 0, longest: config.calls.largest_input };
    let mut lines = lines.in_background();
    let bar = progress("calls");
    let stopping = signal::stopping();
    let mut failed = 0;
    let mut last = 0;
    let ended = loop {
        let next = tokio::select! {
            biased;
            () = stopping.cancelled() => break Err(stopped(last, "It has its answer")),
            next = lines.recv() => next,
        };
        let (number, line) = match next {
            Some(Ok(numbered)) => numbered,
            Some(Err(failure)) => break Err(failure),
            None => break Ok(()),
        };
        last = number;
        let answer = match line {
            Ok(line) if line.trim().is_empty() => continue,
            Ok(line) => answer(&runtime, arguments, number, &line).await,
            Err(problem) => refusal(Value::Null, number, problem),
        };
        failed += u64::from(answer["ok"] != true);
        if let Err(error) = write(&answer) {
            // Whoever reads no more would not learn of the calls that follow.
            break Err(stopped(number, &format!("Its answer cannot be written ({})", error.kind())));
        }
        bar.inc(1);
    };
    bar.finish_and_clear();
    // Deliveries go on when the time of their call is over.
    runtime.finish_within(signal::PATIENCE).await;
    ended?;
    if failed > 0 { Err(Failure::Lines(failed)) } else { Ok(()) }
}

/// Whoever goes on from there repeats nothing and leaves nothing out.
fn stopped(line: u64, answer: &str) -> Failure {
    Failure::CannotRun(format!("Stopped after line {line}. {answer}; no call after it was made."))
}

fn write(answer: &Value) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    serde_json::to_writer(&mut out, answer)?;
    out.write_all(b"\n")?;
    out.flush()
}

async fn answer(runtime: &Runtime, arguments: &CallArguments, number: u64, text: &str) -> Value {
    let line: Line = match serde_json::from_str(text) {
        Ok(line) => line,
        Err(error) => {
            // The id of a line that is an object is worth keeping even when the rest of it is wrong.
            let id =
                serde_json::from_str::<Value>(text).ok().and_then(|line| line.get("id").cloned()).unwrap_or_default();
            let problem = error.to_string();
            let problem = problem.split(" at line ").next().unwrap_or(&problem);
            return refusal(id, number, format!("{problem} (column {})", error.column()));
        }
    };
    let id = line.id.clone();
    let call = match call(line, arguments) {
        Ok(call) => call,
        Err(problem) => return refusal(id, number, problem),
    };
    match runtime.call(call).await {
        Ok(answer) => {
            let mut meta = json!(answer.meta);
            meta["line"] = json!(number);
            json!({ "id": id, "ok": true, "output": answer.output, "meta": meta })
        }
        Err(error) => json!({ "id": id, "ok": false, "error": error, "meta": { "line": number } }),
    }
}

fn call(line: Line, arguments: &CallArguments) -> Result<Call, String> {
    let defaults = &arguments.caller;
    let caller = match (line.actor, line.run) {
        (Some(_), Some(_)) => return Err("give actor or run, not both".to_owned()),
        (Some(user), None) => Caller::User(user),
        (None, Some(run)) => Caller::Run(run),
        (None, None) => match (defaults.actor, defaults.run) {
            (Some(user), _) => Caller::User(user),
            (None, Some(run)) => Caller::Run(run),
            (None, None) => {
                return Err("the line names no actor and no run, and neither does the command line".to_owned());
            }
        },
    };
    let tenant = line.tenant.or(defaults.tenant);
    let tenant = tenant.ok_or("the line names no tenant, and neither does the command line")?;
    Ok(Call {
        version: line.version,
        step_path: line.step_path,
        idempotency_key: line.idempotency_key,
        // A rehearsal stays one, whatever a line says.
        dry_run: arguments.dry_run || line.dry_run.unwrap_or(false),
        ..Call::new(line.action, tenant, caller, line.input)
    })
}

fn refusal(id: Value, number: u64, problem: String) -> Value {
    let error = Error::validation(format!("Line {number}: {problem}."));
    json!({ "id": id, "ok": false, "error": error, "meta": { "line": number } })
}

/// A line with its number, or what is wrong with it.
type Numbered = (u64, Result<String, String>);

/// Lines of any source, none longer than an input may be.
struct Lines {
    reader: BufReader<Box<dyn Read + Send>>,
    number: u64,
    longest: u64,
}

impl Lines {
    /// Reads in a thread of its own: waiting for a line must not keep the process from ending.
    fn in_background(mut self) -> mpsc::Receiver<Result<Numbered, Failure>> {
        let (sender, receiver) = mpsc::channel(1);
        std::thread::spawn(move || {
            while let Some(next) = self.next().transpose() {
                let failed = next.is_err();
                if sender.blocking_send(next).is_err() || failed {
                    break;
                }
            }
        });
        receiver
    }

    fn next(&mut self) -> Result<Option<Numbered>, Failure> {
        let mut bytes = Vec::new();
        (&mut self.reader).take(self.longest).read_until(b'\n', &mut bytes)?;
        if bytes.is_empty() {
            return Ok(None);
        }
        self.number += 1;
        if bytes.len() as u64 == self.longest && bytes.last() != Some(&b'\n') {
            self.skip_line()?;
            return Ok(Some((self.number, Err(format!("it is longer than {} bytes", self.longest)))));
        }
        Ok(Some((self.number, String::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned()))))
    }

    fn skip_line(&mut self) -> Result<(), Failure> {
        loop {
            let rest = self.reader.fill_buf()?;
            let (length, ended) = match rest.iter().position(|byte| *byte == b'\n') {
                Some(end) => (end + 1, true),
                None => (rest.len(), rest.is_empty()),
            };
            self.reader.consume(length);
            if ended {
                return Ok(());
            }
        }
    }
}
