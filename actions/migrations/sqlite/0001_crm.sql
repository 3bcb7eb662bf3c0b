-- CRM, quotes and documents for an embedded database. Names are those of the PSA; every key and every foreign key
-- carries the tenant. References to PSA tables that no action uses yet (opportunities, contracts, invoices, services)
-- are plain columns.
-- A uuid is lower-case TEXT, a timestamp an INTEGER of microseconds since 1970 UTC (the default is the time of the
-- statement, to the millisecond), a boolean 0 or 1, JSON is TEXT, an array of strings is a JSON array in TEXT.

CREATE TABLE tenant_settings (
    tenant TEXT NOT NULL REFERENCES tenants (tenant) ON DELETE CASCADE,
    settings TEXT CHECK (settings IS NULL OR json_valid(settings)),
    created_at INTEGER DEFAULT (CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000),
    updated_at INTEGER DEFAULT (CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000),
    PRIMARY KEY (tenant)
) STRICT;

CREATE TABLE statuses (
    tenant TEXT NOT NULL REFERENCES tenants (tenant),
    status_id TEXT NOT NULL,
    name TEXT NOT NULL,
    status_type TEXT NOT NULL CHECK (status_type IN ('project', 'ticket', 'project_task', 'interaction')),
    item_type TEXT CHECK (item_type IN ('project', 'project_task', 'ticket', 'interaction')),
    order_number INTEGER NOT NULL,
    is_closed INTEGER NOT NULL DEFAULT 0 CHECK (is_closed IN (0, 1)),
    is_default INTEGER DEFAULT 0 CHECK (is_default IN (0, 1)),
    color TEXT CHECK (length(color) <= 7),
    icon TEXT CHECK (length(icon) <= 50),
    created_by TEXT,
    created_at INTEGER DEFAULT (CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000),
    PRIMARY KEY (tenant, status_id),
    FOREIGN KEY (tenant, created_by) REFERENCES users (tenant, user_id)
) STRICT;
CREATE UNIQUE INDEX statuses_non_ticket_name_unique_idx ON statuses (tenant, status_type, name)
    WHERE status_type <> 'ticket';
CREATE UNIQUE INDEX statuses_non_ticket_order_unique_idx ON statuses (tenant, status_type, order_number)
    WHERE status_type <> 'ticket';

CREATE TABLE clients (
    tenant TEXT NOT NULL REFERENCES tenants (tenant),
    client_id TEXT NOT NULL,
    client_name TEXT NOT NULL,
    client_type TEXT NOT NULL DEFAULT 'company' CHECK (client_type IN ('company', 'individual')),
    lifecycle_status TEXT NOT NULL DEFAULT 'active' CHECK (lifecycle_status IN ('prospect', 'active', 'former')),
    url TEXT,
    notes TEXT,
    properties TEXT CHECK (properties IS NULL OR json_valid(properties)),
    billing_email TEXT CHECK (length(billing_email) <= 255),
    billing_contact_id TEXT,
    account_manager_id TEXT,
    default_currency_code TEXT NOT NULL DEFAULT 'USD' CHECK (length(default_currency_code) <= 3),
    billing_cycle TEXT NOT NULL DEFAULT 'monthly'
        CHECK (billing_cycle IN ('weekly', 'bi-weekly', 'monthly', 'quarterly', 'semi-annually', 'annually')),
    is_tax_exempt INTEGER NOT NULL DEFAULT 0 CHECK (is_tax_exempt IN (0, 1)),
    region_code TEXT CHECK (length(region_code) <= 255),
    timezone TEXT CHECK (length(timezone) <= 255),
    is_inactive INTEGER DEFAULT 0 CHECK (is_inactive IN (0, 1)),
    created_at INTEGER DEFAULT (CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000),
    updated_at INTEGER DEFAULT (CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000),
    PRIMARY KEY (tenant, client_id),
    CONSTRAINT clients_tenant_client_name_unique UNIQUE (tenant, client_name),
    FOREIGN KEY (tenant, account_manager_id) REFERENCES users (tenant, user_id)
) STRICT;

