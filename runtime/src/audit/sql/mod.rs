//! The statements about audit rows, their amendments and seals, for either database.

use crate::database::Engine;

/// One statement on either database.
pub(super) struct Statement {
    sqlite: &'static str,
    postgres: &'static str,
}

impl Statement {
    pub(super) fn of(&self, engine: Engine) -> &'static str {
        match engine {
            Engine::Sqlite => self.sqlite,
            Engine::Postgres => self.postgres,
        }
    }
}

/// Rows that this runtime writes; a PSA has others in the same table.
macro_rules! ours {
    () => {
        "(substr(a.operation, 1, 15) = 'workflow_action' OR a.operation IN ('outbox_retry', 'outbox_retry_denied', \
         'outbox_discard', 'outbox_discard_denied'))"
    };
}

/// Times that a calendar of both databases has; whatever claims to be later is never sealed.
macro_rules! timely {
    (sqlite) => {
        "253402300800000000"
    };
    (postgres) => {
        "'10000-01-01T00:00:00Z'"
    };
}

/// A time of PostgreSQL in microseconds, of which an integer holds none from the year 294247 on.
macro_rules! micros {
    ($column:literal) => {
        concat!(
            "CASE WHEN isfinite(",
            $column,
            ") AND ",
            $column,
            " < '294247-01-01T00:00:00Z' THEN (extract(epoch FROM ",
            $column,
            ") * 1000000)::bigint END"
        )
    };
}

pub(super) mod trail;

/// The columns of an audit row `a`, of an amendment `m` and of a seal `s`, as their records read them.
macro_rules! columns {
    (sqlite row) => {
        "a.user_id, a.operation, a.table_name, a.record_id, a.changed_data, a.details, a.timestamp"
    };
    (postgres row) => {
        concat!(
            "a.user_id, a.operation, a.table_name, a.record_id, a.changed_data::text, a.details::text, ",
            micros!("a.timestamp")
        )
    };
    (sqlite amendment) => {
        "m.audit_id, m.old_values, m.new_values, m.amended_at"
    };
    (postgres amendment) => {
        concat!("m.audit_id::text, m.old_values::text, m.new_values::text, ", micros!("m.amended_at"))
    };
    (sqlite seal) => {
        "s.seq, s.audit_id, s.amendment_id, s.operation, s.user_id, s.logged_at, s.content, s.hints, s.late, \
         s.sealed_at, s.previous, s.hash"
    };
    (postgres seal) => {
        concat!(
            "s.seq, s.audit_id::text, s.amendment_id::text, s.operation, s.user_id, ",
            micros!("s.logged_at"),
            ", s.content, s.hints, s.late, ",
            micros!("s.sealed_at"),
            ", s.previous, s.hash"
        )
    };
}

/// The amendments of the audit row `a`, newest first, as pairs of old and new values, which are texts: they may be no JSON.
macro_rules! amendments {
    (sqlite) => {
        "(SELECT json_group_array(json_array(n.old_values, n.new_values)) FROM (SELECT old_values, \
         new_values FROM actwright_audit_amendments n INDEXED BY actwright_audit_amendments_row \
         WHERE n.tenant = a.tenant AND n.audit_id = a.audit_id ORDER BY n.amendment_id DESC) n)"
    };
    (postgres) => {
        "(SELECT coalesce(jsonb_agg(jsonb_build_array(n.old_values::text, n.new_values::text) \
         ORDER BY n.amendment_id DESC), '[]')::text FROM actwright.audit_amendments n WHERE n.tenant = a.tenant AND n.audit_id = a.audit_id)"
    };
}

/// Whether an audit row `a` has no seal, looked up by its key. PostgreSQL would make a join of `NOT EXISTS`, which may compare every
/// row with every seal where it has no statistics.
macro_rules! unsealed_row {
    (sqlite) => {
        "(SELECT s.seq FROM actwright_audit_seals s WHERE s.tenant = a.tenant AND s.audit_id = a.audit_id \
         AND s.amendment_id IS NULL) IS NULL"
    };
    (postgres) => {
        "(SELECT s.seq FROM actwright.audit_seals s WHERE s.tenant = a.tenant AND s.audit_id = a.audit_id \
         AND s.amendment_id IS NULL) IS NULL"
    };
}

