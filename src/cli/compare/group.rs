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

    /// Which of them are peers: all, one fifth of them, or those with one supplier
    #[arg(
        long,
        value_name = "BY",
        default_value = "all",
        hide_possible_values = true,
        help_heading = "Who",
        long_help = PEERS
    )]
    peers: PeersBy,

    /// The fifth, 1 to 5: 1 are the smallest lists, or the most deprived
    #[arg(long, value_name = "NUMBER", default_value = "0", hide_default_value = true, help_heading = "Who")]
    fifth: i32,

    /// A practice of the group: its fifth, or its supplier
    #[arg(long, value_name = "CODE", default_value = "", hide_default_value = true, help_heading = "Who")]
    like: String,
}

const PEERS: &str = "Which of them are peers: all, list-size-fifth, deprivation-fifth (with --fifth or --like), or supplier (with --like or --source). \
    Fifths are of the practices asked for; list sizes and deprivation are indicators. Who has no value is left out by name";

/// Which of them are peers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum PeersBy {
    /// Everybody
    All,
    /// A fifth by registered patients
    ListSizeFifth,
    /// A fifth by deprivation score
    DeprivationFifth,
    /// One supplier
    Supplier,
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
        let Self { org, level, source, peers, fifth, like } = self;
        Some(v1::PeerGroup {
            organisation_codes: org.clone(),
            level: v1::Level::from(*level).into(),
            source_id: source.clone(),
            by: match peers {
                PeersBy::All => v1::PeersBy::All,
                PeersBy::ListSizeFifth => v1::PeersBy::ListSizeFifth,
                PeersBy::DeprivationFifth => v1::PeersBy::DeprivationFifth,
                PeersBy::Supplier => v1::PeersBy::Supplier,
            }
            .into(),
            fifth: *fifth,
            like_code: like.clone(),
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
