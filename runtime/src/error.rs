//! Errors, typed from the database to the caller.

use std::borrow::Cow;
use std::fmt;

use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::value::Timestamp;

/// The result of everything that a call does.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, as callers see it. It never carries text of SQL, of a driver or of a panic; that goes to the log.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Error {
    /// Who can do something about it.
    pub category: Category,
    /// What it is.
    pub code: Code,
    /// For people.
    pub message: Cow<'static, str>,
    /// For programs.
    pub details: Box<Value>,
    /// The step of the workflow run that made the call.
    pub node_path: Option<String>,
    /// When the call failed.
    pub at: Option<Timestamp>,
}

/// Who can do something about an error. A workflow's `retryOn` names these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Category {
    /// The caller: the input does not fit.
    ValidationError,
    /// The caller or an administrator: the input fits, the world does not.
    ActionError,
    /// Nobody: try again.
    TransientError,
}

/// What an error is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Code {
    /// The input breaks a rule.
    ValidationError,
    /// A row that the input names is not there.
    NotFound,
    /// The data contradicts the call.
    Conflict,
    /// The actor may not do it.
    PermissionDenied,
    /// Too many calls.
    RateLimited,
    /// The database or the network had a moment.
    TransientFailure,
    /// The set-up or the code is wrong.
    InternalError,
    /// The key was used with another input.
    IdempotencyKeyReused,
}

impl Code {
    /// As callers see it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ValidationError => "VALIDATION_ERROR",
            Self::NotFound => "NOT_FOUND",
            Self::Conflict => "CONFLICT",
            Self::PermissionDenied => "PERMISSION_DENIED",
            Self::RateLimited => "RATE_LIMITED",
            Self::TransientFailure => "TRANSIENT_FAILURE",
            Self::InternalError => "INTERNAL_ERROR",
            Self::IdempotencyKeyReused => "IDEMPOTENCY_KEY_REUSED",
        }
    }
}

impl Error {
    fn new(category: Category, code: Code, message: impl Into<Cow<'static, str>>, details: Value) -> Self {
        Self { category, code, message: message.into(), details: Box::new(details), node_path: None, at: None }
    }

    /// The input breaks a rule of the domain.
    pub fn validation(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Category::ValidationError, Code::ValidationError, message, json!({}))
    }

    /// A field of the input breaks a rule of the domain. `pointer` is a JSON Pointer, such as `/patch/status_id`.
    pub fn invalid_field(pointer: &str, message: impl Into<Cow<'static, str>>) -> Self {
        let message = message.into();
        let problem = json!({ "pointer": pointer, "code": "invalid", "message": message });
        Self::new(Category::ValidationError, Code::ValidationError, message, json!({ "problems": [problem] }))
    }

    /// The input does not have the declared shape, or breaks a declared rule.
    pub fn invalid_input(problems: &crate::decode::Problems) -> Self {
        let problems = serde_json::to_value(problems).unwrap_or_default();
        let message = match problems.as_array().map(Vec::as_slice) {
            Some([only]) => only["message"].as_str().unwrap_or("The input is not valid.").to_owned(),
            Some(several) => format!("The input has {} problems.", several.len()),
            None => "The input is not valid.".to_owned(),
        };
        Self::new(Category::ValidationError, Code::ValidationError, message, json!({ "problems": problems }))
    }

    /// A row that the input names is not there, or belongs to another tenant, which is the same.
    pub fn not_found(what: &str, id: Uuid) -> Self {
        let details = json!({ "entity": what, "id": id });
        Self::new(Category::ActionError, Code::NotFound, format!("No {what} has the id {id}."), details)
    }

    /// Nothing matches, where the caller asked for that to be an error.
    pub fn nothing_found(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Category::ActionError, Code::NotFound, message, json!({}))
    }

    /// The data contradicts the call.
    pub fn conflict(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Category::ActionError, Code::Conflict, message, json!({}))
    }

    /// The actor may not do it.
    pub fn denied(resource: &str, action: &str) -> Self {
        let message = format!("The actor does not have the permission {resource}:{action}.");
        let details = json!({ "resource": resource, "action": action });
        Self::new(Category::ActionError, Code::PermissionDenied, message, details)
    }

    /// Record-level authorization keeps the actor from a record that the tenant has.
    pub(crate) fn record_denied(resources: &[&str], action: &str) -> Self {
        let resource = resources.first().copied().unwrap_or_default();
        let message = format!("The actor may not {action} this record: rules of record-level authorization forbid it.");
        let details = json!({ "resource": resource, "action": action });
        Self::new(Category::ActionError, Code::PermissionDenied, message, details)
    }

    /// There is no such actor in the tenant, or they may not act.
    pub fn no_actor(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Category::ActionError, Code::PermissionDenied, message, json!({}))
    }

    /// The set-up or the code is wrong. The message says what to configure, where the caller's administrator can.
    pub fn internal(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Category::ActionError, Code::InternalError, message, json!({}))
    }

    /// Try again.
    pub fn transient(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Category::TransientError, Code::TransientFailure, message, json!({}))
    }

    /// The idempotency key was used with another input.
    pub fn key_reused(key: &str) -> Self {
        Self::new(
            Category::ActionError,
            Code::IdempotencyKeyReused,
            "The idempotency key was used before with another input or by somebody else. Use a new key, or repeat the first input.",
            json!({ "idempotency_key": key }),
        )
    }

    /// Adds to the details.
    #[must_use]
    pub fn with_detail(mut self, name: &str, value: impl Into<Value>) -> Self {
        if let Some(details) = self.details.as_object_mut() {
            details.insert(name.to_owned(), value.into());
        }
        self
    }

    /// Whether the same call may succeed when it is made again.
    pub fn retryable(&self) -> bool {
        self.category == Category::TransientError
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.message, self.code.as_str())
    }
}

impl std::error::Error for Error {}
