//! Where events and mails go once the call that asked for them has committed: the other sides of the outbox.
//!
//! Each implements a trait of `actwright_runtime::outbox`, and says of a failure whether another attempt makes sense.

pub mod events;
pub mod mail;
mod secret;

use std::path::Path;

use actwright_runtime::outbox::DeliveryError;

pub use secret::Secret;

/// Makes a file that was just created or renamed outlast a power cut: its folder says that it is there.
fn sync_folder(file: &Path) -> std::io::Result<()> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::File::open(folder)?.sync_all()
}

fn unwritable(path: &Path, error: &std::io::Error) -> DeliveryError {
    tracing::error!(path = %path.display(), %error, "cannot write");
    DeliveryError::temporary(format!("{} cannot be written: {}.", path.display(), error.kind()))
}
