//! What leaves the database: events, mails and jobs. They are rows until the commit, and are delivered after it.

mod deliver;
mod depth;
mod due;
mod error;
mod event;
mod files;
mod inspect;
mod job;
mod letters;
mod mail;
mod note;
mod policy;
mod relay;
mod store;

use serde_json::Value;
use uuid::Uuid;

pub(crate) use deliver::{Delivery, Report};
pub use depth::OutboxDepth;
pub use error::{DeliveryError, Retry};
pub use event::{CloudEvent, EventSink, LogEvents, Subscriber};
pub use files::FileStore;
pub use inspect::{OutboxFilter, OutboxStatus, StoredEffect};
pub use job::{Job, JobContext, JobScope};
pub use letters::Letters;
pub use mail::{Attachment, JobCall, MOST_RECIPIENTS, Mail, Mailer};
pub use policy::DeliveryPolicy;
pub use relay::Relayed;
pub(crate) use store::until;

use crate::value::Timestamp;

/// Something that leaves after the commit.
#[derive(Debug, Clone)]
pub(crate) struct Effect {
    pub(crate) id: Uuid,
    pub(crate) kind: EffectKind,
    pub(crate) name: String,
    pub(crate) key: String,
    /// What an event is about.
    pub(crate) subject: Option<String>,
    /// The sink that an event is for, the recipient that a mail is for.
    pub(crate) sink: Option<String>,
    pub(crate) payload: Value,
}

impl Effect {
    /// An effect with a new id, which is also its key when it has no other.
    pub(crate) fn new(kind: EffectKind, name: &str, key: Option<String>, payload: Value) -> Self {
        let id = Uuid::now_v7();
        let key = key.unwrap_or_else(|| id.to_string());
        Self { id, kind, name: name.to_owned(), key, subject: None, sink: None, payload }
    }

    /// A mail once for each recipient, in their order.
    pub(crate) fn for_each_recipient(&self) -> impl Iterator<Item = Self> {
        let recipients = self.payload["to"].as_array().into_iter().flatten().filter_map(Value::as_str);
        recipients.map(|to| Self { id: Uuid::now_v7(), sink: Some(to.to_owned()), ..self.clone() })
    }

    pub(crate) fn lane(&self) -> Lane {
        match (self.kind, &self.sink) {
            (EffectKind::Event, Some(sink)) => sink.clone(),
            _ => NO_SINK.to_owned(),
        }
    }
}

/// What has a queue of its own, so that a receiver that is slow keeps nothing waiting but what is for it: each sink of events, by
/// its name; all mails and jobs, which follow from each other.
pub(crate) type Lane = String;

/// The lane of mails and jobs. No sink has this name.
pub(crate) const NO_SINK: &str = "";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EffectKind {
    Event,
    Mail,
    Job,
}

impl EffectKind {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::Mail => "mail",
            Self::Job => "job",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        [Self::Event, Self::Mail, Self::Job].into_iter().find(|kind| kind.as_str() == text)
    }
}

/// The call that an effect comes from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Origin {
    pub(crate) tenant: Uuid,
    pub(crate) actor: Uuid,
    pub(crate) action: &'static str,
    pub(crate) version: u32,
    pub(crate) invocation: Uuid,
    /// When the call was made.
    pub(crate) at: Timestamp,
}
