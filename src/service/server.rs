//! Puts the services together, opens the ports, serves, drains.
//!
//! Draining: health says not serving, no connection is accepted any more, requests under way are finished (streams get the acks of what they
//! sent), and after [`Settings::drain`] at most whatever is left is dropped; then the store is closed.

use std::future::Future;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use callgauge_schema::Moment;
use prost::Message as _;
use prost_types::FileDescriptorSet;
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};
use tonic::codec::CompressionEncoding;
use tonic::service::Routes;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;

use super::admin::Admin;
use super::call_records::CallRecords;
use super::comparison::Comparison;
use super::connections::{CONNECTIONS, limited};
use super::health::Health;
use super::house::House;
use super::indicators::Indicators;
use super::meters::{self, Meters};
use super::metrics::Metrics;
use super::observe::ObserveLayer;
use super::organisations::Organisations;
use super::sources::Sources;
use crate::access::{Admitted, Ask, Asks, Behind, Principal, Purpose};
use crate::calendar::Calendar;
use crate::ingest::host::{Host, HostRoom, Rereading, SourceSetup};
use crate::ingest::{Clock, SharedDirectory};
use crate::organisations::Directory;
use crate::proto::DESCRIPTORS;
use crate::proto::v1::admin_service_server::AdminServiceServer;
use crate::proto::v1::call_record_service_server::CallRecordServiceServer;
use crate::proto::v1::comparison_service_server::ComparisonServiceServer;
use crate::proto::v1::indicator_service_server::IndicatorServiceServer;
use crate::proto::v1::metrics_service_server::MetricsServiceServer;
use crate::proto::v1::organisation_service_server::OrganisationServiceServer;
use crate::proto::v1::source_service_server::SourceServiceServer;
use crate::store::{SourceOfRecord, Store, StoreError};

/// Most bytes of a message, both ways.
const MESSAGE_BYTES: usize = 4 * 1_024 * 1_024;
/// How far a client may be ahead on one stream, and on all streams of a connection.
const STREAM_WINDOW_BYTES: u32 = 4 * 1_024 * 1_024;
const CONNECTION_WINDOW_BYTES: u32 = 16 * 1_024 * 1_024;
/// A batch in few frames.
const FRAME_BYTES: u32 = 1_024 * 1_024;
/// Requests at once on one connection.
const STREAMS: u32 = 256;
const KEEPALIVE: Duration = Duration::from_secs(30);
/// The package of the protos that adapters' programs serve.
/// The settings that name ports.
pub(super) const LISTEN: &str = "--listen";
pub(super) const METRICS_LISTEN: &str = "--metrics-listen";
const ADAPTERS: &str = "callgauge.adapter.v1";
/// For the last bytes of finished requests, once nothing is under way.
const LAST_BYTES: Duration = Duration::from_secs(1);

/// What a server is told.
#[derive(Clone)]
pub struct Settings {
    /// Where clients connect; port 0 for any free one.
    pub listen: SocketAddr,
    /// Where Prometheus asks; `None` for nowhere.
    pub metrics_listen: Option<SocketAddr>,
    /// How long draining may take at most.
    pub drain: Duration,
    /// Core hours and bank holidays.
    pub calendar: Arc<Calendar>,
    /// What time it is.
    pub clock: Clock,
    /// The vendor accounts that are read.
    pub sources: Vec<SourceSetup>,
    /// Whether they are read by themselves, or only when asked.
    pub scheduled: bool,
    /// Folder for tokens that vendors change.
    pub tokens: Option<PathBuf>,
    /// Whose calls count, in place of what the store has; `None` leaves that as it is.
    pub sources_of_record: Option<Vec<SourceOfRecord>>,
    /// How the settings file is read again; `None` where there is none.
    pub rereading: Option<Rereading>,
}

/// Why a server does not start or stops.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// A port cannot be used.
    #[error(
        "cannot listen on {address} ({setting}): {cause}; another service may use it, or choose another port"
    )]
    Listen {
        /// The setting that names it.
        setting: &'static str,
        /// Which.
        address: SocketAddr,
        /// Why not.
        cause: std::io::Error,
    },
    /// The store cannot be read or closed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What the store has as organisations contradicts itself.
    #[error("the stored organisations contradict each other: {0}")]
    Organisations(String),
    /// The gate does not let the service look after its own sources.
    #[error("sources cannot be read: {0}")]
    Gate(String),
    /// The transport failed.
    #[error("serving failed: {0}")]
    Transport(#[from] tonic::transport::Error),
    /// Reflection cannot be set up.
    #[error("reflection cannot be set up: {0}")]
    Reflection(#[from] tonic_reflection::server::Error),
}

/// A server whose ports are open. Nothing is accepted before [`Bound::serve`].
pub struct Bound {
    /// Where clients connect.
    pub address: SocketAddr,
    /// Where Prometheus asks.
    pub metrics_address: Option<SocketAddr>,
    listener: TcpListener,
    metrics_listener: Option<TcpListener>,
    settings: Settings,
    store: Arc<dyn Store>,
    directory: Directory,
}

impl Default for Settings {
    /// 127.0.0.1:50051, no metrics, 10 s, the built-in calendar, the machine's clock.
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 50_051)),
            metrics_listen: None,
            drain: Duration::from_secs(10),
            calendar: Arc::new(Calendar::england().clone()),
            clock: Arc::new(machine_clock),
            sources: Vec::new(),
            scheduled: true,
            tokens: None,
            sources_of_record: None,
            rereading: None,
        }
    }
}

