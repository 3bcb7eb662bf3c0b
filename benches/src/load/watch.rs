//! What a process and its database take, looked at while calls go on.

use actwright_runtime::Database;

use crate::Result;

/// One look.
#[derive(Debug, Clone, Copy, Default)]
pub struct Look {
    /// Calls that were answered so far.
    pub calls: u64,
    /// Memory of this process, in bytes: what its code uses, and what its allocators keep for later.
    pub resident: u64,
    /// Bytes that Rust code asked for and has not given back.
    pub rust: u64,
    /// Bytes that C code asked for and has not given back: SQLite's.
    pub c: u64,
    /// Open file descriptors of this process.
    pub descriptors: u64,
    /// Connections to the database.
    pub connections: u64,
    /// Effects that wait in the outbox.
    pub pending: u64,
    /// Rows of the audit log.
    pub audit: u64,
    /// Rows of the ledger.
    pub ledger: u64,
    /// Rows of the outbox.
    pub outbox: u64,
    /// Bytes of tables and indexes; of SQLite, the file without free pages.
    pub bytes: u64,
    /// Dead rows of PostgreSQL that wait for its vacuum; free pages of SQLite.
    pub dead: u64,
    /// Bytes of SQLite's write-ahead log; PostgreSQL recycles its own.
    pub log: u64,
}

impl Look {
    /// Looks once, at the database and the file that it is in, after so many calls, when so many bytes are in use in Rust.
    ///
    /// # Errors
    ///
    /// Those of the database, of `/proc` and of `malloc_info`.
    pub async fn now(database: &Database, path: Option<&std::path::Path>, calls: u64, rust: usize) -> Result<Self> {
        let mut look = Self { calls, rust: rust as u64, ..Self::process()? };
        match database {
            Database::Sqlite { writer, readers } => {
                let row: (i64, i64, i64, i64, i64, i64, i64) = sqlx::query_as(
                    "SELECT (SELECT count(*) FROM audit_logs), (SELECT count(*) FROM actwright_idempotency_ledger), \
                     (SELECT count(*) FROM actwright_outbox), \
                     (SELECT count(*) FROM actwright_outbox WHERE status = 'pending'), \
                     (SELECT page_count FROM pragma_page_count()), (SELECT freelist_count FROM pragma_freelist_count()), \
                     (SELECT page_size FROM pragma_page_size())",
                )
                .fetch_one(readers)
                .await?;
                (look.audit, look.ledger, look.outbox, look.pending) =
                    (whole(row.0), whole(row.1), whole(row.2), whole(row.3));
                (look.bytes, look.dead) = (whole((row.4 - row.5) * row.6), whole(row.5));
                look.connections = u64::from(writer.size()) + u64::from(readers.size());
                let log = path.map(|path| path.with_extension("db-wal"));
                look.log = log.and_then(|log| std::fs::metadata(log).ok()).map_or(0, |log| log.len());
            }
            Database::Postgres { pool, .. } => {
                let mut tx = pool.begin().await?;
                // Policies open our own tables to work that is for all tenants.
                sqlx::query("SELECT set_config('actwright.all_tenants', 'on', true)").execute(&mut *tx).await?;
                let row: (i64, i64, i64, i64, i64, i64, i64) = sqlx::query_as(
                    "SELECT (SELECT count(*) FROM audit_logs), (SELECT count(*) FROM actwright.idempotency_ledger), \
                     (SELECT count(*) FROM actwright.outbox), \
                     (SELECT count(*) FROM actwright.outbox WHERE status = 'pending'), \
                     (SELECT sum(pg_total_relation_size(relid))::bigint FROM pg_stat_user_tables), \
                     (SELECT sum(n_dead_tup)::bigint FROM pg_stat_user_tables), \
                     (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
                      AND backend_type = 'client backend')",
                )
                .fetch_one(&mut *tx)
                .await?;
                tx.commit().await?;
                (look.audit, look.ledger, look.outbox, look.pending) =
                    (whole(row.0), whole(row.1), whole(row.2), whole(row.3));
                (look.bytes, look.dead, look.connections) = (whole(row.4), whole(row.5), whole(row.6));
            }
        }
        Ok(look)
    }

    fn process() -> Result<Self> {
        let status = std::fs::read_to_string("/proc/self/status")?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
        let kilobytes = line.split_whitespace().next().and_then(|size| size.parse::<u64>().ok()).unwrap_or(0);
        let descriptors = std::fs::read_dir("/proc/self/fd")?.count() as u64;
        Ok(Self { resident: kilobytes * 1024, descriptors, c: c_memory()?, ..Self::default() })
    }
}

