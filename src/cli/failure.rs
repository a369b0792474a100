//! How a command ends when it does not end well: what is said, in one line each, and with which exit code.

use std::error::Error as _;
use std::io;

use tonic::{Code, Status};
use tonic_types::StatusExt as _;

/// Why a command did not do what it was asked to do.
#[derive(Debug)]
pub enum Failure {
    /// The command line cannot be read, or asked for help: exit 2 or 0, as clap has it.
    Parse(clap::Error),
    /// The arguments or settings make no sense, one line each: exit 2.
    Usage(Vec<String>),
    /// The service, or what was found, says no: exit 1.
    Refused(String),
    /// Nobody reads what is written any more: exit 0, in silence.
    NobodyReads,
}

impl Failure {
    /// One fault of usage.
    pub fn usage(line: impl Into<String>) -> Self {
        Self::Usage(vec![line.into()])
    }

    /// What the server at `url` answered instead of doing `what`: `<what> refused (<REASON>): <message>`.
    pub fn from_status(what: &str, url: &str, status: &Status) -> Self {
        let info = status.get_details_error_info();
        if info.is_none() && status.code() == Code::Unavailable {
            return Self::unreachable(url, status.source().and_then(|cause| cause.source()));
        }
        if info.is_none() && status.message().starts_with("grpc-status header missing") {
            return Self::Refused(format!(
                "{url} answers, but not as callgauge does: is this the port of gRPC?"
            ));
        }
        let reason = match &info {
            Some(info) => info.reason.trim_start_matches("ERROR_REASON_").to_owned(),
            None => code_name(status.code()).to_owned(),
        };
        let message = one_line(status.message());
        let field = info.as_ref().and_then(|info| info.metadata.get("field"));
        let field = field.filter(|field| !field.is_empty() && !message.contains(field.as_str()));
        let field = field.map(|field| format!(" (field {field})")).unwrap_or_default();
        Self::Refused(format!("{what} refused ({reason}): {message}{field}"))
    }

    /// Nobody answers at `url`.
    pub fn unreachable(url: &str, cause: Option<&(dyn std::error::Error + 'static)>) -> Self {
        let mut cause = cause;
        let mut last = String::new();
        while let Some(error) = cause {
            if let Some(io) = error.downcast_ref::<io::Error>()
                && io.kind() == io::ErrorKind::ConnectionRefused
            {
                last.clear();
                break;
            }
            last = format!(" ({})", one_line(&error.to_string()));
            cause = error.source();
        }
        Self::Refused(format!("cannot reach {url}: is `callgauge serve` running there?{last}"))
    }

    /// The exit code.
    pub fn code(&self) -> u8 {
        match self {
            Self::Parse(error) => u8::try_from(error.exit_code()).unwrap_or(2),
            Self::Usage(_) => 2,
            Self::Refused(_) => 1,
            Self::NobodyReads => 0,
        }
    }

    /// What to say on standard error.
    pub fn lines(&self) -> &[String] {
        match self {
            Self::Parse(_) | Self::NobodyReads => &[],
            Self::Usage(lines) => lines,
            Self::Refused(line) => std::slice::from_ref(line),
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            Self::NobodyReads
        } else {
            Self::Refused(format!("cannot write the answer: {error}"))
        }
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

const fn code_name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use tonic_types::ErrorDetails;

    use super::*;

    const URL: &str = "http://127.0.0.1:50051";

    fn told(failure: &Failure) -> String {
        failure.lines().join("\n")
    }

    #[test]
    fn a_refusal_is_one_line_with_the_reason_of_its_error_info() {
        let field = HashMap::from([("field".to_owned(), "organisation_codes".to_owned())]);
        let details = ErrorDetails::with_error_info("UNKNOWN_ORGANISATION", "callgauge.v1", field);
        let status = Status::with_error_details(Code::NotFound, "no organisation\nX1", details);
        let failure = Failure::from_status("query", URL, &status);
        assert_eq!(
            told(&failure),
            "query refused (UNKNOWN_ORGANISATION): no organisation X1 (field organisation_codes)"
        );
        assert_eq!(failure.code(), 1);
    }

    #[test]
    fn a_refusal_without_details_has_its_code_as_reason() {
        let failure = Failure::from_status("query", URL, &Status::internal("oh"));
        assert_eq!(told(&failure), "query refused (INTERNAL): oh");
    }

    #[test]
    fn another_service_on_the_port_is_told() {
        let status = Status::unimplemented("grpc-status header missing, mapped from HTTP status code 404");
        let failure = Failure::from_status("query", URL, &status);
        assert_eq!(
            told(&failure),
            format!("{URL} answers, but not as callgauge does: is this the port of gRPC?")
        );
    }

    #[test]
    fn a_closed_pipe_is_no_fault() {
        let failure = Failure::from(io::Error::from(io::ErrorKind::BrokenPipe));
        assert_eq!((failure.code(), failure.lines().len()), (0, 0));
        assert_eq!(Failure::from(io::Error::from(io::ErrorKind::StorageFull)).code(), 1);
    }
}
