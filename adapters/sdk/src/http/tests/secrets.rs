//! At no level does any log or error show a secret, a body or a query.

use std::io;
use std::sync::Mutex;

use tracing_subscriber::fmt::MakeWriter;

use super::*;
use crate::http::{Assertion, Auth, AwsKeys, OAuth, Request};
use crate::{Secret, Settings};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no test panics while it holds this").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

/// Every secret, query value and personal thing in what follows has this in it.
const MARK: &str = "s3cret";

fn marked(name: &str) -> Secret {
    Secret::new(format!("{MARK}-{name}"))
}

/// Signs in in every way, against a vendor that answers, refuses and repeats all it was sent; gives everything that an operator could see.
async fn exchanges() -> Vec<String> {
    let echo =
        |seen: &Seen| format!("{} {:?} {} 07700 900123 {MARK}-body", seen.target, seen.headers, seen.body);
    let mut n = 0;
    let server = Server::start(move |seen| {
        n += 1;
        let token = format!(
            r#"{{"access_token": "{MARK}-access", "refresh_token": "{MARK}-fresh", "expires_in": 1, "x": 1}}"#
        );
        match (seen.path(), n % 5) {
            ("/token", 0) => Answer::Whole(400, vec![("x-echo", format!("{MARK}-header"))], echo(seen)),
            ("/token", _) => Answer::ok(&token),
            (_, 1) => Answer::Whole(403, vec![("x-echo", format!("{MARK}-header"))], echo(seen)),
            (_, 2) => Answer::ok(&format!(r#"{{"calls": [{{"id": "x", "secs": "{MARK}"}}]}}"#)),
            (_, 3) => Answer::ok(&format!(r#"{{"{MARK}": "#)),
            (_, 4) => Answer::status(401),
            _ => Answer::ok(LIST),
        }
    })
    .await;
    let token_url = || server.url("/token");
    let client_auth =
        |oauth: OAuth| Auth::oauth(oauth.client_basic("id", marked("client")).scope(format!("{MARK}-scope")));
    let keys = AwsKeys {
        access_key_id: "AKIDEXAMPLE".to_owned(),
        secret_access_key: marked("aws"),
        session_token: Some(marked("session")),
        region: "eu-west-2".to_owned(),
        service: "connect".to_owned(),
    };
    let ways = [
        client_auth(OAuth::client_credentials(token_url())),
        client_auth(OAuth::client_credentials(token_url()).in_query()),
        client_auth(OAuth::jwt_bearer(token_url(), Assertion::Given(marked("jwt")))),
        client_auth(OAuth::refresh_token(token_url(), marked("refresh"), None)),
        client_auth(OAuth::password(token_url(), "user", marked("password"))),
        Auth::basic("user", &marked("basic")),
        Auth::header("x-api-key", marked("key")).also("x-other", marked("other")),
        Auth::aws(keys),
    ];
    let mut shown = Vec::new();
    for auth in ways {
        shown.push(format!("{auth:?}"));
        let client = Client::builder("Acme", server.url("/v1")).auth(auth).build();
        for turn in 0..6 {
            let request = Request::get("calls").query("from", format!("{MARK}-query"));
            let request = if turn % 2 == 0 {
                request
            } else {
                Request::post_json("calls", &format!("{MARK}-sent")).search()
            };
            match client.json::<List>(&request).await {
                Ok((_, reply)) => shown.push(format!("{reply:?}")),
                Err(error) => shown.push(format!("{error} {error:?}")),
            }
            shown.push(format!("{client:?} {request:?}"));
        }
    }
    shown
}

#[test]
fn no_log_and_no_error_shows_a_secret_at_any_level() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::new("trace"))
        .with_writer(log.clone())
        .with_ansi(false)
        .finish();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let shown = tracing::subscriber::with_default(subscriber, || runtime.block_on(stepped(|_| exchanges())));
    let log = String::from_utf8(log.0.lock().expect("nobody panicked").clone()).expect("is text");
    assert!(
        log.contains("a token is asked for") && log.contains("TRACE"),
        "the log is taken down at every level"
    );
    for (text, what) in [(log.as_str(), "the log"), (shown.join("\n").as_str(), "what is shown")] {
        let leaks: Vec<&str> =
            text.lines().filter(|line| line.contains(MARK) || line.contains("900123")).collect();
        assert!(leaks.is_empty(), "{what} tells: {leaks:#?}");
    }
    assert!(!format!("{:?}", Settings::default()).contains(MARK));
}
