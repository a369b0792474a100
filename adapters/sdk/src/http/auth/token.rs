//! The token at hand: fetched by one request at a time, shared, renewed before its end.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Deserializer};
use tokio::sync::{Mutex, OwnedMutexGuard};
use tracing::{debug, warn};

use super::oauth::{Assertion, Grant, OAuth};
use crate::http::{Client, CodeAt, ErrorRule, ErrorTable, Request};
use crate::{AdapterError, Fault, Secret, clock};

/// A token is renewed this long before its end, or after nine tenths of a shorter life.
const MARGIN: Duration = Duration::from_secs(60);

/// What a refusal of the token request means: RFC 6749, section 5.2, and the statuses that vendors answer with instead.
const SIGN_IN_ERRORS: ErrorTable = ErrorTable {
    code_at: &[CodeAt::Body("/error")],
    rules: &[
        ErrorRule::of_code(
            "invalid_client",
            Fault::Credentials,
            "the client id or secret is wrong, or the app was removed; check both in the settings",
        ),
        ErrorRule::of_code(
            "invalid_grant",
            Fault::Credentials,
            "the refresh token, assertion or password is wrong, used up or has ended; sign in at the vendor anew and put the new one into the settings",
        ),
        ErrorRule::of_code(
            "unauthorized_client",
            Fault::Permission,
            "the app may not sign in in this way; change its type at the vendor",
        ),
        ErrorRule::of_code(
            "unsupported_grant_type",
            Fault::Permission,
            "this way of signing in is not open to the app; change its type at the vendor, and check token_url",
        ),
        ErrorRule::of_code(
            "invalid_scope",
            Fault::Permission,
            "the app lacks a scope; grant those that the adapter's doc lists",
        ),
        ErrorRule::of_status(
            400,
            Fault::Credentials,
            "signing in was refused; check the credentials in the settings",
        ),
        ErrorRule::of_status(
            401,
            Fault::Credentials,
            "signing in was refused; check the credentials in the settings",
        ),
        ErrorRule::of_status(
            403,
            Fault::Permission,
            "signing in is not allowed; check that the app is active at the vendor",
        ),
        ErrorRule::of_status(404, Fault::Region, "there is no sign-in at this address; check token_url"),
        ErrorRule::of_status(405, Fault::Region, "there is no sign-in at this address; check token_url"),
    ],
};

/// Fetches tokens and has the one at hand.
pub(super) struct TokenSource {
    shared: Arc<Shared>,
}

struct Shared {
    oauth: OAuth,
    held: Arc<Mutex<Held>>,
}

#[derive(Default)]
struct Held {
    token: Option<Token>,
    /// How many were fetched; the number of the last.
    fetched: u64,
    /// The newest refresh token that this adapter was given.
    refresh: Option<Secret>,
}

struct Token {
    access: Secret,
    renew_at: Option<Duration>,
}

/// What a token endpoint answers. Other fields do not matter.
#[derive(Deserialize)]
struct Answer {
    #[serde(deserialize_with = "secret")]
    access_token: Secret,
    #[serde(default, deserialize_with = "seconds")]
    expires_in: Option<u64>,
    #[serde(default, deserialize_with = "optional_secret")]
    refresh_token: Option<Secret>,
}

impl TokenSource {
    pub(super) fn new(oauth: OAuth) -> Self {
        Self { shared: Arc::new(Shared { oauth, held: Arc::default() }) }
    }

    /// The token to send and its number.
    pub(super) async fn token(&self, client: &Client) -> Result<(Secret, u64), AdapterError> {
        let held = Arc::clone(&self.shared.held).lock_owned().await;
        let now = clock::current().elapsed();
        if let Some(token) = held.token.as_ref().filter(|token| token.renew_at.is_none_or(|at| now < at)) {
            return Ok((token.access.clone(), held.fetched));
        }
        // In a task of its own: when the host drops this future, a refresh token that was used up must still be replaced by the new one.
        match tokio::spawn(Arc::clone(&self.shared).renewed(client.clone(), held)).await {
            Ok(found) => found,
            Err(_) => Err(AdapterError::new(
                Fault::Unavailable,
                "signing in was broken off; it is tried again later",
            )),
        }
    }

    /// The token of this number was refused.
    pub(super) async fn expire(&self, number: u64) {
        let mut held = self.shared.held.lock().await;
        if held.fetched == number {
            held.token = None;
        }
    }
}

type Renewed = Pin<Box<dyn Future<Output = Result<(Secret, u64), AdapterError>> + Send>>;

impl Shared {
    /// A new token in place of the one held. Boxed, because signing in is a request like any other and so this calls itself.
    fn renewed(self: Arc<Self>, client: Client, mut held: OwnedMutexGuard<Held>) -> Renewed {
        Box::pin(clock::with(clock::current(), async move {
            let token = self.fetch(&client, &mut held).await?;
            let access = token.access.clone();
            held.token = Some(token);
            held.fetched += 1;
            Ok((access, held.fetched))
        }))
    }

