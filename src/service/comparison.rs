//! ComparisonService: a question is parsed, admitted, gathered, computed by `compare` and rendered, in that order; a file a method.

mod breaks;
mod compare;
mod compare_numbers;
mod compare_render;
mod control;
mod control_render;
mod counting;
mod coverage;
mod elsewhere;
mod gather;
mod gathering;
mod kinds;
mod list_sizes;
mod lists;
mod measure;
mod peers;
mod period_change;
mod periods;
mod periods_render;
mod picture;
mod profile;
mod question;
mod rank;
mod rank_render;
mod season;
mod table;
mod units;

use std::hash::RandomState;
use std::sync::Arc;

use callgauge_schema::Moment;
use tonic::{Request, Response, Status};

use self::gather::Sources;
use self::question::Put;
use super::errors::Fault;
use super::house::{House, Waiting, principal};
use super::pages::{Page, Paging, Rows};
use crate::access::{Admitted, Principal};
use crate::proto::v1;
use crate::proto::v1::comparison_service_server::ComparisonService;
use crate::store::{AccessEvent, Store};

/// Rows on a page unless asked for otherwise, and at most.
const PAGE_ROWS: (usize, usize) = (1_000, 10_000);
const ADVICE: &str = "ask for fewer organisations or fewer metrics";

/// The service.
pub(crate) struct Comparison {
    house: Arc<House>,
    /// By which peers get their anonymous codes, as long as this process runs.
    peers: RandomState,
}

impl Comparison {
    pub(crate) fn new(house: Arc<House>) -> Self {
        Self { house, peers: RandomState::new() }
    }

    /// What an admitted question is answered from.
    async fn sources<Q>(&self, admitted: &Admitted<Put<Q>>) -> Result<Sources, Fault> {
        Ok(Sources {
            snapshot: self.house.store.open(admitted).snapshot().await?,
            directory: self.house.directory.open(admitted).now(),
            calendar: Arc::clone(&self.house.calendar),
            runtime: tokio::runtime::Handle::current(),
            admission: admitted.admission().clone(),
        })
    }
}

/// Writes down, for the ranked practices to see, that somebody was given a ranking in spite of reasons against it. Blocks. Without it there is no answer.
fn written_down(
    store: &dyn Store,
    sources: &Sources,
    question: &rank::Question,
    ranked: &rank::Ranked,
    at: Moment,
) -> Result<(), Fault> {
    if ranked.acknowledged.is_empty() {
        return Ok(());
    }
    let mut organisations: Vec<_> =
        ranked.units.list.iter().flat_map(|unit| &unit.practices).map(|(code, _)| *code).collect();
    organisations.sort_unstable();
    organisations.dedup();
    let (first, last) = question::ends(question.window.days());
    let event = AccessEvent {
        at,
        who: format!("local, on behalf of {}", question.on_behalf_of),
        purpose: question.purpose.clone(),
        what: format!("RankOrganisations {} {first} to {last}", question.measure.name),
        organisations,
        acknowledged: ranked.acknowledged.iter().map(|refusal| refusal.reason.name().to_owned()).collect(),
    };
    sources.runtime.block_on(store.record_access(event))?;
    Ok(())
}