/// The same of an amendment `m`.
macro_rules! unsealed_amendment {
    (sqlite) => {
        "(SELECT s.seq FROM actwright_audit_seals s WHERE s.tenant = m.tenant AND s.amendment_id = m.amendment_id) IS NULL"
    };
    (postgres) => {
        "(SELECT s.seq FROM actwright.audit_seals s WHERE s.tenant = m.tenant AND s.amendment_id = m.amendment_id) IS NULL"
    };
}

/// For the rest of the transaction, has PostgreSQL read rows in the order of their index, so that it can stop after a batch. By its statistics,
/// which a log that has just grown does not have, it may take what is left of the log for a few rows, and read and sort all of it
/// for every batch.
pub(super) const ALONG_INDEXES: &str = "SELECT set_config(name, 'off', true) \
     FROM unnest(ARRAY['enable_sort', 'enable_seqscan', 'enable_bitmapscan']) AS setting(name)";

/// Tenants that have something to seal, and those whose head has not moved since `$1`.
pub(super) const TENANTS_TO_SEAL: Statement = Statement {
    sqlite: concat!(
        "SELECT t.tenant FROM tenants t LEFT JOIN actwright_audit_heads h ON h.tenant = t.tenant \
         WHERE h.complete_before IS NULL OR h.complete_before < ?1 OR EXISTS (SELECT 1 FROM audit_logs a \
         WHERE a.tenant = t.tenant AND a.timestamp >= h.complete_before AND ",
        ours!(),
        " AND ",
        unsealed_row!(sqlite),
        ") OR EXISTS (SELECT 1 FROM actwright_audit_amendments m WHERE m.tenant = t.tenant \
         AND m.amended_at >= h.complete_before AND ",
        unsealed_amendment!(sqlite),
        ") ORDER BY t.tenant"
    ),
    postgres: concat!(
        "SELECT t.tenant FROM tenants t LEFT JOIN actwright.audit_heads h ON h.tenant = t.tenant \
         WHERE h.complete_before IS NULL OR h.complete_before < $1 OR EXISTS (SELECT 1 FROM audit_logs a \
         WHERE a.tenant = t.tenant AND a.timestamp >= h.complete_before AND ",
        ours!(),
        " AND ",
        unsealed_row!(postgres),
        ") OR EXISTS (SELECT 1 FROM actwright.audit_amendments m WHERE m.tenant = t.tenant \
         AND m.amended_at >= h.complete_before AND ",
        unsealed_amendment!(postgres),
        ") ORDER BY t.tenant"
    ),
};

/// All tenants that have a chain, or rows to begin one with.
pub(super) const TENANTS: Statement = Statement {
    sqlite: "SELECT tenant FROM tenants UNION SELECT tenant FROM actwright_audit_heads \
         UNION SELECT DISTINCT tenant FROM actwright_audit_seals ORDER BY 1",
    postgres: "SELECT t.tenant::text FROM (SELECT tenant FROM tenants UNION SELECT tenant FROM actwright.audit_heads \
         UNION SELECT DISTINCT tenant FROM actwright.audit_seals) t ORDER BY t.tenant",
};

/// The end of a chain. A time that no calendar has counts as the last that one has.
pub(super) const HEAD: Statement = Statement {
    sqlite: concat!(
        "SELECT seq, hash, CASE WHEN complete_before < 0 THEN 0 WHEN complete_before > ",
        timely!(sqlite),
        " THEN ",
        timely!(sqlite),
        " ELSE complete_before END FROM actwright_audit_heads WHERE tenant = ?1"
    ),
    postgres: concat!(
        "SELECT seq, hash, CASE WHEN complete_before < '1970-01-01T00:00:00Z' THEN '1970-01-01T00:00:00Z' \
         WHEN complete_before > ",
        timely!(postgres),
        " THEN ",
        timely!(postgres),
        " ELSE complete_before END FROM actwright.audit_heads WHERE tenant = $1"
    ),
};

