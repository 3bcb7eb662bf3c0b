//! `crm.create_interaction_type`: a kind of activity of the tenant's own.

use actwright_generated::crm::create_interaction_type::{Body, Context, IfExists, Input, Output};
use actwright_generated::tables::interaction_types;
use actwright_generated::types::InteractionType;
use actwright_runtime::{Error, Result, Scope};

use crate::Bodies;

/// The largest number that the column holds.
const LAST_PLACE: i64 = i32::MAX as i64;

impl Body for Bodies {
    async fn run(context: &mut Context<'_>, input: Input) -> Result<Output> {
        // Nothing in the database keeps two types from having one name.
        context.hold("interaction_types").await?;
        let all = types(context).await?;
        let name = folded(&input.type_name);
        if let Some(same) = all.iter().find(|one| folded(&one.type_name).to_lowercase() == name.to_lowercase()) {
            return match input.if_exists {
                IfExists::ReturnExisting => Ok(Output { interaction_type: same.clone() }),
                IfExists::Error => {
                    Err(Error::conflict(format!("There is an activity type {} already.", same.type_name)))
                }
            };
        }
        let display_order = place(&all, input.display_order)?;
        let created = InteractionType {
            type_id: context.new_id(),
            type_name: name,
            icon: input.icon,
            display_order: Some(display_order),
            created_by: Some(context.actor()),
            created: true,
        };
        context
            .insert(&interaction_types::TABLE)
            .set(interaction_types::TYPE_ID, created.type_id)
            .set(interaction_types::TYPE_NAME, created.type_name.clone())
            .set(interaction_types::ICON, created.icon.clone())
            .set(interaction_types::DISPLAY_ORDER, created.display_order)
            .set(interaction_types::CREATED_BY, created.created_by)
            .run()
            .await?;
        Ok(Output { interaction_type: created })
    }
}

/// The tenant's own types.
async fn types(scope: &mut Scope) -> Result<Vec<InteractionType>> {
    let rows = scope
        .select(&interaction_types::TABLE)
        .column(interaction_types::TYPE_ID)
        .column(interaction_types::TYPE_NAME)
        .column(interaction_types::ICON)
        .column(interaction_types::DISPLAY_ORDER)
        .column(interaction_types::CREATED_BY)
        .all()
        .await?;
    let found = rows.iter().map(|row| {
        Ok(InteractionType {
            type_id: row.get(interaction_types::TYPE_ID)?,
            type_name: row.get(interaction_types::TYPE_NAME)?,
            icon: row.get(interaction_types::ICON)?,
            display_order: row.get(interaction_types::DISPLAY_ORDER)?,
            created_by: row.get(interaction_types::CREATED_BY)?,
            created: false,
        })
    });
    found.collect()
}

/// The place that is asked for where it is free, else the one after all others.
fn place(all: &[InteractionType], wanted: Option<i64>) -> Result<i64> {
    let last = all.iter().filter_map(|one| one.display_order).max().unwrap_or(0);
    let order = wanted.unwrap_or(last + 1);
    if all.iter().any(|one| one.display_order == Some(order)) {
        return Err(Error::conflict(format!("Another activity type has the display order {order}.")));
    }
    if order > LAST_PLACE {
        return Err(Error::conflict("The last place is taken. Give a display_order that is free."));
    }
    Ok(order)
}

/// Trimmed, with runs of white space as one blank.
fn folded(name: &str) -> String {
    name.split_whitespace().collect::<Vec<_>>().join(" ")
}
