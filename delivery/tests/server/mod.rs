//! A receiver of webhooks that does as it is told.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What becomes of a request.
#[derive(Debug, Clone)]
pub enum Answer {
    /// Status line without the version, headers, and a body.
    Say(&'static str, Vec<(&'static str, String)>, &'static str),
    /// A status line, and a body that never ends.
    Endless(&'static str),
    /// The connection is closed.
    Hang,
    /// Nothing at all.
    Silence,
}

impl Answer {
    /// Status, such as `200 OK`, and nothing else.
    pub fn status(status: &'static str) -> Self {
        Self::Say(status, Vec::new(), "")
    }
}

/// A request, as it came.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// Method and path.
    pub line: String,
    /// Names are in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Request {
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(own, _)| own == name).map_or("", |(_, value)| value)
    }
}

/// Gives the answers in their order, then 200.
#[derive(Debug, Clone)]
pub struct Server {
    pub port: u16,
    requests: Arc<Mutex<Vec<Request>>>,
    answers: Arc<Mutex<VecDeque<Answer>>>,
}

impl Server {
    pub async fn start(answers: impl IntoIterator<Item = Answer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let answers = Arc::new(Mutex::new(answers.into_iter().collect()));
        let server = Self { port, requests: Arc::default(), answers };
        let own = server.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let server = own.clone();
                tokio::spawn(async move { server.talk(stream).await });
            }
        });
        server
    }

    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    async fn talk(&self, mut stream: TcpStream) {
        while let Some(request) = read(&mut stream).await {
            self.requests.lock().unwrap().push(request);
            let answer = self.answers.lock().unwrap().pop_front();
            match answer.unwrap_or_else(|| Answer::status("200 OK")) {
                Answer::Say(status, headers, body) => {
                    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
                    let length = body.len();
                    let text = format!("HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\n\r\n{body}");
                    stream.write_all(text.as_bytes()).await.unwrap();
                }
                Answer::Endless(status) => {
                    let head = format!("HTTP/1.1 {status}\r\ncontent-length: 100000000000\r\n\r\n");
                    stream.write_all(head.as_bytes()).await.unwrap();
                    while stream.write_all(&[b'x'; 4096]).await.is_ok() {}
                }
                Answer::Hang => return,
                Answer::Silence => tokio::time::sleep(Duration::from_secs(3600)).await,
            }
        }
    }
}

async fn read(stream: &mut TcpStream) -> Option<Request> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let mut body = bytes.split_off(end + 4);
    let head = String::from_utf8(bytes).unwrap();
    let mut lines = head.lines();
    let line = lines.next().unwrap().trim_end_matches(" HTTP/1.1").to_owned();
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let mut request = Request { line, headers, body: Vec::new() };
    let length: usize = request.header("content-length").parse().unwrap();
    while body.len() < length {
        stream.read_buf(&mut body).await.ok()?;
    }
    request.body = body;
    Some(request)
}
