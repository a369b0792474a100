//! SubmitTallies and StateCoverage: what sources state about days instead of, or beside, single calls.

use std::sync::Arc;
use std::time::Instant;

use callgauge_schema::{AccountId, InvalidCode, Moment, OdsCode};

use super::{SubmitFor, list, receipt};
use crate::access::Principal;
use crate::proto::v1;
use crate::service::errors::Fault;
use crate::service::fields;
use crate::service::house::House;
use crate::store::{Delivered, Submission, Whose};

/// Most tallies of one request, and most practices or accounts.
const STATED: usize = 1_000;

/// Counts of whole days.
pub(super) async fn tallies(
    house: &Arc<House>,
    caller: &Principal,
    request: v1::SubmitTalliesRequest,
) -> Result<v1::SubmitTalliesResponse, Fault> {
    let v1::SubmitTalliesRequest { source_id, tallies, validate_only } = request;
    if tallies.len() > STATED {
        return Err(Fault::field("tallies", format!("must be at most {STATED} in one request")));
    }
    let source = fields::source(source_id)?;
    let admitted = house.admit(caller, SubmitFor(source.clone()))?;
    let ingest = house.ingest.open(&admitted);
    let _turn = house.batches.acquire().await.map_err(|_| Fault::NotServing)?;
    let began = Instant::now();
    let batch = ingest.convert_tallies(source, tallies);
    let (receipt, taken) = if validate_only {
        (None, ingest.preview_tallies(batch).await?)
    } else {
        let (committed, taken) = ingest.commit_tallies(batch).await?;
        (Some(receipt::proof(&committed, None, &house.meters, began.elapsed())), taken)
    };
    let mut refusals = taken.refusals.into_iter().peekable();
    let results = (0_u32..).zip(taken.verdicts).map(|(index, verdict)| v1::TallyResult {
        verdict: receipt::verdict(verdict).into(),
        rejection: refusals.next_if(|refusal| refusal.index == index).map(receipt::rejection),
    });
    Ok(v1::SubmitTalliesResponse { receipt, results: results.collect() })
}

/// What a source has delivered.
pub(super) async fn coverage(
    house: &Arc<House>,
    caller: &Principal,
    request: v1::StateCoverageRequest,
) -> Result<v1::StateCoverageResponse, Fault> {
    let v1::StateCoverageRequest {
        source_id,
        practice_codes,
        account_ids,
        start_date,
        end_date,
        start_time,
        end_time,
        validate_only,
    } = request;
    let source = fields::source(source_id)?;
    let (from, until) = list::stretch(&start_date, &end_date, start_time, end_time)?;
    if until > house.now() {
        let field = if end_date.is_empty() { "end_time" } else { "end_date" };
        return Err(Fault::field(
            field,
            "must not be in the future: calls that are still to come are not delivered",
        ));
    }
    let practices = practices(&practice_codes)?;
    let accounts = accounts(account_ids)?;
    if practices.is_empty() && accounts.is_empty() {
        return Err(Fault::field("practice_codes", "or account_ids must say whose calls were delivered"));
    }
    let admitted = house.admit(caller, SubmitFor(source.clone()))?;
    let directory = house.directory.open(&admitted).now();
    if let Some(at) = practices.iter().position(|code| !directory.knows_practice(*code)) {
        let field = format!("practice_codes[{at}]");
        return Err(Fault::UnknownOrganisation { field, code: practices[at].to_string() });
    }
    let whose = practices.into_iter().map(Whose::Practice).chain(accounts.into_iter().map(Whose::Account));
    let submission = Submission {
        delivered: whose.map(|whose| Delivered { whose, from, until }).collect(),
        ..Submission::new(source, Vec::new())
    };
    let store = house.store.open(&admitted);
    let _turn = house.batches.acquire().await.map_err(|_| Fault::NotServing)?;
    if validate_only {
        store.preview(submission).await?;
        return Ok(v1::StateCoverageResponse { receipt: None });
    }
    let began = Instant::now();
    let committed = store.commit(submission).await?;
    let none: Option<Moment> = None;
    let receipt = receipt::proof(&committed, none, &house.meters, began.elapsed());
    Ok(v1::StateCoverageResponse { receipt: Some(receipt) })
}

fn practices(codes: &[String]) -> Result<Vec<OdsCode>, Fault> {
    if codes.len() > STATED {
        return Err(Fault::field("practice_codes", format!("must be at most {STATED} in one request")));
    }
    let practice = |(at, code): (usize, &String)| {
        code.parse().map_err(|fault| {
            let told = format!("{fault}, for example A81001; and is {:?}", fields::shown(code));
            Fault::field(format!("practice_codes[{at}]"), told)
        })
    };
    codes.iter().enumerate().map(practice).collect()
}

fn accounts(ids: Vec<String>) -> Result<Vec<AccountId>, Fault> {
    if ids.len() > STATED {
        return Err(Fault::field("account_ids", format!("must be at most {STATED} in one request")));
    }
    let account = |(at, id): (usize, String)| {
        AccountId::try_from(id)
            .map_err(|fault: InvalidCode| Fault::field(format!("account_ids[{at}]"), fault.to_string()))
    };
    ids.into_iter().enumerate().map(account).collect()
}
