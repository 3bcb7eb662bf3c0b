//! What is due, and who takes it.
//!
//! A lease that ended without a word was lost: the process that held it died, or was away for too long. What it held may be the
//! reason, and would end every process that takes it. So a lost lease counts as a failed attempt of its row, and a row whose lease
//! was lost is taken by itself, the one that lost fewest first: those that were merely under way beside it are out before it
//! ends the next process.

use uuid::Uuid;

use super::store::{by_engine, until};
use super::{DeliveryPolicy, Effect, EffectKind, Origin};
use crate::call::session::values;
use crate::database::{Database, Tx};
use crate::error::{Error, Result};
use crate::query::{ColumnType, ColumnValue, RawRow};
use crate::registry::Pack;
use crate::value::Timestamp;

/// What an effect remembers of an attempt that nobody told about.
const LOST: &str = "Its lease ended before anybody said how the delivery went: the process that held it died or was away for too long, \
     or the call that asked for it was given up while it committed.";

/// An effect that is due, with the call that it comes from.
pub(super) struct Due {
    pub(super) origin: Origin,
    pub(super) effect: Effect,
    pub(super) attempts: u32,
}

/// What was due.
#[derive(Default)]
pub(super) struct Taken {
    /// One whose lease somebody lost.
    pub(super) lost: Option<Due>,
    /// All others.
    pub(super) due: Vec<Due>,
    /// One whose lease was lost in its last attempt, which is a dead letter now.
    pub(super) given_up: bool,
}

impl Taken {
    pub(super) fn is_empty(&self) -> bool {
        self.lost.is_none() && self.due.is_empty() && !self.given_up
    }
}

/// Takes what is due, and holds it back from others.
pub(super) struct Taker<'r> {
    pub(super) database: &'r Database,
    pub(super) pack: &'r Pack,
    pub(super) policy: &'r DeliveryPolicy,
    pub(super) holder: Uuid,
}

impl Taker<'_> {
    /// Takes up to `room` effects that are due, of each subject the first; of those whose lease was lost at most one, and only
    /// with `lost`. Leaves those of lanes that are `busy`, and those of actions that this build does not have: another one
    /// may have them.
    pub(super) async fn take(&self, room: usize, busy: Vec<String>, lost: bool) -> Result<Taken> {
        let mut taken = Taken::default();
        let mut tx = self.database.begin_write_for_all().await?;
        if lost {
            let statement = by_engine(tx.engine(), SQLITE_TAKE_LOST, POSTGRES_TAKE_LOST);
            if let Some(row) = self.rows(&mut tx, statement, 1, &busy).await?.first() {
                let due = self.due(row)?;
                taken.given_up = row.get::<String>(14, ColumnType::Text)? == "dead";
                if taken.given_up {
                    let (id, tenant) = (due.effect.id, due.origin.tenant);
                    tracing::error!(outbox_id = %id, %tenant, error = LOST, "given up: look at it with `actwright outbox show`");
                } else {
                    taken.lost = Some(due);
                }
            }
        }
        let room = room - usize::from(taken.lost.is_some());
        if room > 0 {
            let statement = by_engine(tx.engine(), SQLITE_TAKE, POSTGRES_TAKE);
            for row in self.rows(&mut tx, statement, room, &busy).await? {
                taken.due.push(self.due(&row)?);
            }
        }
        tx.commit().await?;
        taken.due.sort_by_key(|due| due.effect.id);
        Ok(taken)
    }

    async fn rows(&self, tx: &mut Tx, statement: &'static str, limit: usize, busy: &[String]) -> Result<Vec<RawRow>> {
        let engine = tx.engine();
        let actions = self.pack.actions.iter().map(|entry| entry.spec());
        let known: Vec<String> = actions.map(|spec| format!("{}@{}", spec.id, spec.version)).collect();
        let parameters = values([
            until(self.policy.lease(), engine),
            i64::try_from(limit).unwrap_or(i64::MAX).encode(ColumnType::Bigint, engine),
            self.holder.encode(ColumnType::Uuid, engine),
            busy.to_vec().encode(ColumnType::TextArray, engine),
            known.encode(ColumnType::TextArray, engine),
            i64::from(self.policy.attempts).encode(ColumnType::Bigint, engine),
            LOST.to_owned().encode(ColumnType::Text, engine),
            Timestamp::now().encode(ColumnType::Timestamp, engine),
        ]);
        tx.query_sql(statement, parameters).await
    }

    fn due(&self, row: &RawRow) -> Result<Due> {
        let kind = row.get::<String>(2, ColumnType::Text)?;
        let version = row.get::<i64>(7, ColumnType::Integer)?;
        let entry = self.pack.action(&row.get::<String>(6, ColumnType::Text)?, u32::try_from(version).ok())?;
        Ok(Due {
            origin: Origin {
                tenant: row.get(0, ColumnType::Uuid)?,
                actor: row.get(9, ColumnType::Uuid)?,
                action: entry.spec().id,
                version: entry.spec().version,
                invocation: row.get(8, ColumnType::Uuid)?,
                at: row.get(13, ColumnType::Timestamp)?,
            },
            effect: Effect {
                id: row.get(1, ColumnType::Uuid)?,
                kind: EffectKind::parse(&kind).ok_or_else(|| Error::internal("The outbox holds an unknown kind."))?,
                name: row.get(3, ColumnType::Text)?,
                key: row.get(4, ColumnType::Text)?,
                subject: row.get(11, ColumnType::Text)?,
                sink: row.get(12, ColumnType::Text)?,
                payload: row.get(5, ColumnType::Json)?,
            },
            attempts: u32::try_from(row.get::<i64>(10, ColumnType::Integer)?).unwrap_or(u32::MAX),
        })
    }
}

