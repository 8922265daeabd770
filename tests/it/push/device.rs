//! A device that reads Web Push by a library that is not ours.

use crate::peer::installed;
use std::{
    io::{BufRead as _, BufReader, Write as _},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

/// Makes its keys, tells the public ones, reads a body in base64 on each line and tells its text as a line.
const DEVICE: &str = r#"
import base64, os, sys, http_ece
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
key, auth = ec.generate_private_key(ec.SECP256R1()), os.urandom(16)
point = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
for secret in (point, auth):
    print(base64.urlsafe_b64encode(secret).rstrip(b"=").decode(), flush=True)
for line in sys.stdin:
    text = http_ece.decrypt(base64.b64decode(line), private_key=key, auth_secret=auth, version="aes128gcm")
    print(text.decode(), flush=True)
"#;

pub(crate) struct Device {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    pub(crate) p256dh: String,
    pub(crate) auth: String,
}

impl Device {
    /// `None`, said loudly, where the library is not there.
    pub(crate) fn start() -> Option<Self> {
        let mut command = Command::new(installed("REDIAL_TEST_PYTHON", "Web Push")?);
        command.args(["-c", DEVICE]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (input, output) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        let mut device = Self { child, input, output, p256dh: String::new(), auth: String::new() };
        (device.p256dh, device.auth) = (device.line(), device.line());
        Some(device)
    }

    fn line(&mut self) -> String {
        let mut text = String::new();
        self.output.read_line(&mut text).unwrap();
        text.trim_end().to_owned()
    }

    /// The text of an encrypted body.
    pub(crate) fn read(&mut self, body: &[u8]) -> serde_json::Value {
        let body = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, body);
        writeln!(self.input, "{body}").unwrap();
        serde_json::from_str(&self.line()).expect("the device reads it")
    }
}

impl Drop for Device {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _ended = self.child.wait();
    }
}
