//! Why something could not be delivered, and whether trying again makes sense.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use crate::error::Error;

/// Why an effect could not be delivered. The text is kept with the effect for operators, so it holds no password or key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryError {
    /// For operators: what the other side said.
    pub message: Cow<'static, str>,
    /// What comes of the effect.
    pub retry: Retry,
}

/// When a failed delivery is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// After a pause that grows with every attempt.
    Backoff,
    /// After the pause that the other side asked for, or longer.
    After(Duration),
    /// Never: the other side will not take it however often it is tried. It goes to the dead letters at once.
    Never,
}

impl DeliveryError {
    /// May go well another time.
    pub fn temporary(message: impl Into<Cow<'static, str>>) -> Self {
        Self { message: message.into(), retry: Retry::Backoff }
    }

    /// The other side asks for some time.
    pub fn after(pause: Duration, message: impl Into<Cow<'static, str>>) -> Self {
        Self { message: message.into(), retry: Retry::After(pause) }
    }

    /// Will never go well as it is.
    pub fn permanent(message: impl Into<Cow<'static, str>>) -> Self {
        Self { message: message.into(), retry: Retry::Never }
    }
}

impl fmt::Display for DeliveryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for DeliveryError {}

impl From<Error> for DeliveryError {
    /// What keeps a job from being done may be mended by a set-up or a release, so it is tried again.
    fn from(error: Error) -> Self {
        Self::temporary(error.message)
    }
}
