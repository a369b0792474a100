//! `callgauge chart`: the same questions as pictures in files.

use std::io::Write;
use std::path::PathBuf;

use super::control::SeriesArgs;
use super::funnel::FunnelArgs;
use super::group::{CallsArgs, MonthsArgs};
use super::rank::RanksArgs;
use crate::cli::connect::{ServerArgs, reach};
use crate::cli::{Failure, Surroundings};
use crate::proto::v1;
use crate::proto::v1::render_chart_request::Chart;

/// Draw a comparison into a file, SVG or PNG
///
/// Window, definition set, coverage and acknowledged reasons stand on the picture, and what it does not show.
#[derive(Clone, Debug, clap::Args)]
pub(in crate::cli) struct ChartArgs {
    #[command(subcommand)]
    chart: Which,
}

#[derive(Clone, Debug, clap::Subcommand)]
enum Which {
    /// A funnel plot of one share
    Funnel {
        #[command(flatten)]
        question: FunnelArgs,
        #[command(flatten)]
        file: FileArgs,
    },
    /// A control chart
    Control {
        #[command(flatten)]
        question: SeriesArgs,
        #[command(flatten)]
        file: FileArgs,
    },
    /// Ranks with their intervals
    Ranks {
        #[command(flatten)]
        question: RanksArgs,
        #[command(flatten)]
        file: FileArgs,
    },
    /// Days, or NHS bands of the day
    Profile {
        #[command(flatten)]
        question: ProfileArgs,
        #[command(flatten)]
        file: FileArgs,
    },
}

/// The question of a profile.
#[derive(Clone, Debug, clap::Args)]
struct ProfileArgs {
    /// Code of one organisation, or ENGLAND
    #[arg(long, value_name = "CODE")]
    org: String,

    /// Number of calls, or share
    #[arg(long, value_name = "NAME", default_value = "call_volumes")]
    metric: String,

    #[command(flatten)]
    months: MonthsArgs,

    #[command(flatten)]
    calls: CallsArgs,

    /// NHS bands of the day instead of days
    #[arg(long)]
    by_band: bool,
}

/// Where the picture goes.
#[derive(Clone, Debug, clap::Args)]
struct FileArgs {
    /// File to write; its end, .svg or .png, says the form
    #[arg(long, value_name = "FILE", value_parser = picture_file)]
    out: PathBuf,

    /// Pixels across, 400 to 3,200
    #[arg(long, value_name = "PIXELS", default_value = "800", value_parser = clap::value_parser!(i32).range(400..=3_200))]
    width: i32,

    #[command(flatten)]
    server: ServerArgs,
}

fn picture_file(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    match path.extension().and_then(|end| end.to_str()) {
        Some("svg" | "png") => Ok(path),
        _ => Err("must end in .svg or .png".to_owned()),
    }
}

/// Asks and writes the file.
pub(in crate::cli) async fn run(
    args: ChartArgs,
    around: &Surroundings,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let (chart, file) = match args.chart {
        Which::Funnel { question, file } => (Chart::Funnel(question.message()), file),
        Which::Control { question, file } => (Chart::Control(question.message()), file),
        Which::Ranks { question, file } => (Chart::Ranks(question.message()), file),
        Which::Profile { question, file } => (Chart::Profile(question.message()), file),
    };
    let FileArgs { out: path, width, server } = file;
    let server = reach(&server, around).await?;
    let png = path.extension().is_some_and(|end| end == "png");
    let format = if png { v1::PictureFormat::Png } else { v1::PictureFormat::Svg };
    let request = v1::RenderChartRequest { chart: Some(chart), format: format.into(), width };
    let told = super::client(&server).render_chart(request).await.map_err(server.refusal("chart"))?;
    let told = told.into_inner();
    std::fs::write(&path, &told.picture)
        .map_err(|error| Failure::Refused(format!("cannot write {}: {error}", path.display())))?;
    writeln!(out, "{} ({} x {} pixels)", path.display(), told.width, told.height)?;
    Ok(())
}

impl ProfileArgs {
    fn message(&self) -> v1::ProfileRequest {
        let Self { org, metric, months, calls, by_band } = self;
        v1::ProfileRequest {
            organisation_code: org.clone(),
            metric: metric.clone(),
            definition_set: calls.set.clone(),
            first_month: months.first.clone(),
            last_month: months.last.clone(),
            by_band: *by_band,
            hours: calls.hours(),
        }
    }
}
