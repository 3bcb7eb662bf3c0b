-- Among those that wait for the same sink about the same subject: which comes first. Ids cannot tell, since they begin with the
-- time of the machine that made them.
ALTER TABLE actwright_outbox ADD COLUMN position INTEGER NOT NULL DEFAULT 0;

DROP INDEX actwright_outbox_order;
CREATE INDEX actwright_outbox_order ON actwright_outbox (tenant, sink, subject, position, outbox_id)
    WHERE status = 'pending' AND subject IS NOT NULL;
