//! The owner's record: who asked, when, by which way and what they were shown; who was told, by which channel, and whether it
//! arrived; and all of it taken along or erased, by page (rules Q10, C7).

use crate::{
    both::both,
    portal::{Portal, hidden},
};
use http::header;
use redial::{
    clock::{Clock as _, Time},
    domain::{
        address::Address,
        group::{Grant, Identity, Item, Member, Told, Viewer},
        id::{BookId, ContactId, GroupId, OwnerId},
        notice::{Notice, Recipient, Reported},
        owner::{Book, Contact, Group, Membership},
        target::Targets,
    },
    store::{Commit, Effect},
    usecase::{
        audit_trail::{self, Look},
        receipts::{OwnMessage, Report, receive},
        resolve::{Ask, resolve},
    },
};
use serde_json::Value;
use std::{collections::BTreeSet, time::Duration};

both! {
    q10_the_record_says_who_asked_and_what_they_were_shown
    q10_the_record_says_who_was_told_by_which_channel_and_whether_it_arrived
    c7_everything_is_taken_along_and_erased_by_page
}

const ANN: &str = "+14155550100";
const NEW: &str = "+14155550123";
const BO: &str = "+14155550201";
const CY: &str = "cy@example.org";
const DI: &str = "+14155550203";
const STRANGER: &str = "+14155550299";
/// One group may learn Ann's number and is told at once, the other may be connected.
const FRIENDS: GroupId = GroupId(1);
const WORK: GroupId = GroupId(2);

async fn on_sqlite() -> Ann {
    Ann::on(Portal::new().await).await
}

async fn on_postgres() -> Option<Ann> {
    Some(Ann::on(Portal::on_postgres().await?).await)
}

/// Ann, who is signed in, and her contacts.
struct Ann {
    portal: Portal,
    cookie: String,
    id: OwnerId,
}

fn address(text: &str) -> Address {
    Address::parse(text, None).unwrap()
}

impl Ann {
    /// Bo, Cy and Di are friends of hers, Ed is a colleague.
    async fn on(portal: Portal) -> Self {
        let cookie = portal.signed_in(ANN, "").await;
        let holder = portal.running.store.holders(&[ANN.into()]).await.unwrap().remove(0).1;
        let (id, book) = (holder.owner, BookId(1));
        let group = |group, told, grant| {
            let (name, grants) = ("group".into(), vec![grant]);
            let (channels, quiet, introduce) = (Vec::new(), None, false);
            Effect::GroupSet(Group { id: group, book, owner: id, name, told, channels, quiet, grants, introduce })
        };
        let contact = |number: u128, name: &str, at: &str| {
            let (uid, card, names, addresses) = (number.to_string(), Vec::new(), Vec::new(), vec![address(at)]);
            let (id, owner, uid) = (ContactId(number), id, uid.into());
            let (version, linked, language) = (1, None, None);
            Effect::ContactSet(Contact {
                id,
                book,
                owner,
                uid,
                version,
                card,
                name: name.into(),
                names,
                addresses,
                linked,
                language,
            })
        };
        let member =
            |group, number| Effect::MemberAdded(id, Membership { group, member: Member::Contact(ContactId(number)) });
        let effects = vec![
            Effect::BookSet(Book { id: book, owner: id, name: "book".into(), default_group: None }),
            group(FRIENDS, Told::AtOnce, Grant::Reveal(Item::Point(holder.point))),
            group(WORK, Told::OnQuery, Grant::Forward(holder.point)),
            contact(1, "Bo", BO),
            contact(2, "Cy", CY),
            contact(3, "Di", DI),
            contact(4, "Ed", "+14155550204"),
            member(FRIENDS, 1),
            member(FRIENDS, 2),
            member(FRIENDS, 3),
            member(WORK, 4),
        ];
        portal.running.store.commit(Commit { effects, ..Commit::default() }).await.unwrap();
        portal.after(Duration::from_hours(1)).await;
        Self { portal, cookie, id }
    }

