-- What a quote is priced by (services, tax) and what it becomes (contracts, invoices). Names are those of the PSA.
-- composite_tax_mappings, tax_rate_thresholds and tax_holidays have no tenant there either: their rows are those of their
-- tax rate. Money that is numeric is in the minor unit, like all other money.

ALTER TABLE clients ADD COLUMN payment_terms text;

CREATE TABLE service_catalog (
    tenant uuid NOT NULL REFERENCES tenants (tenant),
    service_id uuid NOT NULL DEFAULT gen_random_uuid(),
    service_name text NOT NULL,
    description text,
    default_rate bigint,
    unit_of_measure text,
    billing_method text NOT NULL,
    item_kind text NOT NULL DEFAULT 'service' CHECK (item_kind IN ('service', 'product')),
    is_active boolean NOT NULL DEFAULT true,
    sku text,
    PRIMARY KEY (tenant, service_id)
);

CREATE TABLE tax_rates (
    tenant uuid NOT NULL REFERENCES tenants (tenant),
    tax_rate_id uuid NOT NULL,
    tax_percentage numeric(10,4) NOT NULL,
    description text,
    start_date date NOT NULL,
    end_date date,
    tax_type text CHECK (tax_type IN ('VAT', 'GST', 'Sales Tax')),
    is_composite boolean DEFAULT false,
    is_active boolean DEFAULT true,
    region_code varchar(255) NOT NULL,
    created_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (tax_rate_id),
    CONSTRAINT tax_rates_tenant_tax_rate_id_unique UNIQUE (tenant, tax_rate_id)
);
CREATE INDEX idx_tax_rates_tenant_region_code ON tax_rates (tenant, region_code);

CREATE TABLE tax_components (
    tenant uuid NOT NULL REFERENCES tenants (tenant),
    tax_component_id uuid NOT NULL,
    tax_rate_id uuid NOT NULL,
    name varchar(255) NOT NULL,
    rate bigint NOT NULL,
    sequence integer NOT NULL,
    is_compound boolean DEFAULT false,
    start_date date,
    end_date date,
    created_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (tenant, tax_component_id),
    CONSTRAINT tax_components_tax_component_id_idx UNIQUE (tax_component_id),
    FOREIGN KEY (tenant, tax_rate_id) REFERENCES tax_rates (tenant, tax_rate_id)
);

CREATE TABLE composite_tax_mappings (
    composite_tax_id uuid NOT NULL REFERENCES tax_rates (tax_rate_id),
    tax_component_id uuid NOT NULL REFERENCES tax_components (tax_component_id),
    sequence integer NOT NULL,
    PRIMARY KEY (composite_tax_id, tax_component_id)
);

CREATE TABLE tax_rate_thresholds (
    tax_rate_threshold_id uuid NOT NULL,
    tax_rate_id uuid REFERENCES tax_rates (tax_rate_id),
    min_amount bigint,
    max_amount bigint,
    rate bigint NOT NULL,
    created_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (tax_rate_threshold_id)
);
CREATE INDEX tax_rate_thresholds_rate_idx ON tax_rate_thresholds (tax_rate_id);

CREATE TABLE tax_holidays (
    tax_holiday_id uuid NOT NULL,
    tax_rate_id uuid NOT NULL REFERENCES tax_rates (tax_rate_id),
    start_date date NOT NULL,
    end_date date NOT NULL,
    description varchar(255),
    created_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (tax_holiday_id)
);
CREATE INDEX tax_holidays_rate_idx ON tax_holidays (tax_rate_id);

CREATE TABLE client_tax_settings (
    tenant uuid NOT NULL REFERENCES tenants (tenant),
    client_id uuid NOT NULL,
    is_reverse_charge_applicable boolean DEFAULT false,
    tax_source_override varchar(20),
    billing_profile_id uuid NOT NULL,
    PRIMARY KEY (tenant, client_id, billing_profile_id),
    FOREIGN KEY (tenant, client_id) REFERENCES clients (tenant, client_id) ON DELETE CASCADE
);

