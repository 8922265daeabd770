//! The far end of a drop-in endpoint, and the least that stands before one: a hyper server that passes each request on with
//! a pooled hyper client.

use bytes::Bytes;
use http::{Request, Response, Uri, uri::PathAndQuery};
use http_body_util::{BodyExt as _, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioIo},
};
use std::convert::Infallible;

const REPLY: &str = r#"{"sid":"SM00000000000000000000000000000001","account_sid":"AC00000000000000000000000000000001","to":"+16465550100","from":"+14155550142","body":"hello","status":"queued","error_code":null}"#;

/// Answers every request alike.
pub(crate) fn serve_upstream() {
    serve(|request: Request<Incoming>| async {
        let _read = request.into_body().collect().await;
        let mut response = Response::new(Full::new(Bytes::from_static(REPLY.as_bytes())));
        *response.status_mut() = http::StatusCode::CREATED;
        response.headers_mut().insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static("application/json"));
        Ok(response)
    });
}

/// Passes every request on.
pub(crate) fn serve_proxy(upstream: &str) {
    let mut tcp = HttpConnector::new();
    tcp.set_nodelay(true);
    let client: Client<HttpConnector, Full<Bytes>> = Client::builder(TokioExecutor::new()).build(tcp);
    let upstream: http::uri::Authority = upstream.parse().expect("an address");
    serve(move |request: Request<Incoming>| {
        let (client, upstream) = (client.clone(), upstream.clone());
        async move {
            let (mut head, body) = request.into_parts();
            let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
            let path = head.uri.path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/"));
            let uri = Uri::builder().scheme("http").authority(upstream).path_and_query(path);
            head.uri = uri.build().expect("its parts are good");
            head.headers.remove(http::header::HOST);
            let reply = client.request(Request::from_parts(head, Full::new(body))).await.expect("the upstream answers");
            let (head, body) = reply.into_parts();
            let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
            Ok(Response::from_parts(head, Full::new(body)))
        }
    });
}

fn serve<F>(answer: impl Fn(Request<Incoming>) -> F + Clone + Send + 'static)
where
    F: Future<Output = Result<Response<Full<Bytes>>, Infallible>> + Send + 'static,
{
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        println!("{}", listener.local_addr().expect("it is bound"));
        loop {
            let Ok((stream, _)) = listener.accept().await else { continue };
            let _nagle = stream.set_nodelay(true);
            let answer = answer.clone();
            tokio::spawn(async move {
                let _closed = http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(answer)).await;
            });
        }
    });
}
