//! A relay with a receiver that takes the process with it: at an event whose key begins with `poison` it aborts, all others go into
//! a file. Ends by itself when nothing is due. Arguments: URL of the database, a folder, and the file.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use actwright_delivery::events::FileEvents;
use actwright_runtime::database::Database;
use actwright_runtime::outbox::{CloudEvent, DeliveryError, DeliveryPolicy, EventSink};
use actwright_runtime::registry::BoxFuture;
use actwright_tests::waiting::runtime;

struct Poisoned(FileEvents);

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
    let [url, folder, file] = arguments.as_slice() else {
        return Err("expected a database, a folder, and a file".to_owned());
    };
    let database = Database::open_with(url, 4).await.map_err(|error| error.to_string())?;
    let sink = Arc::new(Poisoned(FileEvents::new(file)));
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
