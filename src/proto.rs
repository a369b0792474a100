//! What `build.rs` made of `proto/`: messages, clients and servers of `callgauge.v1` and `callgauge.adapter.v1`, and their descriptors for reflection.
//!
//! Only `service`, the host of adapters and the command line's clients use it; the comments of the messages are in `proto/`.

/// Package `callgauge.v1`.
#[allow(missing_docs, clippy::all, unreachable_pub, unused_qualifications)]
pub mod v1 {
    tonic::include_proto!("callgauge.v1");
}

/// Package `callgauge.adapter.v1`.
pub mod adapter {
    /// Version 1.
    #[allow(missing_docs, clippy::all, unreachable_pub, unused_qualifications)]
    pub mod v1 {
        tonic::include_proto!("callgauge.adapter.v1");
    }
}

/// The encoded `FileDescriptorSet` of all packages, as reflection serves it.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));