    async fn changes(&self) {
        self.portal.change(NEW).await;
        self.portal.after(Duration::from_mins(3)).await;
    }

    fn now(&self) -> Time {
        self.portal.running.clock.now()
    }

    async fn get(&self, path: &str) -> String {
        self.portal.ask(path, &[(header::COOKIE, &self.cookie)], None).await.text
    }

    async fn post(&self, path: &str, fields: &[(&str, &str)]) -> crate::portal::Answer {
        let form = hidden(&self.get("/").await, "form");
        let fields = [&[("form", &*form)], fields].concat();
        self.portal.ask(path, &[(header::COOKIE, &self.cookie)], Some(&fields)).await
    }

    /// The lines under a heading of the record, as `who · how and when · what`.
    async fn record(&self, heading: &str) -> Vec<String> {
        let page = self.get("/me/record").await;
        let part = page.split("<h2>").find(|part| part.starts_with(heading)).unwrap_or_else(|| panic!("{page}"));
        part.split("<li>").skip(1).map(|line| text(line.split("</li>").next().unwrap())).collect()
    }

    /// Somebody asks for her former number, by this way, at this moment.
    async fn asked_by(&self, who: &str, way: &str) -> Time {
        let ask = Ask {
            to: address(ANN),
            name: None,
            viewer: Viewer::proved(Identity::Address(address(who))),
            sender: None,
            identity_bound: None,
            targets: &Targets::default(),
            asker: None,
            way,
        };
        let env = &self.portal.running.env;
        resolve(env, ask).await.unwrap();
        env.records.flush().await;
        self.now()
    }

    async fn notice(&self, contact: u128) -> Notice {
        let all = self.portal.running.store.notices(self.id, None, 10).await.unwrap().items;
        let to = Recipient::Contact(ContactId(contact));
        all.into_iter().find(|notice| notice.recipient == to).unwrap()
    }

    /// The provider reports what became of the message to this contact.
    async fn reported(&self, contact: u128, reported: Reported) {
        let own = OwnMessage { notice: self.notice(contact).await.id, number: 1 };
        let report = Report { foreign_id: "m".into(), reported, code: "".into(), dead: false, stopped: false };
        assert!(receive(&self.portal.running.env, "sms", Some(own), &report).await.unwrap());
        self.portal.idle().await;
    }
}

/// What a reader sees of HTML.
fn text(html: &str) -> String {
    let parts = html.split('<').filter_map(|part| part.split_once('>').map_or(Some(part), |(_, text)| Some(text)));
    parts.map(str::trim).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ")
}

async fn q10_the_record_says_who_asked_and_what_they_were_shown(ann: Ann) {
    ann.changes().await;
    for (who, way, expected) in [
        (BO, "api:app_1", &["+1 415-555-0201", "a question", "learnt it"]),
        ("+14155550204", "hook:main", &["+1 415-555-0204", "a call or message", "connected"]),
        (DI, "cli", &["+1 415-555-0203", "the operator", "learnt it"]),
    ] {
        ann.portal.after(Duration::from_hours(1)).await;
        let at = ann.asked_by(who, way).await;
        let lines = ann.record("Who asked").await;
        let line = &lines[0];
        assert!(expected.iter().all(|part| line.contains(part)), "{who}: {line}");
        assert!(line.contains(&shown(&ann, at)), "{who}: {line}");
    }
    // Who is refused is counted, and not named.
    ann.asked_by(STRANGER, "api:app_1").await;
    assert_eq!(ann.record("Who asked").await.len(), 3);
    let page = ann.get("/me/record").await;
    assert!(page.contains("One who may not was answered nothing."), "{page}");
    assert!(!page.contains("0299"), "{page}");
}

/// How the page writes this moment: by the clock of Ann's number.
fn shown(ann: &Ann, at: Time) -> String {
    let zone = jiff::tz::TimeZone::get("America/Los_Angeles").unwrap();
    assert_eq!(ann.portal.running.clock.now(), at);
    let local = jiff::Timestamp::from_microsecond(at.0).unwrap().to_zoned(zone);
    format!("{:02}:{:02}", local.hour(), local.minute())
}

