-- Numbers of quotes and other documents, and tags. Names are those of the PSA.

CREATE TABLE next_number (
    tenant TEXT NOT NULL REFERENCES tenants (tenant),
    entity_type TEXT NOT NULL,
    last_number INTEGER NOT NULL DEFAULT 0,
    initial_value INTEGER NOT NULL DEFAULT 1000,
    prefix TEXT DEFAULT 'TIC',
    padding_length INTEGER DEFAULT 6,
    PRIMARY KEY (tenant, entity_type)
) STRICT;

CREATE TABLE tag_definitions (
    tenant TEXT NOT NULL REFERENCES tenants (tenant),
    tag_id TEXT NOT NULL,
    tag_text TEXT NOT NULL,
    tagged_type TEXT NOT NULL,
    background_color TEXT,
    text_color TEXT,
    created_at INTEGER DEFAULT (CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000),
    board_id TEXT,
    PRIMARY KEY (tenant, tag_id),
    UNIQUE (tenant, tag_text, tagged_type)
) STRICT;

CREATE TABLE tag_mappings (
    tenant TEXT NOT NULL REFERENCES tenants (tenant),
    mapping_id TEXT NOT NULL,
    tag_id TEXT NOT NULL,
    tagged_id TEXT NOT NULL,
    tagged_type TEXT NOT NULL,
    created_at INTEGER DEFAULT (CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000),
    created_by TEXT,
    PRIMARY KEY (tenant, mapping_id),
    UNIQUE (tenant, tag_id, tagged_id),
    FOREIGN KEY (tenant, tag_id) REFERENCES tag_definitions (tenant, tag_id) ON DELETE CASCADE,
    FOREIGN KEY (tenant, created_by) REFERENCES users (tenant, user_id)
) STRICT;
CREATE INDEX tag_mappings_tenant_tagged_idx ON tag_mappings (tenant, tagged_id, tagged_type);

-- Pages of quotes, by each column that they can be sorted by.
CREATE INDEX quotes_tenant_template_date_idx ON quotes (tenant, is_template, quote_date, quote_id);
CREATE INDEX quotes_tenant_template_created_idx ON quotes (tenant, is_template, created_at, quote_id);
CREATE INDEX quotes_tenant_template_total_idx ON quotes (tenant, is_template, total_amount, quote_id);
CREATE INDEX quotes_tenant_template_status_idx ON quotes (tenant, is_template, status, quote_id);
