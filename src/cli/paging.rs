//! Follows the pages of an answer to the last one, and writes rows for scripts as they come.

use std::io::{self, IsTerminal as _, Write};

use super::output::table::MOST_ROWS;
use super::output::{Cell, Format, csv, grouped, json};
use super::{Failure, Progress};
use crate::proto::v1;

/// A page of an answer.
pub(super) trait Page {
    /// Token of the next page; empty on the last.
    fn next_token(&self) -> &str;
    /// Rows on this page.
    fn rows(&self) -> usize;
    /// Rows on all pages.
    fn total(&self) -> i64;
}

/// Asks for page after page, from the empty token on, and gives each to `take`.
pub(super) async fn follow<P: Page>(
    format: Format,
    what: &'static str,
    mut ask: impl AsyncFnMut(String) -> Result<P, Failure>,
    mut take: impl FnMut(P) -> Result<(), Failure>,
) -> Result<(), Failure> {
    // Rows that run over the same terminal are progress enough.
    let quiet = format != Format::Table && io::stdout().is_terminal();
    let mut progress: Option<Progress> = None;
    let mut token = String::new();
    loop {
        let page = ask(token.clone()).await?;
        if format == Format::Table && page.total() > MOST_ROWS {
            return Err(Failure::Refused(format!(
                "{} {what} are too many for a table: ask for --format csv or json, or for less",
                grouped(page.total())
            )));
        }
        if !quiet {
            let begin = || Progress::begin(what, u64::try_from(page.total()).ok());
            progress.get_or_insert_with(begin).add(page.rows() as u64);
        }
        let next = page.next_token().to_owned();
        take(page)?;
        if next.is_empty() {
            return Ok(());
        }
        if next == token {
            return Err(Failure::Refused("the server gives the same page again and again".to_owned()));
        }
        token = next;
    }
}

/// Writes rows for scripts as they come.
pub(super) struct Rows<'a> {
    out: &'a mut dyn Write,
    json: bool,
    columns: Vec<String>,
}

impl<'a> Rows<'a> {
    /// Begins, in CSV with the header.
    pub(super) fn begin(
        out: &'a mut dyn Write,
        format: Format,
        columns: Vec<String>,
    ) -> Result<Self, Failure> {
        let json = format == Format::Json;
        if !json {
            out.write_all(csv::header(&columns).as_bytes())?;
        }
        Ok(Self { out, json, columns })
    }

    /// Writes one row.
    pub(super) fn write(&mut self, cells: &[Cell]) -> Result<(), Failure> {
        let row = if self.json { json::row(&self.columns, cells) } else { csv::row(cells) };
        self.out.write_all(row.as_bytes())?;
        Ok(())
    }
}

impl Page for v1::QueryMetricsResponse {
    fn next_token(&self) -> &str {
        &self.next_page_token
    }

    fn rows(&self) -> usize {
        self.rows.len()
    }

    fn total(&self) -> i64 {
        self.total_size
    }
}

impl Page for v1::ListCallRecordsResponse {
    fn next_token(&self) -> &str {
        &self.next_page_token
    }

    fn rows(&self) -> usize {
        self.records.len()
    }

    fn total(&self) -> i64 {
        self.total_size
    }
}

impl Page for v1::ListIndicatorsResponse {
    fn next_token(&self) -> &str {
        &self.next_page_token
    }

    fn rows(&self) -> usize {
        self.indicators.len()
    }

    fn total(&self) -> i64 {
        self.total_size
    }
}

impl Page for v1::ListOrganisationsResponse {
    fn next_token(&self) -> &str {
        &self.next_page_token
    }

    fn rows(&self) -> usize {
        self.organisations.len()
    }

    fn total(&self) -> i64 {
        self.total_size
    }
}
