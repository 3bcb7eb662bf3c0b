//! The statements of the actions, written by hand. Both databases take `$1` for a parameter.

use super::tx::{Read, Sql};

/// A statement that both databases understand.
macro_rules! common {
    ($($part:expr),+ $(,)?) => {
        Sql { postgres: concat!($($part),+), sqlite: concat!($($part),+) }
    };
}

/// A statement that locks the row that it reads, where there are others who might write it.
macro_rules! locking {
    ($table:literal, $($part:expr),+ $(,)?) => {
        Sql { postgres: concat!($($part),+, " FOR UPDATE OF ", $table), sqlite: concat!($($part),+) }
    };
}

/// A statement that only locks a row, before it is read with what is joined to it. SQLite needs none.
macro_rules! lock {
    ($table:literal, $key:literal) => {
        Sql {
            postgres: concat!(
                "SELECT 1 FROM ",
                $table,
                " WHERE ",
                $table,
                ".tenant = $1 AND ",
                $table,
                ".",
                $key,
                " = $2 FOR UPDATE OF ",
                $table
            ),
            sqlite: "",
        }
    };
}

macro_rules! summaries {
    () => {
        "SELECT interactions.interaction_id, interactions.type_id, interactions.status_id, interactions.client_id, \
         interactions.contact_name_id, interactions.ticket_id, interactions.title, interactions.notes, \
         interactions.interaction_date, interactions.start_time, interactions.end_time, interactions.duration, \
         interactions.user_id, interactions.visibility, interactions.category, interactions.tags, \
         interaction_types.type_name, system_interaction_types.type_name, statuses.name, clients.client_name, \
         contacts.full_name, tickets.ticket_number, users.first_name, users.last_name, users.email FROM interactions \
         LEFT JOIN interaction_types ON interaction_types.type_id = interactions.type_id \
         AND interaction_types.tenant = interactions.tenant \
         LEFT JOIN system_interaction_types ON system_interaction_types.type_id = interactions.type_id \
         LEFT JOIN statuses ON statuses.status_id = interactions.status_id AND statuses.tenant = interactions.tenant \
         LEFT JOIN clients ON clients.client_id = interactions.client_id AND clients.tenant = interactions.tenant \
         LEFT JOIN contacts ON contacts.contact_name_id = interactions.contact_name_id \
         AND contacts.tenant = interactions.tenant \
         LEFT JOIN tickets ON tickets.ticket_id = interactions.ticket_id AND tickets.tenant = interactions.tenant \
         LEFT JOIN users ON users.user_id = interactions.user_id AND users.tenant = interactions.tenant \
         WHERE interactions.tenant = $1"
    };
}

macro_rules! newest {
    () => {
        " ORDER BY interactions.interaction_date DESC NULLS LAST, interactions.interaction_id ASC"
    };
}

/// The columns of the statements that read activities.
pub const SUMMARY: &[Read] = &[
    Read::Id,
    Read::Id,
    Read::Id,
    Read::Id,
    Read::Id,
    Read::Id,
    Read::Text,
    Read::Text,
    Read::At,
    Read::At,
    Read::At,
    Read::Number,
    Read::Id,
    Read::Text,
    Read::Text,
    Read::Texts,
    Read::Text,
    Read::Text,
    Read::Text,
    Read::Text,
    Read::Text,
    Read::Text,
    Read::Text,
    Read::Text,
    Read::Text,
];

pub const BY_CLIENT: Sql = common!(summaries!(), " AND interactions.client_id = $2", newest!(), " LIMIT $3");
pub const BY_TICKET: Sql = common!(summaries!(), " AND interactions.ticket_id = $2", newest!(), " LIMIT $3");
pub const BY_DATE: Sql = common!(
    summaries!(),
    " AND interactions.interaction_date >= $2 AND interactions.interaction_date <= $3",
    newest!(),
    " LIMIT $4",
);
pub const ACTIVITY: Sql = common!(summaries!(), " AND interactions.interaction_id = $2 LIMIT $3");
pub const LOCK_ACTIVITY: Sql = lock!("interactions", "interaction_id");

