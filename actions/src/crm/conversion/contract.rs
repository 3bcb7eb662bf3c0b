//! The draft contract that a quote becomes.

use actwright_generated::tables::{
    client_contracts, contract_line_service_configuration, contract_line_service_fixed_config,
    contract_line_service_hourly_configs, contract_line_service_usage_config, contract_line_services, contract_lines,
    contracts,
};
use actwright_runtime::{Decimal, Error, Result, Scope, Uuid};
use serde_json::json;

use super::{Plan, PlannedLine, Source};

/// How often a contract is billed where no item says.
const FREQUENCY: &str = "monthly";
/// What `contract_name` and `unit_of_measure` hold, in characters.
const SHORT_TEXT: usize = 255;
/// What a rate (`numeric(10,2)`) holds.
const MAX_RATE: i64 = 99_999_999;
/// Time by the hour is billed in steps of so many minutes, and no less than one.
const BILLED_MINUTES: i64 = 15;

/// How a line is billed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Fixed,
    Hourly,
    Usage,
}

impl Kind {
    fn of(billing_method: Option<&str>) -> Self {
        match billing_method {
            Some("hourly") => Self::Hourly,
            Some("usage") => Self::Usage,
            _ => Self::Fixed,
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Fixed => "Fixed",
            Self::Hourly => "Hourly",
            Self::Usage => "Usage",
        }
    }

    /// What is only known afterwards is billed afterwards.
    fn billing_timing(self) -> &'static str {
        match self {
            Self::Fixed => "advance",
            Self::Hourly | Self::Usage => "arrears",
        }
    }
}

/// Creates the contract, its lines and the client's contract, and gives its id.
///
/// # Errors
///
/// `VALIDATION_ERROR` when a rate or a quantity is more than a contract holds.
pub async fn create(scope: &mut Scope, source: &Source, plan: &Plan) -> Result<Uuid> {
    let (contract_id, now) = (scope.new_id(), scope.now());
    let frequency = plan.lines.iter().find_map(|line| line.item.billing_frequency.clone());
    let frequency = frequency.unwrap_or_else(|| FREQUENCY.to_owned());
    let mut metadata = json!({ "source_quote_id": source.quote_id, "source_quote_number": source.number });
    if !plan.bills_once() && plan.taken_off_once() != 0 {
        // There will be no invoice to take it off.
        metadata["one_time_discount"] = plan.taken_off_once().into();
    }
    scope
        .insert(&contracts::TABLE)
        .set(contracts::CONTRACT_ID, contract_id)
        .set(contracts::CONTRACT_NAME, short(&source.title))
        .set(contracts::CONTRACT_DESCRIPTION, source.description.clone())
        .set(contracts::BILLING_FREQUENCY, frequency.clone())
        .set(contracts::STATUS, "draft".to_owned())
        .set(contracts::IS_TEMPLATE, false)
        .set(contracts::TEMPLATE_METADATA, Some(metadata))
        .set(contracts::CURRENCY_CODE, source.currency_code.clone())
        .set(contracts::OWNER_CLIENT_ID, Some(source.client_id))
        .set(contracts::CREATED_AT, Some(now))
        .set(contracts::UPDATED_AT, Some(now))
        .run()
        .await?;
    for line in &plan.lines {
        create_line(scope, contract_id, &frequency, line).await?;
    }
    let client_contract_id = scope.new_id();
    scope
        .insert(&client_contracts::TABLE)
        .set(client_contracts::CLIENT_CONTRACT_ID, client_contract_id)
        .set(client_contracts::CLIENT_ID, source.client_id)
        .set(client_contracts::CONTRACT_ID, contract_id)
        .set(client_contracts::START_DATE, source.accepted_at.utc().date_naive())
        .set(client_contracts::PO_NUMBER, source.po_number.clone())
        .set(client_contracts::CREATED_AT, Some(now))
        .set(client_contracts::UPDATED_AT, Some(now))
        .run()
        .await?;
    Ok(contract_id)
}

async fn create_line(scope: &mut Scope, contract_id: Uuid, frequency: &str, line: &PlannedLine) -> Result<()> {
    let (contract_line_id, now) = (scope.new_id(), scope.now());
    let (item, kind) = (&line.item, Kind::of(line.item.billing_method.as_deref()));
    let rates = Rates::of(line, kind)?;
    scope
        .insert(&contract_lines::TABLE)
        .set(contract_lines::CONTRACT_LINE_ID, contract_line_id)
        .set(contract_lines::CONTRACT_ID, Some(contract_id))
        .set(contract_lines::CONTRACT_LINE_NAME, item.service_name.clone().unwrap_or_else(|| item.description.clone()))
        .set(contract_lines::DESCRIPTION, Some(item.description.clone()))
        .set(contract_lines::BILLING_FREQUENCY, item.billing_frequency.clone().unwrap_or_else(|| frequency.to_owned()))
        .set(contract_lines::CONTRACT_LINE_TYPE, Some(kind.as_str().to_owned()))
        .set(contract_lines::IS_TEMPLATE, false)
        .set(contract_lines::BILLING_TIMING, kind.billing_timing().to_owned())
        .set(contract_lines::DISPLAY_ORDER, item.display_order)
        .set(contract_lines::CUSTOM_RATE, Some(rates.billed))
        .set(contract_lines::LOCATION_ID, item.location_id)
        .set(contract_lines::CREATED_AT, Some(now))
        .set(contract_lines::UPDATED_AT, Some(now))
        .run()
        .await?;
    match item.service_id {
        Some(service_id) => configure(scope, contract_line_id, service_id, kind, rates, line).await,
        None => Ok(()),
    }
}

