-- What the runtime reads of a host PSA database (tenants, users, permissions, workflow versions) and its audit log, for
-- a stand-alone database. Names are those of the PSA. Every key and every foreign key carries the tenant, so that the
-- tables can be distributed by it and a reference across tenants is impossible.

CREATE TABLE tenants (
    tenant uuid NOT NULL DEFAULT gen_random_uuid(),
    client_name text NOT NULL,
    email text NOT NULL,
    phone_number text,
    created_at timestamptz DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamptz DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (tenant)
);

CREATE TABLE users (
    tenant uuid NOT NULL REFERENCES tenants (tenant),
    user_id uuid NOT NULL DEFAULT gen_random_uuid(),
    username text NOT NULL,
    hashed_password text NOT NULL,
    first_name text,
    last_name text,
    email text NOT NULL,
    user_type text NOT NULL DEFAULT 'internal' CHECK (user_type IN ('internal', 'client')),
    -- The contact behind a client portal user; no foreign key, contacts belong to an action pack.
    contact_id uuid,
    phone varchar(255),
    timezone varchar(255),
    is_inactive boolean DEFAULT false,
    created_at timestamptz DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamptz DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (tenant, user_id, email),
    CONSTRAINT users_tenant_user_id_unique UNIQUE (tenant, user_id)
);
CREATE INDEX users_tenant_name_idx ON users (tenant, first_name, last_name, user_id);

CREATE TABLE roles (
    tenant uuid NOT NULL REFERENCES tenants (tenant),
    role_id uuid NOT NULL DEFAULT gen_random_uuid(),
    role_name text NOT NULL,
    description text,
    msp boolean NOT NULL DEFAULT true,
    client boolean NOT NULL DEFAULT false,
    created_at timestamptz DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamptz DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (tenant, role_id)
);

CREATE TABLE permissions (
    tenant uuid NOT NULL REFERENCES tenants (tenant),
    permission_id uuid NOT NULL DEFAULT gen_random_uuid(),
    resource text NOT NULL,
    action text NOT NULL,
    description text,
    msp boolean NOT NULL DEFAULT true,
    client boolean NOT NULL DEFAULT false,
    created_at timestamptz DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (tenant, permission_id)
);
CREATE INDEX permissions_tenant_resource_action_idx ON permissions (tenant, resource, action);

CREATE TABLE role_permissions (
    tenant uuid NOT NULL REFERENCES tenants (tenant),
    role_id uuid NOT NULL,
    permission_id uuid NOT NULL,
    created_at timestamptz DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (tenant, role_id, permission_id),
    FOREIGN KEY (tenant, role_id) REFERENCES roles (tenant, role_id),
    FOREIGN KEY (tenant, permission_id) REFERENCES permissions (tenant, permission_id)
);

CREATE TABLE user_roles (
    tenant uuid NOT NULL REFERENCES tenants (tenant),
    user_id uuid NOT NULL,
    role_id uuid NOT NULL,
    created_at timestamptz DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (tenant, user_id, role_id),
    FOREIGN KEY (tenant, user_id) REFERENCES users (tenant, user_id),
    FOREIGN KEY (tenant, role_id) REFERENCES roles (tenant, role_id)
);

CREATE TABLE audit_logs (
    tenant uuid NOT NULL,
    audit_id uuid NOT NULL,
    user_id varchar(255),
    operation varchar(255) NOT NULL,
    table_name varchar(255) NOT NULL,
    record_id varchar(255) NOT NULL,
    changed_data jsonb NOT NULL,
    details jsonb NOT NULL,
    "timestamp" timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (tenant, audit_id)
);
CREATE INDEX audit_logs_tenant_timestamp_idx ON audit_logs (tenant, "timestamp");
CREATE INDEX audit_logs_tenant_record_idx ON audit_logs (tenant, table_name, record_id);

-- As in the PSA: the tenant is the one of the transaction, whatever the statement says; without one the insert fails.
CREATE FUNCTION set_tenant_from_current_setting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.tenant := current_setting('app.current_tenant')::uuid;
    RETURN NEW;
END;
$$;
CREATE TRIGGER set_tenant_on_audit_log_insert BEFORE INSERT ON audit_logs
    FOR EACH ROW EXECUTE FUNCTION set_tenant_from_current_setting();

CREATE TABLE workflow_definitions (
    tenant uuid NOT NULL REFERENCES tenants (tenant),
    workflow_id uuid NOT NULL DEFAULT gen_random_uuid(),
    key text,
    name text NOT NULL,
    description text,
    payload_schema_ref text NOT NULL,
    trigger jsonb,
    draft_definition jsonb NOT NULL,
    draft_version integer NOT NULL DEFAULT 1,
    status text NOT NULL DEFAULT 'draft',
    created_by uuid,
    updated_by uuid,
    created_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (tenant, workflow_id),
    FOREIGN KEY (tenant, created_by) REFERENCES users (tenant, user_id),
    FOREIGN KEY (tenant, updated_by) REFERENCES users (tenant, user_id)
);

CREATE TABLE workflow_definition_versions (
    tenant uuid NOT NULL REFERENCES tenants (tenant),
    version_id uuid NOT NULL DEFAULT gen_random_uuid(),
    workflow_id uuid NOT NULL,
    version integer NOT NULL,
    definition_json jsonb NOT NULL,
    payload_schema_json jsonb,
    published_by uuid,
    published_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (tenant, version_id),
    CONSTRAINT workflow_definition_versions_workflow_version_unique UNIQUE (tenant, workflow_id, version),
    FOREIGN KEY (tenant, workflow_id) REFERENCES workflow_definitions (tenant, workflow_id) ON DELETE CASCADE,
    FOREIGN KEY (tenant, published_by) REFERENCES users (tenant, user_id)
);

CREATE TABLE workflow_runs (
    tenant uuid NOT NULL REFERENCES tenants (tenant),
    run_id uuid NOT NULL DEFAULT gen_random_uuid(),
    workflow_id uuid NOT NULL,
    workflow_version integer NOT NULL,
    status text NOT NULL,
    node_path text,
    input_json jsonb,
    error_json jsonb,
    started_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    completed_at timestamptz,
    updated_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (tenant, run_id),
    FOREIGN KEY (tenant, workflow_id) REFERENCES workflow_definitions (tenant, workflow_id) ON DELETE CASCADE
);
CREATE INDEX workflow_runs_tenant_workflow_idx ON workflow_runs (tenant, workflow_id, status);
