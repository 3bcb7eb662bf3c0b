-- What a quote is priced by (services, tax) and what it becomes (contracts, invoices). Names are those of the PSA.
-- composite_tax_mappings, tax_rate_thresholds and tax_holidays have no tenant there either: their rows are those of their
-- tax rate. A date is TEXT (`2026-01-31`), a decimal TEXT, too. Money that is a decimal is in the minor unit, like all
-- other money.

ALTER TABLE clients ADD COLUMN payment_terms TEXT;

CREATE TABLE service_catalog (
    tenant TEXT NOT NULL REFERENCES tenants (tenant),
    service_id TEXT NOT NULL,
    service_name TEXT NOT NULL,
    description TEXT,
    default_rate INTEGER,
    unit_of_measure TEXT,
    billing_method TEXT NOT NULL,
    item_kind TEXT NOT NULL DEFAULT 'service' CHECK (item_kind IN ('service', 'product')),
    is_active INTEGER NOT NULL DEFAULT 1 CHECK (is_active IN (0, 1)),
    sku TEXT,
    PRIMARY KEY (tenant, service_id)
) STRICT;

CREATE TABLE tax_rates (
    tenant TEXT NOT NULL REFERENCES tenants (tenant),
    tax_rate_id TEXT NOT NULL,
    tax_percentage TEXT NOT NULL,
    description TEXT,
    start_date TEXT NOT NULL CHECK (date(start_date) IS start_date),
    end_date TEXT CHECK (date(end_date) IS end_date),
    tax_type TEXT CHECK (tax_type IN ('VAT', 'GST', 'Sales Tax')),
    is_composite INTEGER DEFAULT 0 CHECK (is_composite IN (0, 1)),
    is_active INTEGER DEFAULT 1 CHECK (is_active IN (0, 1)),
    region_code TEXT NOT NULL CHECK (length(region_code) <= 255),
    created_at INTEGER NOT NULL DEFAULT (CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000),
    updated_at INTEGER NOT NULL DEFAULT (CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000),
    PRIMARY KEY (tax_rate_id),
    CONSTRAINT tax_rates_tenant_tax_rate_id_unique UNIQUE (tenant, tax_rate_id)
) STRICT;
CREATE INDEX idx_tax_rates_tenant_region_code ON tax_rates (tenant, region_code);

CREATE TABLE tax_components (
    tenant TEXT NOT NULL REFERENCES tenants (tenant),
    tax_component_id TEXT NOT NULL,
    tax_rate_id TEXT NOT NULL,
    name TEXT NOT NULL CHECK (length(name) <= 255),
    rate INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    is_compound INTEGER DEFAULT 0 CHECK (is_compound IN (0, 1)),
    start_date TEXT CHECK (date(start_date) IS start_date),
    end_date TEXT CHECK (date(end_date) IS end_date),
    created_at INTEGER NOT NULL DEFAULT (CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000),
    updated_at INTEGER NOT NULL DEFAULT (CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000),
    PRIMARY KEY (tenant, tax_component_id),
    CONSTRAINT tax_components_tax_component_id_idx UNIQUE (tax_component_id),
    FOREIGN KEY (tenant, tax_rate_id) REFERENCES tax_rates (tenant, tax_rate_id)
) STRICT;

CREATE TABLE composite_tax_mappings (
    composite_tax_id TEXT NOT NULL REFERENCES tax_rates (tax_rate_id),
    tax_component_id TEXT NOT NULL REFERENCES tax_components (tax_component_id),
    sequence INTEGER NOT NULL,
    PRIMARY KEY (composite_tax_id, tax_component_id)
) STRICT;

CREATE TABLE tax_rate_thresholds (
    tax_rate_threshold_id TEXT NOT NULL,
    tax_rate_id TEXT REFERENCES tax_rates (tax_rate_id),
    min_amount INTEGER,
    max_amount INTEGER,
    rate INTEGER NOT NULL,
    created_at INTEGER NOT NULL DEFAULT (CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000),
    updated_at INTEGER NOT NULL DEFAULT (CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000),
    PRIMARY KEY (tax_rate_threshold_id)
) STRICT;
CREATE INDEX tax_rate_thresholds_rate_idx ON tax_rate_thresholds (tax_rate_id);

