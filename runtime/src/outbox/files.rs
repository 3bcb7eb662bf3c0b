//! Where the bytes of documents are.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use object_store::{ObjectStore, ObjectStoreExt, path::Path as StorePath};

use crate::error::{Error, Result};
use crate::step::step;

/// A local folder, or any other object store.
#[derive(Clone)]
pub struct FileStore(Arc<dyn ObjectStore>);

impl fmt::Debug for FileStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FileStore({})", self.0)
    }
}

impl FileStore {
    /// An object store.
    pub fn new(store: Arc<dyn ObjectStore>) -> Self {
        Self(store)
    }

    /// A local folder, which is created.
    ///
    /// # Errors
    ///
    /// `INTERNAL_ERROR` when the folder cannot be created.
    pub fn folder(path: &Path) -> Result<Self> {
        let failed = |_| Error::internal(format!("The folder {} cannot be created.", path.display()));
        std::fs::create_dir_all(path).map_err(failed)?;
        let store = object_store::local::LocalFileSystem::new_with_prefix(path)
            .map_err(|_| Error::internal(format!("The folder {} cannot be used.", path.display())))?
            // The row that speaks of a file outlasts a power cut, and so does the file.
            .with_fsync(true);
        Ok(Self::new(Arc::new(store)))
    }

    /// Forgets everything: for dry runs.
    pub(crate) fn nowhere() -> Self {
        Self::new(Arc::new(object_store::memory::InMemory::new()))
    }

    /// Stores bytes under a path, in place of what was there.
    ///
    /// # Errors
    ///
    /// A transient error when the store cannot be written.
    pub async fn put(&self, path: &str, bytes: Vec<u8>) -> Result<()> {
        self.0.put(&StorePath::from(path), bytes.into()).await.map_err(|error| {
            tracing::error!(path, %error, "the file store cannot be written");
            Error::transient("The file store cannot be written. The log has the details.")
        })?;
        step!("stored", path);
        Ok(())
    }

    /// The bytes under a path.
    ///
    /// # Errors
    ///
    /// A transient error when they cannot be read.
    pub async fn get(&self, path: &str) -> Result<Vec<u8>> {
        let failed = |error| {
            tracing::error!(path, %error, "the file store cannot be read");
            Error::transient("The file store cannot be read. The log has the details.")
        };
        let found = self.0.get(&StorePath::from(path)).await.map_err(failed)?;
        Ok(found.bytes().await.map_err(failed)?.to_vec())
    }
}
