//! Calls of every action on PostgreSQL and SQLite, beside the same statements as bare prepared SQL.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use actwright_benches::Result;
use actwright_benches::load::cluster::Cluster;
use actwright_benches::load::measure::Sample;
use actwright_benches::load::operation::{Operation, Source, put_quotes_back};
use actwright_benches::load::report::{self, Line};
use actwright_benches::load::seed::{Sizes, seed};
use actwright_benches::load::sides::Pair;
use actwright_benches::load::statements;
use actwright_runtime::Value;
use actwright_runtime::database::{Database, Engine};
use clap::Parser;

/// Turns of each side. They alternate, so that what else the machine does hits both.
const ROUNDS: u32 = 6;

/// Measures every action on PostgreSQL and SQLite beside the same statements as bare prepared SQL.
#[derive(Debug, Parser)]
struct Arguments {
    /// An empty database to measure on, which stays: postgres://… or sqlite:PATH. Else both, thrown away afterwards.
    #[arg(long)]
    db: Option<String>,
    /// Interactions in the database.
    #[arg(long, value_delimiter = ',', default_value = "10000,100000", value_parser = clap::value_parser!(u64).range(10..))]
    rows: Vec<u64>,
    /// Calls at a time.
    #[arg(long, value_delimiter = ',', default_value = "1,16", value_parser = clap::value_parser!(u16).range(1..=64))]
    callers: Vec<u16>,
    /// Seconds of each side for each line of the report, after as many that do not count.
    #[arg(long, default_value_t = 3.0)]
    seconds: f64,
    /// Only operations whose name has this in it.
    #[arg(long, default_value = "")]
    only: String,
    /// Print JSON instead of a Markdown table.
    #[arg(long)]
    json: bool,
}

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    if arguments.db.is_some() && arguments.rows.len() > 1 {
        return Err("--db names one database: give one size with --rows".into());
    }
    statements::install()?;
    let mut lines = Vec::new();
    for &rows in &arguments.rows {
        let folder = tempfile::tempdir()?;
        if let Some(url) = &arguments.db {
            measure(&arguments, url, rows, folder.path(), &mut lines).await?;
            continue;
        }
        let cluster = Cluster::start(folder.path())?;
        measure(&arguments, &cluster.url, rows, folder.path(), &mut lines).await?;
        // The idle server stays for a while: it is what cleans up after an interruption.
        let url = format!("sqlite:{}", folder.path().join("load.db").display());
        measure(&arguments, &url, rows, folder.path(), &mut lines).await?;
    }
    if arguments.json {
        println!("{:#}", lines.iter().map(Line::json).collect::<Value>());
    } else {
        println!("{}", report::markdown(&lines));
    }
    Ok(())
}

/// All lines of one database.
async fn measure(arguments: &Arguments, url: &str, rows: u64, folder: &Path, lines: &mut Vec<Line>) -> Result<()> {
    let database = Database::open(url).await?;
    let name = match database.engine() {
        Engine::Postgres => "PostgreSQL",
        Engine::Sqlite => "SQLite",
    };
    eprintln!("{name}: {rows} interactions");
    let sizes = Sizes::of(rows);
    seed(&database, sizes).await?;
    let source = Arc::new(Source::new(sizes));
    for operation in Operation::ALL.into_iter().filter(|operation| operation.label().contains(&arguments.only)) {
        for &callers in &arguments.callers {
            eprintln!("{name}: {}, {callers} callers", operation.label());
            put_quotes_back(&source, &database).await?;
            let pair = Pair::new(url, callers.into(), operation, &source, folder).await?;
            report::warn(operation, &pair.statements);
            let (ours, bare) = compare(arguments, &pair, operation, &source, callers.into(), &database).await?;
            let statements = (pair.statements.ours.len(), pair.statements.bare.len());
            let callers = callers.into();
            lines.push(Line { database: name, rows, callers, operation, statements, ours, bare });
            pair.close().await;
        }
    }
    database.close().await;
    Ok(())
}

/// Turns of both sides, after a long one of each that does not count: PostgreSQL plans a prepared statement anew the first
/// five times on each connection, which for the searches takes longer than running them.
async fn compare(
    arguments: &Arguments,
    pair: &Pair,
    operation: Operation,
    source: &Arc<Source>,
    callers: usize,
    database: &Database,
) -> Result<(Sample, Sample)> {
    let turn = Duration::from_secs_f64(arguments.seconds / f64::from(ROUNDS));
    let (mut ours, mut bare) = (Sample::default(), Sample::default());
    for round in 0..=ROUNDS {
        let (mut first, mut second) = ((&mut ours, &pair.ours), (&mut bare, &pair.bare));
        // Who comes second finds a fuller database and a warmer cache.
        if round % 2 == 1 {
            std::mem::swap(&mut first, &mut second);
        }
        for (sample, side) in [first, second] {
            if operation.sends() {
                put_quotes_back(source, database).await?;
            }
            let time = if round == 0 { turn * ROUNDS } else { turn };
            sample.add(side, operation, source, callers, time).await?;
            if round == 0 {
                *sample = Sample::default();
            }
        }
    }
    Ok((ours, bare))
}
