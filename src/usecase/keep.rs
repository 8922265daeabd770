//! The word and code, or the link, that stop a held request (rule C3). `KEEP` is no provider's keyword, so that no provider
//! takes it for an opt-out.
//!
//! The code belongs to one request and one address. Neither it nor the link's token is kept anywhere.

use super::{
    Env, course,
    course::Kept,
    seal,
    write::{Actor, Refused, carry_out},
};
use crate::{
    domain::{
        address::Address,
        change::{RequestState, hold::By},
        code::{self, Count},
        id::{OwnerId, PointId, RequestId},
        owner::Point,
    },
    store::{Admitted, Commit, Effect, Result, StoreError},
    template::KEEP,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

/// Codes in an hour for one address, by text message and by the API each: who forges a sender or has many devices must send so
/// many, hour after hour, to keep the owner's own out of one of the two, and hits by chance once in hundreds of days.
const AT_MOST: u32 = 100;
/// And by the API from one person.
const BY_MOST: u32 = 10;

/// The code that stops this request, for the reader at this address.
pub(super) async fn code(env: &Env, request: RequestId, key: &str) -> Result<String> {
    Ok(code::digits(&env.mac(&[b"keep", &request.to_bytes(), key.as_bytes()]).await?))
}

/// The digits in `KEEP 123456`, however it is written; `None`: the text is something else.
pub fn word(text: &str) -> Option<String> {
    let text = text.trim_start_matches(|letter: char| !letter.is_alphanumeric());
    let end = text.char_indices().nth(KEEP.len()).map_or(text.len(), |(at, _)| at);
    let (word, rest) = text.split_at(end);
    let plain: String = word.chars().map(upright).collect();
    if !plain.eq_ignore_ascii_case(KEEP) {
        return None;
    }
    let marks = |letter: char| !letter.is_alphanumeric();
    code::typed(rest.trim_matches(marks))
}

/// A full-width letter as ASCII.
fn upright(letter: char) -> char {
    match letter {
        '\u{ff21}'..='\u{ff5a}' => char::from_u32(u32::from(letter) - 0xfee0).unwrap_or(letter),
        other => other,
    }
}

/// Takes the word and code that came as a text message. `once` is written in the same commit, so that a message that comes
/// twice counts once; and so is the answer.
pub(super) async fn by_word(
    env: &Env,
    from: &Address,
    digits: &str,
    once: Effect,
) -> std::result::Result<Kept, Refused> {
    counted(env, &[("word", from.key(), AT_MOST)]).await?;
    let (owner, request) = found(env, from, digits).await?;
    stop(env, owner, request, from.key(), (&[once], Some(from))).await
}

/// Takes the code from whoever has this address; the requester is the person, where they are known. Codes are limited, apart
/// from those by text message; a wrong one, and one where nothing is held, are one answer.
pub async fn by_code(
    env: &Env,
    from: &Address,
    digits: &str,
    requester: Option<&str>,
) -> std::result::Result<Kept, Refused> {
    let mut counts = vec![("at", from.key(), AT_MOST)];
    counts.extend(requester.map(|requester| ("by", requester, BY_MOST)));
    counted(env, &counts).await?;
    let (owner, request) = found(env, from, digits).await?;
    stop(env, owner, request, from.key(), (&[], None)).await
}

/// Counts a code before it is compared, so that many at once are no way around; where one of the counts is spent, none grows.
async fn counted(env: &Env, counts: &[(&str, &str, u32)]) -> std::result::Result<(), Refused> {
    let now = env.store.now().await?;
    let until = crate::clock::Time((now.seconds().div_euclid(3_600) + 1) * 3_600 * 1_000_000);
    let effects = counts.iter().map(|(what, of, most)| {
        let count = Count { key: format!("keep {what} {of}").into(), until, most: *most };
        Effect::Admitted(Admitted::Counted { count, now })
    });
    match env.store.commit(Commit { effects: effects.collect(), ..Commit::default() }).await {
        Ok(_) => Ok(()),
        Err(StoreError::Spent) => Err(Refused::TooMany),
        Err(error) => Err(error.into()),
    }
}

/// The held request that this code stops.
async fn found(env: &Env, from: &Address, digits: &str) -> std::result::Result<(OwnerId, RequestId), Refused> {
    let key: Box<str> = from.key().into();
    let mut owners: Vec<OwnerId> = Vec::new();
    for (_, holder) in env.store.holders(std::slice::from_ref(&key)).await? {
        if holder.until.is_none() && !owners.contains(&holder.owner) {
            owners.push(holder.owner);
        }
    }
    // For an address that nobody has the same is read and compared, so that the time tells nothing either.
    if owners.is_empty() {
        owners.push(OwnerId(0));
    }
    let (mut right, mut compared) = (None, false);
    for owner in owners {
        // Only one change of points is held at a time, and it is among the last.
        for request in env.store.requests(owner, None, 50).await?.items {
            if request.state == RequestState::Held {
                compared = true;
                if seal::same(&code(env, request.id, &key).await?, digits) {
                    right = Some((owner, request.id));
                }
            }
        }
    }
    if !compared {
        let _ = seal::same(&code(env, RequestId(0), &key).await?, digits);
    }
    right.ok_or(Refused::WrongCode)
}

/// The token of the link that stops this request, for the reader at this point.
pub(super) async fn token(env: &Env, owner: OwnerId, request: RequestId, point: PointId, key: &str) -> Result<String> {
    let ids = [owner.to_bytes(), request.to_bytes(), point.to_bytes()].concat();
    let mac = env.mac(&[b"keep link", &ids, key.as_bytes()]).await?;
    Ok(URL_SAFE_NO_PAD.encode([&ids, &mac[..16]].concat()))
}

/// The page that stops this request, for the reader at this address; `None` where this service has no address that a reader
/// could reach, or the owner has no such address any more.
pub(super) async fn link(
    env: &Env,
    base: &str,
    owner: OwnerId,
    request: RequestId,
    key: &str,
) -> Result<Option<String>> {
    if base.is_empty() {
        return Ok(None);
    }
    let Some(found) = env.store.owner(owner).await? else { return Ok(None) };
    let holds = |point: &&Point| point.current().is_some_and(|held| held.address.key() == key);
    let Some(point) = found.points.iter().find(holds) else { return Ok(None) };
    Ok(Some(format!("{base}/keep/{}", token(env, owner, request, point.id, key).await?)))
}

/// A link, read: what it is about. `None`: there is no such link, or nothing is held any more. Looking changes nothing.
pub async fn read(env: &Env, token: &str) -> Result<Option<Link>> {
    let Ok(bytes) = URL_SAFE_NO_PAD.decode(token.as_bytes()) else { return Ok(None) };
    let (Some(owner), Some(request), Some(point)) = (id(&bytes, 0), id(&bytes, 16), id(&bytes, 32)) else {
        return Ok(None);
    };
    let link = (OwnerId(owner), RequestId(request), PointId(point));
    // Made up, or of a change that is over: the same is read.
    let (points, zone) = env.store.owner(link.0).await?.map(|owner| (owner.points, owner.zone)).unwrap_or_default();
    let held = points.iter().filter(|one| one.id == link.2).find_map(|one| one.current());
    let key: Box<str> = held.map(|held| held.address.key().into()).unwrap_or_default();
    let right = seal::same(&self::token(env, link.0, link.1, link.2, &key).await?, token);
    let held = env.store.request(link.0, link.1).await?.filter(|found| found.state == RequestState::Held);
    let held = held.filter(|_| right && !key.is_empty());
    Ok(held.map(|held| Link { owner: link.0, request: link.1, key, until: held.due, zone }))
}

fn id(bytes: &[u8], at: usize) -> Option<u128> {
    Some(u128::from_be_bytes(bytes.get(at..at + 16)?.try_into().ok()?))
}

/// What a link is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Whose change.
    pub owner: OwnerId,
    /// Which.
    pub request: RequestId,
    key: Box<str>,
    /// When it takes effect.
    pub until: Option<crate::clock::Time>,
    /// The time zone that its owner has chosen.
    pub zone: Option<Box<str>>,
}

