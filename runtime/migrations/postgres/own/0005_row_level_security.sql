-- A second wall between tenants. Every statement of ours names its tenant; where one did not, these policies would still keep
-- it to the tenant of the transaction. Without one there are no rows, and none can be written. Work that is nobody's call, such
-- as the relay's, says so with actwright.all_tenants.
--
-- A setting that a transaction had for itself is empty afterwards, not null.
-- FORCE binds the owner of the tables, too. Superusers and roles with BYPASSRLS are bound by nothing: do not run calls as one.

ALTER TABLE actwright.idempotency_ledger ENABLE ROW LEVEL SECURITY;
ALTER TABLE actwright.idempotency_ledger FORCE ROW LEVEL SECURITY;
CREATE POLICY tenants ON actwright.idempotency_ledger
    USING (tenant = nullif(current_setting('app.current_tenant', true), '')::uuid
        OR current_setting('actwright.all_tenants', true) = 'on');

ALTER TABLE actwright.outbox ENABLE ROW LEVEL SECURITY;
ALTER TABLE actwright.outbox FORCE ROW LEVEL SECURITY;
CREATE POLICY tenants ON actwright.outbox
    USING (tenant = nullif(current_setting('app.current_tenant', true), '')::uuid
        OR current_setting('actwright.all_tenants', true) = 'on');

ALTER TABLE actwright.audit_amendments ENABLE ROW LEVEL SECURITY;
ALTER TABLE actwright.audit_amendments FORCE ROW LEVEL SECURITY;
CREATE POLICY tenants ON actwright.audit_amendments
    USING (tenant = nullif(current_setting('app.current_tenant', true), '')::uuid
        OR current_setting('actwright.all_tenants', true) = 'on');

ALTER TABLE actwright.audit_seals ENABLE ROW LEVEL SECURITY;
ALTER TABLE actwright.audit_seals FORCE ROW LEVEL SECURITY;
CREATE POLICY tenants ON actwright.audit_seals
    USING (tenant = nullif(current_setting('app.current_tenant', true), '')::uuid
        OR current_setting('actwright.all_tenants', true) = 'on');

ALTER TABLE actwright.audit_heads ENABLE ROW LEVEL SECURITY;
ALTER TABLE actwright.audit_heads FORCE ROW LEVEL SECURITY;
CREATE POLICY tenants ON actwright.audit_heads
    USING (tenant = nullif(current_setting('app.current_tenant', true), '')::uuid
        OR current_setting('actwright.all_tenants', true) = 'on');
