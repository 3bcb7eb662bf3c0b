-- Record-level authorization: bundles of narrowing rules, assigned to roles, teams and users. Names are those of the PSA.

-- Teams themselves belong to the PSA; here only who is in them counts.
CREATE TABLE team_members (
    tenant uuid NOT NULL REFERENCES tenants (tenant),
    team_id uuid NOT NULL,
    user_id uuid NOT NULL,
    role text NOT NULL DEFAULT 'member',
    created_at timestamptz DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (tenant, team_id, user_id),
    FOREIGN KEY (tenant, user_id) REFERENCES users (tenant, user_id)
);
CREATE INDEX team_members_tenant_user_idx ON team_members (tenant, user_id, team_id);

CREATE TABLE authorization_bundles (
    tenant uuid NOT NULL REFERENCES tenants (tenant),
    bundle_id uuid NOT NULL DEFAULT gen_random_uuid(),
    bundle_key text,
    name text NOT NULL,
    description text,
    is_system boolean NOT NULL DEFAULT false,
    status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'archived')),
    published_revision_id uuid,
    created_by uuid,
    updated_by uuid,
    created_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (tenant, bundle_id),
    UNIQUE (tenant, bundle_key),
    UNIQUE (tenant, name),
    FOREIGN KEY (tenant, created_by) REFERENCES users (tenant, user_id),
    FOREIGN KEY (tenant, updated_by) REFERENCES users (tenant, user_id)
);

CREATE TABLE authorization_bundle_revisions (
    tenant uuid NOT NULL REFERENCES tenants (tenant),
    revision_id uuid NOT NULL DEFAULT gen_random_uuid(),
    bundle_id uuid NOT NULL,
    revision_number integer NOT NULL,
    lifecycle_state text NOT NULL DEFAULT 'draft' CHECK (lifecycle_state IN ('draft', 'published', 'archived')),
    summary text,
    published_at timestamptz,
    published_by uuid,
    created_by uuid,
    updated_by uuid,
    created_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (tenant, revision_id),
    UNIQUE (tenant, bundle_id, revision_number),
    UNIQUE (tenant, bundle_id, revision_id),
    FOREIGN KEY (tenant, bundle_id) REFERENCES authorization_bundles (tenant, bundle_id)
);
ALTER TABLE authorization_bundles
    ADD FOREIGN KEY (tenant, published_revision_id) REFERENCES authorization_bundle_revisions (tenant, revision_id)
    -- Each refers to the other.
    DEFERRABLE INITIALLY DEFERRED;

CREATE TABLE authorization_bundle_rules (
    tenant uuid NOT NULL REFERENCES tenants (tenant),
    rule_id uuid NOT NULL DEFAULT gen_random_uuid(),
    bundle_id uuid NOT NULL,
    revision_id uuid NOT NULL,
    resource_type text NOT NULL,
    action text NOT NULL,
    template_key text NOT NULL,
    effect text NOT NULL DEFAULT 'narrow' CHECK (effect = 'narrow'),
    constraint_key text,
    config jsonb NOT NULL DEFAULT '{}',
    position integer NOT NULL DEFAULT 0,
    created_by uuid,
    created_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (tenant, rule_id),
    FOREIGN KEY (tenant, bundle_id, revision_id)
        REFERENCES authorization_bundle_revisions (tenant, bundle_id, revision_id) ON DELETE CASCADE
);
CREATE INDEX authorization_bundle_rules_lookup_idx
    ON authorization_bundle_rules (tenant, revision_id, resource_type, action);

CREATE TABLE authorization_bundle_assignments (
    tenant uuid NOT NULL REFERENCES tenants (tenant),
    assignment_id uuid NOT NULL DEFAULT gen_random_uuid(),
    bundle_id uuid NOT NULL,
    target_type text NOT NULL CHECK (target_type IN ('role', 'team', 'user', 'api_key')),
    target_id uuid NOT NULL,
    status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'disabled')),
    created_by uuid,
    updated_by uuid,
    created_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (tenant, assignment_id),
    UNIQUE (tenant, bundle_id, target_type, target_id),
    FOREIGN KEY (tenant, bundle_id) REFERENCES authorization_bundles (tenant, bundle_id) ON DELETE CASCADE
);
CREATE INDEX authorization_bundle_assignments_target_lookup_idx
    ON authorization_bundle_assignments (tenant, target_type, target_id, status);
