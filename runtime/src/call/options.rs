//! What a runtime is set up with.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use super::Retention;
use crate::audit::SealPolicy;
use crate::outbox::{DeliveryPolicy, Effect, EffectKind, EventSink, FileStore, Mailer};
use crate::template::Templates;

/// Where things go that leave the database, and how long things may take.
#[derive(Clone)]
pub struct Options {
    /// Each takes every event that it accepts. Their names are different.
    pub events: Vec<Arc<dyn EventSink>>,
    /// Takes mails.
    pub mailer: Arc<dyn Mailer>,
    /// Holds the bytes of documents.
    pub files: FileStore,
    /// Replace what mails say.
    pub templates: Templates,
    /// Where the client portal is; links in mails and documents begin with it.
    pub portal_url: String,
    /// How often and for how long delivery is tried.
    pub delivery: DeliveryPolicy,
    /// How long results for repetitions, and what was delivered, are kept.
    pub retention: Retention,
    /// How long a call may take that does not say.
    pub call_timeout: Duration,
    /// How long an answer waits for events to be out. They go on after that.
    pub event_patience: Duration,
    /// When audit rows are sealed.
    pub seals: SealPolicy,
}

impl Options {
    /// No sink of events, mails say what is built in, a call takes up to 30 seconds and waits one for events, and the client
    /// portal is on this machine.
    pub fn new(mailer: Arc<dyn Mailer>, files: FileStore) -> Self {
        Self {
            events: Vec::new(),
            mailer,
            files,
            templates: Templates::default(),
            portal_url: "http://localhost:3000/portal".to_owned(),
            delivery: DeliveryPolicy::default(),
            retention: Retention::default(),
            call_timeout: Duration::from_secs(30),
            event_patience: Duration::from_secs(1),
            seals: SealPolicy::default(),
        }
    }

    /// Every event once for each sink that accepts it.
    pub(super) fn for_each_sink(&self, tenant: Uuid, effects: Vec<Effect>) -> Vec<Effect> {
        let mut outgoing = Vec::with_capacity(effects.len());
        for effect in effects {
            if effect.kind != EffectKind::Event {
                outgoing.push(effect);
                continue;
            }
            for sink in self.events.iter().filter(|sink| sink.accepts(tenant, &effect.name)) {
                outgoing.push(Effect { id: Uuid::now_v7(), sink: Some(sink.name().to_owned()), ..effect.clone() });
            }
        }
        outgoing
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sinks: Vec<&str> = self.events.iter().map(|sink| sink.name()).collect();
        f.debug_struct("Options").field("events", &sinks).field("delivery", &self.delivery).finish_non_exhaustive()
    }
}
