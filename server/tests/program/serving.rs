//! A real server process, and a client that sends exactly what it is told.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::seeded::{NADIA, Seeded, signal};

/// Patience for what has to happen. Nothing is measured with it.
pub const PATIENCE: Duration = Duration::from_secs(60);

impl Seeded {
    /// A server on a free port, with these settings.
    pub fn serve(&self, settings: &[&str]) -> Serving {
        Serving::start(self, settings)
    }
}

/// A server process. It is killed with this value.
pub struct Serving {
    pub child: Child,
    pub address: SocketAddr,
    pub metrics: Option<SocketAddr>,
    pub log: std::path::PathBuf,
    token: String,
}

impl Serving {
    fn start(seeded: &Seeded, settings: &[&str]) -> Self {
        let log =
            seeded.folder.path().join(format!("log-{:?}", Instant::now()).replace(|c: char| !c.is_alphanumeric(), ""));
        let mut command = seeded.command(&["serve", "--json", "--set", "http.listen=127.0.0.1:0"]);
        for setting in settings {
            command.args(["--set", setting]);
        }
        let stderr = std::fs::File::create(&log).expect("a file");
        let mut child = command.stdout(Stdio::piped()).stderr(stderr).spawn().expect("the program starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
        let told: Value = serde_json::from_str(&line)
            .unwrap_or_else(|_| panic!("{line}{}", std::fs::read_to_string(&log).unwrap_or_default()));
        let address = told["http"].as_str().expect("an address").parse().expect("an address");
        let metrics = told["metrics"].as_str().map(|address| address.parse().expect("an address"));
        Self { child, address, metrics, log, token: seeded.token(NADIA) }
    }

    /// A request of Nadia, who may do everything.
    pub fn send(&self, method: &str, path: &str, body: &Value) -> Answer {
        self.send_as(&self.token, method, path, body)
    }

    pub fn get(&self, path: &str) -> Answer {
        self.raw(&format!("GET {path} HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer {}\r\n", self.token), b"")
    }

    pub fn get_as(&self, token: &str, path: &str) -> Answer {
        self.raw(&format!("GET {path} HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer {token}\r\n"), b"")
    }

    pub fn send_as(&self, token: &str, method: &str, path: &str, body: &Value) -> Answer {
        let body = body.to_string();
        self.bytes_as(token, method, path, "", body.as_bytes())
    }

    /// A call of Nadia with further headers.
    pub fn call(&self, action: &str, headers: &str, input: &Value) -> Answer {
        let (id, version) = action.split_once('@').unwrap_or((action, "1"));
        self.bytes(&format!("/api/v1/actions/{id}/{version}"), headers, input.to_string().as_bytes())
    }

    /// A request of Nadia with any body.
    pub fn bytes(&self, path: &str, headers: &str, body: &[u8]) -> Answer {
        self.bytes_as(&self.token, "POST", path, headers, body)
    }

    fn bytes_as(&self, token: &str, method: &str, path: &str, headers: &str, body: &[u8]) -> Answer {
        let length = body.len();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\n{headers}"
        );
        self.raw(&head, body)
    }

    /// Sends a head, without the empty line after it, and a body.
    pub fn raw(&self, head: &str, body: &[u8]) -> Answer {
        let mut stream = self.connect();
        write!(stream, "{head}Connection: close\r\n\r\n").expect("the server reads");
        stream.write_all(body).expect("the server reads");
        Answer::read(stream)
    }

    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).expect("the server listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        stream
    }

    pub fn token(&self) -> &str {
        &self.token
    }

    /// Memory of the process in bytes, of which it has used the most so far (`VmHWM`) or uses now (`VmRSS`).
    pub fn memory(&self, what: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("a status");
        let line = status.lines().find(|line| line.starts_with(what)).expect("a line");
        line.split_whitespace().nth(1).and_then(|number| number.parse::<u64>().ok()).expect("a number") * 1024
    }

    pub fn signal(&self, name: &str) {
        signal(&self.child, name);
    }

    /// Waits until the process has ended.
    pub fn ended(&mut self) -> ExitStatus {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("a status") {
                return status;
            }
            assert!(begun.elapsed() < PATIENCE, "the server does not end: {}", self.logged());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub fn logged(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What the server answered.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub text: String,
}

impl Answer {
    pub fn read(stream: TcpStream) -> Self {
        Self::try_read(stream).expect("an answer")
    }

    pub fn try_read(mut stream: TcpStream) -> Option<Self> {
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).ok()?;
        let text = String::from_utf8(bytes).expect("UTF-8");
        let (head, text) = text.split_once("\r\n\r\n")?;
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok())?;
        Some(Self { status, head: head.to_lowercase(), text: text.to_owned() })
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("{self:?}"))
    }

    /// The code of an error, after a look at whether it says what errors say.
    pub fn code(&self) -> String {
        let error = &self.json()["error"];
        let category = error["category"].as_str().unwrap_or_default();
        assert!(["ValidationError", "ActionError", "TransientError"].contains(&category), "{self:?}");
        assert!(error["message"].as_str().is_some_and(|message| !message.is_empty()), "{self:?}");
        for leaked in ["SELECT", "INSERT", "sqlx", "panicked", "src/", "syntax error"] {
            assert!(!self.text.contains(leaked), "{self:?}");
        }
        error["code"].as_str().expect("a code").to_owned()
    }
}

/// Waits for something to be true.
pub fn eventually(what: &str, mut is: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is() {
        assert!(begun.elapsed() < PATIENCE, "{what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Reads a request from a client: its first line in lower case, and its body.
pub fn request(stream: &mut impl BufRead) -> Option<(String, Vec<u8>)> {
    let (mut path, mut length) = (String::new(), 0);
    for line in stream.by_ref().lines() {
        let line = line.ok()?.to_lowercase();
        if line.is_empty() {
            let mut body = vec![0; length];
            stream.read_exact(&mut body).ok()?;
            return Some((path, body));
        }
        if path.is_empty() {
            path = line;
        } else if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
    }
    None
}
