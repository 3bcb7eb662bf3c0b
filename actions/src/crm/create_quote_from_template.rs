//! `crm.create_quote_from_template`: a draft with what a template has.

use std::collections::{BTreeMap, BTreeSet};

use actwright_generated::crm::create_quote_from_template::{Body, Context, Input, Output};
use actwright_generated::tables::client_locations;
use actwright_runtime::{Error, Result, Scope, Timestamp, Uuid};
use serde_json::json;

use super::links::Links;
use super::quote::draft::Draft;
use super::quote::items::{self, QuoteItem};
use super::quote::template::Template;
use super::quote::{detail, pricing};
use crate::Bodies;

impl Body for Bodies {
    async fn run(context: &mut Context<'_>, input: Input) -> Result<Output> {
        let (actor, template_id, client_id) = (context.actor(), input.template_id, input.client_id);
        let template = Template::load(context, template_id).await?;
        Links::resolve(context, Some(client_id), input.contact_id, None, actor).await?;
        let draft = draft(input, template)?;
        let facts = json!({ "template_id": template_id, "workflow_source": "crm.create_quote_from_template" });
        let quote_id = draft.create(context, facts).await?;
        copy_items(context, template_id, quote_id, client_id).await?;
        let items = pricing::reprice(context, quote_id).await?;
        Ok(Output {
            quote: detail::load(context, quote_id).await?,
            quote_items: items.into_iter().map(|item| item.detail(quote_id)).collect(),
        })
    }
}

/// What is given, else what the template has.
fn draft(input: Input, template: Template) -> Result<Draft> {
    let date = |given: Option<Timestamp>, own: Option<Timestamp>, field: &str| {
        let message = "The template has no such date, so it must be given.";
        given.or(own).ok_or_else(|| Error::invalid_field(field, message))
    };
    let quote_date = date(input.quote_date, template.quote_date, "/quote_date")?;
    let valid_until = date(input.valid_until, template.valid_until, "/valid_until")?;
    if valid_until < quote_date {
        let message = format!("valid_until must be on or after quote_date: {valid_until} is before {quote_date}.");
        return Err(Error::invalid_field("/valid_until", message));
    }
    Ok(Draft {
        client_id: input.client_id,
        contact_id: input.contact_id,
        title: input.title.unwrap_or(template.title),
        description: template.description,
        quote_date,
        valid_until,
        po_number: input.po_number,
        internal_notes: input.internal_notes.or(template.internal_notes),
        client_notes: input.client_notes.or(template.client_notes),
        terms_and_conditions: template.terms_and_conditions,
        currency_code: input.currency_code.unwrap_or(template.currency_code),
        template_id: Some(input.template_id),
    })
}

/// Copies the items in order. A discount goes on applying to its item, which is the copy; a location of another client
/// is left out.
async fn copy_items(scope: &mut Scope, template_id: Uuid, quote_id: Uuid, client_id: Uuid) -> Result<()> {
    let items = items::load(scope, template_id).await?;
    let locations = locations_of(scope, client_id, &items).await?;
    let ids: Vec<Uuid> = items.iter().map(|_| scope.new_id()).collect();
    let copies: BTreeMap<Uuid, Uuid> = items.iter().map(|item| item.id).zip(ids.iter().copied()).collect();
    let now = scope.now();
    for (item, id) in items.into_iter().zip(ids) {
        let copy = QuoteItem {
            id,
            // One that points nowhere takes nothing off; without a target it would take it off the whole quote.
            applies_to_item_id: item.applies_to_item_id.map(|id| copies.get(&id).copied().unwrap_or(id)),
            location_id: item.location_id.filter(|id| locations.contains(id)),
            created_at: now,
            ..item
        };
        copy.insert(scope, quote_id).await?;
    }
    Ok(())
}

/// Those locations of the items that are the client's.
async fn locations_of(scope: &mut Scope, client_id: Uuid, items: &[QuoteItem]) -> Result<BTreeSet<Uuid>> {
    let ids: BTreeSet<Uuid> = items.iter().filter_map(|item| item.location_id).collect();
    if ids.is_empty() {
        return Ok(ids);
    }
    let rows = scope
        .select(&client_locations::TABLE)
        .column(client_locations::LOCATION_ID)
        .filter(client_locations::LOCATION_ID.is_in(ids))
        .filter(client_locations::CLIENT_ID.eq(client_id))
        .all()
        .await?;
    rows.iter().map(|row| row.get(client_locations::LOCATION_ID)).collect()
}
