//! What an adapter can fail with, in words that say what to change.

use std::time::Duration;

/// What stopped a check or a fetch.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct AdapterError {
    /// Which kind.
    pub fault: Fault,
    /// What went wrong and what to change. Holds no secret, no body and nothing personal.
    pub message: String,
}

/// Kinds of failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The credentials are wrong or have ended.
    Credentials,
    /// They are right and a permission or scope is missing.
    Permission,
    /// The account lives in another region or at another address.
    Region,
    /// The interface is switched off for the account.
    Disabled,
    /// The plan does not include it, or has ended.
    Plan,
    /// Too many requests, even after waiting.
    RateLimited {
        /// How long the vendor says to wait, where it does.
        retry_after: Option<Duration>,
    },
    /// No answer, or a failure on their side.
    Unavailable,
    /// An answer that is not of the documented shape, or was cut short.
    Protocol,
    /// The cursor is no longer valid: the window has to be read again from its start.
    CursorLost,
    /// The window lies before what the vendor keeps.
    TooFarBack,
    /// A file or folder cannot be read.
    File,
}

impl AdapterError {
    /// A failure.
    pub fn new(fault: Fault, message: impl Into<String>) -> Self {
        Self { fault, message: message.into() }
    }

    /// Whether it may pass without anybody changing anything.
    pub const fn may_retry(&self) -> bool {
        match self.fault {
            Fault::RateLimited { .. }
            | Fault::Unavailable
            | Fault::Protocol
            | Fault::CursorLost
            | Fault::File => true,
            Fault::Credentials
            | Fault::Permission
            | Fault::Region
            | Fault::Disabled
            | Fault::Plan
            | Fault::TooFarBack => false,
        }
    }
}
