//! The actions as somebody would write them by hand, without this runtime: the same transactions and statements, as
//! prepared SQL through sqlx. What the database is sent is equal; what is missing is everything around it: validation,
//! building of statements, outputs. The JSON that is stored is that of a real call, prepared beforehand.

mod calls;
mod quote;
mod sql;
mod template;
mod tx;

use actwright_runtime::Database;
use actwright_runtime::call::Options;

use crate::Result;
use crate::load::operation::{Draw, Operation};

pub use template::Template;

/// The bare side: connections of its own, sinks of the same kinds.
#[derive(Debug)]
pub struct Bare {
    database: Database,
    options: Options,
    /// What a call of the operation stores.
    template: Template,
}

impl Bare {
    /// Calls that store what `template` holds.
    pub fn new(database: Database, options: Options, template: Template) -> Self {
        Self { database, options, template }
    }

    /// Closes the connections.
    pub async fn close(&self) {
        self.database.close().await;
    }

    /// Does what a call of the action does.
    ///
    /// # Errors
    ///
    /// Those of the database, or of files.
    pub async fn call(&self, operation: Operation, draw: &Draw) -> Result<()> {
        match operation {
            Operation::FindActivities => self.find_activities(draw).await,
            Operation::UpdateActivity => self.update_activity(draw).await,
            Operation::ScheduleActivity => self.schedule_activity(draw).await,
            Operation::CreateActivityNote => self.create_activity_note(draw).await,
            Operation::SendQuoteCall => {
                let sent = self.send_quote(draw).await?;
                self.settle(&sent).await
            }
            Operation::SendQuote => {
                let sent = self.send_quote(draw).await?;
                self.publish(draw, sent).await
            }
        }
    }
}
