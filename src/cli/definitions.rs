//! `callgauge definitions`: what every metric means.

use std::io::Write;

use super::connect::{ServerArgs, reach};
use super::{Failure, Surroundings};
use crate::proto::v1;
use crate::proto::v1::metrics_service_client::MetricsServiceClient;

/// Say what every metric means, with wording, unit and source
///
/// Those of this program, or with --server those of a running one.
#[derive(Debug, clap::Args)]
pub(super) struct DefinitionsArgs {
    /// As the Markdown of docs/definitions.md
    #[arg(long, conflicts_with_all = ["server", "data"])]
    markdown: bool,

    #[command(flatten)]
    server: ServerArgs,
}

/// Writes the definitions.
pub(super) async fn run(
    args: DefinitionsArgs,
    around: &Surroundings,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    if args.markdown {
        out.write_all(crate::definitions::markdown().as_bytes())?;
        return Ok(());
    }
    let sets = if args.server.server.is_none() && args.server.data.is_none() {
        crate::service::definition_sets()
    } else {
        let server = reach(&args.server, around).await?;
        let mut client = MetricsServiceClient::new(server.channel.clone());
        let all = v1::ListMetricDefinitionsRequest::default();
        client.list_metric_definitions(all).await.map_err(server.refusal("listing"))?.into_inner().sets
    };
    out.write_all(super::output::definitions::text(&sets).as_bytes())?;
    Ok(())
}
