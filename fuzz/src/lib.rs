//! What several targets need: an account of every provider file, and a request made of a fuzzer's bytes.

pub mod seeds;

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use redial::{
    clock::Time,
    provider::{Account, AccountSettings, Custody, Incoming, Provider},
};
use std::{fs, path::Path, sync::Arc, sync::OnceLock};

/// An account of each provider file of the repository, with the parameters of its samples.
pub fn accounts() -> &'static [Account] {
    static ACCOUNTS: OnceLock<Vec<Account>> = OnceLock::new();
    ACCOUNTS.get_or_init(|| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../providers");
        let files = fs::read_dir(folder).expect("the repository has provider files");
        let mut paths: Vec<_> = files.map(|file| file.expect("readable").path()).collect();
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
        paths.sort();
        paths.iter().map(|path| account(path)).collect()
    })
}

fn account(file: &Path) -> Account {
    let name = file.file_name().and_then(|name| name.to_str()).expect("UTF-8");
    let provider = Arc::new(Provider::load(&fs::read_to_string(file).expect("readable"), name).expect("loads"));
    let settings = AccountSettings {
        name: "main".into(),
        parameters: provider.parameters(sample_parameters(&file.with_extension(""))).expect("the samples' are right"),
        provider,
        custody: Custody::Sender,
        senders: Vec::new(),
        public_urls: Vec::new(),
        upstream: None,
        application: None,
    };
    Account::new(settings).expect("the samples' parameters are right")
}

fn sample_parameters(samples: &Path) -> Vec<(String, Vec<String>)> {
    let mut files: Vec<_> =
        fs::read_dir(samples).expect("samples").map(|file| file.expect("readable").path()).collect();
    files.sort();
    let tables = files.iter().filter_map(|file| fs::read_to_string(file).ok()?.parse::<toml::Table>().ok());
    let text = |value: &toml::Value| value.as_str().unwrap_or_default().to_owned();
    let given = |(name, value): (&String, &toml::Value)| {
        let values = value.as_array().map_or_else(|| vec![text(value)], |all| all.iter().map(text).collect());
        (name.clone(), values)
    };
    let all = tables
        .filter_map(|table| Some(table.get("account")?.get("parameters")?.as_table()?.iter().map(given).collect()));
    // The files of one provider agree, but some need more.
    all.max_by_key(Vec::len).unwrap_or_default()
}

/// A request: its first byte chooses the account, the second method and type of content; lines up to an empty one are
/// the target and headers; the rest is the body.
pub struct Sent<'d> {
    pub account: &'static Account,
    method: Method,
    target: String,
    headers: HeaderMap,
    body: &'d [u8],
}

impl<'d> Sent<'d> {
    pub fn read(data: &'d [u8]) -> Option<Self> {
        let (&[which, how], rest) = data.split_first_chunk()?;
        let all = accounts();
        let end = rest.windows(2).position(|two| two == b"\n\n")?;
        let (head, body) = (std::str::from_utf8(&rest[..end]).ok()?, &rest[end + 2..]);
        let mut lines = head.lines();
        let target = lines.next().filter(|target| target.starts_with('/'))?.to_owned();
        target.parse::<http::uri::PathAndQuery>().ok()?;
        let mut headers = HeaderMap::new();
        for (name, value) in lines.filter_map(|line| line.split_once(": ")).take(16) {
            headers.append(name.parse::<HeaderName>().ok()?, HeaderValue::from_str(value).ok()?);
        }
        let kind = ["application/x-www-form-urlencoded", "application/json", "text/xml"].get(usize::from(how >> 1 & 3));
        if let Some(kind) = kind {
            headers.insert(http::header::CONTENT_TYPE, HeaderValue::from_static(kind));
        }
        let method = if how & 1 == 0 { Method::POST } else { Method::GET };
        Some(Self { account: &all[usize::from(which) % all.len()], method, target, headers, body })
    }

    pub fn incoming(&self) -> Incoming<'_> {
        let now = Time(1_700_000_000_000_000);
        Incoming::new(&self.method, "https://redial.example.com", &self.target, &self.headers, self.body, now)
    }

    pub fn body(&self) -> &[u8] {
        self.body
    }
}