CREATE TABLE tax_holidays (
    tax_holiday_id TEXT NOT NULL,
    tax_rate_id TEXT NOT NULL REFERENCES tax_rates (tax_rate_id),
    start_date TEXT NOT NULL CHECK (date(start_date) IS start_date),
    end_date TEXT NOT NULL CHECK (date(end_date) IS end_date),
    description TEXT CHECK (length(description) <= 255),
    created_at INTEGER NOT NULL DEFAULT (CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000),
    updated_at INTEGER NOT NULL DEFAULT (CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000),
    PRIMARY KEY (tax_holiday_id)
) STRICT;
CREATE INDEX tax_holidays_rate_idx ON tax_holidays (tax_rate_id);

CREATE TABLE client_tax_settings (
    tenant TEXT NOT NULL REFERENCES tenants (tenant),
    client_id TEXT NOT NULL,
    is_reverse_charge_applicable INTEGER DEFAULT 0 CHECK (is_reverse_charge_applicable IN (0, 1)),
    tax_source_override TEXT CHECK (length(tax_source_override) <= 20),
    billing_profile_id TEXT NOT NULL,
    PRIMARY KEY (tenant, client_id, billing_profile_id),
    FOREIGN KEY (tenant, client_id) REFERENCES clients (tenant, client_id) ON DELETE CASCADE
) STRICT;

CREATE TABLE client_tax_rates (
    tenant TEXT NOT NULL REFERENCES tenants (tenant),
    client_tax_rates_id TEXT NOT NULL,
    client_id TEXT NOT NULL,
    tax_rate_id TEXT NOT NULL,
    location_id TEXT,
    is_default INTEGER NOT NULL DEFAULT 0 CHECK (is_default IN (0, 1)),
    created_at INTEGER NOT NULL DEFAULT (CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000),
    updated_at INTEGER NOT NULL DEFAULT (CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000),
    PRIMARY KEY (tenant, client_tax_rates_id),
    FOREIGN KEY (tenant, client_id) REFERENCES clients (tenant, client_id) ON DELETE CASCADE,
    FOREIGN KEY (tenant, tax_rate_id) REFERENCES tax_rates (tenant, tax_rate_id),
    FOREIGN KEY (tenant, location_id) REFERENCES client_locations (tenant, location_id)
) STRICT;
CREATE INDEX client_tax_rates_tenant_client_idx ON client_tax_rates (tenant, client_id);

CREATE TABLE contracts (
    tenant TEXT NOT NULL REFERENCES tenants (tenant),
    contract_id TEXT NOT NULL,
    contract_name TEXT NOT NULL CHECK (length(contract_name) <= 255),
    contract_description TEXT,
    billing_frequency TEXT NOT NULL DEFAULT 'monthly',
    is_active INTEGER DEFAULT 1 CHECK (is_active IN (0, 1)),
    status TEXT NOT NULL DEFAULT 'draft',
    is_template INTEGER NOT NULL DEFAULT 1 CHECK (is_template IN (0, 1)),
    template_metadata TEXT CHECK (template_metadata IS NULL OR json_valid(template_metadata)),
    currency_code TEXT NOT NULL DEFAULT 'USD' CHECK (length(currency_code) <= 3),
    owner_client_id TEXT,
    start_date INTEGER,
    end_date INTEGER,
    created_at INTEGER DEFAULT (CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000),
    updated_at INTEGER DEFAULT (CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000),
    PRIMARY KEY (tenant, contract_id),
    FOREIGN KEY (tenant, owner_client_id) REFERENCES clients (tenant, client_id)
) STRICT;
CREATE INDEX idx_contracts_tenant_owner_client_id ON contracts (tenant, owner_client_id);