/// Stops or delays what a link is about.
pub async fn by_link(env: &Env, token: &str) -> std::result::Result<Kept, Refused> {
    let link = read(env, token).await?.ok_or(Refused::WrongCode)?;
    stop(env, link.owner, link.request, &link.key, (&[], None)).await
}

async fn stop(
    env: &Env,
    owner: OwnerId,
    request: RequestId,
    key: &str,
    with: (&[Effect], Option<&Address>),
) -> std::result::Result<Kept, Refused> {
    let by = [By::Code(key.into())];
    let actor = Actor { by: "keep".into(), ..Actor::person(Vec::new()) };
    let (kept, _) = carry_out(env, || course::vetoed(env, &actor, owner, request, &by, with)).await?;
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c3_the_word_and_code_however_they_are_written() {
        for (text, read) in [
            ("KEEP 123456", Some("123456")),
            ("keep 123456", Some("123456")),
            (" Keep: 123 456.", Some("123456")),
            ("KEEP123456", Some("123456")),
            ("\u{201c}KEEP 123456\u{201d}", Some("123456")),
            ("ＫＥＥＰ １２３４５６", Some("123456")),
            ("KEEP ١٢٣٤٥٦", Some("123456")),
            ("KEEP", None),
            ("KEEP 12345", None),
            ("keep it up", None),
            ("123456", None),
            ("STOP", None),
            ("", None),
        ] {
            assert_eq!(word(text).as_deref(), read, "{text}");
        }
    }

    #[test]
    fn c3_the_word_is_no_opt_out() {
        for text in ["KEEP 123456", "keep 123456", "KEEP"] {
            assert_eq!(crate::domain::opt_word::read(text), None, "{text}");
        }
    }
}