    async fn fetch(&self, client: &Client, held: &mut Held) -> Result<Token, AdapterError> {
        let signing_in =
            client.for_signing_in(self.oauth.token_url.clone(), vec![self.oauth.errors, SIGN_IN_ERRORS]);
        let asked_at = clock::current().elapsed();
        let answer = match &self.oauth.grant {
            Grant::Refresh { first, keeper } => {
                let kept = match (&held.refresh, keeper) {
                    (Some(refresh), _) => Some(refresh.clone()),
                    (None, Some(keeper)) => {
                        keeper.kept().await.map_err(|fault| kept_fault(client, &fault))?
                    }
                    (None, None) => None,
                };
                let answer = match kept.filter(|kept| kept != first) {
                    Some(kept) => match self.ask(&signing_in, Some(&kept)).await {
                        Err(error) if error.fault == Fault::Credentials => {
                            debug!(
                                "the refresh token that was kept is refused; the one of the settings is tried"
                            );
                            self.ask(&signing_in, Some(first)).await?
                        }
                        answer => answer?,
                    },
                    None => self.ask(&signing_in, Some(first)).await?,
                };
                if let Some(fresh) = &answer.refresh_token {
                    if let Some(keeper) = keeper {
                        keeper.keep(fresh).await.map_err(|fault| kept_fault(client, &fault))?;
                    } else if held.refresh.as_ref() != Some(fresh) && fresh != first {
                        warn!(
                            "the vendor changed the refresh token and there is nowhere to keep it: after a restart the operator has to sign in anew"
                        );
                    }
                    held.refresh = Some(fresh.clone());
                }
                answer
            }
            Grant::Client | Grant::Jwt(_) | Grant::Password { .. } => self.ask(&signing_in, None).await?,
        };
        let Answer { access_token, expires_in, refresh_token: _ } = answer;
        let life = expires_in.map(Duration::from_secs);
        Ok(Token { access: access_token, renew_at: life.map(|life| asked_at + life - MARGIN.min(life / 10)) })
    }

    async fn ask(&self, signing_in: &Client, refresh: Option<&Secret>) -> Result<Answer, AdapterError> {
        let mut fields: Vec<(&str, Secret)> = Vec::new();
        let standard = match &self.oauth.grant {
            Grant::Client => "client_credentials",
            Grant::Jwt(assertion) => {
                let assertion = match &**assertion {
                    Assertion::Given(jwt) => jwt.clone(),
                    Assertion::Signed(signer) => signer.sign(clock::current().wall())?,
                };
                fields.push(("assertion", assertion));
                "urn:ietf:params:oauth:grant-type:jwt-bearer"
            }
            Grant::Refresh { .. } => {
                fields.extend(refresh.map(|token| ("refresh_token", token.clone())));
                "refresh_token"
            }
            Grant::Password { user, password } => {
                fields.push(("username", Secret::from(user.as_str())));
                fields.push(("password", password.clone()));
                "password"
            }
        };
        let grant_type = self.oauth.grant_type.unwrap_or(standard);
        if !grant_type.is_empty() {
            fields.push(("grant_type", Secret::from(grant_type)));
        }
        fields.extend(self.oauth.fields.iter().map(|(name, value)| (name.as_str(), value.clone())));
        let pairs: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.expose())).collect();
        let mut request = if self.oauth.in_query {
            pairs
                .iter()
                .fold(Request::post_form("", &[]), |request, (name, value)| request.query(*name, value))
        } else {
            Request::post_form("", &pairs)
        };
        request = request.search().group(self.oauth.group);
        request.secrets.clone_from(&self.oauth.headers);
        debug!("a token is asked for");
        let (answer, _) = signing_in.json::<Answer>(&request).await?;
        Ok(answer)
    }
}

fn kept_fault(client: &Client, fault: &crate::KeeperFault) -> AdapterError {
    AdapterError::new(
        Fault::File,
        format!("the refresh token for {} cannot be kept: {fault}", client.vendor()),
    )
}

fn secret<'de, D: Deserializer<'de>>(from: D) -> Result<Secret, D::Error> {
    String::deserialize(from).map(Secret::new)
}

fn optional_secret<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Secret>, D::Error> {
    Ok(Option::<String>::deserialize(from)?.filter(|text| !text.is_empty()).map(Secret::new))
}

/// A number, or text of one, as some vendors send.
fn seconds<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Number(f64),
        Text(String),
    }
    let number = match Option::<Written>::deserialize(from)? {
        Some(Written::Number(number)) => Some(number),
        Some(Written::Text(text)) => text.trim().parse().ok(),
        None => None,
    };
    Ok(number.filter(|secs| (0.0..1e10).contains(secs)).map(|secs| secs as u64))
}
