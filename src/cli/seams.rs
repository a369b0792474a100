//! Where the command line meets the parts that other files make: each function here is one call into one of them.
//!
//! PLUG: until those parts are there, each says that it is not.

use std::path::Path;
use std::pin::Pin;

use tokio::sync::oneshot;

use crate::config::Config;
use crate::proto::v1;
use crate::store::{BackupReport, StoreError};

/// What a check of a stopped folder found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct VerifyReport {
    /// Calls in it, retracted ones included.
    pub(super) calls: u64,
    /// Sorted files read.
    pub(super) runs: u64,
    /// What is wrong, a line each.
    pub(super) faults: Vec<String>,
}

/// Opens the folder of `config` and serves it until `shutdown`, then drains and closes it. Says on `ready` when it listens, and where. An error is
/// one line. PLUG: `crate::service::bind` and `Bound::serve` on an opened `crate::store::sqlite` store and the calendar of `config`.
pub(super) async fn serve(
    _config: Config,
    _ready: oneshot::Sender<std::net::SocketAddr>,
    _shutdown: Pin<Box<dyn Future<Output = ()> + Send>>,
) -> Result<(), String> {
    Err("this build cannot serve".to_owned())
}

/// Makes a data folder of a backup. PLUG: `crate::store::sqlite::restore`.
pub(super) fn restore(_backup: &Path, _data: &Path) -> Result<BackupReport, StoreError> {
    Err(StoreError::Folder("this build cannot restore".to_owned()))
}

/// Reads a stopped folder through. PLUG: `crate::store::sqlite::verify`.
pub(super) fn verify(_data: &Path) -> Result<VerifyReport, StoreError> {
    Err(StoreError::Folder("this build cannot verify".to_owned()))
}

/// The definition sets that this build has. PLUG: what `service` answers ListMetricDefinitions with.
pub(super) fn built_in_definitions() -> Result<Vec<v1::DefinitionSet>, String> {
    Err("this build has no definitions of its own: name a server with --server".to_owned())
}

/// docs/definitions.md. PLUG: `crate::definitions::markdown`.
pub(super) fn definitions_markdown() -> Result<String, String> {
    Err("this build has no definitions of its own".to_owned())
}
