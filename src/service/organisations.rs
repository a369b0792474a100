//! OrganisationService: imports, and looking organisations up.

use std::sync::Arc;

use callgauge_schema::OdsCode;
use tonic::{Request, Response, Status};

use super::errors::Fault;
use super::fields;
use super::house::{House, principal};
use super::pages::{Page, Paging, Rows};
use crate::access::{Ask, Asks, Purpose};
use crate::calendar::Day;
use crate::organisations::{Directory, ImportReport, Level, ListFilter, OrganisationRow};
use crate::proto::v1;
use crate::proto::v1::organisation_service_server::OrganisationService;

/// Most bytes of a file.
const CSV_BYTES: usize = 3 * 1_024 * 1_024;
/// Most bytes of what is said to be wrong with it: a status travels in headers, of which many clients take 8 KiB only.
const FAULT_BYTES: usize = 1_000;
const ENGLAND: &str = "ENGLAND";

/// The service.
pub(crate) struct Organisations {
    house: Arc<House>,
}

impl Organisations {
    pub(crate) fn new(house: Arc<House>) -> Self {
        Self { house }
    }
}

/// To import.
struct Import {
    csv: String,
    validate_only: bool,
}

/// To look organisations up.
struct LookUp<T>(T);

impl Asks for Import {
    fn ask(&self) -> Ask<'_> {
        Ask::about(Purpose::Organisations)
    }
}

impl<T> Asks for LookUp<T> {
    fn ask(&self) -> Ask<'_> {
        Ask::about(Purpose::Reference)
    }
}

#[tonic::async_trait]
impl OrganisationService for Organisations {
    async fn import_organisations(
        &self,
        request: Request<v1::ImportOrganisationsRequest>,
    ) -> Result<Response<v1::ImportOrganisationsResponse>, Status> {
        let caller = principal(&request);
        let v1::ImportOrganisationsRequest { csv, validate_only } = request.into_inner();
        if csv.trim().is_empty() {
            return Err(Fault::field(
                "csv",
                "must be the text of a file; its first line is code,name,level,parents,from_date,until_date",
            )
            .into());
        }
        if csv.len() > CSV_BYTES {
            let told = "must be at most 3 MiB; send it in parts, parents first";
            return Err(Fault::field("csv", told).into());
        }
        let house = Arc::clone(&self.house);
        let admitted = house.admit(&caller, Import { csv, validate_only })?;
        // Whoever goes away while others import is not waited for.
        let one_at_a_time = Arc::clone(&house.importing).lock_owned().await;
        // On a task of its own: an import that has begun is finished, whether the caller waits for it or not.
        let imported = tokio::spawn(async move {
            let _one_at_a_time = one_at_a_time;
            let before = house.directory.open(&admitted).now();
            let read = tokio::task::spawn_blocking(move || {
                let Import { csv, validate_only: _ } = admitted.question();
                let (after, report) =
                    before.import(csv).map_err(|faults| Fault::Import(faults.told(FAULT_BYTES)))?;
                after.fits()?;
                Ok::<_, Fault>((admitted, after, report))
            });
            let read =
                read.await.map_err(|fault| Fault::Internal(format!("a file was not read: {fault}")))?;
            let (admitted, after, report) = read?;
            let shared = house.directory.open(&admitted);
            if admitted.question().validate_only {
                return Ok(said(&report, 0));
            }
            if changed(&report) {
                house.store.open(&admitted).put_organisations(after.rows()).await?;
                shared.put(after);
            }
            let redriven = house.ingest.open(&admitted).redrive_unknown_practices().await?;
            Ok::<_, Fault>(said(&report, redriven.taken))
        })
        .await
        .map_err(|fault| Fault::Internal(format!("an import could not be finished: {fault}")))?;
        Ok(Response::new(imported?))
    }

