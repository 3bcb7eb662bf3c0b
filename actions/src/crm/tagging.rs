//! Tags on records: definitions by text and kind of record, and which record carries which.

use actwright_generated::tables::{tag_definitions, tag_mappings};
use actwright_generated::types::{ActivityTag, TaggedEntity};
use actwright_runtime::{Result, Scope, Uuid};

/// A tag on a record, as it was found or made.
#[derive(Debug)]
pub struct Applied {
    pub tag: ActivityTag,
    /// Whether the record did not have it before.
    pub is_new_here: bool,
    /// Whether no record of this kind had it before.
    pub is_new: bool,
}

/// What a text stands for on a kind of record, where it has been used.
///
/// # Errors
///
/// Those of the database.
pub async fn definition(scope: &mut Scope, entity: &TaggedEntity, text: &str) -> Result<Option<Uuid>> {
    let select = scope.select(&tag_definitions::TABLE).column(tag_definitions::TAG_ID);
    let same_text = tag_definitions::TAG_TEXT.eq(text.to_owned());
    let same_type = tag_definitions::TAGGED_TYPE.eq(entity.r#type.as_str().to_owned());
    let row = select.filter(same_text).filter(same_type).one().await?;
    row.map(|row| row.get(tag_definitions::TAG_ID)).transpose()
}

/// Puts a tag on a record, and defines it where `definition` is none.
///
/// # Errors
///
/// Those of the database.
pub async fn apply(
    scope: &mut Scope,
    entity: &TaggedEntity,
    text: String,
    definition: Option<Uuid>,
) -> Result<Applied> {
    let (now, actor, is_new) = (scope.now(), scope.actor(), definition.is_none());
    let tag_id = definition.unwrap_or_else(|| scope.new_id());
    if is_new {
        scope
            .insert(&tag_definitions::TABLE)
            .set(tag_definitions::TAG_ID, tag_id)
            .set(tag_definitions::TAG_TEXT, text.clone())
            .set(tag_definitions::TAGGED_TYPE, entity.r#type.as_str().to_owned())
            .set(tag_definitions::CREATED_AT, Some(now))
            .run()
            .await?;
    } else if let Some(mapping_id) = mapping(scope, tag_id, entity.id).await? {
        let tag = ActivityTag { tag_id, tag_text: text, mapping_id };
        return Ok(Applied { tag, is_new_here: false, is_new });
    }
    let mapping_id = scope.new_id();
    scope
        .insert(&tag_mappings::TABLE)
        .set(tag_mappings::MAPPING_ID, mapping_id)
        .set(tag_mappings::TAG_ID, tag_id)
        .set(tag_mappings::TAGGED_ID, entity.id)
        .set(tag_mappings::TAGGED_TYPE, entity.r#type.as_str().to_owned())
        .set(tag_mappings::CREATED_AT, Some(now))
        .set(tag_mappings::CREATED_BY, Some(actor))
        .run()
        .await?;
    Ok(Applied { tag: ActivityTag { tag_id, tag_text: text, mapping_id }, is_new_here: true, is_new })
}

async fn mapping(scope: &mut Scope, tag_id: Uuid, tagged_id: Uuid) -> Result<Option<Uuid>> {
    let select = scope.select(&tag_mappings::TABLE).column(tag_mappings::MAPPING_ID);
    let row =
        select.filter(tag_mappings::TAG_ID.eq(tag_id)).filter(tag_mappings::TAGGED_ID.eq(tagged_id)).one().await?;
    row.map(|row| row.get(tag_mappings::MAPPING_ID)).transpose()
}
