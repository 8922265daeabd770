//! Phones and browsers that push messages go to: where each is, whose it is, and when it ends (rules N3, N6).
//!
//! A device belongs to one registered owner and to one account of the operator, since a token means something to one
//! application only. Its place is never shown whole: who knows it can send to it, or find out where it is.

use super::id::{DeviceId, OwnerId};
use crate::clock::Time;
use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
    prelude::BASE64_URL_SAFE_NO_PAD,
};
use std::fmt;

/// Most devices of one owner to which messages go; one more ends the one that was silent longest.
pub const MOST_LIVE: usize = 16;
/// Most ended devices of one owner that are remembered.
pub const MOST_ENDED: usize = 16;
/// Longest label, in characters.
pub const LONGEST_LABEL: usize = 100;
/// Longest token, in bytes; the longest known are some hundred.
pub const LONGEST_TOKEN: usize = 4_096;
/// Longest endpoint, in bytes; `UnifiedPush` allows 1000, browsers' are shorter.
pub const LONGEST_ENDPOINT: usize = 2_000;

/// A phone or browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// Never changes.
    pub id: DeviceId,
    /// Whose.
    pub owner: OwnerId,
    /// The account that writes to it, by its name in the configuration.
    pub account: Box<str>,
    /// Where it is.
    pub place: Place,
    /// The owner's word for it.
    pub label: Box<str>,
    /// When it was registered first.
    pub created: Time,
    /// When its application registered it last: it was in use then.
    pub seen: Time,
    /// Since when nothing goes to it, and why.
    pub ended: Option<Ended>,
}

/// Why nothing goes to a device any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Since when.
    pub at: Time,
    /// For a reader.
    pub why: Box<str>,
}

/// Where a device is: a token, or an endpoint with its keys. `Debug` is masked; the plain text leaves by
/// [`Place::plain`] only.
#[derive(Clone, PartialEq, Eq)]
pub struct Place {
    to: Box<str>,
    keys: Option<PushKeys>,
}

/// What messages to an endpoint are sealed with (RFC 8291), both base64url without padding.
#[derive(Clone, PartialEq, Eq)]
pub struct PushKeys {
    /// The device's public key: a P-256 point of 65 bytes, uncompressed.
    pub p256dh: Box<str>,
    /// The device's secret: 16 bytes.
    pub auth: Box<str>,
}

/// Why a text is no place of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAPlace {
    /// Empty, too long, or with characters that no token has.
    #[error("a token has 1 to {LONGEST_TOKEN} visible ASCII characters and no space")]
    Token,
    /// Not https, no host, too long, with a user name or a fragment.
    #[error(
        "an endpoint is an https:// address of at most {LONGEST_ENDPOINT} characters, without user name and fragment"
    )]
    Endpoint,
    /// Of another length, not base64url, or compressed.
    #[error("p256dh is an uncompressed P-256 point: 65 bytes that begin with 4, in base64url")]
    PublicKey,
    /// Of another length, or not base64url.
    #[error("auth is 16 bytes in base64url")]
    Secret,
}

impl Place {
    /// From what a store kept; nothing is checked.
    pub fn stored(to: Box<str>, keys: Option<PushKeys>) -> Self {
        Self { to, keys }
    }

    /// A token, as an application was given it.
    ///
    /// # Errors
    /// [`NotAPlace::Token`].
    pub fn token(text: &str) -> Result<Self, NotAPlace> {
        let fits = (1..=LONGEST_TOKEN).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        if fits { Ok(Self { to: text.into(), keys: None }) } else { Err(NotAPlace::Token) }
    }

    /// The endpoint of a subscription (RFC 8030) with its keys. Whether its host is public, and whether the point lies on
    /// the curve, is not looked at here.
    ///
    /// # Errors
    /// [`NotAPlace::Endpoint`].
    pub fn endpoint(text: &str, keys: PushKeys) -> Result<Self, NotAPlace> {
        let plain = text.len() <= LONGEST_ENDPOINT && text.bytes().all(|byte| byte.is_ascii_graphic());
        let (scheme, rest) = text.split_once("://").unwrap_or_default();
        let authority = rest.split(['/', '?']).next().unwrap_or_default();
        let host = !authority.is_empty() && !authority.starts_with(':') && !authority.contains(['@', '\\']);
        // Where an operator has a service of their own in the house it may have no certificate; `http` is refused
        // where it is reached from, unless the account allows it (rule W2).
        let scheme = scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http");
        let fits = plain && host && scheme && !text.contains('#');
        if fits { Ok(Self { to: text.into(), keys: Some(keys) }) } else { Err(NotAPlace::Endpoint) }
    }