CREATE TABLE client_locations (
    tenant TEXT NOT NULL REFERENCES tenants (tenant),
    location_id TEXT NOT NULL,
    client_id TEXT NOT NULL,
    location_name TEXT CHECK (length(location_name) <= 255),
    address_line1 TEXT NOT NULL CHECK (length(address_line1) <= 255),
    address_line2 TEXT CHECK (length(address_line2) <= 255),
    address_line3 TEXT CHECK (length(address_line3) <= 255),
    city TEXT NOT NULL CHECK (length(city) <= 255),
    state_province TEXT CHECK (length(state_province) <= 255),
    postal_code TEXT CHECK (length(postal_code) <= 255),
    country_code TEXT NOT NULL CHECK (length(country_code) <= 255),
    country_name TEXT NOT NULL CHECK (length(country_name) <= 255),
    region_code TEXT CHECK (length(region_code) <= 255),
    is_billing_address INTEGER DEFAULT 0 CHECK (is_billing_address IN (0, 1)),
    is_shipping_address INTEGER DEFAULT 0 CHECK (is_shipping_address IN (0, 1)),
    is_default INTEGER DEFAULT 0 CHECK (is_default IN (0, 1)),
    is_active INTEGER DEFAULT 1 CHECK (is_active IN (0, 1)),
    phone TEXT CHECK (length(phone) <= 255),
    email TEXT CHECK (length(email) <= 255),
    created_at INTEGER DEFAULT (CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000),
    updated_at INTEGER DEFAULT (CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000),
    PRIMARY KEY (tenant, location_id),
    FOREIGN KEY (tenant, client_id) REFERENCES clients (tenant, client_id) ON DELETE CASCADE
) STRICT;
CREATE INDEX idx_client_locations_tenant_client_id ON client_locations (tenant, client_id);
CREATE UNIQUE INDEX ux_client_locations_default_per_client ON client_locations (tenant, client_id) WHERE is_default;

CREATE TABLE contacts (
    tenant TEXT NOT NULL REFERENCES tenants (tenant),
    contact_name_id TEXT NOT NULL,
    client_id TEXT,
    full_name TEXT,
    email TEXT,
    role TEXT,
    notes TEXT,
    is_client_admin INTEGER NOT NULL DEFAULT 0 CHECK (is_client_admin IN (0, 1)),
    is_inactive INTEGER DEFAULT 0 CHECK (is_inactive IN (0, 1)),
    created_at INTEGER DEFAULT (CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000),
    updated_at INTEGER DEFAULT (CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000),
    PRIMARY KEY (tenant, contact_name_id),
    CONSTRAINT contacts_tenant_email_unique UNIQUE (tenant, email),
    FOREIGN KEY (tenant, client_id) REFERENCES clients (tenant, client_id) ON DELETE CASCADE
) STRICT;
CREATE INDEX contacts_tenant_name_idx ON contacts (tenant, full_name, contact_name_id);
CREATE INDEX contacts_tenant_client_name_idx ON contacts (tenant, client_id, full_name, contact_name_id);

CREATE TABLE tickets (
    tenant TEXT NOT NULL REFERENCES tenants (tenant),
    ticket_id TEXT NOT NULL,
    ticket_number TEXT NOT NULL,
    title TEXT,
    client_id TEXT NOT NULL,
    contact_name_id TEXT,
    status_id TEXT,
    entered_by TEXT,
    updated_by TEXT,
    assigned_to TEXT,
    closed_by TEXT,
    entered_at INTEGER,
    updated_at INTEGER DEFAULT (CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000),
    closed_at INTEGER,
    due_date INTEGER,
    is_closed INTEGER NOT NULL DEFAULT 0 CHECK (is_closed IN (0, 1)),
    attributes TEXT CHECK (attributes IS NULL OR json_valid(attributes)),
    source TEXT,
    ticket_origin TEXT DEFAULT 'internal',
    PRIMARY KEY (tenant, ticket_id),
    CONSTRAINT tickets_tenant_ticket_number_unique UNIQUE (tenant, ticket_number),
    FOREIGN KEY (tenant, client_id) REFERENCES clients (tenant, client_id) ON DELETE CASCADE,
    FOREIGN KEY (tenant, contact_name_id) REFERENCES contacts (tenant, contact_name_id),
    FOREIGN KEY (tenant, status_id) REFERENCES statuses (tenant, status_id)
) STRICT;
CREATE INDEX tickets_tenant_client_number_idx ON tickets (tenant, client_id, ticket_number);
CREATE INDEX tickets_tenant_contact_number_idx ON tickets (tenant, contact_name_id, ticket_number);

