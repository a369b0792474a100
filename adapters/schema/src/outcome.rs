//! What can become of a call, and why.

/// An enum with a stable small number for storage and a name for people.
macro_rules! numbered {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $number:literal, $label:literal;)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum $name {
            $($(#[$vdoc])* $variant = $number,)*
        }

        impl $name {
            /// All of them, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The number that storage and wire use.
            pub const fn number(self) -> u8 {
                self as u8
            }

            /// Back from its number.
            pub const fn from_number(number: u8) -> Option<Self> {
                match number {
                    $($number => Some(Self::$variant),)*
                    _ => None,
                }
            }

            /// Its name in words that files and errors use.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $label,)*
                }
            }
        }
    };
}

numbered! {
    /// Which way a call went.
    Direction {
        /// From outside into the practice.
        Inbound = 1, "inbound";
        /// From the practice to outside.
        Outbound = 2, "outbound";
    }
}

numbered! {
    /// What became of a call: exactly one.
    Outcome {
        /// Answered by a person in the practice.
        Answered = 1, "answered";
        /// Ended in greetings or menus.
        EndedInIvr = 2, "ended_in_ivr";
        /// Expected a person and got none; voicemail included.
        Missed = 3, "missed";
        /// Asked for a callback.
        CallbackRequested = 4, "callback_requested";
        /// The source's words do not tell.
        Unclassified = 5, "unclassified";
    }
}

numbered! {
    /// Why a call ended as it did.
    Reason {
        /// Missed: hung up in the queue.
        AbandonedInQueue = 1, "abandoned_in_queue";
        /// Missed: hung up while a telephone rang.
        AbandonedWhileRinging = 2, "abandoned_while_ringing";
        /// Missed: rang until the system gave up.
        RangOut = 3, "rang_out";
        /// Missed: went to voicemail.
        Voicemail = 4, "voicemail";
        /// Missed: busy.
        Busy = 5, "busy";
        /// Missed: the queue's longest wait was reached.
        QueueTimeout = 6, "queue_timeout";
        /// Missed: the queue was full.
        QueueOverflow = 7, "queue_overflow";
        /// Missed: a technical failure.
        Failed = 8, "failed";
        /// Ended in IVR: sent on to another organisation.
        Diverted = 9, "diverted";
        /// Ended in IVR: hung up in a menu.
        HungUpInMenu = 10, "hung_up_in_menu";
        /// Ended in IVR: after an information message.
        AfterMessage = 11, "after_message";
        /// Ended in IVR: the practice was closed.
        Closed = 12, "closed";
    }
}

impl Reason {
    /// The outcome that this is a reason for.
    pub const fn outcome(self) -> Outcome {
        match self {
            Self::AbandonedInQueue
            | Self::AbandonedWhileRinging
            | Self::RangOut
            | Self::Voicemail
            | Self::Busy
            | Self::QueueTimeout
            | Self::QueueOverflow
            | Self::Failed => Outcome::Missed,
            Self::Diverted | Self::HungUpInMenu | Self::AfterMessage | Self::Closed => Outcome::EndedInIvr,
        }
    }
}

numbered! {
    /// How far a record's durations can be trusted.
    Timing {
        /// Measured by the telephony system.
        Measured = 1, "measured";
        /// Only the NHS band is true.
        Banded = 2, "banded";
    }
}

numbered! {
    /// How a callback was asked for.
    CallbackTiming {
        /// Keeps the place in the queue.
        VirtualQueue = 1, "virtual_queue";
        /// At a time that the caller chose.
        CallerTimed = 2, "caller_timed";
    }
}

/// A callback that a call asked for or attempted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Callback {
    /// The inbound call asked for one.
    Requested {
        /// How, where the source says.
        timing: Option<CallbackTiming>,
    },
    /// The outbound call is an attempt at one.
    Made {
        /// The inbound call of the same source that asked, where linked.
        for_call: Option<crate::CallId>,
        /// Which attempt, from 1, where known.
        attempt: Option<u16>,
        /// Whether the system dialled by itself, where known.
        automatic: Option<bool>,
    },
}
