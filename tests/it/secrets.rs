//! What opens a page for whoever has it stands in no log: tokens of links, sessions, marks of forms, codes.

use crate::{
    peer,
    push::program::{Program, number},
};
use http::{Method, header};
use serde_json::{Value, json};

const ANN: &str = "ann@example.com";
const CONFIG: &str = r#"
[server]
listen = "127.0.0.1:0"
public_url = "https://redial.example"
[metrics]
listen = "127.0.0.1:0"
[log]
level = "trace"
[store]
path = "redial.db"
[sign_in]
registration = true
[notices]
sms = ["outbox"]
email = ["outbox"]
debounce = "100 ms"
debounce_at_most = "1 s"
quiet = "none"
[accounts.outbox]
kind = "folder"
path = "outbox"
from = "+15550100100"
from_email = "redial@example.com"
"#;

/// What follows `before` in a message or page, up to what cannot belong to a token.
fn after(text: &str, before: &str) -> Option<String> {
    let rest = text.split_once(before)?.1;
    let end = rest.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '-' && letter != '_');
    Some(rest[..end.unwrap_or(rest.len())].to_owned())
}

/// Waits for a message to this address that has something; the something.
async fn told<T>(program: &Program, to: &str, find: impl Fn(&str) -> Option<T>) -> T {
    let to = to.trim_start_matches('+');
    let look = async || {
        let texts = program.texts().into_iter().map(|text| text.replace("=\r\n", "").replace("=\n", ""));
        texts.filter(|text| text.contains(to)).find_map(|text| find(&text))
    };
    peer::found("the message", look).await
}

fn code(text: &str) -> Option<String> {
    let mut runs = text.split(|letter: char| !letter.is_ascii_alphanumeric());
    runs.find(|run| run.len() == 6 && run.bytes().all(|letter| letter.is_ascii_digit())).map(str::to_owned)
}

/// Ann registers by e-mail and adds a number, which is held: cookie, mark of her forms, codes, token of the link that stops it.
async fn held(program: &Program) -> [String; 5] {
    let leads = |headers: &http::HeaderMap| headers[header::LOCATION].to_str().unwrap().to_owned();
    let (parts, _) = program.page("/me/sign-in", "", Some(&[("to", ANN)])).await;
    let (_, page) = program.page(&leads(&parts.headers), "", None).await;
    let challenge = after(&page, "name=\"challenge\" value=\"").unwrap();
    let first = told(program, ANN, code).await;
    let form = [("challenge", &*challenge), ("to", ANN), ("code", &first), ("name", "Ann Lee")];
    let (parts, page) = program.page("/me/sign-in/code", "", Some(&form)).await;
    let given = |headers: &http::HeaderMap, page: &str| {
        let cookie = headers.get(header::SET_COOKIE).unwrap_or_else(|| panic!("{page}")).to_str().unwrap();
        cookie.split(';').next().unwrap().to_owned()
    };
    let cookie = given(&parts.headers, &page);
    let (_, home) = program.page("/", &cookie, None).await;
    let mark = after(&home, "name=\"form\" value=\"").unwrap();

    let new = number(1);
    let form = [("form", &*mark), ("new-label-0", "mobile"), ("new-value-0", &new)];
    let (parts, page) = program.page("/me/change", &cookie, Some(&form)).await;
    let asks = parts.headers.get(header::LOCATION).unwrap_or_else(|| panic!("{page}")).to_str().unwrap().to_owned();
    let request = asks.split('?').next().unwrap();
    let (_, page) = program.page(&asks, &cookie, None).await;
    let challenge = after(&page, "name=\"challenge\" value=\"").unwrap();
    let second = told(program, &new, code).await;
    let form = [("form", &*mark), ("to", &new), ("challenge", &challenge), ("code", &second)];
    let (parts, page) = program.page(&format!("{request}/answer"), &cookie, Some(&form)).await;
    // A further proof gives the session another token, and its forms another mark.
    let cookie = given(&parts.headers, &page);
    let (_, home) = program.page("/", &cookie, None).await;
    let mark = after(&home, "name=\"form\" value=\"").unwrap();
    for step in ["who", "go"] {
        program.page(&format!("{request}/{step}"), &cookie, Some(&[("form", &mark)])).await;
    }
    let link = told(program, ANN, |text| after(text, "/keep/")).await;
    [cookie.split_once('=').unwrap().1.to_owned(), mark, first, second, link]
}

/// Another owner's change is told to a friend by e-mail: the token of the friend's link.
async fn linked(program: &Program) -> String {
    let id = |made: &Value| made["id"].as_str().unwrap().to_owned();
    let points = json!([{"label": "mobile", "value": number(2)}]);
    let made = program.post("owners", json!({"profile": {"name": "Eve Ray"}, "points": points})).await;
    let eve = id(&made["owner"]);
    let book = id(&program.post(&format!("owners/{eve}/books"), json!({"name": "private"})).await);
    let group = json!({"book": book, "name": "Friends", "told": "at_once", "reveal": ["mobile"]});
    let group = id(&program.post(&format!("owners/{eve}/groups"), group).await);
    let contact = json!({"book": book, "name": "Bo", "addresses": ["bo@example.org"]});
    let contact = id(&program.post(&format!("owners/{eve}/contacts"), contact).await);
    let member = format!("owners/{eve}/groups/{group}/members/{contact}");
    assert_eq!(program.ask(Method::PUT, &member, &Value::Null).await.0, 204);
    program.change(&eve, 3).await;
    told(program, "bo@example.org", |text| after(text, "/c/")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn no_token_and_no_session_is_logged() {
    let program = Program::configured(CONFIG).await;
    let [session, mark, first, second, keep] = held(&program).await;
    let card = linked(&program).await;
    let cookie = format!("redial={session}");
    let mut seen = Vec::new();
    for (path, form) in [
        (format!("/c/{card}"), None),
        (format!("/c/{card}.vcf"), None),
        (format!("/c/{card}/stop"), None),
        (format!("/c/{card}/nothing"), None),
        (format!("/c/{card}"), Some(&[("act", "how"), ("channel", "usual")][..])),
        (format!("/c/{card}/stop"), Some(&[("stop", "owner")])),
        (format!("/c/{card}/stop"), Some(&[("stop", "nonsense")])),
        (format!("/keep/{keep}"), None),
        (format!("/keep/{keep}"), Some(&[("", "")])),
        (format!("/keep/{keep}"), Some(&[("", "")])),
        (format!("/me/safety?x={keep}"), None),
    ] {
        seen.push(program.page(&path, &cookie, form).await.0.status.as_u16());
    }
    assert_eq!(seen, [200, 200, 200, 404, 200, 200, 400, 200, 200, 404, 200]);
    let log = program.ended();
    assert!(log.contains("TRACE"), "everything is logged, so that the next lines mean something");
    for (what, secret) in
        [("link of a card", &card), ("link that stops", &keep), ("session", &session), ("form's mark", &mark)]
    {
        let line = log.lines().find(|line| line.contains(secret.as_str()));
        assert_eq!(line, None, "the log tells the {what}");
    }
    for code in [first, second] {
        let line = log.lines().find(|line| {
            let mut words = line.split(|letter: char| !letter.is_ascii_alphanumeric());
            words.any(|word| word == code) && !line.contains(&format!(".{code}Z"))
        });
        assert_eq!(line, None, "the log tells a code");
    }
}
