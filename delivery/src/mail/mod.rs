//! Mailers.

mod file;
mod message;
mod smtp;

pub use file::FileMailer;
pub use smtp::{SmtpMailer, SmtpSettings, SmtpTls};
