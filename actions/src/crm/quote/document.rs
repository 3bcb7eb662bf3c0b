//! A quote as its PDF shows it.

use actwright_documents::{Discount, Item, Party, Quote};
use actwright_generated::tables::{client_locations, clients, contacts, quote_items, quotes, tenants};
use actwright_runtime::query::{Direction, Row};
use actwright_runtime::{Error, Result, Scope, Timestamp, Uuid};

/// Reads a quote with its items, parties and totals. `portal_url` is where the client portal is.
///
/// # Errors
///
/// `NOT_FOUND` when the tenant does not have the quote.
pub async fn load(scope: &mut Scope, quote_id: Uuid, portal_url: &str) -> Result<Quote> {
    let row = scope
        .select(&quotes::TABLE)
        .column(quotes::QUOTE_NUMBER)
        .column(quotes::TITLE)
        .column(quotes::DESCRIPTION)
        .column(quotes::QUOTE_DATE)
        .column(quotes::VALID_UNTIL)
        .column(quotes::PO_NUMBER)
        .column(quotes::CLIENT_NOTES)
        .column(quotes::TERMS_AND_CONDITIONS)
        .column(quotes::CURRENCY_CODE)
        .column(quotes::SUBTOTAL)
        .column(quotes::DISCOUNT_TOTAL)
        .column(quotes::TAX)
        .column(quotes::TOTAL_AMOUNT)
        .column(quotes::CLIENT_ID)
        .left_join(clients::CLIENT_ID, quotes::CLIENT_ID)
        .column(clients::CLIENT_NAME)
        .column(clients::BILLING_EMAIL)
        .left_join(contacts::CONTACT_NAME_ID, quotes::CONTACT_ID)
        .column(contacts::FULL_NAME)
        .column(contacts::EMAIL)
        .filter(quotes::QUOTE_ID.eq(quote_id))
        .one()
        .await?
        .ok_or_else(|| Error::not_found("quote", quote_id))?;
    let client = Party {
        name: row.maybe(clients::CLIENT_NAME)?.unwrap_or_default(),
        address: match row.get(quotes::CLIENT_ID)? {
            Some(client_id) => address(scope, client_id).await?,
            None => Vec::new(),
        },
        email: row.get(clients::BILLING_EMAIL)?,
        phone: None,
    };
    let contact = row
        .get(contacts::FULL_NAME)?
        .map(|name| Ok::<_, Error>(Party { name, email: row.get(contacts::EMAIL)?, ..Party::default() }));
    Ok(Quote {
        number: row.get(quotes::QUOTE_NUMBER)?,
        title: row.get(quotes::TITLE)?,
        status: None,
        issued: row.get(quotes::QUOTE_DATE)?.map(day),
        valid_until: row.get(quotes::VALID_UNTIL)?.map(day),
        currency: row.get(quotes::CURRENCY_CODE)?,
        seller: seller(scope).await?,
        client,
        contact: contact.transpose()?,
        po_number: row.get(quotes::PO_NUMBER)?,
        description: row.get(quotes::DESCRIPTION)?,
        introduction: row.get(quotes::CLIENT_NOTES)?,
        items: items(scope, quote_id).await?,
        subtotal: row.get(quotes::SUBTOTAL)?,
        discount_total: row.get(quotes::DISCOUNT_TOTAL)?,
        tax: row.get(quotes::TAX)?,
        total: row.get(quotes::TOTAL_AMOUNT)?,
        terms_and_conditions: row.get(quotes::TERMS_AND_CONDITIONS)?,
        portal_link: Some(format!("{}/quotes/{quote_id}", portal_url.trim_end_matches('/'))),
    })
}

fn day(at: Timestamp) -> actwright_runtime::Date {
    at.utc().date_naive()
}

async fn seller(scope: &mut Scope) -> Result<Party> {
    let select = scope.select(&tenants::TABLE).column(tenants::CLIENT_NAME).column(tenants::EMAIL);
    let Some(row) = select.column(tenants::PHONE_NUMBER).one().await? else { return Ok(Party::default()) };
    Ok(Party {
        name: row.get(tenants::CLIENT_NAME)?,
        address: Vec::new(),
        email: Some(row.get(tenants::EMAIL)?),
        phone: row.get(tenants::PHONE_NUMBER)?,
    })
}