CREATE TABLE projects (
    tenant TEXT NOT NULL REFERENCES tenants (tenant),
    project_id TEXT NOT NULL,
    project_name TEXT NOT NULL,
    project_number TEXT NOT NULL CHECK (length(project_number) <= 50),
    wbs_code TEXT NOT NULL,
    description TEXT,
    client_id TEXT NOT NULL,
    contact_name_id TEXT,
    status TEXT NOT NULL,
    assigned_to TEXT,
    start_date INTEGER,
    end_date INTEGER,
    is_inactive INTEGER DEFAULT 0 CHECK (is_inactive IN (0, 1)),
    created_at INTEGER DEFAULT (CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000),
    updated_at INTEGER DEFAULT (CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000),
    PRIMARY KEY (tenant, project_id),
    CONSTRAINT projects_tenant_wbs_code_unique UNIQUE (tenant, wbs_code),
    CONSTRAINT idx_projects_tenant_project_number UNIQUE (tenant, project_number),
    FOREIGN KEY (tenant, client_id) REFERENCES clients (tenant, client_id) ON DELETE CASCADE,
    FOREIGN KEY (tenant, contact_name_id) REFERENCES contacts (tenant, contact_name_id),
    FOREIGN KEY (tenant, status) REFERENCES statuses (tenant, status_id),
    FOREIGN KEY (tenant, assigned_to) REFERENCES users (tenant, user_id)
) STRICT;

CREATE TABLE system_interaction_types (
    type_id TEXT NOT NULL,
    type_name TEXT NOT NULL,
    icon TEXT,
    display_order INTEGER,
    created_at INTEGER NOT NULL DEFAULT (CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000),
    updated_at INTEGER NOT NULL DEFAULT (CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000),
    PRIMARY KEY (type_id),
    CONSTRAINT system_interaction_types_type_name_unique UNIQUE (type_name)
) STRICT;

CREATE TABLE interaction_types (
    tenant TEXT NOT NULL REFERENCES tenants (tenant),
    type_id TEXT NOT NULL,
    type_name TEXT NOT NULL,
    icon TEXT,
    system_type_id TEXT REFERENCES system_interaction_types (type_id) ON DELETE SET NULL,
    display_order INTEGER,
    color TEXT,
    is_request INTEGER DEFAULT 0 CHECK (is_request IN (0, 1)),
    created_by TEXT,
    PRIMARY KEY (tenant, type_id),
    CONSTRAINT interaction_types_tenant_display_order_unique UNIQUE (tenant, display_order)
) STRICT;