/// Takes rows. Parameters: the lease, how many, the holder, lanes that are busy, actions that are known, how many attempts there
/// are, what a lost one is noted as, and the time.
macro_rules! sqlite_take {
    ($set:literal, $which:literal, $first:literal) => {
        concat!(
            "UPDATE actwright_outbox SET available_at = ?1, ",
            $set,
            " WHERE (tenant, outbox_id) IN (SELECT due.tenant, due.outbox_id FROM actwright_outbox due \
             WHERE due.status = 'pending' AND due.available_at <= ?8 AND ",
            $which,
            " AND iif(due.kind = 'event', COALESCE(due.sink, ''), '') NOT IN (SELECT value FROM json_each(?4)) \
             AND due.action_id || '@' || due.action_version IN (SELECT value FROM json_each(?5)) \
             AND (due.subject IS NULL OR NOT EXISTS (SELECT 1 FROM actwright_outbox earlier \
             WHERE earlier.tenant = due.tenant AND earlier.sink = due.sink AND earlier.subject = due.subject \
             AND earlier.status = 'pending' AND (earlier.position, earlier.outbox_id) < (due.position, due.outbox_id))) \
             ORDER BY ",
            $first,
            "due.available_at, due.outbox_id LIMIT ?2) RETURNING tenant, outbox_id, kind, name, key, payload, \
             action_id, action_version, invocation_id, actor_id, attempts, subject, sink, created_at, status"
        )
    };
}

/// The rows are locked in a statement part of its own, which runs once: as a condition of the update it might run several times,
/// and take more than the limit.
macro_rules! postgres_take {
    ($set:literal, $which:literal, $first:literal) => {
        concat!(
            "WITH due AS MATERIALIZED (SELECT due.tenant, due.outbox_id FROM actwright.outbox due \
             WHERE due.status = 'pending' AND due.available_at <= clock_timestamp() AND ",
            $which,
            " AND CASE WHEN due.kind = 'event' THEN COALESCE(due.sink, '') ELSE '' END <> ALL ($4) \
             AND due.action_id || '@' || due.action_version = ANY ($5) \
             AND (due.subject IS NULL OR NOT EXISTS (SELECT 1 FROM actwright.outbox earlier \
             WHERE earlier.tenant = due.tenant AND earlier.sink = due.sink AND earlier.subject = due.subject \
             AND earlier.status = 'pending' AND (earlier.position, earlier.outbox_id) < (due.position, due.outbox_id))) \
             ORDER BY ",
            $first,
            "due.available_at, due.outbox_id LIMIT $2 FOR UPDATE SKIP LOCKED) \
             UPDATE actwright.outbox o SET available_at = clock_timestamp() + make_interval(secs => $1), ",
            $set,
            " FROM due WHERE o.tenant = due.tenant AND o.outbox_id = due.outbox_id \
             RETURNING o.tenant, o.outbox_id, o.kind, o.name, o.key, o.payload, o.action_id, o.action_version, \
             o.invocation_id, o.actor_id, o.attempts, o.subject, o.sink, o.created_at, o.status"
        )
    };
}

const SQLITE_TAKE: &str = sqlite_take!("leased_by = ?3", "due.leased_by IS NULL", "");
const SQLITE_TAKE_LOST: &str = sqlite_take!(
    "attempts = attempts + 1, last_error = ?7, leased_by = iif(attempts + 1 < ?6, ?3, NULL), \
     status = iif(attempts + 1 < ?6, 'pending', 'dead'), settled_at = iif(attempts + 1 < ?6, NULL, ?8)",
    "due.leased_by IS NOT NULL",
    "due.attempts, "
);
const POSTGRES_TAKE: &str = postgres_take!("leased_by = $3", "due.leased_by IS NULL", "");
const POSTGRES_TAKE_LOST: &str = postgres_take!(
    "attempts = attempts + 1, last_error = $7, leased_by = CASE WHEN attempts + 1 < $6 THEN $3 END, \
     status = CASE WHEN attempts + 1 < $6 THEN 'pending' ELSE 'dead' END, \
     settled_at = CASE WHEN attempts + 1 < $6 THEN NULL ELSE clock_timestamp() END",
    "due.leased_by IS NOT NULL",
    "due.attempts, "
);
