//! Statuses that the gRPC library makes by itself, completed with the reason that every error has.

use tonic::{Code, Status};

use super::Told;
use crate::proto::v1::ErrorReason;

/// A status that did not come from a [`super::Fault`], with the reason that it should have; `None` where it has details already or is no error.
///
/// These are the statuses of the gRPC library itself (a message over its limit, an unknown method), of health and of reflection.
pub(crate) fn completed(status: &Status) -> Option<Status> {
    if status.code() == Code::Ok || !status.details().is_empty() {
        return None;
    }
    let message = status.message();
    let told = match status.code() {
        Code::Ok => return None,
        Code::OutOfRange | Code::ResourceExhausted if message.contains("message") => Told::new(
            Code::ResourceExhausted,
            ErrorReason::MessageTooLarge,
            "a message takes at most 4 MiB; send smaller ones",
        ),
        Code::Internal if message.contains("decode") || message.contains("decompress") => Told::new(
            Code::InvalidArgument,
            ErrorReason::InvalidField,
            "the message is not one of callgauge.v1; reflection or the proto files say what it takes",
        ),
        Code::Unimplemented => Told::new(
            Code::Unimplemented,
            ErrorReason::Unimplemented,
            if message.is_empty() {
                "no such method in this version; reflection lists those there are"
            } else {
                message
            },
        ),
        Code::Cancelled | Code::DeadlineExceeded => Told::new(
            status.code(),
            ErrorReason::Cancelled,
            or(message, "the caller did not wait for the answer"),
        ),
        Code::Unavailable => Told::new(
            Code::Unavailable,
            ErrorReason::NotServing,
            or(message, "the service is busy or stopping; try again"),
        ),
        Code::ResourceExhausted => Told::new(
            Code::ResourceExhausted,
            ErrorReason::MessageTooLarge,
            or(message, "more than the service takes; send less"),
        ),
        Code::PermissionDenied | Code::Unauthenticated => {
            Told::new(status.code(), ErrorReason::PermissionDenied, or(message, "not permitted"))
        }
        Code::InvalidArgument
        | Code::NotFound
        | Code::OutOfRange
        | Code::FailedPrecondition
        | Code::AlreadyExists => Told::new(status.code(), ErrorReason::InvalidField, or(message, "refused")),
        Code::Internal | Code::Unknown | Code::Aborted | Code::DataLoss => {
            Told::new(status.code(), ErrorReason::Internal, or(message, "a fault of the service"))
        }
    };
    Some(super::status(told))
}

fn or<'a>(message: &'a str, otherwise: &'a str) -> &'a str {
    if message.is_empty() { otherwise } else { message }
}
