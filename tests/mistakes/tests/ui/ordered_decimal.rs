//! SQLite keeps decimals as text, so it cannot put them into order.

use actwright_generated::tables::tax_rates;
use actwright_runtime::query::Direction;
use actwright_runtime::{Decimal, Scope};

async fn high_rates(scope: &mut Scope) {
    let select = scope.select(&tax_rates::TABLE).filter(tax_rates::TAX_PERCENTAGE.gt(Decimal::TEN));
    let _ = select.order_by(tax_rates::TAX_PERCENTAGE, Direction::Descending);
}

fn main() {
    let _ = high_rates;
}