pub const STATUS: Sql = common!(
    "SELECT 1 FROM statuses WHERE statuses.tenant = $1 AND statuses.status_id = $2 AND statuses.status_type = $3 LIMIT $4"
);
pub const DEFAULT_STATUS: Sql = common!(
    "SELECT statuses.status_id FROM statuses WHERE statuses.tenant = $1 AND statuses.status_type = $2 \
     AND statuses.is_default = $3 LIMIT $4"
);
pub const OWN_TYPE: Sql = common!(
    "SELECT 1 FROM interaction_types WHERE interaction_types.tenant = $1 AND interaction_types.type_id = $2 LIMIT $3"
);
pub const SYSTEM_TYPE: Sql =
    common!("SELECT 1 FROM system_interaction_types WHERE system_interaction_types.type_id = $1 LIMIT $2");
pub const SYSTEM_TYPE_NAMED: Sql = common!(
    "SELECT system_interaction_types.type_id FROM system_interaction_types \
     WHERE system_interaction_types.type_name = $1 LIMIT $2"
);
pub const CLIENT: Sql = common!("SELECT 1 FROM clients WHERE clients.tenant = $1 AND clients.client_id = $2 LIMIT $3");
pub const CONTACT: Sql = common!(
    "SELECT contacts.client_id FROM contacts WHERE contacts.tenant = $1 AND contacts.contact_name_id = $2 LIMIT $3"
);
pub const TICKET: Sql = common!(
    "SELECT tickets.client_id, tickets.contact_name_id FROM tickets WHERE tickets.tenant = $1 \
     AND tickets.ticket_id = $2 LIMIT $3"
);
pub const TICKET_IN_SHORT: Sql = common!(
    "SELECT tickets.ticket_number, tickets.title, tickets.client_id, tickets.contact_name_id FROM tickets \
     WHERE tickets.tenant = $1 AND tickets.ticket_id = $2 LIMIT $3"
);

pub const UPDATE_ACTIVITY: Sql = common!(
    "UPDATE interactions SET notes = $1, status_id = $2, title = $3 WHERE interactions.tenant = $4 \
     AND interactions.interaction_id = $5"
);
pub const SCHEDULE: Sql = common!(
    "INSERT INTO interactions (tenant, interaction_id, client_id, contact_name_id, ticket_id, user_id, type_id, \
     status_id, title, notes, interaction_date, start_time, end_time, duration, visibility, category, tags) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)"
);
pub const NOTE: Sql = common!(
    "INSERT INTO interactions (tenant, interaction_id, type_id, user_id, client_id, contact_name_id, ticket_id, \
     project_id, title, notes, interaction_date, start_time, end_time, duration, visibility, category, tags) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)"
);

