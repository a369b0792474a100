//! `callgauge indicator`: numbers from elsewhere in and out, and the days on which series break.

mod appointments;
mod file;
mod list_sizes;
mod own;
mod send;
mod workbook;

use std::io::Write;
use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};

use super::connect::{Reached, ServerArgs, reach};
use super::output::{Format, indicators};
use super::paging::{Rows, follow};
use super::{Failure, Surroundings};
use crate::proto::v1;
use crate::proto::v1::indicator_service_client::IndicatorServiceClient;

/// Numbers from elsewhere: import, list, say what they mean, say where series break
#[derive(Debug, clap::Args)]
pub(super) struct IndicatorArgs {
    #[command(subcommand)]
    command: IndicatorCommand,
}

#[derive(Debug, Subcommand)]
enum IndicatorCommand {
    Import(ImportArgs),
    List(ListArgs),
    /// Say what each fixed indicator means
    Definitions(AskArgs),
    Break(BreakArgs),
    /// List the days on which series break
    Breaks(AskArgs),
}

/// Import values of indicators from a file
///
/// Each value is taken or refused by itself; what was refused is named by its line, and the exit code is 1. The same file again changes nothing.
/// Own CSV has the columns name, organisation_code, start_date, end_date, numerator, and where there is something denominator, expected,
/// definition_version and quality_note; --name stands for a column name, --month for the two dates.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  callgauge indicator import ae.csv --name ae_attendances --month 2026-02 --source st-elsewhere\n  callgauge indicator import Practice_Level_Crosstab_Feb_26.csv --form gp-appointments\n  callgauge indicator import \"CBT February 2026.xlsx\" --form cbt-workbook --organisations"
)]
struct ImportArgs {
    /// The file
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// What kind of file it is
    #[arg(long, value_name = "FORM", default_value = "own")]
    form: Form,

    /// Own CSV without a column name: which indicator
    #[arg(long, value_name = "NAME")]
    name: Option<String>,

    /// Own CSV without start_date and end_date: which month, for example 2026-02
    #[arg(long, value_name = "MONTH")]
    month: Option<String>,

    /// Who says so [default for published files: nhs-england-...]
    #[arg(long, value_name = "SOURCE")]
    source: Option<String>,

    /// Version of the source's own definition, where the file does not say
    #[arg(long, value_name = "TEXT", default_value = "")]
    definition_version: String,

    /// What to mind about the values, where the file does not say
    #[arg(long, value_name = "TEXT", default_value = "")]
    note: String,

    /// Of a workbook (--form cbt-workbook): before its values the practices that it names, and whose they are in its month
    #[arg(long, conflicts_with = "dry_run")]
    organisations: bool,

    /// Say what would be refused, and take nothing
    #[arg(long)]
    dry_run: bool,

    #[command(flatten)]
    server: ServerArgs,
}

/// What kind of file it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Form {
    /// Own CSV; docs/csv.md has its columns
    Own,
    /// NHS England, Appointments in General Practice: a practice level crosstab CSV
    GpAppointments,
    /// NHS England, Patients Registered at a GP Practice: gp-reg-pat-prac-all CSV
    ListSizes,
    /// NHS England, Cloud Based Telephony Publication Summary: the workbook's tables by practice
    CbtWorkbook,
}

impl Form {
    fn source(self) -> Option<&'static str> {
        match self {
            Self::Own => None,
            Self::GpAppointments => Some("nhs-england-gpad"),
            Self::ListSizes => Some("nhs-england-list-sizes"),
            Self::CbtWorkbook => Some("nhs-england-cbt"),
        }
    }
}

/// List values of indicators
#[derive(Debug, clap::Args)]
struct ListArgs {
    /// Only this indicator; repeatable
    #[arg(long, value_name = "NAME")]
    name: Vec<String>,

    /// Only periods from this day on (with --until)
    #[arg(long, value_name = "DATE", requires = "until")]
    from: Option<String>,

    /// Only periods that end before this day or with the day before it
    #[arg(long, value_name = "DATE", requires = "from")]
    until: Option<String>,

