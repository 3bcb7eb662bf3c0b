-- CRM, quotes and documents for a stand-alone database. Names are those of the PSA. Every key and every foreign key
-- carries the tenant, so that the tables can be distributed by it and a reference across tenants is impossible.
-- References to PSA tables that no action uses yet (opportunities, contracts, invoices, services) are plain columns.

CREATE TABLE tenant_settings (
    tenant uuid NOT NULL REFERENCES tenants (tenant) ON DELETE CASCADE,
    settings jsonb,
    created_at timestamptz DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamptz DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (tenant)
);

CREATE TABLE statuses (
    tenant uuid NOT NULL REFERENCES tenants (tenant),
    status_id uuid NOT NULL DEFAULT gen_random_uuid(),
    name text NOT NULL,
    status_type text NOT NULL CHECK (status_type IN ('project', 'ticket', 'project_task', 'interaction')),
    item_type text CHECK (item_type IN ('project', 'project_task', 'ticket', 'interaction')),
    order_number integer NOT NULL,
    is_closed boolean NOT NULL DEFAULT false,
    is_default boolean DEFAULT false,
    color varchar(7),
    icon varchar(50),
    created_by uuid,
    created_at timestamptz DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (tenant, status_id),
    FOREIGN KEY (tenant, created_by) REFERENCES users (tenant, user_id)
);
CREATE UNIQUE INDEX statuses_non_ticket_name_unique_idx ON statuses (tenant, status_type, name)
    WHERE status_type <> 'ticket';
CREATE UNIQUE INDEX statuses_non_ticket_order_unique_idx ON statuses (tenant, status_type, order_number)
    WHERE status_type <> 'ticket';

CREATE TABLE clients (
    tenant uuid NOT NULL REFERENCES tenants (tenant),
    client_id uuid NOT NULL DEFAULT gen_random_uuid(),
    client_name text NOT NULL,
    client_type text NOT NULL DEFAULT 'company' CHECK (client_type IN ('company', 'individual')),
    lifecycle_status text NOT NULL DEFAULT 'active' CHECK (lifecycle_status IN ('prospect', 'active', 'former')),
    url text,
    notes text,
    properties jsonb,
    billing_email varchar(255),
    billing_contact_id uuid,
    account_manager_id uuid,
    default_currency_code varchar(3) NOT NULL DEFAULT 'USD',
    billing_cycle text NOT NULL DEFAULT 'monthly'
        CHECK (billing_cycle IN ('weekly', 'bi-weekly', 'monthly', 'quarterly', 'semi-annually', 'annually')),
    is_tax_exempt boolean NOT NULL DEFAULT false,
    region_code varchar(255),
    timezone varchar(255),
    is_inactive boolean DEFAULT false,
    created_at timestamptz DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamptz DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (tenant, client_id),
    CONSTRAINT clients_tenant_client_name_unique UNIQUE (tenant, client_name),
    FOREIGN KEY (tenant, account_manager_id) REFERENCES users (tenant, user_id)
);

CREATE TABLE client_locations (
    tenant uuid NOT NULL REFERENCES tenants (tenant),
    location_id uuid NOT NULL,
    client_id uuid NOT NULL,
    location_name varchar(255),
    address_line1 varchar(255) NOT NULL,
    address_line2 varchar(255),
    address_line3 varchar(255),
    city varchar(255) NOT NULL,
    state_province varchar(255),
    postal_code varchar(255),
    country_code varchar(255) NOT NULL,
    country_name varchar(255) NOT NULL,
    region_code varchar(255),
    is_billing_address boolean DEFAULT false,
    is_shipping_address boolean DEFAULT false,
    is_default boolean DEFAULT false,
    is_active boolean DEFAULT true,
    phone varchar(255),
    email varchar(255),
    created_at timestamptz DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamptz DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (tenant, location_id),
    FOREIGN KEY (tenant, client_id) REFERENCES clients (tenant, client_id) ON DELETE CASCADE
);
CREATE INDEX idx_client_locations_tenant_client_id ON client_locations (tenant, client_id);
CREATE UNIQUE INDEX ux_client_locations_default_per_client ON client_locations (tenant, client_id) WHERE is_default;

