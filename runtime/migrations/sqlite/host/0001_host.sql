-- What the runtime reads of a host PSA database (tenants, users, permissions, workflow versions) and its audit log, for
-- an embedded database. Names are those of the PSA; every key and every foreign key carries the tenant.
-- A uuid is lower-case TEXT, a timestamp an INTEGER of microseconds since 1970 UTC (the default is the time of the
-- statement, to the millisecond), a boolean 0 or 1, JSON is TEXT.

CREATE TABLE tenants (
    tenant TEXT NOT NULL,
    client_name TEXT NOT NULL,
    email TEXT NOT NULL,
    phone_number TEXT,
    created_at INTEGER DEFAULT (CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000),
    updated_at INTEGER DEFAULT (CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000),
    PRIMARY KEY (tenant)
) STRICT;

CREATE TABLE users (
    tenant TEXT NOT NULL REFERENCES tenants (tenant),
    user_id TEXT NOT NULL,
    username TEXT NOT NULL,
    hashed_password TEXT NOT NULL,
    first_name TEXT,
    last_name TEXT,
    email TEXT NOT NULL,
    user_type TEXT NOT NULL DEFAULT 'internal' CHECK (user_type IN ('internal', 'client')),
    -- The contact behind a client portal user; no foreign key, contacts belong to an action pack.
    contact_id TEXT,
    phone TEXT CHECK (length(phone) <= 255),
    timezone TEXT CHECK (length(timezone) <= 255),
    is_inactive INTEGER DEFAULT 0 CHECK (is_inactive IN (0, 1)),
    created_at INTEGER DEFAULT (CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000),
    updated_at INTEGER DEFAULT (CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000),
    PRIMARY KEY (tenant, user_id, email),
    CONSTRAINT users_tenant_user_id_unique UNIQUE (tenant, user_id)
) STRICT;
CREATE INDEX users_tenant_name_idx ON users (tenant, first_name, last_name, user_id);

CREATE TABLE roles (
    tenant TEXT NOT NULL REFERENCES tenants (tenant),
    role_id TEXT NOT NULL,
    role_name TEXT NOT NULL,
    description TEXT,
    msp INTEGER NOT NULL DEFAULT 1 CHECK (msp IN (0, 1)),
    client INTEGER NOT NULL DEFAULT 0 CHECK (client IN (0, 1)),
    created_at INTEGER DEFAULT (CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000),
    updated_at INTEGER DEFAULT (CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000),
    PRIMARY KEY (tenant, role_id)
) STRICT;

CREATE TABLE permissions (
    tenant TEXT NOT NULL REFERENCES tenants (tenant),
    permission_id TEXT NOT NULL,
    resource TEXT NOT NULL,
    action TEXT NOT NULL,
    description TEXT,
    msp INTEGER NOT NULL DEFAULT 1 CHECK (msp IN (0, 1)),
    client INTEGER NOT NULL DEFAULT 0 CHECK (client IN (0, 1)),
    created_at INTEGER DEFAULT (CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000),
    PRIMARY KEY (tenant, permission_id)
) STRICT;
CREATE INDEX permissions_tenant_resource_action_idx ON permissions (tenant, resource, action);

