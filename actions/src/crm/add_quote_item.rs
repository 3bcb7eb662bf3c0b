//! `crm.add_quote_item`: one more line of a draft.

use actwright_generated::crm::add_quote_item::{Body, Context, Input, Output};
use actwright_generated::tables::{client_locations, service_catalog};
use actwright_runtime::{Error, Result, Scope, Uuid};

use super::quote::items::{self, QuoteItem};
use super::quote::record::QuoteRecord;
use super::quote::status::{QuoteStatus, spoken};
use super::quote::{detail, pricing};
use crate::Bodies;

impl Body for Bodies {
    async fn run(context: &mut Context<'_>, input: Input) -> Result<Output> {
        let quote_id = input.quote_id;
        let quote = QuoteRecord::lock(context, quote_id).await?;
        if quote.status != QuoteStatus::Draft {
            let message = format!("The quote is {}. Items are added to drafts.", spoken(quote.status));
            return Err(Error::invalid_field("/quote_id", message));
        }
        let others = items::load(context, quote_id).await?;
        check_target(context, &input, &others).await?;
        check_location(context, input.location_id, quote.client_id).await?;
        let item = item(context, input, &others)?;
        item.insert(context, quote_id).await?;
        let items = pricing::reprice(context, quote_id).await?;
        let added = items.into_iter().find(|one| one.id == item.id);
        let added = added.ok_or_else(|| Error::internal("An item that was added is not there."))?;
        let quote = detail::load(context, quote_id).await?;
        Ok(Output { quote_item: added.detail(quote_id), quote })
    }
}

fn item(context: &mut Context<'_>, input: Input, others: &[QuoteItem]) -> Result<QuoteItem> {
    let last = others.iter().map(|item| item.display_order).max();
    let display_order = match (input.display_order, last) {
        (Some(place), _) => place,
        (None, None) => 0,
        (None, Some(last)) if last < i64::from(i32::MAX) => last + 1,
        (None, Some(_)) => {
            let message = "The last place is taken. Give the item a place of its own.";
            return Err(Error::invalid_field("/display_order", message));
        }
    };
    Ok(QuoteItem {
        id: context.new_id(),
        service_id: None,
        service_item_kind: None,
        service_name: None,
        service_sku: None,
        billing_method: input.billing_method.map(|method| method.as_str().to_owned()),
        description: input.description,
        quantity: input.quantity,
        unit_price: input.unit_price,
        total_price: 0,
        tax_amount: 0,
        net_amount: 0,
        unit_of_measure: input.unit_of_measure,
        display_order,
        phase: input.phase,
        is_optional: input.is_optional,
        is_selected: input.is_selected,
        is_recurring: input.is_recurring,
        billing_frequency: input.billing_frequency.map(|frequency| frequency.as_str().to_owned()),
        is_discount: input.is_discount,
        discount_type: input.discount_type.map(|discount| discount.as_str().to_owned()),
        discount_percentage: input.discount_percentage,
        applies_to_item_id: input.applies_to_item_id,
        applies_to_service_id: input.applies_to_service_id,
        is_taxable: input.is_taxable,
        tax_region: input.tax_region,
        tax_rate: input.tax_rate,
        location_id: input.location_id,
        cost: input.cost,
        cost_currency: input.cost_currency,
        created_at: context.now(),
    })
}

/// What a discount applies to must be there.
async fn check_target(scope: &mut Scope, input: &Input, others: &[QuoteItem]) -> Result<()> {
    if let Some(id) = input.applies_to_item_id {
        let target = others.iter().find(|item| item.id == id);
        let target = target.ok_or_else(|| Error::not_found("item of this quote", id))?;
        if target.is_discount {
            let message = "A discount does not apply to another discount.";
            return Err(Error::invalid_field("/applies_to_item_id", message));
        }
    }
    if let Some(id) = input.applies_to_service_id {
        let service = scope.select(&service_catalog::TABLE).filter(service_catalog::SERVICE_ID.eq(id));
        if !service.exists().await? {
            return Err(Error::not_found("service", id));
        }
    }
    Ok(())
}

/// A location must be one of the quote's client.
async fn check_location(scope: &mut Scope, location_id: Option<Uuid>, client_id: Option<Uuid>) -> Result<()> {
    let Some(id) = location_id else { return Ok(()) };
    let location = scope.select(&client_locations::TABLE).column(client_locations::CLIENT_ID);
    let location = location.filter(client_locations::LOCATION_ID.eq(id)).one().await?;
    let location = location.ok_or_else(|| Error::not_found("location", id))?;
    if Some(location.get(client_locations::CLIENT_ID)?) != client_id {
        return Err(Error::invalid_field("/location_id", "The location belongs to another client than the quote."));
    }
    Ok(())
}
