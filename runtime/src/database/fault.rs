//! What errors of a database mean to a caller, and to the connection that they happened on.

use sqlx::error::DatabaseError;
use sqlx::postgres::PgDatabaseError;
use sqlx::sqlite::SqliteError;

use crate::error::Error;

/// What an error of a database means. Everything that may pass by itself is a transient error, so that callers try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Other work is in the way: locks, deadlocks, a serialization failure, a server that is short of something.
    Busy,
    /// A statement took too long and was stopped.
    Stopped,
    /// The database is not there: restarted, shut down, or the network between is cut.
    Away,
    /// All connections were taken for too long, or none could be made.
    NoConnection,
    /// There is no room for what was to be written.
    DiskFull,
    /// The disk failed, or the operating system refused.
    Storage,
    /// A server that takes no writes: a standby, or one that is about to become the primary.
    Standby,
    /// The file of the database may not be written.
    NotWritable,
    /// The file of the database is damaged.
    Damaged,
    /// A table or column is missing.
    NotSetUp,
    /// What is between here and the server does not keep connections to one process of it.
    Pooler,
    /// The database user may not log in.
    Login,
    /// The database user may not do what the statement does.
    Privilege,
    /// A unique or foreign key speaks against it.
    Contradiction,
    /// The statement is wrong.
    Defect,
    /// The driver does not understand the database.
    Unexpected,
}

impl Fault {
    pub(crate) fn of(error: &sqlx::Error) -> Self {
        match error {
            sqlx::Error::Database(database) => Self::told(database.as_ref()),
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed
            // The connection was in a state that nobody expects; it is not used again.
            | sqlx::Error::BeginFailed => Self::Away,
            sqlx::Error::PoolTimedOut => Self::NoConnection,
            _ => Self::Unexpected,
        }
    }

    fn told(error: &dyn DatabaseError) -> Self {
        if error.is_unique_violation() || error.is_foreign_key_violation() {
            return Self::Contradiction;
        }
        let code = error.code().unwrap_or_default();
        if error.try_downcast_ref::<SqliteError>().is_some() {
            return Self::of_sqlite(code.parse().unwrap_or_default(), error.message());
        }
        // PgBouncer, of what it was not told to ignore.
        if error.message().starts_with("unsupported startup parameter") {
            return Self::Pooler;
        }
        if stale_plan(error) { Self::Busy } else { Self::of_sqlstate(&code) }
    }

    /// By the code, else by its class.
    fn of_sqlstate(code: &str) -> Self {
        let known = |code: &str| SQLSTATES.iter().find(|(known, _)| *known == code).map(|(_, fault)| *fault);
        known(code).or_else(|| known(code.get(..2)?)).unwrap_or(Self::Defect)
    }

    /// By the extended result code, whose low byte is the result code.
    fn of_sqlite(code: u32, message: &str) -> Self {
        match code & 0xff {
            // SQLITE_ERROR has no finer codes.
            1 if message.starts_with("no such ") || message.contains(" has no column ") => Self::NotSetUp,
            // BUSY, LOCKED, NOMEM, PROTOCOL (of locks), SCHEMA (changed meanwhile)
            5 | 6 | 7 | 15 | 17 => Self::Busy,
            // READONLY
            8 => Self::NotWritable,
            // INTERRUPT
            9 => Self::Stopped,
            // IOERR, CANTOPEN
            10 | 14 => Self::Storage,
            // CORRUPT, NOTADB
            11 | 26 => Self::Damaged,
            // FULL
            13 => Self::DiskFull,
            _ => Self::Defect,
        }
    }
}

/// SQLSTATEs and classes of them, as <https://www.postgresql.org/docs/current/errcodes-appendix.html> lists them.
const SQLSTATES: &[(&str, Fault)] = &[
    // Connection exceptions.
    ("08", Fault::Away),
    // read_only_sql_transaction: this server is a standby, during a failover the primary to be.
    ("25006", Fault::Standby),
    // idle_in_transaction_session_timeout and transaction_timeout: the server ended the connection or the transaction.
    ("25P03", Fault::Away),
    ("25P04", Fault::Stopped),
    // invalid_sql_statement_name, duplicate_prepared_statement: what was prepared was in another process of the server.
    ("26000", Fault::Pooler),
    ("42P05", Fault::Pooler),
    // Authentication.
    ("28", Fault::Login),
    // invalid_catalog_name: there is no such database; invalid_schema_name: the schema actwright is missing.
    ("3D000", Fault::NotSetUp),
    ("3F000", Fault::NotSetUp),
    // Transaction rollback: serialization_failure, deadlock_detected.
    ("40", Fault::Busy),
    // insufficient_privilege.
    ("42501", Fault::Privilege),
    // undefined_column, undefined_table.
    ("42703", Fault::NotSetUp),
    ("42P01", Fault::NotSetUp),
    // Insufficient resources: out_of_memory, too_many_connections, configuration_limit_exceeded; of them disk_full.
    ("53", Fault::Busy),
    ("53100", Fault::DiskFull),
    ("53300", Fault::NoConnection),
    // object_in_use, lock_not_available.
    ("55006", Fault::Busy),
    ("55P03", Fault::Busy),
    // Operator intervention: admin_shutdown, crash_shutdown, cannot_connect_now, idle_session_timeout; of them query_canceled,
    // which is what statement_timeout does, and database_dropped.
    ("57", Fault::Away),
    ("57014", Fault::Stopped),
    ("57P04", Fault::NotSetUp),
    // System errors: io_error and others from outside PostgreSQL.
    ("58", Fault::Storage),
    // data_corrupted, index_corrupted.
    ("XX001", Fault::Damaged),
    ("XX002", Fault::Damaged),
];

