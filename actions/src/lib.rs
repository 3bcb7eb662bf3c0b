//! The CRM actions of a PSA system: one body a file, and what several of them share.

mod crm;

use actwright_runtime::Pack;
use actwright_runtime::database::migrate::Migrations;
use actwright_runtime::template::MailTemplate;

/// Implements the bodies of all actions.
#[derive(Debug, Clone, Copy)]
pub struct Bodies;

/// The tables of the pack in a stand-alone database.
const MIGRATIONS: Migrations = Migrations {
    name: "crm",
    sqlite: &[
        ("crm", include_str!("../migrations/sqlite/0001_crm.sql")),
        ("numbers and tags", include_str!("../migrations/sqlite/0002_numbers_and_tags.sql")),
        ("tax, contracts, invoices", include_str!("../migrations/sqlite/0003_tax_contracts_invoices.sql")),
    ],
    postgres: &[
        ("crm", include_str!("../migrations/postgres/0001_crm.sql")),
        ("numbers and tags", include_str!("../migrations/postgres/0002_numbers_and_tags.sql")),
        ("tax, contracts, invoices", include_str!("../migrations/postgres/0003_tax_contracts_invoices.sql")),
    ],
};

/// The mails that the pack writes, whose templates may be replaced.
pub const MAIL_TEMPLATES: &[MailTemplate] = &[crm::quote::mail::TEMPLATE];

/// Rows of a small managed service provider, for demonstrations: YAML, a list of rows per table.
pub const DEMO_ROWS: &str = include_str!("../seed/demo.yaml");

/// The pack.
pub fn pack() -> Pack {
    let jobs = [crm::quote::delivery::jobs(), crm::quote::expiry::jobs()].concat();
    Pack { migrations: Some(MIGRATIONS), jobs, ..actwright_generated::pack::<Bodies>() }
}
