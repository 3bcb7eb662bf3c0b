//! A soak in miniature: mixed calls of many for minutes, with deliveries and a relay. What the process and its database take
//! in the last third of the time is put beside the first.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use actwright_benches::Result;
use actwright_benches::load::cluster::Cluster;
use actwright_benches::load::operation::{Operation, Source, put_quotes_back};
use actwright_benches::load::seed::{Sizes, seed};
use actwright_benches::load::watch::{Look, Thirds};
use actwright_runtime::call::{Options, Retention, Runtime};
use actwright_runtime::database::{Database, Engine};
use actwright_runtime::outbox::{CloudEvent, DeliveryError, EventSink, FileStore, Mail, Mailer};
use actwright_runtime::registry::BoxFuture;
use cap::Cap;
use clap::Parser;
use mimalloc::MiMalloc;
use tokio::sync::oneshot;

/// Mixed calls for minutes on PostgreSQL and SQLite: memory, connections, descriptors and tables, first against last third.
#[derive(Debug, Parser)]
struct Arguments {
    /// Seconds on each database, up to ten minutes.
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u64).range(10..=600))]
    seconds: u64,
    /// Calls at a time.
    #[arg(long, default_value_t = 16)]
    callers: u32,
    /// Milliseconds that each caller waits between its calls.
    #[arg(long, default_value_t = 20)]
    pause: u64,
    /// Interactions in the database to begin with.
    #[arg(long, default_value_t = 5_000)]
    rows: u64,
    /// Only `postgres` or `sqlite`.
    #[arg(long)]
    only: Option<String>,
}

/// As in the program, and counted.
#[global_allocator]
static ALLOCATOR: Cap<MiMalloc> = Cap::new(MiMalloc, usize::MAX);

/// What calls are, in turn: reads and small writes mostly, a quote now and then.
const MIX: [Operation; 12] = [
    Operation::FindActivities,
    Operation::UpdateActivity,
    Operation::ScheduleActivity,
    Operation::FindActivities,
    Operation::CreateActivityNote,
    Operation::UpdateActivity,
    Operation::FindActivities,
    Operation::ScheduleActivity,
    Operation::CreateActivityNote,
    Operation::FindActivities,
    Operation::UpdateActivity,
    Operation::SendQuote,
];

/// Looks at what is taken during a run.
const LOOKS: u32 = 30;

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let folder = tempfile::tempdir()?;
    let wanted = |name: &str| arguments.only.as_deref().is_none_or(|only| only == name);
    let mut right = true;
    if wanted("postgres") {
        let cluster = Cluster::start(folder.path())?;
        right &= soak(&arguments, &cluster.url, folder.path()).await?;
    }
    if wanted("sqlite") {
        let folder = tempfile::tempdir()?;
        let url = format!("sqlite:{}", folder.path().join("soak.db").display());
        right &= soak(&arguments, &url, folder.path()).await?;
    }
    if right { Ok(()) } else { Err("something grows that should not: see above".into()) }
}

