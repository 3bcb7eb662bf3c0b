-- Delivery in order, by one at a time, and what is given up. SQLite cannot change a check, so the table is built anew.
CREATE TABLE actwright_outbox_new (
    tenant         TEXT    NOT NULL,
    -- Grows with time, so that the key is also the order.
    outbox_id      TEXT    NOT NULL,
    kind           TEXT    NOT NULL CHECK (kind IN ('event', 'mail', 'job')),
    -- Name of the event or the job; the subject of a mail.
    name           TEXT    NOT NULL,
    -- Stable across attempts: event key, Message-ID, or the outbox id of a job.
    key            TEXT    NOT NULL,
    -- Events of one subject go to a sink in order. Null: in no order with others.
    subject        TEXT,
    -- Name of the sink that an event is for: each has rows of its own.
    sink           TEXT,
    payload        TEXT    NOT NULL,
    action_id      TEXT    NOT NULL,
    action_version INTEGER NOT NULL,
    invocation_id  TEXT    NOT NULL,
    actor_id       TEXT    NOT NULL,
    status         TEXT    NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'delivered', 'dead', 'discarded')),
    attempts       INTEGER NOT NULL DEFAULT 0,
    -- Who is delivering it until available_at: the call itself, or a relay.
    leased_by      TEXT,
    available_at   INTEGER NOT NULL,
    last_error     TEXT,
    created_at     INTEGER NOT NULL,
    -- When it was delivered, given up or discarded.
    settled_at     INTEGER,
    PRIMARY KEY (tenant, outbox_id)
) STRICT, WITHOUT ROWID;

INSERT INTO actwright_outbox_new (tenant, outbox_id, kind, name, key, payload, action_id, action_version, invocation_id,
    actor_id, status, attempts, available_at, last_error, created_at, settled_at)
SELECT tenant, outbox_id, kind, name, key, payload, action_id, action_version, invocation_id,
    actor_id, status, attempts, available_at, last_error, created_at, delivered_at FROM actwright_outbox;
DROP TABLE actwright_outbox;
ALTER TABLE actwright_outbox_new RENAME TO actwright_outbox;

CREATE INDEX actwright_outbox_due ON actwright_outbox (available_at) WHERE status = 'pending';
CREATE INDEX actwright_outbox_invocation ON actwright_outbox (tenant, invocation_id);
CREATE INDEX actwright_outbox_order ON actwright_outbox (tenant, sink, subject, outbox_id)
    WHERE status = 'pending' AND subject IS NOT NULL;
CREATE INDEX actwright_outbox_dead ON actwright_outbox (tenant, outbox_id) WHERE status = 'dead';
-- For the sweeper.
CREATE INDEX actwright_outbox_settled ON actwright_outbox (settled_at) WHERE status IN ('delivered', 'discarded');
CREATE INDEX actwright_idempotency_ledger_age ON actwright_idempotency_ledger (created_at);
