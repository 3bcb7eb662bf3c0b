-- Audit rows chained into hashes, so that a change behind the runtime's back shows.

-- What became known of a call after its audit row had been written. The row has the new values.
CREATE TABLE actwright_audit_amendments (
    tenant       TEXT    NOT NULL,
    -- Grows with time.
    amendment_id TEXT    NOT NULL,
    audit_id     TEXT    NOT NULL,
    -- The fields of changed_data that were replaced; one that was not there before is not in old_values.
    old_values   TEXT    NOT NULL,
    new_values   TEXT    NOT NULL,
    amended_at   INTEGER NOT NULL,
    PRIMARY KEY (tenant, amendment_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX actwright_audit_amendments_row ON actwright_audit_amendments (tenant, audit_id);
CREATE INDEX actwright_audit_amendments_time ON actwright_audit_amendments (tenant, amended_at);

-- One row for each audit row and each amendment, in the order in which they were sealed.
CREATE TABLE actwright_audit_seals (
    tenant       TEXT    NOT NULL,
    -- From 1 on, without gaps.
    seq          INTEGER NOT NULL,
    audit_id     TEXT    NOT NULL,
    -- Null where the audit row itself is sealed.
    amendment_id TEXT,
    -- What names an audit row when it is gone.
    operation    TEXT    NOT NULL,
    user_id      TEXT,
    logged_at    INTEGER NOT NULL,
    -- SHA-256 over the canonical form of the row as it was first written, or of the amendment, in hexadecimal.
    content      TEXT    NOT NULL,
    -- The beginnings of one hash for each column, to say which of them was changed.
    hints        TEXT    NOT NULL,
    -- It came later than any call may last, and somebody accepted it.
    late         INTEGER NOT NULL,
    sealed_at    INTEGER NOT NULL,
    -- The hash of the seal before; zeros at the first.
    previous     TEXT     NOT NULL,
    -- SHA-256 over all columns but this one, in hexadecimal.
    hash         TEXT    NOT NULL,
    PRIMARY KEY (tenant, seq)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX actwright_audit_seals_row ON actwright_audit_seals (tenant, audit_id) WHERE amendment_id IS NULL;
CREATE UNIQUE INDEX actwright_audit_seals_amendment ON actwright_audit_seals (tenant, amendment_id)
    WHERE amendment_id IS NOT NULL;

-- The end of each tenant's chain. Whoever seals writes its row.
CREATE TABLE actwright_audit_heads (
    tenant          TEXT    NOT NULL PRIMARY KEY,
    seq             INTEGER NOT NULL,
    hash            TEXT    NOT NULL,
    -- Everything older is sealed; what appears there later was inserted behind the runtime's back. Null: nothing is yet.
    complete_before INTEGER
) STRICT, WITHOUT ROWID;
