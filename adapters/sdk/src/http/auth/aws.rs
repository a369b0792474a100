//! AWS Signature 4, by Amazon's own signing library.

use std::fmt;
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use http::header::{HeaderName, HeaderValue};
use tracing::dispatcher::{Dispatch, with_default};

use crate::http::Client;
use crate::{AdapterError, Fault, Secret, clock};

/// Keys of an IAM user or role, and what they sign for.
#[derive(Clone)]
pub struct AwsKeys {
    /// The access key's id.
    pub access_key_id: String,
    /// The secret access key.
    pub secret_access_key: Secret,
    /// The session token of temporary keys.
    pub session_token: Option<Secret>,
    /// "eu-west-2".
    pub region: String,
    /// The service's signing name: "connect".
    pub service: String,
}

impl AwsKeys {
    pub(super) fn sign(&self, client: &Client, wire: &mut reqwest::Request) -> Result<(), AdapterError> {
        let Self { access_key_id, secret_access_key, session_token, region, service } = self;
        let failed = || {
            AdapterError::new(
                Fault::Credentials,
                format!(
                    "a request to {} cannot be signed; check the access key and the region",
                    client.vendor()
                ),
            )
        };
        let session = session_token.as_ref().map(|token| token.expose().to_owned());
        let identity =
            Credentials::new(access_key_id, secret_access_key.expose(), session, None, "callgauge").into();
        let millis = u64::try_from(clock::current().wall().millis()).unwrap_or_default();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(region)
            .name(service)
            .time(SystemTime::UNIX_EPOCH + Duration::from_millis(millis))
            .settings(SigningSettings::default())
            .build()
            .map_err(|_| failed())?
            .into();
        let body = wire.body().and_then(reqwest::Body::as_bytes).unwrap_or_default();
        let headers =
            wire.headers().iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
        let signable = SignableRequest::new(
            wire.method().as_str(),
            wire.url().as_str(),
            headers,
            SignableBody::Bytes(body),
        )
        .map_err(|_| failed())?;
        // The library logs addresses with their query; nobody listens meanwhile.
        let signed = with_default(&Dispatch::none(), || sign(signable, &params));
        let (added, _) = signed.map_err(|_| failed())?.into_parts();
        let (headers, _) = added.into_parts();
        for header in headers {
            let mut value = HeaderValue::from_str(header.value()).map_err(|_| failed())?;
            value.set_sensitive(true);
            wire.headers_mut().insert(HeaderName::from_static(header.name()), value);
        }
        Ok(())
    }
}

impl fmt::Debug for AwsKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AwsKeys")
            .field("region", &self.region)
            .field("service", &self.service)
            .finish_non_exhaustive()
    }
}
