//! What is written once, and then only looked for.

use super::{Dice, State};
use crate::store::sample::*;
use redial::{
    domain::{
        asleep::{Asleep, Cause},
        code::{Code, Purpose},
        device::{Device, Place},
        exchange::{BookUpdate, Introduction, Stand, TrayCard, TrayState},
        id::{
            AppId, AuditId, CodeId, ContactId, DeviceId, OwnerId, PassedId, QueryId, RequestId, SessionId,
            SubstitutionId, UpdateId,
        },
        notice::{Attempt, AttemptOutcome},
        owner::{Change, Channel},
        query::Reason,
    },
    store::{
        Admitted, ApiKey, Audit, CardLink, Effect, Exchanged, Fate, OfDevice, OptOut, Passed, Passing, Passkey,
        Preference, QueryRecord, Returned, Session, Substitution, Unreachable,
    },
};

/// Nobody's in the model: what is written about others' addresses stays when an owner goes.
const OTHERS: &str = "+14155550199";

/// One of them: about an owner, and sometimes about one who was erased.
pub(super) fn effect(dice: &Dice, state: &State, owner: OwnerId) -> Effect {
    let gone: Vec<OwnerId> = state.gone.iter().copied().collect();
    if dice.one_in(20) && !gone.is_empty() {
        let late = gone[dice.below(gone.len())];
        return if dice.one_in(2) { queried(dice, late) } else { substituted(dice, late) };
    }
    if !state.owners.contains_key(&owner.0) {
        return by_address(dice);
    }
    match dice.below(22) {
        0 | 1 => queried(dice, owner),
        2..=4 => substituted(dice, owner),
        5 => {
            let known = state.traces.substitutions();
            let id = known.get(dice.below(known.len().max(1))).copied();
            Effect::SubstitutionNamed(id.unwrap_or(SubstitutionId(dice.random_id())), "SM2".into())
        }
        6 => Effect::Changed(Change {
            owner,
            revision: u64::try_from(dice.random_id() >> 66).expect("62 bits are left") + 1,
            at: dice.when(),
            request: RequestId(1),
            snapshot: "{}".into(),
        }),
        7 => Effect::Audited(Audit {
            id: AuditId(dice.random_id()),
            owner,
            at: dice.when(),
            by: "owner".into(),
            what: "said".into(),
            detail: "{}".into(),
        }),
        8 | 9 => attempted(dice, state).unwrap_or_else(|| by_address(dice)),
        10 | 11 => way_in(dice, owner),
        12 => Effect::FellAsleep(Asleep { owner, address: address(OTHERS), since: dice.when(), cause: Cause::Dead }),
        13 => Effect::LinkingDue { owner, at: redial::clock::Time(i64::MAX / 2) },
        14 | 15 => opted_out(dice),
        16 => Effect::Returned(Returned::CardLinked(CardLink {
            token: format!("{:032x}", dice.random_id()).into(),
            owner,
            recipient: Some(dice.recipient()),
            address: address(OTHERS),
            language: "en".into(),
            at: at(1),
            until: redial::clock::Time::MAX,
        })),
        17..=19 => exchanged(dice, owner),
        _ => by_address(dice),
    }
}

fn queried(dice: &Dice, owner: OwnerId) -> Effect {
    Effect::Queried(vec![QueryRecord {
        id: QueryId(dice.random_id()),
        owner,
        at: dice.when(),
        way: "api".into(),
        asked: dice.one_in(2).then(|| address(OTHERS)),
        viewer: "".into(),
        because: Reason::NotGranted,
        detail: "".into(),
        told: false,
        connected: false,
        revision: 1,
        groups: vec![],
    }])
}

fn substituted(dice: &Dice, owner: OwnerId) -> Effect {
    let foreign_id = dice.one_in(2).then(|| "SM1".into());
    let id = SubstitutionId(dice.random_id());
    let row = substitution(1, OTHERS, None, 1);
    Effect::Substituted(Substitution { id, owner, foreign_id, used: address(OTHERS), ..row })
}