/// Rows of a tenant (`$1`) that are not sealed, from a place in time (`$2`, `$3`) on.
pub(super) const UNSEALED_ROWS: Statement = Statement {
    sqlite: concat!(
        "SELECT a.audit_id, ",
        columns!(sqlite row),
        ", ",
        amendments!(sqlite),
        ", a.timestamp FROM audit_logs a WHERE a.tenant = ?1 AND a.timestamp >= ?2 \
         AND (a.timestamp, a.audit_id) > (?2, CAST(?3 AS text)) AND a.timestamp < ",
        timely!(sqlite),
        " AND ",
        ours!(),
        " AND ",
        unsealed_row!(sqlite),
        " ORDER BY a.timestamp, a.audit_id LIMIT ?4"
    ),
    postgres: concat!(
        "SELECT a.audit_id::text, ",
        columns!(postgres row),
        ", ",
        amendments!(postgres),
        ", a.timestamp FROM audit_logs a WHERE a.tenant = $1 AND a.timestamp >= $2 \
         AND (a.timestamp, a.audit_id) > ($2, $3::uuid) AND a.timestamp < ",
        timely!(postgres),
        " AND ",
        ours!(),
        " AND ",
        unsealed_row!(postgres),
        " ORDER BY a.timestamp, a.audit_id LIMIT $4"
    ),
};

/// As [`UNSEALED_ROWS`], of amendments.
pub(super) const UNSEALED_AMENDMENTS: Statement = Statement {
    sqlite: concat!(
        "SELECT m.amendment_id, ",
        columns!(sqlite amendment),
        ", m.amended_at FROM actwright_audit_amendments m WHERE m.tenant = ?1 AND m.amended_at >= ?2 \
         AND (m.amended_at, m.amendment_id) > (?2, CAST(?3 AS text)) AND m.amended_at < ",
        timely!(sqlite),
        " AND ",
        unsealed_amendment!(sqlite),
        " ORDER BY m.amended_at, m.amendment_id LIMIT ?4"
    ),
    postgres: concat!(
        "SELECT m.amendment_id::text, ",
        columns!(postgres amendment),
        ", m.amended_at FROM actwright.audit_amendments m WHERE m.tenant = $1 AND m.amended_at >= $2 \
         AND (m.amended_at, m.amendment_id) > ($2, $3::uuid) AND m.amended_at < ",
        timely!(postgres),
        " AND ",
        unsealed_amendment!(postgres),
        " ORDER BY m.amended_at, m.amendment_id LIMIT $4"
    ),
};

/// One unsealed row, whenever it says that it was written.
pub(super) const UNSEALED_ROW: Statement = Statement {
    sqlite: concat!(
        "SELECT a.audit_id, ",
        columns!(sqlite row),
        ", ",
        amendments!(sqlite),
        " FROM audit_logs a WHERE a.tenant = ?1 AND a.audit_id = ?2 AND ",
        ours!(),
        " AND ",
        unsealed_row!(sqlite)
    ),
    postgres: concat!(
        "SELECT a.audit_id::text, ",
        columns!(postgres row),
        ", ",
        amendments!(postgres),
        " FROM audit_logs a WHERE a.tenant = $1 AND a.audit_id = $2::uuid AND ",
        ours!(),
        " AND ",
        unsealed_row!(postgres)
    ),
};

/// One unsealed amendment.
pub(super) const UNSEALED_AMENDMENT: Statement = Statement {
    sqlite: concat!(
        "SELECT m.amendment_id, ",
        columns!(sqlite amendment),
        " FROM actwright_audit_amendments m WHERE m.tenant = ?1 AND m.amendment_id = ?2 AND ",
        unsealed_amendment!(sqlite)
    ),
    postgres: concat!(
        "SELECT m.amendment_id::text, ",
        columns!(postgres amendment),
        " FROM actwright.audit_amendments m WHERE m.tenant = $1 AND m.amendment_id = $2::uuid AND ",
        unsealed_amendment!(postgres)
    ),
};

