//! `callgauge status`: how a running service is doing.

use std::io::Write;

use jiff::Timestamp;

use super::connect::{ServerArgs, reach};
use super::output::{Cell, Format, csv, grouped, json};
use super::{Failure, Surroundings};
use crate::proto::v1::admin_service_client::AdminServiceClient;
use crate::proto::v1::{GetStatusRequest, GetStatusResponse};

/// Say how a running service is doing: calls kept, rejects, size on disk
#[derive(Debug, clap::Args)]
pub(super) struct StatusArgs {
    /// Form of the answer
    #[arg(long, value_name = "FORM", default_value = "table")]
    format: Format,

    #[command(flatten)]
    server: ServerArgs,
}

/// Asks and writes the answer.
pub(super) async fn run(args: StatusArgs, around: &Surroundings, out: &mut dyn Write) -> Result<(), Failure> {
    let server = reach(&args.server, around).await?;
    let mut client = AdminServiceClient::new(server.channel.clone());
    let told = client.get_status(GetStatusRequest {}).await.map_err(server.refusal("status"))?.into_inner();
    out.write_all(render(args.format, &told).as_bytes())?;
    Ok(())
}

fn render(format: Format, told: &GetStatusResponse) -> String {
    let GetStatusResponse { calls, unsettled, rejects, disk_bytes, version, started_at } = told;
    let started = started_at.and_then(|at| Timestamp::new(at.seconds, at.nanos).ok());
    let pairs = [
        ("version", Cell::Text(version.clone())),
        ("started_at", started.map_or(Cell::None, |at| Cell::Text(at.to_string()))),
        ("calls", Cell::Count(*calls)),
        ("unsettled", Cell::Count(*unsettled)),
        ("rejects", Cell::Count(*rejects)),
        ("disk_bytes", Cell::Count(*disk_bytes)),
    ];
    let names: Vec<String> = pairs.iter().map(|(name, _)| (*name).to_owned()).collect();
    let cells: Vec<Cell> = pairs.into_iter().map(|(_, cell)| cell).collect();
    match format {
        Format::Csv => csv::header(&names) + &csv::row(&cells),
        Format::Json => json::row(&names, &cells),
        Format::Table => names.iter().zip(&cells).map(|(name, cell)| line(name, cell)).collect(),
    }
}

fn line(name: &str, cell: &Cell) -> String {
    let text = match cell {
        Cell::Text(text) => text.clone(),
        Cell::Count(count) => grouped(*count),
        Cell::None | Cell::Number(_) | Cell::Flag(_) => String::new(),
    };
    format!("{:<11}{text}\n", name.replace('_', " "))
}
