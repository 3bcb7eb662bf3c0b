//! The items of a quote, with everything that the database has of them.

use actwright_generated::tables::quote_items;
use actwright_generated::types;
use actwright_runtime::query::{Direction, Row};
use actwright_runtime::{Result, Scope, Timestamp, Uuid};

use super::totals::{Amount, Discount, Line, Target};

/// An item, or a discount. Money is in the minor unit of the quote's currency.
#[derive(Debug, Clone)]
pub struct QuoteItem {
    pub id: Uuid,
    pub service_id: Option<Uuid>,
    pub service_item_kind: Option<String>,
    pub service_name: Option<String>,
    pub service_sku: Option<String>,
    /// `fixed`, `hourly` or `usage`; other programs may write others.
    pub billing_method: Option<String>,
    pub description: String,
    pub quantity: i64,
    pub unit_price: i64,
    pub total_price: i64,
    pub tax_amount: i64,
    pub net_amount: i64,
    pub unit_of_measure: Option<String>,
    pub display_order: i64,
    pub phase: Option<String>,
    pub is_optional: bool,
    pub is_selected: bool,
    pub is_recurring: bool,
    pub billing_frequency: Option<String>,
    pub is_discount: bool,
    pub discount_type: Option<String>,
    pub discount_percentage: Option<i64>,
    pub applies_to_item_id: Option<Uuid>,
    pub applies_to_service_id: Option<Uuid>,
    pub is_taxable: bool,
    pub tax_region: Option<String>,
    pub tax_rate: Option<i64>,
    pub location_id: Option<Uuid>,
    pub cost: Option<i64>,
    pub cost_currency: Option<String>,
    pub created_at: Timestamp,
}

/// The items of a quote, in order.
///
/// # Errors
///
/// Those of the database.
pub async fn load(scope: &mut Scope, quote_id: Uuid) -> Result<Vec<QuoteItem>> {
    let rows = scope
        .select(&quote_items::TABLE)
        .column(quote_items::QUOTE_ITEM_ID)
        .column(quote_items::SERVICE_ID)
        .column(quote_items::SERVICE_ITEM_KIND)
        .column(quote_items::SERVICE_NAME)
        .column(quote_items::SERVICE_SKU)
        .column(quote_items::BILLING_METHOD)
        .column(quote_items::DESCRIPTION)
        .column(quote_items::QUANTITY)
        .column(quote_items::UNIT_PRICE)
        .column(quote_items::TOTAL_PRICE)
        .column(quote_items::TAX_AMOUNT)
        .column(quote_items::NET_AMOUNT)
        .column(quote_items::UNIT_OF_MEASURE)
        .column(quote_items::DISPLAY_ORDER)
        .column(quote_items::PHASE)
        .column(quote_items::IS_OPTIONAL)
        .column(quote_items::IS_SELECTED)
        .column(quote_items::IS_RECURRING)
        .column(quote_items::BILLING_FREQUENCY)
        .column(quote_items::IS_DISCOUNT)
        .column(quote_items::DISCOUNT_TYPE)
        .column(quote_items::DISCOUNT_PERCENTAGE)
        .column(quote_items::APPLIES_TO_ITEM_ID)
        .column(quote_items::APPLIES_TO_SERVICE_ID)
        .column(quote_items::IS_TAXABLE)
        .column(quote_items::TAX_REGION)
        .column(quote_items::TAX_RATE)
        .column(quote_items::LOCATION_ID)
        .column(quote_items::COST)
        .column(quote_items::COST_CURRENCY)
        .column(quote_items::CREATED_AT)
        .filter(quote_items::QUOTE_ID.eq(quote_id))
        .order_by(quote_items::DISPLAY_ORDER, Direction::Ascending)
        .order_by(quote_items::QUOTE_ITEM_ID, Direction::Ascending)
        .all()
        .await?;
    rows.iter().map(item).collect()
}

fn item(row: &Row) -> Result<QuoteItem> {
    Ok(QuoteItem {
        id: row.get(quote_items::QUOTE_ITEM_ID)?,
        service_id: row.get(quote_items::SERVICE_ID)?,
        service_item_kind: row.get(quote_items::SERVICE_ITEM_KIND)?,
        service_name: row.get(quote_items::SERVICE_NAME)?,
        service_sku: row.get(quote_items::SERVICE_SKU)?,
        billing_method: row.get(quote_items::BILLING_METHOD)?,
        description: row.get(quote_items::DESCRIPTION)?,
        quantity: row.get(quote_items::QUANTITY)?,
        unit_price: row.get(quote_items::UNIT_PRICE)?,
        total_price: row.get(quote_items::TOTAL_PRICE)?,
        tax_amount: row.get(quote_items::TAX_AMOUNT)?,
        net_amount: row.get(quote_items::NET_AMOUNT)?,
        unit_of_measure: row.get(quote_items::UNIT_OF_MEASURE)?,
        display_order: row.get(quote_items::DISPLAY_ORDER)?,
        phase: row.get(quote_items::PHASE)?,
        is_optional: row.get(quote_items::IS_OPTIONAL)?,
        is_selected: row.get(quote_items::IS_SELECTED)?,
        is_recurring: row.get(quote_items::IS_RECURRING)?,
        billing_frequency: row.get(quote_items::BILLING_FREQUENCY)?,
        is_discount: row.get(quote_items::IS_DISCOUNT)?,
        discount_type: row.get(quote_items::DISCOUNT_TYPE)?,
        discount_percentage: row.get(quote_items::DISCOUNT_PERCENTAGE)?,
        applies_to_item_id: row.get(quote_items::APPLIES_TO_ITEM_ID)?,
        applies_to_service_id: row.get(quote_items::APPLIES_TO_SERVICE_ID)?,
        is_taxable: row.get(quote_items::IS_TAXABLE)?,
        tax_region: row.get(quote_items::TAX_REGION)?,
        tax_rate: row.get(quote_items::TAX_RATE)?,
        location_id: row.get(quote_items::LOCATION_ID)?,
        cost: row.get(quote_items::COST)?,
        cost_currency: row.get(quote_items::COST_CURRENCY)?,
        created_at: row.get(quote_items::CREATED_AT)?,
    })
}