/// What C code has in use of the C library's allocator, in bytes.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn c_memory() -> Result<u64> {
    use malloc_info::info::{SystemType, TotalType};
    let info = malloc_info::malloc_info()?;
    let taken: usize = info.system.iter().filter(|part| part.r#type == SystemType::Current).map(|part| part.size).sum();
    let total = |kind| -> usize { info.total.iter().filter(|part| part.r#type == kind).map(|part| part.size).sum() };
    let free = total(TotalType::Fast) + total(TotalType::Rest);
    Ok((taken.saturating_sub(free) + total(TotalType::Mmap)) as u64)
}

/// Other C libraries do not tell.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn c_memory() -> Result<u64> {
    Ok(0)
}

fn whole(count: i64) -> u64 {
    u64::try_from(count).unwrap_or_default()
}

/// The first and the last third of a run, without its first tenth: connections, caches and prepared statements come with use.
#[derive(Debug)]
pub struct Thirds {
    first: Vec<Look>,
    last: Vec<Look>,
}

/// A line of the report: what, in the first third, in the last, and whether that is as it should be.
pub type Line = (&'static str, String, String, bool);

impl Thirds {
    /// Of at least six looks.
    pub fn of(looks: &[Look]) -> Option<Self> {
        let looks = looks.get(looks.len().div_ceil(10)..)?;
        let third = looks.len() / 3;
        (third >= 2).then(|| Self { first: looks[..third].to_vec(), last: looks[looks.len() - third..].to_vec() })
    }

    /// What grew, and what may. Connections are opened as they are needed, up to a limit; SQLite has two files open for each,
    /// and some 2 MB of pages in memory. The process takes more than is in use: its allocators keep, for each thread, what was
    /// in use once.
    pub fn judged(&self, connections_limit: f64) -> Vec<Line> {
        let megabytes = |bytes: f64| format!("{:.1} MB", bytes / 1e6);
        let plain = |count: f64| format!("{count:.0}");
        let mean = |of: fn(&Look) -> u64| (average(&self.first, of), average(&self.last, of));
        let line = |name, (first, last): (f64, f64), written: &dyn Fn(f64) -> String, right| {
            (name, written(first), written(last), right)
        };
        let descriptors = mean(|look| look.descriptors);
        let connections = mean(|look| look.connections);
        let opened = (connections.1 - connections.0).max(0.0);
        let (rust, c, resident) = (mean(|look| look.rust), mean(|look| look.c), mean(|look| look.resident));
        let pending = mean(|look| look.pending);
        let dead = mean(|look| look.dead);
        let log = mean(|look| look.log);
        let growth = (per_call(&self.first, |look| look.bytes), per_call(&self.last, |look| look.bytes));
        let audit = (per_call(&self.first, |look| look.audit), per_call(&self.last, |look| look.audit));
        vec![
            line("memory in use, Rust", rust, &megabytes, rust.1 <= rust.0 * 1.1 + 2e6),
            line("memory in use, C", c, &megabytes, c.1 <= c.0 * 1.1 + 2e6 + 3e6 * opened),
            line("memory of the process", resident, &megabytes, resident.1 <= resident.0 * 1.25 + 16e6),
            line("file descriptors", descriptors, &plain, descriptors.1 <= descriptors.0 + 2.0 * opened + 4.0),
            line("connections", connections, &plain, connections.1 <= connections_limit),
            line("outbox, waiting", pending, &plain, pending.1 <= pending.0 + 50.0),
            line("ledger, rows", mean(|look| look.ledger), &plain, true),
            line("outbox, rows", mean(|look| look.outbox), &plain, true),
            line("audit log, rows", mean(|look| look.audit), &plain, true),
            line("audit rows a call", audit, &|rows| format!("{rows:.2}"), true),
            line("tables and indexes", mean(|look| look.bytes), &megabytes, true),
            line("growth a call", growth, &|bytes| format!("{bytes:.0} bytes"), growth.1 <= growth.0 * 1.5 + 500.0),
            line("dead rows, or free pages", dead, &plain, true),
            line("SQLite's write-ahead log", log, &megabytes, log.1 <= log.0 * 1.5 + 8e6),
        ]
    }
}

fn average(looks: &[Look], of: impl Fn(&Look) -> u64) -> f64 {
    looks.iter().map(|look| of(look) as f64).sum::<f64>() / looks.len().max(1) as f64
}

/// How much something grew with each call.
fn per_call(looks: &[Look], of: impl Fn(&Look) -> u64) -> f64 {
    let (Some(first), Some(last)) = (looks.first(), looks.last()) else { return 0.0 };
    (of(last) as f64 - of(first) as f64) / (last.calls.saturating_sub(first.calls)).max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A leak is seen; growth that comes with rows is none.
    #[test]
    fn what_leaks_is_told_from_what_grows() {
        let looks = |leak: u64| -> Vec<Look> {
            let look = |n: u64| Look {
                calls: n * 100,
                rust: 10_000_000 + n * leak,
                c: 10_000_000 + n * leak,
                bytes: n * 100_000,
                ..Look::default()
            };
            (0..30).map(look).collect()
        };
        let judged = |leak| Thirds::of(&looks(leak)).unwrap().judged(17.0);
        assert!(judged(0).iter().all(|(.., right)| *right));
        assert_eq!(
            judged(500_000).iter().filter(|(.., right)| !right).map(|(name, ..)| *name).collect::<Vec<_>>(),
            ["memory in use, Rust", "memory in use, C"]
        );
    }
}
