//! What ingest is told from outside: the organisations as they stand, and what time it is.

use std::sync::{Arc, PoisonError, RwLock};

use callgauge_schema::Moment;

use crate::organisations::Directory;

/// Says what time it is.
pub type Clock = Arc<dyn Fn() -> Moment + Send + Sync>;

/// The organisations as they stand, for many readers; an import swaps them whole.
#[derive(Clone, Debug)]
pub struct SharedDirectory(Arc<RwLock<Arc<Directory>>>);

impl SharedDirectory {
    /// Begins with these.
    pub fn new(directory: Directory) -> Self {
        Self(Arc::new(RwLock::new(Arc::new(directory))))
    }

    /// As they stand now.
    pub fn now(&self) -> Arc<Directory> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Swaps them.
    pub fn put(&self, directory: Directory) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(directory);
    }
}
