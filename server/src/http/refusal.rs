//! What a request is answered that is not done: the error of the runtime, or one of the server's own in the same shape.

use std::borrow::Cow;

use actwright_runtime::{Code, Error};
use axum::Json;
use axum::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// An error with the status that it is answered with.
#[derive(Debug)]
pub struct Refusal {
    status: StatusCode,
    error: Box<Error>,
    header: Option<(HeaderName, HeaderValue)>,
}

/// The code of a refused request, for logs and metrics.
#[derive(Debug, Clone, Copy)]
pub struct Refused(pub Code);

impl Refusal {
    fn new(status: StatusCode, error: Error) -> Self {
        Self { status, error: Box::new(error), header: None }
    }

    /// Nobody knows who makes the request.
    pub fn unauthorized(message: &'static str) -> Self {
        let header = Some((WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")));
        Self { header, ..Self::new(StatusCode::UNAUTHORIZED, Error::no_actor(message)) }
    }

    /// There is no such address.
    pub fn no_address() -> Self {
        Self::new(StatusCode::NOT_FOUND, Error::nothing_found("There is no such address. docs/http.md lists them."))
    }

    /// The address is there, for another method.
    pub fn other_method() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, Error::validation("The address does not take this method."))
    }

    /// The body is larger than one may be.
    pub fn too_large(largest: u64) -> Self {
        let error =
            Error::validation(format!("The body is larger than {largest} bytes.")).with_detail("largest", largest);
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, error)
    }

    /// The body is of another type.
    pub fn not_json() -> Self {
        let error = Error::validation("The body has to be JSON. Send Content-Type: application/json.");
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, error)
    }

    /// The body did not arrive in time.
    pub fn too_slow() -> Self {
        Self::new(StatusCode::REQUEST_TIMEOUT, Error::transient("The body did not arrive in time."))
    }

    /// Something of the request cannot be read.
    pub fn invalid(message: impl Into<Cow<'static, str>>) -> Self {
        Error::validation(message).into()
    }

    /// The server has too much to do, or is about to end.
    pub fn busy(message: &'static str) -> Self {
        Error::transient(message).into()
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        let status = match error.code {
            Code::ValidationError => StatusCode::BAD_REQUEST,
            Code::NotFound => StatusCode::NOT_FOUND,
            Code::Conflict | Code::IdempotencyKeyReused => StatusCode::CONFLICT,
            Code::PermissionDenied => StatusCode::FORBIDDEN,
            Code::RateLimited => StatusCode::TOO_MANY_REQUESTS,
            Code::TransientFailure => StatusCode::SERVICE_UNAVAILABLE,
            Code::InternalError => StatusCode::INTERNAL_SERVER_ERROR,
        };
        let retry = error.retryable() || error.code == Code::RateLimited;
        let header = retry.then(|| (RETRY_AFTER, HeaderValue::from_static("1")));
        Self { header, ..Self::new(status, error) }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(json!({ "error": self.error }))).into_response();
        if let Some((name, value)) = self.header {
            response.headers_mut().insert(name, value);
        }
        response.extensions_mut().insert(Refused(self.error.code));
        response
    }
}
