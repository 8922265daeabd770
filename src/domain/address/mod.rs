//! Phone numbers and e-mail addresses in one form each (rule Q1), and devices by their ids.

pub mod email;
pub mod phone;

use crate::domain::id::DeviceId;
use std::fmt;

/// A phone number or an e-mail address, normalised; or a device, by its id.
///
/// `key` folds known aliases (MX 1, AR 9, BR ninth digit) and is what is stored, compared and hashed; `wire` is what
/// is sent. Both begin with `+` for a phone, hold an `@` for an e-mail address, and are `dev_…` for a device, whose token
/// stands in no attempt and no log; so one column holds any.
/// `Debug` and `Display` are masked: the plain text leaves only by [`Address::key`] and [`Address::wire`].
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    /// `None` where it is the wire form, as for nearly all: one allocation for each address in a request.
    key: Option<Box<str>>,
    wire: Box<str>,
}

/// What an address is of.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A phone number.
    Phone,
    /// An e-mail address.
    Email,
    /// A device that push messages go to. Never a point's.
    #[serde(skip)]
    Device,
}

impl Address {
    /// From what a store kept. Nothing is checked: only what [`phone::parse`] or [`email::parse`] made was stored.
    pub fn stored(key: impl Into<Box<str>>, wire: impl Into<Box<str>>) -> Self {
        let (key, wire) = (key.into(), wire.into());
        Self { key: Some(key).filter(|key| *key != wire), wire }
    }

    /// An address whose key is its wire form.
    fn own_key(wire: Box<str>) -> Self {
        Self { key: None, wire }
    }

    /// Where push messages to a device go, for attempts: its id.
    pub fn of_device(id: DeviceId) -> Self {
        Self::own_key(id.to_string().into())
    }

    /// What is compared: equal for two spellings of one address.
    pub fn key(&self) -> &str {
        self.key.as_deref().unwrap_or(&self.wire)
    }

    /// What is sent: E.164 with `+`, or `local@domain`; or the id of a device.
    pub fn wire(&self) -> &str {
        &self.wire
    }

    /// Phone, e-mail or device.
    pub fn kind(&self) -> Kind {
        // A `+` may begin a local part too.
        if self.wire.contains('@') {
            Kind::Email
        } else if self.wire.starts_with('+') {
            Kind::Phone
        } else if self.wire.starts_with(DeviceId::PREFIX) {
            Kind::Device
        } else {
            Kind::Email
        }
    }

    /// Reads either kind: what holds an `@` and is no `sip:` or other address of a phone is an e-mail, the rest a phone number, with
    /// `region` for numbers without a country code.
    pub fn parse(text: &str, region: Option<phone::Region>) -> Result<Self, NotAnAddress> {
        if text.contains(['@', '\u{FF20}']) && !phone::is_uri(text) || text.contains("mailto:") {
            Ok(email::parse(text)?)
        } else {
            Ok(phone::parse(text, region)?)
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // An id is of no use to anybody else.
        if self.kind() == Kind::Device { f.write_str(&self.wire) } else { f.write_str(&mask(&self.wire)) }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What a log may show of an address: `+1415•••••34`, `a•••@example.com`. Short texts show nothing.
pub fn mask(text: &str) -> String {
    if let Some((local, domain)) = text.rsplit_once('@') {
        return format!("{}•••@{domain}", local.chars().next().map(String::from).unwrap_or_default());
    }
    let letters: Vec<char> = text.chars().collect();
    if letters.len() < 9 {
        return "•".repeat(letters.len());
    }
    let shown = |range: std::ops::Range<usize>| letters[range].iter().collect::<String>();
    format!("{}{}{}", shown(0..4), "•".repeat(letters.len() - 6), shown(letters.len() - 2..letters.len()))
}

/// Why a text is not an address that Redial can hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAnAddress {
    /// Not a phone number.
    #[error(transparent)]
    Phone(#[from] phone::NotAPhone),
    /// Not an e-mail address.
    #[error(transparent)]
    Email(#[from] email::NotAnEmail),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_at_sign_makes_an_e_mail_address_but_for_the_addresses_of_phones() {
        let region = phone::Region::new("US");
        let table = [
            ("ann@example.com", Some((Kind::Email, "ann@example.com"))),
            ("sip@example.com", Some((Kind::Email, "sip@example.com"))),
            ("+1@example.com", Some((Kind::Email, "+1@example.com"))),
            ("\"Gossip: us\" <ann@example.com>", Some((Kind::Email, "ann@example.com"))),
            ("mailto:ann@example.com", Some((Kind::Email, "ann@example.com"))),
            ("sip:+14155550123@example.com", Some((Kind::Phone, "+14155550123"))),
            ("Ann <sip:+14155550123@example.com>", Some((Kind::Phone, "+14155550123"))),
            ("415 555 0123", Some((Kind::Phone, "+14155550123"))),
            ("client:ann@example.com", None),
            ("sip:ann@example.com", None),
            ("ACME", None),
        ];
        for (text, expected) in table {
            let read = Address::parse(text, region).ok();
            assert_eq!(read.as_ref().map(|address| (address.kind(), address.wire())), expected, "{text}");
        }
    }

    #[test]
    fn what_a_log_shows_of_an_address_is_not_enough_to_use_it() {
        for (text, shown) in
            [("+14155550123", "+141••••••23"), ("ann@example.com", "a•••@example.com"), ("+4930123", "••••••••")]
        {
            let address = Address::stored(text, text);
            assert_eq!((address.to_string(), format!("{address:?}")), (shown.to_owned(), shown.to_owned()));
        }
    }

    #[test]
    fn a_device_is_an_address_by_its_id_which_is_shown() {
        let address = Address::of_device(DeviceId(7));
        assert_eq!((address.kind(), address.key()), (Kind::Device, address.wire()));
        assert_eq!(address.to_string(), DeviceId(7).to_string());
        assert_eq!(Address::stored(address.key(), address.wire()), address);
        assert_eq!(Address::stored("dev_1@example.com", "dev_1@example.com").kind(), Kind::Email);
        assert!(Address::parse(address.key(), None).is_err(), "nobody writes one");
    }

    #[test]
    fn what_a_store_kept_is_the_address_that_was_read() {
        for text in ["+14155550123", "+5215512345678", "+5491123456789", "+551187654321", "ann@example.com"] {
            let address = Address::parse(text, None).unwrap();
            assert_eq!(Address::stored(address.key(), address.wire()), address, "{text}");
        }
    }
}
