-- Leases, to find those that were lost among all that waits.
CREATE INDEX actwright_outbox_leased ON actwright_outbox (available_at) WHERE status = 'pending' AND leased_by IS NOT NULL;
