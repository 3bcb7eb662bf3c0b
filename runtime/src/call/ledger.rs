//! The idempotency ledger: of calls with one key only the first has an effect.

use sea_query::Value as Sql;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::session::values;
use super::{Call, Caller, Deduplicated, Retention};
use crate::context::Scope;
use crate::database::Engine;
use crate::decode::{canonical, withhold, without_secrets};
use crate::error::{Error, Result};
use crate::query::{ColumnType, ColumnValue};
use crate::spec::{ActionSpec, Effects, Idempotency};
use crate::value::Value;

/// The key of a call, and the hash of who makes it with which input: what a call may see is its caller's, so nobody else gets
/// its answer.
#[derive(Debug)]
pub(crate) struct Claim {
    pub(crate) key: String,
    input_hash: String,
}

/// Whether the call is the first of its key.
pub(crate) enum Outcome {
    Fresh,
    Repeated { output: Value, original: Deduplicated },
}

impl Claim {
    /// The claim of a call; `None` when it has no key, and so always has its effect.
    pub(crate) fn of(spec: &ActionSpec, call: &Call, normalized: &Value) -> Option<Self> {
        if spec.effects == Effects::Read {
            return None;
        }
        // A hash of a secret could be guessed: calls that differ in secrets only have one hash.
        let canonical = canonical(&without_secrets(spec.input, normalized));
        let caller = match call.caller {
            Caller::User(user) => format!("user {user}"),
            Caller::Run(run) => format!("run {run}"),
        };
        let place = match (call.caller, call.step_path.as_deref()) {
            (Caller::Run(run), Some(step)) => Some((run, step)),
            _ => None,
        };
        let key = match spec.idempotency {
            Idempotency::Action(field) => normalized
                .get(field)
                .and_then(Value::as_str)
                .map(str::to_owned)
                .or_else(|| call.idempotency_key.clone())
                .or_else(|| place.map(|(run, step)| format!("run:{run}:{step}"))),
            Idempotency::Engine => call.idempotency_key.clone().or_else(|| {
                let (run, step) = place?;
                let parts = [&run.to_string(), step, spec.id, &spec.version.to_string(), &canonical];
                Some(format!("step:{}", hash(&parts)))
            }),
        }?;
        Some(Self { key: bounded(key), input_hash: hash(&[&caller, &canonical]) })
    }

    /// Claims the key inside the transaction. While another call of the same key is under way, this waits for its end. A key
    /// whose result has expired is claimed as if it were new, by one of all that try.
    pub(crate) async fn take(
        &self,
        scope: &mut Scope,
        spec: &ActionSpec,
        call: &Call,
        invocation: Uuid,
        retention: &Retention,
    ) -> Result<Outcome> {
        let engine = scope.tx.engine();
        let insert = match engine {
            Engine::Sqlite => SQLITE_CLAIM,
            Engine::Postgres => POSTGRES_CLAIM,
        };
        let parameters = values([
            scope.tenant.encode(ColumnType::Uuid, engine),
            Sql::String(Some(spec.id.to_owned())),
            i64::from(spec.version).encode(ColumnType::Integer, engine),
            Sql::String(Some(self.key.clone())),
            Sql::String(Some(self.input_hash.clone())),
            invocation.encode(ColumnType::Uuid, engine),
            call.caller.run().encode(ColumnType::Uuid, engine),
            call.step_path.clone().encode(ColumnType::Text, engine),
            scope.now.encode(ColumnType::Timestamp, engine),
            retention.results_expired(scope.now).encode(ColumnType::Timestamp, engine),
        ]);
        if scope.tx.execute_sql(insert, parameters).await? == 1 {
            return Ok(Outcome::Fresh);
        }
        self.repeat(scope, spec).await
    }

    async fn repeat(&self, scope: &mut Scope, spec: &ActionSpec) -> Result<Outcome> {
        let engine = scope.tx.engine();
        let select = match engine {
            Engine::Sqlite => SQLITE_FIND,
            Engine::Postgres => POSTGRES_FIND,
        };
        let parameters = values([
            scope.tenant.encode(ColumnType::Uuid, engine),
            Sql::String(Some(spec.id.to_owned())),
            i64::from(spec.version).encode(ColumnType::Integer, engine),
            Sql::String(Some(self.key.clone())),
        ]);
        let rows = scope.tx.query_sql(select, parameters).await?;
        // The first call's row may have been removed between the two statements; a retry will then be the first.
        let row = rows.first().ok_or_else(|| Error::transient("The idempotency key was just released. Try again."))?;
        if row.get::<String>(0, ColumnType::Text)? != self.input_hash {
            return Err(Error::key_reused(&self.key));
        }
        let mut output = row.get(1, ColumnType::Json)?;
        let withheld = withhold(spec.output_schema, &mut output);
        Ok(Outcome::Repeated {
            output,
            original: Deduplicated {
                withheld,
                invocation_id: row.get(2, ColumnType::Uuid)?,
                run_id: row.get(3, ColumnType::Uuid)?,
                at: row.get(4, ColumnType::Timestamp)?,
            },
        })
    }
}

/// The longest key that is stored as it is, in bytes. PostgreSQL indexes some 2,700 at most.
const LONGEST_KEY: usize = 1_024;

/// A key that is stored: of a longer one its hash, which is as good a key on every database.
fn bounded(key: String) -> String {
    if key.len() <= LONGEST_KEY { key } else { format!("sha256:{}", hash(&[&key])) }
}

/// SHA-256 in hexadecimal. The length before each part keeps `a, bc` and `ab, c` apart.
fn hash(parts: &[&str]) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The row of an expired key becomes that of the new call. Whether it has expired is looked at when nobody else can change it any
/// more, so that of several calls one finds it so.
macro_rules! claim {
    ($table:literal, $values:literal, $expired:literal) => {
        concat!(
            "INSERT INTO ",
            $table,
            " AS known (tenant, action_id, action_version, idempotency_key, input_hash, invocation_id, run_id, step_path, \
             created_at) VALUES ",
            $values,
            " ON CONFLICT (tenant, action_id, action_version, idempotency_key) DO UPDATE SET \
             input_hash = excluded.input_hash, invocation_id = excluded.invocation_id, run_id = excluded.run_id, \
             step_path = excluded.step_path, output = NULL, created_at = excluded.created_at WHERE known.created_at <= ",
            $expired
        )
    };
}

const SQLITE_CLAIM: &str = claim!("actwright_idempotency_ledger", "(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)", "?10");
const POSTGRES_CLAIM: &str = claim!("actwright.idempotency_ledger", "($1, $2, $3, $4, $5, $6, $7, $8, $9)", "$10");
const SQLITE_FIND: &str = "SELECT input_hash, output, invocation_id, run_id, created_at \
     FROM actwright_idempotency_ledger \
     WHERE tenant = ?1 AND action_id = ?2 AND action_version = ?3 AND idempotency_key = ?4";
const POSTGRES_FIND: &str = "SELECT input_hash, output, invocation_id, run_id, created_at \
     FROM actwright.idempotency_ledger \
     WHERE tenant = $1 AND action_id = $2 AND action_version = $3 AND idempotency_key = $4";