/// A statement that was prepared before a table changed. Prepared anew it works, so the connection is not used again.
fn stale_plan(error: &dyn DatabaseError) -> bool {
    error.code().is_some_and(|code| code == "0A000")
        && error
            .try_downcast_ref::<PgDatabaseError>()
            .is_some_and(|error| error.routine() == Some("RevalidateCachedQuery"))
}

/// Whether the connection of a PostgreSQL server is of no more use after an error.
pub(super) fn ends_connection(error: &sqlx::Error) -> bool {
    let sqlx::Error::Database(told) = error else { return true };
    matches!(Fault::of(error), Fault::Away | Fault::Pooler) || stale_plan(told.as_ref())
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Busy => Self::transient("The database is busy with other work. Try again."),
            Fault::Stopped => Self::transient("The database took too long. Try again."),
            Fault::Away => Self::transient("The database cannot be reached. Try again."),
            Fault::NoConnection => {
                Self::transient("No connection to the database was free in time, or it cannot be reached. Try again.")
            }
            Fault::DiskFull => Self::transient("The disk of the database is full. Make room for it, then try again."),
            Fault::Storage => Self::transient(
                "The database cannot read or write its files: the disk may be full or failing. Try again; if it stays \
                 like this, the log of the database says why.",
            ),
            Fault::Standby => Self::transient(
                "The database takes no writes at the moment: it is a standby, or about to become the primary. Try again.",
            ),
            Fault::NotWritable => {
                Self::internal("The database cannot be written: its file or folder is read-only for this process.")
            }
            Fault::Damaged => Self::internal("The database is damaged. Check it, and restore a backup."),
            Fault::NotSetUp => Self::internal(
                "The database lacks a table or column that this release needs, or does not exist. Run `actwright db \
                 migrate`.",
            ),
            Fault::Pooler => Self::internal(
                "A pooler of connections is between here and PostgreSQL that cannot be used as it is set up. It has to pool \
                 sessions and to ignore the parameter extra_float_digits.",
            ),
            Fault::Login => Self::internal("The database refuses the login of the configured user."),
            Fault::Privilege => {
                Self::internal("The database user lacks a privilege that this needs. The log has the details.")
            }
            Fault::Contradiction => {
                Self::conflict("The data was changed by somebody else at the same time, or refers to each other.")
            }
            Fault::Defect => Self::internal("The database refused a statement. The log has the details."),
            Fault::Unexpected => {
                Self::internal("The database gave an answer that was not expected. The log has the details.")
            }
        }
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        let fault = Fault::of(&error);
        tracing::warn!(%error, ?fault, "database error");
        fault.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What may pass is tried again; what somebody has to mend is not, or callers would try for ever.
    #[test]
    fn sqlstates_become_what_callers_can_do_about_them() {
        let passing = [
            "08000", "08001", "08003", "08006", "25006", "25P03", "25P04", "40001", "40P01", "53000", "53100", "53200",
            "53300", "55006", "55P03", "57014", "57P01", "57P02", "57P03", "57P05", "58000", "58030",
        ];
        let lasting = [
            "0A000", "21000", "22001", "22021", "22P02", "25P02", "26000", "28000", "28P01", "3D000", "3F000", "42501",
            "42601", "42703", "42P01", "42P05", "54000", "57P04", "XX000", "XX001", "XX002", "", "5", "é9",
        ];
        for code in passing {
            assert!(Error::from(Fault::of_sqlstate(code)).retryable(), "{code}");
        }
        for code in lasting {
            assert!(!Error::from(Fault::of_sqlstate(code)).retryable(), "{code}");
        }
        assert_eq!(Fault::of_sqlstate("53100"), Fault::DiskFull);
        assert_eq!(Fault::of_sqlstate("53200"), Fault::Busy);
        assert_eq!(Fault::of_sqlstate("57014"), Fault::Stopped);
        assert_eq!(Fault::of_sqlstate("57P01"), Fault::Away);
    }

    /// Extended codes count by their low byte: 778 is IOERR_WRITE, 2067 a constraint, 266 IOERR_READ.
    #[test]
    fn result_codes_of_sqlite_become_what_callers_can_do_about_them() {
        let fault = |code| Fault::of_sqlite(code, "");
        assert_eq!([5, 261, 517, 6].map(fault), [Fault::Busy; 4]);
        assert_eq!([13].map(fault), [Fault::DiskFull]);
        assert_eq!([10, 778, 266, 14].map(fault), [Fault::Storage; 4]);
        assert_eq!([8, 264].map(fault), [Fault::NotWritable; 2]);
        assert_eq!([11, 26, 267].map(fault), [Fault::Damaged; 3]);
        assert_eq!([1, 18, 20, 25].map(fault), [Fault::Defect; 4]);
        assert_eq!(Fault::of_sqlite(1, "no such table: quotes"), Fault::NotSetUp);
    }
}