CREATE TABLE role_permissions (
    tenant TEXT NOT NULL REFERENCES tenants (tenant),
    role_id TEXT NOT NULL,
    permission_id TEXT NOT NULL,
    created_at INTEGER DEFAULT (CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000),
    PRIMARY KEY (tenant, role_id, permission_id),
    FOREIGN KEY (tenant, role_id) REFERENCES roles (tenant, role_id),
    FOREIGN KEY (tenant, permission_id) REFERENCES permissions (tenant, permission_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE user_roles (
    tenant TEXT NOT NULL REFERENCES tenants (tenant),
    user_id TEXT NOT NULL,
    role_id TEXT NOT NULL,
    created_at INTEGER DEFAULT (CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000),
    PRIMARY KEY (tenant, user_id, role_id),
    FOREIGN KEY (tenant, user_id) REFERENCES users (tenant, user_id),
    FOREIGN KEY (tenant, role_id) REFERENCES roles (tenant, role_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE audit_logs (
    tenant TEXT NOT NULL,
    audit_id TEXT NOT NULL,
    user_id TEXT CHECK (length(user_id) <= 255),
    operation TEXT NOT NULL CHECK (length(operation) <= 255),
    table_name TEXT NOT NULL CHECK (length(table_name) <= 255),
    record_id TEXT NOT NULL CHECK (length(record_id) <= 255),
    changed_data TEXT NOT NULL CHECK (json_valid(changed_data)),
    details TEXT NOT NULL CHECK (json_valid(details)),
    "timestamp" INTEGER NOT NULL DEFAULT (CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000),
    PRIMARY KEY (tenant, audit_id)
) STRICT;
CREATE INDEX audit_logs_tenant_timestamp_idx ON audit_logs (tenant, "timestamp");
CREATE INDEX audit_logs_tenant_record_idx ON audit_logs (tenant, table_name, record_id);

CREATE TABLE workflow_definitions (
    tenant TEXT NOT NULL REFERENCES tenants (tenant),
    workflow_id TEXT NOT NULL,
    key TEXT,
    name TEXT NOT NULL,
    description TEXT,
    payload_schema_ref TEXT NOT NULL,
    trigger TEXT CHECK (trigger IS NULL OR json_valid(trigger)),
    draft_definition TEXT NOT NULL CHECK (json_valid(draft_definition)),
    draft_version INTEGER NOT NULL DEFAULT 1,
    status TEXT NOT NULL DEFAULT 'draft',
    created_by TEXT,
    updated_by TEXT,
    created_at INTEGER NOT NULL DEFAULT (CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000),
    updated_at INTEGER NOT NULL DEFAULT (CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000),
    PRIMARY KEY (tenant, workflow_id),
    FOREIGN KEY (tenant, created_by) REFERENCES users (tenant, user_id),
    FOREIGN KEY (tenant, updated_by) REFERENCES users (tenant, user_id)
) STRICT;

CREATE TABLE workflow_definition_versions (
    tenant TEXT NOT NULL REFERENCES tenants (tenant),
    version_id TEXT NOT NULL,
    workflow_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    definition_json TEXT NOT NULL CHECK (json_valid(definition_json)),
    payload_schema_json TEXT CHECK (payload_schema_json IS NULL OR json_valid(payload_schema_json)),
    published_by TEXT,
    published_at INTEGER,
    created_at INTEGER NOT NULL DEFAULT (CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000),
    updated_at INTEGER NOT NULL DEFAULT (CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000),
    PRIMARY KEY (tenant, version_id),
    CONSTRAINT workflow_definition_versions_workflow_version_unique UNIQUE (tenant, workflow_id, version),
    FOREIGN KEY (tenant, workflow_id) REFERENCES workflow_definitions (tenant, workflow_id) ON DELETE CASCADE,
    FOREIGN KEY (tenant, published_by) REFERENCES users (tenant, user_id)
) STRICT;

CREATE TABLE workflow_runs (
    tenant TEXT NOT NULL REFERENCES tenants (tenant),
    run_id TEXT NOT NULL,
    workflow_id TEXT NOT NULL,
    workflow_version INTEGER NOT NULL,
    status TEXT NOT NULL,
    node_path TEXT,
    input_json TEXT CHECK (input_json IS NULL OR json_valid(input_json)),
    error_json TEXT CHECK (error_json IS NULL OR json_valid(error_json)),
    started_at INTEGER NOT NULL DEFAULT (CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000),
    completed_at INTEGER,
    updated_at INTEGER NOT NULL DEFAULT (CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000),
    PRIMARY KEY (tenant, run_id),
    FOREIGN KEY (tenant, workflow_id) REFERENCES workflow_definitions (tenant, workflow_id) ON DELETE CASCADE
) STRICT;
CREATE INDEX workflow_runs_tenant_workflow_idx ON workflow_runs (tenant, workflow_id, status);
