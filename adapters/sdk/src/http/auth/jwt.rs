//! A JSON Web Token signed by us (RFC 7515, RFC 7519), with ring's signatures.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use callgauge_schema::Moment;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;

use crate::{AdapterError, Fault, Secret};

/// How long an assertion is valid, in seconds.
const LIFE: i64 = 300;

/// How a token is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JwtAlgorithm {
    /// RSA with SHA-256, keys of 2048 to 8192 bits.
    Rs256,
    /// ECDSA on P-256 with SHA-256.
    Es256,
}

/// Makes and signs assertions.
pub struct JwtSigner {
    key: Key,
    header: String,
    claims: serde_json::Map<String, serde_json::Value>,
}

enum Key {
    Rsa(RsaKeyPair),
    Ec(EcdsaKeyPair, SystemRandom),
}

impl JwtSigner {
    /// Signs with a private key in PEM form (PKCS#8, for RSA also PKCS#1). `key_id` goes into the header where the vendor asks for one.
    ///
    /// # Errors
    /// What is wrong with the key, for a setting's fault; nothing of the key is in it.
    pub fn new(algorithm: JwtAlgorithm, key: &Secret, key_id: Option<&str>) -> Result<Self, &'static str> {
        let der = PrivateKeyDer::from_pem_slice(key.expose().as_bytes())
            .map_err(|_| "holds no private key in PEM form, which begins with -----BEGIN PRIVATE KEY-----")?;
        let (key, name) = match (algorithm, &der) {
            (JwtAlgorithm::Rs256, PrivateKeyDer::Pkcs8(der)) => {
                (RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()).map(Key::Rsa), "RS256")
            }
            (JwtAlgorithm::Rs256, PrivateKeyDer::Pkcs1(der)) => {
                (RsaKeyPair::from_der(der.secret_pkcs1_der()).map(Key::Rsa), "RS256")
            }
            (JwtAlgorithm::Es256, PrivateKeyDer::Pkcs8(der)) => {
                let random = SystemRandom::new();
                let pair = EcdsaKeyPair::from_pkcs8(
                    &ECDSA_P256_SHA256_FIXED_SIGNING,
                    der.secret_pkcs8_der(),
                    &random,
                );
                (pair.map(|pair| Key::Ec(pair, random)), "ES256")
            }
            _ => {
                return Err(
                    "is a private key of another form than expected: convert it to PKCS#8, which begins with -----BEGIN PRIVATE KEY-----",
                );
            }
        };
        let key = key.map_err(|_| match algorithm {
            JwtAlgorithm::Rs256 => "is no RSA key of 2048 to 8192 bits",
            JwtAlgorithm::Es256 => "is no EC key on the curve P-256",
        })?;
        let mut header = serde_json::json!({ "alg": name, "typ": "JWT" });
        if let Some(id) = key_id {
            header["kid"] = id.into();
        }
        Ok(Self { key, header: URL_SAFE_NO_PAD.encode(header.to_string()), claims: serde_json::Map::new() })
    }

    /// A claim: `iss`, `sub`, `aud`, `scope`. `iat`, `exp` and `jti` are made each time.
    #[must_use]
    pub fn claim(mut self, name: &str, value: impl Into<serde_json::Value>) -> Self {
        self.claims.insert(name.to_owned(), value.into());
        self
    }

    /// A token that is valid for five minutes from now.
    pub(super) fn sign(&self, now: Moment) -> Result<Secret, AdapterError> {
        let mut claims = self.claims.clone();
        claims.insert("iat".to_owned(), now.secs().into());
        claims.insert("exp".to_owned(), (now.secs() + LIFE).into());
        claims.insert("jti".to_owned(), format!("{:032x}", fastrand::u128(..)).into());
        let claims = URL_SAFE_NO_PAD.encode(serde_json::Value::Object(claims).to_string());
        let signed = format!("{}.{claims}", self.header);
        let failed = |_| {
            AdapterError::new(Fault::Credentials, "the private key cannot sign; check it in the settings")
        };
        let signature = match &self.key {
            Key::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature)
                    .map_err(failed)?;
                signature
            }
            Key::Ec(pair, random) => pair.sign(random, signed.as_bytes()).map_err(failed)?.as_ref().to_vec(),
        };
        Ok(Secret::new(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))))
    }
}

impl fmt::Debug for JwtSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JwtSigner(secret)")
    }
}
