-- Delivery in order, by one at a time, and what is given up.

-- Events of one subject go to a sink in order. Null: in no order with others.
ALTER TABLE actwright.outbox ADD COLUMN subject text;
-- Name of the sink that an event is for: each has rows of its own.
ALTER TABLE actwright.outbox ADD COLUMN sink text;
-- Who is delivering it until available_at: the call itself, or a relay.
ALTER TABLE actwright.outbox ADD COLUMN leased_by uuid;
-- When it was delivered, given up or discarded.
ALTER TABLE actwright.outbox RENAME COLUMN delivered_at TO settled_at;

ALTER TABLE actwright.outbox DROP CONSTRAINT outbox_status_check;
ALTER TABLE actwright.outbox ADD CONSTRAINT outbox_status_check
    CHECK (status IN ('pending', 'delivered', 'dead', 'discarded'));

CREATE INDEX outbox_order ON actwright.outbox (tenant, sink, subject, outbox_id)
    WHERE status = 'pending' AND subject IS NOT NULL;
CREATE INDEX outbox_dead ON actwright.outbox (tenant, outbox_id) WHERE status = 'dead';
-- For the sweeper.
CREATE INDEX outbox_settled ON actwright.outbox (settled_at) WHERE status IN ('delivered', 'discarded');
CREATE INDEX idempotency_ledger_age ON actwright.idempotency_ledger (created_at);
