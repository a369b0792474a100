//! Where at a practice a call arrived: what the host's mapping turns into a practice or account.

use serde::{Deserialize, Serialize};

/// A number, queue or site of the vendor account. Never anything of the other side of the call.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// What kind.
    pub kind: PlaceKind,
    /// Which: the vendor's id or name of it. Of numbers a fingerprint, see [`Place::number`].
    pub key: String,
}

/// What kind of place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlaceKind {
    /// A telephone number of the practice.
    Number,
    /// A queue, hunt group or ring group.
    Queue,
    /// A site, location or tenant.
    Site,
}
