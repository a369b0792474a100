//! IndicatorService: numbers from elsewhere in and out, and where series break.

mod breaks;
mod parse;

use std::sync::Arc;

use callgauge_schema::SourceId;
use tonic::{Request, Response, Status};

use self::parse::{Checked, submission};
use super::errors::Fault;
use super::fields;
use super::house::{House, principal};
use super::pages::{ANSWER_ROWS, Paging, Rows};
use crate::access::{Ask, Asks, Purpose};
use crate::definitions::indicators::{IndicatorDefinition, IndicatorKind, definitions};
use crate::proto::v1;
use crate::proto::v1::indicator_service_server::IndicatorService;
use crate::store::{BreakChanges, IndicatorRow, IndicatorVerdict, IndicatorsAsk};

const ADVICE: &str = "ask for fewer indicators, a shorter stretch of days or fewer practices";

/// The service.
pub(crate) struct Indicators {
    house: Arc<House>,
}

impl Indicators {
    pub(crate) fn new(house: Arc<House>) -> Self {
        Self { house }
    }
}

/// To submit values of a source.
struct Submit {
    source: SourceId,
    indicators: Vec<v1::Indicator>,
}

/// To read values.
struct Read(IndicatorsAsk);

/// To read what is public.
struct LookUp;

/// To say where series break.
struct Break(BreakChanges);

impl Asks for Submit {
    fn ask(&self) -> Ask<'_> {
        Ask { source: Some(self.source.as_str()), ..Ask::about(Purpose::Submission) }
    }
}

impl Asks for Read {
    fn ask(&self) -> Ask<'_> {
        Ask {
            organisations: self.0.organisations.iter().map(|code| code.as_str()).collect(),
            metrics: self.0.names.iter().map(|name| name.as_str()).collect(),
            source: self.0.source.as_ref().map(|source| source.as_str()),
            ..Ask::about(Purpose::Metrics)
        }
    }
}

impl Asks for LookUp {
    fn ask(&self) -> Ask<'_> {
        Ask::about(Purpose::Reference)
    }
}

impl Asks for Break {
    fn ask(&self) -> Ask<'_> {
        Ask::about(Purpose::Administration)
    }
}

#[tonic::async_trait]
impl IndicatorService for Indicators {
    async fn submit_indicators(
        &self,
        request: Request<v1::SubmitIndicatorsRequest>,
    ) -> Result<Response<v1::SubmitIndicatorsResponse>, Status> {
        let caller = principal(&request);
        let v1::SubmitIndicatorsRequest { source_id, indicators, validate_only } = request.into_inner();
        let source = fields::source(source_id)?;
        parse::at_most("indicators", indicators.len())?;
        let admitted = self.house.admit(&caller, Submit { source, indicators })?;
        let directory = self.house.directory.open(&admitted).now();
        let (Submit { source, indicators }, admitted) = admitted.take();
        let Checked { rows, rejected } =
            submission(&source, indicators, |code| directory.knows_practice(code));
        let mut told = v1::SubmitIndicatorsResponse { rejected, ..Default::default() };
        if !validate_only && !rows.is_empty() {
            let verdicts =
                self.house.store.open(&admitted).put_indicators(rows).await.map_err(Fault::from)?;
            for verdict in verdicts {
                *match verdict {
                    IndicatorVerdict::Added => &mut told.added,
                    IndicatorVerdict::Unchanged => &mut told.unchanged,
                    IndicatorVerdict::Replaced => &mut told.replaced,
                } += 1;
            }
        }
        Ok(Response::new(told))
    }

