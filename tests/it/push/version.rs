//! Which version of HTTP is spoken: as the handshake of TLS chooses, or the one that alone is right.

use super::h2::Far;
use bytes::Bytes;
use redial::transport::http::{Client, Failure, Settings, Version, reach::Reach};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};
use std::sync::Arc;

const CERTIFICATE: &[u8] = include_bytes!("../serve/test-only-certificate.pem");
const KEY: &[u8] = include_bytes!("../serve/test-only-key.pem");

/// TLS that offers these protocols.
fn offering(protocols: &[&str]) -> Arc<rustls::ServerConfig> {
    let (certificate, key) =
        (CertificateDer::from_pem_slice(CERTIFICATE).unwrap(), PrivateKeyDer::from_pem_slice(KEY).unwrap());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let mut config = config.with_no_client_auth().with_single_cert(vec![certificate], key).unwrap();
    config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
    Arc::new(config)
}

#[tokio::test]
async fn the_version_is_the_one_that_both_speak() {
    use Version::{One, OneOrTwo, Only2};
    let far = |protocols: &'static [&'static str], one: bool| {
        Far::start(Some((offering(protocols), one)), |_| (200, Vec::new(), String::new()))
    };
    let (both, two, one) =
        (far(&["h2", "http/1.1"], false).await, far(&["h2"], false).await, far(&["http/1.1"], true).await);
    for (what, far, version, spoken) in [
        ("both speak both", &both, OneOrTwo, Some("HTTP/2.0")),
        ("the far end speaks 2 alone", &two, OneOrTwo, Some("HTTP/2.0")),
        ("the far end speaks 1.1 alone", &one, OneOrTwo, Some("HTTP/1.1")),
        ("we speak 2 alone", &two, Only2, Some("HTTP/2.0")),
        ("we speak 2 alone, the far end 1.1", &one, Only2, None),
        ("we speak 1.1 alone", &one, One, Some("HTTP/1.1")),
    ] {
        let root = CertificateDer::from_pem_slice(CERTIFICATE).unwrap();
        let settings = Settings { reach: Reach::Anywhere, extra_roots: vec![root], version, ..Settings::default() };
        let client = Client::new(&settings).unwrap();
        let url = format!("https://localhost:{}/", far.address.port());
        let reply = client.send(http::Request::get(url).body(Bytes::new()).unwrap()).await;
        match (reply, spoken) {
            (Ok(reply), Some(spoken)) => assert_eq!(reply.headers()["x-version"], spoken, "{what}"),
            (Err(Failure::NotSent(_)), None) => {}
            (reply, _) => panic!("{what}: {reply:?}"),
        }
    }
}
