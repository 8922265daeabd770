//! The program as its operator runs it, with accounts that push to far ends of the test's own.

use crate::peer::found;
use crate::spawn::Folder;
use bytes::Bytes;
use http::{Method, Request, response::Parts};
use http_body_util::{BodyExt as _, Full};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde_json::{Value, json};
use std::{
    fs,
    io::{BufRead as _, BufReader},
    process::{Child, Command, Output, Stdio},
    sync::{Arc, Mutex, mpsc},
    thread::JoinHandle,
};

const PROGRAM: &str = env!("CARGO_BIN_EXE_redial");

/// Numbers of nobody.
pub(crate) fn number(n: u32) -> String {
    format!("+14155550{:03}", 100 + n)
}

pub(crate) struct Program {
    folder: Folder,
    child: Child,
    base: String,
    key: String,
    client: Client<HttpConnector, Full<Bytes>>,
    log: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
}

impl Program {
    /// Serves with these accounts, of which those named push; text messages become files.
    pub(crate) async fn start(push: &[&str], accounts: &str) -> Self {
        Self::configured(&format!(
            "[server]\nlisten = \"127.0.0.1:0\"\n[metrics]\nlisten = \"127.0.0.1:0\"\n[log]\nlevel = \"trace\"\n\
             [store]\npath = \"redial.db\"\n\
             [notices]\npush = {push:?}\ndebounce = \"100 ms\"\ndebounce_at_most = \"1 s\"\nquiet = \"none\"\n\
             [accounts.outbox]\nkind = \"folder\"\npath = \"outbox\"\nfrom = \"+15550100100\"\n\
             from_email = \"redial@example.com\"\n{accounts}"
        ))
        .await
    }

    /// Serves with this configuration.
    pub(crate) async fn configured(config: &str) -> Self {
        let folder = Folder::new();
        fs::write(folder.0.join("config.toml"), config).unwrap();
        let mut program = Self::serve(folder).await;
        let scopes = ["owners:write", "owners:read", "vouch", "notices:read"].map(|scope| ["--scope", scope]);
        let made = program.run(&[&["keys", "create", "--label", "t"], scopes.concat().as_slice()].concat()).await;
        assert!(made.status.success(), "{made:?}");
        String::from_utf8(made.stdout)
            .unwrap()
            .split_whitespace()
            .find(|word| word.starts_with("rdl_"))
            .unwrap()
            .clone_into(&mut program.key);
        program
    }

