//! What 8x8 sends, without any field for who called, their name, or what was recorded: call records of Work Analytics, interactions of the Contact Center.

pub(crate) mod contact_center;
pub(crate) mod work;