/// What a line costs, in the minor unit of the currency.
#[derive(Debug, Clone, Copy)]
struct Rates {
    /// Of one: an hour, a unit, a piece.
    each: Decimal,
    /// What the line is billed by: the whole of a fixed line, one of others.
    billed: Decimal,
    quantity: i64,
}

impl Rates {
    fn of(line: &PlannedLine, kind: Kind) -> Result<Self> {
        let quantity = line.item.quantity;
        let price = Decimal::from(line.price);
        let each = price.checked_div(quantity.into()).unwrap_or(price).round_dp(2);
        let billed = if kind == Kind::Fixed { price } else { each };
        if billed > MAX_RATE.into() || each > MAX_RATE.into() || i32::try_from(quantity).is_err() {
            let message =
                format!("The price or quantity of \"{}\" is more than a contract holds.", line.item.description);
            return Err(Error::invalid_field("/quote_id", message));
        }
        Ok(Self { each, billed, quantity })
    }
}

/// The service of a line, and how it is billed.
async fn configure(
    scope: &mut Scope,
    contract_line_id: Uuid,
    service_id: Uuid,
    kind: Kind,
    rates: Rates,
    line: &PlannedLine,
) -> Result<()> {
    let (config_id, now) = (scope.new_id(), scope.now());
    scope
        .insert(&contract_line_services::TABLE)
        .set(contract_line_services::CONTRACT_LINE_ID, contract_line_id)
        .set(contract_line_services::SERVICE_ID, service_id)
        .set(contract_line_services::QUANTITY, Some(rates.quantity))
        .set(contract_line_services::CUSTOM_RATE, i64::try_from(rates.each.round()).ok())
        .run()
        .await?;
    scope
        .insert(&contract_line_service_configuration::TABLE)
        .set(contract_line_service_configuration::CONFIG_ID, config_id)
        .set(contract_line_service_configuration::CONTRACT_LINE_ID, contract_line_id)
        .set(contract_line_service_configuration::SERVICE_ID, service_id)
        .set(contract_line_service_configuration::CONFIGURATION_TYPE, kind.as_str().to_owned())
        .set(contract_line_service_configuration::CUSTOM_RATE, Some(rates.each))
        .set(contract_line_service_configuration::QUANTITY, Some(rates.quantity))
        .set(contract_line_service_configuration::CREATED_AT, now)
        .set(contract_line_service_configuration::UPDATED_AT, now)
        .run()
        .await?;
    match kind {
        Kind::Fixed => {
            scope
                .insert(&contract_line_service_fixed_config::TABLE)
                .set(contract_line_service_fixed_config::CONFIG_ID, config_id)
                .set(contract_line_service_fixed_config::BASE_RATE, Some(rates.billed))
                .set(contract_line_service_fixed_config::CREATED_AT, now)
                .set(contract_line_service_fixed_config::UPDATED_AT, now)
                .run()
                .await
        }
        Kind::Hourly => {
            scope
                .insert(&contract_line_service_hourly_configs::TABLE)
                .set(contract_line_service_hourly_configs::CONFIG_ID, config_id)
                .set(contract_line_service_hourly_configs::HOURLY_RATE, rates.billed)
                .set(contract_line_service_hourly_configs::MINIMUM_BILLABLE_TIME, BILLED_MINUTES)
                .set(contract_line_service_hourly_configs::ROUND_UP_TO_NEAREST, BILLED_MINUTES)
                .set(contract_line_service_hourly_configs::CREATED_AT, now)
                .set(contract_line_service_hourly_configs::UPDATED_AT, now)
                .run()
                .await
        }
        Kind::Usage => {
            let unit = line.item.unit_of_measure.as_deref().unwrap_or("Unit");
            scope
                .insert(&contract_line_service_usage_config::TABLE)
                .set(contract_line_service_usage_config::CONFIG_ID, config_id)
                .set(contract_line_service_usage_config::UNIT_OF_MEASURE, short(unit))
                .set(contract_line_service_usage_config::BASE_RATE, Some(rates.billed))
                .set(contract_line_service_usage_config::CREATED_AT, now)
                .set(contract_line_service_usage_config::UPDATED_AT, now)
                .run()
                .await
        }
    }
}

fn short(text: &str) -> String {
    text.chars().take(SHORT_TEXT).collect()
}
