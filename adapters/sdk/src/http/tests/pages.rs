//! Pages: every way of paging to its end, over restarts, and never to another host.

use super::*;
use crate::http::pages::link;
use crate::http::{Auth, Found, PageMark, Pager, Request};
use crate::{AdapterError, Cursor, Fault, Secret};

#[derive(Debug, Deserialize)]
struct Listed {
    rows: Vec<u32>,
    #[serde(default)]
    next: Option<String>,
    #[serde(default)]
    total: Option<u64>,
}

/// Reads a list of rows 1 to 7, three to a page, with the adapter made anew for every page; gives the rows and the targets asked for.
async fn walked(
    pager: Pager,
    answer: impl FnMut(&Seen) -> Answer + Send + 'static,
) -> (Result<Vec<u32>, AdapterError>, Vec<String>) {
    stepped(|_| async move {
        let server = Server::start(answer).await;
        let mut rows = Vec::new();
        let mut cursor: Option<Cursor> = None;
        let end: Result<(), AdapterError> = async {
            loop {
                let client = client(&server);
                let mark = PageMark::from_cursor(cursor.as_ref())?;
                let request = pager.apply(&client, Request::get("rows").query("from", "x"), &mark)?;
                let (list, reply) = client.json::<Listed>(&request).await?;
                let found = Found {
                    rows: list.rows.len(),
                    total: list.total,
                    token: list.next.as_deref(),
                    url: list.next.as_deref(),
                    ..Found::new(&reply)
                };
                rows.extend(&list.rows);
                match pager.next(&client, &mark, found)? {
                    Some(next) => cursor = Some(next.to_cursor()),
                    None => return Ok(()),
                }
            }
        }
        .await;
        let targets = server.seen().into_iter().map(|seen| seen.target).collect();
        (end.map(|()| rows), targets)
    })
    .await
}

/// The page that begins after `skip` rows, with what names the next one.
fn page(skip: usize, next: Option<String>, total: bool) -> Answer {
    let rows: Vec<usize> = (skip + 1..=7.min(skip + 3)).collect();
    let mut body = serde_json::json!({ "rows": rows, "next": next });
    if total {
        body["total"] = 7.into();
    }
    Answer::ok(&body.to_string())
}

fn number(seen: &Seen, field: &str) -> usize {
    seen.fields().get(field).map_or(0, |text| text.parse().expect("is a number"))
}

const ALL: [u32; 7] = [1, 2, 3, 4, 5, 6, 7];

#[tokio::test]
async fn every_way_of_paging_ends_with_all_rows() {
    let next = |skip: usize, text: String| (skip + 3 < 7).then_some(text);
    let (rows, targets) = walked(Pager::token("tok"), move |seen| {
        let skip = number(seen, "tok");
        page(skip, Some(next(skip, (skip + 3).to_string()).unwrap_or_default()), false)
    })
    .await;
    assert_eq!(rows.as_deref(), Ok(&ALL[..]), "by token, an empty one being the end");
    assert_eq!(targets, ["/v1/rows?from=x", "/v1/rows?from=x&tok=3", "/v1/rows?from=x&tok=6"]);

    let (rows, targets) = walked(Pager::Offset { skip: "offset", size: "limit", rows: 3 }, |seen| {
        page(number(seen, "offset"), None, false)
    })
    .await;
    assert_eq!(rows.as_deref(), Ok(&ALL[..]), "by offset");
    assert_eq!(targets[2], "/v1/rows?from=x&offset=6&limit=3");

    for (first, total, requests) in [(1, false, 3), (0, true, 3)] {
        let pager = Pager::Number { page: "page", size: "size", rows: 3, first };
        let (rows, targets) =
            walked(pager, move |seen| page((number(seen, "page") - first as usize) * 3, None, total)).await;
        assert_eq!((rows.as_deref(), targets.len()), (Ok(&ALL[..]), requests), "by number from {first}");
    }

    let (rows, targets) = walked(Pager::Url, move |seen| {
        let skip = number(seen, "at");
        page(skip, next(skip, format!("/elsewhere/rows.json?at={}", skip + 3)), false)
    })
    .await;
    assert_eq!(rows.as_deref(), Ok(&ALL[..]), "by relative address");
    assert_eq!(targets[1], "/elsewhere/rows.json?at=3", "followed as it is, without the first query");

    let (rows, _) = walked(Pager::Link, move |seen| {
        let skip = number(seen, "at");
        let answer = page(skip, None, false);
        match next(skip, format!("<http://{}/v1/rows?at={}>; rel=\"next\"", seen.header("host"), skip + 3)) {
            Some(link) => answer.with("Link", &link),
            None => answer.with("Link", "</v1/rows>; rel=\"first\""),
        }
    })
    .await;
    assert_eq!(rows.as_deref(), Ok(&ALL[..]), "by Link header");
}

