//! From a vendor's refusal to an error that says what to change, by a table that each adapter gives.

use http::HeaderMap;

use crate::{AdapterError, Fault};

/// How a vendor's errors are to be read. Rules are tried in order, the standard ones after them.
#[derive(Clone, Copy, Debug)]
pub struct ErrorTable {
    /// Where a code for machines stands, tried in order.
    pub code_at: &'static [CodeAt],
    /// What the vendor's statuses and codes mean.
    pub rules: &'static [ErrorRule],
}

/// Where an answer has its code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeAt {
    /// In the JSON body at this pointer (RFC 6901): "/errorCode", "/errors/0/code". A number counts as its digits.
    Body(&'static str),
    /// In this header, up to a `:` where it has one.
    Header(&'static str),
}

/// What an answer means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErrorRule {
    /// Its status; 0 for any.
    pub status: u16,
    /// Its code; "" for any, "CMN-*" for all that begin so.
    pub code: &'static str,
    /// What that is. For [`Fault::RateLimited`] the wait is filled in from the headers.
    pub fault: Fault,
    /// What to change, in plain words: it is shown to the operator behind "VENDOR refused the request (status, code): ".
    pub advice: &'static str,
}

impl ErrorTable {
    /// The standard rules alone.
    pub const STANDARD: Self = Self { code_at: &[], rules: &[] };

    /// The first rule for an answer.
    pub(super) fn rule(&self, status: u16, headers: &HeaderMap, body: &[u8]) -> Option<ErrorRule> {
        let codes = self.codes(headers, body);
        let fits = |rule: &&ErrorRule| {
            (rule.status == 0 || rule.status == status)
                && (rule.code.is_empty() || codes.iter().any(|code| code_fits(rule.code, code)))
        };
        self.rules.iter().find(fits).copied()
    }

    fn codes(&self, headers: &HeaderMap, body: &[u8]) -> Vec<String> {
        let needs_body = self.code_at.iter().any(|at| matches!(at, CodeAt::Body(_)));
        let json: Option<serde_json::Value> =
            if needs_body { serde_json::from_slice(body).ok() } else { None };
        let found = self.code_at.iter().filter_map(|at| match at {
            CodeAt::Body(pointer) => match json.as_ref()?.pointer(pointer)? {
                serde_json::Value::String(text) => Some(text.clone()),
                serde_json::Value::Number(number) => Some(number.to_string()),
                _ => None,
            },
            CodeAt::Header(name) => {
                let text = headers.get(*name)?.to_str().ok()?;
                Some(text.split(':').next().unwrap_or_default().to_owned())
            }
        });
        found.collect()
    }
}

impl ErrorRule {
    /// What a code means, with this status only.
    pub const fn new(status: u16, code: &'static str, fault: Fault, advice: &'static str) -> Self {
        Self { status, code, fault, advice }
    }

    /// What a code means, whatever the status.
    pub const fn of_code(code: &'static str, fault: Fault, advice: &'static str) -> Self {
        Self { status: 0, code, fault, advice }
    }

    /// What a status means, whatever the code.
    pub const fn of_status(status: u16, fault: Fault, advice: &'static str) -> Self {
        Self { status, code: "", fault, advice }
    }

    /// The error for an operator. Of the answer it names the status, and the code where the rule does: both are known words, nothing is copied from the body.
    pub(super) fn error(&self, vendor: &str, status: u16, wait: Option<std::time::Duration>) -> AdapterError {
        let code = if self.code.is_empty() || self.code.ends_with('*') {
            String::new()
        } else {
            format!(" {}", self.code)
        };
        let fault = match self.fault {
            Fault::RateLimited { .. } => Fault::RateLimited { retry_after: wait },
            other => other,
        };
        AdapterError::new(fault, format!("{vendor} answered {status}{code}: {}", self.advice))
    }
}

fn code_fits(rule: &str, code: &str) -> bool {
    rule.strip_suffix('*').map_or(rule == code, |head| code.starts_with(head))
}

/// What a status means where the adapter does not say.
pub(super) fn standard(status: u16) -> ErrorRule {
    let (fault, advice) = match status {
        300..=399 => (Fault::Region, "it points to another address; check base_url"),
        401 => (Fault::Credentials, "the credentials are wrong or have ended; check them in the settings"),
        402 => (Fault::Plan, "the account's plan does not include this or has ended; ask the vendor"),
        403 => (
            Fault::Permission,
            "signed in, but a permission or scope is missing; grant the adapter's user or app what its doc lists",
        ),
        404 => {
            (Fault::Protocol, "there is nothing at this address; check base_url and the ids in the settings")
        }
        408 | 425 | 500..=599 => {
            (Fault::Unavailable, "a failure on the vendor's side; it is tried again later")
        }
        429 => (Fault::RateLimited { retry_after: None }, "too many requests; it is tried again later"),
        451 => (Fault::Region, "the account lives in another region; check base_url"),
        _ => (Fault::Protocol, "the request was refused as wrong; the vendor's interface may have changed"),
    };
    ErrorRule::of_status(status, fault, advice)
}