pub(super) const BEGIN_CHAIN: Statement = Statement {
    sqlite: "INSERT INTO actwright_audit_heads (tenant, seq, hash) VALUES (?1, 0, ?2) ON CONFLICT DO NOTHING",
    postgres: "INSERT INTO actwright.audit_heads (tenant, seq, hash) VALUES ($1, 0, $2) ON CONFLICT DO NOTHING",
};

/// Moves the head from where it was; no row where somebody else moved it.
pub(super) const MOVE_HEAD: Statement = Statement {
    sqlite: "UPDATE actwright_audit_heads SET seq = ?4, hash = ?5, complete_before = \
         CASE WHEN ?6 IS NULL OR complete_before >= ?6 THEN complete_before ELSE ?6 END \
         WHERE tenant = ?1 AND seq = ?2 AND hash = ?3",
    postgres: "UPDATE actwright.audit_heads SET seq = $4, hash = $5, complete_before = greatest(complete_before, $6) \
         WHERE tenant = $1 AND seq = $2 AND hash = $3",
};

/// Seals as rows of one JSON parameter, so that the statement is the same for any number of them.
pub(super) const INSERT_SEALS: Statement = Statement {
    sqlite: "INSERT INTO actwright_audit_seals (tenant, seq, audit_id, amendment_id, operation, user_id, logged_at, \
         content, hints, late, sealed_at, previous, hash) SELECT ?1, value ->> 'seq', value ->> 'audit_id', \
         value ->> 'amendment_id', value ->> 'operation', value ->> 'user_id', value ->> 'logged_at', \
         value ->> 'content', value ->> 'hints', value ->> 'late', value ->> 'sealed_at', value ->> 'previous', \
         value ->> 'hash' \
         FROM json_each(?2)",
    postgres: "INSERT INTO actwright.audit_seals (tenant, seq, audit_id, amendment_id, operation, user_id, logged_at, \
         content, hints, late, sealed_at, previous, hash) SELECT $1, seq, audit_id, amendment_id, operation, user_id, \
         '1970-01-01T00:00:00Z'::timestamptz + logged_at * interval '1 microsecond', content, hints, late, \
         '1970-01-01T00:00:00Z'::timestamptz + sealed_at * interval '1 microsecond', previous, hash \
         FROM jsonb_to_recordset($2) AS s(seq bigint, audit_id uuid, amendment_id uuid, operation text, user_id text, \
         logged_at bigint, content text, hints text, late boolean, sealed_at bigint, previous text, hash text)",
};

/// Seals after `$2`, with what they seal as it is now.
pub(super) const SEALS: Statement = Statement {
    sqlite: concat!(
        "SELECT ",
        columns!(sqlite seal),
        ", a.audit_id IS NOT NULL, m.amendment_id IS NOT NULL, ",
        amendments!(sqlite),
        ", ",
        columns!(sqlite row),
        ", ",
        columns!(sqlite amendment),
        " FROM actwright_audit_seals s LEFT JOIN audit_logs a ON s.amendment_id IS NULL AND a.tenant = s.tenant \
         AND a.audit_id = s.audit_id LEFT JOIN actwright_audit_amendments m ON m.tenant = s.tenant \
         AND m.amendment_id = s.amendment_id WHERE s.tenant = ?1 AND s.seq > ?2 ORDER BY s.seq LIMIT ?3"
    ),
    postgres: concat!(
        "SELECT ",
        columns!(postgres seal),
        ", a.audit_id IS NOT NULL, m.amendment_id IS NOT NULL, ",
        amendments!(postgres),
        ", ",
        columns!(postgres row),
        ", ",
        columns!(postgres amendment),
        " FROM (SELECT * FROM actwright.audit_seals WHERE tenant = $1 AND seq > $2 ORDER BY seq LIMIT $3) s \
         LEFT JOIN audit_logs a ON s.amendment_id IS NULL AND a.tenant = s.tenant AND a.audit_id = s.audit_id \
         LEFT JOIN actwright.audit_amendments m ON m.tenant = s.tenant AND m.amendment_id = s.amendment_id \
         ORDER BY s.seq"
    ),
};