CREATE TABLE contract_lines (
    tenant TEXT NOT NULL REFERENCES tenants (tenant),
    contract_line_id TEXT NOT NULL,
    contract_id TEXT,
    contract_line_name TEXT NOT NULL,
    description TEXT,
    billing_frequency TEXT NOT NULL DEFAULT 'monthly',
    is_custom INTEGER DEFAULT 0 CHECK (is_custom IN (0, 1)),
    contract_line_type TEXT,
    is_active INTEGER DEFAULT 1 CHECK (is_active IN (0, 1)),
    is_template INTEGER NOT NULL DEFAULT 1 CHECK (is_template IN (0, 1)),
    billing_timing TEXT NOT NULL DEFAULT 'arrears' CHECK (length(billing_timing) <= 16),
    display_order INTEGER NOT NULL DEFAULT 0,
    custom_rate TEXT,
    location_id TEXT,
    created_at INTEGER DEFAULT (CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000),
    updated_at INTEGER DEFAULT (CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000),
    PRIMARY KEY (tenant, contract_line_id),
    FOREIGN KEY (tenant, contract_id) REFERENCES contracts (tenant, contract_id),
    FOREIGN KEY (tenant, location_id) REFERENCES client_locations (tenant, location_id)
) STRICT;
CREATE INDEX idx_contract_lines_location ON contract_lines (tenant, contract_id, location_id);

CREATE TABLE contract_line_services (
    tenant TEXT NOT NULL REFERENCES tenants (tenant),
    contract_line_id TEXT NOT NULL,
    service_id TEXT NOT NULL,
    quantity INTEGER,
    custom_rate INTEGER,
    PRIMARY KEY (tenant, service_id, contract_line_id),
    FOREIGN KEY (tenant, contract_line_id) REFERENCES contract_lines (tenant, contract_line_id),
    FOREIGN KEY (tenant, service_id) REFERENCES service_catalog (tenant, service_id)
) STRICT;

CREATE TABLE contract_line_service_configuration (
    tenant TEXT NOT NULL REFERENCES tenants (tenant),
    config_id TEXT NOT NULL,
    contract_line_id TEXT NOT NULL,
    service_id TEXT NOT NULL,
    configuration_type TEXT NOT NULL CHECK (length(configuration_type) <= 50),
    custom_rate TEXT,
    quantity INTEGER,
    created_at INTEGER NOT NULL DEFAULT (CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000),
    updated_at INTEGER NOT NULL DEFAULT (CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000),
    PRIMARY KEY (tenant, config_id),
    FOREIGN KEY (tenant, contract_line_id) REFERENCES contract_lines (tenant, contract_line_id)
) STRICT;

CREATE TABLE contract_line_service_fixed_config (
    tenant TEXT NOT NULL REFERENCES tenants (tenant),
    config_id TEXT NOT NULL,
    base_rate TEXT,
    created_at INTEGER NOT NULL DEFAULT (CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000),
    updated_at INTEGER NOT NULL DEFAULT (CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000),
    PRIMARY KEY (tenant, config_id)
) STRICT;

CREATE TABLE contract_line_service_hourly_configs (
    tenant TEXT NOT NULL REFERENCES tenants (tenant),
    config_id TEXT NOT NULL,
    hourly_rate TEXT NOT NULL,
    minimum_billable_time INTEGER NOT NULL,
    round_up_to_nearest INTEGER NOT NULL,
    created_at INTEGER NOT NULL DEFAULT (CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000),
    updated_at INTEGER NOT NULL DEFAULT (CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000),
    PRIMARY KEY (tenant, config_id)
) STRICT;

CREATE TABLE contract_line_service_usage_config (
    tenant TEXT NOT NULL REFERENCES tenants (tenant),
    config_id TEXT NOT NULL,
    unit_of_measure TEXT NOT NULL DEFAULT 'Unit' CHECK (length(unit_of_measure) <= 255),
    base_rate TEXT,
    created_at INTEGER NOT NULL DEFAULT (CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000),
    updated_at INTEGER NOT NULL DEFAULT (CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000),
    PRIMARY KEY (tenant, config_id)
) STRICT;

