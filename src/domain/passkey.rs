//! Passkeys (Web Authentication, Level 2): what an authenticator made is read and checked here, with nothing kept between the
//! two halves of a ceremony. Only what passkeys need is read: no attestation is asked for, and none is believed.

mod cbor;

use ring::{digest, signature};

/// Longest id of a credential, by the standard.
const ID_MOST: usize = 1_023;

/// Who relies on the passkeys: this service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relying {
    /// The host name that passkeys belong to.
    pub id: String,
    /// The pages that may ask for one: `https://host`.
    pub origin: String,
}

/// Algorithms that are taken, by COSE's numbers, the best first.
pub const ALGORITHMS: [i64; 3] = [ED25519, ES256, RS256];
const ES256: i64 = -7;
const ED25519: i64 = -8;
const RS256: i64 = -257;

/// Why what an authenticator sent is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It could not be read.
    #[error("the passkey's answer could not be read: {0}")]
    Malformed(&'static str),
    /// It answers something else, for another service, or from another page.
    #[error("the passkey's answer is for something else: {0}")]
    Elsewhere(&'static str),
    /// Nobody was there, or did not show that it was they.
    #[error("the passkey did not check its owner")]
    Unverified,
    /// The algorithm is none of ours.
    #[error("the passkey's algorithm is not known here")]
    Algorithm,
    /// The signature is wrong.
    #[error("the passkey's signature is wrong")]
    Signature,
    /// Its counter went back: there may be two of it.
    #[error("the passkey's counter went back: there may be a copy of it")]
    Copied,
}

/// A new credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// The credential's id.
    pub id: Vec<u8>,
    /// COSE's number of the algorithm.
    pub algorithm: i64,
    /// The public key, in the form that [`checked`] takes.
    pub public: Vec<u8>,
    /// The authenticator's counter.
    pub count: u32,
}

/// What the browser says of the ceremony (`clientDataJSON`).
#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Client {
    r#type: String,
    challenge: String,
    origin: String,
    #[serde(default)]
    cross_origin: bool,
}

fn client(json: &[u8], wanted: &str, challenge: &str, relying: &Relying) -> Result<(), Refused> {
    let client: Client = serde_json::from_slice(json).map_err(|_| Refused::Malformed("clientDataJSON"))?;
    match client {
        _ if client.r#type != wanted => Err(Refused::Elsewhere("type")),
        _ if client.challenge.trim_end_matches('=') != challenge => Err(Refused::Elsewhere("challenge")),
        _ if client.origin != relying.origin || client.cross_origin => Err(Refused::Elsewhere("origin")),
        _ => Ok(()),
    }
}

/// `authenticatorData`, read.
struct Data<'a> {
    count: u32,
    /// Id and public key, where it is a new credential.
    credential: Option<(&'a [u8], &'a [u8])>,
}

const PRESENT: u8 = 1;
const VERIFIED: u8 = 4;
const CREDENTIAL: u8 = 0x40;

fn data<'a>(bytes: &'a [u8], relying: &Relying) -> Result<Data<'a>, Refused> {
    let short = Refused::Malformed("authenticatorData");
    let (hash, rest) = bytes.split_at_checked(32).ok_or(short)?;
    if hash != digest::digest(&digest::SHA256, relying.id.as_bytes()).as_ref() {
        return Err(Refused::Elsewhere("service"));
    }
    let (&flags, rest) = rest.split_first().ok_or(short)?;
    let (count, rest) = rest.split_first_chunk::<4>().ok_or(short)?;
    if flags & PRESENT == 0 || flags & VERIFIED == 0 {
        return Err(Refused::Unverified);
    }
    let credential = if flags & CREDENTIAL == 0 {
        None
    } else {
        let (_model, rest) = rest.split_at_checked(16).ok_or(short)?;
        let (length, rest) = rest.split_first_chunk::<2>().ok_or(short)?;
        let length = usize::from(u16::from_be_bytes(*length));
        if length == 0 || length > ID_MOST {
            return Err(Refused::Malformed("credential id"));
        }
        Some(rest.split_at_checked(length).ok_or(short)?)
    };
    Ok(Data { count: u32::from_be_bytes(*count), credential })
}

