//! A value that can be reached with an admission in hand and not otherwise.

use super::gate::Admitted;

/// Something that the gate guards.
#[derive(Clone, Debug)]
pub struct Behind<G>(G);

impl<G> Behind<G> {
    /// Puts it behind the gate.
    pub const fn new(guarded: G) -> Self {
        Self(guarded)
    }

    /// Reaches it for a question that was admitted.
    pub const fn open<T>(&self, _admitted: &Admitted<T>) -> &G {
        &self.0
    }
}
