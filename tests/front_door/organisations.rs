//! OrganisationService, and what an import sets free.

use callgauge::proto::v1;
use callgauge::proto::v1::Verdict;
use tonic::Code;

use crate::door::{CSV, Door, answered, at, reason};

#[tokio::test]
async fn the_same_import_again_changes_nothing_and_validate_only_never_does() {
    let door = Door::empty().await;
    let import = |validate_only| {
        let mut organisations = door.organisations();
        async move {
            let request = v1::ImportOrganisationsRequest { csv: CSV.to_owned(), validate_only };
            organisations.import_organisations(request).await.expect("is whole").into_inner()
        }
    };
    assert_eq!(import(true).await.organisations_added, 7);
    assert_eq!(import(false).await.organisations_added, 7);
    let again = import(false).await;
    assert_eq!((again.rows, again.organisations_added, again.memberships_added), (7, 0, 0));
}

#[tokio::test]
async fn a_file_with_many_faults_is_told_in_words_that_headers_can_carry() {
    let door = Door::open().await;
    let header = CSV.lines().next().expect("has one");
    let rows: String =
        (0..300).map(|at| format!("\nA{at:05},Ó Surgery {at},practice,QXX{at},2026-02-30,")).collect();
    let request = v1::ImportOrganisationsRequest { csv: format!("{header}{rows}\n"), validate_only: false };
    let status = door.organisations().import_organisations(request).await.expect_err("is refused");
    assert_eq!((status.code(), reason(&status).0.as_str()), (Code::FailedPrecondition, "IMPORT_REFUSED"));
    let message = status.message();
    assert!(message.contains("line 2, from_date: \"2026-02-30\" is no date"), "{message}");
    let listed = message.lines().count() - 1;
    assert!(listed > 3 && message.ends_with(&format!("and {} more", 300 - listed)), "{message}");
    let mut headers = http::HeaderMap::new();
    status.add_header(&mut headers).expect("fits");
    let bytes: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 32).sum();
    assert!(bytes < 7_000, "{bytes} bytes of headers");
}

#[tokio::test]
async fn more_organisations_than_are_kept_are_refused_whole() {
    let door = Door::open().await;
    let mut organisations = door.organisations();
    let mut import = async |from: usize, count: usize| {
        let rows: String = (from..from + count).map(|at| format!("\nP{at:06},P,practice,,,")).collect();
        let csv = format!("code,name,level,parents,from_date,until_date{rows}\n");
        let request = v1::ImportOrganisationsRequest { csv, validate_only: false };
        organisations.import_organisations(request).await
    };
    import(0, 99_993).await.expect("there is room beside the seven that are known");
    let status = import(99_993, 1).await.expect_err("is one too many");
    assert_eq!((status.code(), reason(&status).0.as_str()), (Code::ResourceExhausted, "OVER_LIMIT"));
    assert!(status.message().contains("at most 100000 are kept"), "{}", status.message());
    import(99_992, 1).await.expect("known ones can be imported again");
}

#[tokio::test]
async fn records_of_an_unknown_practice_go_through_by_themselves_when_it_is_imported() {
    let door = Door::open().await;
    let unknown: Vec<_> = (0..2_345).map(|call| at("Z99999", answered(&format!("c-{call}"), call))).collect();
    for records in unknown.chunks(1_000) {
        let verdicts = door.submit(records.to_vec()).await;
        assert!(verdicts.iter().all(|&verdict| verdict == Verdict::Rejected));
    }
    // A source that cannot know waits: its records still pass when they are sent through again.
    let late = v1::SubmitCallRecordsRequest {
        source_id: "other".into(),
        records: vec![at("Z99999", v1::CallRecord { wait: None, ..answered("d-1", 0) })],
        unknown_durations: vec![v1::DurationKind::Wait.into()],
        validate_only: false,
    };
    door.calls().submit_call_records(late).await.expect("is taken");
    let csv = "code,name,level,parents,from_date,until_date\nZ99999,Late Surgery,practice,06K,,\n".to_owned();
    let request = v1::ImportOrganisationsRequest { csv, validate_only: false };
    let report = door.organisations().import_organisations(request).await.expect("is whole").into_inner();
    assert_eq!(report.rejects_redriven, 2_346);
    let status = door.admin().get_status(v1::GetStatusRequest {}).await.expect("answers").into_inner();
    assert_eq!((status.calls, status.rejects), (2_346, 0));
}

#[tokio::test]
async fn organisations_are_found_by_code_name_level_and_parent() {
    let door = Door::open().await;
    let got = door
        .organisations()
        .get_organisation(v1::GetOrganisationRequest { code: "a81001".into() })
        .await
        .expect("is known")
        .into_inner()
        .organisation
        .expect("is there");
    assert_eq!((got.name.as_str(), got.level()), ("First Surgery", v1::Level::Practice));
    let parents: Vec<_> =
        got.memberships.iter().map(|m| (m.parent_code.as_str(), m.parent_level())).collect();
    assert!(parents.contains(&("06K", v1::Level::SubIcb)) && parents.contains(&("U12345", v1::Level::Pcn)));
    let request = v1::ListOrganisationsRequest {
        name_part: "surgery".into(),
        level: v1::Level::Practice.into(),
        parent_code: "QHG".into(),
        ..Default::default()
    };
    let listed = door.organisations().list_organisations(request).await.expect("is whole").into_inner();
    let codes: Vec<_> = listed.organisations.iter().map(|o| o.code.as_str()).collect();
    assert_eq!(codes, ["A81001", "A81002", "A81003"]);
}