#[tonic::async_trait]
impl ComparisonService for Comparison {
    async fn compare_organisations(
        &self,
        request: Request<v1::CompareOrganisationsRequest>,
    ) -> Result<Response<Page<v1::CompareOrganisationsResponse>>, Status> {
        let house = &self.house;
        let asked_by = principal(&request);
        let mut request = request.into_inner();
        let page_size = std::mem::take(&mut request.page_size);
        let page_token = std::mem::take(&mut request.page_token);
        let paging = Paging::new(page_size, PAGE_ROWS.0, PAGE_ROWS.1, house.pages.query(&request))?;
        let admitted = house.admit(&asked_by, compare::parse(request)?)?;
        if let Some(page) = house.pages.further(&page_token, paging, house.now())? {
            return Ok(Response::new(page));
        }
        let sources = self.sources(&admitted).await?;
        let (answered_at, random) = (house.now(), self.peers.clone());
        let (made, head) = house
            .compute(move |waiting| {
                let question = &admitted.question().question;
                let mut compared = compare::answer(question, &sources, waiting)?;
                let shown = compared.units.shown(&question.focus, &admitted.admission().naming, &random);
                let mut rows = Rows::new(paging, ADVICE);
                for unit in shown {
                    rows.push(&compare_render::row(question, &compared, unit))?;
                }
                compare_render::unplaced(question, &compared).try_for_each(|row| rows.push(&row))?;
                Ok((rows.made(), compare_render::head(question, &compared, answered_at)))
            })
            .await?;
        Ok(Response::new(house.pages.first(made, head, house.now())))
    }

    async fn rank_organisations(
        &self,
        request: Request<v1::RankOrganisationsRequest>,
    ) -> Result<Response<Page<v1::RankOrganisationsResponse>>, Status> {
        let house = &self.house;
        let asked_by = principal(&request);
        let mut request = request.into_inner();
        let page_size = std::mem::take(&mut request.page_size);
        let page_token = std::mem::take(&mut request.page_token);
        let paging = Paging::new(page_size, PAGE_ROWS.0, PAGE_ROWS.1, house.pages.query(&request))?;
        let admitted = house.admit(&asked_by, rank::parse(request)?)?;
        if let Some(page) = house.pages.further(&page_token, paging, house.now())? {
            return Ok(Response::new(page));
        }
        let sources = self.sources(&admitted).await?;
        let (answered_at, random) = (house.now(), self.peers.clone());
        let store = Arc::clone(house.store.open(&admitted));
        let (made, head) = house
            .compute(move |waiting| {
                let question = &admitted.question().question;
                let mut ranked = rank::answer(question, &sources, waiting)?;
                written_down(store.as_ref(), &sources, question, &ranked, answered_at)?;
                ranked.units.shown(&question.focus, &admitted.admission().naming, &random);
                let mut rows = Rows::new(paging, ADVICE);
                for unit in ranked.order() {
                    rows.push(&rank_render::row(&ranked, unit))?;
                }
                rank_render::unplaced(&ranked).try_for_each(|row| rows.push(&row))?;
                Ok((rows.made(), rank_render::head(question, &ranked, answered_at)))
            })
            .await?;
        Ok(Response::new(house.pages.first(made, head, house.now())))
    }

    async fn compare_equivalent_periods(
        &self,
        request: Request<v1::CompareEquivalentPeriodsRequest>,
    ) -> Result<Response<v1::CompareEquivalentPeriodsResponse>, Status> {
        let asked_by = principal(&request);
        let admitted = self.house.admit(&asked_by, periods::parse(request.into_inner())?)?;
        let sources = self.sources(&admitted).await?;
        let (answered_at, random) = (self.house.now(), self.peers.clone());
        let answer = self.house.compute(move |waiting| {
            let question = &admitted.question().question;
            let mut changes = periods::answer(question, &sources, waiting)?;
            let shown = changes.units.shown(&question.focus, &admitted.admission().naming, &random);
            Ok(periods_render::response(question, &changes, &shown, answered_at))
        });
        Ok(Response::new(answer.await?))
    }

    async fn get_control_chart(
        &self,
        request: Request<v1::GetControlChartRequest>,
    ) -> Result<Response<v1::GetControlChartResponse>, Status> {
        let asked_by = principal(&request);
        let admitted = self.house.admit(&asked_by, control::parse(request.into_inner())?)?;
        let sources = self.sources(&admitted).await?;
        let answered_at = self.house.now();
        let answer = self.house.compute(move |waiting| {
            let question = &admitted.question().question;
            let charted = control::answer(question, &sources, waiting)?;
            Ok(control_render::response(question, &charted, answered_at))
        });
        Ok(Response::new(answer.await?))
    }

