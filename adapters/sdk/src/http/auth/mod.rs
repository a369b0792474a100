//! Who asks: each way in which vendors let a program in.

mod aws;
mod jwt;
mod oauth;
mod token;

use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{AUTHORIZATION, HeaderName, HeaderValue};

use super::Client;
use crate::{AdapterError, Fault, Secret};

pub use aws::AwsKeys;
pub use jwt::{JwtAlgorithm, JwtSigner};
pub use oauth::{Assertion, OAuth};

/// How requests are let in. Cheap to clone; clones share their token, so that clients for several addresses of one account sign in once.
#[derive(Clone)]
pub struct Auth {
    way: Arc<Way>,
    also: Vec<(&'static str, Secret)>,
}

enum Way {
    None,
    Header { name: &'static str, value: Secret },
    Token(token::TokenSource),
    Aws(AwsKeys),
}

impl Auth {
    /// Nobody asks.
    pub fn none() -> Self {
        Self::of(Way::None)
    }

    /// HTTP Basic (RFC 7617).
    pub fn basic(user: &str, password: &Secret) -> Self {
        Self::of(Way::Header { name: "authorization", value: basic(user, password) })
    }

    /// A token that the operator was given and that does not change.
    pub fn bearer(token: &Secret) -> Self {
        Self::of(Way::Header {
            name: "authorization",
            value: Secret::new(format!("Bearer {}", token.expose())),
        })
    }

    /// A key in a header of its own. `name` in lower case.
    pub fn header(name: &'static str, key: Secret) -> Self {
        Self::of(Way::Header { name, value: key })
    }

    /// OAuth 2: a token is fetched once, shared, renewed before its end, and once more when a request is answered 401.
    pub fn oauth(oauth: OAuth) -> Self {
        Self::of(Way::Token(token::TokenSource::new(oauth)))
    }

    /// AWS Signature 4.
    pub fn aws(keys: AwsKeys) -> Self {
        Self::of(Way::Aws(keys))
    }

    /// The same with a further secret header, for vendors that want a key beside the token. `name` in lower case.
    #[must_use]
    pub fn also(mut self, name: &'static str, key: Secret) -> Self {
        self.also.push((name, key));
        self
    }

    fn of(way: Way) -> Self {
        Self { way: Arc::new(way), also: Vec::new() }
    }

    /// Adds what lets the request in. Gives the number of the token used, for [`Self::expire`].
    pub(super) async fn sign(
        &self,
        client: &Client,
        wire: &mut reqwest::Request,
    ) -> Result<Option<u64>, AdapterError> {
        for (name, key) in &self.also {
            insert(client, wire, name, key)?;
        }
        match &*self.way {
            Way::None => Ok(None),
            Way::Header { name, value } => insert(client, wire, name, value).map(|()| None),
            Way::Aws(keys) => keys.sign(client, wire).map(|()| None),
            Way::Token(source) => {
                let (token, number) = source.token(client).await?;
                let value = Secret::new(format!("Bearer {}", token.expose()));
                insert(client, wire, AUTHORIZATION.as_str(), &value)?;
                Ok(Some(number))
            }
        }
    }

    /// The token of this number was refused. A newer one, which another request may have fetched meanwhile, stays.
    pub(super) async fn expire(&self, number: u64) {
        if let Way::Token(source) = &*self.way {
            source.expire(number).await;
        }
    }
}

impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match *self.way {
            Way::None => "Auth(none)",
            Way::Header { .. } => "Auth(header)",
            Way::Token(_) => "Auth(token)",
            Way::Aws(_) => "Auth(aws)",
        })
    }
}

/// A user and a password as Basic takes them.
fn basic(user: &str, password: &Secret) -> Secret {
    let pair = Secret::new(format!("{user}:{}", password.expose()));
    Secret::new(format!("Basic {}", STANDARD.encode(pair.expose())))
}

/// A header that is never shown, not even by what logs requests.
pub(super) fn insert(
    client: &Client,
    wire: &mut reqwest::Request,
    name: &'static str,
    value: &Secret,
) -> Result<(), AdapterError> {
    let mut value = HeaderValue::from_str(value.expose()).map_err(|_| {
        AdapterError::new(
            Fault::Credentials,
            format!("the credentials for {} hold a line break or another character that cannot be sent; copy them again", client.vendor()),
        )
    })?;
    value.set_sensitive(true);
    wire.headers_mut().insert(HeaderName::from_static(name), value);
    Ok(())
}
