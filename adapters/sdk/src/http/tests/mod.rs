//! The HTTP kit against a small server on this machine.
