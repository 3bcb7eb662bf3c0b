//! Spans as OpenTelemetry, sent in batches by OTLP over HTTP.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use axum::body::Bytes;
use axum::http::{HeaderMap, Request, Response};
use opentelemetry::propagation::TextMapPropagator;
use opentelemetry::trace::TracerProvider;
use opentelemetry_http::hyper::HyperClient;
use opentelemetry_http::{HeaderExtractor, HttpClient, HttpError};
use opentelemetry_otlp::{SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};
use tokio::runtime::Handle;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

use crate::config::Traces;
use crate::failure::Failure;

/// A collector that takes longer is as good as away; its spans are lost, calls go on.
const PATIENCE: Duration = Duration::from_secs(5);

/// What sends spans. They leave with [`Exporting::end`], too.
#[derive(Debug)]
pub struct Exporting(SdkTracerProvider);

/// Begins to send spans, where the configuration says where to.
pub fn begin(traces: &Traces) -> Result<Option<(Exporting, SdkTracer)>, Failure> {
    let Some(endpoint) = &traces.endpoint else { return Ok(None) };
    let client = Client { client: HyperClient::with_default_connector(PATIENCE, None), runtime: Handle::current() };
    let exporter = SpanExporter::builder().with_http().with_http_client(client).with_endpoint(endpoint).build();
    let exporter = exporter.map_err(|error| Failure::Usage(format!("traces.endpoint: {error}")))?;
    let resource = Resource::builder().with_service_name(traces.service.clone()).build();
    let provider = SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource).build();
    let tracer = provider.tracer("actwright");
    Ok(Some((Exporting(provider), tracer)))
}

impl Exporting {
    /// Sends what is left.
    pub async fn end(self) {
        // It waits for an answer that this runtime's threads bring.
        let ended = tokio::task::spawn_blocking(move || self.0.shutdown_with_timeout(PATIENCE)).await;
        if let Ok(Err(error)) = ended {
            tracing::warn!(%error, "the last spans were not sent");
        }
    }
}

/// Makes the span of a request part of the trace that its client began.
pub fn continue_trace(span: &Span, headers: &HeaderMap) {
    let context = TraceContextPropagator::new().extract(&HeaderExtractor(headers));
    // Where spans are not sent, it has no effect.
    let _ = span.set_parent(context);
}

/// Batches leave from a thread without a runtime, and connections need one.
#[derive(Debug)]
struct Client {
    client: HyperClient,
    runtime: Handle,
}

type Sent = Result<Response<Bytes>, HttpError>;

impl HttpClient for Client {
    fn send_bytes<'s, 'f>(&'s self, request: Request<Bytes>) -> Pin<Box<dyn Future<Output = Sent> + Send + 'f>>
    where
        's: 'f,
        Self: 'f,
    {
        let client = self.client.clone();
        let sent = self.runtime.spawn(async move { client.send_bytes(request).await });
        Box::pin(async move { sent.await? })
    }
}
