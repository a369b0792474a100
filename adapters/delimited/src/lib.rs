//! Delimited files, for suppliers that have no interface: call-level CSV through a mapping in the settings, and files of counts.
//!
//! It watches a folder and takes whatever files are new there or have grown, whichever days they speak of (`callgauge_adapter::folder` says how); the
//! first time, all that are there, or with `start` in the settings file those put there since. A call that comes again is a duplicate, a call that comes
//! with other content a correction, and where several files have it the one that was written last is right; where a column `revision` is mapped, the one
//! with the highest revision, whatever the order. What was read from a file that is removed stays. A changed mapping counts for files that are new;
//! `callgauge source sync ID --from INSTANT` reads the others again.
//!
//! Ids have to be the supplier's own and to differ within the folder: suppliers that number each practice's calls from 1 get a folder and a source for
//! each practice.
//!
//! ```toml
//! folder = "/srv/telephony/acme"
//! times = "day_month_year"
//! durations = "clock"
//! [map]                                  # our field = their column
//! call_id = "Call ID"
//! started_at = "Date"
//! started_time = "Time"                  # where date and time stand apart
//! outcome = "Result"
//! wait = "Queue time"
//! talk = "Talk time"
//! number = "To"                          # the practice's own, which it is on inbound calls
//! outbound_number = "From"               # and on outbound ones; a caller's is read nowhere
//! [outcomes]                             # their word = ours
//! "Answered" = "answered"
//! "Hung up in queue" = "missed:abandoned_in_queue"
//! "Abandoned" = "ended_in_ivr:hung_up_in_menu"     # their word may mean either: ask them
//! "Call back" = "callback_requested:virtual_queue"
//! ```
//!
//! | their word | ours |
//! |---|---|
//! | whatever `outcomes` says | the outcome and its reason; `callback_made`, `in_progress` and `skip` besides |
//! | a word that is in no table | UNCLASSIFIED, counted |
//! | `in`, `inbound`, `incoming`; no column for it | inbound |
//! | `out`, `outbound`, `outgoing` | outbound |
//! | `internal` | passed over |
//! | another direction, or none in its column | a reject, unless `directions` says what it is (`"" = "inbound"`) |
//!
//! Derived where the columns are mapped and no duration is: the wait from `queued_at` (else `started_at`) to `answered_at` or `ended_at`, the talk from
//! `answered_at` to `ended_at`, the time in menus from `started_at` to `queued_at`. Where no column tells waits or talk times, they are absent.
//!
//! Whose a call is: `practice` (an ODS code), `account` (with `pcn`, `sub_icb`, `icb` and `region` as far as known), or else `number`, `queue` and `site`
//! through the source's own mapping.
//!
//! With `holds = "tallies"` the files hold counts: a row for each practice (or account, or place), date, indicator and band, as NHS England publishes
//! them ("By Day and Time", "By Durations"), whose columns are known without a mapping; there "Unassigned" is the account of the codes that its row has.
//! Indicators are the codes CBT001 to CBT007 or our names. Finer bands are summed into those that are published; one that lies across two of them is a
//! reject. A file is taken once it is whole. What it says of a practice's day replaces what was said before, so that all rows of a date are in one file.
//! A practice's day without any row is missing, never 0.
//!
//! | in a file | what happens |
//! |---|---|
//! | BOM | dropped |
//! | quoted delimiters, quotes and line breaks | read |
//! | bytes that are no UTF-8 | read as Latin-1 (Windows-1252); with `encoding = "utf-8"` a reject by line |
//! | UTF-16, zip, a workbook | the file is refused |
//! | a mapped column that the header lacks or has twice | the file is refused, with the column's name |
//! | a column more in the header | taken: it is not mapped |
//! | no header (`columns` names them) and another number of columns | the file is refused, with both numbers |
//! | a line with more or fewer columns than are named | a reject by line |
//! | a quote that is not closed on its line (the next one in the file stands in front of text), a line over 64 KiB | a reject by line; reading goes on with the next |
//! | a last line without an end | waits for the rest, ten minutes after the last change it is taken; until then an aggregated file is not taken at all |
//! | 1,000 refused rows of an aggregated file | told by line, further ones by their number |

mod account;
mod bands;
mod description;
mod map;
mod mapping;
mod rows;
mod tallies;
mod wire;

use callgauge_adapter::schema::UnknownDurations;
use callgauge_adapter::{
    Adapter, AdapterError, Description, Fault, MapRequest, Page, SettingFaults, Settings, SettingsReader,
    Vendor,
};

use account::Account;
use mapping::Mapping;

/// The vendor that the conformance kit plays for this adapter.
pub const SCRIPT: &str = include_str!("../testdata/script.toml");

/// The adapter.
pub fn vendor() -> Box<dyn Vendor> {
    Box::new(Delimited { description: description::description() })
}

struct Delimited {
    description: Description,
}

impl Vendor for Delimited {
    fn description(&self) -> &Description {
        &self.description
    }

    fn open(&self, settings: &Settings) -> Result<Box<dyn Adapter>, SettingFaults> {
        Ok(Box::new(Account::open(settings)?))
    }

    fn unknown_durations(&self, settings: &Settings) -> UnknownDurations {
        Mapping::read(&mut SettingsReader::new(settings)).unknown_durations()
    }

    /// A file can always be still to come.
    fn delivers(&self) -> bool {
        false
    }

    fn begins_with_all(&self) -> bool {
        true
    }

    /// Takes a whole file, by the mapping in the settings; `folder` is not needed.
    fn map(&self, request: MapRequest<'_>) -> Result<Page, AdapterError> {
        let MapRequest { name, payload, settings, now: _ } = request;
        let mut read = SettingsReader::new(settings);
        read.optional_text("folder");
        let mapping = Mapping::read(&mut read);
        let protocol = |why: String| AdapterError::new(Fault::Protocol, why);
        read.finish().map_err(|faults| protocol(format!("the mapping is not whole: {faults}")))?;
        let name = callgauge_adapter::call_id_of(&[name]);
        rows::page_of(payload, &mapping, &name)
            .map_err(|why| protocol(format!("the file is refused: it {why}")))
    }
}

#[cfg(test)]
mod tests;
