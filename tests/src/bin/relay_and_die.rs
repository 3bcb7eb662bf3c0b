//! A relay that does not get beyond a delivery. Arguments: how it ends, URL of the database, a folder, and URL of a NATS server or a
//! file.
//!
//! - `stuck` prints the key of each event that is out and waits for ever, so that it can be killed between publish and acknowledge.
//! - `poisoned` aborts at an event whose key begins with `poison`. When nothing is due it ends by itself.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use actwright_delivery::events::{FileEvents, NatsEvents, NatsSettings};
use actwright_runtime::database::Database;
use actwright_runtime::outbox::{CloudEvent, DeliveryError, DeliveryPolicy, EventSink};
use actwright_runtime::registry::BoxFuture;
use actwright_tests::waiting::runtime;

struct Stuck(Arc<dyn EventSink>);

impl EventSink for Stuck {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn publish<'a>(&'a self, event: &'a CloudEvent) -> BoxFuture<'a, Result<(), DeliveryError>> {
        Box::pin(async move {
            self.0.publish(event).await?;
            println!("{}", event.id);
            std::io::stdout().flush().ok();
            std::future::pending().await
        })
    }
}

struct Poisoned(Arc<dyn EventSink>);

impl EventSink for Poisoned {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn publish<'a>(&'a self, event: &'a CloudEvent) -> BoxFuture<'a, Result<(), DeliveryError>> {
        Box::pin(async move {
            // What is taken at the same time is under way when the process ends.
            tokio::time::sleep(Duration::from_millis(50)).await;
            if event.id.starts_with("poison") {
                std::process::abort();
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
            self.0.publish(event).await
        })
    }
}

async fn relay() -> Result<(), String> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [end, url, folder, place] = arguments.as_slice() else {
        return Err("expected how it ends, a database, a folder, and a place".to_owned());
    };
    let sink: Arc<dyn EventSink> = match place.starts_with("nats://") {
        true => Arc::new(NatsEvents::new(NatsSettings::at([place.as_str()]), "").map_err(|error| error.to_string())?),
        false => Arc::new(FileEvents::new(place)),
    };
    let sink: Arc<dyn EventSink> = match end.as_str() {
        "stuck" => Arc::new(Stuck(sink)),
        "poisoned" => Arc::new(Poisoned(sink)),
        _ => return Err(format!("{end} is no way to end")),
    };
    let database = Database::open_with(url, 4).await.map_err(|error| error.to_string())?;
    let runtime = runtime(&database, Path::new(folder), vec![sink], DeliveryPolicy::default())?;
    runtime.relay().await.map_err(|error| error.to_string())?;
    Ok(())
}

#[tokio::main]
async fn main() -> ExitCode {
    match relay().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
