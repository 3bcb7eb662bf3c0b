-- Audit rows chained into hashes, so that a change behind the runtime's back shows.

-- What became known of a call after its audit row had been written. The row has the new values.
CREATE TABLE actwright.audit_amendments (
    tenant       uuid        NOT NULL,
    -- Grows with time.
    amendment_id uuid        NOT NULL,
    audit_id     uuid        NOT NULL,
    -- The fields of changed_data that were replaced; one that was not there before is not in old_values.
    old_values   jsonb       NOT NULL,
    new_values   jsonb       NOT NULL,
    amended_at   timestamptz NOT NULL,
    PRIMARY KEY (tenant, amendment_id)
);

CREATE INDEX audit_amendments_row ON actwright.audit_amendments (tenant, audit_id);
CREATE INDEX audit_amendments_time ON actwright.audit_amendments (tenant, amended_at);

-- One row for each audit row and each amendment, in the order in which they were sealed.
CREATE TABLE actwright.audit_seals (
    tenant       uuid        NOT NULL,
    -- From 1 on, without gaps.
    seq          bigint      NOT NULL,
    audit_id     uuid        NOT NULL,
    -- Null where the audit row itself is sealed.
    amendment_id uuid,
    -- What names an audit row when it is gone.
    operation    text        NOT NULL,
    user_id      text,
    logged_at    timestamptz NOT NULL,
    -- SHA-256 over the canonical form of the row as it was first written, or of the amendment, in hexadecimal.
    content      text        NOT NULL,
    -- The beginnings of one hash for each column, to say which of them was changed.
    hints        text        NOT NULL,
    -- It came later than any call may last, and somebody accepted it.
    late         boolean     NOT NULL,
    sealed_at    timestamptz NOT NULL,
    -- The hash of the seal before; zeros at the first.
    previous     text        NOT NULL,
    -- SHA-256 over all columns but this one, in hexadecimal.
    hash         text        NOT NULL,
    PRIMARY KEY (tenant, seq)
);

CREATE UNIQUE INDEX audit_seals_row ON actwright.audit_seals (tenant, audit_id) WHERE amendment_id IS NULL;
CREATE UNIQUE INDEX audit_seals_amendment ON actwright.audit_seals (tenant, amendment_id)
    WHERE amendment_id IS NOT NULL;

-- The end of each tenant's chain. Whoever seals locks its row.
CREATE TABLE actwright.audit_heads (
    tenant          uuid   PRIMARY KEY,
    seq             bigint NOT NULL,
    hash            text   NOT NULL,
    -- Everything older is sealed; what appears there later was inserted behind the runtime's back. Null: nothing is yet.
    complete_before timestamptz
);
