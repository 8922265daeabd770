//! `FILE.errors.csv`: what was not loaded, with line and reason.

use std::{
    fs::{self, File},
    io::{self, BufWriter},
    path::{Path, PathBuf},
};

/// `moved.csv.errors.csv` beside `moved.csv`.
pub(super) fn errors_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".errors.csv");
    name.into()
}

/// The file, made with the first error. One that an earlier run left is replaced, or removed where all is well now.
pub(super) struct ErrorFile {
    path: PathBuf,
    state: State,
}

enum State {
    None,
    Open(Box<csv::Writer<BufWriter<File>>>),
    Failed(io::Error),
}

impl ErrorFile {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, state: State::None }
    }

    /// Writes one line; a failure is told by [`ErrorFile::finish`], for the import itself goes on.
    pub(super) fn add(&mut self, line: u64, reason: &str) {
        if let State::None = self.state {
            self.state = match open(&self.path) {
                Ok(writer) => State::Open(Box::new(writer)),
                Err(error) => State::Failed(error),
            };
        }
        if let State::Open(writer) = &mut self.state
            && let Err(error) = writer.write_record([line.to_string().as_str(), reason])
        {
            self.state = State::Failed(io::Error::other(error));
        }
    }

    /// The path, where there were errors.
    pub(super) fn finish(self) -> Result<Option<PathBuf>, String> {
        let failed = |error: &io::Error| format!("{}: {error}", self.path.display());
        match self.state {
            State::None => match fs::remove_file(&self.path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(&error)),
                _ => Ok(None),
            },
            State::Open(mut writer) => writer.flush().map(|()| Some(self.path.clone())).map_err(|error| failed(&error)),
            State::Failed(error) => Err(failed(&error)),
        }
    }
}

fn open(path: &Path) -> io::Result<csv::Writer<BufWriter<File>>> {
    let mut writer = csv::Writer::from_writer(BufWriter::new(File::create(path)?));
    writer.write_record(["line", "reason"])?;
    Ok(writer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_there_only_when_something_is_in_it() {
        let folder = std::env::temp_dir().join(format!("redial-errors-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        let path = errors_path(&folder.join("moved.csv"));
        assert!(path.ends_with("moved.csv.errors.csv"));

        let mut errors = ErrorFile::new(path.clone());
        errors.add(3, "old: \"x\", not a number");
        errors.add(9, "name");
        assert_eq!(errors.finish(), Ok(Some(path.clone())));
        let text = fs::read_to_string(&path).expect("the file");
        assert_eq!(text, "line,reason\n3,\"old: \"\"x\"\", not a number\"\n9,name\n");

        assert_eq!(ErrorFile::new(path.clone()).finish(), Ok(None));
        assert!(!path.exists(), "what an earlier run left does not mislead");
        fs::remove_dir_all(&folder).expect("ours");

        let mut nowhere = ErrorFile::new(folder.join("none").join("x"));
        nowhere.add(1, "x");
        assert!(nowhere.finish().is_err());
    }
}
