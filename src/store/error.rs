//! Why a store does not do what it was asked for.

use callgauge_schema::SourceId;

/// What a store can refuse.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The source has as many kept rejects as are allowed; nothing of the submission was taken.
    #[error(
        "source {source_id} has {kept} kept rejects, the most that are allowed: look at them before sending more"
    )]
    RejectLimit {
        /// The source.
        source_id: SourceId,
        /// How many.
        kept: u64,
    },
    /// The source states more about days than is kept; nothing was taken.
    #[error("{0}")]
    StatementLimit(String),
    /// Sources of record that contradict each other; nothing was taken.
    #[error("sources of record: {0}")]
    OfRecord(String),
    /// Nothing was taken; try again later.
    #[error("the store cannot write: {0}")]
    Unavailable(String),
    /// More indicators, breaks or text than is kept; nothing was taken.
    #[error("{0}")]
    OverLimit(String),
    /// More matches than asked to give at most.
    #[error("more than {0} match")]
    TooLarge(usize),
    /// The folder cannot be opened; one line that says why and what to do.
    #[error("{0}")]
    Folder(String),
    /// What is stored contradicts itself.
    #[error("the data folder is damaged: {0}")]
    Damaged(String),
    /// The backup folder cannot be used.
    #[error("{0}")]
    BackupFolder(String),
    /// Closed.
    #[error("the store is closed")]
    Closed,
}