    async fn list_indicators(
        &self,
        request: Request<v1::ListIndicatorsRequest>,
    ) -> Result<Response<v1::ListIndicatorsResponse>, Status> {
        let caller = principal(&request);
        let house = &self.house;
        let mut request = request.into_inner();
        let page_size = std::mem::take(&mut request.page_size);
        let page_token = std::mem::take(&mut request.page_token);
        let paging = Paging::new(page_size, 1_000, 10_000, house.pages.query(&request))?;
        let admitted = house.admit(&caller, Read(parse::ask(request, ANSWER_ROWS)?))?;
        if !page_token.is_empty() {
            let (page, next_page_token) =
                house.pages.page::<v1::ListIndicatorsResponse>(&page_token, paging, house.now())?;
            return Ok(Response::new(v1::ListIndicatorsResponse { next_page_token, ..page }));
        }
        let snapshot = house.store.open(&admitted).snapshot().await.map_err(Fault::from)?;
        let values = snapshot.indicators(admitted.question().0.clone()).await;
        let values = values.map_err(|fault| match fault {
            crate::store::StoreError::TooLarge(most) => {
                Fault::AnswerTooLarge(format!("there are more than {most} values; {ADVICE}"))
            }
            other => Fault::from(other),
        })?;
        let mut made = house
            .compute(move |waiting| {
                let mut rows = Rows::new(paging, ADVICE);
                for (at, value) in values.into_iter().enumerate() {
                    if at % 1_024 == 0 {
                        waiting.check()?;
                    }
                    rows.push(message(value))?;
                }
                Ok(rows.made())
            })
            .await?;
        let head = v1::ListIndicatorsResponse {
            indicators: Vec::new(),
            next_page_token: String::new(),
            total_size: made.total,
        };
        let next_page_token = house.pages.keep(&mut made, &head, house.now());
        Ok(Response::new(v1::ListIndicatorsResponse { indicators: made.first, next_page_token, ..head }))
    }

    async fn list_indicator_definitions(
        &self,
        request: Request<v1::ListIndicatorDefinitionsRequest>,
    ) -> Result<Response<v1::ListIndicatorDefinitionsResponse>, Status> {
        let caller = principal(&request);
        let v1::ListIndicatorDefinitionsRequest {} = request.into_inner();
        self.house.admit(&caller, LookUp)?;
        let definitions = definitions().iter().map(definition).collect();
        Ok(Response::new(v1::ListIndicatorDefinitionsResponse { definitions }))
    }

    async fn record_series_breaks(
        &self,
        request: Request<v1::RecordSeriesBreaksRequest>,
    ) -> Result<Response<v1::RecordSeriesBreaksResponse>, Status> {
        let caller = principal(&request);
        let changes = breaks::changes(request.into_inner(), &caller, self.house.now())?;
        let admitted = self.house.admit(&caller, Break(changes))?;
        let directory = self.house.directory.open(&admitted).now();
        breaks::known(&admitted.question().0, |code| directory.knows_practice(code))?;
        let (Break(changes), admitted) = admitted.take();
        self.house.store.open(&admitted).put_series_breaks(changes).await.map_err(Fault::from)?;
        Ok(Response::new(v1::RecordSeriesBreaksResponse {}))
    }

    async fn list_series_breaks(
        &self,
        request: Request<v1::ListSeriesBreaksRequest>,
    ) -> Result<Response<v1::ListSeriesBreaksResponse>, Status> {
        let caller = principal(&request);
        let v1::ListSeriesBreaksRequest {} = request.into_inner();
        let admitted = self.house.admit(&caller, LookUp)?;
        let snapshot = self.house.store.open(&admitted).snapshot().await.map_err(Fault::from)?;
        let series_breaks = snapshot.series_breaks().iter().map(breaks::message).collect();
        Ok(Response::new(v1::ListSeriesBreaksResponse { series_breaks }))
    }
}

fn message(row: IndicatorRow) -> v1::Indicator {
    let IndicatorRow { name, organisation, period, source, value, definition_version, quality_note } = row;
    v1::Indicator {
        name: name.to_string(),
        organisation_code: organisation.to_string(),
        start_date: period.first.to_string(),
        end_date: period.end.to_string(),
        source_id: source.to_string(),
        numerator: Some(value.numerator()),
        denominator: value.denominator(),
        expected: value.expected(),
        definition_version: definition_version.to_string(),
        quality_note: quality_note.to_string(),
    }
}

fn definition(definition: &IndicatorDefinition) -> v1::IndicatorDefinition {
    let IndicatorDefinition { name, label, kind, unit, numerator, denominator, wording, source } = definition;
    let kind = match kind {
        IndicatorKind::Share => v1::IndicatorKind::Share,
        IndicatorKind::Rate => v1::IndicatorKind::Rate,
        IndicatorKind::Count => v1::IndicatorKind::Count,
        IndicatorKind::Score => v1::IndicatorKind::Score,
    };
    v1::IndicatorDefinition {
        name: name.clone(),
        label: label.clone(),
        kind: kind.into(),
        unit: unit.clone(),
        numerator: numerator.clone(),
        denominator: denominator.clone(),
        wording: wording.clone(),
        source: source.clone(),
    }
}
