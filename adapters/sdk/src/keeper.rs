//! Where tokens live that a vendor changes while they are used: a refresh token that may be used once has to outlive the adapter.

use async_trait::async_trait;

use crate::Secret;

/// Keeps one source's changing token. The host gives one with the settings ([`crate::Settings::with_keeper`]).
///
/// A vendor that rotates refresh tokens ends the old one when it gives the new one: what [`keep`](Self::keep) was given has to be on disk when it returns,
/// or the operator has to sign in anew after a restart. `keep` is therefore called before the access token that came along is used.
#[async_trait]
pub trait TokenKeeper: Send + Sync {
    /// The token that was kept last; `None` where none was.
    ///
    /// # Errors
    /// Why it cannot be read.
    async fn kept(&self) -> Result<Option<Secret>, KeeperFault>;

    /// Keeps a token in place of the one before.
    ///
    /// # Errors
    /// Why it cannot be kept.
    async fn keep(&self, token: &Secret) -> Result<(), KeeperFault>;
}

/// A token cannot be read or kept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct KeeperFault(pub String);
