//! Requests of the demonstration to the gateway, over HTTP like anybody's.

use crate::{
    cli::Failure,
    transport::http::{Client, Settings, reach::Reach},
};
use bytes::Bytes;
use serde_json::Value;
use std::net::SocketAddr;

/// The gateway, and the key with which its API is used.
#[derive(Clone)]
pub(super) struct Api {
    client: Client,
    address: Option<SocketAddr>,
    secret: String,
}

impl Api {
    pub(super) fn new() -> Result<Self, Failure> {
        let client = Client::new(&Settings { reach: Reach::Anywhere, ..Settings::default() })?;
        Ok(Self { client, address: None, secret: String::new() })
    }

    pub(super) fn at(mut self, address: SocketAddr, secret: &str) -> Self {
        self.address = Some(address);
        secret.clone_into(&mut self.secret);
        self
    }

    /// Whether a gateway answers there.
    pub(super) async fn ready(&self, address: SocketAddr) -> bool {
        let Ok(request) = http::Request::get(format!("http://{address}/readyz")).body(Bytes::new()) else {
            return false;
        };
        self.client.send(request).await.is_ok_and(|reply| reply.status().is_success())
    }

    /// A request to the API; an answer that is not 2xx is an error, but for 409, which is `None`.
    pub(super) async fn call(&self, method: &str, path: &str, body: Option<Value>) -> Result<Option<Value>, Failure> {
        let headers =
            [("authorization", format!("Bearer {}", self.secret)), ("content-type", "application/json".to_owned())];
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        let (status, text) = self.raw(method, path, &headers, body).await?;
        match status {
            409 => Ok(None),
            200..300 if text.is_empty() => Ok(Some(Value::Null)),
            200..300 => Ok(Some(serde_json::from_str(&text)?)),
            _ => Err(format!("{method} {path} was answered {status}: {text}").into()),
        }
    }

    /// The same where a conflict is an error too.
    pub(super) async fn must(&self, method: &str, path: &str, body: Option<Value>) -> Result<Value, Failure> {
        self.call(method, path, body).await?.ok_or_else(|| format!("{method} {path} met a conflict").into())
    }

    /// Any request; status and body of the answer.
    pub(super) async fn raw(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, String)],
        body: String,
    ) -> Result<(u16, String), Failure> {
        let address = self.address.ok_or("no gateway was named")?;
        let mut request = http::Request::builder().method(method).uri(format!("http://{address}{path}"));
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let reply = self.client.send(request.body(Bytes::from(body))?).await?;
        Ok((reply.status().as_u16(), String::from_utf8_lossy(reply.body()).into_owned()))
    }
}
