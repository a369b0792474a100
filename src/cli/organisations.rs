//! `callgauge org`: organisations in and out.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Subcommand;

use super::connect::{Reached, ServerArgs, reach};
use super::output::{Format, organisations};
use super::paging::{Rows, follow};
use super::words::Level;
use super::{Failure, Progress, Surroundings};
use crate::proto::v1;
use crate::proto::v1::organisation_service_client::OrganisationServiceClient;

/// The most bytes of CSV that one request takes.
const MOST_BYTES: usize = 3 << 20;

/// The largest file that is imported at all.
const MOST_FILE_BYTES: u64 = 256 << 20;

/// Organisations: import, look up, list
#[derive(Debug, clap::Args)]
pub(super) struct OrgArgs {
    #[command(subcommand)]
    command: OrgCommand,
}

#[derive(Debug, Subcommand)]
enum OrgCommand {
    Import(ImportArgs),
    Get(GetArgs),
    List(ListArgs),
}

/// Import organisations and memberships from a CSV file
///
/// Columns: code,name,level,parents,from_date,until_date. The level is practice, pcn, sub_icb, icb or region; parents are codes separated by
/// spaces; until_date is the day AFTER the last; empty dates are open. A code may have several rows, one for each stretch of time. The same
/// file again changes nothing. Call records that were refused for a practice that this makes known go through by themselves. A file over 3
/// MiB is sent in parts, parents first; a smaller one is taken whole or not at all.
#[derive(Debug, clap::Args)]
struct ImportArgs {
    /// The CSV file
    #[arg(value_name = "FILE.csv")]
    file: PathBuf,

    /// Say what would change, and do not change it (files up to 3 MiB)
    #[arg(long)]
    dry_run: bool,

    #[command(flatten)]
    server: ServerArgs,
}

/// Show one organisation and what it belonged to and belongs to
#[derive(Debug, clap::Args)]
struct GetArgs {
    /// Its code
    #[arg(value_name = "CODE")]
    code: String,

    /// Form of the answer; CSV and JSON have the columns of the import
    #[arg(long, value_name = "FORM", default_value = "table")]
    format: Format,

    #[command(flatten)]
    server: ServerArgs,
}

/// List organisations, ordered by code
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  callgauge org list --level practice --parent QHG --format csv > practices.csv"
)]
struct ListArgs {
    /// Only those with this in their name or code, in any case
    #[arg(long, value_name = "TEXT")]
    part: Option<String>,

    /// Only this level
    #[arg(long, value_name = "LEVEL")]
    level: Option<Level>,

    /// Only those that belong to this one on any day, directly or through others
    #[arg(long, value_name = "CODE")]
    parent: Option<String>,

    /// Form of the answer; CSV and JSON have the columns of the import
    #[arg(long, value_name = "FORM", default_value = "table")]
    format: Format,

    #[command(flatten)]
    server: ServerArgs,
}

type Client = OrganisationServiceClient<tonic::transport::Channel>;

/// Does what was asked.
pub(super) async fn run(args: OrgArgs, around: &Surroundings, out: &mut dyn Write) -> Result<(), Failure> {
    match args.command {
        OrgCommand::Import(args) => import(args, around, out).await,
        OrgCommand::Get(args) => get(args, around, out).await,
        OrgCommand::List(args) => list(args, around, out).await,
    }
}

