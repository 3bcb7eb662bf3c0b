-- Record-level authorization: bundles of narrowing rules, assigned to roles, teams and users. Names are those of the PSA.

-- Teams themselves belong to the PSA; here only who is in them counts.
CREATE TABLE team_members (
    tenant TEXT NOT NULL REFERENCES tenants (tenant),
    team_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    role TEXT NOT NULL DEFAULT 'member',
    created_at INTEGER DEFAULT (CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000),
    PRIMARY KEY (tenant, team_id, user_id),
    FOREIGN KEY (tenant, user_id) REFERENCES users (tenant, user_id)
) STRICT;
CREATE INDEX team_members_tenant_user_idx ON team_members (tenant, user_id, team_id);

CREATE TABLE authorization_bundles (
    tenant TEXT NOT NULL REFERENCES tenants (tenant),
    bundle_id TEXT NOT NULL,
    bundle_key TEXT,
    name TEXT NOT NULL,
    description TEXT,
    is_system INTEGER NOT NULL DEFAULT 0 CHECK (is_system IN (0, 1)),
    status TEXT NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'archived')),
    published_revision_id TEXT,
    created_by TEXT,
    updated_by TEXT,
    created_at INTEGER NOT NULL DEFAULT (CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000),
    updated_at INTEGER NOT NULL DEFAULT (CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000),
    PRIMARY KEY (tenant, bundle_id),
    UNIQUE (tenant, bundle_key),
    UNIQUE (tenant, name),
    FOREIGN KEY (tenant, created_by) REFERENCES users (tenant, user_id),
    FOREIGN KEY (tenant, updated_by) REFERENCES users (tenant, user_id),
    FOREIGN KEY (tenant, published_revision_id) REFERENCES authorization_bundle_revisions (tenant, revision_id)
        -- Each refers to the other.
        DEFERRABLE INITIALLY DEFERRED
) STRICT;

CREATE TABLE authorization_bundle_revisions (
    tenant TEXT NOT NULL REFERENCES tenants (tenant),
    revision_id TEXT NOT NULL,
    bundle_id TEXT NOT NULL,
    revision_number INTEGER NOT NULL,
    lifecycle_state TEXT NOT NULL DEFAULT 'draft' CHECK (lifecycle_state IN ('draft', 'published', 'archived')),
    summary TEXT,
    published_at INTEGER,
    published_by TEXT,
    created_by TEXT,
    updated_by TEXT,
    created_at INTEGER NOT NULL DEFAULT (CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000),
    updated_at INTEGER NOT NULL DEFAULT (CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000),
    PRIMARY KEY (tenant, revision_id),
    UNIQUE (tenant, bundle_id, revision_number),
    UNIQUE (tenant, bundle_id, revision_id),
    FOREIGN KEY (tenant, bundle_id) REFERENCES authorization_bundles (tenant, bundle_id)
) STRICT;

CREATE TABLE authorization_bundle_rules (
    tenant TEXT NOT NULL REFERENCES tenants (tenant),
    rule_id TEXT NOT NULL,
    bundle_id TEXT NOT NULL,
    revision_id TEXT NOT NULL,
    resource_type TEXT NOT NULL,
    action TEXT NOT NULL,
    template_key TEXT NOT NULL,
    effect TEXT NOT NULL DEFAULT 'narrow' CHECK (effect = 'narrow'),
    constraint_key TEXT,
    config TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(config)),
    position INTEGER NOT NULL DEFAULT 0,
    created_by TEXT,
    created_at INTEGER NOT NULL DEFAULT (CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000),
    updated_at INTEGER NOT NULL DEFAULT (CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000),
    PRIMARY KEY (tenant, rule_id),
    FOREIGN KEY (tenant, bundle_id, revision_id)
        REFERENCES authorization_bundle_revisions (tenant, bundle_id, revision_id) ON DELETE CASCADE
) STRICT;
CREATE INDEX authorization_bundle_rules_lookup_idx
    ON authorization_bundle_rules (tenant, revision_id, resource_type, action);

CREATE TABLE authorization_bundle_assignments (
    tenant TEXT NOT NULL REFERENCES tenants (tenant),
    assignment_id TEXT NOT NULL,
    bundle_id TEXT NOT NULL,
    target_type TEXT NOT NULL CHECK (target_type IN ('role', 'team', 'user', 'api_key')),
    target_id TEXT NOT NULL,
    status TEXT NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'disabled')),
    created_by TEXT,
    updated_by TEXT,
    created_at INTEGER NOT NULL DEFAULT (CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000),
    updated_at INTEGER NOT NULL DEFAULT (CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000),
    PRIMARY KEY (tenant, assignment_id),
    UNIQUE (tenant, bundle_id, target_type, target_id),
    FOREIGN KEY (tenant, bundle_id) REFERENCES authorization_bundles (tenant, bundle_id) ON DELETE CASCADE
) STRICT;
CREATE INDEX authorization_bundle_assignments_target_lookup_idx
    ON authorization_bundle_assignments (tenant, target_type, target_id, status);