/// An attempt of a claim that was made at some time.
fn attempted(dice: &Dice, state: &State) -> Option<Effect> {
    let (notice, fence, _) = dice.claim(state)?;
    let of = state.notices.get(&notice.0)?.notice.owner;
    let attempt = Attempt {
        notice,
        owner: of,
        number: u32::try_from(dice.random_id() >> 97).expect("31 bits are left"),
        account: "sms".into(),
        channel: Channel::Sms,
        address: address(dice.key()),
        at: EARLY,
        outcome: Some(AttemptOutcome::Sent),
        foreign_id: None,
        detail: "".into(),
        reported: None,
    };
    Some(Effect::AttemptBegun { attempt, fence })
}

fn way_in(dice: &Dice, owner: OwnerId) -> Effect {
    let id = dice.random_id();
    let mut hash = [0; 32];
    hash[..16].copy_from_slice(&id.to_be_bytes());
    match dice.below(4) {
        0 => Effect::KeySet(ApiKey {
            id: AppId(id),
            hash,
            label: "phone".into(),
            scopes: vec![],
            owner: Some(owner),
            created: at(1),
            revoked: None,
            used: None,
        }),
        1 => Effect::Admitted(Admitted::SessionSet(Session {
            id: SessionId(id),
            owner,
            hash,
            label: "Firefox".into(),
            evidence: vec![],
            made: at(1),
            used: redial::clock::Time::MAX,
            ended: None,
        })),
        2 => Effect::Admitted(Admitted::PasskeySet(Passkey {
            id: id.to_be_bytes().to_vec(),
            owner,
            label: "key".into(),
            algorithm: -7,
            public: vec![8; 8],
            count: 1,
            made: at(1),
            used: None,
        })),
        _ => Effect::OfDevice(OfDevice::Set(Device {
            id: DeviceId(id),
            owner,
            account: "ios".into(),
            place: Place::token(&format!("token-{id:032x}")).expect("a token"),
            label: "phone".into(),
            created: at(1),
            seen: at(1),
            ended: None,
        })),
    }
}

fn exchanged(dice: &Dice, owner: OwnerId) -> Effect {
    let (contact, from) = (ContactId(owner.0 * 10 + dice.number(3)), OwnerId(dice.owner()));
    Effect::Exchanged(match dice.below(3) {
        0 => {
            // The key stays with the contact for whom it was remembered first, so each has one of its own.
            let keys = vec![format!("{contact}@example.com").into()];
            Exchanged::Introduced(Introduction { owner, contact, at: at(1), stand: Stand::Goes, due: at(2) }, keys)
        }
        1 => Exchanged::Trayed(TrayCard { holder: owner, from, at: at(1), state: TrayState::Waiting }),
        _ => Exchanged::BookUpdated(BookUpdate {
            id: UpdateId(dice.random_id()),
            viewer: owner,
            contact,
            from,
            at: at(1),
            before: vec![],
            after: vec![],
            lines: vec![],
            undone: None,
        }),
    })
}

fn opted_out(dice: &Dice) -> Effect {
    let owner = dice.one_in(2).then(|| OwnerId(dice.owner()));
    Effect::OptedOut(OptOut { address: address(dice.key()), owner, at: dice.when(), way: "link".into() })
}

/// What is kept about an address, whosever it is.
fn by_address(dice: &Dice) -> Effect {
    let (key, id) = (dice.key(), dice.random_id());
    match dice.below(5) {
        0 => Effect::Returned(Returned::Unreachable(Unreachable {
            address: address(key),
            at: at(1),
            way: "report".into(),
        })),
        1 => Effect::Returned(Returned::Confirmed { key: key.into(), at: at(1) }),
        2 => Effect::Returned(Returned::Preferred(Preference {
            address: address(key),
            first: Some(Channel::Sms),
            language: "en".into(),
            at: at(1),
        })),
        3 => Effect::Admitted(Admitted::CodeMade(Code {
            id: CodeId(id),
            address: address(key),
            purpose: Purpose::SignIn,
            made: at(1),
            tries: 0,
            used: None,
        })),
        _ => Effect::Passing(Passing::Began(Passed {
            id: PassedId(id),
            account: "twilio".into(),
            used: address(key),
            used_text: key.into(),
            sender: None,
            callback: None,
            foreign_id: None,
            at: at(1),
            fate: Fate::Waiting,
        })),
    }
}
