//! Every error that a client can get, mapped to a status in this one place: few codes, each with a reason of the proto's `ErrorReason`.
//!
//! The client gets a message that says what to do; the cause of a fault of ours goes to the log only.

mod library;

use std::collections::HashMap;

use callgauge_schema::SourceId;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

use crate::access::Denial;
use crate::compare::refusals::RankingRefusal;
use crate::organisations::OverLimit;
use crate::proto::v1::ErrorReason;
use crate::store::StoreError;

pub(crate) use library::completed;

/// Most bytes of a message. Statuses travel in headers, and there are clients that take 8 KiB of these.
const MOST_MESSAGE: usize = 1_400;

/// Domain of every `google.rpc.ErrorInfo`.
pub const DOMAIN: &str = "callgauge.v1";

/// Why a request fails.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    /// A field is not what it takes.
    #[error("{field}: {message}")]
    Field { field: String, message: String },
    /// A page token of another query, or none of ours.
    #[error(
        "page_token: belongs to another query; every field but page_size has to be as it was when the token was given"
    )]
    PageTokenMismatch,
    /// The snapshot behind a page token is gone.
    #[error("page_token: the answer that it continues is no longer kept; ask for the first page again")]
    PageTokenExpired,
    /// No organisation with this code.
    #[error("{field}: no organisation has the code {code:?}; ListOrganisations finds codes by name")]
    UnknownOrganisation { field: String, code: String },
    /// No such call.
    #[error("source {source_id:?} has no call with this call_id")]
    UnknownCall { source_id: String },
    /// No such source in the settings.
    #[error("the settings file has no source {source_id}; ListSources lists those there are")]
    UnknownSource { source_id: SourceId },
    /// A source that is not read, or for which too many wait.
    #[error("{0}")]
    SourceStopped(String),
    /// Too many records.
    #[error("records: {records} are more than the {limit} that one message takes; send smaller batches")]
    BatchTooLarge { records: usize, limit: usize },
    /// Numbers of a stream do not follow each other.
    #[error("batch_number: must be {expected}, and is {got}; each stream counts its batches from 1")]
    BatchOutOfOrder { expected: u64, got: u64 },
    /// The answer is larger than the service gives.
    #[error("{0}")]
    AnswerTooLarge(String),
    /// Draining.
    #[error("the service is stopping; connect again and send what was not acknowledged")]
    NotServing,
    /// The gate says no.
    #[error(transparent)]
    Denied(#[from] Denial),
    /// The numbers cannot carry a ranking.
    #[error("no ranking is given: {}", sentences(.0))]
    Ranking(Vec<RankingRefusal>),
    /// Organisations, periods or months cannot be compared as asked.
    #[error("{0}")]
    NotComparable(String),
    /// An import contradicts itself or what is stored.
    #[error("nothing was imported: {0}")]
    Import(String),
    /// After an import there would be more organisations than are kept.
    #[error("nothing was imported: {0}")]
    TooManyOrganisations(#[from] OverLimit),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A fault of ours.
    #[error("{0}")]
    Internal(String),
    /// The client did not wait.
    #[error("the caller did not wait for the answer")]
    Cancelled,
    /// The client's deadline passed.
    #[error(
        "the deadline that came with the request passed before it could be answered; give it longer, or ask for less"
    )]
    TooLate,
}

impl Fault {
    /// A field is not what it takes; `message` says what would be right.
    pub(crate) fn field(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Field { field: field.into(), message: message.into() }
    }
}

/// All reasons, each with the name by which it may be acknowledged; then whether they all may.
fn sentences(refusals: &[RankingRefusal]) -> String {
    let all: Vec<String> =
        refusals.iter().map(|refusal| format!("{} ({})", refusal.message, refusal.reason)).collect();
    let fast = refusals.iter().filter(|refusal| !refusal.reason.may_be_acknowledged());
    let fast: Vec<&str> = fast.map(|refusal| refusal.reason.name()).collect();
    if fast.is_empty() {
        format!("{}; each may be acknowledged by its name", all.join("; "))
    } else {
        format!("{}; not to be acknowledged: {}", all.join("; "), fast.join(", "))
    }
}