CREATE TABLE interactions (
    tenant TEXT NOT NULL REFERENCES tenants (tenant),
    interaction_id TEXT NOT NULL,
    type_id TEXT NOT NULL,
    client_id TEXT,
    contact_name_id TEXT,
    ticket_id TEXT,
    project_id TEXT,
    opportunity_id TEXT,
    user_id TEXT NOT NULL,
    status_id TEXT,
    title TEXT,
    notes TEXT,
    interaction_date INTEGER DEFAULT (CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000),
    start_time INTEGER,
    end_time INTEGER,
    duration INTEGER,
    visibility TEXT NOT NULL DEFAULT 'internal' CHECK (visibility IN ('internal', 'client_visible')),
    category TEXT,
    tags TEXT CHECK (json_type(tags) = 'array'),
    PRIMARY KEY (tenant, interaction_id),
    FOREIGN KEY (tenant, client_id) REFERENCES clients (tenant, client_id) ON DELETE CASCADE,
    FOREIGN KEY (tenant, contact_name_id) REFERENCES contacts (tenant, contact_name_id),
    FOREIGN KEY (tenant, ticket_id) REFERENCES tickets (tenant, ticket_id),
    FOREIGN KEY (tenant, project_id) REFERENCES projects (tenant, project_id),
    FOREIGN KEY (tenant, user_id) REFERENCES users (tenant, user_id),
    FOREIGN KEY (tenant, status_id) REFERENCES statuses (tenant, status_id)
) STRICT;
-- One index per filter of a search, each in the order of its answer: newest first, undated last (null is the smallest
-- value here), ties by id.
CREATE INDEX interactions_tenant_date_idx ON interactions
    (tenant, interaction_date DESC, interaction_id);
CREATE INDEX interactions_tenant_client_date_idx ON interactions
    (tenant, client_id, interaction_date DESC, interaction_id);
CREATE INDEX interactions_tenant_contact_date_idx ON interactions
    (tenant, contact_name_id, interaction_date DESC, interaction_id);
CREATE INDEX interactions_tenant_ticket_date_idx ON interactions
    (tenant, ticket_id, interaction_date DESC, interaction_id);
CREATE INDEX interactions_tenant_user_date_idx ON interactions
    (tenant, user_id, interaction_date DESC, interaction_id);
CREATE INDEX interactions_tenant_type_date_idx ON interactions
    (tenant, type_id, interaction_date DESC, interaction_id);
CREATE INDEX interactions_tenant_status_date_idx ON interactions
    (tenant, status_id, interaction_date DESC, interaction_id);

-- type_id points to one of two tables, which a foreign key cannot say.
CREATE TRIGGER validate_interaction_type_insert BEFORE INSERT ON interactions
WHEN NOT EXISTS (SELECT 1 FROM system_interaction_types WHERE type_id = NEW.type_id)
    AND NOT EXISTS (SELECT 1 FROM interaction_types WHERE tenant = NEW.tenant AND type_id = NEW.type_id)
BEGIN
    SELECT RAISE(ABORT, 'Invalid interaction type');
END;
CREATE TRIGGER validate_interaction_type_update BEFORE UPDATE OF tenant, type_id ON interactions
WHEN NOT EXISTS (SELECT 1 FROM system_interaction_types WHERE type_id = NEW.type_id)
    AND NOT EXISTS (SELECT 1 FROM interaction_types WHERE tenant = NEW.tenant AND type_id = NEW.type_id)
BEGIN
    SELECT RAISE(ABORT, 'Invalid interaction type');
END;