/// Reads a new credential (`navigator.credentials.create`).
pub fn made(client_data: &[u8], attestation: &[u8], challenge: &str, relying: &Relying) -> Result<Made, Refused> {
    client(client_data, "webauthn.create", challenge, relying)?;
    let object = cbor::read(attestation).ok_or(Refused::Malformed("attestationObject"))?;
    let auth = object.get_text("authData").and_then(cbor::Value::bytes).ok_or(Refused::Malformed("authData"))?;
    let Data { count, credential } = data(auth, relying)?;
    let (id, key) = credential.ok_or(Refused::Malformed("no credential"))?;
    let (algorithm, public) = public_key(key)?;
    Ok(Made { id: id.to_vec(), algorithm, public, count })
}

/// A COSE key (RFC 9053) as bytes: the point, uncompressed; the 32 bytes of Ed25519; modulus and exponent of RSA, with the
/// modulus' length before them.
fn public_key(bytes: &[u8]) -> Result<(i64, Vec<u8>), Refused> {
    let bad = Refused::Malformed("public key");
    // Extensions may follow the key.
    let key = cbor::read_first(bytes).ok_or(bad)?;
    let part = |label: i64| key.get_number(label).and_then(cbor::Value::bytes).ok_or(bad);
    let number = |label: i64| key.get_number(label).and_then(cbor::Value::number).ok_or(bad);
    match (number(1)?, number(3)?) {
        (2, ES256) => {
            let (x, y) = (part(-2)?, part(-3)?);
            if number(-1)? != 1 || x.len() != 32 || y.len() != 32 {
                return Err(bad);
            }
            Ok((ES256, [&[4][..], x, y].concat()))
        }
        (1, ED25519) => {
            let x = part(-2)?;
            if number(-1)? != 6 || x.len() != 32 {
                return Err(bad);
            }
            Ok((ED25519, x.to_vec()))
        }
        (3, RS256) => {
            let (n, e) = (part(-1)?, part(-2)?);
            let length = u16::try_from(n.len()).ok().filter(|_| (256..=512).contains(&n.len()) && e.len() <= 4);
            Ok((RS256, [&length.ok_or(bad)?.to_be_bytes()[..], n, e].concat()))
        }
        _ => Err(Refused::Algorithm),
    }
}

/// A credential that is known.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// COSE's number of the algorithm.
    pub algorithm: i64,
    /// As [`Made::public`].
    pub public: &'a [u8],
    /// The counter that was seen last.
    pub count: u32,
}

/// Checks an answer of a known credential (`navigator.credentials.get`); its counter now.
pub fn checked(
    known: Known<'_>,
    client_data: &[u8],
    authenticator: &[u8],
    signature: &[u8],
    challenge: &str,
    relying: &Relying,
) -> Result<u32, Refused> {
    client(client_data, "webauthn.get", challenge, relying)?;
    let Data { count, .. } = data(authenticator, relying)?;
    let signed = [authenticator, digest::digest(&digest::SHA256, client_data).as_ref()].concat();
    verified(known, &signed, signature)?;
    // Many have no counter and always say 0.
    if (known.count > 0 || count > 0) && count <= known.count {
        return Err(Refused::Copied);
    }
    Ok(count)
}

fn verified(known: Known<'_>, signed: &[u8], signature: &[u8]) -> Result<(), Refused> {
    let by = |algorithm: &'static dyn signature::VerificationAlgorithm| {
        signature::UnparsedPublicKey::new(algorithm, known.public).verify(signed, signature)
    };
    let right = match known.algorithm {
        ES256 => by(&signature::ECDSA_P256_SHA256_ASN1),
        ED25519 => by(&signature::ED25519),
        RS256 => {
            let (length, rest) = known.public.split_first_chunk::<2>().ok_or(Refused::Algorithm)?;
            let (n, e) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length))).ok_or(Refused::Algorithm)?;
            let key = signature::RsaPublicKeyComponents { n, e };
            key.verify(&signature::RSA_PKCS1_2048_8192_SHA256, signed, signature)
        }
        _ => return Err(Refused::Algorithm),
    };
    right.map_err(|_| Refused::Signature)
}

#[cfg(test)]
mod tests;
