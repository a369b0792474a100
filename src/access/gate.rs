//! The gate: caller and question in; the practices that count, the grain and the metrics out.

use crate::calendar::Granularity;

/// Who asks. Without authentication everybody is [`Principal::Local`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Principal {
    /// Whoever reaches a service that listens on loopback and has no authentication.
    Local,
}

/// What something is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To read metrics.
    Metrics,
    /// To compare organisations with each other.
    Comparison,
    /// To read single calls.
    Calls,
    /// To read organisations, definitions and other things that are public.
    Reference,
    /// To submit calls.
    Submission,
    /// To change organisations.
    Organisations,
    /// To look after the service: status, backups.
    Administration,
}

/// What a question touches, as far as a decision can depend on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask<'a> {
    /// What for.
    pub purpose: Purpose,
    /// Codes of the organisations asked about; empty where it is about none or all.
    pub organisations: Vec<&'a str>,
    /// Finest stretch of time that the answer shows; `None` where it shows none, or single instants for [`Purpose::Calls`].
    pub granularity: Option<Granularity>,
    /// Metrics asked for, by name; empty where it is about none or all.
    pub metrics: Vec<&'a str>,
    /// Source that is submitted for or asked about.
    pub source: Option<&'a str>,
}

/// A question that can say what it touches.
pub trait Asks {
    /// What it touches.
    fn ask(&self) -> Ask<'_>;
}

/// Which practices count in an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Practices {
    /// All of them.
    All,
}

/// How fine an answer may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grain {
    /// As fine as asked for, exact.
    AsAsked,
}

/// Which metrics an answer may have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MetricNames {
    /// All that were asked for.
    AsAsked,
}

/// Whom a comparison may show by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Naming {
    /// Whoever was asked about, as asked.
    AsAsked,
}

/// As of when an answer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// All that was acknowledged before the question came.
    Live,
}

/// How far a question was admitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admission {
    /// Which practices count.
    pub practices: Practices,
    /// How fine the answer may be.
    pub grain: Grain,
    /// Which metrics it may have.
    pub metrics: MetricNames,
    /// Whom a comparison may show by name.
    pub naming: Naming,
    /// As of when it is.
    pub freshness: Freshness,
}

/// A question together with how far it was admitted. Only [`Gate::admit`] makes one.
#[derive(Clone, Debug)]
pub struct Admitted<T> {
    question: T,
    admission: Admission,
}

/// A question was not admitted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not permitted: {missing}")]
pub struct Denial {
    /// What is missing, and whom to ask for it.
    pub missing: String,
}

/// Decides.
#[derive(Clone, Debug, Default)]
pub struct Gate {}

impl Gate {
    /// The gate of a service without authentication.
    pub const fn new() -> Self {
        Self {}
    }

    /// Decides about a question.
    ///
    /// # Errors
    /// [`Denial`] where the caller may not have any of it.
    pub fn admit<T: Asks>(&self, principal: &Principal, question: T) -> Result<Admitted<T>, Denial> {
        let Ask { purpose, organisations: _, granularity: _, metrics: _, source: _ } = question.ask();
        let admission = match (principal, purpose) {
            (
                Principal::Local,
                Purpose::Metrics
                | Purpose::Comparison
                | Purpose::Calls
                | Purpose::Reference
                | Purpose::Submission
                | Purpose::Organisations
                | Purpose::Administration,
            ) => Admission {
                practices: Practices::All,
                grain: Grain::AsAsked,
                metrics: MetricNames::AsAsked,
                naming: Naming::AsAsked,
                freshness: Freshness::Live,
            },
        };
        Ok(Admitted { question, admission })
    }
}

impl Ask<'_> {
    /// A question for `purpose` that touches nothing in particular.
    pub const fn about(purpose: Purpose) -> Self {
        Self { purpose, organisations: Vec::new(), granularity: None, metrics: Vec::new(), source: None }
    }
}

impl<T> Admitted<T> {
    /// The question.
    pub const fn question(&self) -> &T {
        &self.question
    }

    /// How far it was admitted.
    pub const fn admission(&self) -> &Admission {
        &self.admission
    }

    /// The question, to be used up.
    pub fn into_question(self) -> T {
        self.question
    }

    /// The question taken out, with what is left still admitted: what it asked for does not change by being answered.
    pub fn take(self) -> (T, Admitted<()>) {
        (self.question, Admitted { question: (), admission: self.admission })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Behind;

    struct Question(Purpose);

    impl Asks for Question {
        fn ask(&self) -> Ask<'_> {
            Ask::about(self.0)
        }
    }

    #[test]
    fn local_is_admitted_to_everything_exact_and_live() {
        for purpose in [
            Purpose::Metrics,
            Purpose::Comparison,
            Purpose::Calls,
            Purpose::Reference,
            Purpose::Submission,
            Purpose::Organisations,
            Purpose::Administration,
        ] {
            let admitted = Gate::new().admit(&Principal::Local, Question(purpose)).expect("local may");
            assert_eq!(
                admitted.admission(),
                &Admission {
                    practices: Practices::All,
                    grain: Grain::AsAsked,
                    metrics: MetricNames::AsAsked,
                    naming: Naming::AsAsked,
                    freshness: Freshness::Live
                },
                "{purpose:?}"
            );
            assert_eq!(*Behind::new(7).open(&admitted), 7);
        }
    }
}
