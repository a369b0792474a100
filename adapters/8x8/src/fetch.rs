//! Open 8x8 accounts, one kind for each product.

pub(crate) mod contact_center;
pub(crate) mod work;

use callgauge_adapter::Fault;
use callgauge_adapter::http::{CodeAt, ErrorRule, ErrorTable};

/// What the vendor's refusals mean, in either product.
const ERRORS: ErrorTable = ErrorTable {
    code_at: &[CodeAt::Body("/code"), CodeAt::Body("/error"), CodeAt::Body("/errorCode")],
    rules: &[
        ErrorRule::of_code(
            "SHA001",
            Fault::Credentials,
            "api_key is wrong: take the key of an application from 8x8's Admin Console",
        ),
        ErrorRule::of_code(
            "invalid_grant",
            Fault::Credentials,
            "username or password is wrong, or that user has never opened Work Analytics in a browser",
        ),
        ErrorRule::of_code("invalid_client", Fault::Credentials, "api_key or api_secret is wrong"),
        ErrorRule::of_code(
            "invalid_token",
            Fault::Credentials,
            "the access token was refused: check api_key, username and password",
        ),
        ErrorRule::of_status(
            403,
            Fault::Permission,
            "the user may not read this PBX or tenant: check pbx_id or tenant, and the user's access to analytics",
        ),
        ErrorRule::of_status(
            402,
            Fault::Plan,
            "the account's plan does not include analytics, or it has ended: ask 8x8",
        ),
        ErrorRule::of_status(
            404,
            Fault::Region,
            "there is nothing at this address: check region and base_url",
        ),
    ],
};
