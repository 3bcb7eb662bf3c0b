//! `crm.find_activities`: activities of the tenant, newest first.

use actwright_generated::crm::find_activities::{Body, Context, Input, OnEmpty, Output};
use actwright_generated::tables::interactions;
use actwright_generated::types::ActivityMatchedFilters;
use actwright_runtime::query::Direction;
use actwright_runtime::{Error, Result};

use super::activity_summary;
use crate::Bodies;

impl Body for Bodies {
    async fn run(context: &mut Context<'_>, input: Input) -> Result<Output> {
        let rows = activity_summary::select(context)
            .filter_some(input.client_id.map(|id| interactions::CLIENT_ID.eq(Some(id))))
            .filter_some(input.contact_id.map(|id| interactions::CONTACT_NAME_ID.eq(Some(id))))
            .filter_some(input.ticket_id.map(|id| interactions::TICKET_ID.eq(Some(id))))
            .filter_some(input.user_id.map(|id| interactions::USER_ID.eq(id)))
            .filter_some(input.type_id.map(|id| interactions::TYPE_ID.eq(id)))
            .filter_some(input.status_id.map(|id| interactions::STATUS_ID.eq(Some(id))))
            .filter_some(input.date_from.map(|from| interactions::INTERACTION_DATE.gte(Some(from))))
            .filter_some(input.date_to.map(|to| interactions::INTERACTION_DATE.lte(Some(to))))
            .order_by(interactions::INTERACTION_DATE, Direction::Descending)
            .order_by(interactions::INTERACTION_ID, Direction::Ascending)
            .limit(input.limit.unsigned_abs())
            .all()
            .await?;
        if rows.is_empty() && input.on_empty == OnEmpty::Error {
            return Err(Error::nothing_found("No activity matches the filters."));
        }
        let activities = rows.iter().map(activity_summary::summarize).collect::<Result<Vec<_>>>()?;
        Ok(Output {
            count: i64::try_from(activities.len()).unwrap_or(i64::MAX),
            activities,
            matched_filters: ActivityMatchedFilters {
                client_id: input.client_id,
                contact_id: input.contact_id,
                ticket_id: input.ticket_id,
                user_id: input.user_id,
                type_id: input.type_id,
                status_id: input.status_id,
                date_from: input.date_from,
                date_to: input.date_to,
                limit: input.limit,
            },
        })
    }
}
