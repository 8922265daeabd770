use super::*;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use proptest::prelude::*;
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _},
};

fn relying() -> Relying {
    Relying { id: "redial.example".into(), origin: "https://redial.example".into() }
}

fn client_data(kind: &str, challenge: &str, origin: &str, crossed: bool) -> Vec<u8> {
    serde_json::json!({"type": kind, "challenge": challenge, "origin": origin, "crossOrigin": crossed, "other": 1})
        .to_string()
        .into_bytes()
}

fn auth(id: &str, flags: u8, count: u32, rest: &[u8]) -> Vec<u8> {
    let hash = digest::digest(&digest::SHA256, id.as_bytes());
    [hash.as_ref(), &[flags], &count.to_be_bytes(), rest].concat()
}

/// Credential `id` with this COSE key.
fn credential(id: &[u8], cose: &[u8]) -> Vec<u8> {
    let length = u16::try_from(id.len()).unwrap().to_be_bytes();
    [&[0; 16][..], &length, id, cose].concat()
}

fn attestation(auth: &[u8]) -> Vec<u8> {
    let mut object = vec![0xa3, 0x63];
    object.extend(b"fmt\x64none");
    object.extend(b"\x67attStmt\xa0\x68authData\x59");
    object.extend(u16::try_from(auth.len()).unwrap().to_be_bytes());
    object.extend(auth);
    object
}

fn es256(public: &[u8]) -> Vec<u8> {
    let (x, y) = public[1..].split_at(32);
    [&[0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32][..], x, &[0x22, 0x58, 32], y].concat()
}

fn ed25519(public: &[u8]) -> Vec<u8> {
    [&[0xa4, 1, 1, 3, 0x27, 0x20, 6, 0x21, 0x58, 32][..], public].concat()
}

const C: &str = "Y2hhbGxlbmdl";

#[test]
fn a_new_credential_is_read_and_its_answers_are_checked() {
    let random = SystemRandom::new();
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8.as_ref(), &random).unwrap();
    let created = client_data("webauthn.create", C, "https://redial.example", false);
    let data = auth("redial.example", 0x45, 0, &credential(b"key one", &es256(pair.public_key().as_ref())));
    let made = made(&created, &attestation(&data), C, &relying()).unwrap();
    assert_eq!((&made.id[..], made.algorithm, made.count), (&b"key one"[..], -7, 0));

    let got = client_data("webauthn.get", C, "https://redial.example", false);
    let answer = |id: &str, flags: u8, count: u32, client: &[u8]| {
        let data = auth(id, flags, count, &[]);
        let signed = [&data[..], digest::digest(&digest::SHA256, client).as_ref()].concat();
        (data, pair.sign(&random, &signed).unwrap().as_ref().to_vec())
    };
    let check = |count, (data, signature): &(Vec<u8>, Vec<u8>), client: &[u8]| {
        let known = Known { algorithm: made.algorithm, public: &made.public, count };
        checked(known, client, data, signature, C, &relying())
    };
    let good = answer("redial.example", 5, 0, &got);
    assert_eq!(check(0, &good, &got), Ok(0));
    assert_eq!(check(6, &answer("redial.example", 5, 7, &got), &got), Ok(7));
    for (rule, count, answered, client, why) in [
        ("another service", 0, answer("evil.example", 5, 0, &got), got.clone(), Refused::Elsewhere("service")),
        ("nobody was there", 0, answer("redial.example", 4, 0, &got), got.clone(), Refused::Unverified),
        ("nobody showed who they are", 0, answer("redial.example", 1, 0, &got), got.clone(), Refused::Unverified),
        ("the counter stands", 7, answer("redial.example", 5, 7, &got), got.clone(), Refused::Copied),
        ("the counter goes back", 7, answer("redial.example", 5, 0, &got), got.clone(), Refused::Copied),
        ("a signature of something else", 0, good.clone(), [&got[..], b" "].concat(), Refused::Signature),
    ] {
        assert_eq!(check(count, &answered, &client), Err(why), "{rule}");
    }
    for (rule, kind, challenge, origin, crossed, why) in [
        ("the other ceremony", "webauthn.create", C, "https://redial.example", false, Refused::Elsewhere("type")),
        ("another challenge", "webauthn.get", "QUJD", "https://redial.example", false, Refused::Elsewhere("challenge")),
        ("another page", "webauthn.get", C, "https://redial.example.evil", false, Refused::Elsewhere("origin")),
        ("a frame in another page", "webauthn.get", C, "https://redial.example", true, Refused::Elsewhere("origin")),
    ] {
        let client = client_data(kind, challenge, origin, crossed);
        assert_eq!(check(0, &answer("redial.example", 5, 0, &client), &client), Err(why), "{rule}");
    }
    let mut broken = good.clone();
    broken.1[10] ^= 1;
    assert_eq!(check(0, &broken, &got), Err(Refused::Signature));
}

#[test]
fn ed25519_keys_are_taken_and_others_are_not() {
    let pkcs8 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
    let pair = Ed25519KeyPair::from_pkcs8(pkcs8.as_ref()).unwrap();
    let created = client_data("webauthn.create", C, "https://redial.example", false);
    let read = |cose: &[u8]| {
        let data = auth("redial.example", 0x45, 0, &credential(b"k", cose));
        made(&created, &attestation(&data), C, &relying())
    };
    let key = read(&ed25519(pair.public_key().as_ref())).unwrap();
    let got = client_data("webauthn.get", C, "https://redial.example", false);
    let data = auth("redial.example", 5, 0, &[]);
    let signed = [&data[..], digest::digest(&digest::SHA256, &got).as_ref()].concat();
    let signature = pair.sign(&signed);
    let known = Known { algorithm: key.algorithm, public: &key.public, count: 0 };
    assert_eq!(checked(known, &got, &data, signature.as_ref(), C, &relying()), Ok(0));
    // ES384, and an Ed25519 key that is too short.
    assert_eq!(read(&[0xa2, 1, 2, 3, 0x38, 0x22]), Err(Refused::Algorithm));
    assert_eq!(read(&[0xa4, 1, 1, 3, 0x27, 0x20, 6, 0x21, 0x41, 9]), Err(Refused::Malformed("public key")));
    assert_eq!(read(&[]), Err(Refused::Malformed("public key")));
    assert_eq!(URL_SAFE_NO_PAD.decode(C).unwrap(), b"challenge");
}

proptest! {
    #[test]
    fn nothing_makes_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let created = client_data("webauthn.create", C, "https://redial.example", false);
        let _read = made(&created, &bytes, C, &relying());
        let whole = auth("redial.example", 0x45, 0, &bytes);
        let _read = made(&created, &attestation(&whole), C, &relying());
    }
}
