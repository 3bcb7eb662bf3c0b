//! A tenant of realistic shape, generated inside the database: a hundred thousand interactions take seconds, not minutes.

use actwright_runtime::Uuid;
use actwright_runtime::database::migrate::Layout;
use actwright_runtime::database::{Database, Engine};
use sqlx::AssertSqlSafe;

use crate::Result;

/// The tenant of all rows.
pub const TENANT: Uuid = id(Kind::Tenant, 1);
/// Every one may do everything that the actions need, by one of two roles.
pub const USERS: u64 = 40;
/// Statuses of interactions.
pub const STATUSES: u64 = 8;
/// Quotes, all approved; enough that a measurement rarely runs out of those not yet sent.
pub const QUOTES: u64 = 2_000;
/// Contacts of each client.
pub const CONTACTS: u64 = 3;

/// The first digits of an id tell what it is of.
#[derive(Debug, Clone, Copy)]
#[expect(missing_docs, reason = "each is named after its table")]
pub enum Kind {
    Tenant = 1,
    User,
    Role,
    Permission,
    Status,
    Client,
    Location,
    Contact,
    Ticket,
    SystemType,
    OwnType,
    Interaction,
    Quote,
    QuoteItem,
}

/// The id of the nth row of a kind.
pub const fn id(kind: Kind, n: u64) -> Uuid {
    Uuid::from_u128(((kind as u128) << 96) | (0x4000_8000 << 48) | n as u128)
}

/// How many rows there are of what depends on the number of interactions.
#[derive(Debug, Clone, Copy)]
pub struct Sizes {
    /// Interactions.
    pub interactions: u64,
    /// Clients: one to two hundred interactions.
    pub clients: u64,
    /// Tickets of each client.
    pub tickets: u64,
}

impl Sizes {
    /// Sizes for so many interactions.
    pub fn of(interactions: u64) -> Self {
        let clients = (interactions / 200).max(10);
        Self { interactions, clients, tickets: (interactions / 5 / clients).max(1) }
    }
}

/// Creates the tables in an empty database, fills them, and gathers the planner's statistics.
///
/// # Errors
///
/// Those of the database.
pub async fn seed(database: &Database, sizes: Sizes) -> Result<()> {
    database.migrate(Layout::StandAlone, actwright_actions::pack().migrations.as_ref()).await?;
    let inserts = inserts(Dialect(database.engine()), sizes);
    match database {
        Database::Sqlite { writer, .. } => {
            let mut tx = writer.begin().await?;
            for insert in inserts {
                sqlx::query(AssertSqlSafe(insert)).execute(&mut *tx).await?;
            }
            tx.commit().await?;
            sqlx::query("ANALYZE").execute(writer).await?;
        }
        Database::Postgres { pool, .. } => {
            let mut tx = pool.begin().await?;
            for insert in inserts {
                sqlx::query(AssertSqlSafe(insert)).execute(&mut *tx).await?;
            }
            tx.commit().await?;
            // Not those that calls will fill: with statistics of an empty table, the plans that are kept for it read all of it.
            let filled: String = sqlx::query_scalar(
                "SELECT string_agg(oid::regclass::text, ', ') FROM pg_class WHERE relkind = 'r' \
                 AND relnamespace = 'public'::regnamespace AND pg_relation_size(oid) > 0",
            )
            .fetch_one(pool)
            .await?;
            sqlx::query(AssertSqlSafe(format!("VACUUM ANALYZE {filled}"))).execute(pool).await?;
        }
    }
    Ok(())
}

/// Puts quotes back that were sent, so that they can be sent again.
///
/// # Errors
///
/// Those of the database.
pub async fn unsend(database: &Database) -> Result<()> {
    const UNSEND: &str = "UPDATE quotes SET status = 'approved' WHERE status = 'sent'";
    match database {
        Database::Sqlite { writer, .. } => sqlx::query(UNSEND).execute(writer).await.map(|_| ())?,
        Database::Postgres { pool, .. } => sqlx::query(UNSEND).execute(pool).await.map(|_| ())?,
    }
    Ok(())
}

/// How each database writes what SQL has no common form for.
#[derive(Clone, Copy)]
struct Dialect(Engine);