/// Serves until `shutdown` resolves, then drains and closes the store.
///
/// # Errors
/// Where it cannot start; where the store cannot be closed.
pub async fn run(
    settings: Settings,
    store: Arc<dyn Store>,
    shutdown: impl Future<Output = ()> + Send,
) -> Result<(), ServeError> {
    bind(settings, store).await?.serve(shutdown).await
}

/// Opens the ports and reads the organisations.
///
/// # Errors
/// Where a port is in use or the store cannot be read.
pub async fn bind(settings: Settings, store: Arc<dyn Store>) -> Result<Bound, ServeError> {
    let (listener, _) = listen(LISTEN, settings.listen).await?;
    let metrics_listener = match settings.metrics_listen {
        None => None,
        Some(wanted) => Some(listen(METRICS_LISTEN, wanted).await?.0),
    };
    take_over(settings, store, listener, metrics_listener).await
}

/// Goes on with open ports.
pub(super) async fn take_over(
    settings: Settings,
    store: Arc<dyn Store>,
    listener: TcpListener,
    metrics_listener: Option<TcpListener>,
) -> Result<Bound, ServeError> {
    let failed = |cause| ServeError::Listen { setting: LISTEN, address: settings.listen, cause };
    let address = listener.local_addr().map_err(failed)?;
    let metrics_address =
        metrics_listener.as_ref().map(TcpListener::local_addr).transpose().map_err(failed)?;
    let directory = Directory::new(store.organisations().await?)
        .map_err(|faults| ServeError::Organisations(faults.to_string()))?;
    Ok(Bound { address, metrics_address, listener, metrics_listener, settings, store, directory })
}

impl Bound {
    /// Serves until `shutdown` resolves, then drains and closes the store.
    ///
    /// # Errors
    /// Where the transport fails or the store cannot be closed.
    pub async fn serve(self, shutdown: impl Future<Output = ()> + Send) -> Result<(), ServeError> {
        let Self { address, metrics_address: _, listener, metrics_listener, settings, store, directory } =
            self;
        let Settings {
            listen: _,
            metrics_listen: _,
            drain,
            calendar,
            clock,
            sources,
            scheduled,
            tokens,
            sources_of_record,
            rereading,
        } = settings;
        if let Some(list) = sources_of_record {
            store.put_sources_of_record(list).await?;
        }
        let (say_draining, draining) = watch::channel(false);
        let meters = Arc::new(Meters::new());
        let house = Arc::new(House::new(
            Arc::clone(&store),
            SharedDirectory::new(directory),
            calendar,
            Arc::clone(&clock),
            Arc::clone(&meters),
            draining.clone(),
        ));
        let admitted: Admitted<CatchUp> =
            house.admit(&Principal::Local, CatchUp).map_err(|fault| ServeError::Gate(fault.to_string()))?;
        let room = HostRoom {
            ingest: Arc::clone(house.ingest.open(&admitted)),
            store: Arc::clone(&store),
            clock,
            draining: draining.clone(),
            scheduled,
            tokens,
            rereading,
        };
        let (host, mut reading) = Host::begin(sources, room).await?;
        let host = Arc::new(host);
        reading.spawn(Arc::clone(&host).follow(draining.clone()));
        let host = Behind::new(host);
        let (reporter, health_service) = tonic_health::server::health_reporter();
        let health = Health::starting(reporter).await;
        let described = described()?;
        let reflection = || {
            tonic_reflection::server::Builder::configure()
                .register_file_descriptor_set(described.clone())
                .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
                // Clients that know nothing of the details of errors can read them.
                .register_encoded_file_descriptor_set(tonic_types::pb::FILE_DESCRIPTOR_SET)
                // Each version lists the other one too.
                .register_encoded_file_descriptor_set(tonic_reflection::pb::v1::FILE_DESCRIPTOR_SET)
                .register_encoded_file_descriptor_set(tonic_reflection::pb::v1alpha::FILE_DESCRIPTOR_SET)
        };
        let routes = routes(&house, host)
            .add_service(health_service)
            .add_service(reflection().build_v1()?)
            .add_service(reflection().build_v1alpha()?);
        let (stop_accepting, accepting) = oneshot::channel::<()>();
        let incoming = TcpIncoming::from(listener).with_nodelay(Some(true)).with_keepalive(Some(KEEPALIVE));
        let incoming = limited(incoming, CONNECTIONS);
        let serving = tokio::spawn(
            transport()
                .layer(ObserveLayer::new(Arc::clone(&meters)))
                .add_routes(routes)
                .serve_with_incoming_shutdown(incoming, async {
                    // Told to stop, or nobody is left to tell.
                    let _ = accepting.await;
                }),
        );
        let (end_metrics, metrics_end) = oneshot::channel::<()>();
        let serving_metrics = metrics_listener.map(|listener| {
            let store = Arc::clone(&store);
            tokio::spawn(meters::serve(listener, Arc::clone(&meters), move || store.status(), async {
                let _ = metrics_end.await;
            }))
        });
        let followed = tokio::spawn(health.clone().follow(store.health(), draining));
        let caught_up = tokio::spawn(catch_up(Arc::clone(&house)));
        tracing::info!(%address, "serving");

        let mut serving = serving;
        let mut ended = None;
        tokio::select! {
            () = shutdown => {}
            early = &mut serving => ended = Some(early),
        }

        tracing::info!("draining");
        // Fails only where nobody listens.
        let _ = say_draining.send(true);
        health.stop().await;
        let _ = stop_accepting.send(());
        let mut under_way = meters.under_way();
        if tokio::time::timeout(drain, under_way.wait_for(|&requests| requests == 0)).await.is_err() {
            tracing::warn!(
                requests = *under_way.borrow(),
                "requests were dropped: they took longer than draining may"
            );
        }
        if tokio::time::timeout(drain, async { while reading.join_next().await.is_some() {} }).await.is_err()
        {
            tracing::warn!("sources were left in the middle of a page; they take up from the one before");
        }
        reading.abort_all();
        let _ = followed.await;
        health.end_watches().await;
        if ended.is_none() {
            ended = tokio::time::timeout(LAST_BYTES, &mut serving).await.ok();
        }
        serving.abort();
        caught_up.abort();
        let _ = end_metrics.send(());
        if let Some(task) = serving_metrics {
            task.abort();
        }
        drop(house);
        store.close().await?;
        tracing::info!("stopped");
        match ended {
            Some(Ok(served)) => Ok(served?),
            Some(Err(_)) | None => Ok(()),
        }
    }
}

