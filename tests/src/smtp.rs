//! A throwaway SMTP server that does what the addresses of recipients ask for: `tests/smtp/server.py`.

use std::collections::HashMap;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actwright_delivery::mail::{SmtpSettings, SmtpTls};
use serde_json::Value;
use tempfile::TempDir;

/// An SMTP server that goes away with this value, or with the process, however that ends.
#[derive(Debug)]
pub struct SmtpServer {
    keeper: Child,
    ports: HashMap<String, u16>,
    mails: Arc<Mutex<Vec<Value>>>,
    certificates: TempDir,
}

impl SmtpServer {
    /// Starts one with `scripts/smtpd`. Takes a second.
    ///
    /// # Errors
    ///
    /// Python or aiosmtpd cannot be had; the script says more on standard error.
    pub fn start() -> io::Result<Self> {
        let certificates = tempfile::tempdir()?;
        for name in ["server", "other"] {
            let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).map_err(io::Error::other)?;
            std::fs::write(certificates.path().join(format!("{name}.pem")), made.cert.pem())?;
            std::fs::write(certificates.path().join(format!("{name}.key")), made.signing_key.serialize_pem())?;
        }
        let mut keeper = Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/smtpd"))
            .arg("serve")
            .args(["server.pem", "server.key"].map(|name| certificates.path().join(name)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut lines = BufReader::new(keeper.stdout.take().ok_or_else(|| io::Error::other("no output"))?).lines();
        let Some(first) = lines.next().transpose()? else {
            keeper.wait()?;
            return Err(io::Error::other("there is no SMTP server to test with: see above"));
        };
        let ports = serde_json::from_str(&first)?;
        let mails = Arc::<Mutex<Vec<Value>>>::default();
        let taken = mails.clone();
        std::thread::spawn(move || {
            for mail in lines.map_while(Result::ok).filter_map(|line| serde_json::from_str(&line).ok()) {
                taken.lock().unwrap_or_else(PoisonError::into_inner).push(mail);
            }
        });
        Ok(Self { keeper, ports, mails, certificates })
    }

    /// Settings for one of its listeners: `plain`, `starttls`, `implicit`, `login` (with STARTTLS), `login_only` (implicit TLS
    /// and no PLAIN) or `silent`.
    pub fn settings(&self, listener: &str) -> SmtpSettings {
        let mut settings = SmtpSettings::new("localhost");
        settings.port = self.ports.get(listener).copied();
        settings.tls = match listener {
            "implicit" | "login_only" => SmtpTls::Implicit,
            "starttls" | "login" => SmtpTls::Starttls,
            _ => SmtpTls::None,
        };
        if settings.tls != SmtpTls::None {
            settings.ca_file = Some(self.certificate("server"));
        }
        settings
    }

    /// The server's certificate, or the `other` one, which it does not have.
    pub fn certificate(&self, name: &str) -> PathBuf {
        self.certificates.path().join(format!("{name}.pem"))
    }

    /// Mails that the server has read so far, those that it did not take included.
    pub fn mails(&self) -> Vec<Value> {
        self.mails.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Mails that the server has taken for this recipient, once it has taken one. Its report may come a little after its
    /// answer.
    pub async fn taken_in_time(&self, recipient: &str) -> Vec<Value> {
        for _ in 0..500 {
            tokio::time::sleep(Duration::from_millis(20)).await;
            let taken = self.taken_for(recipient);
            if !taken.is_empty() {
                tokio::time::sleep(Duration::from_millis(100)).await;
                return self.taken_for(recipient);
            }
        }
        Vec::new()
    }

    /// Mails that the server has taken for this recipient so far.
    pub fn taken_for(&self, recipient: &str) -> Vec<Value> {
        let mails = self.mails();
        mails.into_iter().filter(|mail| mail["taken"] == true && mail["rcpt_to"][0] == recipient).collect()
    }
}

impl Drop for SmtpServer {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        // Nobody is left to report to; what it waits for is not worth waiting for.
        let _ = self.keeper.kill();
        let _ = self.keeper.wait();
    }
}
