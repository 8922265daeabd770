//! What fuzzing begins with: the requests of all samples of all provider files, the files themselves, the
//! configuration, and a few texts of each other kind.

use std::{error::Error, fs, path::Path};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const TEXTS: [(&str, &[&str]); 5] = [
    (
        "address",
        &[
            "\0+1 (415) 555-0100",
            "\u{1}030 1234567;ext=5",
            "\u{2}tel:+52-1-55-1234-5678",
            "\0Ann@Exämple.com",
            "\0sip:+14155550100@example.com;user=phone",
        ],
    ),
    ("message", &["STOP", "bitte keine Nachrichten mehr", "ÉARRÊT’ “now” {€}", "*/5 8-18 1,15 * 1-5", "توقف"]),
    ("moves", &["Ann Example\n+14155550100\n+14155550199\n2023-01-02\nreveal"]),
    (
        "card",
        &[
            "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Example;Ann;;;\r\nFN:Ann Example\r\nitem1.TEL;TYPE=CELL:+1 415 555 0100\r\nitem1.X-ABLabel:_$!<Mobile>!$_\r\nEMAIL:ann@example.com\r\nNOTE:folded\r\n  line\r\nEND:VCARD\r\n",
            "BEGIN:VCARD\nVERSION:4.0\nFN;LANGUAGE=de:Änn\nTEL;VALUE=uri;TYPE=\"voice,cell\":tel:+1-415-555-0100;ext=1\nEND:VCARD\n",
            "BEGIN:VCARD\r\nVERSION:2.1\r\nN;CHARSET=ISO-8859-1;ENCODING=QUOTED-PRINTABLE:M=FCller;=\r\nJ=F6rg\r\nTEL;CELL;PREF:030 1234567\r\nAGENT:\r\nBEGIN:VCARD\r\nEND:VCARD\r\nEND:VCARD\r\n",
        ],
    ),
    (
        "bounce",
        &[
            "From: MAILER-DAEMON\r\nTo: bounces+x@example.com\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx\r\n\r\nFinal-Recipient: rfc822; bob@example.com\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n--b\r\nContent-Type: message/rfc822-headers\r\n\r\nMessage-ID: <1@example.com>\r\n\r\n--b--\r\n",
        ],
    ),
];

/// A picture of each kind as a camera writes it: what draws it, and what stands beside. Nothing here reads checksums or pixels.
const PICTURES: [(&str, &[u8]); 2] = [
    (
        "png",
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x02\0\0\0crc.\0\0\0\x03eXIfGPScrc.\0\0\0\x06tEXtby\0Anncrc.\0\0\0\x01IDATxcrc.\0\0\0\0IENDcrc.",
    ),
    (
        "jpeg",
        b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x02\0\0\x01\0\x01\0\0\xff\xe1\0\x0bExif\0\0GPS\xff\xee\0\x0eAdobe\0d\0\0\0\0\x01\xff\xe2\0\x0eICC_PROFILE\0\xff\xfe\0\x05Ann\xff\xda\0\x03sab\xff\0c\xff\xd1d\xff\xda\0\x03sef\xff\xd9",
    ),
];

/// Makes a folder in `folder` for each target.
pub fn write_all(folder: &Path) -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for (target, texts) in TEXTS {
        for (place, text) in texts.iter().enumerate() {
            write(folder, target, &place.to_string(), text.as_bytes())?;
        }
    }
    for (name, picture) in PICTURES {
        write(folder, "photo", name, picture)?;
    }
    write(folder, "config", "default", &fs::read(root.join("config.toml"))?)?;
    for (which, account) in crate::accounts().iter().enumerate() {
        let file = root.join("providers").join(format!("{}.toml", account.provider().name()));
        write(folder, "provider_file", account.provider().name(), &fs::read(file)?)?;
        let samples = root.join("providers").join(account.provider().name());
        let mut place = 0;
        for sample in fs::read_dir(samples)? {
            let table: toml::Table = fs::read_to_string(sample?.path())?.parse()?;
            for one in table.values().filter_map(toml::Value::as_array).flatten() {
                let Some(seed) = one.get("request").and_then(|request| request_seed(which, request)) else { continue };
                for target in ["webhook", "relay"] {
                    write(folder, target, &format!("{which}-{place}"), &seed)?;
                }
                place += 1;
            }
        }
    }
    Ok(())
}

fn write(folder: &Path, target: &str, name: &str, content: &[u8]) -> Result<()> {
    fs::create_dir_all(folder.join(target))?;
    Ok(fs::write(folder.join(target).join(name), content)?)
}

/// As [`crate::Sent`] reads it.
fn request_seed(which: usize, request: &toml::Value) -> Option<Vec<u8>> {
    let text = |name: &str| request.get(name).and_then(toml::Value::as_str);
    let url = text("url")?;
    let target = url.split_once("://").and_then(|(_, rest)| rest.find('/').map(|at| &rest[at..]))?;
    let (kind, body) = match (text("form"), text("json")) {
        (Some(form), _) => (0, form),
        (_, Some(json)) => (1, json),
        _ => (3, text("body").unwrap_or_default()),
    };
    let get = u8::from(text("method") == Some("GET"));
    let mut seed = vec![u8::try_from(which).ok()?, kind << 1 | get];
    seed.extend_from_slice(target.as_bytes());
    for (name, value) in request.get("headers").and_then(toml::Value::as_table).into_iter().flatten() {
        seed.extend_from_slice(format!("\n{name}: {}", value.as_str().unwrap_or_default()).as_bytes());
    }
    seed.extend_from_slice(b"\n\n");
    seed.extend_from_slice(body.as_bytes());
    Some(seed)
}