async fn import(args: ImportArgs, around: &Surroundings, out: &mut dyn Write) -> Result<(), Failure> {
    let parts = parts_of(&read(&args.file)?, MOST_BYTES)
        .map_err(|what| Failure::Refused(format!("{}: {what}", args.file.display())))?;
    if args.dry_run && parts.len() > 1 {
        return Err(Failure::usage("--dry-run takes files up to 3 MiB: later parts depend on earlier ones"));
    }
    let (server, mut client) = connect(&args.server, around).await?;
    let mut sum = v1::ImportOrganisationsResponse::default();
    let mut progress = (parts.len() > 1).then(|| Progress::begin("parts", u64::try_from(parts.len()).ok()));
    for (at, csv) in parts.iter().enumerate() {
        let request = v1::ImportOrganisationsRequest { csv: csv.clone(), validate_only: args.dry_run };
        let told = client.import_organisations(request).await.map_err(|status| {
            if at > 0 {
                eprintln!("callgauge: parts 1 to {at} of {} were imported and stay", parts.len());
            }
            server.refusal("import")(status)
        })?;
        sum = add(sum, told.into_inner());
        if let Some(progress) = &mut progress {
            progress.add(1);
        }
    }
    let v1::ImportOrganisationsResponse {
        rows,
        organisations_added,
        organisations_changed,
        memberships_added,
        memberships_changed,
        rejects_redriven,
    } = sum;
    for (name, count) in [
        ("rows", rows),
        ("organisations_added", organisations_added),
        ("organisations_changed", organisations_changed),
        ("memberships_added", memberships_added),
        ("memberships_changed", memberships_changed),
        ("rejects_redriven", rejects_redriven),
    ] {
        writeln!(out, "{name} {count}")?;
    }
    Ok(())
}

async fn get(args: GetArgs, around: &Surroundings, out: &mut dyn Write) -> Result<(), Failure> {
    let (server, mut client) = connect(&args.server, around).await?;
    let request = v1::GetOrganisationRequest { code: args.code };
    let told = client.get_organisation(request).await.map_err(server.refusal("look-up"))?.into_inner();
    write_all(out, args.format, &Vec::from_iter(told.organisation))
}

async fn list(args: ListArgs, around: &Surroundings, out: &mut dyn Write) -> Result<(), Failure> {
    let (server, mut client) = connect(&args.server, around).await?;
    let first = v1::ListOrganisationsRequest {
        name_part: args.part.unwrap_or_default(),
        level: args.level.map_or(v1::Level::Unspecified, Into::into).into(),
        parent_code: args.parent.unwrap_or_default(),
        page_size: 5_000,
        page_token: String::new(),
    };
    let ask = async |page_token: String| {
        let request = v1::ListOrganisationsRequest { page_token, ..first.clone() };
        let answer = client.list_organisations(request).await.map_err(server.refusal("listing"))?;
        Ok(answer.into_inner())
    };
    let mut all = Vec::new();
    follow(args.format, "organisations", ask, |page: v1::ListOrganisationsResponse| {
        all.extend(page.organisations);
        Ok(())
    })
    .await?;
    write_all(out, args.format, &all)
}

async fn connect(args: &ServerArgs, around: &Surroundings) -> Result<(Reached, Client), Failure> {
    let server = reach(args, around).await?;
    let client = Client::new(server.channel.clone());
    Ok((server, client))
}

fn write_all(out: &mut dyn Write, format: Format, all: &[v1::Organisation]) -> Result<(), Failure> {
    if format == Format::Table {
        out.write_all(organisations::table(all).as_bytes())?;
        return Ok(());
    }
    let mut rows = Rows::begin(out, format, organisations::columns())?;
    for cells in all.iter().flat_map(organisations::rows) {
        rows.write(&cells)?;
    }
    Ok(())
}

fn read(file: &Path) -> Result<String, Failure> {
    let name = file.display();
    let cannot = |error: std::io::Error| Failure::Refused(format!("cannot read {name}: {error}"));
    if std::fs::metadata(file).map_err(cannot)?.len() > MOST_FILE_BYTES {
        return Err(Failure::Refused(format!("{name} is over 256 MiB: this is no file of organisations")));
    }
    let text = String::from_utf8(std::fs::read(file).map_err(cannot)?);
    text.map_err(|_| Failure::Refused(format!("{name} is not UTF-8: save it as CSV UTF-8")))
}

