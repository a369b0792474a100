//! `callgauge compare`, `rank`, `periods`, `control`, `lists` and `chart`: fair comparisons, as rows and as pictures.

mod chart;
mod control;
mod funnel;
mod group;
mod lists;
mod periods;
mod rank;
mod rows;

pub(super) use chart::{ChartArgs, run as chart};
pub(super) use control::{ControlArgs, run as control};
pub(super) use funnel::{CompareArgs, run as compare};
pub(super) use lists::{ListsArgs, run as lists};
pub(super) use periods::{PeriodsArgs, run as periods};
pub(super) use rank::{RankArgs, run as rank};

use tonic::transport::Channel;

use super::connect::Reached;
use crate::proto::v1::comparison_service_client::ComparisonServiceClient;

/// Rows of one page, and bytes of a picture, are at most so large.
const MESSAGE_BYTES: usize = 16 * 1_024 * 1_024;

fn client(server: &Reached) -> ComparisonServiceClient<Channel> {
    ComparisonServiceClient::new(server.channel.clone()).max_decoding_message_size(MESSAGE_BYTES)
}