pub const RULES: Sql = common!(
    "SELECT r.resource_type, r.action, r.template_key, r.constraint_key, r.config FROM authorization_bundle_assignments a \
     JOIN authorization_bundles b ON b.tenant = a.tenant AND b.bundle_id = a.bundle_id AND b.status = 'active' \
     JOIN authorization_bundle_rules r ON r.tenant = b.tenant AND r.bundle_id = b.bundle_id \
     AND r.revision_id = b.published_revision_id WHERE a.tenant = $1 AND a.status = 'active' \
     AND (a.target_type = 'user' AND a.target_id = $2 OR a.target_type = 'role' AND a.target_id IN \
     (SELECT ur.role_id FROM user_roles ur WHERE ur.tenant = $1 AND ur.user_id = $2) OR a.target_type = 'team' \
     AND a.target_id IN (SELECT tm.team_id FROM team_members tm WHERE tm.tenant = $1 AND tm.user_id = $2))"
);
pub const LOCK_QUOTE: Sql = lock!("quotes", "quote_id");
pub const LOCKED_QUOTE: Sql = common!(
    "SELECT quotes.quote_number, quotes.status, quotes.client_id, quotes.title, quotes.is_template, \
     quotes.sent_at, quotes.valid_until, contacts.email, clients.billing_email FROM quotes \
     LEFT JOIN contacts ON contacts.contact_name_id = quotes.contact_id AND contacts.tenant = quotes.tenant \
     LEFT JOIN clients ON clients.client_id = quotes.client_id AND clients.tenant = quotes.tenant \
     WHERE quotes.tenant = $1 AND quotes.quote_id = $2 LIMIT $3"
);
pub const SEND_QUOTE: Sql = common!(
    "UPDATE quotes SET status = $1, sent_at = $2, updated_by = $3, updated_at = $4 WHERE quotes.tenant = $5 \
     AND quotes.quote_id = $6"
);
pub const QUOTE_ACTIVITY: Sql = common!(
    "INSERT INTO quote_activities (tenant, activity_id, quote_id, activity_type, description, performed_by, metadata, \
     created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
);
pub const QUOTE: Sql = common!(
    "SELECT quotes.quote_number, quotes.title, quotes.description, quotes.quote_date, quotes.valid_until, \
     quotes.po_number, quotes.client_notes, quotes.terms_and_conditions, quotes.currency_code, quotes.subtotal, \
     quotes.discount_total, quotes.tax, quotes.total_amount, quotes.client_id, clients.client_name, \
     clients.billing_email, contacts.full_name, contacts.email FROM quotes \
     LEFT JOIN clients ON clients.client_id = quotes.client_id AND clients.tenant = quotes.tenant \
     LEFT JOIN contacts ON contacts.contact_name_id = quotes.contact_id AND contacts.tenant = quotes.tenant \
     WHERE quotes.tenant = $1 AND quotes.quote_id = $2 LIMIT $3"
);
pub const LOCATION: Sql = common!(
    "SELECT client_locations.address_line1, client_locations.address_line2, client_locations.city, \
     client_locations.state_province, client_locations.postal_code, client_locations.country_name \
     FROM client_locations WHERE client_locations.tenant = $1 AND client_locations.client_id = $2 \
     AND client_locations.is_default = $3 LIMIT $4"
);
pub const SELLER: Sql = common!(
    "SELECT tenants.client_name, tenants.email, tenants.phone_number FROM tenants WHERE tenants.tenant = $1 LIMIT $2"
);
pub const ITEMS: Sql = common!(
    "SELECT quote_items.description, quote_items.service_name, quote_items.service_sku, quote_items.phase, \
     quote_items.quantity, quote_items.unit_of_measure, quote_items.unit_price, quote_items.total_price, \
     quote_items.is_optional, quote_items.is_selected, quote_items.is_recurring, quote_items.billing_frequency, \
     quote_items.is_discount, quote_items.discount_percentage FROM quote_items WHERE quote_items.tenant = $1 \
     AND quote_items.quote_id = $2 ORDER BY quote_items.display_order ASC, quote_items.quote_item_id ASC"
);
pub const FILE: Sql = common!(
    "INSERT INTO external_files (tenant, file_id, file_name, original_name, mime_type, file_size, storage_path, \
     uploaded_by_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
);
pub const DOCUMENT: Sql = common!(
    "INSERT INTO documents (tenant, document_id, document_name, user_id, created_by, entered_at, file_id, \
     storage_path, mime_type, file_size, is_client_visible) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
);
pub const ASSOCIATION: Sql = common!(
    "INSERT INTO document_associations (tenant, association_id, document_id, entity_id, entity_type) \
     VALUES ($1, $2, $3, $4, $5)"
);
pub const LOCKED_METADATA: Sql = locking!(
    "quote_activities",
    "SELECT quote_activities.metadata, quote_activities.description FROM quote_activities \
     WHERE quote_activities.tenant = $1 AND quote_activities.activity_id = $2 LIMIT $3"
);
pub const METADATA: Sql = common!(
    "UPDATE quote_activities SET metadata = $1, description = $2 WHERE quote_activities.tenant = $3 \
     AND quote_activities.activity_id = $4"
);

// What belongs to every call, whatever the action: these are the statements of the runtime's own tables.

