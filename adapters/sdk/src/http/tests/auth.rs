//! Every way of being let in, and what happens when a token ends.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair,
    RSA_PKCS1_2048_8192_SHA256, RsaKeyPair, UnparsedPublicKey,
};

use tokio::sync::Semaphore;

use super::stepped::BEGINNING;
use super::*;
use crate::clock::Clock;
use crate::http::{Assertion, Auth, AwsKeys, JwtAlgorithm, JwtSigner, OAuth, Request};
use crate::{AdapterError, Fault, KeeperFault, Secret, TokenKeeper};

/// A vendor with a token endpoint at /token and calls behind a token everywhere else. Tokens are `t1`, `t2` and so on; each is good until the next.
fn guarded(
    mut token: impl FnMut(&Seen, u32) -> Answer + Send + 'static,
) -> impl FnMut(&Seen) -> Answer + Send + 'static {
    let mut given = 0;
    move |seen| {
        if seen.path() == "/token" {
            given += 1;
            return token(seen, given);
        }
        if seen.header("authorization") == format!("Bearer t{given}") {
            Answer::ok(LIST)
        } else {
            Answer::status(401)
        }
    }
}

fn token(n: u32) -> Answer {
    Answer::ok(&format!(
        r#"{{"access_token": "t{n}", "token_type": "bearer", "expires_in": 3600, "scope": "x"}}"#
    ))
}

fn with(server: &Server, oauth: OAuth) -> Client {
    Client::builder("Acme", server.url("/v1")).auth(Auth::oauth(oauth)).build()
}

async fn ask(client: &Client) -> Result<(), AdapterError> {
    client.json::<List>(&Request::get("calls")).await.map(|_| ())
}

