//! How a token is asked for (RFC 6749, RFC 7523), with what vendors do differently.

use std::sync::Arc;

use url::Url;

use super::{JwtSigner, basic};
use crate::http::ErrorTable;
use crate::{Secret, TokenKeeper};

/// How to ask for a token. Begin with the way ([`client_credentials`](Self::client_credentials) and so on), add who asks.
#[derive(Clone)]
pub struct OAuth {
    pub(super) token_url: Url,
    pub(super) grant: Grant,
    pub(super) grant_type: Option<&'static str>,
    pub(super) fields: Vec<(String, Secret)>,
    pub(super) headers: Vec<(&'static str, Secret)>,
    pub(super) in_query: bool,
    pub(super) group: &'static str,
    pub(super) errors: ErrorTable,
}

/// What is given for a token.
#[derive(Clone)]
pub(super) enum Grant {
    /// Nothing but who asks.
    Client,
    Jwt(Arc<Assertion>),
    Refresh {
        first: Secret,
        keeper: Option<Arc<dyn TokenKeeper>>,
    },
    Password {
        user: String,
        password: Secret,
    },
}

/// A signed statement of who asks.
pub enum Assertion {
    /// The vendor gave it, ready signed.
    Given(Secret),
    /// Made and signed anew each time.
    Signed(JwtSigner),
}

impl OAuth {
    /// The client asks for itself.
    pub fn client_credentials(token_url: Url) -> Self {
        Self::of(token_url, Grant::Client)
    }

    /// A signed statement is given for a token (RFC 7523).
    pub fn jwt_bearer(token_url: Url, assertion: Assertion) -> Self {
        Self::of(token_url, Grant::Jwt(Arc::new(assertion)))
    }

    /// A refresh token is given for a token. Where the vendor gives a new refresh token back, the keeper has it before the access token is used, and
    /// what the keeper has goes before `first`; if the vendor refuses that, `first` is tried, since the operator may have signed in anew.
    pub fn refresh_token(token_url: Url, first: Secret, keeper: Option<Arc<dyn TokenKeeper>>) -> Self {
        Self::of(token_url, Grant::Refresh { first, keeper })
    }

    /// A user's name and password are given for a token.
    pub fn password(token_url: Url, user: impl Into<String>, password: Secret) -> Self {
        Self::of(token_url, Grant::Password { user: user.into(), password })
    }

    /// The client's id and secret go into an `Authorization: Basic` header.
    #[must_use]
    pub fn client_basic(self, id: impl AsRef<str>, secret: Secret) -> Self {
        let value = basic(id.as_ref(), &secret);
        self.header("authorization", value)
    }

    /// The client's id and secret go into the form as `client_id` and `client_secret`.
    #[must_use]
    pub fn client_in_form(self, id: impl Into<String>, secret: Secret) -> Self {
        self.field("client_id", Secret::new(id.into())).field("client_secret", secret)
    }

    /// A scope.
    #[must_use]
    pub fn scope(self, scope: impl Into<String>) -> Self {
        self.field("scope", Secret::new(scope.into()))
    }

    /// A further field of the form.
    #[must_use]
    pub fn field(mut self, name: impl Into<String>, value: Secret) -> Self {
        self.fields.push((name.into(), value));
        self
    }

    /// A header of the token request. `name` in lower case.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: Secret) -> Self {
        self.headers.push((name, value));
        self
    }

    /// Another `grant_type` than the standard one, for vendors that have a name of their own.
    #[must_use]
    pub const fn grant_type(mut self, name: &'static str) -> Self {
        self.grant_type = Some(name);
        self
    }

    /// No `grant_type` at all.
    #[must_use]
    pub const fn no_grant_type(self) -> Self {
        self.grant_type("")
    }

    /// The fields go into the query instead of a form.
    #[must_use]
    pub fn in_query(mut self) -> Self {
        self.in_query = true;
        self
    }

    /// Which rates of the budget signing in counts against; "auth" without it.
    #[must_use]
    pub const fn group(mut self, group: &'static str) -> Self {
        self.group = group;
        self
    }

    /// What the vendor's own refusals of the sign-in mean, before those of RFC 6749 (`invalid_client`, `invalid_grant` and so on), which are known.
    #[must_use]
    pub const fn errors(mut self, errors: ErrorTable) -> Self {
        self.errors = errors;
        self
    }

    fn of(token_url: Url, grant: Grant) -> Self {
        Self {
            token_url,
            grant,
            grant_type: None,
            fields: Vec::new(),
            headers: Vec::new(),
            in_query: false,
            group: "auth",
            errors: ErrorTable::STANDARD,
        }
    }
}

impl std::fmt::Debug for OAuth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OAuth").field("host", &self.token_url.host_str()).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Assertion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Assertion(secret)")
    }
}