async fn soak(arguments: &Arguments, url: &str, folder: &Path) -> Result<bool> {
    let sizes = Sizes::of(arguments.rows);
    let database = Database::open_with(url, arguments.callers).await?;
    seed(&database, sizes).await?;
    let sink = Arc::new(Sink::default());
    let files = FileStore::folder(&folder.join("files"))?;
    // What expires does so soon, so that the ledger and the outbox stop growing.
    let expires = Some(Duration::from_secs(arguments.seconds / 10));
    let retention =
        Retention { results: expires, settled: expires, every: Duration::from_secs(5), ..Retention::default() };
    let options = Options { events: vec![sink.clone()], retention, ..Options::new(sink.clone(), files) };
    let runtime = Runtime::new(database.clone(), actwright_actions::pack(), options);
    let source = Arc::new(Source::new(sizes));
    let (answered, refused) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let begun = Instant::now();
    let end = begun + Duration::from_secs(arguments.seconds);
    let (stop, stopped) = oneshot::channel::<()>();
    let relaying = runtime.clone();
    let relay = tokio::spawn(async move {
        relaying
            .run_relay(async {
                let _ = stopped.await;
            })
            .await;
    });
    let callers: Vec<_> = (0..arguments.callers as usize)
        .map(|number| {
            let (runtime, source) = (runtime.clone(), Arc::clone(&source));
            let (answered, refused) = (Arc::clone(&answered), Arc::clone(&refused));
            let pause = Duration::from_millis(arguments.pause);
            tokio::spawn(async move {
                let mut turn = number;
                while Instant::now() < end {
                    turn += 1;
                    if let Some(draw) = source.draw(MIX[turn % MIX.len()]) {
                        let outcome = runtime.call(draw.call(MIX[turn % MIX.len()])).await;
                        answered.fetch_add(1, Ordering::Relaxed);
                        refused.fetch_add(u64::from(outcome.is_err()), Ordering::Relaxed);
                    }
                    tokio::time::sleep(pause).await;
                }
            })
        })
        .collect();
    let file = url.strip_prefix("sqlite:").map(Path::new);
    let mut looks = Vec::new();
    for _ in 0..LOOKS {
        tokio::time::sleep(Duration::from_secs(arguments.seconds) / LOOKS).await;
        looks.push(Look::now(&database, file, answered.load(Ordering::Relaxed), ALLOCATOR.allocated()).await?);
        put_quotes_back(&source, &database).await?;
    }
    for caller in callers {
        caller.await?;
    }
    let calls = answered.load(Ordering::Relaxed);
    let rate = calls as f64 / begun.elapsed().as_secs_f64();
    drop(stop);
    relay.await?;
    runtime.finish().await;
    let left = database.outbox_counts().await?;
    let name = if database.engine() == Engine::Postgres { "PostgreSQL" } else { "SQLite" };
    println!(
        "{name}: {calls} calls in {} s ({rate:.0}/s) by {} callers, {} refused; {} effects delivered; {} wait and {} are dead at the end\n",
        arguments.seconds,
        arguments.callers,
        refused.load(Ordering::Relaxed),
        sink.delivered.load(Ordering::Relaxed),
        left.pending,
        left.dead
    );
    database.close().await;
    // SQLite has its writer besides.
    let limit = f64::from(arguments.callers) + 1.0;
    Ok(report(&looks, limit) && refused.load(Ordering::Relaxed) == 0 && left.dead == 0)
}

fn report(looks: &[Look], connections_limit: f64) -> bool {
    let Some(thirds) = Thirds::of(looks) else { return false };
    println!("| | first third | last third | |\n|---|---:|---:|---|");
    let lines = thirds.judged(connections_limit);
    for (name, first, last, right) in &lines {
        println!("| {name} | {first} | {last} | {} |", if *right { "" } else { "**grows**" });
    }
    println!();
    lines.iter().all(|(.., right)| *right)
}

/// Takes everything, but for every fiftieth at its first attempt, so that the relay has work, too.
#[derive(Debug, Default)]
struct Sink {
    attempts: AtomicU64,
    delivered: AtomicU64,
}

impl Sink {
    fn take(&self) -> std::result::Result<(), DeliveryError> {
        if self.attempts.fetch_add(1, Ordering::Relaxed) % 50 == 49 {
            return Err(DeliveryError::temporary("Not now."));
        }
        self.delivered.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

impl EventSink for Sink {
    fn name(&self) -> &str {
        "soak"
    }

    fn publish<'a>(&'a self, _: &'a CloudEvent) -> BoxFuture<'a, std::result::Result<(), DeliveryError>> {
        Box::pin(async { self.take() })
    }
}

impl Mailer for Sink {
    fn domain(&self) -> &str {
        "soak.example"
    }

    fn send<'a>(
        &'a self,
        _: &'a Mail,
        _: &'a str,
        _: &'a FileStore,
    ) -> BoxFuture<'a, std::result::Result<(), DeliveryError>> {
        Box::pin(async { self.take() })
    }
}