#[tokio::test]
async fn a_full_last_page_costs_a_request_and_loses_nothing() {
    let pager = Pager::Offset { skip: "offset", size: "limit", rows: 7 };
    let rows = |skip: usize| if skip == 0 { r#"{"rows": [1,2,3,4,5,6,7]}"# } else { r#"{"rows": []}"# };
    let (found, targets) = walked(pager, move |seen| Answer::ok(rows(number(seen, "offset")))).await;
    assert_eq!((found.as_deref(), targets.len()), (Ok(&ALL[..]), 2));
}

#[tokio::test]
async fn credentials_never_follow_a_page_to_another_host() {
    for address in [
        "https://evil.example/v1/rows?at=3",
        "//evil.example/v1/rows",
        "http://127.0.0.1:1/v1/rows",
        "http://localhost/v1/rows",
        "ftp://127.0.0.1/rows",
        "http://",
        "http://user:pass@HOST/v1/rows",
        "http://HOST.evil.example/v1/rows",
        "http://HOST@evil.example/v1/rows",
    ] {
        let named = move |seen: &Seen| address.replace("HOST", seen.header("host"));
        let (found, targets) = walked(Pager::Url, move |seen| page(0, Some(named(seen)), false)).await;
        assert_eq!(
            (found.map_err(|error| error.fault), targets.len()),
            (Err(Fault::Protocol), 1),
            "{address}"
        );
        let (found, targets) = walked(Pager::Link, move |seen| {
            page(0, None, false).with("link", &format!("<{}>; rel=next", named(seen)))
        })
        .await;
        assert_eq!(
            (found.map_err(|error| error.fault), targets.len()),
            (Err(Fault::Protocol), 1),
            "{address}"
        );
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    stepped(|_| async {
        let other = Server::start(in_turn(vec![Answer::ok(LIST)])).await;
        let elsewhere = other.url("/v1/calls").to_string();
        let server = Server::start(in_turn(vec![Answer::status(302).with("location", &elsewhere)])).await;
        let client =
            Client::builder("Acme", server.url("/v1")).auth(Auth::bearer(&Secret::from("s3cret"))).build();
        assert_eq!(
            client.send(&Request::get("calls")).await.expect_err("points elsewhere").fault,
            Fault::Region
        );
        assert_eq!((server.seen().len(), other.seen().len()), (1, 0));
    })
    .await;
}

#[tokio::test]
async fn a_vendor_that_runs_in_circles_is_stopped() {
    for pager in [Pager::token("tok"), Pager::Url] {
        let (found, targets) = walked(pager, |_| page(0, Some("/v1/rows?at=3".to_owned()), false)).await;
        assert_eq!(
            (found.map_err(|error| error.fault), targets.len()),
            (Err(Fault::Protocol), 2),
            "{pager:?}"
        );
    }
    let long = "x".repeat(20_000);
    let (found, _) = walked(Pager::token("tok"), move |_| page(0, Some(long.clone()), false)).await;
    assert_eq!(found.expect_err("does not fit into a cursor").fault, Fault::Protocol);
}

#[tokio::test]
async fn a_cursor_of_another_kind_begins_the_window_again() {
    let server = Server::start(in_turn(vec![Answer::ok(LIST)])).await;
    let client = client(&server);
    let token = PageMark::Token("t".to_owned());
    let applied = Pager::Link.apply(&client, Request::get("rows"), &token);
    assert_eq!(applied.expect_err("is no address").fault, Fault::CursorLost);
    for text in ["", "null", "{\"token\": 7}", "nonsense"] {
        let read = PageMark::from_cursor(Some(&Cursor(text.to_owned())));
        assert_eq!(read.expect_err("is none of ours").fault, Fault::CursorLost, "{text}");
    }
    for mark in [
        PageMark::First,
        token,
        PageMark::Offset(3),
        PageMark::Number(2),
        PageMark::Path("/a?b=c".to_owned()),
    ] {
        assert_eq!(PageMark::from_cursor(Some(&mark.to_cursor())), Ok(mark));
    }
}

#[test]
fn link_headers_are_read_in_all_their_forms() {
    let next = |text: &str| link([text].into_iter(), "next");
    for (text, expected) in [
        ("<https://a/1>; rel=\"next\"", Some("https://a/1")),
        ("<https://a/0>; rel=\"prev\", <https://a/1>; rel=\"next\"", Some("https://a/1")),
        ("</1?a=1,2;3>; title=\"x, y; rel=next\"; rel=prev, </2>;rel=NEXT", Some("/2")),
        ("<a>; rel=\"last next\"", Some("a")),
        ("<a>; rel=\"nextish\"", None),
        ("<a", None),
        ("", None),
        ("rel=next", None),
    ] {
        assert_eq!(next(text).as_deref(), expected, "{text}");
    }
    assert_eq!(link(["<a>; rel=prev", "<b>; rel=next"].into_iter(), "next").as_deref(), Some("b"));
}