impl QuoteItem {
    /// An optional item that is not selected is not part of the quote.
    pub fn counts(&self) -> bool {
        !self.is_optional || self.is_selected
    }

    /// What the reckoning of totals needs of it.
    pub fn line(&self) -> Line {
        let of = match (self.applies_to_item_id, self.applies_to_service_id) {
            (Some(item), _) => Target::Item(item),
            (None, Some(service)) => Target::Service(service),
            (None, None) => Target::Quote,
        };
        let amount = match self.discount_type.as_deref() {
            Some("percentage") => Amount::Percentage(self.discount_percentage.unwrap_or_default()),
            _ => Amount::Fixed,
        };
        Line {
            id: self.id,
            service_id: self.service_id,
            quantity: self.quantity,
            unit_price: self.unit_price,
            counts: self.counts(),
            discount: self.is_discount.then_some(Discount { amount, of }),
        }
    }

    /// Adds it to a quote.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn insert(&self, scope: &mut Scope, quote_id: Uuid) -> Result<()> {
        let (actor, item) = (scope.actor(), self.clone());
        scope
            .insert(&quote_items::TABLE)
            .set(quote_items::QUOTE_ITEM_ID, item.id)
            .set(quote_items::QUOTE_ID, quote_id)
            .set(quote_items::SERVICE_ID, item.service_id)
            .set(quote_items::SERVICE_ITEM_KIND, item.service_item_kind)
            .set(quote_items::SERVICE_NAME, item.service_name)
            .set(quote_items::SERVICE_SKU, item.service_sku)
            .set(quote_items::BILLING_METHOD, item.billing_method)
            .set(quote_items::DESCRIPTION, item.description)
            .set(quote_items::QUANTITY, item.quantity)
            .set(quote_items::UNIT_PRICE, item.unit_price)
            .set(quote_items::TOTAL_PRICE, item.total_price)
            .set(quote_items::TAX_AMOUNT, item.tax_amount)
            .set(quote_items::NET_AMOUNT, item.net_amount)
            .set(quote_items::UNIT_OF_MEASURE, item.unit_of_measure)
            .set(quote_items::DISPLAY_ORDER, item.display_order)
            .set(quote_items::PHASE, item.phase)
            .set(quote_items::IS_OPTIONAL, item.is_optional)
            .set(quote_items::IS_SELECTED, item.is_selected)
            .set(quote_items::IS_RECURRING, item.is_recurring)
            .set(quote_items::BILLING_FREQUENCY, item.billing_frequency)
            .set(quote_items::IS_DISCOUNT, item.is_discount)
            .set(quote_items::DISCOUNT_TYPE, item.discount_type)
            .set(quote_items::DISCOUNT_PERCENTAGE, item.discount_percentage)
            .set(quote_items::APPLIES_TO_ITEM_ID, item.applies_to_item_id)
            .set(quote_items::APPLIES_TO_SERVICE_ID, item.applies_to_service_id)
            .set(quote_items::IS_TAXABLE, item.is_taxable)
            .set(quote_items::TAX_REGION, item.tax_region)
            .set(quote_items::TAX_RATE, item.tax_rate)
            .set(quote_items::LOCATION_ID, item.location_id)
            .set(quote_items::COST, item.cost)
            .set(quote_items::COST_CURRENCY, item.cost_currency)
            .set(quote_items::CREATED_BY, Some(actor))
            .set(quote_items::CREATED_AT, item.created_at)
            .set(quote_items::UPDATED_AT, item.created_at)
            .run()
            .await
    }

    /// As outputs show it.
    pub fn detail(self, quote_id: Uuid) -> types::QuoteItem {
        types::QuoteItem {
            quote_item_id: self.id,
            quote_id,
            description: self.description,
            quantity: self.quantity,
            unit_price: self.unit_price,
            total_price: self.total_price,
            display_order: self.display_order,
            is_optional: self.is_optional,
            is_selected: self.is_selected,
            is_recurring: self.is_recurring,
            is_discount: self.is_discount,
            billing_frequency: self.billing_frequency,
            discount_type: self.discount_type,
            discount_percentage: self.discount_percentage,
            created_at: self.created_at,
        }
    }
}