CREATE TABLE contacts (
    tenant uuid NOT NULL REFERENCES tenants (tenant),
    contact_name_id uuid NOT NULL DEFAULT gen_random_uuid(),
    client_id uuid,
    full_name text,
    email text,
    role text,
    notes text,
    is_client_admin boolean NOT NULL DEFAULT false,
    is_inactive boolean DEFAULT false,
    created_at timestamptz DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamptz DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (tenant, contact_name_id),
    CONSTRAINT contacts_tenant_email_unique UNIQUE (tenant, email),
    FOREIGN KEY (tenant, client_id) REFERENCES clients (tenant, client_id) ON DELETE CASCADE
);
CREATE INDEX contacts_tenant_name_idx ON contacts (tenant, full_name, contact_name_id);
CREATE INDEX contacts_tenant_client_name_idx ON contacts (tenant, client_id, full_name, contact_name_id);

CREATE TABLE tickets (
    tenant uuid NOT NULL REFERENCES tenants (tenant),
    ticket_id uuid NOT NULL DEFAULT gen_random_uuid(),
    ticket_number text NOT NULL,
    title text,
    client_id uuid NOT NULL,
    contact_name_id uuid,
    status_id uuid,
    entered_by uuid,
    updated_by uuid,
    assigned_to uuid,
    closed_by uuid,
    entered_at timestamptz,
    updated_at timestamptz DEFAULT CURRENT_TIMESTAMP,
    closed_at timestamptz,
    due_date timestamptz,
    is_closed boolean NOT NULL DEFAULT false,
    attributes jsonb,
    source text,
    ticket_origin text DEFAULT 'internal',
    PRIMARY KEY (tenant, ticket_id),
    CONSTRAINT tickets_tenant_ticket_number_unique UNIQUE (tenant, ticket_number),
    FOREIGN KEY (tenant, client_id) REFERENCES clients (tenant, client_id) ON DELETE CASCADE,
    FOREIGN KEY (tenant, contact_name_id) REFERENCES contacts (tenant, contact_name_id),
    FOREIGN KEY (tenant, status_id) REFERENCES statuses (tenant, status_id)
);
CREATE INDEX tickets_tenant_client_number_idx ON tickets (tenant, client_id, ticket_number);
CREATE INDEX tickets_tenant_contact_number_idx ON tickets (tenant, contact_name_id, ticket_number);

CREATE TABLE projects (
    tenant uuid NOT NULL REFERENCES tenants (tenant),
    project_id uuid NOT NULL DEFAULT gen_random_uuid(),
    project_name text NOT NULL,
    project_number varchar(50) NOT NULL,
    wbs_code text NOT NULL,
    description text,
    client_id uuid NOT NULL,
    contact_name_id uuid,
    status uuid NOT NULL,
    assigned_to uuid,
    start_date timestamptz,
    end_date timestamptz,
    is_inactive boolean DEFAULT false,
    created_at timestamptz DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamptz DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (tenant, project_id),
    CONSTRAINT projects_tenant_wbs_code_unique UNIQUE (tenant, wbs_code),
    CONSTRAINT idx_projects_tenant_project_number UNIQUE (tenant, project_number),
    FOREIGN KEY (tenant, client_id) REFERENCES clients (tenant, client_id) ON DELETE CASCADE,
    FOREIGN KEY (tenant, contact_name_id) REFERENCES contacts (tenant, contact_name_id),
    FOREIGN KEY (tenant, status) REFERENCES statuses (tenant, status_id),
    FOREIGN KEY (tenant, assigned_to) REFERENCES users (tenant, user_id)
);

CREATE TABLE system_interaction_types (
    type_id uuid NOT NULL DEFAULT gen_random_uuid(),
    type_name text NOT NULL,
    icon text,
    display_order integer,
    created_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (type_id),
    CONSTRAINT system_interaction_types_type_name_unique UNIQUE (type_name)
);

