//! `crm.schedule_activity`: a follow-up with a client.

use actwright_generated::crm::schedule_activity::{Body, Context, Input, Output};
use actwright_generated::events::{InteractionLogged, InteractionLoggedChannel as Channel};
use actwright_generated::tables::interactions;
use actwright_generated::types::ActivitySummary;
use actwright_runtime::{Error, Result, Timestamp};

use super::links::Links;
use super::{activity_summary, interaction_kinds};
use crate::Bodies;

impl Body for Bodies {
    async fn run(context: &mut Context<'_>, input: Input) -> Result<Output> {
        let owner_id = input.assigned_user_id.or(input.owner_user_id).unwrap_or(context.actor());
        let links = Links::resolve(context, input.client_id, input.contact_id, input.ticket_id, owner_id).await?;
        interaction_kinds::check_type(context, "/type_id", input.type_id).await?;
        let status_id = match input.status_id {
            Some(id) => interaction_kinds::check_status(context, "/status_id", id).await.map(|()| id)?,
            None => interaction_kinds::default_status(context).await?,
        };
        let end_time = input.end_time.unwrap_or(input.start_time);
        let activity_id = context.new_id();
        context
            .insert(&interactions::TABLE)
            .set(interactions::INTERACTION_ID, activity_id)
            .set(interactions::CLIENT_ID, Some(links.client_id))
            .set(interactions::CONTACT_NAME_ID, links.contact_id)
            .set(interactions::TICKET_ID, links.ticket_id)
            .set(interactions::USER_ID, owner_id)
            .set(interactions::TYPE_ID, input.type_id)
            .set(interactions::STATUS_ID, Some(status_id))
            .set(interactions::TITLE, Some(input.title))
            .set(interactions::NOTES, input.notes)
            .set(interactions::INTERACTION_DATE, Some(input.start_time))
            .set(interactions::START_TIME, Some(input.start_time))
            .set(interactions::END_TIME, Some(end_time))
            .set(interactions::DURATION, Some(input.duration.unwrap_or_else(|| minutes(input.start_time, end_time))))
            .set(interactions::VISIBILITY, input.visibility.as_str().to_owned())
            .set(interactions::CATEGORY, input.category)
            .set(interactions::TAGS, input.tags)
            .run()
            .await?;
        let activity = activity_summary::load(context, activity_id).await?;
        context.emit(logged(&activity, input.start_time)?)?;
        Ok(Output { activity })
    }
}

/// Minutes between two times, rounded.
fn minutes(start: Timestamp, end: Timestamp) -> i64 {
    const MINUTE: i64 = 60_000_000;
    (end.micros() - start.micros() + MINUTE / 2).div_euclid(MINUTE)
}

fn logged(activity: &ActivitySummary, occurred_at: Timestamp) -> Result<InteractionLogged> {
    Ok(InteractionLogged {
        interaction_id: activity.activity_id,
        client_id: activity.client_id.ok_or_else(|| Error::internal("A scheduled activity has no client."))?,
        contact_id: activity.contact_id,
        interaction_type: activity.type_name.clone().unwrap_or_else(|| activity.type_id.to_string()),
        channel: channel(activity.type_name.as_deref().unwrap_or_default()),
        interaction_occurred_at: occurred_at,
        logged_by_user_id: activity.user_id,
        subject: activity.title.clone().unwrap_or_default(),
        outcome: activity.status_name.clone(),
    })
}

/// How the client is reached, as the name of the type tells.
fn channel(type_name: &str) -> Channel {
    let name = type_name.to_lowercase();
    let channels = [
        ("email", Channel::Email),
        ("call", Channel::Phone),
        ("phone", Channel::Phone),
        ("meeting", Channel::Meeting),
        ("note", Channel::Note),
    ];
    channels.into_iter().find(|(word, _)| name.contains(word)).map_or(Channel::Other, |(_, channel)| channel)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Subscribers route by channel; an unknown type must not fail.
    #[test]
    fn channels_follow_the_name_of_the_type() {
        let names = ["Email", "Call", "Smartphone check", "Online Meeting", "Note", "General"];
        let channels = names.map(|name| channel(name).as_str());
        assert_eq!(channels, ["email", "phone", "phone", "meeting", "note", "other"]);
    }

    /// Half a minute rounds up.
    #[test]
    fn duration_is_rounded_to_minutes() {
        let at = |seconds: i64| Timestamp::from_micros(seconds * 1_000_000).expect("in range");
        assert_eq!([29, 30, 89, 90].map(|seconds| minutes(at(0), at(seconds))), [0, 1, 1, 2]);
    }
}
