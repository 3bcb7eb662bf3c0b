//! `actwright relay` and `actwright outbox`: what leaves after the commit, and what could not.

use actwright_runtime::outbox::{OutboxFilter, OutboxStatus, StoredEffect};
use actwright_runtime::{Error, Runtime};
use comfy_table::ColumnConstraint;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::cli::{DeadLetters, OutboxCommand, OutboxList, RelayArguments};
use crate::failure::Failure;
use crate::logging::Logging;
use crate::terminal::{good, plain, quiet, say, table};
use crate::{http, open, signal};

/// Entries that are read at a time.
const PAGE: u32 = 200;

/// Room for the id, and for what went wrong.
const WIDE: u16 = 160;

/// Delivers what is due: until somebody ends it, or once.
pub async fn relay(arguments: &RelayArguments, json: bool) -> Result<(), Failure> {
    let config = open::config(&arguments.database)?;
    let logging = Logging::begin(&config)?;
    let runtime = open::runtime_with(&config).await?;
    if !arguments.once {
        let stopping = signal::stopping();
        if let Some(address) = http::metrics::serve(&config, runtime.database(), stopping.clone()).await? {
            anstream::eprintln!("Metrics are at http://{address}/metrics");
        }
        anstream::eprintln!("{}", quiet("Delivering what is due. Ctrl-C or SIGTERM ends it."));
        let work = async {
            runtime.run_relay(stopping.cancelled()).await;
            runtime.finish().await;
        };
        let patience = async {
            stopping.cancelled().await;
            tokio::time::sleep(signal::PATIENCE).await;
        };
        tokio::select! {
            () = work => {}
            // As after a crash, somebody delivers it when its lease is over.
            () = patience => anstream::eprintln!("{}", quiet("What is under way is left to the next relay.")),
        }
        logging.end().await;
        return Ok(());
    }
    let relayed = runtime.relay().await?;
    logging.end().await;
    if json {
        say(json!(relayed))?;
    } else {
        say(format!("{} delivered, {} failed", relayed.delivered, relayed.failed))?;
    }
    if relayed.failed == 0 {
        return Ok(());
    }
    Err(Failure::Refused(Error::transient("Not everything was delivered. What failed is tried again later.")))
}

pub async fn run(command: OutboxCommand, json: bool) -> Result<(), Failure> {
    match command {
        OutboxCommand::List(arguments) => list(&arguments, json).await,
        OutboxCommand::Show { database, tenant, id } => {
            let entry = open::runtime(&database).await?.outbox_entry(tenant, id).await?;
            if json { say(json!(entry)) } else { show(&entry) }
        }
        OutboxCommand::Retry(letters) => decide(&letters, None, json).await,
        OutboxCommand::Discard { letters, reason } => decide(&letters, Some(&reason), json).await,
    }
}

async fn list(arguments: &OutboxList, json: bool) -> Result<(), Failure> {
    let runtime = open::runtime(&arguments.database).await?;
    let OutboxList { tenant, status, after, limit, .. } = *arguments;
    let entries = runtime.outbox(OutboxFilter { tenant, status: Some(status), after, limit }).await?;
    if json {
        return say(json!({ "entries": entries }));
    }
    if entries.is_empty() {
        return say(format!("Nothing is {status}."));
    }
    let mut table = table(["ID", "CREATED", "WHAT", "TO", "ATTEMPTS", "LAST ERROR"]);
    for entry in &entries {
        table.add_row([
            entry.outbox_id.to_string(),
            entry.created_at.to_string(),
            plain(&format!("{} {}", entry.kind, entry.name)),
            plain(&receiver(entry)),
            entry.attempts.to_string(),
            plain(entry.last_error.as_deref().unwrap_or_default()),
        ]);
    }
    // Ids are copied from here.
    table.set_width(WIDE);
    for column in table.column_iter_mut().take(2) {
        column.set_constraint(ColumnConstraint::ContentWidth);
    }
    say(table.trim_fmt())?;
    if entries.len() == limit as usize
        && let Some(last) = entries.last()
    {
        say(quiet(format!("There may be more: --after {}", last.outbox_id)))?;
    }
    Ok(())
}

/// The sink of an event, the recipients of a mail.
fn receiver(entry: &StoredEffect) -> String {
    let recipients = entry.payload["to"].as_array();
    entry
        .sink
        .clone()
        .unwrap_or_else(|| recipients.into_iter().flatten().filter_map(Value::as_str).collect::<Vec<_>>().join(", "))
}

fn show(entry: &StoredEffect) -> Result<(), Failure> {
    let facts = json!(entry);
    for (name, value) in facts.as_object().into_iter().flatten().filter(|(name, _)| *name != "payload") {
        let value = value.as_str().map_or_else(|| value.to_string(), plain);
        say(format!("{name:<14} {value}"))?;
    }
    say("payload")?;
    say(serde_json::to_string_pretty(&entry.payload).unwrap_or_default())
}

/// Discards dead letters where there is a reason, else retries them.
async fn decide(letters: &DeadLetters, reason: Option<&str>, json: bool) -> Result<(), Failure> {
    let runtime = open::runtime(&letters.database).await?;
    let ids = if letters.all { all(&runtime, letters.tenant).await? } else { letters.ids.clone() };
    for id in &ids {
        match reason {
            Some(reason) => runtime.discard_dead_letter(letters.tenant, *id, letters.actor, reason).await?,
            None => runtime.retry_dead_letter(letters.tenant, *id, letters.actor).await?,
        }
    }
    if json {
        return say(json!({ "outbox_ids": ids }));
    }
    match reason {
        Some(_) => say(format!("{} {}", good("Discarded"), ids.len())),
        None => say(format!("{} {}: a relay delivers them (actwright relay)", good("Due again:"), ids.len())),
    }
}

/// The ids of all dead letters.
async fn all(runtime: &Runtime, tenant: Option<Uuid>) -> Result<Vec<Uuid>, Error> {
    let mut ids: Vec<Uuid> = Vec::new();
    loop {
        let filter = OutboxFilter { tenant, status: Some(OutboxStatus::Dead), after: ids.last().copied(), limit: PAGE };
        let page = runtime.outbox(filter).await?;
        if page.is_empty() {
            return Ok(ids);
        }
        ids.extend(page.iter().map(|entry| entry.outbox_id));
    }
}