CREATE TABLE client_tax_rates (
    tenant uuid NOT NULL REFERENCES tenants (tenant),
    client_tax_rates_id uuid NOT NULL DEFAULT gen_random_uuid(),
    client_id uuid NOT NULL,
    tax_rate_id uuid NOT NULL,
    location_id uuid,
    is_default boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (tenant, client_tax_rates_id),
    FOREIGN KEY (tenant, client_id) REFERENCES clients (tenant, client_id) ON DELETE CASCADE,
    FOREIGN KEY (tenant, tax_rate_id) REFERENCES tax_rates (tenant, tax_rate_id),
    FOREIGN KEY (tenant, location_id) REFERENCES client_locations (tenant, location_id)
);
CREATE INDEX client_tax_rates_tenant_client_idx ON client_tax_rates (tenant, client_id);

CREATE TABLE contracts (
    tenant uuid NOT NULL REFERENCES tenants (tenant),
    contract_id uuid NOT NULL DEFAULT gen_random_uuid(),
    contract_name varchar(255) NOT NULL,
    contract_description text,
    billing_frequency text NOT NULL DEFAULT 'monthly',
    is_active boolean DEFAULT true,
    status text NOT NULL DEFAULT 'draft',
    is_template boolean NOT NULL DEFAULT true,
    template_metadata jsonb,
    currency_code varchar(3) NOT NULL DEFAULT 'USD',
    owner_client_id uuid,
    start_date timestamptz,
    end_date timestamptz,
    created_at timestamptz DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamptz DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (tenant, contract_id),
    FOREIGN KEY (tenant, owner_client_id) REFERENCES clients (tenant, client_id)
);
CREATE INDEX idx_contracts_tenant_owner_client_id ON contracts (tenant, owner_client_id);

CREATE TABLE contract_lines (
    tenant uuid NOT NULL REFERENCES tenants (tenant),
    contract_line_id uuid NOT NULL DEFAULT gen_random_uuid(),
    contract_id uuid,
    contract_line_name text NOT NULL,
    description text,
    billing_frequency text NOT NULL DEFAULT 'monthly',
    is_custom boolean DEFAULT false,
    contract_line_type text,
    is_active boolean DEFAULT true,
    is_template boolean NOT NULL DEFAULT true,
    billing_timing varchar(16) NOT NULL DEFAULT 'arrears',
    display_order integer NOT NULL DEFAULT 0,
    custom_rate numeric(10,2),
    location_id uuid,
    created_at timestamptz DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamptz DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (tenant, contract_line_id),
    FOREIGN KEY (tenant, contract_id) REFERENCES contracts (tenant, contract_id),
    FOREIGN KEY (tenant, location_id) REFERENCES client_locations (tenant, location_id)
);
CREATE INDEX idx_contract_lines_location ON contract_lines (tenant, contract_id, location_id);

CREATE TABLE contract_line_services (
    tenant uuid NOT NULL REFERENCES tenants (tenant),
    contract_line_id uuid NOT NULL,
    service_id uuid NOT NULL,
    quantity integer,
    custom_rate bigint,
    PRIMARY KEY (tenant, service_id, contract_line_id),
    FOREIGN KEY (tenant, contract_line_id) REFERENCES contract_lines (tenant, contract_line_id),
    FOREIGN KEY (tenant, service_id) REFERENCES service_catalog (tenant, service_id)
);

CREATE TABLE contract_line_service_configuration (
    tenant uuid NOT NULL REFERENCES tenants (tenant),
    config_id uuid NOT NULL DEFAULT gen_random_uuid(),
    contract_line_id uuid NOT NULL,
    service_id uuid NOT NULL,
    configuration_type varchar(50) NOT NULL,
    custom_rate numeric(10,2),
    quantity integer,
    created_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (tenant, config_id),
    FOREIGN KEY (tenant, contract_line_id) REFERENCES contract_lines (tenant, contract_line_id)
);

CREATE TABLE contract_line_service_fixed_config (
    tenant uuid NOT NULL REFERENCES tenants (tenant),
    config_id uuid NOT NULL,
    base_rate numeric(10,2),
    created_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (tenant, config_id)
);

CREATE TABLE contract_line_service_hourly_configs (
    tenant uuid NOT NULL REFERENCES tenants (tenant),
    config_id uuid NOT NULL,
    hourly_rate numeric(10,2) NOT NULL,
    minimum_billable_time integer NOT NULL,
    round_up_to_nearest integer NOT NULL,
    created_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (tenant, config_id)
);

