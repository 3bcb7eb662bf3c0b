//! Decides at every step of every call who goes on: one at a time, by a seed. All calls run in one thread; whoever goes on
//! does so until their next step, their end, or until they wait for somebody else's lock. So a seed gives the same order of
//! steps in every run, on both databases, and with it the same failure.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use actwright_runtime::database::{Database, Engine};
use actwright_runtime::registry::BoxFuture;
use actwright_runtime::schedule::Scheduler;
use sqlx::{Connection, PgConnection};
use tokio::sync::{Notify, oneshot};
use tokio::task;

use super::random::Random;

/// The step before a call, which the callers take themselves.
const CALL: &str = "call";
/// A run that does not get on for so long hangs.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where somebody is.
#[derive(Debug)]
enum At {
    /// Waits at a step to be told to go on.
    Parked(&'static str, oneshot::Sender<()>),
    /// Goes on from a step, or waits for a lock.
    Running(&'static str),
    /// Waits for a delivery that it has handed over.
    Waiting,
    /// Done.
    Gone,
}

/// Somebody who takes steps: a caller, or a delivery.
#[derive(Debug)]
struct Player {
    at: At,
    /// In a transaction that may write.
    writes: bool,
    /// Wakes a caller who stops waiting for its call.
    cancel: Arc<Notify>,
}

#[derive(Debug, Default)]
struct Board {
    players: BTreeMap<usize, Player>,
    numbers: HashMap<task::Id, usize>,
    /// Whose delivery this is. A caller has one for each receiver.
    of_caller: BTreeMap<usize, usize>,
    /// Who committed last.
    committed: usize,
}

/// The scheduler of a run.
#[derive(Debug, Default)]
pub struct Conductor {
    board: Mutex<Board>,
    news: Notify,
}

impl Scheduler for Conductor {
    fn pause(&self, step: &'static str) -> BoxFuture<'static, ()> {
        let (go, gone) = oneshot::channel();
        if let Some(id) = task::try_id() {
            let mut board = self.board.lock().unwrap_or_else(PoisonError::into_inner);
            board.park(id, step, go);
            self.news.notify_one();
        }
        Box::pin(async move {
            // Without a task there is nobody to schedule: the other end is gone already.
            let _ = gone.await;
        })
    }
}

impl Board {
    fn park(&mut self, id: task::Id, step: &'static str, go: oneshot::Sender<()>) {
        let next = self.players.len();
        let number = *self.numbers.entry(id).or_insert(next);
        if number == next {
            self.players.insert(next, Player { at: At::Gone, writes: false, cancel: Arc::default() });
            // A delivery: of whoever has just committed and waits for it, maybe beside others of the same call.
            let caller = self.players.iter_mut().find(|(_, player)| matches!(player.at, At::Running("committed")));
            if let Some((caller, player)) = caller {
                player.at = At::Waiting;
                self.committed = *caller;
            }
            self.of_caller.insert(number, self.committed);
        }
        if let Some(player) = self.players.get_mut(&number) {
            player.at = At::Parked(step, go);
        }
    }

    /// Who may be told to go on. SQLite has one writer: others would wait for it.
    fn ready(&self, engine: Engine) -> Vec<usize> {
        let taken = engine == Engine::Sqlite && self.players.values().any(|player| player.writes && player.holds());
        let ready = |player: &Player| match player.at {
            At::Parked("begin", _) => !taken,
            At::Parked(..) => true,
            _ => false,
        };
        self.players.iter().filter(|(_, player)| ready(player)).map(|(number, _)| *number).collect()
    }

    /// How many are on their way, and how many connections the others hold.
    fn moving(&self) -> (usize, usize) {
        let running = self.players.values().filter(|player| matches!(player.at, At::Running(_))).count();
        (running, self.players.values().filter(|player| player.holds()).count())
    }

    fn all_gone(&self) -> bool {
        self.players.values().all(|player| matches!(player.at, At::Gone))
    }
}

impl Player {
    /// Whether it waits inside a transaction.
    fn holds(&self) -> bool {
        matches!(self.at, At::Parked("statement" | "commit", _))
    }

    fn in_call(&self) -> bool {
        match self.at {
            At::Parked(step, _) => step != CALL,
            At::Waiting => true,
            At::Running(_) | At::Gone => false,
        }
    }
}

impl Conductor {
    fn board(&self) -> std::sync::MutexGuard<'_, Board> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes the current task a caller. Callers do this one after the other, so that they have the same numbers each time.
    pub fn enter(&self) -> Arc<Notify> {
        let mut board = self.board();
        let number = board.players.len();
        let cancel = Arc::new(Notify::new());
        if let Some(id) = task::try_id() {
            board.numbers.insert(id, number);
            board.players.insert(number, Player { at: At::Running(CALL), writes: false, cancel: Arc::clone(&cancel) });
        }
        cancel
    }

    /// A caller waits for its turn to make a call.
    pub async fn before_call(&self) {
        self.pause(CALL).await;
    }

    /// A caller is done.
    pub fn leave(&self) {
        let mut board = self.board();
        let number = task::try_id().and_then(|id| board.numbers.get(&id).copied());
        if let Some(player) = number.and_then(|number| board.players.get_mut(&number)) {
            player.at = At::Gone;
        }
        self.news.notify_one();
    }

    /// Lets one after the other go on until all are done. `cancels` of a thousand turns of a caller end its call instead.
    /// Gives who did what in which order.
    ///
    /// # Errors
    ///
    /// The run hangs.
    pub async fn conduct(
        &self,
        database: &Database,
        probe: &mut Option<PgConnection>,
        seed: u64,
        callers: usize,
        cancels: usize,
    ) -> Result<Vec<(usize, &'static str)>, String> {
        let mut random = Random::part(seed, 0);
        let mut log = Vec::new();
        loop {
            self.settle(database, probe).await.map_err(|why| format!("{why} after {log:?}: {:?}", self.board()))?;
            let mut board = self.board();
            if board.all_gone() {
                return Ok(log);
            }
            // A caller who waits for its delivery can still stop doing so.
            let waiting = |number: &usize| *number < callers && board.players[number].in_call();
            if random.below(1_000) < cancels {
                let in_call: Vec<usize> = board.players.keys().copied().filter(waiting).collect();
                if !in_call.is_empty() {
                    let number = random.pick(&in_call);
                    board.of_caller.retain(|_, caller| *caller != number);
                    if let Some(player) = board.players.get_mut(&number) {
                        player.at = At::Running("cancelled");
                        player.cancel.notify_one();
                    }
                    log.push((number, "cancelled"));
                    continue;
                }
            }
            let ready = board.ready(database.engine());
            if ready.is_empty() {
                return Err(format!("nobody can go on after {log:?}: {board:?}"));
            }
            let number = random.pick(&ready);
            log.push((number, board.go(number)));
        }
    }

    /// Waits until everybody is at a step, done, or waits for a lock, and connections that are not in use are back.
    async fn settle(&self, database: &Database, probe: &mut Option<PgConnection>) -> Result<(), String> {
        let begun = Instant::now();
        loop {
            let (running, holding) = self.board().moving();
            let blocked = if running > 0 { blocked(probe).await? } else { 0 };
            let somebody_ready = !self.board().ready(database.engine()).is_empty() || self.board().all_gone();
            if running == blocked && in_use(database) == holding + blocked && (running == 0 || somebody_ready) {
                return Ok(());
            }
            if begun.elapsed() > PATIENCE {
                return Err(format!(
                    "it hangs ({running} on their way, {blocked} wait for locks, {holding} hold some)"
                ));
            }
            // A statement takes longer than that; who has nothing to do tells at once.
            let _ = tokio::time::timeout(Duration::from_millis(1), self.news.notified()).await;
        }
    }
}

impl Board {
    /// Tells somebody to go on. Gives the step that it was at.
    fn go(&mut self, number: usize) -> &'static str {
        let Some(player) = self.players.get_mut(&number) else { return "nobody" };
        let At::Parked(step, go) = std::mem::replace(&mut player.at, At::Gone) else { return "nobody" };
        match step {
            "begin" => player.writes = true,
            "begin_read" => player.writes = false,
            _ => {}
        }
        let ended = step == "reported";
        if !ended {
            player.at = At::Running(step);
        }
        // Nobody waits any more where a delivery was given up with its call; then it is not here either.
        let _ = go.send(());
        if ended
            && let Some(caller) = self.of_caller.remove(&number)
            && !self.of_caller.values().any(|other| *other == caller)
            && let Some(caller) = self.players.get_mut(&caller)
        {
            caller.at = At::Running(step);
        }
        step
    }
}

/// How many sessions of the database wait for a lock. On SQLite nobody who went on does.
async fn blocked(probe: &mut Option<PgConnection>) -> Result<usize, String> {
    let Some(probe) = probe else { return Ok(0) };
    let statement = "SELECT count(DISTINCT l.pid) FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid \
         WHERE NOT l.granted AND a.datname = current_database()";
    let count: i64 = sqlx::query_scalar(statement).fetch_one(probe).await.map_err(|error| error.to_string())?;
    Ok(usize::try_from(count).unwrap_or_default())
}

fn in_use(database: &Database) -> usize {
    let of = |size: u32, idle: usize| (size as usize).saturating_sub(idle);
    match database {
        Database::Sqlite { writer, readers } => {
            of(writer.size(), writer.num_idle()) + of(readers.size(), readers.num_idle())
        }
        Database::Postgres { pool, .. } => of(pool.size(), pool.num_idle()),
    }
}

/// A connection that sees who waits for whom, where somebody may.
///
/// # Errors
///
/// The database cannot be reached.
pub async fn probe(database: &Database, url: &str) -> Result<Option<PgConnection>, String> {
    match database.engine() {
        Engine::Sqlite => Ok(None),
        Engine::Postgres => PgConnection::connect(url).await.map(Some).map_err(|error| error.to_string()),
    }
}