impl Dialect {
    fn choose(self, postgres: String, sqlite: String) -> String {
        match self.0 {
            Engine::Postgres => postgres,
            Engine::Sqlite => sqlite,
        }
    }

    /// The id of the row that an expression counts to, as [`id`].
    fn id(self, kind: Kind, number: &str) -> String {
        let start = format!("{:08x}-0000-4000-8000-", kind as u32);
        self.choose(
            format!("('{start}' || lpad(to_hex({number}), 12, '0'))::uuid"),
            format!("'{start}' || printf('%012x', {number})"),
        )
    }

    fn tenant(self) -> String {
        self.id(Kind::Tenant, "1")
    }

    /// So many days before now, and a part of a day.
    fn days_ago(self, days: &str, seconds: &str) -> String {
        let offset = format!("({days}) * 86400 + ({seconds})");
        self.choose(
            format!("now() - ({offset}) * interval '1 second'"),
            format!("(CAST(strftime('%s', 'now') AS INTEGER) - ({offset})) * 1000000"),
        )
    }

    fn json(self, json: &str) -> String {
        self.choose(format!("'{json}'::jsonb"), format!("'{json}'"))
    }

    fn tags(self, one: &str, other: &str) -> String {
        self.choose(format!("ARRAY['{one}', '{other}']"), format!("'[\"{one}\",\"{other}\"]'"))
    }

    /// An insert of `count` rows, whose columns are expressions of the row's number `n`.
    fn insert(self, table: &str, count: u64, columns: &[(&str, String)]) -> String {
        let names = columns.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
        let values = columns.iter().map(|(_, value)| value.as_str()).collect::<Vec<_>>().join(", ");
        let series = self.choose(
            format!("generate_series(1, {count}) AS s(n)"),
            format!(
                "(WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {count}) SELECT n FROM s)"
            ),
        );
        format!("INSERT INTO {table} ({names}) SELECT {values} FROM {series}")
    }
}

/// One of these texts, by a number.
fn pick(number: &str, texts: &[&str]) -> String {
    let cases = texts.iter().enumerate().map(|(index, text)| format!("WHEN {index} THEN '{text}'"));
    format!("CASE ({number}) % {} {} END", texts.len(), cases.collect::<Vec<_>>().join(" "))
}

fn text(text: &str) -> String {
    format!("'{text}'")
}

fn inserts(sql: Dialect, sizes: Sizes) -> Vec<String> {
    let mut all = people(sql);
    all.extend(lists(sql));
    all.extend(records(sql, sizes));
    all.extend(quotes(sql, sizes));
    all
}