CREATE TABLE quotes (
    tenant TEXT NOT NULL REFERENCES tenants (tenant),
    quote_id TEXT NOT NULL,
    quote_number TEXT,
    client_id TEXT,
    contact_id TEXT,
    title TEXT NOT NULL,
    description TEXT,
    quote_date INTEGER,
    valid_until INTEGER,
    -- Null for a template.
    status TEXT CHECK (status IN ('draft', 'pending_approval', 'approved', 'sent', 'accepted', 'rejected', 'expired',
        'converted', 'cancelled', 'superseded', 'archived')),
    version INTEGER NOT NULL DEFAULT 1,
    parent_quote_id TEXT,
    po_number TEXT,
    subtotal INTEGER NOT NULL DEFAULT 0,
    discount_total INTEGER NOT NULL DEFAULT 0,
    tax INTEGER NOT NULL DEFAULT 0,
    total_amount INTEGER NOT NULL DEFAULT 0,
    currency_code TEXT NOT NULL DEFAULT 'USD' CHECK (length(currency_code) <= 3),
    internal_notes TEXT,
    client_notes TEXT,
    terms_and_conditions TEXT,
    is_template INTEGER NOT NULL DEFAULT 0 CHECK (is_template IN (0, 1)),
    template_id TEXT,
    converted_contract_id TEXT,
    converted_invoice_id TEXT,
    sent_at INTEGER,
    viewed_at INTEGER,
    accepted_at INTEGER,
    accepted_by TEXT,
    rejected_at INTEGER,
    rejection_reason TEXT,
    cancelled_at INTEGER,
    expired_at INTEGER,
    converted_at INTEGER,
    archived_at INTEGER,
    opportunity_id TEXT,
    created_by TEXT,
    updated_by TEXT,
    created_at INTEGER NOT NULL DEFAULT (CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000),
    updated_at INTEGER NOT NULL DEFAULT (CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000),
    tax_source TEXT NOT NULL DEFAULT 'internal' CHECK (length(tax_source) <= 20)
        CHECK (tax_source IN ('internal', 'external', 'pending_external')),
    PRIMARY KEY (tenant, quote_id),
    FOREIGN KEY (tenant, client_id) REFERENCES clients (tenant, client_id),
    FOREIGN KEY (tenant, contact_id) REFERENCES contacts (tenant, contact_name_id),
    FOREIGN KEY (tenant, parent_quote_id) REFERENCES quotes (tenant, quote_id),
    FOREIGN KEY (tenant, accepted_by) REFERENCES users (tenant, user_id),
    FOREIGN KEY (tenant, created_by) REFERENCES users (tenant, user_id),
    FOREIGN KEY (tenant, updated_by) REFERENCES users (tenant, user_id)
) STRICT;
CREATE UNIQUE INDEX idx_quotes_tenant_quote_number_version_unique ON quotes (tenant, quote_number, version)
    WHERE quote_number IS NOT NULL;
CREATE INDEX idx_quotes_tenant_client ON quotes (tenant, client_id);
CREATE INDEX idx_quotes_tenant_status ON quotes (tenant, status);

CREATE TABLE quote_items (
    tenant TEXT NOT NULL REFERENCES tenants (tenant),
    quote_item_id TEXT NOT NULL,
    quote_id TEXT NOT NULL,
    service_id TEXT,
    service_item_kind TEXT,
    service_name TEXT,
    service_sku TEXT,
    billing_method TEXT,
    description TEXT NOT NULL,
    quantity INTEGER NOT NULL DEFAULT 1,
    unit_price INTEGER NOT NULL DEFAULT 0,
    total_price INTEGER NOT NULL DEFAULT 0,
    tax_amount INTEGER NOT NULL DEFAULT 0,
    net_amount INTEGER NOT NULL DEFAULT 0,
    unit_of_measure TEXT,
    display_order INTEGER NOT NULL DEFAULT 0,
    phase TEXT,
    is_optional INTEGER NOT NULL DEFAULT 0 CHECK (is_optional IN (0, 1)),
    is_selected INTEGER NOT NULL DEFAULT 1 CHECK (is_selected IN (0, 1)),
    is_recurring INTEGER NOT NULL DEFAULT 0 CHECK (is_recurring IN (0, 1)),
    billing_frequency TEXT,
    is_discount INTEGER NOT NULL DEFAULT 0 CHECK (is_discount IN (0, 1)),
    discount_type TEXT CHECK (discount_type IN ('percentage', 'fixed')),
    discount_percentage INTEGER,
    applies_to_item_id TEXT,
    applies_to_service_id TEXT,
    is_taxable INTEGER NOT NULL DEFAULT 1 CHECK (is_taxable IN (0, 1)),
    tax_region TEXT,
    tax_rate INTEGER,
    location_id TEXT,
    cost INTEGER,
    cost_currency TEXT CHECK (length(cost_currency) <= 3),
    created_by TEXT,
    updated_by TEXT,
    created_at INTEGER NOT NULL DEFAULT (CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000),
    updated_at INTEGER NOT NULL DEFAULT (CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000),
    PRIMARY KEY (tenant, quote_item_id),
    FOREIGN KEY (tenant, quote_id) REFERENCES quotes (tenant, quote_id) ON DELETE CASCADE,
    FOREIGN KEY (tenant, location_id) REFERENCES client_locations (tenant, location_id),
    FOREIGN KEY (tenant, created_by) REFERENCES users (tenant, user_id),
    FOREIGN KEY (tenant, updated_by) REFERENCES users (tenant, user_id)
) STRICT;
CREATE INDEX idx_quote_items_tenant_quote_order ON quote_items (tenant, quote_id, display_order, quote_item_id);

