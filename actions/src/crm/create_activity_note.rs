//! `crm.create_activity_note`: a note in the history of a client, contact, ticket or project.

use actwright_generated::crm::create_activity_note::{Body, Context, Input, Output};
use actwright_generated::tables::interactions;
use actwright_runtime::Result;

use super::interaction_kinds;
use super::note_target::Target;
use crate::Bodies;

/// The name of the system type of notes, and the title of a note without a category.
const NOTE: &str = "Note";

impl Body for Bodies {
    async fn run(context: &mut Context<'_>, input: Input) -> Result<Output> {
        let target = Target::find(context, input.target.r#type, input.target.id).await?;
        let type_id = interaction_kinds::system_type(context, NOTE).await?;
        let note_id = context.new_id();
        let now = context.now();
        let owner_id = context.actor();
        context
            .insert(&interactions::TABLE)
            .set(interactions::INTERACTION_ID, note_id)
            .set(interactions::TYPE_ID, type_id)
            .set(interactions::USER_ID, owner_id)
            .set(interactions::CLIENT_ID, target.client_id)
            .set(interactions::CONTACT_NAME_ID, target.contact_id)
            .set(interactions::TICKET_ID, target.ticket_id)
            .set(interactions::PROJECT_ID, target.project_id)
            .set(interactions::TITLE, Some(input.category.clone().unwrap_or_else(|| NOTE.to_owned())))
            .set(interactions::NOTES, Some(input.body))
            .set(interactions::INTERACTION_DATE, Some(now))
            .set(interactions::START_TIME, Some(now))
            .set(interactions::END_TIME, Some(now))
            .set(interactions::DURATION, Some(0))
            .set(interactions::VISIBILITY, input.visibility.as_str().to_owned())
            .set(interactions::CATEGORY, input.category)
            .set(interactions::TAGS, input.tags)
            .run()
            .await?;
        Ok(Output {
            note_id,
            created_at: now,
            target_type: input.target.r#type,
            target_id: input.target.id,
            target_summary: target.summary,
        })
    }
}
