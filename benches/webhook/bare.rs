//! The least that a webhook can cost: hyper, the form read, the signature checked, a constant document.

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::{Request, Response, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use std::{convert::Infallible, sync::Arc};

const DOCUMENT: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response><Dial callerId=\"+14155550142\" answerOnBridge=\"true\"><Number>+14155550101</Number></Dial></Response>";

pub(crate) fn serve() {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        println!("{}", listener.local_addr().expect("it is bound"));
        let key =
            Arc::new(ring::hmac::Key::new(ring::hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, super::load::TOKEN.as_bytes()));
        loop {
            let Ok((stream, _)) = listener.accept().await else { continue };
            let _nagle = stream.set_nodelay(true);
            let key = Arc::clone(&key);
            tokio::spawn(async move {
                let answer = service_fn(|request| answer(Arc::clone(&key), request));
                let _closed = http1::Builder::new().serve_connection(TokioIo::new(stream), answer).await;
            });
        }
    });
}

async fn answer(key: Arc<ring::hmac::Key>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    use base64::Engine as _;
    let signature =
        request.headers().get("x-twilio-signature").map(|value| value.as_bytes().to_vec()).unwrap_or_default();
    let signature = base64::engine::general_purpose::STANDARD.decode(signature).unwrap_or_default();
    let path = request.uri().path().to_owned();
    let body = request.into_body().collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let mut pairs: Vec<_> = form_urlencoded::parse(&body).collect();
    pairs.sort();
    let mut signed = format!("{}{path}", super::load::PUBLIC);
    for (name, value) in &pairs {
        signed.push_str(name);
        signed.push_str(value);
    }
    let mut response = Response::new(Full::new(Bytes::from_static(DOCUMENT.as_bytes())));
    if ring::hmac::verify(&key, signed.as_bytes(), &signature).is_err() {
        *response.status_mut() = http::StatusCode::FORBIDDEN;
    }
    response.headers_mut().insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static("text/xml"));
    Ok(response)
}