CREATE TABLE interaction_types (
    tenant uuid NOT NULL REFERENCES tenants (tenant),
    type_id uuid NOT NULL DEFAULT gen_random_uuid(),
    type_name text NOT NULL,
    icon text,
    system_type_id uuid REFERENCES system_interaction_types (type_id) ON DELETE SET NULL,
    display_order integer,
    color text,
    is_request boolean DEFAULT false,
    created_by uuid,
    PRIMARY KEY (tenant, type_id),
    CONSTRAINT interaction_types_tenant_display_order_unique UNIQUE (tenant, display_order)
);

CREATE TABLE interactions (
    tenant uuid NOT NULL REFERENCES tenants (tenant),
    interaction_id uuid NOT NULL DEFAULT gen_random_uuid(),
    type_id uuid NOT NULL,
    client_id uuid,
    contact_name_id uuid,
    ticket_id uuid,
    project_id uuid,
    opportunity_id uuid,
    user_id uuid NOT NULL,
    status_id uuid,
    title text,
    notes text,
    interaction_date timestamptz DEFAULT CURRENT_TIMESTAMP,
    start_time timestamptz,
    end_time timestamptz,
    duration integer,
    visibility text NOT NULL DEFAULT 'internal' CHECK (visibility IN ('internal', 'client_visible')),
    category text,
    tags text[],
    PRIMARY KEY (tenant, interaction_id),
    FOREIGN KEY (tenant, client_id) REFERENCES clients (tenant, client_id) ON DELETE CASCADE,
    FOREIGN KEY (tenant, contact_name_id) REFERENCES contacts (tenant, contact_name_id),
    FOREIGN KEY (tenant, ticket_id) REFERENCES tickets (tenant, ticket_id),
    FOREIGN KEY (tenant, project_id) REFERENCES projects (tenant, project_id),
    FOREIGN KEY (tenant, user_id) REFERENCES users (tenant, user_id),
    FOREIGN KEY (tenant, status_id) REFERENCES statuses (tenant, status_id)
);
-- One index per filter of a search, each in the order of its answer: newest first, undated last, ties by id.
CREATE INDEX interactions_tenant_date_idx ON interactions
    (tenant, interaction_date DESC NULLS LAST, interaction_id);
CREATE INDEX interactions_tenant_client_date_idx ON interactions
    (tenant, client_id, interaction_date DESC NULLS LAST, interaction_id);
CREATE INDEX interactions_tenant_contact_date_idx ON interactions
    (tenant, contact_name_id, interaction_date DESC NULLS LAST, interaction_id);
CREATE INDEX interactions_tenant_ticket_date_idx ON interactions
    (tenant, ticket_id, interaction_date DESC NULLS LAST, interaction_id);
CREATE INDEX interactions_tenant_user_date_idx ON interactions
    (tenant, user_id, interaction_date DESC NULLS LAST, interaction_id);
CREATE INDEX interactions_tenant_type_date_idx ON interactions
    (tenant, type_id, interaction_date DESC NULLS LAST, interaction_id);
CREATE INDEX interactions_tenant_status_date_idx ON interactions
    (tenant, status_id, interaction_date DESC NULLS LAST, interaction_id);

-- type_id points to one of two tables, which a foreign key cannot say.
CREATE FUNCTION validate_interaction_type() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM system_interaction_types WHERE type_id = NEW.type_id)
        AND NOT EXISTS (SELECT FROM interaction_types WHERE tenant = NEW.tenant AND type_id = NEW.type_id)
    THEN
        RAISE EXCEPTION 'Invalid interaction type: %', NEW.type_id USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN NEW;
END;
$$;
CREATE TRIGGER validate_interaction_type_trigger BEFORE INSERT OR UPDATE OF tenant, type_id ON interactions
    FOR EACH ROW EXECUTE FUNCTION validate_interaction_type();

