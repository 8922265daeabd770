//! Each message as a file in a folder, for trying things out and for handing over to other programs.

use super::delivery::Delivery;
use crate::domain::notice::AttemptOutcome;
use std::{
    fs, io,
    io::Write as _,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

/// A folder that messages are written to. A message of one name is one file, whole or not there: it is written beside
/// its place, flushed to the disk and moved there, so a repeat takes the place of the first.
#[derive(Clone, Debug)]
pub struct Folder {
    path: PathBuf,
}

static COUNTER: AtomicU64 = AtomicU64::new(0);

impl Folder {
    /// The folder is made at the first message.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes `bytes` as the file `name`, which must be a plain file name.
    pub async fn deliver(&self, name: String, bytes: Vec<u8>) -> Delivery {
        let path = self.path.clone();
        match tokio::task::spawn_blocking(move || write(&path, &name, &bytes)).await {
            Ok(Ok(())) => Delivery::new(AttemptOutcome::Sent, ""),
            Ok(Err(error)) => {
                Delivery::new(AttemptOutcome::TryAgain, &format!("the file could not be written: {error}"))
            }
            Err(_) => Delivery::new(AttemptOutcome::TryAgain, "writing the file was broken off"),
        }
    }
}

fn write(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    if name.is_empty() || name.starts_with('.') || name.contains(['/', '\\', '\0']) {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a plain file name"));
    }
    fs::create_dir_all(folder)?;
    // Two processes may write one name at a time; each has its own file until it is whole.
    let count = COUNTER.fetch_add(1, Ordering::Relaxed);
    let beside = folder.join(format!(".{name}.{}.{count}", std::process::id()));
    let written = put(&beside, bytes).and_then(|()| fs::rename(&beside, folder.join(name)));
    if let Err(error) = written {
        let _ = fs::remove_file(&beside);
        return Err(error);
    }
    fs::File::open(folder)?.sync_all()
}

fn put(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = fs::File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_repeat_takes_the_place_of_the_first_and_nothing_else_is_left() {
        let path = std::env::temp_dir().join(format!("redial-folder-{}", std::process::id()));
        let folder = Folder::new(path.join("deep/outbox"));
        for text in ["first", "second"] {
            let delivery = folder.deliver("ntc_1.sms".to_owned(), text.into()).await;
            assert_eq!(delivery.outcome, AttemptOutcome::Sent, "{}", delivery.detail);
        }
        let bad = folder.deliver("../ntc_1.sms".to_owned(), Vec::new()).await;
        let found: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        let text = fs::read_to_string(folder.path().join("ntc_1.sms")).unwrap();
        // A file where the folder should be.
        let blocked = Folder::new(folder.path().join("ntc_1.sms")).deliver("x".to_owned(), Vec::new()).await;
        fs::remove_dir_all(&path).unwrap();
        assert_eq!((found, text.as_str()), (vec!["ntc_1.sms".into()], "second"));
        assert_eq!(bad.outcome, AttemptOutcome::TryAgain);
        assert_eq!(blocked.outcome, AttemptOutcome::TryAgain);
    }
}
