//! An activity as outputs show it: the row with the names of what it is linked to.

use actwright_generated::tables::{
    clients, contacts, interaction_types, interactions, statuses, system_interaction_types, tickets, users,
};
use actwright_generated::types::ActivitySummary;
use actwright_runtime::query::{Row, Select};
use actwright_runtime::{Error, Result, Scope, Uuid};

/// The most characters of a preview, without the ellipsis.
const PREVIEW: usize = 180;

/// Activities with everything that a summary reads.
pub fn select(scope: &mut Scope) -> Select<'_> {
    scope
        .select(&interactions::TABLE)
        .column(interactions::INTERACTION_ID)
        .column(interactions::TYPE_ID)
        .column(interactions::STATUS_ID)
        .column(interactions::CLIENT_ID)
        .column(interactions::CONTACT_NAME_ID)
        .column(interactions::TICKET_ID)
        .column(interactions::TITLE)
        .column(interactions::NOTES)
        .column(interactions::INTERACTION_DATE)
        .column(interactions::START_TIME)
        .column(interactions::END_TIME)
        .column(interactions::DURATION)
        .column(interactions::USER_ID)
        .column(interactions::VISIBILITY)
        .column(interactions::CATEGORY)
        .column(interactions::TAGS)
        .left_join(interaction_types::TYPE_ID, interactions::TYPE_ID)
        .column(interaction_types::TYPE_NAME)
        .left_join(system_interaction_types::TYPE_ID, interactions::TYPE_ID)
        .column(system_interaction_types::TYPE_NAME)
        .left_join(statuses::STATUS_ID, interactions::STATUS_ID)
        .column(statuses::NAME)
        .left_join(clients::CLIENT_ID, interactions::CLIENT_ID)
        .column(clients::CLIENT_NAME)
        .left_join(contacts::CONTACT_NAME_ID, interactions::CONTACT_NAME_ID)
        .column(contacts::FULL_NAME)
        .left_join(tickets::TICKET_ID, interactions::TICKET_ID)
        .column(tickets::TICKET_NUMBER)
        .left_join(users::USER_ID, interactions::USER_ID)
        .column(users::FIRST_NAME)
        .column(users::LAST_NAME)
        .column(users::EMAIL)
}

/// The summary of one activity.
///
/// # Errors
///
/// `NOT_FOUND` when the tenant has no such activity.
pub async fn load(scope: &mut Scope, activity_id: Uuid) -> Result<ActivitySummary> {
    let row = select(scope).filter(interactions::INTERACTION_ID.eq(activity_id)).one().await?;
    summarize(&row.ok_or_else(|| Error::not_found("activity", activity_id))?)
}

/// The summary of a row of [`select`].
///
/// # Errors
///
/// `INTERNAL_ERROR` when the database holds what its declaration rules out.
pub fn summarize(row: &Row) -> Result<ActivitySummary> {
    let start_time = row.get(interactions::START_TIME)?;
    let own_type = row.maybe(interaction_types::TYPE_NAME)?;
    Ok(ActivitySummary {
        activity_id: row.get(interactions::INTERACTION_ID)?,
        type_id: row.get(interactions::TYPE_ID)?,
        type_name: own_type.or(row.maybe(system_interaction_types::TYPE_NAME)?),
        status_id: row.get(interactions::STATUS_ID)?,
        status_name: row.maybe(statuses::NAME)?,
        client_id: row.get(interactions::CLIENT_ID)?,
        client_name: row.maybe(clients::CLIENT_NAME)?,
        contact_id: row.get(interactions::CONTACT_NAME_ID)?,
        contact_name: row.get(contacts::FULL_NAME)?,
        ticket_id: row.get(interactions::TICKET_ID)?,
        ticket_number: row.maybe(tickets::TICKET_NUMBER)?,
        title: row.get(interactions::TITLE)?,
        notes_preview: row.get(interactions::NOTES)?.as_deref().and_then(preview),
        interaction_date: row.get(interactions::INTERACTION_DATE)?.or(start_time),
        start_time,
        end_time: row.get(interactions::END_TIME)?,
        duration: row.get(interactions::DURATION)?,
        user_id: row.get(interactions::USER_ID)?,
        user_name: full_name(row.get(users::FIRST_NAME)?.as_deref(), row.get(users::LAST_NAME)?.as_deref())
            .or(row.maybe(users::EMAIL)?),
        visibility: row.get(interactions::VISIBILITY)?,
        category: row.get(interactions::CATEGORY)?,
        tags: row.get(interactions::TAGS)?.as_deref().map(clean_tags),
    })
}

/// Trimmed, without empty ones.
fn clean_tags(tags: &[String]) -> Vec<String> {
    tags.iter().map(|tag| tag.trim()).filter(|tag| !tag.is_empty()).map(str::to_owned).collect()
}

fn full_name(first: Option<&str>, last: Option<&str>) -> Option<String> {
    let parts = [first, last].into_iter().flatten().map(str::trim).filter(|part| !part.is_empty());
    let name = parts.collect::<Vec<_>>().join(" ");
    (!name.is_empty()).then_some(name)
}

/// Notes on one line, cut after [`PREVIEW`] characters.
fn preview(notes: &str) -> Option<String> {
    let mut line = String::new();
    for word in notes.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
        // No character takes more than four bytes, so the rest of long notes does not show.
        if line.len() > PREVIEW * 4 {
            break;
        }
    }
    if line.is_empty() {
        return None;
    }
    match line.char_indices().nth(PREVIEW) {
        Some((cut, _)) => Some(format!("{}…", &line[..cut])),
        None => Some(line),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The cut counts characters, not bytes, and happens only beyond the limit.
    #[test]
    fn preview_is_cut_after_180_characters() {
        let exact = "ü".repeat(180);
        assert_eq!(preview(&exact), Some(exact.clone()));
        assert_eq!(preview(&format!("{exact}ü")), Some(format!("{exact}…")));
        let words = "🦀🦀🦀 ".repeat(45);
        assert_eq!(preview(&words), Some(words.trim_end().to_owned()));
        assert_eq!(preview(&format!("{words} {}", "x ".repeat(9_000))), Some(format!("{words}…")));
    }

    /// White space of any kind folds to one blank; nothing else makes notes empty.
    #[test]
    fn preview_folds_white_space() {
        assert_eq!(preview(" a\n\n\tb  c "), Some("a b c".to_owned()));
        assert_eq!(preview(" \n\t "), None);
    }

    /// A user without names is known by e-mail instead.
    #[test]
    fn names_are_joined_when_present() {
        assert_eq!(full_name(Some("Ada"), Some(" Byron ")), Some("Ada Byron".to_owned()));
        assert_eq!(full_name(Some(" "), None), None);
    }

    /// Tags of older rows may hold blanks.
    #[test]
    fn tags_are_trimmed_and_never_empty() {
        assert_eq!(clean_tags(&[" a ".to_owned(), String::new(), "  ".to_owned()]), ["a"]);
    }
}