CREATE TABLE quotes (
    tenant uuid NOT NULL REFERENCES tenants (tenant),
    quote_id uuid NOT NULL DEFAULT gen_random_uuid(),
    quote_number text,
    client_id uuid,
    contact_id uuid,
    title text NOT NULL,
    description text,
    quote_date timestamptz,
    valid_until timestamptz,
    -- Null for a template.
    status text CHECK (status IN ('draft', 'pending_approval', 'approved', 'sent', 'accepted', 'rejected', 'expired',
        'converted', 'cancelled', 'superseded', 'archived')),
    version integer NOT NULL DEFAULT 1,
    parent_quote_id uuid,
    po_number text,
    subtotal bigint NOT NULL DEFAULT 0,
    discount_total bigint NOT NULL DEFAULT 0,
    tax bigint NOT NULL DEFAULT 0,
    total_amount bigint NOT NULL DEFAULT 0,
    currency_code varchar(3) NOT NULL DEFAULT 'USD',
    internal_notes text,
    client_notes text,
    terms_and_conditions text,
    is_template boolean NOT NULL DEFAULT false,
    template_id uuid,
    converted_contract_id uuid,
    converted_invoice_id uuid,
    sent_at timestamptz,
    viewed_at timestamptz,
    accepted_at timestamptz,
    accepted_by uuid,
    rejected_at timestamptz,
    rejection_reason text,
    cancelled_at timestamptz,
    expired_at timestamptz,
    converted_at timestamptz,
    archived_at timestamptz,
    opportunity_id uuid,
    created_by uuid,
    updated_by uuid,
    created_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    tax_source varchar(20) NOT NULL DEFAULT 'internal'
        CHECK (tax_source IN ('internal', 'external', 'pending_external')),
    PRIMARY KEY (tenant, quote_id),
    FOREIGN KEY (tenant, client_id) REFERENCES clients (tenant, client_id),
    FOREIGN KEY (tenant, contact_id) REFERENCES contacts (tenant, contact_name_id),
    FOREIGN KEY (tenant, parent_quote_id) REFERENCES quotes (tenant, quote_id),
    FOREIGN KEY (tenant, accepted_by) REFERENCES users (tenant, user_id),
    FOREIGN KEY (tenant, created_by) REFERENCES users (tenant, user_id),
    FOREIGN KEY (tenant, updated_by) REFERENCES users (tenant, user_id)
);
CREATE UNIQUE INDEX idx_quotes_tenant_quote_number_version_unique ON quotes (tenant, quote_number, version)
    WHERE quote_number IS NOT NULL;
CREATE INDEX idx_quotes_tenant_client ON quotes (tenant, client_id);
CREATE INDEX idx_quotes_tenant_status ON quotes (tenant, status);

CREATE TABLE quote_items (
    tenant uuid NOT NULL REFERENCES tenants (tenant),
    quote_item_id uuid NOT NULL DEFAULT gen_random_uuid(),
    quote_id uuid NOT NULL,
    service_id uuid,
    service_item_kind text,
    service_name text,
    service_sku text,
    billing_method text,
    description text NOT NULL,
    quantity bigint NOT NULL DEFAULT 1,
    unit_price bigint NOT NULL DEFAULT 0,
    total_price bigint NOT NULL DEFAULT 0,
    tax_amount bigint NOT NULL DEFAULT 0,
    net_amount bigint NOT NULL DEFAULT 0,
    unit_of_measure text,
    display_order integer NOT NULL DEFAULT 0,
    phase text,
    is_optional boolean NOT NULL DEFAULT false,
    is_selected boolean NOT NULL DEFAULT true,
    is_recurring boolean NOT NULL DEFAULT false,
    billing_frequency text,
    is_discount boolean NOT NULL DEFAULT false,
    discount_type text CHECK (discount_type IN ('percentage', 'fixed')),
    discount_percentage integer,
    applies_to_item_id uuid,
    applies_to_service_id uuid,
    is_taxable boolean NOT NULL DEFAULT true,
    tax_region text,
    tax_rate integer,
    location_id uuid,
    cost bigint,
    cost_currency varchar(3),
    created_by uuid,
    updated_by uuid,
    created_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (tenant, quote_item_id),
    FOREIGN KEY (tenant, quote_id) REFERENCES quotes (tenant, quote_id) ON DELETE CASCADE,
    FOREIGN KEY (tenant, location_id) REFERENCES client_locations (tenant, location_id),
    FOREIGN KEY (tenant, created_by) REFERENCES users (tenant, user_id),
    FOREIGN KEY (tenant, updated_by) REFERENCES users (tenant, user_id)
);
CREATE INDEX idx_quote_items_tenant_quote_order ON quote_items (tenant, quote_id, display_order, quote_item_id);

