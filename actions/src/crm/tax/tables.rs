//! The tenant's tax tables.

use std::collections::{BTreeMap, BTreeSet};

use actwright_generated::tables::{
    client_locations, client_tax_rates, client_tax_settings, clients, composite_tax_mappings, tax_components,
    tax_holidays, tax_rate_thresholds, tax_rates,
};
use actwright_runtime::query::{Direction, Filter, Row};
use actwright_runtime::{Date, Decimal, Result, Scope, Uuid};

use super::{Bracket, Component, Levy, Taxation, Taxed};

/// How a client is taxed on a day: as much of it as these items need.
///
/// # Errors
///
/// Those of the database.
pub async fn taxation(scope: &mut Scope, client_id: Option<Uuid>, day: Date, items: &[Taxed<'_>]) -> Result<Taxation> {
    let mut taxation = Taxation::default();
    if !items.iter().any(|item| item.taxable) {
        return Ok(taxation);
    }
    if let Some(client_id) = client_id {
        let client = scope
            .select(&clients::TABLE)
            .column(clients::IS_TAX_EXEMPT)
            .column(clients::REGION_CODE)
            .filter(clients::CLIENT_ID.eq(client_id))
            .one()
            .await?;
        if let Some(row) = client {
            taxation.exempt = row.get(clients::IS_TAX_EXEMPT)? || is_reverse_charged(scope, client_id).await?;
            taxation.client_region = row.get(clients::REGION_CODE)?;
        }
    }
    if taxation.exempt {
        return Ok(taxation);
    }
    taxation.location_regions = location_regions(scope, items).await?;
    let regions: BTreeSet<String> = items.iter().filter_map(|item| taxation.region(*item)).map(str::to_owned).collect();
    taxation.regions = rates_of_regions(scope, day, regions).await?;
    if let Some(client_id) = client_id
        && items.iter().any(|item| taxation.is_by_default(*item))
    {
        taxation.default = default_levy(scope, client_id, day).await?;
    }
    Ok(taxation)
}

/// The client itself owes the tax. The setting is one a billing profile, and a quote has none, so any of them counts.
async fn is_reverse_charged(scope: &mut Scope, client_id: Uuid) -> Result<bool> {
    scope
        .select(&client_tax_settings::TABLE)
        .filter(client_tax_settings::CLIENT_ID.eq(client_id))
        .filter(client_tax_settings::IS_REVERSE_CHARGE_APPLICABLE.eq(Some(true)))
        .exists()
        .await
}

async fn location_regions(scope: &mut Scope, items: &[Taxed<'_>]) -> Result<BTreeMap<Uuid, String>> {
    let ids: BTreeSet<Uuid> = items.iter().filter_map(|item| item.location_id).collect();
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows = scope
        .select(&client_locations::TABLE)
        .column(client_locations::LOCATION_ID)
        .column(client_locations::REGION_CODE)
        .filter(client_locations::LOCATION_ID.is_in(ids))
        .filter(client_locations::REGION_CODE.is_not_null())
        .all()
        .await?;
    let region = |row: &Row| {
        let region = row.get(client_locations::REGION_CODE)?.unwrap_or_default();
        Ok((row.get(client_locations::LOCATION_ID)?, region))
    };
    rows.iter().map(region).collect()
}

/// The sum of the rates of each region that has any.
async fn rates_of_regions(
    scope: &mut Scope,
    day: Date,
    regions: BTreeSet<String>,
) -> Result<BTreeMap<String, Decimal>> {
    let mut sums = BTreeMap::new();
    if regions.is_empty() {
        return Ok(sums);
    }
    let rows = scope
        .select(&tax_rates::TABLE)
        .column(tax_rates::REGION_CODE)
        .column(tax_rates::TAX_PERCENTAGE)
        .filter(tax_rates::REGION_CODE.is_in(regions))
        .filter(in_force(day))
        .all()
        .await?;
    for row in rows {
        let sum: &mut Decimal = sums.entry(row.get(tax_rates::REGION_CODE)?).or_default();
        *sum = sum.saturating_add(row.get(tax_rates::TAX_PERCENTAGE)?);
    }
    Ok(sums)
}

/// Active, and begun and not ended on the day; the last day is one of them.
fn in_force(day: Date) -> Filter {
    let not_ended = tax_rates::END_DATE.is_null().or(tax_rates::END_DATE.gte(Some(day)));
    tax_rates::IS_ACTIVE.eq(Some(true)).and(tax_rates::START_DATE.lte(day)).and(not_ended)
}

/// The client's default rate, where it has one that is in force.
async fn default_levy(scope: &mut Scope, client_id: Uuid, day: Date) -> Result<Option<Levy>> {
    let default = scope
        .select(&client_tax_rates::TABLE)
        .left_join(tax_rates::TAX_RATE_ID, client_tax_rates::TAX_RATE_ID)
        .column(client_tax_rates::TAX_RATE_ID)
        .column(tax_rates::TAX_PERCENTAGE)
        .column(tax_rates::IS_COMPOSITE)
        .filter(client_tax_rates::CLIENT_ID.eq(client_id))
        .filter(client_tax_rates::IS_DEFAULT.eq(true))
        .filter(in_force(day))
        // One is meant to be the default; where several are, the first that was.
        .order_by(client_tax_rates::CREATED_AT, Direction::Ascending)
        .order_by(client_tax_rates::CLIENT_TAX_RATES_ID, Direction::Ascending)
        .one()
        .await?;
    let Some(row) = default else { return Ok(None) };
    let rate_id = row.get(client_tax_rates::TAX_RATE_ID)?;
    if is_holiday(scope, rate_id, day).await? {
        return Ok(Some(Levy::Holiday));
    }
    if row.get(tax_rates::IS_COMPOSITE)? == Some(true) {
        return Ok(Some(Levy::Composite(components(scope, rate_id, day).await?)));
    }
    let brackets = brackets(scope, rate_id).await?;
    if brackets.is_empty() {
        return Ok(Some(Levy::Percentage(row.get(tax_rates::TAX_PERCENTAGE)?)));
    }
    Ok(Some(Levy::Brackets(brackets)))
}

async fn is_holiday(scope: &mut Scope, rate_id: Uuid, day: Date) -> Result<bool> {
    scope
        .select(&tax_holidays::TABLE)
        .filter(tax_holidays::TAX_RATE_ID.eq(rate_id))
        .filter(tax_holidays::START_DATE.lte(day))
        .filter(tax_holidays::END_DATE.gte(day))
        .exists()
        .await
}

async fn components(scope: &mut Scope, rate_id: Uuid, day: Date) -> Result<Vec<Component>> {
    let begun = tax_components::START_DATE.is_null().or(tax_components::START_DATE.lte(Some(day)));
    let not_ended = tax_components::END_DATE.is_null().or(tax_components::END_DATE.gte(Some(day)));
    let rows = scope
        .select(&composite_tax_mappings::TABLE)
        .left_join(tax_components::TAX_COMPONENT_ID, composite_tax_mappings::TAX_COMPONENT_ID)
        .column(tax_components::RATE)
        .column(tax_components::IS_COMPOUND)
        .filter(composite_tax_mappings::COMPOSITE_TAX_ID.eq(rate_id))
        .filter(tax_components::RATE.is_not_null())
        .filter(begun.and(not_ended))
        .order_by(composite_tax_mappings::SEQUENCE, Direction::Ascending)
        .order_by(tax_components::SEQUENCE, Direction::Ascending)
        .order_by(composite_tax_mappings::TAX_COMPONENT_ID, Direction::Ascending)
        .all()
        .await?;
    let component = |row: &Row| {
        let compound = row.get(tax_components::IS_COMPOUND)? == Some(true);
        Ok(Component { percent: row.get(tax_components::RATE)?.into(), compound })
    };
    rows.iter().map(component).collect()
}

async fn brackets(scope: &mut Scope, rate_id: Uuid) -> Result<Vec<Bracket>> {
    let rows = scope
        .select(&tax_rate_thresholds::TABLE)
        .column(tax_rate_thresholds::MIN_AMOUNT)
        .column(tax_rate_thresholds::MAX_AMOUNT)
        .column(tax_rate_thresholds::RATE)
        .filter(tax_rate_thresholds::TAX_RATE_ID.eq(Some(rate_id)))
        .all()
        .await?;
    let bracket = |row: &Row| {
        Ok(Bracket {
            above: row.get(tax_rate_thresholds::MIN_AMOUNT)?.unwrap_or_default(),
            up_to: row.get(tax_rate_thresholds::MAX_AMOUNT)?,
            percent: row.get(tax_rate_thresholds::RATE)?.into(),
        })
    };
    rows.iter().map(bracket).collect()
}