/// The lines of the client's default address, where it has one.
async fn address(scope: &mut Scope, client_id: Uuid) -> Result<Vec<String>> {
    let location = scope
        .select(&client_locations::TABLE)
        .column(client_locations::ADDRESS_LINE1)
        .column(client_locations::ADDRESS_LINE2)
        .column(client_locations::CITY)
        .column(client_locations::STATE_PROVINCE)
        .column(client_locations::POSTAL_CODE)
        .column(client_locations::COUNTRY_NAME)
        .filter(client_locations::CLIENT_ID.eq(client_id))
        .filter(client_locations::IS_DEFAULT.eq(Some(true)));
    let Some(row) = location.one().await? else { return Ok(Vec::new()) };
    let city = [
        Some(row.get(client_locations::CITY)?),
        row.get(client_locations::STATE_PROVINCE)?,
        row.get(client_locations::POSTAL_CODE)?,
    ];
    let lines = [
        Some(row.get(client_locations::ADDRESS_LINE1)?),
        row.get(client_locations::ADDRESS_LINE2)?,
        Some(city.into_iter().flatten().collect::<Vec<_>>().join(" ")),
        Some(row.get(client_locations::COUNTRY_NAME)?),
    ];
    Ok(lines.into_iter().flatten().filter(|line| !line.trim().is_empty()).collect())
}

async fn items(scope: &mut Scope, quote_id: Uuid) -> Result<Vec<Item>> {
    let rows = scope
        .select(&quote_items::TABLE)
        .column(quote_items::DESCRIPTION)
        .column(quote_items::SERVICE_NAME)
        .column(quote_items::SERVICE_SKU)
        .column(quote_items::PHASE)
        .column(quote_items::QUANTITY)
        .column(quote_items::UNIT_OF_MEASURE)
        .column(quote_items::UNIT_PRICE)
        .column(quote_items::TOTAL_PRICE)
        .column(quote_items::IS_OPTIONAL)
        .column(quote_items::IS_SELECTED)
        .column(quote_items::IS_RECURRING)
        .column(quote_items::BILLING_FREQUENCY)
        .column(quote_items::IS_DISCOUNT)
        .column(quote_items::DISCOUNT_PERCENTAGE)
        .filter(quote_items::QUOTE_ID.eq(quote_id))
        .order_by(quote_items::DISPLAY_ORDER, Direction::Ascending)
        .order_by(quote_items::QUOTE_ITEM_ID, Direction::Ascending)
        .all()
        .await?;
    rows.iter().map(item).collect()
}

fn item(row: &Row) -> Result<Item> {
    let description: String = row.get(quote_items::DESCRIPTION)?;
    let service = [row.get(quote_items::SERVICE_NAME)?, row.get(quote_items::SERVICE_SKU)?];
    let service = service.into_iter().flatten().filter(|part| !part.is_empty() && *part != description);
    let detail = service.collect::<Vec<_>>().join(" · ");
    let discount = match (row.get(quote_items::IS_DISCOUNT)?, row.get(quote_items::DISCOUNT_PERCENTAGE)?) {
        (false, _) => None,
        (true, Some(percent)) => Some(Discount::Percentage(percent)),
        (true, None) => Some(Discount::Fixed),
    };
    let frequency = row.get(quote_items::BILLING_FREQUENCY)?;
    Ok(Item {
        description,
        detail: (!detail.is_empty()).then_some(detail),
        phase: row.get(quote_items::PHASE)?,
        quantity: row.get(quote_items::QUANTITY)?,
        unit: row.get(quote_items::UNIT_OF_MEASURE)?,
        unit_price: row.get(quote_items::UNIT_PRICE)?,
        total: row.get(quote_items::TOTAL_PRICE)?,
        optional: row.get(quote_items::IS_OPTIONAL)?,
        selected: row.get(quote_items::IS_SELECTED)?,
        recurring: row.get(quote_items::IS_RECURRING)?.then(|| frequency.unwrap_or_else(|| "monthly".to_owned())),
        discount,
    })
}
