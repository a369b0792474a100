//! AdminService: what operators do.

mod of_record;

use std::path::PathBuf;
use std::sync::Arc;

use tonic::{Request, Response, Status};

use super::errors::Fault;
use super::house::{House, principal};
use crate::access::{Ask, Asks, Purpose};
use crate::proto::v1;
use crate::proto::v1::admin_service_server::AdminService;
use crate::store::{BackupReport, StoreStatus};

/// The service.
pub(crate) struct Admin {
    house: Arc<House>,
}

impl Admin {
    pub(crate) fn new(house: Arc<House>) -> Self {
        Self { house }
    }
}

/// To look after the service.
struct LookAfter;

impl Asks for LookAfter {
    fn ask(&self) -> Ask<'_> {
        Ask::about(Purpose::Administration)
    }
}

#[tonic::async_trait]
impl AdminService for Admin {
    async fn backup(
        &self,
        request: Request<v1::BackupRequest>,
    ) -> Result<Response<v1::BackupResponse>, Status> {
        let caller = principal(&request);
        let v1::BackupRequest { directory } = request.into_inner();
        let folder = PathBuf::from(&directory);
        if !folder.is_absolute() {
            let told = "must be the absolute path of a folder on the server's machine that is new or empty";
            return Err(Fault::field("directory", told).into());
        }
        let admitted = self.house.admit(&caller, LookAfter)?;
        let store = self.house.store.open(&admitted);
        let BackupReport { files, bytes } = store.backup(&folder).await.map_err(Fault::from)?;
        tracing::info!(files, bytes, "backup written");
        Ok(Response::new(v1::BackupResponse { files: files as i64, bytes: bytes as i64 }))
    }

    async fn get_status(
        &self,
        request: Request<v1::GetStatusRequest>,
    ) -> Result<Response<v1::GetStatusResponse>, Status> {
        let caller = principal(&request);
        let v1::GetStatusRequest {} = request.into_inner();
        let admitted = self.house.admit(&caller, LookAfter)?;
        let StoreStatus { calls, unsettled, rejects, disk_bytes } = self.house.store.open(&admitted).status();
        Ok(Response::new(v1::GetStatusResponse {
            calls: calls as i64,
            unsettled: unsettled as i64,
            rejects: rejects as i64,
            disk_bytes: disk_bytes as i64,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            started_at: Some(crate::ingest::timestamp(self.house.started_at)),
        }))
    }

    async fn put_sources_of_record(
        &self,
        request: Request<v1::PutSourcesOfRecordRequest>,
    ) -> Result<Response<v1::PutSourcesOfRecordResponse>, Status> {
        let caller = principal(&request);
        let v1::PutSourcesOfRecordRequest { sources_of_record, validate_only } = request.into_inner();
        let list = of_record::parse(sources_of_record)?;
        let admitted = self.house.admit(&caller, LookAfter)?;
        if !validate_only {
            self.house.store.open(&admitted).put_sources_of_record(list).await.map_err(Fault::from)?;
        }
        Ok(Response::new(v1::PutSourcesOfRecordResponse {}))
    }

    async fn list_sources_of_record(
        &self,
        request: Request<v1::ListSourcesOfRecordRequest>,
    ) -> Result<Response<v1::ListSourcesOfRecordResponse>, Status> {
        let caller = principal(&request);
        let v1::ListSourcesOfRecordRequest {} = request.into_inner();
        let admitted = self.house.admit(&caller, LookAfter)?;
        let snapshot = self.house.store.open(&admitted).snapshot().await.map_err(Fault::from)?;
        let list = snapshot.statements().of_record().list();
        let sources_of_record = list.into_iter().map(of_record::message).collect();
        Ok(Response::new(v1::ListSourcesOfRecordResponse { sources_of_record }))
    }
}
