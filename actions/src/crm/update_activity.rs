//! `crm.update_activity`: changes of an activity, with what it was before.

use actwright_generated::crm::update_activity::{Body, Context, Input, Output, Patch};
use actwright_generated::tables::interactions;
use actwright_runtime::query::{Column, ColumnValue, Row};
use actwright_runtime::{Error, Result, Update, query};

use super::{activity_summary, interaction_kinds};
use crate::Bodies;

impl Body for Bodies {
    async fn run(context: &mut Context<'_>, input: Input) -> Result<Output> {
        let Input { activity_id, patch, .. } = input;
        let stored = activity_summary::select(context)
            .filter(interactions::INTERACTION_ID.eq(activity_id))
            .for_update()
            .one()
            .await?
            .ok_or_else(|| Error::not_found("activity", activity_id))?;
        let activity_before = activity_summary::summarize(&stored)?;
        check_times(&stored, &patch)?;
        if let Update::Set(status_id) = patch.status_id {
            interaction_kinds::check_status(context, "/patch/status_id", status_id).await?;
        }
        if let Some(type_id) = patch.type_id {
            interaction_kinds::check_type(context, "/patch/type_id", type_id).await?;
        }
        let update = context.update(&interactions::TABLE).filter(interactions::INTERACTION_ID.eq(activity_id));
        let (update, changed_fields) = Changes { update, stored: &stored, names: Vec::new() }.all(patch)?;
        if changed_fields.is_empty() {
            return Ok(Output { activity_after: activity_before.clone(), activity_before, changed_fields });
        }
        update.run().await?;
        let activity_after = activity_summary::load(context, activity_id).await?;
        Ok(Output { activity_before, activity_after, changed_fields })
    }
}

/// The row as it would be must not end before it starts.
fn check_times(stored: &Row, patch: &Patch) -> Result<()> {
    let start = patch.start_time.apply(stored.get(interactions::START_TIME)?);
    let end = patch.end_time.apply(stored.get(interactions::END_TIME)?);
    match (start, end) {
        (Some(start), Some(end)) if start > end => {
            let pointer = if patch.end_time.is_keep() { "/patch/start_time" } else { "/patch/end_time" };
            Err(Error::invalid_field(pointer, "The activity would end before it starts."))
        }
        _ => Ok(()),
    }
}

/// An update that sets only what differs from the stored row.
struct Changes<'t, 'r> {
    update: query::Update<'t>,
    stored: &'r Row,
    names: Vec<String>,
}

impl<'t> Changes<'t, '_> {
    /// Takes over all fields of the patch, in the order of their names.
    fn all(mut self, patch: Patch) -> Result<(query::Update<'t>, Vec<String>)> {
        self.set("category", interactions::CATEGORY, patch.category.change())?;
        self.set("duration", interactions::DURATION, patch.duration.change())?;
        self.set("end_time", interactions::END_TIME, patch.end_time.change())?;
        self.set("interaction_date", interactions::INTERACTION_DATE, patch.interaction_date.map(Some))?;
        self.set("notes", interactions::NOTES, patch.notes.change())?;
        self.set("start_time", interactions::START_TIME, patch.start_time.change())?;
        self.set("status_id", interactions::STATUS_ID, patch.status_id.change())?;
        self.set("tags", interactions::TAGS, patch.tags.change())?;
        self.set("title", interactions::TITLE, patch.title.map(Some))?;
        self.set("type_id", interactions::TYPE_ID, patch.type_id)?;
        self.set("visibility", interactions::VISIBILITY, patch.visibility.map(|one| one.as_str().to_owned()))?;
        Ok((self.update, self.names))
    }

    fn set<T: ColumnValue + PartialEq>(&mut self, name: &str, column: Column<T>, value: Option<T>) -> Result<()> {
        if let Some(value) = value
            && self.stored.get(column)? != value
        {
            self.update.assign(column, value);
            self.names.push(name.to_owned());
        }
        Ok(())
    }
}