    async fn assess_list_stability(
        &self,
        request: Request<v1::AssessListStabilityRequest>,
    ) -> Result<Response<v1::AssessListStabilityResponse>, Status> {
        let asked_by = principal(&request);
        let admitted = self.house.admit(&asked_by, lists::parse(request.into_inner())?)?;
        let sources = self.sources(&admitted).await?;
        let answered_at = self.house.now();
        let answer = self.house.compute(move |waiting| {
            lists::answer(&admitted.question().question, &sources, answered_at, waiting)
        });
        Ok(Response::new(answer.await?))
    }

    async fn render_chart(
        &self,
        request: Request<v1::RenderChartRequest>,
    ) -> Result<Response<v1::RenderChartResponse>, Status> {
        let asked_by = principal(&request);
        let v1::RenderChartRequest { chart, format, width } = request.into_inner();
        let form = picture::Form::parse(format, width)?;
        let chart = chart.ok_or_else(|| {
            Fault::field("chart", "must be one of funnel, control, ranks and profile, with what it asks for")
        })?;
        let drawn = self.draw(&asked_by, chart, form).await?;
        let crate::pictures::Picture { bytes, media_type, width, height } = drawn;
        Ok(Response::new(v1::RenderChartResponse {
            picture: bytes,
            media_type: media_type.to_owned(),
            width: width as i32,
            height: height as i32,
        }))
    }
}

impl Comparison {
    /// Answers the question of a picture, and draws the answer.
    async fn draw(
        &self,
        asked_by: &Principal,
        chart: v1::render_chart_request::Chart,
        form: picture::Form,
    ) -> Result<crate::pictures::Picture, Fault> {
        use v1::render_chart_request::Chart;
        let (house, random) = (&self.house, self.peers.clone());
        match chart {
            Chart::Funnel(request) => {
                if request.metrics.len() > 1 {
                    return Err(Fault::field("funnel.metrics", "must be one: a funnel plot has one measure"));
                }
                let admitted = house.admit(asked_by, compare::parse(request)?)?;
                let sources = self.sources(&admitted).await?;
                let work = move |waiting: &Waiting| {
                    let question = &admitted.question().question;
                    let mut compared = compare::answer(question, &sources, waiting)?;
                    compared.units.shown(&question.focus, &admitted.admission().naming, &random);
                    picture::funnel(form, question, &compared)
                };
                house.compute(work).await
            }
            Chart::Ranks(request) => {
                let admitted = house.admit(asked_by, rank::parse(request)?)?;
                let sources = self.sources(&admitted).await?;
                let (store, now) = (Arc::clone(house.store.open(&admitted)), house.now());
                let work = move |waiting: &Waiting| {
                    let question = &admitted.question().question;
                    let mut ranked = rank::answer(question, &sources, waiting)?;
                    written_down(store.as_ref(), &sources, question, &ranked, now)?;
                    ranked.units.shown(&question.focus, &admitted.admission().naming, &random);
                    picture::ranks(form, question, &ranked)
                };
                house.compute(work).await
            }
            Chart::Control(request) => {
                let admitted = house.admit(asked_by, control::parse(request)?)?;
                let sources = self.sources(&admitted).await?;
                let work = move |waiting: &Waiting| {
                    let question = &admitted.question().question;
                    picture::control(form, question, &control::answer(question, &sources, waiting)?)
                };
                house.compute(work).await
            }
            Chart::Profile(request) => {
                let admitted = house.admit(asked_by, profile::parse(request)?)?;
                let sources = self.sources(&admitted).await?;
                let work = move |waiting: &Waiting| {
                    let question = &admitted.question().question;
                    picture::profile(form, question, profile::answer(question, &sources, waiting)?)
                };
                house.compute(work).await
            }
        }
    }
}

#[cfg(test)]
mod gate_tests;
