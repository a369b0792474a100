//! What an adapter is: it reads one vendor account's call log, a window of time at a time, and gives it in callgauge's common schema.
//!
//! Vocabulary first. A [`Vendor`] says what an adapter can do ([`Description`]) and opens it with [`Settings`]. An [`Adapter`] checks
//! its credentials and fetches a [`Window`] as [`Page`]s of [`VendorCall`]s, [`RejectedRow`]s and [`TallyRow`]s, from a [`Cursor`] on.
//! What went wrong is an [`AdapterError`], which says what an operator has to change. The host decides whose call it is, checks every
//! draft, commits page and cursor together, and schedules, retries and restarts.

mod adapter;
#[cfg(feature = "http")]
pub mod clock;
#[cfg(feature = "conformance")]
pub mod conformance;
mod description;
mod error;
pub mod folder;
#[cfg(feature = "conformance")]
pub mod generate;
#[cfg(feature = "http")]
pub mod http;
mod id;
mod keeper;
mod label;
mod lines;
mod page;
mod place;
pub mod rows;
mod seen;
mod settings;
pub mod steps;
pub mod time;
mod window;

pub use adapter::{Adapter, CheckReport, FetchRequest, MapRequest, Vendor, Window};
pub use callgauge_schema as schema;
pub use description::{
    Description, How, Metric, MetricSupport, OutcomeSupport, SettingKind, SettingSpec, Span,
};
pub use error::{AdapterError, Fault};
pub use id::call_id_of;
pub use keeper::{KeeperFault, TokenKeeper};
pub use label::line_of;
pub use page::{Cursor, Next, Page, RejectedRow, RowReason, TallyRow, UnknownWord, VendorCall};
pub use place::{Place, PlaceKind};
pub use seen::SeenIds;
pub use settings::{Secret, Secrets, SettingFault, SettingFaults, Settings, SettingsReader};