fn fields(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn secret(text: &str) -> Secret {
    Secret::from(text)
}

#[tokio::test]
async fn keys_and_passwords_go_into_their_headers() {
    let basic = format!("Basic {}", STANDARD.encode("user:pässword"));
    for (auth, name, value) in [
        (Auth::basic("user", &secret("pässword")), "authorization", basic.as_str()),
        (Auth::bearer(&secret("abc")), "authorization", "Bearer abc"),
        (Auth::header("x-api-key", secret("k1")), "x-api-key", "k1"),
        (Auth::bearer(&secret("abc")).also("8x8-apikey", secret("k2")), "8x8-apikey", "k2"),
    ] {
        stepped(|_| async move {
            let server = Server::start(in_turn(vec![Answer::ok(LIST)])).await;
            let client = Client::builder("Acme", server.url("/v1")).auth(auth).build();
            ask(&client).await.expect("is let in");
            assert_eq!(server.seen()[0].header(name), value);
        })
        .await;
    }
    let client =
        Client::builder("Acme", url("http://127.0.0.1:1")).auth(Auth::bearer(&secret("line\nbreak"))).build();
    assert_eq!(ask(&client).await.expect_err("cannot be sent").fault, Fault::Credentials);
}

#[tokio::test]
async fn each_grant_is_asked_for_as_the_standard_says() {
    let basic = format!("Basic {}", STANDARD.encode("id:s3cret"));
    type Case<'a> = (fn(Url) -> OAuth, &'a [(&'a str, &'a str)], &'a str);
    let cases: [Case<'_>; 6] = [
        (
            |url| OAuth::client_credentials(url).client_basic("id", secret("s3cret")).scope("a b"),
            &[("grant_type", "client_credentials"), ("scope", "a b")],
            &basic,
        ),
        (
            |url| OAuth::client_credentials(url).client_in_form("id", secret("s3cret")),
            &[("grant_type", "client_credentials"), ("client_id", "id"), ("client_secret", "s3cret")],
            "",
        ),
        (
            |url| {
                let zoom = OAuth::client_credentials(url).client_basic("id", secret("s3cret"));
                zoom.grant_type("account_credentials").field("account_id", secret("acc/1")).in_query()
            },
            &[("grant_type", "account_credentials"), ("account_id", "acc/1")],
            &basic,
        ),
        (
            |url| {
                OAuth::jwt_bearer(url, Assertion::Given(secret("a.b.c"))).client_basic("id", secret("s3cret"))
            },
            &[("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"), ("assertion", "a.b.c")],
            &basic,
        ),
        (
            |url| OAuth::refresh_token(url, secret("r0"), None).client_in_form("id", secret("s3cret")),
            &[
                ("grant_type", "refresh_token"),
                ("refresh_token", "r0"),
                ("client_id", "id"),
                ("client_secret", "s3cret"),
            ],
            "",
        ),
        (
            |url| {
                OAuth::password(url, "user", secret("pass"))
                    .header("8x8-apikey", secret("key"))
                    .no_grant_type()
            },
            &[("username", "user"), ("password", "pass")],
            "",
        ),
    ];
    for (made, expected, authorization) in cases {
        stepped(|_| async move {
            let server = Server::start(guarded(|_, n| token(n))).await;
            ask(&with(&server, made(server.url("/token")))).await.expect("is let in");
            let asked = &server.seen()[0];
            assert_eq!((asked.method.as_str(), asked.path()), ("POST", "/token"));
            assert_eq!(asked.fields(), fields(expected));
            assert_eq!(asked.header("authorization"), authorization);
            assert_eq!(asked.header("8x8-apikey"), if expected[0].0 == "username" { "key" } else { "" });
        })
        .await;
    }
}

#[tokio::test]
async fn a_token_is_fetched_once_shared_and_renewed_before_its_end() {
    stepped(|clock| async move {
        // 8x8 writes the seconds as text.
        let text = |n| Answer::ok(&format!(r#"{{"access_token": "t{n}", "expires_in": "1799"}}"#));
        let server = Server::start(guarded(move |_, n| text(n))).await;
        let client =
            with(&server, OAuth::client_credentials(server.url("/token")).client_basic("id", secret("s")));
        let asked = || server.seen().iter().filter(|seen| seen.path() == "/token").count();
        let all = tokio::join!(ask(&client), ask(&client), ask(&client));
        assert!(all.0.is_ok() && all.1.is_ok() && all.2.is_ok());
        assert_eq!(asked(), 1, "three requests at once, one token");
        clock.advance(Duration::from_secs(1_700));
        ask(&client).await.expect("is let in");
        assert_eq!(asked(), 1);
        clock.advance(Duration::from_secs(40));
        ask(&client).await.expect("is let in");
        assert_eq!(asked(), 2, "renewed a minute before its end");
        assert!(
            server
                .seen()
                .iter()
                .all(|seen| seen.path() == "/token" || !seen.header("authorization").is_empty())
        );
    })
    .await;
}

#[tokio::test]
async fn a_token_that_ends_between_two_pages_is_renewed_and_the_page_asked_for_again() {
    stepped(|clock| async move {
        let mut calls = 0;
        let mut tokens = 0;
        let server = Server::start(move |seen| {
            if seen.path() == "/token" {
                tokens += 1;
                return token(tokens);
            }
            calls += 1;
            // The first token is ended after one page.
            if calls > 1 && seen.header("authorization") == "Bearer t1" {
                Answer::status(401)
            } else {
                Answer::ok(LIST)
            }
        })
        .await;
        let client = with(&server, OAuth::client_credentials(server.url("/token")));
        ask(&client).await.expect("the first page");
        ask(&client).await.expect("the second page, with another token");
        let paths: Vec<String> = server.seen().iter().map(|seen| seen.path().to_owned()).collect();
        assert_eq!(paths, ["/token", "/v1/calls", "/v1/calls", "/token", "/v1/calls"]);
        assert!(clock.slept().is_empty(), "at once");
    })
    .await;
}

#[tokio::test]
async fn a_401_with_a_fresh_token_is_the_end() {
    stepped(|_| async {
        let server =
            Server::start(|seen: &Seen| if seen.path() == "/token" { token(1) } else { Answer::status(401) })
                .await;
        let client = with(&server, OAuth::client_credentials(server.url("/token")));
        assert_eq!(ask(&client).await.expect_err("is never let in").fault, Fault::Credentials);
        assert_eq!(server.seen().len(), 4, "token, call, token, call");
    })
    .await;
}

#[tokio::test]
async fn a_sign_in_that_is_refused_says_what_to_change_and_is_not_repeated() {
    for (status, body, fault) in [
        (401, r#"{"error": "invalid_client"}"#, Fault::Credentials),
        (400, r#"{"error": "invalid_grant", "error_description": "s3cret"}"#, Fault::Credentials),
        (400, r#"{"error": "unauthorized_client"}"#, Fault::Permission),
        (400, r#"{"error": "invalid_scope"}"#, Fault::Permission),
        (400, "s3cret", Fault::Credentials),
        (403, "", Fault::Permission),
        (404, "", Fault::Region),
        (200, "{}", Fault::Protocol),
    ] {
        stepped(|_| async move {
            let server =
                Server::start(move |_: &Seen| Answer::Whole(status, Vec::new(), body.to_owned())).await;
            let error = ask(&with(&server, OAuth::client_credentials(server.url("/token"))))
                .await
                .expect_err("is refused");
            assert_eq!((error.fault, server.seen().len()), (fault, 1), "{status} {body}: {error}");
            assert!(
                error.message.starts_with("Acme (signing in) ") && !error.message.contains("s3cret"),
                "{error}"
            );
        })
        .await;
    }
}

#[tokio::test]
async fn a_sign_in_that_fails_for_the_moment_is_repeated() {
    stepped(|_| async {
        let server = Server::start(guarded(|_, n| match n {
            1 => Answer::status(503),
            2 => Answer::Drop,
            3 => Answer::Cut(r#"{"access_token": "t3", "expires_in": 1}"#.to_owned()),
            n => token(n),
        }))
        .await;
        ask(&with(&server, OAuth::client_credentials(server.url("/token"))))
            .await
            .expect("is let in at last");
        assert_eq!(server.seen().len(), 5);
    })
    .await;
}

/// Keeps a token in memory, and remembers what it was given.
#[derive(Default)]
struct Kept {
    now: Mutex<Option<Secret>>,
    refuse: bool,
    /// Where there is one, keeping waits until it is opened, and says that it waits.
    gate: Option<(Semaphore, AtomicBool)>,
}

#[async_trait]
impl TokenKeeper for Kept {
    async fn kept(&self) -> Result<Option<Secret>, KeeperFault> {
        Ok(self.now.lock().expect("no test panics while it holds this").clone())
    }

    async fn keep(&self, token: &Secret) -> Result<(), KeeperFault> {
        if let Some((gate, waits)) = &self.gate {
            waits.store(true, Ordering::SeqCst);
            drop(gate.acquire().await);
        }
        if self.refuse {
            return Err(KeeperFault("the disk is full".to_owned()));
        }
        *self.now.lock().expect("no test panics while it holds this") = Some(token.clone());
        Ok(())
    }
}

/// A vendor that gives a new refresh token each time and takes only the newest; the first is `r0`.
fn rotating() -> impl FnMut(&Seen) -> Answer + Send + 'static {
    let mut newest = "r0".to_owned();
    guarded(move |seen, n| {
        if seen.fields().get("refresh_token") != Some(&newest) {
            return Answer::Whole(400, Vec::new(), r#"{"error": "invalid_grant"}"#.to_owned());
        }
        newest = format!("r{n}");
        Answer::ok(&format!(r#"{{"access_token": "t{n}", "expires_in": 600, "refresh_token": "{newest}"}}"#))
    })
}

#[tokio::test]
async fn a_rotated_refresh_token_outlives_the_adapter() {
    stepped(|clock| async move {
        let server = Server::start(rotating()).await;
        let keeper = Arc::new(Kept::default());
        let open =
            || with(&server, OAuth::refresh_token(server.url("/token"), secret("r0"), Some(keeper.clone())));
        let client = open();
        ask(&client).await.expect("with r0");
        clock.advance(Duration::from_secs(600));
        ask(&client).await.expect("with r1");
        ask(&open()).await.expect("with r2, by an adapter that was opened anew");
        let kept = keeper.kept().await.expect("can be read").expect("one was kept");
        assert_eq!(kept.expose(), "r3");
    })
    .await;
}

#[tokio::test]
async fn a_token_that_cannot_be_kept_is_not_used() {
    stepped(|_| async {
        let server = Server::start(rotating()).await;
        let keeper = Arc::new(Kept { refuse: true, ..Kept::default() });
        let client = with(&server, OAuth::refresh_token(server.url("/token"), secret("r0"), Some(keeper)));
        let error = ask(&client).await.expect_err("cannot be kept");
        assert_eq!(error.fault, Fault::File);
        assert!(error.message.contains("the disk is full"), "{error}");
        assert_eq!(server.seen().len(), 1, "no call was asked for");
    })
    .await;
}

#[tokio::test]
async fn an_operator_who_signed_in_anew_is_heard() {
    stepped(|_| async {
        let server = Server::start(rotating()).await;
        let keeper = Arc::new(Kept { now: Mutex::new(Some(secret("stale"))), ..Kept::default() });
        let client =
            with(&server, OAuth::refresh_token(server.url("/token"), secret("r0"), Some(keeper.clone())));
        ask(&client).await.expect("the kept one is refused, that of the settings is good");
        assert_eq!(keeper.kept().await.expect("can be read").expect("was kept").expose(), "r2");
    })
    .await;
}

#[tokio::test]
async fn a_request_that_is_dropped_while_signing_in_loses_no_refresh_token() {
    stepped(|_| async {
        let server = Server::start(rotating()).await;
        let gate = Some((Semaphore::new(0), AtomicBool::new(false)));
        let keeper = Arc::new(Kept { gate, ..Kept::default() });
        let client =
            with(&server, OAuth::refresh_token(server.url("/token"), secret("r0"), Some(keeper.clone())));
        let (gate, waits) = keeper.gate.as_ref().expect("it has one");
        {
            let mut asking = Box::pin(ask(&client));
            while !waits.load(Ordering::SeqCst) {
                let step = tokio::time::timeout(Duration::from_millis(1), &mut asking).await;
                assert!(step.is_err(), "cannot end before the gate opens");
            }
        }
        gate.add_permits(10);
        ask(&client).await.expect("goes on with what the dropped one was given");
        assert_eq!(keeper.kept().await.expect("can be read").expect("was kept").expose(), "r1");
    })
    .await;
}

/// Header, claims, what was signed, signature.
fn taken_apart(jwt: &str) -> (serde_json::Value, serde_json::Value, String, Vec<u8>) {
    let parts: Vec<&str> = jwt.split('.').collect();
    let json = |part: &str| {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).expect("is base64")).expect("is JSON")
    };
    let signature = URL_SAFE_NO_PAD.decode(parts[2]).expect("is base64");
    (json(parts[0]), json(parts[1]), format!("{}.{}", parts[0], parts[1]), signature)
}

#[tokio::test]
async fn an_assertion_is_signed_so_that_the_vendor_can_check_it() {
    let random = SystemRandom::new();
    let ec = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).expect("a key");
    let ec_public =
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, ec.as_ref(), &random).expect("is one");
    let ec_pem =
        format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", STANDARD.encode(ec.as_ref()));
    let der =
        STANDARD.decode(keys::RSA_PKCS1.lines().filter(|line| !line.starts_with('-')).collect::<String>());
    let rsa_public = RsaKeyPair::from_der(&der.expect("is base64")).expect("is a key");
    for (algorithm, pem, name) in [
        (JwtAlgorithm::Rs256, keys::RSA, "RS256"),
        (JwtAlgorithm::Rs256, keys::RSA_PKCS1, "RS256"),
        (JwtAlgorithm::Es256, ec_pem.as_str(), "ES256"),
    ] {
        let signer = JwtSigner::new(algorithm, &secret(pem), Some("key1")).expect("is a key");
        let signer = signer.claim("iss", "app").claim("aud", "https://acme.example");
        let assertion = stepped(|_| async move {
            let server = Server::start(guarded(|_, n| token(n))).await;
            ask(&with(&server, OAuth::jwt_bearer(server.url("/token"), Assertion::Signed(signer))))
                .await
                .expect("is let in");
            server.seen()[0].fields()["assertion"].clone()
        })
        .await;
        let (header, claims, signed, signature) = taken_apart(&assertion);
        assert_eq!(header, serde_json::json!({ "alg": name, "typ": "JWT", "kid": "key1" }));
        assert_eq!((claims["iss"].as_str(), claims["iat"].as_i64()), (Some("app"), Some(BEGINNING.secs())));
        assert_eq!(claims["exp"].as_i64(), Some(BEGINNING.secs() + 300));
        let checked = if name == "ES256" {
            UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, ec_public.public_key().as_ref())
                .verify(signed.as_bytes(), &signature)
        } else {
            UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, rsa_public.public_key().as_ref())
                .verify(signed.as_bytes(), &signature)
        };
        assert!(checked.is_ok(), "{name}");
    }
}

#[test]
fn a_key_of_another_kind_is_a_fault_of_the_settings() {
    for (algorithm, pem) in [
        (JwtAlgorithm::Es256, keys::RSA),
        (JwtAlgorithm::Es256, keys::RSA_PKCS1),
        (JwtAlgorithm::Rs256, "s3cret"),
        (JwtAlgorithm::Rs256, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"),
    ] {
        let fault = JwtSigner::new(algorithm, &secret(pem), None).map(|_| ()).expect_err("is no key");
        assert!(!fault.contains("s3cret"), "{fault}");
    }
}

#[tokio::test]
async fn aws_requests_carry_a_signature_of_this_time_and_region() {
    let keys = AwsKeys {
        access_key_id: "AKIDEXAMPLE".to_owned(),
        secret_access_key: secret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
        session_token: Some(secret("session")),
        region: "eu-west-2".to_owned(),
        service: "connect".to_owned(),
    };
    stepped(|clock| async move {
        let server = Server::start(in_turn(vec![Answer::status(500), Answer::ok(LIST)])).await;
        let client = Client::builder("Connect", server.url("")).auth(Auth::aws(keys)).build();
        let search = Request::post_json("search-contacts", &serde_json::json!({ "InstanceId": "i" })).search();
        client.json::<List>(&search).await.expect("is answered");
        let seen = server.seen();
        let authorization = seen[0].header("authorization");
        assert!(authorization.starts_with("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260202/eu-west-2/connect/aws4_request, SignedHeaders="), "{authorization}");
        assert!(authorization.contains("host;x-amz-date"), "{authorization}");
        assert_eq!((seen[0].header("x-amz-date"), seen[0].header("x-amz-security-token")), ("20260202T080000Z", "session"));
        assert!(clock.elapsed() > Duration::ZERO && !seen[1].header("authorization").is_empty(), "signed anew for the repeat");
    })
    .await;
}
