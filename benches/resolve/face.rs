//! One face of no (rule Q4): how long `/v1/resolve` takes over HTTP for each kind of answer. They should not be told
//! apart: every one leaves at the end of its slot.

use crate::{filled, share::share};
use bytes::Bytes;
use redial::{
    http::{
        api::{self, Api},
        body::Limit,
        serve::{Limits, Listener, serve},
    },
    telemetry::Metrics,
    transport::http::{Client, Settings, reach::Reach},
    usecase::{
        Env,
        keys::{self, NewKey, Scope},
        write::carry_out,
    },
};
use std::{net::SocketAddr, time::Duration};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// The kinds, and what is asked for each. Numbers of [`filled::fill`] belong to owners called `Owner N`.
fn kinds() -> [(&'static str, String); 5] {
    let body = |to: String, name: Option<&str>| serde_json::json!({"to": to, "name": name}).to_string();
    [
        ("never held", body("+16462000001".to_owned(), None)),
        ("never held, a name", body("+16462000002".to_owned(), Some("Owner 2"))),
        ("a namesake", body(filled::former(3), Some("Somebody Else"))),
        ("a short code", body("12345".to_owned(), None)),
        ("moved", body(filled::former(4), None)),
    ]
}

pub(crate) async fn compare(env: &Env, each: usize) {
    let wanted = NewKey { label: "bench".into(), scopes: vec![Scope::Resolve], owner: None };
    let (_, secret) = carry_out(env, || keys::create(env, &wanted)).await.expect("a key");
    let stop = CancellationToken::new();
    let listener = Listener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.expect("a port is free");
    let address = listener.address().expect("it is bound");
    let limit = Limit { bytes: 1 << 16, time: Duration::from_secs(5) };
    let routes = api::routes(Api::new(env.clone(), api::Settings::default(), limit));
    let server = tokio::spawn(serve(listener, routes, Limits::default(), Metrics::new(), stop.clone()));
    let client = Client::new(&Settings { reach: Reach::Anywhere, ..Settings::default() }).expect("a client");

    let kinds = kinds();
    let mut times: [Vec<f64>; 5] = Default::default();
    for _ in 0..each {
        for (at, (_, body)) in kinds.iter().enumerate() {
            let request = http::Request::post(format!("http://{address}/v1/resolve"))
                .header("authorization", format!("Bearer {}", secret.reveal()))
                .header("content-type", "application/json")
                .body(Bytes::from(body.clone()))
                .expect("a good request");
            let start = Instant::now();
            let reply = client.send(request).await.expect("an answer");
            times[at].push(start.elapsed().as_secs_f64() * 1e3);
            assert_eq!(reply.status(), 200, "{:?}", reply.body());
        }
    }
    stop.cancel();
    server.await.expect("it stops");
    println!("\n{each} requests of each kind to /v1/resolve, in turn; ms");
    println!("{:24} {:>8} {:>8} {:>8}", "", "p10", "p50", "p90");
    for (at, (name, _)) in kinds.iter().enumerate() {
        let share = |below| share(times[at].iter().copied(), below);
        println!("{name:24} {:>8.3} {:>8.3} {:>8.3}", share(0.1), share(0.5), share(0.9));
    }
}
