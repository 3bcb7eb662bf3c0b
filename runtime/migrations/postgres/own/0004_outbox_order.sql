-- Among those that wait for the same sink about the same subject: which comes first. Ids cannot tell, since they begin with the
-- time of the machine that made them.
ALTER TABLE actwright.outbox ADD COLUMN position bigint NOT NULL DEFAULT 0;

DROP INDEX actwright.outbox_order;
CREATE INDEX outbox_order ON actwright.outbox (tenant, sink, subject, position, outbox_id)
    WHERE status = 'pending' AND subject IS NOT NULL;
