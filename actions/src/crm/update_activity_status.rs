//! `crm.update_activity_status`: an activity moves to another status.

use actwright_generated::crm::update_activity_status::{Body, Context, Input, Output};
use actwright_generated::tables::interactions;
use actwright_runtime::{Error, Result};

use super::activity_summary;
use super::interaction_kinds::{self, Status};
use crate::Bodies;

impl Body for Bodies {
    async fn run(context: &mut Context<'_>, input: Input) -> Result<Output> {
        let activity_id = input.activity_id;
        let stored = activity_summary::select(context)
            .filter(interactions::INTERACTION_ID.eq(activity_id))
            .for_update()
            .one()
            .await?
            .ok_or_else(|| Error::not_found("activity", activity_id))?;
        let before = activity_summary::summarize(&stored)?;
        let current = wanted(interaction_kinds::statuses(context).await?, &input)?;
        let no_op = before.status_id == Some(current.status_id);
        if no_op && !input.no_op_if_already_status {
            let message = format!("The activity is {} already.", current.name);
            return Err(Error::invalid_field("/no_op_if_already_status", message));
        }
        if !no_op {
            let update = context.update(&interactions::TABLE).set(interactions::STATUS_ID, Some(current.status_id));
            update.filter(interactions::INTERACTION_ID.eq(activity_id)).run().await?;
        }
        Ok(Output {
            activity_id,
            previous_status_id: before.status_id,
            previous_status_name: before.status_name,
            current_status_id: current.status_id,
            current_status_name: current.name,
            no_op,
            activity: activity_summary::load(context, activity_id).await?,
        })
    }
}

/// The status that the input names. Names differ by more than letter case, but for what an administrator does by hand:
/// then the first in order counts.
fn wanted(all: Vec<Status>, input: &Input) -> Result<Status> {
    if let Some(id) = input.status_id {
        let found = all.into_iter().find(|status| status.status_id == id);
        return found.ok_or_else(|| Error::invalid_field("/status_id", "There is no such status for activities."));
    }
    let name = input.status_name.as_deref().unwrap_or_default().to_lowercase();
    let known = all.iter().map(|status| status.name.as_str()).collect::<Vec<_>>().join(", ");
    let found = all.into_iter().find(|status| status.name.trim().to_lowercase() == name);
    found.ok_or_else(|| {
        let message = format!("There is no such status for activities. The tenant has: {known}.");
        Error::invalid_field("/status_name", message)
    })
}
