//! `crm.find_quotes`: quotes of the tenant, a page at a time.

use actwright_generated::crm::find_quotes::{Body, Context, Input, OnEmpty, Output, SortBy, SortOrder};
use actwright_generated::tables::quotes;
use actwright_generated::types::Pagination;
use actwright_runtime::query::{Direction, Select};
use actwright_runtime::{Error, Result};

use super::quote::detail;
use crate::Bodies;

/// The largest page of all quotes of a tenant.
const UNFILTERED: i64 = 25;

impl Body for Bodies {
    async fn run(context: &mut Context<'_>, input: Input) -> Result<Output> {
        if !is_filtered(&input) && input.page_size > UNFILTERED {
            let message = format!("Without a filter, a page holds at most {UNFILTERED} quotes.");
            return Err(Error::invalid_field("/pageSize", message));
        }
        let select = detail::select(context)
            .filter(quotes::IS_TEMPLATE.eq(input.is_template))
            .filter_some(input.quote_id.map(|id| quotes::QUOTE_ID.eq(id)))
            .filter_some(input.quote_number.map(|number| quotes::QUOTE_NUMBER.eq(Some(number))))
            .filter_some(input.client_id.map(|id| quotes::CLIENT_ID.eq(Some(id))))
            .filter_some(input.status.map(|status| quotes::STATUS.eq(Some(status.as_str().to_owned()))))
            .filter_some(input.date_from.map(|from| quotes::QUOTE_DATE.gte(Some(from))))
            .filter_some(input.date_to.map(|to| quotes::QUOTE_DATE.lte(Some(to))));
        let rows = sorted(select, input.sort_by, input.sort_order)
            .limit(input.page_size.unsigned_abs())
            .offset((input.page - 1).unsigned_abs() * input.page_size.unsigned_abs())
            .all()
            .await?;
        if rows.is_empty() && input.on_empty == OnEmpty::Error {
            return Err(Error::nothing_found("No quote matches the filters."));
        }
        let quotes = rows.iter().map(detail::detail).collect::<Result<Vec<_>>>()?;
        Ok(Output {
            count: i64::try_from(quotes.len()).unwrap_or(i64::MAX),
            first_quote: quotes.first().cloned(),
            quotes,
            pagination: Pagination { page: input.page, page_size: input.page_size },
        })
    }
}

fn is_filtered(input: &Input) -> bool {
    let ids = input.quote_id.is_some() || input.client_id.is_some();
    let dates = input.date_from.is_some() || input.date_to.is_some();
    ids || dates || input.quote_number.is_some() || input.status.is_some()
}

/// In an order that is total, so that no quote is on two pages.
fn sorted(select: Select<'_>, by: SortBy, order: SortOrder) -> Select<'_> {
    let direction = match order {
        SortOrder::Asc => Direction::Ascending,
        SortOrder::Desc => Direction::Descending,
    };
    let select = match by {
        SortBy::QuoteDate => select.order_by(quotes::QUOTE_DATE, direction),
        SortBy::TotalAmount => select.order_by(quotes::TOTAL_AMOUNT, direction),
        SortBy::Status => select.order_by(quotes::STATUS, direction),
        SortBy::CreatedAt => select.order_by(quotes::CREATED_AT, direction),
    };
    select.order_by(quotes::QUOTE_ID, direction)
}