    /// The token or URL: for the request alone.
    pub fn plain(&self) -> &str {
        &self.to
    }

    /// What messages are sealed with, where it is an endpoint.
    pub fn keys(&self) -> Option<&PushKeys> {
        self.keys.as_ref()
    }

    /// The host of an endpoint; of a token all of it.
    pub fn host(&self) -> &str {
        let rest = self.to.split_once("://").map_or(&*self.to, |(_, rest)| rest);
        rest.split(['/', '?']).next().unwrap_or_default()
    }

    /// What an owner may see of it, to tell one device from another: the host of an endpoint, the last letters of a long
    /// token.
    pub fn shown(&self) -> String {
        if self.keys.is_some() {
            return format!("{}/•••", self.host());
        }
        match self.to.len().checked_sub(4) {
            Some(at) if at >= 12 => format!("•••{}", self.to.get(at..).unwrap_or_default()),
            _ => "•••".to_owned(),
        }
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.keys.is_some() { "Endpoint(•••)" } else { "Token(•••)" })
    }
}

impl fmt::Debug for PushKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PushKeys(•••)")
    }
}

impl PushKeys {
    /// As a browser gives them: base64url, with padding or without.
    ///
    /// # Errors
    /// [`NotAPlace::PublicKey`] or [`NotAPlace::Secret`].
    pub fn read(p256dh: &str, auth: &str) -> Result<Self, NotAPlace> {
        let bytes = |text: &str| if text.len() > 200 { None } else { ANY_PADDING.decode(text).ok() };
        let point = bytes(p256dh).filter(|point| point.len() == 65 && point[0] == 4).ok_or(NotAPlace::PublicKey)?;
        let secret = bytes(auth).filter(|secret| secret.len() == 16).ok_or(NotAPlace::Secret)?;
        let text = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes).into();
        Ok(Self { p256dh: text(&point), auth: text(&secret) })
    }
}

const ANY_PADDING: GeneralPurpose = GeneralPurpose::new(
    &alphabet::URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What an application wants to be registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// For whom.
    pub owner: OwnerId,
    /// By which account.
    pub account: Box<str>,
    /// Where.
    pub place: Place,
    /// The owner's word for it.
    pub label: Box<str>,
}

/// What a registration does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registered {
    /// The device as it is from now on.
    pub device: Device,
    /// Whether it was not this owner's before.
    pub new: bool,
    /// Devices that end by it, with the reason.
    pub ended: Vec<(Device, &'static str)>,
    /// Ended ones that are forgotten.
    pub forgotten: Vec<DeviceId>,
}

