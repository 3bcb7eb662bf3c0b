//! `crm.tag_activity`: tags on the record that an activity belongs to.

use actwright_generated::crm::tag_activity::{Body, Context, IfExists, Input, Output};
use actwright_generated::events::{TagApplied, TagDefinitionCreated};
use actwright_generated::tables::interactions;
use actwright_generated::types::{TaggedEntity, TaggedEntityType};
use actwright_runtime::{Error, Result, Scope, Uuid};

use super::tagging::{self, Applied};
use crate::Bodies;

impl Body for Bodies {
    async fn run(context: &mut Context<'_>, input: Input) -> Result<Output> {
        let entity = entity(context, input.activity_id).await?;
        context.require(entity.r#type.as_str(), "update")?;
        // Of two calls that use a new tag at once, the second finds it.
        context.hold("tag_definitions").await?;
        let (mut added_tags, mut existing_tags) = (Vec::new(), Vec::new());
        for text in distinct(input.tags)? {
            let definition = tagging::definition(context, &entity, &text).await?;
            if definition.is_none() {
                context.require("tag", "create")?;
            }
            let applied = tagging::apply(context, &entity, text, definition).await?;
            if !applied.is_new_here && input.if_exists == IfExists::Error {
                return Err(Error::conflict(format!("The record has the tag {} already.", applied.tag.tag_text)));
            }
            tell(context, &entity, &applied)?;
            if applied.is_new_here { &mut added_tags } else { &mut existing_tags }.push(applied.tag);
        }
        let count = |tags: &[_]| i64::try_from(tags.len()).unwrap_or(i64::MAX);
        Ok(Output {
            activity_id: input.activity_id,
            tagged_entity: entity,
            added_count: count(&added_tags),
            existing_count: count(&existing_tags),
            added_tags,
            existing_tags,
        })
    }
}

/// The ticket of the activity, else its contact, else its client.
async fn entity(scope: &mut Scope, activity_id: Uuid) -> Result<TaggedEntity> {
    let row = scope
        .select(&interactions::TABLE)
        .column(interactions::TICKET_ID)
        .column(interactions::CONTACT_NAME_ID)
        .column(interactions::CLIENT_ID)
        .filter(interactions::INTERACTION_ID.eq(activity_id))
        .one()
        .await?
        .ok_or_else(|| Error::not_found("activity", activity_id))?;
    let candidates = [
        (TaggedEntityType::Ticket, row.get(interactions::TICKET_ID)?),
        (TaggedEntityType::Contact, row.get(interactions::CONTACT_NAME_ID)?),
        (TaggedEntityType::Client, row.get(interactions::CLIENT_ID)?),
    ];
    let found = candidates.into_iter().find_map(|(r#type, id)| Some(TaggedEntity { r#type, id: id? }));
    found.ok_or_else(|| {
        let message = "The activity belongs to no ticket, contact or client, so there is no record to tag.";
        Error::invalid_field("/activity_id", message)
    })
}

/// In the order given; one that is repeated counts once, and one that no list could show is refused.
fn distinct(tags: Vec<String>) -> Result<Vec<String>> {
    let mut distinct: Vec<String> = Vec::new();
    for (index, tag) in tags.into_iter().enumerate() {
        if tag.contains(char::is_control) {
            return Err(Error::invalid_field(&format!("/tags/{index}"), "A tag cannot hold control characters."));
        }
        if !distinct.contains(&tag) {
            distinct.push(tag);
        }
    }
    Ok(distinct)
}

fn tell(context: &mut Context<'_>, entity: &TaggedEntity, applied: &Applied) -> Result<()> {
    let (tag_id, tagged_type) = (applied.tag.tag_id, entity.r#type.as_str().to_owned());
    let actor = context.actor();
    if applied.is_new {
        context.emit(TagDefinitionCreated {
            tag_id,
            tag_text: applied.tag.tag_text.clone(),
            tagged_type: tagged_type.clone(),
            created_by_user_id: actor,
        })?;
    }
    if applied.is_new_here {
        context.emit(TagApplied {
            tag_id,
            tag_text: applied.tag.tag_text.clone(),
            tagged_type,
            tagged_id: entity.id,
            applied_by_user_id: actor,
        })?;
    }
    Ok(())
}
