//! Open 3CX systems: one that is asked over the network, and folders of the files that one writes.

pub(crate) mod folder;
pub(crate) mod xapi;
