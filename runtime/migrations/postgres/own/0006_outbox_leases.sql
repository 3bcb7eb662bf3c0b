-- Leases, to find those that were lost among all that waits.
CREATE INDEX outbox_leased ON actwright.outbox (available_at) WHERE status = 'pending' AND leased_by IS NOT NULL;