    async fn get_organisation(
        &self,
        request: Request<v1::GetOrganisationRequest>,
    ) -> Result<Response<v1::GetOrganisationResponse>, Status> {
        let caller = principal(&request);
        let v1::GetOrganisationRequest { code } = request.into_inner();
        if code.trim().eq_ignore_ascii_case(ENGLAND) {
            return Ok(Response::new(v1::GetOrganisationResponse { organisation: Some(england()) }));
        }
        let code: OdsCode = code.parse().map_err(|fault| {
            Fault::field("code", format!("{fault}, for example A81001; and is {:?}", fields::shown(&code)))
        })?;
        let admitted = self.house.admit(&caller, LookUp(code))?;
        let directory = self.house.directory.open(&admitted).now();
        let row = directory
            .get(code)
            .ok_or_else(|| Fault::UnknownOrganisation { field: "code".to_owned(), code: code.to_string() })?;
        Ok(Response::new(v1::GetOrganisationResponse { organisation: Some(organisation(row, &directory)) }))
    }

    async fn list_organisations(
        &self,
        request: Request<v1::ListOrganisationsRequest>,
    ) -> Result<Response<Page<v1::ListOrganisationsResponse>>, Status> {
        let caller = principal(&request);
        let house = &self.house;
        let mut request = request.into_inner();
        let page_size = std::mem::take(&mut request.page_size);
        let page_token = std::mem::take(&mut request.page_token);
        let paging = Paging::new(page_size, 1_000, 5_000, house.pages.query(&request))?;
        let v1::ListOrganisationsRequest { name_part, level, parent_code, page_size: _, page_token: _ } =
            request;
        let filter = ListFilter {
            part: name_part,
            level: fields::numbered("level", level, Level::from_number)?,
            parent: if parent_code.is_empty() || parent_code.trim().eq_ignore_ascii_case(ENGLAND) {
                None
            } else {
                let wrong = |fault| Fault::field("parent_code", format!("{fault}, for example QHG"));
                Some(parent_code.parse().map_err(wrong)?)
            },
        };
        let admitted = house.admit(&caller, LookUp(filter))?;
        if let Some(page) = house.pages.further(&page_token, paging, house.now())? {
            return Ok(Response::new(page));
        }
        let directory = house.directory.open(&admitted).now();
        let LookUp(filter) = admitted.question();
        if let Some(parent) = filter.parent
            && directory.get(parent).is_none()
        {
            let field = "parent_code".to_owned();
            return Err(Fault::UnknownOrganisation { field, code: parent.to_string() }.into());
        }
        let mut rows = Rows::new(paging, "ask for a part of a name, a level or a parent");
        for code in directory.list(filter.clone()) {
            if let Some(row) = directory.get(code) {
                rows.push(&organisation(row, &directory))?;
            }
        }
        let made = rows.made();
        let head = v1::ListOrganisationsResponse {
            organisations: Vec::new(),
            next_page_token: String::new(),
            total_size: made.total(),
        };
        Ok(Response::new(house.pages.first(made, head, house.now())))
    }
}

fn changed(report: &ImportReport) -> bool {
    report.organisations_added
        + report.organisations_changed
        + report.memberships_added
        + report.memberships_changed
        > 0
}

fn said(report: &ImportReport, rejects_redriven: u64) -> v1::ImportOrganisationsResponse {
    let ImportReport {
        rows,
        organisations_added,
        organisations_changed,
        memberships_added,
        memberships_changed,
        practices_added: _,
    } = report;
    v1::ImportOrganisationsResponse {
        rows: *rows as i64,
        organisations_added: *organisations_added as i64,
        organisations_changed: *organisations_changed as i64,
        memberships_added: *memberships_added as i64,
        memberships_changed: *memberships_changed as i64,
        rejects_redriven: rejects_redriven as i64,
    }
}

fn england() -> v1::Organisation {
    v1::Organisation {
        code: ENGLAND.to_owned(),
        name: "England".to_owned(),
        level: v1::Level::England.into(),
        ..v1::Organisation::default()
    }
}

fn organisation(row: &OrganisationRow, directory: &Directory) -> v1::Organisation {
    let date = |day: &Option<Day>| day.map(|day| day.to_string()).unwrap_or_default();
    let OrganisationRow { code, name, level, first, end, memberships } = row;
    v1::Organisation {
        code: code.to_string(),
        name: name.clone(),
        level: i32::from(level.number()),
        from_date: date(first),
        until_date: date(end),
        memberships: memberships
            .iter()
            .map(|(parent, first, end)| v1::Membership {
                parent_code: parent.to_string(),
                parent_level: directory.get(*parent).map_or(0, |parent| i32::from(parent.level.number())),
                from_date: date(first),
                until_date: date(end),
            })
            .collect(),
    }
}
