//! Plays a provider, so that everything can be tried on one machine with nothing sent: takes what an account sends,
//! writes each call and message to a file, and answers in the shape of the request (a form: Twilio's; JSON: Telnyx's).
//!
//! It is a sandbox for people and demonstrations. Tests use an upstream of their own.

use super::{
    body::{self, Limit},
    problem,
};
use crate::clock::{Clock, Random};
use bytes::Bytes;
use http::{Method, Response, StatusCode};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use warp::{Filter as _, Reply as _, filters::BoxedFilter, path::FullPath};

/// How many calls and messages can be read back.
const KEPT: usize = 1_000;

/// The provider that is played.
#[derive(Debug)]
pub struct StandIn {
    folder: PathBuf,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    kept: Mutex<BTreeMap<String, Value>>,
}

impl StandIn {
    /// Writes into `folder`, which is made when the first message comes.
    pub fn new(folder: PathBuf, clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> Self {
        Self { folder, clock, random, kept: Mutex::default() }
    }

    /// All paths.
    pub fn routes(self: Arc<Self>) -> BoxedFilter<(warp::reply::Response,)> {
        let limit = Limit { bytes: 1 << 20, time: Duration::from_secs(20) };
        warp::method()
            .and(warp::path::full())
            .and(warp::header::optional::<String>("content-type"))
            .and(body::bytes(limit))
            .then(move |method: Method, path: FullPath, kind: Option<String>, body: Bytes| {
                let stand_in = Arc::clone(&self);
                async move {
                    let is_json = kind.is_some_and(|kind| kind.starts_with("application/json"));
                    stand_in.answer(&method, path.as_str(), is_json, &body).await.into_response()
                }
            })
            .recover(problem::recover)
            .unify()
            .boxed()
    }

    async fn answer(&self, method: &Method, path: &str, is_json: bool, body: &Bytes) -> Response<String> {
        if method == Method::POST {
            let reply = if is_json { self.take_json(path, body).await } else { self.take_form(path, body).await };
            return reply.unwrap_or_else(|problem| {
                respond(problem.0, &json!({"code": problem.0.as_u16(), "message": problem.1}))
            });
        }
        let id = path.rsplit('/').next().unwrap_or_default().trim_end_matches(".json");
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        match kept.get(id) {
            Some(found) => respond(StatusCode::OK, found),
            None if matches!(id, "Messages" | "messages") => {
                respond(StatusCode::OK, &json!({"messages": kept.values().collect::<Vec<_>>(), "page": 0}))
            }
            None => respond(StatusCode::NOT_FOUND, &json!({"code": 20404, "message": "not found", "status": 404})),
        }
    }

    async fn take_form(&self, path: &str, body: &Bytes) -> Result<Response<String>, (StatusCode, String)> {
        let fields: BTreeMap<String, String> = form_urlencoded::parse(body).into_owned().collect();
        let field = |name: &str| fields.get(name).cloned().unwrap_or_default();
        let is_call = path.ends_with("/Calls.json") || path.ends_with("/Calls");
        let sid = format!("{}{:032x}", if is_call { "CA" } else { "SM" }, self.random.bits());
        let text = if is_call { field("Url") } else { field("Body") };
        self.write(is_call, &sid, &field("To"), &field("From"), &text).await?;
        let account = path.split('/').skip_while(|part| *part != "Accounts").nth(1).unwrap_or_default();
        let reply = json!({
            "sid": sid, "account_sid": account, "api_version": "2010-04-01", "to": field("To"), "from": field("From"),
            "body": text, "status": "queued", "direction": "outbound-api", "num_segments": "1", "num_media": "0",
            "error_code": null, "error_message": null, "price": null, "price_unit": "USD",
        });
        self.keep(&sid, reply.clone());
        Ok(respond(StatusCode::CREATED, &reply))
    }

    async fn take_json(&self, path: &str, body: &Bytes) -> Result<Response<String>, (StatusCode, String)> {
        let request: Value =
            serde_json::from_slice(body).map_err(|error| (StatusCode::BAD_REQUEST, format!("not JSON: {error}")))?;
        let field = |name: &str| request[name].as_str().unwrap_or_default().to_owned();
        let is_call = path.ends_with("/calls");
        let id = format!("{:032x}", self.random.bits());
        self.write(is_call, &id, &field("to"), &field("from"), &field("text")).await?;
        let reply = json!({"data": {
            "id": id, "record_type": if is_call { "call" } else { "message" }, "direction": "outbound",
            "to": [{"phone_number": field("to"), "status": "queued"}],
            "from": {"phone_number": field("from")}, "text": field("text"), "errors": [],
        }});
        self.keep(&id, reply.clone());
        Ok(respond(StatusCode::OK, &reply))
    }

    async fn write(
        &self,
        is_call: bool,
        id: &str,
        to: &str,
        from: &str,
        text: &str,
    ) -> Result<(), (StatusCode, String)> {
        if to.is_empty() {
            return Err((StatusCode::BAD_REQUEST, "a destination is required".to_owned()));
        }
        let (name, ending) = if is_call { ("call", "call") } else { ("message", "sms") };
        let one_line = |text: &str| text.replace(['\r', '\n'], " ");
        let content = format!(
            "To: {}\nFrom: {}\nDate: {}\nProvider-Id: {id}\n\n{text}\n",
            one_line(to),
            one_line(from),
            self.clock.now()
        );
        let written = async {
            tokio::fs::create_dir_all(&self.folder).await?;
            tokio::fs::write(self.folder.join(format!("{name}-{id}.{ending}")), content).await
        };
        written.await.map_err(|error| (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))
    }

    fn keep(&self, id: &str, reply: Value) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT {
            kept.pop_first();
        }
        kept.insert(id.to_owned(), reply);
    }
}

fn respond(status: StatusCode, body: &Value) -> Response<String> {
    let mut response = Response::new(body.to_string());
    *response.status_mut() = status;
    response.headers_mut().insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static("application/json"));
    response
}
