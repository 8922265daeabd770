//! Pages as people meet them, in a real Chromium: each test here serves the pages and names a journey of `tests/browser`.

mod card;
mod console;
mod far;
mod portal;

use crate::peer::{installed, node};
use serde_json::Value;
use std::{path::PathBuf, process::Stdio};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout},
};

/// A journey that is under way.
pub(crate) struct Journey {
    script: &'static str,
    child: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

impl Journey {
    /// Begins `tests/browser/{script}` at `base`, with more that it is to know; `None` where there is no Chromium.
    pub(crate) async fn begin(script: &'static str, base: &str, mut given: Value) -> Option<Self> {
        installed("REDIAL_TEST_CHROMIUM", script)?;
        let mut child = node(installed("REDIAL_TEST_BROWSER_MODULES", script)?)
            .arg(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/browser").join(script))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let (input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let mut journey = Self { script, child, input, output: BufReader::new(output).lines() };
        given["base"] = base.into();
        journey.say(&given).await;
        Some(journey)
    }

    /// What it asks next, and for what; `None` once it has ended well.
    ///
    /// # Panics
    /// Where it ended badly. It has said why on standard error.
    pub(crate) async fn asks(&mut self) -> Option<(String, Value)> {
        let Some(line) = self.output.next_line().await.unwrap() else {
            let status = self.child.wait().await.unwrap();
            assert!(status.success(), "{} ended with {status}", self.script);
            return None;
        };
        let asked: Value = serde_json::from_str(&line).unwrap();
        Some((asked["ask"].as_str().unwrap().to_owned(), asked["of"].clone()))
    }

    /// Answers what was asked.
    pub(crate) async fn say(&mut self, answer: &Value) {
        self.input.write_all(format!("{answer}\n").as_bytes()).await.unwrap();
    }

    /// Lets a journey end that asks nothing.
    pub(crate) async fn end(mut self) {
        let asked = self.asks().await;
        assert_eq!(asked, None, "{} asks something", self.script);
    }
}
