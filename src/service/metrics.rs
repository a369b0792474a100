//! MetricsService: a question is parsed, admitted, planned, answered and rendered, in that order and each in its own file.

mod answer;
mod cells;
mod cutting;
mod days;
mod parse;
mod render;
mod rows;
mod ruling;
mod stated;

pub(super) use answer::Keys;
pub(super) use parse::{definition_set as find_set, hours_of, organisations};
pub(super) use render::{definition_set, organisation};
pub(super) use ruling::{Ruling, Split, StatedDay};

use std::sync::Arc;

use tonic::{Request, Response, Status};

use self::cutting::Cuts;
use super::errors::Fault;
use super::fields;
use super::house::{House, principal};
use super::pages::{Page, Paging};
use crate::access::{Ask, Asks, Purpose};
use crate::definitions;
use crate::proto::v1;
use crate::proto::v1::metrics_service_server::MetricsService;

/// Rows on a page unless asked for otherwise, and at most.
const PAGE_ROWS: (usize, usize) = (1_000, 5_000);

/// The service.
pub(crate) struct Metrics {
    house: Arc<House>,
    cuts: Arc<Cuts>,
}

impl Metrics {
    pub(crate) fn new(house: Arc<House>) -> Self {
        let cuts = Arc::new(Cuts::new(Arc::clone(&house.calendar)));
        Self { house, cuts }
    }
}

/// To read definitions.
struct Definitions;

impl Asks for Definitions {
    fn ask(&self) -> Ask<'_> {
        Ask::about(Purpose::Reference)
    }
}

#[tonic::async_trait]
impl MetricsService for Metrics {
    async fn query_metrics(
        &self,
        request: Request<v1::QueryMetricsRequest>,
    ) -> Result<Response<Page<v1::QueryMetricsResponse>>, Status> {
        let caller = principal(&request);
        let house = &self.house;
        let mut request = request.into_inner();
        let page_size = std::mem::take(&mut request.page_size);
        let page_token = std::mem::take(&mut request.page_token);
        let paging = Paging::new(page_size, PAGE_ROWS.0, PAGE_ROWS.1, house.pages.query(&request))?;
        let admitted = house.admit(&caller, parse::parse(request)?)?;
        if let Some(page) = house.pages.further(&page_token, paging, house.now())? {
            return Ok(Response::new(page));
        }
        let snapshot = house.store.open(&admitted).snapshot().await.map_err(Fault::from)?;
        let answered_at = house.now();
        let directory = house.directory.open(&admitted).now();
        let cuts = Arc::clone(&self.cuts);
        let runtime = tokio::runtime::Handle::current();
        let (made, head) = house
            .compute(move |waiting| {
                let question = answer::Answering { admitted: &admitted, directory, cuts, snapshot, runtime };
                question.answer(paging, answered_at, waiting)
            })
            .await?;
        Ok(Response::new(house.pages.first(made, head, house.now())))
    }

    async fn list_metric_definitions(
        &self,
        request: Request<v1::ListMetricDefinitionsRequest>,
    ) -> Result<Response<v1::ListMetricDefinitionsResponse>, Status> {
        let caller = principal(&request);
        let v1::ListMetricDefinitionsRequest { definition_set } = request.into_inner();
        let _admitted = self.house.admit(&caller, Definitions)?;
        let sets = if definition_set.is_empty() {
            definitions::sets().iter().map(render::definition_set).collect()
        } else {
            vec![render::definition_set(parse::definition_set(&definition_set)?)]
        };
        Ok(Response::new(v1::ListMetricDefinitionsResponse { sets }))
    }
}

/// Names in a sentence.
fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.map(fields::shown).collect::<Vec<_>>().join(", ")
}
