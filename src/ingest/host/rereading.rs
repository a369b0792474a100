//! The settings file read again while its sources are being read: whose calls are and whose word counts is taken from it, everything else at a start.

use std::collections::BTreeMap;
use std::sync::Arc;

use callgauge_schema::SourceId;
use tokio::sync::Notify;

use super::Mapping;
use crate::store::SourceOfRecord;

/// What counts of a settings file that is read again.
#[derive(Clone, Debug, Default)]
pub struct Reread {
    /// Whose calls are, by source.
    pub mappings: BTreeMap<SourceId, Arc<Mapping>>,
    /// Whose word counts; `None` leaves that as it is.
    pub of_record: Option<Vec<SourceOfRecord>>,
}

/// Reads it, or says what is wrong with it, a line each.
pub type Read = Arc<dyn Fn() -> Result<Reread, Vec<String>> + Send + Sync>;

/// How the settings file is read again, and when.
#[derive(Clone)]
pub struct Rereading {
    /// Reads it; may wait for the disk.
    pub read: Read,
    /// Is told when somebody wants it read.
    pub asked: Arc<Notify>,
}
