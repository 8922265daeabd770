//! What delivering a notice begins with: two looks at one snapshot for all that were claimed together.

use super::{
    all,
    books::{Contacts, audiences, contact},
    outbox::{attempt, shown},
};
use crate::{
    domain::{
        address::Address,
        id::OwnerId,
        notice::{Notice, Recipient},
        owner::Contact,
    },
    store::{
        Audience, Leaving, Result,
        postgres::{
            Postgres,
            columns::Columns,
            failure::Failure,
            session::Answer,
            value::{Stored as _, values},
        },
    },
};
use std::collections::{HashMap, HashSet};

const SNAPSHOT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
const ATTEMPTS: &str =
    "/* leaving.attempts */ SELECT notice, owner, number, account, channel, address_key, address_wire, at,
        outcome, foreign_id, detail, reported
    FROM attempts WHERE notice = ANY($1) ORDER BY notice, number";
const SHOWN: &str = "/* leaving.shown */ SELECT owner, recipient, revision, rights, card, at FROM shown
    WHERE owner = ANY($1) AND recipient = ANY($2)";
const TOLD: &str = "/* leaving.told */ SELECT DISTINCT owner, address_key, recipient FROM attempts
    WHERE owner = ANY($1) AND address_key = ANY($2) AND outcome IN ('sent', 'unknown') ORDER BY recipient";
const KNOWN: &str = "/* leaving.known */ SELECT key FROM held WHERE key = ANY($1)
    UNION SELECT k.key FROM unnest($1::TEXT[], $2::TEXT[]) AS k (key, hash)
        JOIN opt_outs o ON o.key = k.key OR o.key = k.hash
    UNION SELECT key FROM unreachable WHERE key = ANY($1)
    UNION SELECT key FROM preferences WHERE key = ANY($1)";
const ASLEEP: &str = "/* leaving.asleep */ SELECT owner, key FROM asleep WHERE owner = ANY($1) AND key = ANY($2)";

/// The most of them that matter, as [`crate::store::Outbox::recipients_at`] has them.
const TOLD_MOST: usize = 16;

type Pair = (OwnerId, Recipient);

impl Postgres {
    pub(super) async fn look_at_leaving(&self, notices: &[Notice]) -> std::result::Result<Vec<Leaving>, Failure> {
        let mut owners: Vec<Vec<u8>> = notices.iter().map(|notice| notice.owner.stored()).collect();
        owners.sort_unstable();
        owners.dedup();
        let ids: Vec<Vec<u8>> = notices.iter().map(|notice| notice.id.stored()).collect();
        let recipients: Vec<Vec<u8>> = notices.iter().map(|notice| notice.recipient.stored()).collect();
        let mut session = self.session().await?;
        session.opened();
        let mut pipeline = session.pipeline();
        pipeline.simple(SNAPSHOT).await;
        pipeline.send(ATTEMPTS, values![ids]).await;
        pipeline.send(SHOWN, values![owners.clone(), recipients.clone()]).await;
        pipeline.send(Contacts::GROUPS_OF_MANY, values![owners.clone(), recipients.clone()]).await;
        pipeline.send(Contacts::OF_MANY, values![owners.clone(), recipients]).await;
        let first = pipeline.finish().await?;
        let audiences = by_pair(&first[3], &first[4])?;
        let contacts = audiences.values().flat_map(|(_, contacts)| contacts);
        let mut keys: Vec<String> =
            contacts.flat_map(|contact| &contact.addresses).map(|address| address.key().to_owned()).collect();
        keys.sort_unstable();
        keys.dedup();
        let mut pipeline = session.pipeline();
        pipeline.send(TOLD, values![owners.clone(), keys.clone()]).await;
        // Somebody who was erased may have said something by the address's hash.
        let hashes: Vec<String> = keys.iter().map(|key| self.hash.of(key).to_string()).collect();
        pipeline.send(KNOWN, values![keys.clone(), hashes]).await;
        pipeline.send(ASLEEP, values![owners, keys]).await;
        pipeline.simple("COMMIT").await;
        let second = pipeline.finish().await?;
        session.ended();
        Ok(together(notices, &first, audiences, &second)?)
    }
}

fn by_pair(groups: &Answer, contacts: &Answer) -> Result<HashMap<Pair, (Audience, Vec<Contact>)>> {
    let mut found = HashMap::new();
    for (owner, audience) in audiences(&groups.rows)? {
        found.insert((owner, audience.recipient), (audience, Vec::new()));
    }
    for row in &contacts.rows {
        let contact = contact(row)?;
        let recipient = Recipient::of(contact.id, contact.linked);
        if let Some((_, contacts)) = found.get_mut(&(contact.owner, recipient)) {
            contacts.push(contact);
        }
    }
    Ok(found)
}

fn together(
    notices: &[Notice],
    first: &[Answer],
    mut audiences: HashMap<Pair, (Audience, Vec<Contact>)>,
    second: &[Answer],
) -> Result<Vec<Leaving>> {
    let (mut attempts, mut ledger) = (HashMap::<_, Vec<_>>::new(), HashMap::new());
    for attempt in all(&first[1].rows, attempt)? {
        attempts.entry(attempt.notice).or_default().push(attempt);
    }
    for shown in all(&first[2].rows, shown)? {
        ledger.insert((shown.owner, shown.recipient), shown);
    }
    let mut told = HashMap::<(OwnerId, Box<str>), Vec<Recipient>>::new();
    for row in &second[0].rows {
        let mut columns = Columns::of(row, "attempts");
        let at = told.entry((columns.stored()?, columns.text()?)).or_default();
        if at.len() < TOLD_MOST {
            at.push(columns.stored()?);
        }
    }
    let known: HashSet<Box<str>> = all(&second[1].rows, |row| Columns::of(row, "held").text())?.into_iter().collect();
    let asleep: HashSet<(OwnerId, Box<str>)> = all(&second[2].rows, |row| {
        let mut columns = Columns::of(row, "asleep");
        Ok((columns.stored()?, columns.text()?))
    })?
    .into_iter()
    .collect();
    let one = |notice: &Notice| {
        let (owner, recipient) = (notice.owner, notice.recipient);
        let audience = audiences.remove(&(owner, recipient));
        let addresses = audience.iter().flat_map(|(_, contacts)| contacts).flat_map(|contact| &contact.addresses);
        let mut keys: Vec<Box<str>> = addresses.map(Address::key).map(Into::into).collect();
        keys.sort_unstable();
        keys.dedup();
        let others = |key: Box<str>| {
            let at = told.get(&(owner, key.clone())).into_iter().flatten().filter(|other| **other != recipient);
            at.map(|other| (key.clone(), *other)).collect::<Vec<_>>()
        };
        Leaving {
            attempts: attempts.remove(&notice.id).unwrap_or_default(),
            shown: ledger.remove(&(owner, recipient)),
            told: keys.iter().cloned().flat_map(others).collect(),
            plain: keys
                .into_iter()
                .filter(|key| !known.contains(key) && !asleep.contains(&(owner, key.clone())))
                .collect(),
            audience,
        }
    };
    Ok(notices.iter().map(one).collect())
}
