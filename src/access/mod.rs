//! Who is asking, and may they: the one gate in front of every read and write. Pure; what it guards cannot be reached around it.
//!
//! Vocabulary: a [`Principal`] puts an [`Ask`]; [`Gate::admit`] answers with [`Admitted`], the question together with its [`Admission`], or with a
//! [`Denial`]. What is guarded lies [`Behind`] the gate: it opens for an [`Admitted`] only, and nothing but the gate makes one. Agreements, releases
//! and identities will decide more finely here; those who ask are already written so that they have to look at the [`Admission`].

mod behind;
mod gate;

pub use behind::Behind;
pub use gate::{
    Admission, Admitted, Ask, Asks, Denial, Freshness, Gate, Grain, MetricNames, Naming, Practices,
    Principal, Purpose,
};
