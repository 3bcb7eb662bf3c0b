-- One row for each call with an idempotency key that committed.
CREATE TABLE actwright_idempotency_ledger (
    tenant          TEXT    NOT NULL,
    action_id       TEXT    NOT NULL,
    action_version  INTEGER NOT NULL,
    idempotency_key TEXT    NOT NULL,
    -- SHA-256 over the canonical input, in hexadecimal.
    input_hash      TEXT    NOT NULL,
    invocation_id   TEXT    NOT NULL,
    run_id          TEXT,
    step_path       TEXT,
    -- Null only inside the transaction of the call itself.
    output          TEXT,
    created_at      INTEGER NOT NULL,
    PRIMARY KEY (tenant, action_id, action_version, idempotency_key)
) STRICT, WITHOUT ROWID;

CREATE INDEX actwright_idempotency_ledger_invocation ON actwright_idempotency_ledger (tenant, invocation_id);

-- What leaves after the commit: events, mails and jobs.
CREATE TABLE actwright_outbox (
    tenant         TEXT    NOT NULL,
    -- Grows with time, so that the key is also the order.
    outbox_id      TEXT    NOT NULL,
    kind           TEXT    NOT NULL CHECK (kind IN ('event', 'mail', 'job')),
    -- Name of the event or the job; the subject of a mail.
    name           TEXT    NOT NULL,
    -- Stable across attempts: event key, Message-ID, or the outbox id of a job.
    key            TEXT    NOT NULL,
    payload        TEXT    NOT NULL,
    action_id      TEXT    NOT NULL,
    action_version INTEGER NOT NULL,
    invocation_id  TEXT    NOT NULL,
    actor_id       TEXT    NOT NULL,
    status         TEXT    NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'delivered', 'dead')),
    attempts       INTEGER NOT NULL DEFAULT 0,
    -- Nobody else tries before; the caller of the action holds its rows for a moment to deliver them at once.
    available_at   INTEGER NOT NULL,
    last_error     TEXT,
    created_at     INTEGER NOT NULL,
    delivered_at   INTEGER,
    PRIMARY KEY (tenant, outbox_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX actwright_outbox_due ON actwright_outbox (available_at) WHERE status = 'pending';
CREATE INDEX actwright_outbox_invocation ON actwright_outbox (tenant, invocation_id);