pub const SET_TENANT: &str = "SELECT set_config('app.current_tenant', $1, true)";
/// The statement that begins every call, for so many permissions.
macro_rules! session {
    ($permissions:literal) => {
        Sql {
            postgres: concat!(
                "SELECT u.user_id, u.is_inactive, ARRAY(SELECT p.resource || ':' || p.action \
        FROM (SELECT * FROM unnest($3::text[], $4::text[]) LIMIT ",
                $permissions,
                ") AS wanted(resource, action) \
        JOIN permissions p ON p.tenant = $1 AND p.resource = wanted.resource AND p.action = wanted.action AND p.msp \
        WHERE EXISTS (SELECT 1 FROM user_roles ur \
        JOIN roles r ON r.tenant = ur.tenant AND r.role_id = ur.role_id AND r.msp \
        JOIN role_permissions rp ON rp.tenant = ur.tenant AND rp.role_id = ur.role_id \
        AND rp.permission_id = p.permission_id WHERE ur.tenant = $1 AND ur.user_id = u.user_id)), \
        set_config('app.current_tenant', $1::text, true) FROM users u WHERE u.tenant = $1 AND u.user_id = $2"
            ),
            sqlite: "SELECT u.user_id, u.is_inactive, (SELECT json_group_array(p.resource || ':' || p.action) \
        FROM json_each($3) wanted CROSS JOIN json_each($4) act ON act.key = wanted.key \
        CROSS JOIN permissions p ON p.tenant = $1 AND p.resource = wanted.value AND p.action = act.value AND p.msp \
        WHERE EXISTS (SELECT 1 FROM user_roles ur \
        JOIN roles r ON r.tenant = ur.tenant AND r.role_id = ur.role_id AND r.msp \
        JOIN role_permissions rp ON rp.tenant = ur.tenant AND rp.role_id = ur.role_id \
        AND rp.permission_id = p.permission_id WHERE ur.tenant = $1 AND ur.user_id = u.user_id)) \
        FROM users u WHERE u.tenant = $1 AND u.user_id = $2",
        }
    };
}

/// By the number of permissions, from one.
pub const SESSIONS: [Sql; 2] = [session!(1), session!(2)];

/// A statement on one of the runtime's tables, which PostgreSQL has in a schema of their own.
macro_rules! own {
    ($before:literal, $table:literal, $after:literal) => {
        Sql {
            postgres: concat!($before, "actwright.", $table, $after),
            sqlite: concat!($before, "actwright_", $table, $after),
        }
    };
}

pub const CLAIM: Sql = own!(
    "INSERT INTO ",
    "idempotency_ledger",
    " AS known (tenant, action_id, action_version, idempotency_key, input_hash, invocation_id, run_id, step_path, \
     created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
     ON CONFLICT (tenant, action_id, action_version, idempotency_key) DO UPDATE SET \
     input_hash = excluded.input_hash, invocation_id = excluded.invocation_id, run_id = excluded.run_id, \
     step_path = excluded.step_path, output = NULL, created_at = excluded.created_at WHERE known.created_at <= $10"
);
pub const POSTGRES_FINISH: &str = "WITH ledger AS (UPDATE actwright.idempotency_ledger SET output = $5 \
     WHERE tenant = $1 AND action_id = $2 AND action_version = $3 AND idempotency_key = $4), \
     effects AS (INSERT INTO actwright.outbox (tenant, outbox_id, kind, name, key, subject, sink, position, payload, \
     action_id, action_version, invocation_id, actor_id, leased_by, available_at, created_at) \
     SELECT $1, e.outbox_id, e.kind, e.name, e.key, e.subject, e.sink, COALESCE(last.place + 1, 0), e.payload, $2, $3, $6, \
     $7, CASE WHEN last.place IS NULL THEN $6 END, CASE WHEN last.place IS NULL \
     THEN clock_timestamp() + make_interval(secs => $8) ELSE clock_timestamp() END, $9 \
     FROM jsonb_to_recordset($10) \
     AS e(outbox_id uuid, kind text, name text, key text, subject text, sink text, payload jsonb) \
     CROSS JOIN LATERAL (SELECT max(o.position) AS place FROM actwright.outbox o WHERE e.subject IS NOT NULL \
     AND o.tenant = $1 AND o.sink = e.sink AND o.subject = e.subject AND o.status = 'pending') last \
     RETURNING outbox_id, leased_by), \
     audit AS (INSERT INTO audit_logs (audit_id, tenant, user_id, operation, table_name, record_id, changed_data, \
     details, timestamp) VALUES ($6, $1, $11, $12, 'workflow_runs', $13, $14, $15, $9)) \
     SELECT outbox_id FROM effects WHERE leased_by IS NULL";
pub const SQLITE_STORE_OUTPUT: &str = "UPDATE actwright_idempotency_ledger SET output = $5 \
     WHERE tenant = $1 AND action_id = $2 AND action_version = $3 AND idempotency_key = $4";