/// The tenant, its users and what they may do.
fn people(sql: Dialect) -> Vec<String> {
    let resources =
        ["billing", "client", "contact", "document", "interaction", "project", "settings", "tag", "ticket", "user"];
    let names = [
        ("tenant", sql.tenant()),
        ("client_name", text("Harbourlight Managed Services")),
        ("email", text("hello@harbourlight.example")),
        ("phone_number", text("+1 555 0100")),
    ];
    let settings = sql.json(r#"{"billing":{"quotes":{"approvalRequired":false}}}"#);
    let users = [
        ("tenant", sql.tenant()),
        ("user_id", sql.id(Kind::User, "n")),
        ("username", "'user' || n".to_owned()),
        ("hashed_password", text("!")),
        ("first_name", pick("n", &["Nadia", "Marcus", "Priya", "Elena", "Sam"])),
        ("last_name", pick("n / 5", &["Brandt", "Oyelaran", "Raman", "Duarte", "Whitlock", "Kim", "Okafor"])),
        ("email", "'user' || n || '@harbourlight.example'".to_owned()),
    ];
    let roles = [
        ("tenant", sql.tenant()),
        ("role_id", sql.id(Kind::Role, "n")),
        ("role_name", pick("n - 1", &["Admin", "Account Manager", "Technician", "Finance", "Read-only"])),
    ];
    let permissions = [
        ("tenant", sql.tenant()),
        ("permission_id", sql.id(Kind::Permission, "n")),
        ("resource", pick("(n - 1) / 4", &resources)),
        ("action", pick("n", &["create", "read", "update", "delete"])),
    ];
    let role_permissions = [
        ("tenant", sql.tenant()),
        ("role_id", sql.id(Kind::Role, "1 + n % 2")),
        ("permission_id", sql.id(Kind::Permission, "(n + 1) / 2")),
    ];
    let user_roles = [
        ("tenant", sql.tenant()),
        ("user_id", sql.id(Kind::User, "(n + 1) / 2")),
        ("role_id", sql.id(Kind::Role, "CASE n % 2 WHEN 0 THEN 1 + n / 2 % 2 ELSE 3 + n / 2 % 3 END")),
    ];
    vec![
        sql.insert("tenants", 1, &names),
        sql.insert("tenant_settings", 1, &[("tenant", sql.tenant()), ("settings", settings)]),
        sql.insert("users", USERS, &users),
        sql.insert("roles", 5, &roles),
        sql.insert("permissions", 4 * resources.len() as u64, &permissions),
        sql.insert("role_permissions", 8 * resources.len() as u64, &role_permissions),
        sql.insert("user_roles", 2 * USERS, &user_roles),
    ]
}

/// Statuses and types.
fn lists(sql: Dialect) -> Vec<String> {
    let names = ["Planned", "Confirmed", "In progress", "Waiting", "Done", "Cancelled", "Missed", "Moved"];
    let statuses = [
        ("tenant", sql.tenant()),
        ("status_id", sql.id(Kind::Status, "n")),
        ("name", pick("n - 1", &names)),
        ("status_type", text("interaction")),
        ("order_number", "n".to_owned()),
        ("is_default", "n = 1".to_owned()),
    ];
    let system_types = [
        ("type_id", sql.id(Kind::SystemType, "n")),
        ("type_name", pick("n - 1", &["Call", "Email", "Meeting", "Note", "Task"])),
        ("display_order", "n".to_owned()),
    ];
    let own_types = [
        ("tenant", sql.tenant()),
        ("type_id", sql.id(Kind::OwnType, "n")),
        ("type_name", pick("n - 1", &["On-site visit", "Business review", "Remote session"])),
        ("display_order", "n".to_owned()),
    ];
    vec![
        sql.insert("statuses", STATUSES, &statuses),
        sql.insert("system_interaction_types", 5, &system_types),
        sql.insert("interaction_types", 3, &own_types),
    ]
}

/// Clients with their addresses, contacts, tickets and interactions.
fn records(sql: Dialect, sizes: Sizes) -> Vec<String> {
    let Sizes { interactions, clients, tickets } = sizes;
    // Rows of one client are `clients` apart.
    let client = format!("1 + (n - 1) % {clients}");
    let contact = format!("1 + (n - 1) % {clients} + {clients} * ((n - 1) / {clients} % {CONTACTS})");
    let of_clients = [
        ("tenant", sql.tenant()),
        ("client_id", sql.id(Kind::Client, "n")),
        ("client_name", "'Client ' || n || ' Trading Company'".to_owned()),
        ("billing_email", "'billing@client' || n || '.example'".to_owned()),
    ];
    let locations = [
        ("tenant", sql.tenant()),
        ("location_id", sql.id(Kind::Location, "n")),
        ("client_id", sql.id(Kind::Client, "n")),
        ("address_line1", "n || ' Harbour Road'".to_owned()),
        ("city", pick("n", &["Portland", "Rotterdam", "Osaka", "Valparaíso"])),
        ("postal_code", "10000 + n".to_owned()),
        ("country_code", text("US")),
        ("country_name", text("United States")),
        ("is_default", "TRUE".to_owned()),
    ];
    let contacts = [
        ("tenant", sql.tenant()),
        ("contact_name_id", sql.id(Kind::Contact, "n")),
        ("client_id", sql.id(Kind::Client, &client)),
        ("full_name", format!("{} || ' ' || n", pick("n", &["Renée", "Tom", "Aiko", "Luis", "Hanna"]))),
        ("email", "'contact' || n || '@client.example'".to_owned()),
    ];
    let of_tickets = [
        ("tenant", sql.tenant()),
        ("ticket_id", sql.id(Kind::Ticket, "n")),
        ("ticket_number", "'T' || n".to_owned()),
        ("title", pick("n", &["Printer offline", "VPN drops", "New laptop", "Mailbox full", "Backup failed"])),
        ("client_id", sql.id(Kind::Client, &client)),
        ("contact_name_id", sql.id(Kind::Contact, &contact)),
        ("entered_at", sql.days_ago("n % 900", "n % 86400")),
    ];
    let notes = "Spoke to the client about the open points, agreed on the next step and wrote it down for the colleagues \
                 who take over next week, so that nobody has to ask again. Reference";
    let of_interactions = [
        ("tenant", sql.tenant()),
        ("interaction_id", sql.id(Kind::Interaction, "n")),
        (
            "type_id",
            format!(
                "CASE WHEN n % 3 = 0 THEN {} ELSE {} END",
                sql.id(Kind::OwnType, "1 + n / 3 % 3"),
                sql.id(Kind::SystemType, "1 + n % 5")
            ),
        ),
        ("client_id", sql.id(Kind::Client, &client)),
        ("contact_name_id", sql.id(Kind::Contact, &contact)),
        (
            "ticket_id",
            format!(
                "CASE WHEN n % 5 < 3 THEN {} END",
                sql.id(Kind::Ticket, &format!("1 + (n - 1) % {}", clients * tickets))
            ),
        ),
        ("user_id", sql.id(Kind::User, &format!("1 + n % {USERS}"))),
        ("status_id", sql.id(Kind::Status, &format!("1 + n % {STATUSES}"))),
        ("title", "'Follow-up number ' || n".to_owned()),
        ("notes", format!("'{notes} ' || n")),
        ("interaction_date", sql.days_ago("n * 37 % 1100", "n * 7919 % 86400")),
        ("start_time", sql.days_ago("n * 37 % 1100", "n * 7919 % 86400")),
        ("end_time", sql.days_ago("n * 37 % 1100", "n * 7919 % 86400 - 1800")),
        ("duration", "30".to_owned()),
        ("visibility", pick("n", &["internal", "internal", "client_visible"])),
        ("tags", format!("CASE WHEN n % 4 = 0 THEN {} END", sql.tags("follow-up", "account management"))),
    ];
    vec![
        sql.insert("clients", clients, &of_clients),
        sql.insert("client_locations", clients, &locations),
        sql.insert("contacts", clients * CONTACTS, &contacts),
        sql.insert("tickets", clients * tickets, &of_tickets),
        sql.insert("interactions", interactions, &of_interactions),
    ]
}

/// Approved quotes with the items that [`crate::bare::quote`] knows, too.
fn quotes(sql: Dialect, sizes: Sizes) -> Vec<String> {
    let clients = sizes.clients;
    let of_quotes = [
        ("tenant", sql.tenant()),
        ("quote_id", sql.id(Kind::Quote, "n")),
        ("quote_number", "'QUO-' || (10000 + n)".to_owned()),
        ("client_id", sql.id(Kind::Client, &format!("1 + (n - 1) % {clients}"))),
        ("contact_id", sql.id(Kind::Contact, &format!("1 + (n - 1) % {clients}"))),
        ("title", text("Managed workplace and new firewall")),
        ("description", text("Support, backup and security, and a new firewall with installation.")),
        ("quote_date", sql.days_ago("2", "0")),
        ("valid_until", sql.days_ago("-28", "0")),
        ("status", text("approved")),
        ("subtotal", "600000".to_owned()),
        ("tax", "48000".to_owned()),
        ("total_amount", "648000".to_owned()),
        ("terms_and_conditions", text("Recurring services run for twelve months. Invoices are due within 30 days.")),
    ];
    let item = "(n - 1) % 6";
    let of_items = [
        ("tenant", sql.tenant()),
        ("quote_item_id", sql.id(Kind::QuoteItem, "n")),
        ("quote_id", sql.id(Kind::Quote, "1 + (n - 1) / 6")),
        ("description", format!("'Managed service, part ' || (1 + {item})")),
        ("service_sku", format!("'MS-' || (1 + {item})")),
        ("quantity", "10".to_owned()),
        ("unit_price", "10000".to_owned()),
        ("total_price", "100000".to_owned()),
        ("net_amount", "100000".to_owned()),
        ("unit_of_measure", text("workstation")),
        ("display_order", item.to_owned()),
        ("is_optional", format!("{item} = 5")),
        ("is_recurring", format!("{item} < 3")),
        ("billing_frequency", text("monthly")),
    ];
    vec![sql.insert("quotes", QUOTES, &of_quotes), sql.insert("quote_items", 6 * QUOTES, &of_items)]
}
