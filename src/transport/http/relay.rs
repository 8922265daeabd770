//! Requests that are passed on. The client of [`super::Client`] rewrites what it is given (it adds `Accept`, and its
//! URL type folds dot segments and encodes apostrophes); a relayed request keeps its target and headers byte for byte.

use super::{Failure, Settings, tls};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, Request, Response, Uri, header, uri::PathAndQuery};
use http_body_util::combinators::BoxBody;
use hyper::body::Incoming;
use hyper_rustls::HttpsConnector;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use std::time::Duration;

/// A body on its way: whole or streamed.
pub type RelayBody = BoxBody<Bytes, super::BoxError>;

/// Passes requests on to upstreams that the operator configured. Clones share one pool of connections.
#[derive(Clone, Debug)]
pub struct Relay {
    inner: Client<HttpsConnector<HttpConnector>, RelayBody>,
    timeout: Duration,
}

impl Relay {
    /// Builds it. `timeout` of the settings is how long the reply's head may take; the body may take as long as the
    /// two ends like. Reach and reply limit are not applied: the target comes from the configuration.
    pub fn new(settings: &Settings) -> Result<Self, Failure> {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(settings.connect_timeout));
        let connector = hyper_rustls::HttpsConnectorBuilder::new()
            .with_tls_config(tls(&settings.extra_roots)?)
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        let inner = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(Duration::from_secs(30))
            .build(connector);
        Ok(Self { inner, timeout: settings.timeout })
    }

    /// Passes one request on. The target must be absolute; hop-by-hop headers are removed from both ways.
    pub async fn pass(&self, mut request: Request<RelayBody>) -> Result<Response<Incoming>, Failure> {
        remove_hop_by_hop(request.headers_mut());
        let mut reply = match tokio::time::timeout(self.timeout, self.inner.request(request)).await {
            Ok(Ok(reply)) => reply,
            Ok(Err(error)) if error.is_connect() => return Err(Failure::NotSent(error.into())),
            Ok(Err(error)) => return Err(Failure::Unknown(error.into())),
            Err(elapsed) => return Err(Failure::Unknown(elapsed.into())),
        };
        remove_hop_by_hop(reply.headers_mut());
        Ok(reply)
    }
}

/// The target below `base`: scheme, host and path prefix of the base, then path and query exactly as they came.
pub fn target(base: &Uri, path: &str) -> Option<Uri> {
    let prefix = base.path().trim_end_matches('/');
    let joined: PathAndQuery =
        if prefix.is_empty() { path.parse().ok()? } else { format!("{prefix}{path}").parse().ok()? };
    Uri::builder().scheme(base.scheme_str()?).authority(base.authority()?.as_str()).path_and_query(joined).build().ok()
}

/// RFC 9110 section 7.6.1: headers that concern one connection only, and those that `Connection` names.
pub fn remove_hop_by_hop(headers: &mut HeaderMap) {
    let named: Vec<String> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|name| name.trim().to_ascii_lowercase())
        .collect();
    for name in named {
        headers.remove(name.as_str());
    }
    for name in &CONCERN_ONE_CONNECTION {
        headers.remove(name);
    }
}

const CONCERN_ONE_CONNECTION: [HeaderName; 9] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];