    /// Only from this source
    #[arg(long, value_name = "SOURCE")]
    source: Option<String>,

    /// Only of this practice; repeatable
    #[arg(long, value_name = "CODE")]
    org: Vec<String>,

    /// Form of the answer; CSV and JSON have the columns of the import
    #[arg(long, value_name = "FORM", default_value = "table")]
    format: Format,

    #[command(flatten)]
    server: ServerArgs,
}

/// Asks for all there is.
#[derive(Debug, clap::Args)]
struct AskArgs {
    /// Form of the answer
    #[arg(long, value_name = "FORM", default_value = "table")]
    format: Format,

    #[command(flatten)]
    server: ServerArgs,
}

/// Record that a series breaks on a day, or take that back
///
/// Numbers from that day on are not compared with those before it. Without --org and --source it is everybody's series.
#[derive(Debug, clap::Args)]
struct BreakArgs {
    /// The first day of the new kind
    #[arg(value_name = "DATE")]
    date: String,

    /// Why
    #[arg(long, value_name = "TEXT", required_unless_present = "withdraw")]
    why: Option<String>,

    /// Only this practice's numbers
    #[arg(long, value_name = "CODE", conflicts_with = "source")]
    org: Option<String>,

    /// Only the numbers of this source
    #[arg(long, value_name = "SOURCE")]
    source: Option<String>,

    /// Take it back
    #[arg(long)]
    withdraw: bool,

    #[command(flatten)]
    server: ServerArgs,
}

type Client = IndicatorServiceClient<tonic::transport::Channel>;

/// Does what was asked.
pub(super) async fn run(
    args: IndicatorArgs,
    around: &Surroundings,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    match args.command {
        IndicatorCommand::Import(args) => import(args, around, out).await,
        IndicatorCommand::List(args) => list(args, around, out).await,
        IndicatorCommand::Definitions(args) => definitions(args, around, out).await,
        IndicatorCommand::Break(args) => record(args, around).await,
        IndicatorCommand::Breaks(args) => breaks(args, around, out).await,
    }
}

async fn import(args: ImportArgs, around: &Surroundings, out: &mut dyn Write) -> Result<(), Failure> {
    let ImportArgs {
        file,
        form,
        name,
        month,
        source,
        definition_version,
        note,
        organisations,
        dry_run,
        server,
    } = args;
    if form != Form::Own && (name.is_some() || month.is_some()) {
        return Err(Failure::usage("--name and --month are for own CSV: this form says both itself"));
    }
    if organisations && form != Form::CbtWorkbook {
        return Err(Failure::usage(
            "--organisations goes with --form cbt-workbook: other files name no groups",
        ));
    }
    let source = source.or_else(|| form.source().map(str::to_owned)).ok_or_else(|| {
        Failure::usage("--source has to say where the values come from, for example --source st-elsewhere")
    })?;
    let given = own::Given { name, month };
    let named = file.clone();
    let texts = file::Texts { definition_version, quality_note: note };
    let read = move |sink: &mut file::Sink| match form {
        Form::Own => own::read(&file, &given, &texts, sink),
        Form::GpAppointments => appointments::read(&file, &texts, sink),
        Form::ListSizes => list_sizes::read(&file, &texts, sink),
        Form::CbtWorkbook => workbook::read(&file, &texts, sink),
    };
    let (server, client) = connect(&server, around).await?;
    if organisations {
        let path = named.clone();
        let month = tokio::task::spawn_blocking(move || workbook::month(&path)).await;
        let month =
            month.map_err(|fault| Failure::Refused(format!("reading the file failed: {fault}")))??;
        super::replay::import(server.channel.clone(), &month).await.map_err(Failure::Refused)?;
    }
    let told = send::all(client, &server, source, dry_run, read).await?;
    for (name, count) in [
        ("values", told.values),
        ("added", told.added),
        ("replaced", told.replaced),
        ("unchanged", told.unchanged),
        ("refused", told.refused),
    ] {
        writeln!(out, "{name} {count}")?;
    }
    if told.refused > 0 {
        return Err(Failure::Refused(format!("{} refused; the lines above say why", told.refused)));
    }
    Ok(())
}