/// The last seals, the last first.
pub(super) const LAST_SEALS: Statement = Statement {
    sqlite: concat!(
        "SELECT ",
        columns!(sqlite seal),
        " FROM actwright_audit_seals s WHERE s.tenant = ?1 ORDER BY s.seq DESC LIMIT ?2"
    ),
    postgres: concat!(
        "SELECT ",
        columns!(postgres seal),
        " FROM actwright.audit_seals s WHERE s.tenant = $1 ORDER BY s.seq DESC LIMIT $2"
    ),
};

/// The hash of one seal.
pub(super) const SEAL_HASH: Statement = Statement {
    sqlite: "SELECT hash FROM actwright_audit_seals WHERE tenant = ?1 AND seq = ?2",
    postgres: "SELECT hash FROM actwright.audit_seals WHERE tenant = $1 AND seq = $2",
};

/// Rows that are not sealed though everything as old as they is.
pub(super) const INSERTED_ROWS: Statement = Statement {
    sqlite: concat!(
        "SELECT a.audit_id, a.operation, a.user_id, a.timestamp FROM audit_logs a WHERE a.tenant = ?1 \
         AND (?3 IS NULL OR a.audit_id > CAST(?3 AS text)) AND (a.timestamp < ?2 OR a.timestamp >= ",
        timely!(sqlite),
        ") AND ",
        ours!(),
        " AND ",
        unsealed_row!(sqlite),
        " ORDER BY a.audit_id LIMIT ?4"
    ),
    postgres: concat!(
        "SELECT a.audit_id::text, a.operation, a.user_id, ",
        micros!("a.timestamp"),
        " FROM audit_logs a WHERE a.tenant = $1 AND ($3::uuid IS NULL OR a.audit_id > $3) AND (a.timestamp < $2 OR a.timestamp >= ",
        timely!(postgres),
        ") AND ",
        ours!(),
        " AND ",
        unsealed_row!(postgres),
        " ORDER BY a.audit_id LIMIT $4"
    ),
};

/// As [`INSERTED_ROWS`], of amendments.
pub(super) const INSERTED_AMENDMENTS: Statement = Statement {
    sqlite: concat!(
        "SELECT m.amendment_id, m.audit_id, m.amended_at FROM actwright_audit_amendments m WHERE m.tenant = ?1 \
         AND (?3 IS NULL OR m.amendment_id > CAST(?3 AS text)) AND (m.amended_at < ?2 OR m.amended_at >= ",
        timely!(sqlite),
        ") AND ",
        unsealed_amendment!(sqlite),
        " ORDER BY m.amendment_id LIMIT ?4"
    ),
    postgres: concat!(
        "SELECT m.amendment_id::text, m.audit_id::text, ",
        micros!("m.amended_at"),
        " FROM actwright.audit_amendments m WHERE m.tenant = $1 AND ($3::uuid IS NULL OR m.amendment_id > $3) AND (m.amended_at < $2 OR m.amended_at >= ",
        timely!(postgres),
        ") AND ",
        unsealed_amendment!(postgres),
        " ORDER BY m.amendment_id LIMIT $4"
    ),
};

/// What is too young to be missed.
pub(super) const PENDING: Statement = Statement {
    sqlite: concat!(
        "SELECT count(*) FROM audit_logs a WHERE a.tenant = ?1 AND (?2 IS NULL OR a.timestamp >= ?2) AND ",
        ours!(),
        " AND ",
        unsealed_row!(sqlite)
    ),
    postgres: concat!(
        "SELECT count(*) FROM audit_logs a WHERE a.tenant = $1 AND ($2::timestamptz IS NULL OR a.timestamp >= $2) AND ",
        ours!(),
        " AND ",
        unsealed_row!(postgres)
    ),
};
