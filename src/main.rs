//! Reads the command line and hands over to `cli`.

use std::process::ExitCode;

/// Batches of records are many small texts that come and go together; this allocator takes that with half the time of the system's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    callgauge::cli::main()
}
