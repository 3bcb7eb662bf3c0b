//! A proxy before a PostgreSQL server that breaks connections where a test says.
//!
//! It knows where messages end, so it can break them between statements, around a commit, and in the middle of an answer.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// What happens to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Break {
    /// The connection is cut before the server gets it.
    Before,
    /// The server does it; the connection is cut before the client gets any of the answer.
    After,
    /// The server does it; the connection is cut in the middle of the answer.
    Within,
    /// As [`Break::After`], and no other connection can be made from then on.
    AfterAndClose,
    /// It vanishes, and so does everything after it. Nobody is told.
    Swallow,
    /// The server does it, and its answer vanishes, and so does everything after it. Nobody is told.
    SwallowAnswer,
}

/// Which request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// The n-th from now on, from 1.
    Next(usize),
    /// The next commit.
    Commit,
}

/// What the proxy does with connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Open,
    /// Nothing gets through, and nobody is told.
    Stalled,
    /// New connections are closed at once.
    Closed,
}

#[derive(Debug)]
struct State {
    armed: Mutex<Option<(Which, Break)>>,
    way: watch::Sender<Way>,
    /// Connections of an older generation are cut.
    generation: watch::Sender<u64>,
}

/// A proxy on the loopback. It ends with this value, and so do its connections.
#[derive(Debug)]
pub struct Proxy {
    port: u16,
    state: Arc<State>,
    listener: JoinHandle<()>,
}

impl Proxy {
    /// Starts one before a port of the loopback.
    ///
    /// # Errors
    ///
    /// The operating system refuses.
    pub async fn before(target: u16) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let port = listener.local_addr()?.port();
        let (armed, way, generation) = (Mutex::default(), watch::Sender::new(Way::Open), watch::Sender::new(0));
        let state = Arc::new(State { armed, way, generation });
        let shared = state.clone();
        let listener = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(connection(client, target, shared.clone()));
            }
        });
        Ok(Self { port, state, listener })
    }

    /// The URL of a database through the proxy.
    pub fn url(&self, direct: &str) -> String {
        let (head, tail) = direct.rsplit_once(':').unwrap_or((direct, ""));
        let name = tail.split_once('/').map_or("", |(_, name)| name);
        format!("{head}:{}/{name}", self.port)
    }

    /// Breaks one request.
    pub fn arm(&self, which: Which, how: Break) {
        *self.armed() = Some((which, how));
    }

    /// Breaks nothing more. Whether what was armed has not happened yet.
    pub fn disarm(&self) -> bool {
        self.armed().take().is_some()
    }

    /// Cuts all connections.
    pub fn cut(&self) {
        self.state.generation.send_modify(|generation| *generation += 1);
    }

    /// From now on nothing gets through, and nobody is told; or again everything does on connections that are made then.
    pub fn stall(&self, stalled: bool) {
        self.state.way.send_replace(if stalled { Way::Stalled } else { Way::Open });
    }

    /// Cuts all connections and closes new ones at once; or lets them through again.
    pub fn close(&self, closed: bool) {
        self.state.way.send_replace(if closed { Way::Closed } else { Way::Open });
        self.cut();
    }

    fn armed(&self) -> MutexGuard<'_, Option<(Which, Break)>> {
        self.state.armed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.listener.abort();
        self.cut();
    }
}

impl State {
    /// What happens to a request of this text.
    fn judge(&self, request: &[u8]) -> Option<Break> {
        let mut armed = self.armed.lock().unwrap_or_else(PoisonError::into_inner);
        let (which, how) = *armed.as_ref()?;
        let hit = match which {
            Which::Next(1) => true,
            Which::Next(number) => {
                *armed = Some((Which::Next(number - 1), how));
                false
            }
            Which::Commit => request.starts_with(b"COMMIT"),
        };
        if hit {
            *armed = None;
        }
        hit.then_some(how)
    }
}

/// What becomes of the server's answers on one connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answers {
    Pass,
    /// Of the next answer only the first byte.
    Part,
    /// The next answer is dropped, and then the connection.
    Cut,
    /// Dropped.
    Swallow,
}

async fn connection(client: TcpStream, target: u16, state: Arc<State>) {
    if *state.way.borrow() == Way::Closed {
        return;
    }
    let Ok(server) = TcpStream::connect(("127.0.0.1", target)).await else { return };
    // Messages are passed on one by one, and none is to wait for the one before to be acknowledged.
    if client.set_nodelay(true).and(server.set_nodelay(true)).is_err() {
        return;
    }
    let mut generation = state.generation.subscribe();
    generation.mark_unchanged();
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let answers = watch::Sender::new(Answers::Pass);
    let requests = requests(from_client, to_server, &state, &answers);
    let replies = replies(from_server, to_client, &state, answers.subscribe());
    tokio::select! {
        _ = requests => {}
        _ = replies => {}
        _ = generation.changed() => {}
    }
}

/// While the way is stalled this waits for ever: what was sent then is lost with its connection.
async fn pass(state: &State) {
    if *state.way.borrow() == Way::Stalled {
        std::future::pending::<()>().await;
    }
}

/// Moves what the client sends, message by message.
async fn requests(
    mut client: OwnedReadHalf,
    mut server: OwnedWriteHalf,
    state: &State,
    answers: &watch::Sender<Answers>,
) -> io::Result<()> {
    // The first message has no type.
    let length = client.read_u32().await?;
    let mut message = length.to_be_bytes().to_vec();
    message.resize(length as usize, 0);
    client.read_exact(&mut message[4..]).await?;
    server.write_all(&message).await?;
    loop {
        let message = read_message(&mut client).await?;
        pass(state).await;
        // A request is a simple query, or ends with Sync.
        let verdict = match message[0] {
            b'Q' | b'S' => state.judge(&message[5..]),
            _ => None,
        };
        match verdict {
            None => {}
            Some(Break::Before) => return Ok(()),
            Some(Break::After) => drop(answers.send_replace(Answers::Cut)),
            Some(Break::AfterAndClose) => {
                state.way.send_replace(Way::Closed);
                answers.send_replace(Answers::Cut);
            }
            Some(Break::Within) => drop(answers.send_replace(Answers::Part)),
            Some(Break::Swallow) => std::future::pending().await,
            Some(Break::SwallowAnswer) => drop(answers.send_replace(Answers::Swallow)),
        }
        server.write_all(&message).await?;
    }
}

/// Moves what the server sends, message by message.
async fn replies(
    mut server: OwnedReadHalf,
    mut client: OwnedWriteHalf,
    state: &State,
    answers: watch::Receiver<Answers>,
) -> io::Result<()> {
    loop {
        let message = read_message(&mut server).await?;
        pass(state).await;
        let answers = *answers.borrow();
        match answers {
            Answers::Pass => client.write_all(&message).await?,
            Answers::Swallow => {}
            Answers::Part => {
                client.write_all(&message[..message.len() / 2]).await?;
                return Ok(());
            }
            // The answer ends with ReadyForQuery.
            Answers::Cut if message[0] == b'Z' => return Ok(()),
            Answers::Cut => {}
        }
    }
}

/// A message with its type and length.
async fn read_message(source: &mut OwnedReadHalf) -> io::Result<Vec<u8>> {
    let kind = source.read_u8().await?;
    let length = source.read_u32().await?;
    let mut message = vec![kind];
    message.extend(length.to_be_bytes());
    message.resize(length as usize + 1, 0);
    source.read_exact(&mut message[5..]).await?;
    Ok(message)
}