CREATE TABLE quote_activities (
    tenant TEXT NOT NULL REFERENCES tenants (tenant),
    activity_id TEXT NOT NULL,
    quote_id TEXT NOT NULL,
    activity_type TEXT NOT NULL,
    description TEXT NOT NULL,
    performed_by TEXT,
    metadata TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(metadata)),
    created_at INTEGER NOT NULL DEFAULT (CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000),
    PRIMARY KEY (tenant, activity_id),
    FOREIGN KEY (tenant, quote_id) REFERENCES quotes (tenant, quote_id) ON DELETE CASCADE,
    FOREIGN KEY (tenant, performed_by) REFERENCES users (tenant, user_id)
) STRICT;
CREATE INDEX idx_quote_activities_tenant_quote_created_at ON quote_activities (tenant, quote_id, created_at);

CREATE TABLE external_files (
    tenant TEXT NOT NULL REFERENCES tenants (tenant),
    file_id TEXT NOT NULL,
    file_name TEXT NOT NULL,
    original_name TEXT NOT NULL,
    mime_type TEXT NOT NULL,
    file_size INTEGER NOT NULL,
    storage_path TEXT NOT NULL,
    uploaded_by_id TEXT NOT NULL,
    created_at INTEGER DEFAULT (CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000),
    updated_at INTEGER DEFAULT (CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000),
    is_deleted INTEGER DEFAULT 0 CHECK (is_deleted IN (0, 1)),
    PRIMARY KEY (tenant, file_id),
    FOREIGN KEY (tenant, uploaded_by_id) REFERENCES users (tenant, user_id)
) STRICT;

CREATE TABLE documents (
    tenant TEXT NOT NULL REFERENCES tenants (tenant),
    document_id TEXT NOT NULL,
    document_name TEXT NOT NULL,
    type_id TEXT,
    user_id TEXT NOT NULL,
    created_by TEXT NOT NULL,
    edited_by TEXT,
    entered_at INTEGER,
    updated_at INTEGER DEFAULT (CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000),
    content TEXT,
    file_id TEXT,
    storage_path TEXT CHECK (length(storage_path) <= 255),
    mime_type TEXT CHECK (length(mime_type) <= 255),
    file_size INTEGER,
    folder_path TEXT CHECK (length(folder_path) <= 500),
    is_client_visible INTEGER NOT NULL DEFAULT 0 CHECK (is_client_visible IN (0, 1)),
    PRIMARY KEY (tenant, document_id),
    FOREIGN KEY (tenant, file_id) REFERENCES external_files (tenant, file_id),
    FOREIGN KEY (tenant, created_by) REFERENCES users (tenant, user_id)
) STRICT;

CREATE TABLE document_associations (
    tenant TEXT NOT NULL REFERENCES tenants (tenant),
    association_id TEXT NOT NULL,
    document_id TEXT NOT NULL,
    entity_id TEXT NOT NULL,
    entity_type TEXT NOT NULL CHECK (entity_type IN ('asset', 'client', 'contact', 'contract', 'invoice',
        'project_task', 'quote', 'sales_order', 'team', 'tenant', 'ticket', 'user')),
    created_at INTEGER DEFAULT (CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000),
    PRIMARY KEY (tenant, association_id),
    UNIQUE (tenant, document_id, entity_id, entity_type),
    FOREIGN KEY (tenant, document_id) REFERENCES documents (tenant, document_id) ON DELETE CASCADE
) STRICT;
CREATE INDEX document_associations_tenant_entity_idx ON document_associations (tenant, entity_type, entity_id);
