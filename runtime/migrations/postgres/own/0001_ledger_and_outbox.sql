-- One row for each call with an idempotency key that committed.
CREATE TABLE actwright.idempotency_ledger (
    tenant          uuid        NOT NULL,
    action_id       text        NOT NULL,
    action_version  integer     NOT NULL,
    idempotency_key text        NOT NULL,
    -- SHA-256 over the canonical input, in hexadecimal.
    input_hash      text        NOT NULL,
    invocation_id   uuid        NOT NULL,
    run_id          uuid,
    step_path       text,
    -- Null only inside the transaction of the call itself.
    output          jsonb,
    created_at      timestamptz NOT NULL,
    PRIMARY KEY (tenant, action_id, action_version, idempotency_key)
);

CREATE INDEX idempotency_ledger_invocation ON actwright.idempotency_ledger (tenant, invocation_id);

-- What leaves after the commit: events, mails and jobs.
CREATE TABLE actwright.outbox (
    tenant         uuid        NOT NULL,
    -- Grows with time, so that the key is also the order.
    outbox_id      uuid        NOT NULL,
    kind           text        NOT NULL CHECK (kind IN ('event', 'mail', 'job')),
    -- Name of the event or the job; the subject of a mail.
    name           text        NOT NULL,
    -- Stable across attempts: event key, Message-ID, or the outbox id of a job.
    key            text        NOT NULL,
    payload        jsonb       NOT NULL,
    action_id      text        NOT NULL,
    action_version integer     NOT NULL,
    invocation_id  uuid        NOT NULL,
    actor_id       uuid        NOT NULL,
    status         text        NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'delivered', 'dead')),
    attempts       integer     NOT NULL DEFAULT 0,
    -- Nobody else tries before; the caller of the action holds its rows for a moment to deliver them at once.
    available_at   timestamptz NOT NULL,
    last_error     text,
    created_at     timestamptz NOT NULL,
    delivered_at   timestamptz,
    PRIMARY KEY (tenant, outbox_id)
);

CREATE INDEX outbox_due ON actwright.outbox (available_at) WHERE status = 'pending';
CREATE INDEX outbox_invocation ON actwright.outbox (tenant, invocation_id);
