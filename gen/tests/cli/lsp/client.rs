//! An editor, as far as the server sees it.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

/// Much longer than any answer takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running server and what it said. It ends with the test.
pub struct Client {
    child: Child,
    stdin: ChildStdin,
    messages: Receiver<Value>,
    root: PathBuf,
    asked: u64,
    /// The last diagnostics of each file.
    told: HashMap<String, Value>,
    versions: HashMap<String, u64>,
}

impl Client {
    pub fn start(root: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_actwright-gen"))
            .arg("lsp")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (send, messages) = channel();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        thread::spawn(move || {
            while let Some(message) = read(&mut stdout) {
                if send.send(message).is_err() {
                    break;
                }
            }
        });
        let stdin = child.stdin.take().unwrap();
        let root = root.canonicalize().unwrap();
        let mut client =
            Self { child, stdin, messages, root, asked: 0, told: HashMap::new(), versions: HashMap::new() };
        let root = client.uri("");
        let able = json!({ "workspace": { "didChangeWatchedFiles": { "dynamicRegistration": true } } });
        let answer = client.ask("initialize", json!({ "processId": null, "rootUri": root, "capabilities": able }));
        assert_eq!(answer["serverInfo"]["name"], "actwright");
        client.tell("initialized", json!({}));
        client
    }

    pub fn uri(&self, file: &str) -> String {
        let path = self.root.join(file);
        let escaped: String = path
            .to_str()
            .unwrap()
            .bytes()
            .map(|byte| match byte {
                b'/' | b'.' | b'-' | b'_' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => char::from(byte).to_string(),
                other => format!("%{other:02X}"),
            })
            .collect();
        format!("file://{escaped}")
    }

    pub fn document(&self, file: &str) -> Value {
        json!({ "uri": self.uri(file) })
    }

    pub fn open(&mut self, file: &str, text: &str) {
        self.told.clear();
        self.versions.insert(file.to_owned(), 1);
        let document = json!({ "uri": self.uri(file), "languageId": "yaml", "version": 1, "text": text });
        self.tell("textDocument/didOpen", json!({ "textDocument": document }));
    }

    pub fn change(&mut self, file: &str, text: &str) {
        self.told.clear();
        let version = self.versions.get(file).unwrap() + 1;
        self.versions.insert(file.to_owned(), version);
        let document = json!({ "uri": self.uri(file), "version": version });
        self.tell("textDocument/didChange", json!({ "textDocument": document, "contentChanges": [{ "text": text }] }));
    }

    /// What is wrong with a file, once everything that was told has been looked at.
    pub fn diagnostics(&mut self, file: &str) -> Value {
        // Requests are answered in turn. What the server tells by itself takes turns with its answers, so that it has been
        // told after the second one.
        for _ in 0..2 {
            self.ask(
                "textDocument/hover",
                json!({ "textDocument": self.document(file), "position": { "line": 0, "character": 0 } }),
            );
        }
        self.told.get(&self.uri(file)).cloned().unwrap_or_else(|| json!([]))
    }

    pub fn tell(&mut self, method: &str, params: Value) {
        self.write(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    pub fn ask(&mut self, method: &str, params: Value) -> Value {
        let answer = self.answer(method, params);
        assert!(answer.get("error").is_none(), "{method}: {answer}");
        answer["result"].clone()
    }

    /// The message of a request that is refused.
    pub fn refused(&mut self, method: &str, params: Value) -> String {
        let answer = self.answer(method, params);
        answer["error"]["message"].as_str().unwrap_or_default().to_owned()
    }

    fn answer(&mut self, method: &str, params: Value) -> Value {
        self.asked += 1;
        let id = self.asked;
        self.write(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        loop {
            let message = self.messages.recv_timeout(PATIENCE).unwrap();
            if message["method"] == "textDocument/publishDiagnostics" {
                let params = &message["params"];
                self.told.insert(params["uri"].as_str().unwrap().to_owned(), params["diagnostics"].clone());
            } else if message.get("method").is_some() {
                self.write(&json!({ "jsonrpc": "2.0", "id": message["id"], "result": null }));
            } else if message["id"] == id {
                return message;
            }
        }
    }

    fn write(&mut self, message: &Value) {
        let text = message.to_string();
        write!(self.stdin, "Content-Length: {}\r\n\r\n{text}", text.len()).unwrap();
        self.stdin.flush().unwrap();
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read(from: &mut impl BufRead) -> Option<Value> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if from.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end() {
            "" => break,
            line => {
                if let Some(number) = line.strip_prefix("Content-Length: ") {
                    length = number.parse().ok()?;
                }
            }
        }
    }
    let mut content = vec![0; length];
    from.read_exact(&mut content).ok()?;
    serde_json::from_slice(&content).ok()
}

/// A text after edits, as an editor applies them. Of texts in which bytes are UTF-16 units.
pub fn edited(text: &str, edits: &[Value]) -> String {
    let offset = |position: &Value| {
        let line = usize::try_from(position["line"].as_u64().unwrap()).unwrap();
        let start: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
        start + usize::try_from(position["character"].as_u64().unwrap()).unwrap()
    };
    let mut spans: Vec<_> = edits
        .iter()
        .map(|edit| (offset(&edit["range"]["start"]), offset(&edit["range"]["end"]), edit["newText"].as_str().unwrap()))
        .collect();
    spans.sort_unstable();
    let mut text = text.to_owned();
    for (start, end, new) in spans.into_iter().rev() {
        text.replace_range(start..end, new);
    }
    text
}