CREATE TABLE contract_line_service_usage_config (
    tenant uuid NOT NULL REFERENCES tenants (tenant),
    config_id uuid NOT NULL,
    unit_of_measure varchar(255) NOT NULL DEFAULT 'Unit',
    base_rate numeric(10,2),
    created_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (tenant, config_id)
);

CREATE TABLE client_contracts (
    tenant uuid NOT NULL REFERENCES tenants (tenant),
    client_contract_id uuid NOT NULL DEFAULT gen_random_uuid(),
    client_id uuid NOT NULL,
    contract_id uuid NOT NULL,
    start_date date NOT NULL,
    end_date date,
    is_active boolean DEFAULT true,
    po_number text,
    status text NOT NULL DEFAULT 'pending'
        CHECK (status IN ('pending', 'renewing', 'non_renewing', 'snoozed', 'completed')),
    created_at timestamptz DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamptz DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (tenant, client_contract_id),
    FOREIGN KEY (tenant, client_id) REFERENCES clients (tenant, client_id) ON DELETE CASCADE,
    FOREIGN KEY (tenant, contract_id) REFERENCES contracts (tenant, contract_id) ON DELETE CASCADE
);

CREATE TABLE invoices (
    tenant uuid NOT NULL REFERENCES tenants (tenant),
    invoice_id uuid NOT NULL DEFAULT gen_random_uuid(),
    invoice_number text NOT NULL,
    client_id uuid NOT NULL,
    invoice_date timestamptz NOT NULL,
    due_date timestamptz NOT NULL,
    status text NOT NULL,
    subtotal integer NOT NULL DEFAULT 0,
    tax integer NOT NULL DEFAULT 0,
    total_amount bigint NOT NULL,
    currency_code varchar(3) NOT NULL DEFAULT 'USD',
    tax_source varchar(20) DEFAULT 'internal' CHECK (tax_source IN ('internal', 'external', 'pending_external')),
    po_number text,
    is_manual boolean NOT NULL DEFAULT false,
    invoice_type varchar(20) NOT NULL DEFAULT 'standard',
    created_at timestamptz DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamptz DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (tenant, invoice_id),
    CONSTRAINT unique_invoice_number_per_tenant UNIQUE (tenant, invoice_number),
    FOREIGN KEY (tenant, client_id) REFERENCES clients (tenant, client_id) ON DELETE CASCADE
);

CREATE TABLE invoice_charges (
    tenant uuid NOT NULL REFERENCES tenants (tenant),
    item_id uuid NOT NULL DEFAULT gen_random_uuid(),
    invoice_id uuid NOT NULL,
    service_id uuid,
    description text NOT NULL,
    quantity numeric(10,2) NOT NULL,
    unit_price bigint NOT NULL,
    total_price bigint NOT NULL,
    tax_region varchar(255),
    tax_rate numeric(5,2) NOT NULL DEFAULT 0,
    tax_amount bigint,
    net_amount bigint,
    is_manual boolean NOT NULL DEFAULT false,
    is_discount boolean DEFAULT false,
    discount_type text CHECK (discount_type IN ('percentage', 'fixed')),
    discount_percentage numeric(10,4),
    applies_to_item_id uuid,
    applies_to_service_id uuid,
    is_taxable boolean DEFAULT true,
    location_id uuid,
    created_by varchar(255),
    created_at timestamptz DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamptz,
    PRIMARY KEY (tenant, item_id),
    FOREIGN KEY (tenant, invoice_id) REFERENCES invoices (tenant, invoice_id),
    FOREIGN KEY (tenant, service_id) REFERENCES service_catalog (tenant, service_id),
    FOREIGN KEY (tenant, applies_to_item_id) REFERENCES invoice_charges (tenant, item_id),
    FOREIGN KEY (tenant, applies_to_service_id) REFERENCES service_catalog (tenant, service_id),
    FOREIGN KEY (tenant, location_id) REFERENCES client_locations (tenant, location_id)
);
CREATE INDEX idx_invoice_charges_location ON invoice_charges (tenant, invoice_id, location_id);