/// Registers a device. `own` are all of the owner's, `there` is whose place it is now.
///
/// The same place registered again is the same device, in use and perhaps with other keys. A place that was another
/// owner's is this one's from now on (a phone was sold, or somebody else has signed in on it), and the other's device ends:
/// nobody reads what is for somebody else.
pub fn register(own: &[Device], there: Option<&Device>, wanted: Wanted, id: DeviceId, now: Time) -> Registered {
    let Wanted { owner, account, place, label } = wanted;
    let same = there.filter(|there| there.owner == owner);
    let mut ended: Vec<(Device, &'static str)> = Vec::new();
    if let Some(other) = there.filter(|there| there.owner != owner) {
        ended.push((other.clone(), "somebody else has registered it"));
    }
    let device = match same {
        Some(same) => {
            let label = if label.is_empty() { same.label.clone() } else { label };
            Device { place, label, seen: now, ..same.clone() }
        }
        None => Device { id, owner, account, place, label, created: now, seen: now, ended: None },
    };
    let mut others: Vec<&Device> = own.iter().filter(|one| one.ended.is_none() && one.id != device.id).collect();
    others.sort_by_key(|one| (std::cmp::Reverse(one.seen), std::cmp::Reverse(one.id)));
    ended.extend(others.into_iter().skip(MOST_LIVE - 1).map(|one| (one.clone(), "there are too many devices")));
    let mut over: Vec<(&Ended, DeviceId)> = own.iter().filter_map(|one| Some((one.ended.as_ref()?, one.id))).collect();
    over.sort_by_key(|(ended, id)| (std::cmp::Reverse(ended.at), *id));
    let forgotten = over.into_iter().skip(MOST_ENDED).map(|(_, id)| id).collect();
    Registered { device, new: same.is_none(), ended, forgotten }
}

/// The devices to which a message goes, the one that was in use last first.
pub fn live(devices: Vec<Device>) -> Vec<Device> {
    let mut live: Vec<Device> = devices.into_iter().filter(|device| device.ended.is_none()).collect();
    live.sort_by_key(|device| (std::cmp::Reverse(device.seen), std::cmp::Reverse(device.id)));
    live
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ANN: OwnerId = OwnerId(1);
    const BOB: OwnerId = OwnerId(2);
    const POINT: &str = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
    const SECRET: &str = "BTBZMqHH6r4Tts7J_aSIgg";

    fn device(number: u128, owner: OwnerId, seen: i64) -> Device {
        let place = Place::token(&format!("token-{number}")).unwrap();
        let (created, seen) = (Time(number.try_into().unwrap()), Time(seen));
        Device {
            id: DeviceId(number),
            owner,
            account: "ios".into(),
            place,
            label: "".into(),
            created,
            seen,
            ended: None,
        }
    }

    fn wanted(place: &Place) -> Wanted {
        Wanted { owner: ANN, account: "ios".into(), place: place.clone(), label: "".into() }
    }

    #[test]
    fn places_are_read_or_refused() {
        let keys = || PushKeys::read(POINT, SECRET).unwrap();
        for (text, fits) in [
            ("https://push.example.net/p/1?x=2", true),
            ("HTTPS://push.example.net", true),
            ("https://push.example.net:8443/p", true),
            ("ftp://push.example.net/p", false),
            ("https:///p", false),
            ("https://:443/p", false),
            ("https://user@push.example.net/p", false),
            ("https://push.example.net/p#x", false),
            ("https://push.example.net/p x", false),
            ("https://b\u{fc}cher.example/p", false),
            ("push.example.net/p", false),
            ("", false),
        ] {
            assert_eq!(Place::endpoint(text, keys()).is_ok(), fits, "{text}");
        }
        let long = |bytes| format!("https://push.example.net/{}", "x".repeat(bytes - 25));
        assert!(Place::endpoint(&long(LONGEST_ENDPOINT), keys()).is_ok());
        assert_eq!(Place::endpoint(&long(LONGEST_ENDPOINT + 1), keys()), Err(NotAPlace::Endpoint));
        for (text, fits) in
            [("a", true), ("f:x-_.", true), ("", false), ("a b", false), ("\u{e4}", false), ("a\n", false)]
        {
            assert_eq!(Place::token(text).is_ok(), fits, "{text:?}");
        }
        assert_eq!(Place::token(&"x".repeat(LONGEST_TOKEN + 1)), Err(NotAPlace::Token));
    }

    #[test]
    fn keys_are_read_with_padding_or_without_and_of_the_right_size_alone() {
        let keys = PushKeys::read(POINT, SECRET).unwrap();
        assert_eq!((&*keys.p256dh, &*keys.auth), (POINT, SECRET));
        assert_eq!(PushKeys::read(&format!("{POINT}="), &format!("{SECRET}==")), Ok(keys));
        let short = &POINT[..POINT.len() - 4];
        let compressed = format!("A{}", &POINT[1..]);
        for wrong in ["", "*", short, &compressed, &"A".repeat(400)] {
            assert_eq!(PushKeys::read(wrong, SECRET), Err(NotAPlace::PublicKey), "{wrong}");
        }
        for wrong in ["", "AAAA", POINT] {
            assert_eq!(PushKeys::read(POINT, wrong), Err(NotAPlace::Secret), "{wrong}");
        }
    }

    #[test]
    fn a_place_is_never_shown_whole() {
        let endpoint =
            Place::endpoint("https://push.example.net/p/secret", PushKeys::read(POINT, SECRET).unwrap()).unwrap();
        let (long, short) = (Place::token("0123456789abcdefghij").unwrap(), Place::token("family-news").unwrap());
        assert_eq!(
            [endpoint.shown(), long.shown(), short.shown()],
            ["push.example.net/•••", "•••ghij", "•••"].map(str::to_owned)
        );
        let debug = format!("{endpoint:?} {long:?} {:?}", device(1, ANN, 1));
        for secret in ["secret", "push.example", "ghij", POINT, SECRET, "token-1"] {
            assert!(!debug.contains(secret), "{debug}");
        }
    }

    #[test]
    fn a_place_registered_again_is_the_same_device_in_use() {
        let before = Device { label: "phone".into(), ..device(1, ANN, 5) };
        let done = register(std::slice::from_ref(&before), Some(&before), wanted(&before.place), DeviceId(9), Time(8));
        assert!(!done.new && done.ended.is_empty());
        assert_eq!(done.device, Device { seen: Time(8), ..before });
    }

    #[test]
    fn a_place_of_another_owner_becomes_this_ones() {
        let bobs = device(1, BOB, 5);
        let done = register(&[], Some(&bobs), wanted(&bobs.place), DeviceId(9), Time(8));
        assert_eq!((done.new, done.device.id, done.device.owner), (true, DeviceId(9), ANN));
        assert_eq!(done.ended, [(bobs, "somebody else has registered it")]);
    }

    #[test]
    fn one_device_too_many_ends_the_one_that_was_silent_longest() {
        let mut own: Vec<Device> =
            (1..=16).zip((0..100).rev()).map(|(number, seen)| device(number, ANN, seen)).collect();
        let place = Place::token("new").unwrap();
        let done = register(&own, None, wanted(&place), DeviceId(99), Time(200));
        assert_eq!(done.ended.iter().map(|(one, _)| one.id).collect::<Vec<_>>(), [DeviceId(16)]);
        let again = register(&own, Some(&own[3].clone()), wanted(&own[3].place.clone()), DeviceId(99), Time(200));
        assert!(again.ended.is_empty(), "an own one that is in use again is none too many");
        own[0].ended = Some(Ended { at: Time(3), why: "".into() });
        assert!(register(&own, None, wanted(&place), DeviceId(99), Time(200)).ended.is_empty());
        for (one, at) in own.iter_mut().zip(1..) {
            one.ended = Some(Ended { at: Time(at), why: "".into() });
        }
        own.push(Device { ended: Some(Ended { at: Time(0), why: "".into() }), ..device(40, ANN, 1) });
        let done = register(&own, None, wanted(&place), DeviceId(99), Time(200));
        assert_eq!((done.ended.len(), done.forgotten), (0, vec![DeviceId(40)]));
    }

    #[test]
    fn messages_go_to_the_device_first_that_was_in_use_last() {
        let gone = Device { ended: Some(Ended { at: Time(1), why: "".into() }), ..device(4, ANN, 90) };
        let order = live(vec![device(1, ANN, 5), gone, device(2, ANN, 9), device(3, ANN, 9)]);
        assert_eq!(order.iter().map(|one| one.id.0).collect::<Vec<_>>(), [3, 2, 1]);
    }

    proptest! {
        #[test]
        fn any_text_is_a_place_or_none(text in "\\PC{0,80}|https?://[a-z@:/?#.]{0,40}", other in "[A-Za-z0-9_=-]{0,100}") {
            if let Ok(place) = Place::token(&text) {
                prop_assert_eq!(place.plain(), &*text);
            }
            let keys = PushKeys::read(POINT, SECRET).unwrap();
            if let Ok(place) = Place::endpoint(&text, keys) {
                prop_assert!(text.parse::<http::Uri>().is_ok_and(|uri| uri.host().is_some()) || text.contains(':'), "{place:?}");
            }
            let _no_panic = PushKeys::read(&other, &text);
        }
    }
}
