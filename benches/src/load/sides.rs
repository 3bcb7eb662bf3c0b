//! The two sides that are compared: calls through the runtime, and bare SQL.

use std::path::Path;
use std::sync::Arc;

use actwright_delivery::events::FileEvents;
use actwright_delivery::mail::FileMailer;
use actwright_runtime::call::{Options, Runtime};
use actwright_runtime::database::Database;
use actwright_runtime::outbox::{FileStore, Job};

use super::operation::{Draw, Operation, Source};
use super::statements;
use crate::Result;
use crate::bare::{Bare, Template};

/// Who makes the calls.
#[derive(Debug)]
pub enum Side {
    /// `Runtime::call`.
    Ours(Box<Runtime>),
    /// The same statements by hand.
    Bare(Box<Bare>),
}

impl Side {
    /// Makes a call.
    ///
    /// # Errors
    ///
    /// The call is refused or fails, or an effect of it was not delivered.
    pub async fn call(&self, operation: Operation, draw: &Draw) -> Result<()> {
        match self {
            Self::Bare(bare) => bare.call(operation, draw).await,
            Self::Ours(runtime) => {
                let answer = runtime.call(draw.call(operation)).await?;
                match answer.meta.effects.iter().find(|effect| !effect.delivered) {
                    Some(effect) => Err(format!("not delivered: {} {}", effect.kind, effect.name).into()),
                    None => Ok(()),
                }
            }
        }
    }
}

/// Both sides of an operation, and the statements that a call sends on each.
#[derive(Debug)]
pub struct Pair {
    /// Calls through the runtime.
    pub ours: Arc<Side>,
    /// Bare SQL.
    pub bare: Arc<Side>,
    /// Statements of a call, on both sides; without BEGIN, which the driver does not log.
    pub statements: Statements,
}

/// What each side sends for one call.
#[derive(Debug)]
pub struct Statements {
    /// Through the runtime.
    pub ours: Vec<String>,
    /// By hand.
    pub bare: Vec<String>,
}

impl Statements {
    /// Where the two differ: then the comparison is not fair.
    pub fn differences(&self) -> Vec<String> {
        let none = String::new();
        let longest = self.ours.len().max(self.bare.len());
        let pairs = (0..longest).map(|n| (self.ours.get(n).unwrap_or(&none), self.bare.get(n).unwrap_or(&none)));
        pairs.filter(|(ours, bare)| ours != bare).map(|(ours, bare)| format!("ours: {ours}\nbare: {bare}")).collect()
    }
}

impl Pair {
    /// Makes both sides of an operation, each with connections of its own to the database at `url`, learns from a real
    /// call what calls store, and listens to a call of each.
    ///
    /// # Errors
    ///
    /// Those of the calls.
    pub async fn new(
        url: &str,
        connections: u32,
        operation: Operation,
        source: &Source,
        folder: &Path,
    ) -> Result<Self> {
        let mut pack = actwright_actions::pack();
        if operation == Operation::SendQuoteCall {
            let nothing = |job: &Job| Job { name: job.name, run: |_, _| Box::pin(async { Ok(()) }) };
            pack.jobs = pack.jobs.iter().map(nothing).collect();
        }
        let database = Database::open_with(url, connections).await?;
        let runtime = Runtime::new(database.clone(), pack, options(&folder.join("ours"))?);
        let draw = || source.draw(operation).ok_or("all quotes are sent");
        let answer = runtime.call(draw()?.call(operation)).await?;
        let template = match operation {
            Operation::FindActivities => Template::default(),
            _ => Template::of(&database, answer.meta.invocation_id).await?,
        };
        let own = Database::open_with(url, connections).await?;
        let ours = Arc::new(Side::Ours(Box::new(runtime)));
        let bare = Arc::new(Side::Bare(Box::new(Bare::new(own, options(&folder.join("bare"))?, template))));
        // Connections say a few things when they are new.
        bare.call(operation, &draw()?).await?;
        // The search of `find_activities` depends on the number of the call.
        let drawn = draw()?;
        let again = if operation.sends() { draw()? } else { drawn.clone() };
        let again = Draw { number: drawn.number, idempotency_key: format!("{}-bare", drawn.idempotency_key), ..again };
        let (called, ours_sent) = statements::during(ours.call(operation, &drawn)).await;
        called?;
        let (called, bare_sent) = statements::during(bare.call(operation, &again)).await;
        called?;
        Ok(Self { ours, bare, statements: Statements { ours: ours_sent, bare: bare_sent } })
    }

    /// Closes the connections of both sides.
    pub async fn close(&self) {
        for side in [&self.ours, &self.bare] {
            match side.as_ref() {
                Side::Ours(runtime) => runtime.database().close().await,
                Side::Bare(bare) => bare.close().await,
            }
        }
    }
}

/// Events go into a file, mails and documents into folders: the sinks of one machine.
fn options(folder: &Path) -> Result<Options> {
    let mailer = Arc::new(FileMailer::new(folder.join("mail"), "Harbourlight <hello@harbourlight.example>")?);
    Ok(Options {
        events: vec![Arc::new(FileEvents::new(folder.join("events.jsonl")))],
        portal_url: "https://portal.harbourlight.example".to_owned(),
        ..Options::new(mailer, FileStore::folder(&folder.join("files"))?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::seed::{Sizes, seed};

    /// On PostgreSQL the load program itself compares: it says so where the sides differ.
    #[tokio::test]
    async fn both_sides_send_the_same_statements() {
        statements::install().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("load.db").display());
        let database = Database::open(&url).await.unwrap();
        let sizes = Sizes::of(200);
        seed(&database, sizes).await.unwrap();
        let source = Source::new(sizes);
        for operation in Operation::ALL {
            let pair = Pair::new(&url, 1, operation, &source, folder.path()).await.unwrap();
            assert!(pair.statements.ours.len() > 1, "{operation:?}: {:?}", pair.statements);
            assert_eq!(pair.statements.differences(), Vec::<String>::new(), "{operation:?}");
            pair.close().await;
        }
    }
}
