//! Why a command ended early, and with which exit code.

use std::fmt;
use std::process::ExitCode;

use actwright_runtime::{Category, Error};
use serde_json::{Value, json};

use crate::config::Problem;

/// Why a command ended early.
#[derive(Debug)]
pub enum Failure {
    /// It cannot run: no database, no file.
    CannotRun(String),
    /// The command line does not say what it has to.
    Usage(String),
    /// The configuration is wrong, in these places.
    Configuration(Vec<Problem>),
    /// The runtime refused.
    Refused(Error),
    /// Lines of a batch failed, each in its place.
    Lines(u64),
    /// The audit log is not whole.
    Findings(u64),
    /// Nobody reads any more.
    ClosedPipe,
}

impl Failure {
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::ClosedPipe => 0,
            Self::CannotRun(_) => 1,
            Self::Usage(_) | Self::Configuration(_) => 2,
            Self::Refused(error) => match error.category {
                Category::ValidationError => 3,
                Category::ActionError => 4,
                Category::TransientError => 5,
            },
            Self::Findings(_) => 4,
            Self::Lines(_) => 6,
        })
    }

    /// For programs, beside the codes of the runtime's errors.
    fn code(&self) -> &'static str {
        match self {
            Self::CannotRun(_) => "CANNOT_RUN",
            Self::Usage(_) => "USAGE",
            Self::Configuration(_) => "CONFIGURATION",
            Self::Findings(_) => "AUDIT_FINDINGS",
            Self::Lines(_) => "LINES_FAILED",
            Self::Refused(error) => error.code.as_str(),
            Self::ClosedPipe => "CLOSED_PIPE",
        }
    }

    pub fn to_json(&self) -> Value {
        match self {
            Self::Refused(error) => json!({ "error": error }),
            Self::Configuration(problems) => {
                let message = self.to_string();
                let message = message.lines().next();
                json!({ "error": { "code": self.code(), "message": message, "details": { "problems": problems } } })
            }
            other => json!({ "error": { "code": other.code(), "message": other.to_string() } }),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CannotRun(message) | Self::Usage(message) => f.write_str(message),
            Self::Lines(count) => write!(f, "{count} line(s) of the batch failed; their answers say why."),
            Self::Findings(count) => write!(f, "The audit log is not whole: {count} finding(s)."),
            Self::ClosedPipe => Ok(()),
            Self::Configuration(problems) => {
                let count = problems.len();
                let what = if count == 1 { "a problem".to_owned() } else { format!("{count} problems") };
                write!(f, "The configuration has {what}.")?;
                problems.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
            }
            Self::Refused(error) => {
                write!(f, "{error}")?;
                let problems = error.details.get("problems").and_then(Value::as_array);
                for problem in problems.into_iter().flatten() {
                    let text = |key: &str| problem.get(key).and_then(Value::as_str).unwrap_or_default();
                    let pointer = if text("pointer").is_empty() { "the input" } else { text("pointer") };
                    write!(f, "\n  {pointer}: {}", text("message"))?;
                }
                Ok(())
            }
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::BrokenPipe => Self::ClosedPipe,
            _ => Self::CannotRun(format!("cannot read or write: {error}")),
        }
    }
}