async fn q10_the_record_says_who_was_told_by_which_channel_and_whether_it_arrived(ann: Ann) {
    ann.changes().await;
    // Her friends got her card an hour before.
    let when = shown(&ann, ann.now());
    let told = async || {
        let mut lines = ann.record("Who was told").await;
        lines.retain(|line| line.contains(&when));
        lines.sort();
        lines
    };
    for (contact, reported, expected) in [
        (0, None, ["sent", "sent", "sent"]),
        (1, Some(Reported::Delivered), ["arrived", "sent", "sent"]),
        (3, Some(Reported::Bounced), ["arrived", "sent", "not reached"]),
    ] {
        if let Some(reported) = reported {
            ann.reported(contact, reported).await;
        }
        let lines = told().await;
        assert_eq!(lines.len(), 3, "Ed was not told: {lines:#?}");
        for (line, (who, how, what)) in lines.iter().zip([
            ("Bo", "Text message", expected[0]),
            ("Cy", "E-mail", expected[1]),
            ("Di", "Text message", expected[2]),
        ]) {
            let says = line.starts_with(who) && line.contains(how) && line.ends_with(what);
            assert!(says, "{who} {how} {what}: {line}");
        }
    }
}

async fn c7_everything_is_taken_along_and_erased_by_page(ann: Ann) {
    ann.changes().await;
    let data: Vec<Value> = serde_json::from_str(&ann.get("/me/safety/data.json").await).unwrap();
    let kinds: BTreeSet<&str> = data.iter().map(|line| line["kind"].as_str().unwrap()).collect();
    for kind in ["owner", "book", "group", "contact", "member", "request", "change", "notice", "session", "audit"] {
        assert!(kinds.contains(kind), "{kind} of {kinds:?}");
    }
    let card = ann.get("/me/safety/card.vcf").await;
    assert!(card.starts_with("BEGIN:VCARD") && card.contains(NEW), "{card}");

    // Asked twice, proved anew, and held like a change.
    let sure = ann.post("/me/safety/erase", &[]).await;
    assert!(sure.text.contains("name=\"sure\""), "{}", sure.text);
    let wanted = ann.post("/me/safety/erase", &[("sure", "yes")]).await;
    let path = wanted.headers[header::LOCATION].to_str().unwrap().to_owned();
    let asked = ann.post(&format!("{path}/code"), &[("to", NEW)]).await;
    let page = ann.get(asked.headers[header::LOCATION].to_str().unwrap()).await;
    let (challenge, code) = (hidden(&page, "challenge"), ann.portal.code(NEW).await);
    let proved = ann.post(&format!("{path}/answer"), &[("to", NEW), ("challenge", &challenge), ("code", &code)]).await;
    assert!(proved.headers.contains_key(header::SET_COOKIE), "{}", proved.text);
    let store = &ann.portal.running.store;
    assert!(store.owner(ann.id).await.unwrap().is_some(), "not yet");
    ann.portal.after(Duration::from_hours(25)).await;
    assert!(store.owner(ann.id).await.unwrap().is_none());
    assert_eq!(store.holders(&[ANN.into(), NEW.into()]).await.unwrap(), []);
    assert!(ann.get("/me/record").await.contains("action=\"/me/sign-in\""), "nobody is signed in");
    // The trail holds, and has no word of it but that she was erased.
    let looked = audit_trail::verify(&ann.portal.running.env, Look::default()).await.unwrap();
    assert!(looked.broken.is_empty() && looked.erased > 3, "{looked:?}");
    let left = store.audit(ann.id, None, 100).await.unwrap().items;
    let words: Vec<&str> = left.iter().map(|line| &*line.what).filter(|what| !what.is_empty()).collect();
    assert_eq!(words, [audit_trail::ERASED]);
}
