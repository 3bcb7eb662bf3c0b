//! Around every request: its id, its span, its place among others, and its end when something panics.

use std::panic::AssertUnwindSafe;
use std::time::Instant;

use actwright_runtime::Error;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use tracing::Instrument;
use uuid::Uuid;

use super::Shared;
use super::refusal::{Refusal, Refused};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

pub const REQUESTS: &str = "actwright_http_requests_total";
pub const IN_FLIGHT: &str = "actwright_http_requests_in_flight";

/// Longer ids are not taken over.
const LONGEST_ID: usize = 128;

/// Gives every request an id, and its work a span that ends with how it went.
pub async fn observed(request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let id = request_id(request.headers());
    let method = request.method().clone();
    let span = tracing::info_span!(
        "request",
        %method,
        path = request.uri().path(),
        request_id = id.to_str().unwrap_or_default(),
        trace_id = trace_id(request.headers()),
    );
    crate::traces::continue_trace(&span, request.headers());
    // The pattern of the address, of which there are few, not the address itself.
    let route = request.extensions().get::<MatchedPath>().map_or("other", MatchedPath::as_str).to_owned();
    let _in_flight = InFlight::new();
    let work = AssertUnwindSafe(next.run(request)).catch_unwind().instrument(span.clone()).await;
    let mut response = work.unwrap_or_else(|_| {
        // The panic itself is in the log already.
        let error = Error::internal("The request failed in an unexpected way. The log has the details.");
        Refusal::from(error).into_response()
    });
    let status = response.status().as_u16();
    let method = method_label(&method);
    metrics::counter!(REQUESTS, "route" => route, "method" => method, "status" => status.to_string()).increment(1);
    let code = response.extensions().get::<Refused>().map(|Refused(code)| code.as_str());
    let milliseconds = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    span.in_scope(|| tracing::debug!(status, code, milliseconds, "answered"));
    response.headers_mut().insert(REQUEST_ID, id);
    response
}

/// The method where it is one of HTTP's own. A client may make up any number of others, and each would be kept for ever.
fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// Counts a request until it is answered or given up.
struct InFlight(metrics::Gauge);

impl InFlight {
    fn new() -> Self {
        let gauge = metrics::gauge!(IN_FLIGHT);
        gauge.increment(1.0);
        Self(gauge)
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.decrement(1.0);
    }
}

/// Lets a request in while there is room.
pub async fn admitted(State(server): State<Shared>, request: Request, next: Next) -> Response {
    let Ok(_room) = server.room.try_acquire() else {
        return Refusal::busy("The server has as many requests as it can take. Try again.").into_response();
    };
    next.run(request).await
}

/// The client's id where it is a sensible one, so that its log and ours can be laid side by side.
fn request_id(headers: &HeaderMap) -> HeaderValue {
    let sensible = |value: &&HeaderValue| {
        let bytes = value.as_bytes();
        !bytes.is_empty()
            && bytes.len() <= LONGEST_ID
            && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:/".contains(byte))
    };
    headers.get(REQUEST_ID).filter(sensible).cloned().unwrap_or_else(|| {
        HeaderValue::from_str(&Uuid::now_v7().to_string()).unwrap_or(HeaderValue::from_static("none"))
    })
}

/// The trace that the request is part of, of a `traceparent` of the W3C: `00-TRACE-PARENT-FLAGS`.
fn trace_id(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get("traceparent")?.to_str().ok()?;
    let trace = value.strip_prefix("00-")?.split('-').next()?;
    let valid =
        trace.len() == 32 && trace.bytes().all(|byte| byte.is_ascii_hexdigit()) && trace.bytes().any(|b| b != b'0');
    valid.then_some(trace)
}
