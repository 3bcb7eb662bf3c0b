//! Where events and mails go once the call that asked for them has committed: the other sides of the outbox.
//!
//! Each implements a trait of `actwright_runtime::outbox`, and says of a failure whether another attempt makes sense.

pub mod events;
pub mod mail;
mod secret;

use std::path::Path;

use actwright_runtime::outbox::DeliveryError;

pub use secret::Secret;

fn unwritable(path: &Path, error: &std::io::Error) -> DeliveryError {
    tracing::error!(path = %path.display(), %error, "cannot write");
    DeliveryError::temporary(format!("{} cannot be written: {}.", path.display(), error.kind()))
}
