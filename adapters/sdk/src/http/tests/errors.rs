//! From a refusal to an error that an operator can act on, with nothing of the answer in it.

use super::*;
use crate::http::{CodeAt, ErrorRule, ErrorTable, Request};
use crate::{AdapterError, Fault};

const TABLE: ErrorTable = ErrorTable {
    code_at: &[CodeAt::Body("/errorCode"), CodeAt::Body("/error/code"), CodeAt::Header("x-amzn-errortype")],
    rules: &[
        ErrorRule {
            status: 403,
            code: "CMN-408",
            fault: Fault::Permission,
            advice: "grant FullCompanyCallLog",
        },
        ErrorRule {
            status: 0,
            code: "CMN-3*",
            fault: Fault::RateLimited { retry_after: None },
            advice: "too many requests",
        },
        ErrorRule { status: 0, code: "124", fault: Fault::Credentials, advice: "the token has ended" },
        ErrorRule {
            status: 400,
            code: "AccessDeniedException",
            fault: Fault::Permission,
            advice: "grant connect:SearchContacts",
        },
        ErrorRule {
            status: 400,
            code: "",
            fault: Fault::TooFarBack,
            advice: "the window lies before what is kept",
        },
    ],
};

async fn refused(answer: Answer) -> AdapterError {
    stepped(|_| async move {
        let server = Server::start(in_turn(vec![answer])).await;
        let client = Client::builder("Acme", server.url("/v1")).errors(TABLE).build();
        client
            .json::<List>(&Request::get("calls").query("from", "s3cret-query"))
            .await
            .expect_err("is refused")
    })
    .await
}

fn whole(status: u16, body: &str) -> Answer {
    Answer::Whole(status, Vec::new(), body.to_owned())
}

#[tokio::test]
async fn the_adapters_table_comes_before_the_statuses() {
    for (answer, fault, message) in [
        (
            whole(403, r#"{"errorCode": "CMN-408", "message": "s3cret"}"#),
            Fault::Permission,
            "Acme answered 403 CMN-408: grant FullCompanyCallLog",
        ),
        (
            whole(400, r#"{"error": {"code": 124}}"#),
            Fault::Credentials,
            "Acme answered 400 124: the token has ended",
        ),
        (
            whole(400, "{}").with("x-amzn-errortype", "AccessDeniedException:http://internal"),
            Fault::Permission,
            "Acme answered 400 AccessDeniedException: grant connect:SearchContacts",
        ),
        (
            whole(400, "s3cret, no JSON"),
            Fault::TooFarBack,
            "Acme answered 400: the window lies before what is kept",
        ),
        (
            whole(403, r#"{"errorCode": "s3cret-code"}"#),
            Fault::Permission,
            "Acme answered 403: signed in, but a permission or scope is missing; grant the adapter's user or app what its doc lists",
        ),
    ] {
        let error = refused(answer.clone()).await;
        assert_eq!((error.fault, error.message.as_str()), (fault, message), "{answer:?}");
    }
    assert!(matches!(
        refused(whole(400, r#"{"errorCode": "CMN-301"}"#)).await.fault,
        Fault::RateLimited { .. }
    ));
}

#[tokio::test]
async fn an_answer_of_another_shape_is_named_by_its_place_and_not_quoted() {
    for (body, message) in [
        (r#"{"calls": [{"id": "a", "secs": "07700900123"}]}"#, "expected u32 at calls[0].secs"),
        (r#"{"calls": [{"id": "07700900123"}]}"#, "missing field `secs` at calls[0]"),
        (r#"{"calls": "07700900123, expected a number"}"#, "expected a sequence at calls"),
        (r#"[["07700900123"]]"#, "expected struct Row at [0][0]"),
    ] {
        let error = refused(Answer::ok(body)).await;
        assert_eq!(error.fault, Fault::Protocol);
        assert!(!error.message.contains("07700"), "{}", error.message);
        let expected =
            format!("Acme sent an answer of another shape than documented: {message} (line 1, column ");
        assert!(error.message.starts_with(&expected), "{}", error.message);
    }
}

#[tokio::test]
async fn a_status_that_means_nothing_found_can_be_taken() {
    stepped(|_| async {
        let server = Server::start(in_turn(vec![Answer::status(404)])).await;
        let reply = client(&server).send(&Request::get("cdr_feed").accept(404)).await.expect("is accepted");
        assert_eq!(reply.status, 404);
    })
    .await;
}

#[tokio::test]
async fn clocks_that_are_apart_are_a_warning_and_no_more() {
    for (date, skew, warned) in [
        ("Mon, 02 Feb 2026 08:00:00 GMT", 0, None),
        ("Mon, 02 Feb 2026 08:05:00 GMT", 300_000, Some("this machine's clock is 300 s behind Acme's")),
        ("Mon, 02 Feb 2026 07:00:00 GMT", -3_600_000, Some("this machine's clock is 3600 s ahead of Acme's")),
    ] {
        stepped(|_| async move {
            let server = Server::start(in_turn(vec![Answer::ok(LIST).with("Date", date)])).await;
            let client = client(&server);
            assert_eq!(client.skew_millis(), None);
            client.send(&Request::get("calls")).await.expect("is answered");
            assert_eq!(client.skew_millis(), Some(skew));
            let warning = client.skew_warning();
            assert_eq!(warning.is_some(), warned.is_some(), "{warning:?}");
            assert!(warning.unwrap_or_default().starts_with(warned.unwrap_or_default()));
        })
        .await;
    }
}
