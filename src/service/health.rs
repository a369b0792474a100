//! grpc.health.v1: not serving until recovered, while commits fail, and from the moment that draining begins.

use tokio::sync::watch;
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;

use super::house::drained;
use crate::store::StoreHealth;

/// Names under which health is asked for; the empty one is the service as a whole.
pub(crate) const NAMES: [&str; 6] = [
    "",
    "callgauge.v1.CallRecordService",
    "callgauge.v1.MetricsService",
    "callgauge.v1.OrganisationService",
    "callgauge.v1.IndicatorService",
    "callgauge.v1.AdminService",
];

/// Says under every name whether the service can be used.
#[derive(Clone, Debug)]
pub(crate) struct Health(HealthReporter);

impl Health {
    /// Begins with not serving.
    pub(crate) async fn starting(reporter: HealthReporter) -> Self {
        let health = Self(reporter);
        health.say(ServingStatus::NotServing).await;
        health
    }

    /// Follows the store until `draining` turns true; says not serving then, and leaves.
    pub(crate) async fn follow(
        self,
        mut store: watch::Receiver<StoreHealth>,
        mut draining: watch::Receiver<bool>,
    ) {
        loop {
            let serving = *store.borrow_and_update() == StoreHealth::Serving;
            self.say(if serving { ServingStatus::Serving } else { ServingStatus::NotServing }).await;
            tokio::select! {
                biased;
                () = drained(&mut draining) => break,
                changed = store.changed() => if changed.is_err() { break },
            }
        }
        self.say(ServingStatus::NotServing).await;
    }

    /// Says not serving; whoever watches is told.
    pub(crate) async fn stop(&self) {
        self.say(ServingStatus::NotServing).await;
    }

    /// Ends the streams of those who watch, so that their connections can close.
    pub(crate) async fn end_watches(mut self) {
        for name in NAMES {
            self.0.clear_service_status(name).await;
        }
    }

    async fn say(&self, status: ServingStatus) {
        for name in NAMES {
            self.0.set_service_status(name, status).await;
        }
    }
}
