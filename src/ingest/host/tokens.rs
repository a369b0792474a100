//! Tokens that vendors change while they are used: a file for each source, readable by its owner alone, replaced whole and on disk before it is used.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use callgauge_adapter::{KeeperFault, Secret, TokenKeeper};
use callgauge_schema::SourceId;

/// Keeps one source's token.
pub(super) struct FileKeeper {
    folder: PathBuf,
    name: String,
}

impl FileKeeper {
    pub(super) fn new(folder: &Path, source: &SourceId) -> Self {
        // An id may hold characters that a file's name may not.
        let name = source.as_str().bytes().map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => char::from(byte).to_string(),
            other => format!("%{other:02x}"),
        });
        Self { folder: folder.to_owned(), name: name.collect() }
    }

    fn path(&self) -> PathBuf {
        self.folder.join(&self.name)
    }

    fn write(&self, token: &Secret) -> io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        let new = self.folder.join(format!("{}.new", self.name));
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&new)?;
        file.write_all(token.expose().as_bytes())?;
        file.sync_all()?;
        fs::rename(&new, self.path())?;
        File::open(&self.folder)?.sync_all()
    }
}

#[async_trait]
impl TokenKeeper for FileKeeper {
    async fn kept(&self) -> Result<Option<Secret>, KeeperFault> {
        match fs::read_to_string(self.path()) {
            Ok(text) => Ok(Some(Secret::new(text))),
            Err(fault) if fault.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(fault) => Err(KeeperFault(format!(
                "the token in {} cannot be read: {}",
                self.path().display(),
                fault.kind()
            ))),
        }
    }

    async fn keep(&self, token: &Secret) -> Result<(), KeeperFault> {
        self.write(token).map_err(|fault| {
            KeeperFault(format!("the token cannot be written to {}: {}", self.path().display(), fault.kind()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_token_outlives_its_keeper_and_is_its_owners_alone() {
        let folder = tempfile::tempdir().unwrap();
        let source: SourceId = "acme.north".parse().unwrap();
        let inside = folder.path().join("tokens");
        assert_eq!(FileKeeper::new(&inside, &source).kept().await, Ok(None));
        FileKeeper::new(&inside, &source).keep(&Secret::from("one")).await.unwrap();
        FileKeeper::new(&inside, &source).keep(&Secret::from("two")).await.unwrap();
        let kept = FileKeeper::new(&inside, &source).kept().await.unwrap().unwrap();
        assert_eq!(kept.expose(), "two");
        #[cfg(unix)]
        for entry in fs::read_dir(&inside).unwrap() {
            let mode =
                std::os::unix::fs::PermissionsExt::mode(&entry.unwrap().metadata().unwrap().permissions());
            assert_eq!(mode & 0o077, 0);
        }
    }
}
