//! What an adapter's program writes on standard error: passed on to this process's own line by line, cleaned of secrets and numbers, and no more of it than
//! somebody can read.

use std::io::Write;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use callgauge_adapter::Secrets;
use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, BufReader};
use tokio::time::Instant;

/// The most bytes of a line that are passed on.
const LINE: u64 = 1_024;
/// The most lines within a [`WHILE`].
const LINES: u64 = 200;
const WHILE: Duration = Duration::from_secs(60);

/// The secrets that a program was given, as far as it was given any.
pub(super) type Given = Arc<RwLock<Secrets>>;

/// Passes on what is written until it ends or cannot be passed on.
pub(super) async fn pass_on(
    said: impl AsyncRead + Unpin + Send,
    given: Given,
    mut to: impl Write + Send,
) -> std::io::Result<()> {
    let mut said = BufReader::new(said);
    let (mut since, mut passed, mut dropped) = (Instant::now(), 0, 0_u64);
    let mut line = Vec::new();
    loop {
        line.clear();
        let ended = (&mut said).take(LINE).read_until(b'\n', &mut line).await? == 0;
        if ended || since.elapsed() >= WHILE {
            if dropped > 0 {
                let told = format!("an adapter's program wrote {dropped} more lines, which were dropped\n");
                to.write_all(told.as_bytes())?;
            }
            (since, passed, dropped) = (Instant::now(), 0, 0);
        }
        if ended {
            return to.flush();
        }
        let mut text = String::from_utf8_lossy(&line).trim_end().to_owned();
        if !line.ends_with(b"\n") && line.len() as u64 == LINE {
            // The last word may be the first part of a secret.
            text.truncate(text.rfind(' ').unwrap_or(0));
            text.push_str(" ...");
            rest_of_line(&mut said).await?;
        }
        if passed == LINES {
            dropped += 1;
            continue;
        }
        passed += 1;
        let text = given.read().unwrap_or_else(PoisonError::into_inner).cleaned(&text);
        to.write_all(format!("{text}\n").as_bytes())?;
        to.flush()?;
    }
}

/// Passes over what is left of a line, however long it is.
async fn rest_of_line(said: &mut (impl AsyncBufRead + Unpin)) -> std::io::Result<()> {
    loop {
        let there = said.fill_buf().await?;
        let end = there.iter().position(|byte| *byte == b'\n');
        let (taken, done) = end.map_or((there.len(), there.is_empty()), |at| (at + 1, true));
        said.consume(taken);
        if done {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use callgauge_adapter::Settings;

    use super::*;

    async fn passed(said: &str) -> String {
        let settings = Settings::from(toml::Table::from_iter([("key".to_owned(), "s3cret-key".into())]));
        let described = callgauge_adapter::SettingSpec {
            key: "key".into(),
            kind: callgauge_adapter::SettingKind::Secret,
            required: true,
            help: String::new(),
        };
        let given = Given::new(RwLock::new(Secrets::of(&settings, &[described])));
        let mut to = Vec::new();
        pass_on(said.as_bytes(), given, &mut to).await.expect("it can be written");
        String::from_utf8(to).expect("is text")
    }

    #[tokio::test]
    async fn lines_come_through_without_secrets_and_numbers() {
        assert_eq!(passed("Traceback\n  key s3cret-key\nlast").await, "Traceback\n  key (secret)\nlast\n");
        assert_eq!(passed("called by 07700 900123\n").await, "called by ##### ######\n");
        let long = format!("it said {} s3cret-key\nnext\n", "x".repeat(1_006));
        let told = passed(&long).await;
        assert!(told.ends_with("x ...\nnext\n") && !told.contains("s3c"), "{told}");
        assert_eq!(passed(&format!("{}\nnext\n", "y".repeat(100_000))).await, " ...\nnext\n");
    }

    #[tokio::test]
    async fn a_program_that_never_stops_writing_fills_no_log() {
        let told = passed(&"again and again\n".repeat(100_000)).await;
        assert_eq!(told.lines().count(), 201);
        assert!(told.ends_with("wrote 99800 more lines, which were dropped\n"), "{told}");
    }
}