CREATE TABLE client_contracts (
    tenant TEXT NOT NULL REFERENCES tenants (tenant),
    client_contract_id TEXT NOT NULL,
    client_id TEXT NOT NULL,
    contract_id TEXT NOT NULL,
    start_date TEXT NOT NULL CHECK (date(start_date) IS start_date),
    end_date TEXT CHECK (date(end_date) IS end_date),
    is_active INTEGER DEFAULT 1 CHECK (is_active IN (0, 1)),
    po_number TEXT,
    status TEXT NOT NULL DEFAULT 'pending'
        CHECK (status IN ('pending', 'renewing', 'non_renewing', 'snoozed', 'completed')),
    created_at INTEGER DEFAULT (CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000),
    updated_at INTEGER DEFAULT (CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000),
    PRIMARY KEY (tenant, client_contract_id),
    FOREIGN KEY (tenant, client_id) REFERENCES clients (tenant, client_id) ON DELETE CASCADE,
    FOREIGN KEY (tenant, contract_id) REFERENCES contracts (tenant, contract_id) ON DELETE CASCADE
) STRICT;

CREATE TABLE invoices (
    tenant TEXT NOT NULL REFERENCES tenants (tenant),
    invoice_id TEXT NOT NULL,
    invoice_number TEXT NOT NULL,
    client_id TEXT NOT NULL,
    invoice_date INTEGER NOT NULL,
    due_date INTEGER NOT NULL,
    status TEXT NOT NULL,
    subtotal INTEGER NOT NULL DEFAULT 0,
    tax INTEGER NOT NULL DEFAULT 0,
    total_amount INTEGER NOT NULL,
    currency_code TEXT NOT NULL DEFAULT 'USD' CHECK (length(currency_code) <= 3),
    tax_source TEXT DEFAULT 'internal' CHECK (tax_source IN ('internal', 'external', 'pending_external')) CHECK (length(tax_source) <= 20),
    po_number TEXT,
    is_manual INTEGER NOT NULL DEFAULT 0 CHECK (is_manual IN (0, 1)),
    invoice_type TEXT NOT NULL DEFAULT 'standard' CHECK (length(invoice_type) <= 20),
    created_at INTEGER DEFAULT (CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000),
    updated_at INTEGER DEFAULT (CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000),
    PRIMARY KEY (tenant, invoice_id),
    CONSTRAINT unique_invoice_number_per_tenant UNIQUE (tenant, invoice_number),
    FOREIGN KEY (tenant, client_id) REFERENCES clients (tenant, client_id) ON DELETE CASCADE
) STRICT;

CREATE TABLE invoice_charges (
    tenant TEXT NOT NULL REFERENCES tenants (tenant),
    item_id TEXT NOT NULL,
    invoice_id TEXT NOT NULL,
    service_id TEXT,
    description TEXT NOT NULL,
    quantity TEXT NOT NULL,
    unit_price INTEGER NOT NULL,
    total_price INTEGER NOT NULL,
    tax_region TEXT CHECK (length(tax_region) <= 255),
    tax_rate TEXT NOT NULL DEFAULT '0',
    tax_amount INTEGER,
    net_amount INTEGER,
    is_manual INTEGER NOT NULL DEFAULT 0 CHECK (is_manual IN (0, 1)),
    is_discount INTEGER DEFAULT 0 CHECK (is_discount IN (0, 1)),
    discount_type TEXT CHECK (discount_type IN ('percentage', 'fixed')),
    discount_percentage TEXT,
    applies_to_item_id TEXT,
    applies_to_service_id TEXT,
    is_taxable INTEGER DEFAULT 1 CHECK (is_taxable IN (0, 1)),
    location_id TEXT,
    created_by TEXT CHECK (length(created_by) <= 255),
    created_at INTEGER DEFAULT (CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000),
    updated_at INTEGER,
    PRIMARY KEY (tenant, item_id),
    FOREIGN KEY (tenant, invoice_id) REFERENCES invoices (tenant, invoice_id),
    FOREIGN KEY (tenant, service_id) REFERENCES service_catalog (tenant, service_id),
    FOREIGN KEY (tenant, applies_to_item_id) REFERENCES invoice_charges (tenant, item_id),
    FOREIGN KEY (tenant, applies_to_service_id) REFERENCES service_catalog (tenant, service_id),
    FOREIGN KEY (tenant, location_id) REFERENCES client_locations (tenant, location_id)
) STRICT;
CREATE INDEX idx_invoice_charges_location ON invoice_charges (tenant, invoice_id, location_id);