CREATE TABLE quote_activities (
    tenant uuid NOT NULL REFERENCES tenants (tenant),
    activity_id uuid NOT NULL DEFAULT gen_random_uuid(),
    quote_id uuid NOT NULL,
    activity_type text NOT NULL,
    description text NOT NULL,
    performed_by uuid,
    metadata jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (tenant, activity_id),
    FOREIGN KEY (tenant, quote_id) REFERENCES quotes (tenant, quote_id) ON DELETE CASCADE,
    FOREIGN KEY (tenant, performed_by) REFERENCES users (tenant, user_id)
);
CREATE INDEX idx_quote_activities_tenant_quote_created_at ON quote_activities (tenant, quote_id, created_at);

CREATE TABLE external_files (
    tenant uuid NOT NULL REFERENCES tenants (tenant),
    file_id uuid NOT NULL DEFAULT gen_random_uuid(),
    file_name text NOT NULL,
    original_name text NOT NULL,
    mime_type text NOT NULL,
    file_size bigint NOT NULL,
    storage_path text NOT NULL,
    uploaded_by_id uuid NOT NULL,
    created_at timestamptz DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamptz DEFAULT CURRENT_TIMESTAMP,
    is_deleted boolean DEFAULT false,
    PRIMARY KEY (tenant, file_id),
    FOREIGN KEY (tenant, uploaded_by_id) REFERENCES users (tenant, user_id)
);

CREATE TABLE documents (
    tenant uuid NOT NULL REFERENCES tenants (tenant),
    document_id uuid NOT NULL DEFAULT gen_random_uuid(),
    document_name text NOT NULL,
    type_id uuid,
    user_id uuid NOT NULL,
    created_by uuid NOT NULL,
    edited_by uuid,
    entered_at timestamptz,
    updated_at timestamptz DEFAULT CURRENT_TIMESTAMP,
    content text,
    file_id uuid,
    storage_path varchar(255),
    mime_type varchar(255),
    file_size bigint,
    folder_path varchar(500),
    is_client_visible boolean NOT NULL DEFAULT false,
    PRIMARY KEY (tenant, document_id),
    FOREIGN KEY (tenant, file_id) REFERENCES external_files (tenant, file_id),
    FOREIGN KEY (tenant, created_by) REFERENCES users (tenant, user_id)
);

CREATE TABLE document_associations (
    tenant uuid NOT NULL REFERENCES tenants (tenant),
    association_id uuid NOT NULL DEFAULT gen_random_uuid(),
    document_id uuid NOT NULL,
    entity_id uuid NOT NULL,
    entity_type varchar(255) NOT NULL CHECK (entity_type IN ('asset', 'client', 'contact', 'contract', 'invoice',
        'project_task', 'quote', 'sales_order', 'team', 'tenant', 'ticket', 'user')),
    created_at timestamptz DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (tenant, association_id),
    UNIQUE (tenant, document_id, entity_id, entity_type),
    FOREIGN KEY (tenant, document_id) REFERENCES documents (tenant, document_id) ON DELETE CASCADE
);
CREATE INDEX document_associations_tenant_entity_idx ON document_associations (tenant, entity_type, entity_id);