/// What a client is told.
struct Told {
    code: Code,
    reason: ErrorReason,
    message: String,
    field: Option<String>,
    metadata: Vec<(&'static str, String)>,
    /// What stands in the way: name and description.
    preconditions: Vec<(&'static str, String)>,
}

impl Told {
    fn new(code: Code, reason: ErrorReason, message: impl Into<String>) -> Self {
        Self {
            code,
            reason,
            message: message.into(),
            field: None,
            metadata: Vec::new(),
            preconditions: Vec::new(),
        }
    }

    fn at(self, field: impl Into<String>) -> Self {
        Self { field: Some(field.into()), ..self }
    }

    fn with(mut self, key: &'static str, value: impl ToString) -> Self {
        self.metadata.push((key, value.to_string()));
        self
    }
}

impl From<Fault> for Status {
    fn from(fault: Fault) -> Self {
        let message = fault.to_string();
        let told = match fault {
            Fault::Field { field, message: _ } => {
                Told::new(Code::InvalidArgument, ErrorReason::InvalidField, message).at(field)
            }
            Fault::PageTokenMismatch => {
                Told::new(Code::InvalidArgument, ErrorReason::PageTokenMismatch, message).at("page_token")
            }
            Fault::PageTokenExpired => {
                Told::new(Code::FailedPrecondition, ErrorReason::PageTokenExpired, message).at("page_token")
            }
            Fault::UnknownOrganisation { field, code } => {
                Told::new(Code::NotFound, ErrorReason::UnknownOrganisation, message)
                    .at(field)
                    .with("code", code)
            }
            Fault::UnknownCall { source_id } => {
                Told::new(Code::NotFound, ErrorReason::UnknownCall, message).with("source_id", source_id)
            }
            Fault::UnknownSource { source_id } => {
                Told::new(Code::NotFound, ErrorReason::UnknownSource, message).with("source_id", source_id)
            }
            Fault::SourceStopped(_) => {
                Told::new(Code::FailedPrecondition, ErrorReason::SourceStopped, message)
            }
            Fault::BatchTooLarge { records, limit } => {
                Told::new(Code::InvalidArgument, ErrorReason::BatchTooLarge, message)
                    .at("records")
                    .with("records", records)
                    .with("limit", limit)
            }
            Fault::BatchOutOfOrder { expected, got } => {
                Told::new(Code::InvalidArgument, ErrorReason::BatchOutOfOrder, message)
                    .at("batch_number")
                    .with("expected", expected)
                    .with("got", got)
            }
            Fault::AnswerTooLarge(_) => {
                Told::new(Code::ResourceExhausted, ErrorReason::AnswerTooLarge, message)
            }
            Fault::NotServing => Told::new(Code::Unavailable, ErrorReason::NotServing, message),
            Fault::Denied(Denial { missing: _ }) => {
                Told::new(Code::PermissionDenied, ErrorReason::PermissionDenied, message)
            }
            Fault::Ranking(refusals) => ranking(&refusals, message),
            Fault::NotComparable(_) => {
                let mut told =
                    Told::new(Code::FailedPrecondition, ErrorReason::NotComparable, message.as_str());
                told.preconditions.push(("not_comparable", message));
                told
            }
            Fault::Import(_) => {
                Told::new(Code::FailedPrecondition, ErrorReason::ImportRefused, message).at("csv")
            }
            Fault::TooManyOrganisations(_) => {
                Told::new(Code::ResourceExhausted, ErrorReason::OverLimit, message).at("csv")
            }
            Fault::Store(fault) => store(fault, message),
            Fault::Internal(cause) => internal(&cause),
            Fault::Cancelled => Told::new(Code::Cancelled, ErrorReason::Cancelled, message),
            Fault::TooLate => Told::new(Code::DeadlineExceeded, ErrorReason::Cancelled, message),
        };
        status(told)
    }
}

fn store(fault: StoreError, message: String) -> Told {
    match fault {
        StoreError::RejectLimit { source_id, kept } => {
            Told::new(Code::ResourceExhausted, ErrorReason::RejectLimit, message)
                .with("source_id", source_id)
                .with("kept", kept)
        }
        StoreError::Unavailable(cause) => {
            tracing::error!(%cause, "the store cannot write");
            let told = "the store cannot write at the moment; nothing was taken, try again later";
            Told::new(Code::Unavailable, ErrorReason::StoreUnavailable, told)
        }
        StoreError::TooLarge(_) => Told::new(
            Code::ResourceExhausted,
            ErrorReason::AnswerTooLarge,
            format!("{message}; ask for fewer days or for fewer calls"),
        ),
        StoreError::OverLimit(_) => Told::new(Code::ResourceExhausted, ErrorReason::OverLimit, message),
        StoreError::StatementLimit(_) => {
            Told::new(Code::ResourceExhausted, ErrorReason::StatementLimit, message)
        }
        StoreError::OfRecord(_) => {
            Told::new(Code::InvalidArgument, ErrorReason::InvalidField, message).at("sources_of_record")
        }
        StoreError::BackupFolder(_) => {
            Told::new(Code::InvalidArgument, ErrorReason::InvalidField, message).at("directory")
        }
        StoreError::Folder(cause) | StoreError::Damaged(cause) => internal(&cause),
        StoreError::Closed => Told::new(
            Code::Unavailable,
            ErrorReason::NotServing,
            "the service is stopping; connect again and send what was not acknowledged",
        ),
    }
}

fn ranking(refusals: &[RankingRefusal], message: String) -> Told {
    let names = |all: bool| {
        let names = refusals.iter().filter(|refusal| all || refusal.reason.may_be_acknowledged());
        names.map(|refusal| refusal.reason.name()).collect::<Vec<_>>().join(",")
    };
    let mut told = Told::new(Code::FailedPrecondition, ErrorReason::RankingRefused, message)
        .with("reasons", names(true))
        .with("acknowledgeable", names(false));
    told.preconditions =
        refusals.iter().map(|refusal| (refusal.reason.name(), refusal.message.clone())).collect();
    told
}

fn internal(cause: &str) -> Told {
    tracing::error!(cause, "a fault of ours");
    Told::new(
        Code::Internal,
        ErrorReason::Internal,
        "a fault of the service; its log has the cause under the request id",
    )
}

fn status(told: Told) -> Status {
    let Told { code, reason, message, field, metadata, preconditions } = told;
    let message = shortened(message, MOST_MESSAGE);
    let mut metadata: HashMap<String, String> =
        metadata.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    let mut bad = None;
    if let Some(field) = field {
        metadata.insert("field".to_owned(), field.clone());
        if code == Code::InvalidArgument {
            let described = message.strip_prefix(&format!("{field}: ")).unwrap_or(&message).to_owned();
            bad = Some((field, described));
        }
    }
    let mut details = ErrorDetails::with_error_info(name(reason), DOMAIN, metadata);
    if let Some((field, described)) = bad {
        details.add_bad_request_violation(field, described);
    }
    let most = 2 * MOST_MESSAGE / preconditions.len().max(1);
    for (what, described) in preconditions {
        details.add_precondition_failure_violation(what, "comparison", shortened(described, most));
    }
    Status::with_error_details(code, message, details)
}

/// No longer than headers can carry three times: as message, in the details, and as the description of a field.
fn shortened(mut message: String, most: usize) -> String {
    if message.len() > most {
        let end = (0..=most).rev().find(|&at| message.is_char_boundary(at)).unwrap_or(0);
        message.truncate(end);
        message.push_str(" ...");
    }
    message
}

/// The reason as it stands in an `ErrorInfo`: without the prefix that the proto's names have.
fn name(reason: ErrorReason) -> &'static str {
    let name = reason.as_str_name();
    name.strip_prefix("ERROR_REASON_").unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(status: &Status) -> String {
        status.get_details_error_info().map(|info| info.reason).unwrap_or_default()
    }

    #[test]
    fn every_fault_has_a_code_a_reason_of_the_proto_and_its_field() {
        let cases: Vec<(Fault, Code, &str, Option<&str>)> = vec![
            (Fault::field("month", "x"), Code::InvalidArgument, "INVALID_FIELD", Some("month")),
            (Fault::PageTokenMismatch, Code::InvalidArgument, "PAGE_TOKEN_MISMATCH", Some("page_token")),
            (Fault::PageTokenExpired, Code::FailedPrecondition, "PAGE_TOKEN_EXPIRED", None),
            (
                Fault::UnknownOrganisation { field: "code".into(), code: "A".into() },
                Code::NotFound,
                "UNKNOWN_ORGANISATION",
                None,
            ),
            (Fault::UnknownCall { source_id: "s".into() }, Code::NotFound, "UNKNOWN_CALL", None),
            (
                Fault::UnknownSource { source_id: "s".parse().expect("is an id") },
                Code::NotFound,
                "UNKNOWN_SOURCE",
                None,
            ),
            (Fault::SourceStopped("x".into()), Code::FailedPrecondition, "SOURCE_STOPPED", None),
            (
                Fault::BatchTooLarge { records: 2, limit: 1 },
                Code::InvalidArgument,
                "BATCH_TOO_LARGE",
                Some("records"),
            ),
            (
                Fault::BatchOutOfOrder { expected: 2, got: 3 },
                Code::InvalidArgument,
                "BATCH_OUT_OF_ORDER",
                Some("batch_number"),
            ),
            (Fault::AnswerTooLarge("x".into()), Code::ResourceExhausted, "ANSWER_TOO_LARGE", None),
            (Fault::NotServing, Code::Unavailable, "NOT_SERVING", None),
            (
                Fault::Denied(Denial { missing: "x".into() }),
                Code::PermissionDenied,
                "PERMISSION_DENIED",
                None,
            ),
            (
                Fault::Ranking(vec![RankingRefusal {
                    reason: crate::compare::refusals::RankingReason::ShortWindow,
                    message: "x".into(),
                }]),
                Code::FailedPrecondition,
                "RANKING_REFUSED",
                None,
            ),
            (Fault::NotComparable("x".into()), Code::FailedPrecondition, "NOT_COMPARABLE", None),
            (Fault::Import("x".into()), Code::FailedPrecondition, "IMPORT_REFUSED", None),
            (
                Fault::TooManyOrganisations(OverLimit::Organisations(1)),
                Code::ResourceExhausted,
                "OVER_LIMIT",
                None,
            ),
            (
                Fault::Store(StoreError::RejectLimit { source_id: "s".parse().expect("is an id"), kept: 1 }),
                Code::ResourceExhausted,
                "REJECT_LIMIT",
                None,
            ),
            (
                Fault::Store(StoreError::Unavailable("disk /secret".into())),
                Code::Unavailable,
                "STORE_UNAVAILABLE",
                None,
            ),
            (Fault::Store(StoreError::OverLimit("x".into())), Code::ResourceExhausted, "OVER_LIMIT", None),
            (
                Fault::Store(StoreError::StatementLimit("x".into())),
                Code::ResourceExhausted,
                "STATEMENT_LIMIT",
                None,
            ),
            (
                Fault::Store(StoreError::OfRecord("x".into())),
                Code::InvalidArgument,
                "INVALID_FIELD",
                Some("sources_of_record"),
            ),
            (Fault::Store(StoreError::TooLarge(1)), Code::ResourceExhausted, "ANSWER_TOO_LARGE", None),
            (
                Fault::Store(StoreError::BackupFolder("x".into())),
                Code::InvalidArgument,
                "INVALID_FIELD",
                Some("directory"),
            ),
            (Fault::Store(StoreError::Damaged("secret".into())), Code::Internal, "INTERNAL", None),
            (Fault::Store(StoreError::Closed), Code::Unavailable, "NOT_SERVING", None),
            (Fault::Internal("secret".into()), Code::Internal, "INTERNAL", None),
            (Fault::Cancelled, Code::Cancelled, "CANCELLED", None),
            (Fault::TooLate, Code::DeadlineExceeded, "CANCELLED", None),
        ];
        for (fault, code, expected, field) in cases {
            let shown = format!("{fault:?}");
            let status = Status::from(fault);
            assert_eq!((status.code(), reason(&status).as_str()), (code, expected), "{shown}");
            let info = status.get_details_error_info().expect("has one");
            assert_eq!(info.domain, DOMAIN);
            assert!(ErrorReason::from_str_name(&format!("ERROR_REASON_{expected}")).is_some());
            let violation = status.get_details_bad_request().map(|bad| bad.field_violations[0].field.clone());
            assert_eq!(violation.as_deref(), field, "{shown}");
            assert!(!status.message().contains("secret"), "causes stay in the log: {shown}");
        }
    }

    #[test]
    fn statuses_of_the_library_get_a_reason_too() {
        let cases = [
            (
                Status::out_of_range("Error, decoded message length too large: found 5 bytes"),
                Code::ResourceExhausted,
                "MESSAGE_TOO_LARGE",
            ),
            (Status::unimplemented(""), Code::Unimplemented, "UNIMPLEMENTED"),
            (Status::internal("failed to decode Protobuf message"), Code::InvalidArgument, "INVALID_FIELD"),
            (Status::deadline_exceeded(""), Code::DeadlineExceeded, "CANCELLED"),
            (Status::not_found("service not registered"), Code::NotFound, "INVALID_FIELD"),
        ];
        for (status, code, expected) in cases {
            let done = completed(&status).expect("had none");
            assert_eq!((done.code(), reason(&done).as_str()), (code, expected), "{status:?}");
            assert!(completed(&done).is_none(), "once");
        }
    }
}
