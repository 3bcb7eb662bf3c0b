-- Numbers of quotes and other documents, and tags. Names are those of the PSA.

CREATE TABLE next_number (
    tenant uuid NOT NULL REFERENCES tenants (tenant),
    entity_type text NOT NULL,
    last_number bigint NOT NULL DEFAULT 0,
    initial_value bigint NOT NULL DEFAULT 1000,
    prefix text DEFAULT 'TIC',
    padding_length integer DEFAULT 6,
    PRIMARY KEY (tenant, entity_type)
);

CREATE TABLE tag_definitions (
    tenant uuid NOT NULL REFERENCES tenants (tenant),
    tag_id uuid NOT NULL DEFAULT gen_random_uuid(),
    tag_text text NOT NULL,
    tagged_type text NOT NULL,
    background_color varchar(255),
    text_color varchar(255),
    created_at timestamptz DEFAULT CURRENT_TIMESTAMP,
    board_id uuid,
    PRIMARY KEY (tenant, tag_id),
    UNIQUE (tenant, tag_text, tagged_type)
);

CREATE TABLE tag_mappings (
    tenant uuid NOT NULL REFERENCES tenants (tenant),
    mapping_id uuid NOT NULL DEFAULT gen_random_uuid(),
    tag_id uuid NOT NULL,
    tagged_id uuid NOT NULL,
    tagged_type text NOT NULL,
    created_at timestamptz DEFAULT CURRENT_TIMESTAMP,
    created_by uuid,
    PRIMARY KEY (tenant, mapping_id),
    UNIQUE (tenant, tag_id, tagged_id),
    FOREIGN KEY (tenant, tag_id) REFERENCES tag_definitions (tenant, tag_id) ON DELETE CASCADE,
    FOREIGN KEY (tenant, created_by) REFERENCES users (tenant, user_id)
);
CREATE INDEX tag_mappings_tenant_tagged_idx ON tag_mappings (tenant, tagged_id, tagged_type);

-- Pages of quotes, by each column that they can be sorted by.
CREATE INDEX quotes_tenant_template_date_idx ON quotes (tenant, is_template, quote_date DESC NULLS LAST, quote_id DESC);
CREATE INDEX quotes_tenant_template_created_idx ON quotes (tenant, is_template, created_at, quote_id);
CREATE INDEX quotes_tenant_template_total_idx ON quotes (tenant, is_template, total_amount, quote_id);
CREATE INDEX quotes_tenant_template_status_idx ON quotes (tenant, is_template, status DESC NULLS LAST, quote_id DESC);