/// To send rejects through again that an import before the last stop made good.
struct CatchUp;

impl Asks for CatchUp {
    fn ask(&self) -> Ask<'_> {
        Ask::about(Purpose::Submission)
    }
}

async fn catch_up(house: Arc<House>) {
    let admitted: Result<Admitted<CatchUp>, _> = house.admit(&Principal::Local, CatchUp);
    let Ok(admitted) = admitted else { return };
    match house.ingest.open(&admitted).redrive_unknown_practices().await {
        Ok(redriven) if redriven.taken > 0 => {
            tracing::info!(records = redriven.taken, "rejects went through: their practices are known now");
        }
        Ok(_) => {}
        Err(fault) => {
            tracing::warn!(%fault, "rejects could not be sent through again; the next import tries again")
        }
    }
}

fn routes(house: &Arc<House>, host: Behind<Arc<Host>>) -> Routes {
    macro_rules! service {
        ($server:ident, $service:ident $(, $more:expr)?) => {
            $server::new($service::new(Arc::clone(house) $(, $more)?))
                .accept_compressed(CompressionEncoding::Gzip)
                .max_decoding_message_size(MESSAGE_BYTES)
                .max_encoding_message_size(MESSAGE_BYTES)
        };
    }
    Routes::new(service!(CallRecordServiceServer, CallRecords))
        .add_service(service!(MetricsServiceServer, Metrics))
        .add_service(service!(OrganisationServiceServer, Organisations))
        .add_service(service!(ComparisonServiceServer, Comparison))
        .add_service(service!(IndicatorServiceServer, Indicators))
        .add_service(service!(AdminServiceServer, Admin))
        .add_service(service!(SourceServiceServer, Sources, host))
}

/// The protos of what is served here, and not of what adapters' programs serve.
fn described() -> Result<FileDescriptorSet, tonic_reflection::server::Error> {
    let mut described = FileDescriptorSet::decode(DESCRIPTORS)?;
    described.file.retain(|file| file.package() != ADAPTERS);
    Ok(described)
}

fn transport() -> Server {
    Server::builder()
        .initial_stream_window_size(STREAM_WINDOW_BYTES)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        .max_frame_size(FRAME_BYTES)
        .max_concurrent_streams(STREAMS)
        .http2_keepalive_interval(Some(KEEPALIVE))
        .http2_keepalive_timeout(Some(KEEPALIVE))
        .http2_max_header_list_size(32 * 1_024)
}

pub(super) async fn listen(
    setting: &'static str,
    address: SocketAddr,
) -> Result<(TcpListener, SocketAddr), ServeError> {
    let failed = |cause| ServeError::Listen { setting, address, cause };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    Ok((listener, bound))
}

fn machine_clock() -> Moment {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Moment::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