async fn list(args: ListArgs, around: &Surroundings, out: &mut dyn Write) -> Result<(), Failure> {
    let ListArgs { name, from, until, source, org, format, server } = args;
    let (server, client) = connect(&server, around).await?;
    let first = v1::ListIndicatorsRequest {
        names: name,
        start_date: from.unwrap_or_default(),
        end_date: until.unwrap_or_default(),
        source_id: source.unwrap_or_default(),
        organisation_codes: org,
        page_size: 10_000,
        page_token: String::new(),
    };
    let ask = async |page_token: String| {
        let request = v1::ListIndicatorsRequest { page_token, ..first.clone() };
        let answer = client.clone().list_indicators(request).await;
        Ok(answer.map_err(server.refusal("listing indicators"))?.into_inner())
    };
    if format == Format::Table {
        let mut all = Vec::new();
        follow(format, "values", ask, |page: v1::ListIndicatorsResponse| {
            all.extend(page.indicators);
            Ok(())
        })
        .await?;
        out.write_all(indicators::table(&all).as_bytes())?;
        return Ok(());
    }
    // Nothing is written before the server has agreed to answer.
    let mut waiting = Some(out);
    let mut rows: Option<Rows<'_>> = None;
    follow(format, "values", ask, |page: v1::ListIndicatorsResponse| {
        if let Some(out) = waiting.take() {
            rows = Some(Rows::begin(out, format, indicators::columns())?);
        }
        if let Some(rows) = &mut rows {
            for value in &page.indicators {
                rows.write(&indicators::cells(value))?;
            }
        }
        Ok(())
    })
    .await
}

async fn definitions(args: AskArgs, around: &Surroundings, out: &mut dyn Write) -> Result<(), Failure> {
    let (server, mut client) = connect(&args.server, around).await?;
    let told = client.list_indicator_definitions(v1::ListIndicatorDefinitionsRequest {}).await;
    let definitions = told.map_err(server.refusal("listing definitions"))?.into_inner().definitions;
    if args.format == Format::Table {
        out.write_all(indicators::definitions(&definitions).as_bytes())?;
        return Ok(());
    }
    let mut rows = Rows::begin(out, args.format, indicators::definition_columns())?;
    for definition in &definitions {
        rows.write(&indicators::definition_cells(definition))?;
    }
    Ok(())
}

async fn record(args: BreakArgs, around: &Surroundings) -> Result<(), Failure> {
    let BreakArgs { date, why, org, source, withdraw, server } = args;
    let (server, mut client) = connect(&server, around).await?;
    let one = v1::SeriesBreak {
        organisation_code: org.unwrap_or_default(),
        source_id: source.unwrap_or_default(),
        date,
        why: why.unwrap_or_default(),
        ..v1::SeriesBreak::default()
    };
    let mut request = v1::RecordSeriesBreaksRequest::default();
    if withdraw { &mut request.withdrawn } else { &mut request.recorded }.push(one);
    client.record_series_breaks(request).await.map_err(server.refusal("recording a break"))?;
    Ok(())
}

async fn breaks(args: AskArgs, around: &Surroundings, out: &mut dyn Write) -> Result<(), Failure> {
    let (server, mut client) = connect(&args.server, around).await?;
    let told = client.list_series_breaks(v1::ListSeriesBreaksRequest {}).await;
    let breaks = told.map_err(server.refusal("listing breaks"))?.into_inner().series_breaks;
    if args.format == Format::Table {
        out.write_all(indicators::breaks(&breaks).as_bytes())?;
        return Ok(());
    }
    let mut rows = Rows::begin(out, args.format, indicators::break_columns())?;
    for one in &breaks {
        rows.write(&indicators::break_cells(one))?;
    }
    Ok(())
}

async fn connect(args: &ServerArgs, around: &Surroundings) -> Result<(Reached, Client), Failure> {
    let server = reach(args, around).await?;
    let client = Client::new(server.channel.clone());
    Ok((server, client))
}
