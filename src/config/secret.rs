//! Values that no log may show.

use serde::Deserialize;
use std::{fmt, path::PathBuf};

/// A value that stands in the file itself, in the environment or in another file; never shown by `Debug`.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged, expecting = "a text, { env = \"NAME\" } or { file = \"/path\" } is needed")]
pub enum Secret {
    /// Written out.
    Plain(String),
    /// `{ env = "NAME" }`.
    Env(FromEnv),
    /// `{ file = "/path" }`; one line end at the end of the file is not part of it.
    File(FromFile),
}

/// The name of an environment variable.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FromEnv {
    env: String,
}

/// The path of a file.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FromFile {
    file: PathBuf,
}

impl Secret {
    /// The value; or why there is none, for the operator.
    pub fn value(&self) -> Result<String, String> {
        match self {
            Self::Plain(text) => Ok(text.clone()),
            Self::Env(FromEnv { env }) => std::env::var(env)
                .map_err(|_| format!("the environment variable {env} is not set; set it for this process")),
            Self::File(FromFile { file }) => match std::fs::read_to_string(file) {
                Ok(text) => {
                    Ok(text.strip_suffix('\n').map_or(text.as_str(), |line| line.trim_end_matches('\r')).to_owned())
                }
                Err(error) => Err(format!("{}: {error}; a file with nothing but the value is needed", file.display())),
            },
        }
    }

    /// Whether it stands in the configuration for all to read.
    pub fn is_plain(&self) -> bool {
        matches!(self, Self::Plain(_))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}