pub const SQLITE_AUDIT: &str = "INSERT INTO audit_logs (audit_id, tenant, user_id, operation, table_name, record_id, \
     changed_data, details, timestamp) VALUES ($1, $2, $3, $4, 'workflow_runs', $5, $6, $7, $8)";
pub const EFFECTS: Sql = Sql {
    postgres: "INSERT INTO actwright.outbox (tenant, outbox_id, kind, name, key, subject, sink, position, payload, action_id, \
        action_version, invocation_id, actor_id, leased_by, available_at, created_at) \
        SELECT $1, e.outbox_id, e.kind, e.name, e.key, e.subject, e.sink, COALESCE(last.place + 1, 0), e.payload, $2, $3, \
        $4, $5, CASE WHEN last.place IS NULL THEN $9 END, CASE WHEN last.place IS NULL \
        THEN clock_timestamp() + make_interval(secs => $6) ELSE clock_timestamp() END, $7 \
        FROM jsonb_to_recordset($8) \
        AS e(outbox_id uuid, kind text, name text, key text, subject text, sink text, payload jsonb) \
        CROSS JOIN LATERAL (SELECT max(o.position) AS place FROM actwright.outbox o WHERE e.subject IS NOT NULL \
        AND o.tenant = $1 AND o.sink = e.sink AND o.subject = e.subject AND o.status = 'pending') last \
        RETURNING outbox_id, leased_by",
    sqlite: "INSERT INTO actwright_outbox (tenant, outbox_id, kind, name, key, subject, sink, position, payload, \
        action_id, action_version, invocation_id, actor_id, leased_by, available_at, created_at) \
        SELECT $1, outbox_id, kind, name, key, subject, sink, COALESCE(place + 1, 0), payload, $2, $3, $4, $5, \
        iif(place IS NULL, $9, NULL), iif(place IS NULL, $6, $7), $7 \
        FROM (SELECT e.value ->> 'outbox_id' AS outbox_id, e.value ->> 'kind' AS kind, e.value ->> 'name' AS name, \
        e.value ->> 'key' AS key, e.value ->> 'subject' AS subject, e.value ->> 'sink' AS sink, \
        e.value -> 'payload' AS payload, (SELECT max(o.position) FROM actwright_outbox o WHERE o.tenant = $1 \
        AND o.sink = e.value ->> 'sink' AND o.subject = e.value ->> 'subject' AND o.status = 'pending') AS place \
        FROM json_each($8) e) RETURNING outbox_id, leased_by",
};
pub const DELIVERED: Sql = own!(
    "UPDATE ",
    "outbox",
    " SET status = 'delivered', settled_at = $4, attempts = attempts + 1, last_error = NULL, leased_by = NULL \
     WHERE tenant = $1 AND outbox_id = $2 AND leased_by = $3 AND status = 'pending'"
);
pub const OUTPUT: Sql = Sql {
    postgres: "SELECT output FROM actwright.idempotency_ledger WHERE tenant = $1 AND invocation_id = $2 FOR UPDATE",
    sqlite: "SELECT output FROM actwright_idempotency_ledger INDEXED BY actwright_idempotency_ledger_invocation \
        WHERE tenant = $1 AND invocation_id = $2",
};
pub const SET_OUTPUT: Sql = Sql {
    postgres: "UPDATE actwright.idempotency_ledger SET output = $3 WHERE tenant = $1 AND invocation_id = $2",
    sqlite: "UPDATE actwright_idempotency_ledger INDEXED BY actwright_idempotency_ledger_invocation SET output = $3 \
        WHERE tenant = $1 AND invocation_id = $2",
};
pub const AUDIT: Sql = Sql {
    postgres: "SELECT changed_data FROM audit_logs WHERE tenant = $1 AND audit_id = $2 FOR UPDATE",
    sqlite: "SELECT changed_data FROM audit_logs WHERE tenant = $1 AND audit_id = $2",
};
pub const AMENDMENT: Sql = own!(
    "INSERT INTO ",
    "audit_amendments",
    " (tenant, amendment_id, audit_id, old_values, new_values, amended_at) VALUES ($1, $2, $3, $4, $5, $6)"
);
pub const SET_AUDIT: Sql = common!("UPDATE audit_logs SET changed_data = $3 WHERE tenant = $1 AND audit_id = $2");
