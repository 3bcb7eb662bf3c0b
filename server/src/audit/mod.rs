//! `actwright audit`: what auditors ask.

mod arguments;
mod trail;
mod verify;

use actwright_runtime::audit::{Anchor, Sealed};
use serde_json::json;

pub use self::arguments::AuditCommand;
use self::arguments::SealArguments;
use crate::failure::Failure;
use crate::open;
use crate::terminal::say;

pub async fn run(command: AuditCommand, json: bool) -> Result<(), Failure> {
    match command {
        AuditCommand::Trail(arguments) => trail::run(*arguments, json).await,
        AuditCommand::Verify(arguments) => verify::run(&arguments, json).await,
        AuditCommand::Seal(arguments) => seal(&arguments, json).await,
        AuditCommand::Anchor { database, tenant } => {
            let runtime = open::runtime(&database).await?;
            for chain in runtime.audit_chains(tenant).await? {
                let Anchor { seq, hash, complete_before } = chain.head;
                // One line each, so that files of several days can be put together.
                say(json!({ "tenant": chain.tenant, "seq": seq, "hash": hash, "complete_before": complete_before }))?;
            }
            Ok(())
        }
    }
}

async fn seal(arguments: &SealArguments, json: bool) -> Result<(), Failure> {
    let runtime = open::runtime(&arguments.database).await?;
    let sealed = match arguments.tenant {
        Some(tenant) if !arguments.accept.is_empty() => runtime.seal_late(tenant, &arguments.accept).await?,
        tenant => runtime.seal_audit(tenant).await?,
    };
    if json {
        return say(json!(sealed));
    }
    let Sealed { rows, amendments } = sealed;
    say(format!("{rows} audit rows and {amendments} amendments sealed"))
}
