//! What the questions have in common on the command line: who, which months, which hours, which set.

use clap::ValueEnum;

use crate::cli::words::{Hours, Level};
use crate::proto::v1;

/// Who is compared.
#[derive(Clone, Debug, clap::Args)]
pub(in crate::cli) struct GroupArgs {
    /// Code of an organisation, or ENGLAND: what it has of --level is compared; give several as --org A81001,A81002
    #[arg(long, value_name = "CODE", required = true, num_args = 1.., value_delimiter = ',', help_heading = "Who")]
    org: Vec<String>,

    /// Level of what is compared
    #[arg(
        long,
        value_name = "LEVEL",
        default_value = "practice",
        hide_possible_values = true,
        help_heading = "Who"
    )]
    level: Level,

    /// Only those all of whose calls came from this source
    #[arg(long, value_name = "ID", default_value = "", hide_default_value = true, help_heading = "Who")]
    source: String,
}

/// Whose names are shown.
#[derive(Clone, Debug, clap::Args)]
pub(in crate::cli) struct NamesArgs {
    /// Show peers by anonymous codes
    #[arg(long, help_heading = "Who")]
    anonymous: bool,

    /// Code that keeps its name among anonymous peers, and is written on pictures; may be given several times
    #[arg(long, value_name = "CODE", value_delimiter = ',', help_heading = "Who")]
    focus: Vec<String>,
}

/// Which months.
#[derive(Clone, Debug, clap::Args)]
pub(in crate::cli) struct MonthsArgs {
    /// First month, for example 2025-03
    #[arg(long, value_name = "YYYY-MM", help_heading = "Which months")]
    pub(super) first: String,

    /// Last month, included
    #[arg(long, value_name = "YYYY-MM", help_heading = "Which months")]
    pub(super) last: String,
}

/// Which calls, by which definitions.
#[derive(Clone, Debug, clap::Args)]
pub(in crate::cli) struct CallsArgs {
    /// Only calls that started in these hours, Europe/London
    #[arg(long, value_name = "HOURS", default_value = "all")]
    hours: Hours,

    /// Definition set: what the metrics mean
    #[arg(long, value_name = "NAME", default_value = "nhs-cbt-2025-06")]
    pub(super) set: String,
}

/// Which end is worse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum WorstEnd {
    /// High values are worse
    Highest,
    /// Low values are worse
    Lowest,
}

impl GroupArgs {
    pub(super) fn message(&self) -> Option<v1::PeerGroup> {
        let Self { org, level, source } = self;
        Some(v1::PeerGroup {
            organisation_codes: org.clone(),
            level: v1::Level::from(*level).into(),
            source_id: source.clone(),
        })
    }
}

impl NamesArgs {
    pub(super) fn parts(&self) -> (bool, Vec<String>) {
        let Self { anonymous, focus } = self;
        (*anonymous, focus.clone())
    }
}

impl CallsArgs {
    pub(super) fn hours(&self) -> i32 {
        v1::Hours::from(self.hours).into()
    }
}

impl WorstEnd {
    pub(super) fn number(self) -> i32 {
        match self {
            Self::Highest => v1::Worst::Highest,
            Self::Lowest => v1::Worst::Lowest,
        }
        .into()
    }
}