/// Cuts a file into parts of at most `most` bytes, parents first, rows of one code together. One that fits stays as it is.
fn parts_of(text: &str, most: usize) -> Result<Vec<String>, String> {
    if text.len() <= most {
        return Ok(vec![text.to_owned()]);
    }
    let mut reader =
        csv::ReaderBuilder::new().flexible(true).from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    let header = reader.headers().map_err(|error| error.to_string())?.clone();
    let place = |name: &str| header.iter().position(|column| column.trim().eq_ignore_ascii_case(name));
    let (Some(code), Some(level)) = (place("code"), place("level")) else {
        return Err("has no columns code and level: the first line has to name the columns".to_owned());
    };
    let rows: Result<Vec<csv::StringRecord>, csv::Error> = reader.records().collect();
    let mut rows = rows.map_err(|error| error.to_string())?;
    let rank = |row: &csv::StringRecord| {
        let order = ["region", "icb", "sub_icb", "pcn", "practice"];
        let level = row.get(level).unwrap_or_default().trim().to_ascii_lowercase();
        order.iter().position(|known| *known == level).unwrap_or(order.len())
    };
    rows.sort_by(|a, b| (rank(a), a.get(code)).cmp(&(rank(b), b.get(code))));

    let head = line(&header)?;
    let mut parts: Vec<String> = Vec::new();
    let mut part = head.clone();
    for same in rows.chunk_by(|a, b| a.get(code) == b.get(code)) {
        let lines = same.iter().map(line).collect::<Result<String, String>>()?;
        if part.len() > head.len() && part.len() + lines.len() > most {
            parts.push(std::mem::replace(&mut part, head.clone()));
        }
        part.push_str(&lines);
    }
    parts.push(part);
    Ok(parts)
}

fn line(row: &csv::StringRecord) -> Result<String, String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(row).map_err(|error| error.to_string())?;
    let bytes = writer.into_inner().map_err(|error| error.to_string())?;
    String::from_utf8(bytes).map_err(|error| error.to_string())
}

fn add(
    sum: v1::ImportOrganisationsResponse,
    more: v1::ImportOrganisationsResponse,
) -> v1::ImportOrganisationsResponse {
    v1::ImportOrganisationsResponse {
        rows: sum.rows + more.rows,
        organisations_added: sum.organisations_added + more.organisations_added,
        organisations_changed: sum.organisations_changed + more.organisations_changed,
        memberships_added: sum.memberships_added + more.memberships_added,
        memberships_changed: sum.memberships_changed + more.memberships_changed,
        rejects_redriven: sum.rejects_redriven + more.rejects_redriven,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_file_is_sent_in_parts_with_parents_first_and_codes_whole() {
        let head = "code,name,level,parents,from_date,until_date\n";
        let mut text = head.to_owned();
        for at in 0..40 {
            text.push_str(&format!("P{at:05},\"Surgery, {at}\",practice,QHG,,2026-04-01\n"));
            text.push_str(&format!("P{at:05},\"Surgery, {at}\",practice,QXX,2026-04-01,\n"));
        }
        text.push_str("QHG,ICB,icb,Y60,,\nY60,Region,region,,,\n");
        let most = 500;
        let parts = parts_of(&text, most).unwrap();
        assert!(parts.len() > 5);
        assert!(parts.iter().all(|part| part.len() <= most && part.starts_with(head)));
        let rows: Vec<&str> = parts.iter().flat_map(|part| part.lines().skip(1)).collect();
        assert_eq!(rows.len(), 82);
        assert!(rows[0].starts_with("Y60") && rows[1].starts_with("QHG"));
        for code in (0..40).map(|at| format!("P{at:05}")) {
            assert_eq!(parts.iter().filter(|part| part.contains(&code)).count(), 1, "{code}");
        }
    }

    #[test]
    fn a_file_that_fits_is_sent_as_it_is() {
        assert_eq!(parts_of("anything", 500).unwrap(), ["anything"]);
    }
}
