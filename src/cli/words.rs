//! The words of the command line for the choices that the API has as enums, both ways.

use clap::ValueEnum;

use crate::proto::v1;

/// An enum of words, and the way from each to the API's value of the same name.
macro_rules! words {
    ($(#[$about:meta])* $name:ident { $($(#[$word_about:meta])* $word:ident,)* }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
        #[value(rename_all = "snake_case")]
        pub(super) enum $name { $($(#[$word_about])* $word,)* }

        impl From<$name> for v1::$name {
            fn from(word: $name) -> Self {
                match word { $($name::$word => Self::$word,)* }
            }
        }
    };
}

words! {
    /// Levels.
    Level {
        /// GP practice
        Practice,
        /// Primary care network
        Pcn,
        /// Sub-ICB location
        #[value(alias = "sub-icb")]
        SubIcb,
        /// Integrated care board
        Icb,
        /// NHS England region
        Region,
        /// England
        England,
    }
}

words! {
    /// Lengths of buckets.
    Granularity {
        /// The whole stretch
        Total,
        /// Calendar years
        Year,
        /// Years from 1 April
        #[value(alias = "financial-year")]
        FinancialYear,
        /// Calendar quarters
        Quarter,
        /// Quarters of the year from 1 April
        #[value(alias = "financial-quarter")]
        FinancialQuarter,
        /// Calendar months
        Month,
        /// Weeks from Monday
        Week,
        /// Days
        Day,
        /// The nine time bands that NHS England publishes
        #[value(alias = "nhs-band")]
        NhsBand,
        /// Hours
        Hour,
        /// Half hours
        #[value(alias = "half-hour")]
        HalfHour,
        /// Quarter hours
        #[value(alias = "quarter-hour")]
        QuarterHour,
    }
}

words! {
    /// What buckets are folded into.
    Profile {
        /// Monday to Sunday
        Weekday,
        /// Clock time
        #[value(alias = "time-of-day")]
        TimeOfDay,
    }
}

words! {
    /// Which hours count.
    Hours {
        /// All hours
        All,
        /// 08:00 to 18:30, Monday to Friday, without bank holidays
        Core,
        /// All others
        #[value(alias = "non-core")]
        NonCore,
        /// 08:00 to 10:00 of core hours
        #[value(name = "core_0800_to_1000", alias = "core-0800-to-1000")]
        Core0800To1000,
    }
}

words! {
    /// What rows are split by.
    Breakdown {
        /// Direction, outcome and reason
        #[value(alias = "outcome-reason")]
        OutcomeReason,
        /// Queue or number label
        Line,
        /// Who submitted the calls
        Source,
    }
}

words! {
    /// Directions.
    Direction {
        /// Into the practice
        Inbound,
        /// Out of the practice
        Outbound,
    }
}

words! {
    /// Outcomes.
    Outcome {
        /// Answered by a person in the practice
        Answered,
        /// Ended in greetings or menus
        #[value(alias = "ended-in-ivr")]
        EndedInIvr,
        /// The caller expected a person and got none
        Missed,
        /// The caller asked to be called back
        #[value(alias = "callback-requested")]
        CallbackRequested,
        /// The source's words do not tell
        Unclassified,
    }
}

words! {
    /// Reasons.
    OutcomeReason {
        /// Missed: hung up in the queue
        #[value(alias = "abandoned-in-queue")]
        AbandonedInQueue,
        /// Missed: hung up while it rang
        #[value(alias = "abandoned-while-ringing")]
        AbandonedWhileRinging,
        /// Missed: rang until the system gave up
        #[value(alias = "rang-out")]
        RangOut,
        /// Missed: went to voicemail
        Voicemail,
        /// Missed: busy
        Busy,
        /// Missed: the longest wait was reached
        #[value(alias = "queue-timeout")]
        QueueTimeout,
        /// Missed: the queue was full
        #[value(alias = "queue-overflow")]
        QueueOverflow,
        /// Missed: a technical failure
        Failed,
        /// Ended in IVR: sent on to another organisation
        Diverted,
        /// Ended in IVR: hung up in a menu
        #[value(alias = "hung-up-in-menu")]
        HungUpInMenu,
        /// Ended in IVR: hung up after a message
        #[value(alias = "after-message")]
        AfterMessage,
        /// Ended in IVR: the practice was closed
        Closed,
    }
}
