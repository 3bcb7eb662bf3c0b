//! The statements of the audit trail.

use super::Statement;

/// The columns of a trail: with all amendments as time, old and new values, oldest first, and the place in the chain.
macro_rules! trail {
    (sqlite, $narrowed:literal) => {
        concat!(
            "SELECT a.audit_id, a.user_id, a.operation, a.record_id, a.changed_data, a.details, a.timestamp, \
             (SELECT json_group_array(json_array(n.amended_at, n.old_values, n.new_values)) FROM (SELECT * \
             FROM actwright_audit_amendments n INDEXED BY actwright_audit_amendments_row \
             WHERE n.tenant = a.tenant AND n.audit_id = a.audit_id ORDER BY n.amendment_id) n), \
             (SELECT s.seq FROM actwright_audit_seals s WHERE s.tenant = a.tenant AND s.audit_id = a.audit_id \
             AND s.amendment_id IS NULL) FROM audit_logs a WHERE a.tenant = ?1 AND a.timestamp >= ?2 \
             AND (a.timestamp, a.audit_id) > (?2, CAST(?3 AS text)) AND a.timestamp < ",
            timely!(sqlite),
            " AND (?4 IS NULL OR a.timestamp <= ?4) AND (?5 IS NULL OR a.user_id = ?5) AND (?6 IS NULL \
             OR CASE WHEN json_valid(a.details) THEN a.details ->> 'action_id' END = ?6) AND ",
            ours!(),
            $narrowed,
            " ORDER BY a.timestamp, a.audit_id LIMIT ?7"
        )
    };
    (postgres, $narrowed:literal) => {
        concat!(
            "SELECT a.audit_id::text, a.user_id, a.operation, a.record_id, a.changed_data::text, a.details::text, \
             a.timestamp, (SELECT coalesce(jsonb_agg(jsonb_build_array(",
            micros!("n.amended_at"),
            ", n.old_values::text, n.new_values::text) ORDER BY n.amendment_id), '[]')::text \
             FROM actwright.audit_amendments n WHERE n.tenant = a.tenant AND n.audit_id = a.audit_id), \
             (SELECT s.seq FROM actwright.audit_seals s WHERE s.tenant = a.tenant AND s.audit_id = a.audit_id \
             AND s.amendment_id IS NULL) FROM audit_logs a WHERE a.tenant = $1 AND a.timestamp >= $2 \
             AND (a.timestamp, a.audit_id) > ($2, $3::uuid) AND a.timestamp < ",
            timely!(postgres),
            " AND ($4::timestamptz IS NULL OR a.timestamp <= $4) AND ($5::text IS NULL OR a.user_id = $5) AND ($6::text IS NULL OR a.details ->> 'action_id' = $6) AND ",
            ours!(),
            $narrowed,
            " ORDER BY a.timestamp, a.audit_id LIMIT $7"
        )
    };
}

/// Rows of a tenant (`$1`) from a place in time (`$2`, `$3`) on, up to a time (`$4`), by a user (`$5`), through an action (`$6`).
/// Rows of a time that no calendar has are not among them.
pub(in crate::audit) const TRAIL: Statement = Statement { sqlite: trail!(sqlite, ""), postgres: trail!(postgres, "") };

/// As [`TRAIL`], with something (`$8`: a text, or a path that finds it) in what changed or in the details. PostgreSQL uses GIN
/// indexes of both where it has them: also for refusals, which have an input, and in it ids in any case (a path: `$9`).
pub(in crate::audit) const TRAIL_OF_ENTITY: Statement = Statement {
    sqlite: trail!(sqlite, " AND (instr(lower(a.details), ?8) > 0 OR instr(lower(a.changed_data), ?8) > 0)"),
    postgres: trail!(
        postgres,
        " AND (a.details @? $8::text::jsonpath OR a.changed_data @? $8::text::jsonpath \
         OR a.details ? 'input' AND a.details @? $9::text::jsonpath)"
    ),
};

/// As [`TRAIL`], of a run (`$8`).
pub(in crate::audit) const TRAIL_OF_RUN: Statement = Statement {
    sqlite: trail!(sqlite, " AND a.table_name = 'workflow_runs' AND a.record_id = ?8"),
    postgres: trail!(postgres, " AND a.table_name = 'workflow_runs' AND a.record_id = $8"),
};

/// What the audit row of a call says besides what changed.
pub(in crate::audit) const DETAILS: Statement = Statement {
    sqlite: "SELECT details FROM audit_logs WHERE tenant = ?1 AND audit_id = ?2",
    postgres: "SELECT details FROM audit_logs WHERE tenant = $1 AND audit_id = $2",
};

/// Names of users by id.
pub(in crate::audit) const USERS: Statement = Statement {
    sqlite: "SELECT user_id, first_name, last_name, email FROM users WHERE tenant = ?1 \
         AND user_id IN (SELECT value FROM json_each(?2))",
    postgres: "SELECT user_id::text, first_name, last_name, email FROM users WHERE tenant = $1 \
         AND user_id = ANY ($2::uuid[])",
};

/// Names and versions of workflows by run. The tenant of a workflow's definition may be empty in a PSA database.
pub(in crate::audit) const RUNS: Statement = Statement {
    sqlite: "SELECT r.run_id, d.name, r.workflow_version FROM workflow_runs r LEFT JOIN workflow_definitions d \
         ON d.workflow_id = r.workflow_id AND coalesce(d.tenant, r.tenant) = r.tenant WHERE r.tenant = ?1 \
         AND r.run_id IN (SELECT value FROM json_each(?2))",
    postgres: "SELECT r.run_id::text, d.name, r.workflow_version::bigint FROM workflow_runs r \
         LEFT JOIN workflow_definitions d ON d.workflow_id = r.workflow_id AND coalesce(d.tenant, r.tenant) = r.tenant \
         WHERE r.tenant = $1 AND r.run_id = ANY ($2::uuid[])",
};