    async fn serve(folder: Folder) -> Self {
        let mut command = Command::new(PROGRAM);
        command.arg("serve").current_dir(&folder.0).env_remove("REDIAL_CONFIG");
        let mut child = command.stdin(Stdio::null()).stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap());
        let (log, (address, found)) = (Arc::<Mutex<String>>::default(), mpsc::channel());
        let kept = Arc::clone(&log);
        let reader = std::thread::spawn(move || {
            for line in lines.lines().map_while(Result::ok) {
                if let Some((_, rest)) = line.split_once("listens on ") {
                    let _gone = address.send(rest.split(' ').next().unwrap().to_owned());
                }
                kept.lock().unwrap().extend([line.as_str(), "\n"]);
            }
        });
        let wait = tokio::task::spawn_blocking(move || found.recv());
        let Ok(base) = wait.await.unwrap() else { panic!("it did not start: {}", log.lock().unwrap()) };
        let client = Client::builder(TokioExecutor::new()).build_http();
        Self { folder, child, base, key: String::new(), client, log, reader: Some(reader) }
    }

    /// One command beside it.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Output {
        let mut command = tokio::process::Command::new(PROGRAM);
        command.args(arguments).current_dir(&self.folder.0).env_remove("REDIAL_CONFIG");
        command.output().await.unwrap()
    }

    /// A page: with this cookie, and with a form where there is one.
    pub(crate) async fn page(&self, path: &str, cookie: &str, form: Option<&[(&str, &str)]>) -> (Parts, String) {
        let request = Request::builder().uri(format!("{}{path}", self.base)).header("cookie", cookie);
        let request = match form {
            None => request.body(Full::default()),
            Some(fields) => {
                let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
                let request = request.method(Method::POST).header("content-type", "application/x-www-form-urlencoded");
                request.body(Full::new(body.into()))
            }
        };
        let (parts, body) = self.client.request(request.unwrap()).await.unwrap().into_parts();
        (parts, String::from_utf8_lossy(&body.collect().await.unwrap().to_bytes()).into_owned())
    }

    /// Status and body of an answer of `/v1`.
    pub(crate) async fn ask(&self, method: Method, path: &str, body: &Value) -> (u16, Value) {
        let uri = format!("{}/v1/{path}", self.base);
        let bytes = if body.is_null() { Bytes::new() } else { body.to_string().into() };
        let request =
            Request::builder().method(method).uri(uri).header("authorization", format!("Bearer {}", self.key));
        let reply = self.client.request(request.body(Full::new(bytes)).unwrap()).await.unwrap();
        let status = reply.status().as_u16();
        let body = reply.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&body).unwrap_or_default())
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Value {
        let (status, answer) = self.ask(Method::POST, path, &body).await;
        assert!(matches!(status, 200 | 201), "{path}: {status} {answer}");
        answer
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let (status, answer) = self.ask(Method::GET, path, &Value::Null).await;
        assert_eq!(status, 200, "{path}: {answer}");
        answer
    }

    /// Ann, whose number 1 a friend may learn, and the friend: Bob, registered with number 2, who reads German. Their ids.
    pub(crate) async fn friends(&self) -> (String, String) {
        let owner = async |name: &str, language: &str, n| {
            let points = json!([{"label": "mobile", "value": number(n)}]);
            let wanted = json!({"profile": {"name": name}, "language": language, "points": points});
            self.post("owners", wanted).await["owner"]["id"].as_str().unwrap().to_owned()
        };
        let (ann, bob) = (owner("Ann Lee", "en", 1).await, owner("Bob Roy", "de", 2).await);
        let id = |made: Value| made["id"].as_str().unwrap().to_owned();
        let book = id(self.post(&format!("owners/{ann}/books"), json!({"name": "private"})).await);
        let group = json!({"book": book, "name": "Friends", "told": "at_once", "reveal": ["mobile"]});
        let group = id(self.post(&format!("owners/{ann}/groups"), group).await);
        let contact = json!({"book": book, "name": "Bob Roy", "addresses": [number(2)]});
        let contact = id(self.post(&format!("owners/{ann}/contacts"), contact).await);
        let (status, _) =
            self.ask(Method::PUT, &format!("owners/{ann}/groups/{group}/members/{contact}"), &Value::Null).await;
        assert_eq!(status, 204);
        (ann, bob)
    }

    /// Ann has another number.
    pub(crate) async fn change(&self, ann: &str, n: u32) {
        let wanted = json!({"points": [{"replace": {"point": "mobile", "value": number(n)}}]});
        self.post(&format!("owners/{ann}/requests"), wanted).await;
    }

    /// Waits until more than `before` attempts were made about Ann and nothing is left to do; the last notice that had one,
    /// and how all attempts since went: channel, account, outcome.
    pub(crate) async fn told(&self, ann: &str, before: usize) -> (Value, Vec<String>) {
        found("notices that are settled", async || {
            let answer = self.get(&format!("owners/{ann}/notices")).await;
            let notices = answer["items"].as_array().unwrap();
            let (mut all, mut last) = (Vec::new(), Value::Null);
            for id in notices.iter().rev().map(|notice| notice["id"].as_str().unwrap()) {
                let notice = self.get(&format!("owners/{ann}/notices/{id}")).await;
                let tried = notice["tried"].as_array().unwrap_or_else(|| panic!("{notice}")).clone();
                if !tried.is_empty() {
                    all.extend(tried);
                    last = notice;
                }
            }
            if all.len() > before && notices.iter().all(|notice| notice["state"] != "open") {
                let word = |one: &Value, name: &str| one[name].as_str().unwrap_or("none").to_owned();
                let said = |one: &Value| ["channel", "account", "outcome"].map(|name| word(one, name)).join(" ");
                return Some((last, all[before..].iter().map(said).collect()));
            }
            None
        })
        .await
    }

    /// The text messages so far.
    pub(crate) fn texts(&self) -> Vec<String> {
        let Ok(files) = fs::read_dir(self.folder.0.join("outbox")) else { return Vec::new() };
        let read = |path: std::path::PathBuf| fs::read_to_string(path).unwrap();
        let named = files
            .map(|entry| entry.unwrap().path())
            .filter(|path| !path.file_name().unwrap().to_str().unwrap().starts_with('.'));
        named.map(read).collect()
    }

    /// Ends it; everything that it logged.
    pub(crate) fn ended(mut self) -> String {
        self.child.kill().unwrap();
        self.reader.take().unwrap().join().unwrap();
        self.log()
    }

    /// Everything that was logged.
    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _ended = self.child.wait();
    }
}
