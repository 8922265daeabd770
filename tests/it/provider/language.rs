//! What a provider file can say, on small files: credentials, several events in a webhook, numbers without `+`, bodies.

use redial::provider::Provider;
use std::sync::Arc;

const HEAD: &str =
    "schema = 1\nname = \"acme\"\ntitle = \"Acme\"\nupstream = \"https://{{ parameters.space }}.acme.example\"\n";
const PARAMETERS: &str = "[parameters]\nspace = { about = \"space\", default = \"eu\" }\nuser = { about = \"user\" }\npassword = { about = \"password\", secret = true }\n[signature]\nnone = {}\n";

/// What a file and its samples disagree in.
fn wrong(head: &str, sections: &str, samples: &str) -> Vec<String> {
    let file = format!("{HEAD}{head}{PARAMETERS}{sections}");
    let provider = Provider::load(&file, "acme.toml").map_err(|wrong| wrong.to_string()).unwrap();
    let samples = format!("[account]\nparameters = {{ user = \"u\", password = \"p w\" }}\n{samples}");
    Arc::new(provider).check(&[("samples.toml", &samples)]).iter().map(ToString::to_string).collect()
}

fn agrees(head: &str, sections: &str, samples: &str) {
    let wrong = wrong(head, sections, samples);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn credentials_in_query_and_body() {
    let send = |auth: &str, encoding: &str| {
        format!(
            "[[auth]]\n{auth}\n[send]\nmethod = \"POST\"\npath = \"/s\"\nencoding = \"{encoding}\"\nfields = {{ to = \"{{{{ to|digits }}}}\" }}\n[send.reply]\nrules = []\n"
        )
    };
    let sample = |url: &str, body: &str| {
        format!(
            "[[send]]\nname = \"one\"\nmessage = {{ to = \"+15550100999\", text = \"x\", reference = \"r\" }}\nrequest.url = \"https://eu.acme.example/s{url}\"\nrequest.body = '{body}'\n"
        )
    };
    let query = "query = { username = \"user\", password = \"password\" }";
    let body = "body = { username = \"user\", password = \"password\" }";
    agrees("", &send(query, "query"), &sample("?to=15550100999&password=p+w&username=u", ""));
    agrees("", &send(query, "json"), &sample("?password=p+w&username=u", r#"{"to":"15550100999"}"#));
    agrees("", &send(body, "form"), &sample("", "to=15550100999&password=p+w&username=u"));
    agrees("", &send(body, "json"), &sample("", r#"{"password":"p w","to":"15550100999","username":"u"}"#));
}

#[test]
fn bodies_of_each_encoding() {
    let sections = r#"
[send]
method = "PUT"
upstream = "https://{{ parameters.space }}.sms.example/base"
path = "/s/{{ to|digits }}"
encoding = "xml"
body = "<sms to=\"{{ to }}\">{{ text }}</sms>"
headers = { X-Reference = "{{ reference }}" }
limits = { text = 8, media = 0 }
rates = { per_second = 2.5, concurrent = 3 }
idempotency = { hours = 24 }
[send.reply]
id = ["header:Location ~ /messages/([^/]+)$", "text:body ~ <id>([^<]+)</id>"]
id_is_reference = true
retry_after = [{ place = "header:Retry-After", unit = "seconds" }]
[[send.reply.rules]]
when = { "text:body" = { regex = "^OK" } }
outcome = "sent"
[[send.reply.rules]]
when = { "json:/errors/*/code" = ["busy"] }
outcome = "try_again"
"#;
    agrees(
        "",
        sections,
        r#"
[[send]]
name = "XML"
message = { to = "+15550100999", text = "a < b", reference = "r" }
request.method = "PUT"
request.url = "https://eu.sms.example/base/s/15550100999"
request.headers = { content-type = "application/xml", x-reference = "r" }
request.body = '<sms to="+15550100999">a &lt; b</sms>'
[[reply]]
name = "an id in a header"
status = 201
headers = { Location = "https://x.example/messages/m1" }
body = "OK"
outcome = "sent"
id = "m1"
[[reply]]
name = "an id in the body"
status = 500
body = "OK <id>m2</id>"
outcome = "sent"
id = "m2"
[[reply]]
name = "a date"
status = 503
headers = { Date = "Sun, 06 Nov 1994 08:49:37 GMT", Retry-After = "Sun, 06 Nov 1994 08:50:07 GMT" }
body = '{"errors":[{"code":"x"},{"code":"busy"}]}'
outcome = "try_again"
after_seconds = 30
"#,
    );
    let long = wrong(
        "",
        sections,
        "[[send]]\nname = \"long\"\nmessage = { to = \"+1\", text = \"123456789\", reference = \"r\" }\nrequest.url = \"x\"\n",
    );
    assert!(long.iter().any(|wrong| wrong.contains("longer than the provider takes")), "{long:?}");
}

#[test]
fn email_and_push_have_names_of_their_own() {
    agrees(
        "",
        r#"
[send]
kind = "email"
method = "POST"
path = "/mail"
encoding = "json"
[send.fields]
"personalizations/0/to/0/email" = "{{ to }}"
"from/email" = "{{ from }}"
subject = "{{ subject }}"
"content/0/type" = "text/plain"
"content/0/value" = "{{ text }}"
"attachments/0/content" = "{{ card_base64 }}"
"attachments/0/filename" = "{{ 'card.vcf' if card else '' }}"
"headers/List-Unsubscribe" = "{{ '<' ~ unsubscribe ~ '>' if unsubscribe else '' }}"
"mail_settings/sandbox" = true
[send.reply]
rules = []
"#,
        r#"
[[send]]
name = "with a card"
message = { to = "a@x.example", from = "b@x.example", text = "t", reference = "r", email = { subject = "s", card = "BEGIN", unsubscribe = "https://u.example/1" } }
request.url = "https://eu.acme.example/mail"
request.body = '{"attachments":[{"content":"QkVHSU4=","filename":"card.vcf"}],"content":[{"type":"text/plain","value":"t"}],"from":{"email":"b@x.example"},"headers":{"List-Unsubscribe":"<https://u.example/1>"},"mail_settings":{"sandbox":true},"personalizations":[{"to":[{"email":"a@x.example"}]}],"subject":"s"}'
[[send]]
name = "without"
message = { to = "a@x.example", text = "t", reference = "r", email = { subject = "s" } }
request.url = "https://eu.acme.example/mail"
request.body = '{"content":[{"type":"text/plain","value":"t"}],"mail_settings":{"sandbox":true},"personalizations":[{"to":[{"email":"a@x.example"}]}],"subject":"s"}'
"#,
    );
    agrees(
        "",
        r#"
[send]
kind = "push"
method = "POST"
url = "{{ to }}"
encoding = "text"
body = "{{ text }}"
device = { about = "a topic" }
headers = { Title = "{{ title }}", TTL = "{{ ttl }}", Topic = "{{ collapse }}" }
[send.reply]
rules = []
"#,
        r#"
[[send]]
name = "to an endpoint"
message = { to = "https://push.example/abc", text = "t", reference = "r", push = { title = "T", ttl = 60 } }
request.url = "https://push.example/abc"
request.headers = { title = "T", ttl = "60", content-type = "text/plain; charset=utf-8" }
request.body = "t"
"#,
    );
}

#[test]
fn a_webhook_with_several_events() {
    agrees(
        "",
        r#"
[hooks.status]
each = "/results/*"
when = { "json:/kind" = "report" }
id = "json:/messageId"
state = "json:/status/groupName | lower"
code = "json:/error/id"
sequence = "json:/seq"
acknowledge = { status = 200 }
[[hooks.status.states]]
when = { state = "delivered" }
state = "delivered"
final = true
[[hooks.status.states]]
when = { "json:/error/permanent" = true }
state = "failed_permanent"
final = true
[hooks.inbound]
each = "/results/*"
when = { "json:/kind" = "message" }
id = "json:/messageId"
from = "json:/from"
to = "json:/to"
text = "json:/text | base64"
acknowledge = { body = "ACK" }
"#,
        r#"
[[status]]
name = "two reports and a message"
request.url = "https://r.example/hooks/main/status"
request.json = '{"results":[{"kind":"report","messageId":"a","status":{"groupName":"DELIVERED"},"seq":7},{"kind":"message"},{"kind":"report","messageId":"b","status":{"groupName":"REJECTED"},"error":{"id":5,"permanent":true}}]}'
events = [{ id = "a", state = "delivered", final = true, sequence = 7 }, { id = "b", state = "failed_permanent", final = true, code = "5" }]
[[inbound]]
name = "two messages"
request.url = "https://r.example/hooks/main/inbound"
request.json = '{"results":[{"kind":"message","messageId":"a","from":"+1","to":"+2","text":"aGk="},{"kind":"message","messageId":"b","from":"+3","to":"+4","text":""}]}'
messages = [{ id = "a", from = "+1", to = "+2", text = "hi" }, { id = "b", from = "+3", to = "+4", text = "" }]
[[inbound]]
name = "none"
request.url = "https://r.example/hooks/main/inbound"
request.json = '[]'
"#,
    );
    // JSON in a text in JSON.
    agrees(
        "",
        "[hooks.inbound]\neach = \"/Message\"\nid = \"json:/id\"\nfrom = \"json:/from\"\nto = \"json:/to\"\ntext = \"json:/text\"\nacknowledge = {}\n",
        r#"
[[inbound]]
name = "wrapped"
request.url = "https://r.example/hooks/main/inbound"
request.json = '{"Type":"Notification","Message":"{\"id\":\"m\",\"from\":\"+1\",\"to\":\"+2\",\"text\":\"x\"}"}'
message = { id = "m", from = "+1", to = "+2", text = "x" }
"#,
    );
}

#[test]
fn numbers_without_plus_and_a_bit_mask() {
    agrees(
        "numbers = \"digits\"\n",
        r#"
[[auth]]
basic = { user = "user", password = "password" }
[hooks.call]
id = "field:uuid"
from = "field:from"
to = "field:to"
context = "query:ctx"
caller_id = ["{{ from_number|digits }}"]
[[hooks.call.others]]
when = { "field:event" = { fold = ["Hangup", "DICE"] } }
status = 204
[[hooks.call.others]]
when = { "field:event" = "ace" }
type = "application/json"
body = '{"action":"continue"}'
[[hooks.call.phases]]
phase = "before_dial"
[[hooks.call.answers]]
answer = "connect"
type = "application/json"
body = '[{"number":"{{ new|digits }}","from":"{{ caller_id }}","ctx":"{{ context }}"}]'
[[hooks.call.answers]]
answer = "unchanged"
type = "text/plain"
body = "{{ called }}"
[hooks.status]
id = "query:id"
state = "query:dlr"
to = "query:to"
acknowledge = {}
[[hooks.status.states]]
when = { state = { bits = 1 } }
state = "delivered"
final = true
[[hooks.status.states]]
when = { state = { bits = 18 } }
state = "failed_permanent"
final = true
[resources.message]
id = "/id"
[[routes]]
action = "send"
channel = "message"
upstream = "https://sms.example"
methods = ["POST"]
paths = ["/sms"]
destinations = ["json:/to/*"]
sender = "json:/from"
text = "json:/text"
resource = "message"
"#,
        r#"
[[call]]
name = "by query"
request.method = "GET"
request.url = "https://r.example/hooks/main/call?uuid=c1&from=15550100111&to=15550100222&ctx=public"
id = "c1"
from = "+15550100111"
to = "+15550100222"
phase = "before_dial"
connect = { new = "+15550100999", document = '[{"number":"15550100999","from":"15550100111","ctx":"public"}]' }
unchanged = "+15550100222"
[[other]]
name = "the end"
request.url = "https://r.example/hooks/main/call"
request.json = '{"event":"dice"}'
status = 204
[[other]]
name = "answered"
request.url = "https://r.example/hooks/main/call"
request.json = '{"event":"ace"}'
document = '{"action":"continue"}'
[[status]]
name = "delivered"
request.method = "GET"
request.url = "https://r.example/hooks/main/status?id=m&dlr=1&to=15550100222"
events = [{ id = "m", state = "delivered", final = true, to = "+15550100222" }]
[[status]]
name = "refused"
request.method = "GET"
request.url = "https://r.example/hooks/main/status?id=m&dlr=16&to="
events = [{ id = "m", state = "failed_permanent", final = true }]
[[route]]
name = "a message"
request.url = "https://r.example/sms"
request.json = '{"from":"Acme","to":["15550100111","+15550100222"],"text":"hi"}'
wants = { action = "send", channel = "message", destinations = ["+15550100111", "+15550100222"], sender = "Acme", text = "hi" }
change.destinations = ["+15550100998", "+15550100999"]
change.url = "https://sms.example/sms"
change.body = '{"from":"Acme","to":["15550100998","+15550100999"],"text":"hi"}'
reply.body = '{"id":"m","items":[{"recipient":15550100998},{"recipient":"15550100999"}]}'
reply.ids = ["m"]
reply.swaps = [{ connected = "+15550100998", used = "+15550100111" }, { connected = "+15550100999", used = "+15550100222" }]
reply.restored = '{"id":"m","items":[{"recipient":15550100111},{"recipient":"15550100222"}]}'
"#,
    );
}

#[test]
fn a_whole_address_may_be_a_parameter() {
    agrees(
        "",
        r#"
[send]
method = "POST"
upstream = "{{ parameters.user }}"
path = "/s"
encoding = "json"
fields = { to = "{{ to }}" }
[send.reply]
rules = []
"#,
        r#"
[[send]]
name = "elsewhere"
parameters = { user = "https://other.example:8443/base/" }
message = { to = "+1", text = "x", reference = "r" }
request.url = "https://other.example:8443/base/s"
request.body = '{"to":"+1"}'
"#,
    );
}

#[test]
fn a_parameter_with_line_breaks_is_said_so() {
    let load = |multiline: &str| {
        let file = format!(
            "{HEAD}[parameters]\nspace = {{ about = \"space\" }}\nkey = {{ about = \"key\", secret = true{multiline} }}\n[signature]\nnone = {{}}\n"
        );
        let provider = Provider::load(&file, "acme.toml").unwrap();
        provider.parameters(vec![("key".to_owned(), vec!["-----BEGIN\nx\n".to_owned()])]).map(drop)
    };
    assert!(load(", multiline = true").is_ok());
    assert!(load("").is_err());
}

#[test]
fn several_recipients_in_one_value_and_replies_without_ids() {
    agrees(
        "numbers = \"digits\"\n",
        r#"
[[auth]]
query = { username = "user", password = "password" }
[resources.message]
[[routes]]
action = "send"
channel = "message"
methods = ["GET", "POST"]
paths = ["/sendsms"]
destinations = [{ place = "field:to", separator = " " }]
text = "field:text"
callbacks = [{ place = "field:dlr-url" }]
resource = "message"
"#,
        r#"
[[route]]
name = "by query"
request.method = "GET"
request.url = "https://eu.acme.example/sendsms?to=15550100111+15550100222+15550100333&text=hi"
wants = { action = "send", channel = "message", destinations = ["+15550100111", "+15550100222", "+15550100333"], text = "hi" }
change.destinations = ["+15550100998", "+15550100222", "+442071838750"]
change.url = "https://eu.acme.example/sendsms?to=15550100998+15550100222+442071838750&text=hi"
reply.body = "0: Accepted for delivery to 15550100998"
reply.swaps = [{ connected = "+15550100998", used = "+15550100111" }]
reply.restored = "0: Accepted for delivery to 15550100111"
[[route]]
name = "by JSON"
request.url = "https://eu.acme.example/sendsms"
request.json = '{"to":" 15550100111  +15550100222","text":"hi"}'
wants = { action = "send", channel = "message", destinations = ["+15550100111", "+15550100222"], text = "hi" }
change.destinations = ["+15550100998", "+15550100999"]
change.url = "https://eu.acme.example/sendsms"
change.body = '{"to":" 15550100998  +15550100999","text":"hi"}'
"#,
    );
}

#[test]
fn orders_and_look_ups() {
    let sections = r#"
[hooks.call]
id = "json:/call"
from = "json:/from"
to = "json:/to"
[[hooks.call.phases]]
phase = "before_dial"
[[hooks.call.answers]]
answer = "connect"
command = "transfer"
[[hooks.call.answers]]
answer = "unchanged"
command = "leave"
[commands.transfer]
method = "POST"
path = "/calls/{{ call_id }}/transfer"
encoding = "json"
fields = { to = "{{ new }}", from = "{{ from_number }}", command_id = "{{ command_id }}" }
repeatable = true
[commands.leave]
method = "POST"
path = "/calls/{{ call_id }}/transfer"
encoding = "json"
fields = { to = "{{ called_number }}" }
[send]
method = "POST"
path = "/sms"
encoding = "json"
fields = { to = "{{ to }}" }
[send.reply]
rules = []
[send.lookup]
method = "GET"
path = "/sms"
encoding = "query"
fields = { reference = "{{ reference }}", to = "{{ to }}" }
id = "json:/items/0/id"
[[send.lookup.rules]]
when = { status = "2xx", id = { present = true } }
found = "sent"
[[send.lookup.rules]]
when = { status = "2xx" }
found = "not_sent"
"#;
    agrees(
        "",
        sections,
        r#"
[[call]]
name = "parked"
request.url = "https://r.example/hooks/main/call"
request.json = '{"call":"c/1","from":"+15550100111","to":"+15550100222"}'
id = "c/1"
from = "+15550100111"
to = "+15550100222"
phase = "before_dial"
connect.new = "+15550100999"
connect.command.url = "https://eu.acme.example/calls/c%2F1/transfer"
connect.command.body = '{"command_id":"COMMAND","from":"+15550100111","to":"+15550100999"}'
unchanged = ""
unchanged_command.url = "https://eu.acme.example/calls/c%2F1/transfer"
unchanged_command.body = '{"to":"+15550100222"}'
[[lookup]]
name = "there"
to = "+1"
reference = "r 1"
request.method = "GET"
request.url = "https://eu.acme.example/sms?reference=r+1&to=%2B1"
status = 200
body = '{"items":[{"id":"m"}]}'
found = "sent"
id = "m"
[[lookup]]
name = "not there"
to = "+1"
reference = "r"
status = 200
body = '{"items":[]}'
found = "not_sent"
[[lookup]]
name = "they do not say"
to = "+1"
reference = "r"
status = 500
found = "unknown"
"#
        .replace("COMMAND", &command_id())
        .as_str(),
    );
    let unknown = format!("{HEAD}{PARAMETERS}{}", sections.replace("command = \"leave\"", "command = \"leaf\""));
    let unknown = Provider::load(&unknown, "acme.toml").unwrap_err().to_string();
    assert!(unknown.contains("[commands.…] is needed: leave, transfer"), "{unknown}");
}

/// What the account of the samples, `sample`, calls the order for the call `c/1`.
fn command_id() -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, b"sample c/1");
    let hex = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
    format!("{}-{}-8{}-8{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..32])
}

#[test]
fn a_push_message_is_encrypted_for_its_device() {
    agrees(
        "",
        r#"
[send]
kind = "push"
method = "POST"
url = "{{ to }}"
encoding = "web_push"
device = { about = "a subscription" }
fields = { title = "{{ title }}", body = "{{ text }}" }
headers = { TTL = "{{ ttl }}", Content-Encoding = "aes128gcm" }
[send.reply]
rules = []
"#,
        r#"
[[send]]
name = "to a browser"
message = { to = "https://push.example/abc", text = "t", reference = "r", push = { title = "T", ttl = 60, p256dh = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4", auth = "BTBZMqHH6r4Tts7J_aSIgg" } }
request.url = "https://push.example/abc"
request.headers = { ttl = "60", content-type = "application/octet-stream", content-encoding = "aes128gcm" }
request.body_length = 127
"#,
    );
}
