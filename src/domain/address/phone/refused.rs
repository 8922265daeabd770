//! Why a text is not a phone number that Redial looks up or replaces; each text says what would be right.

/// Why a text is not a phone number that Redial can look up or replace. A communication to it goes on unchanged
/// (rule Q1); where a person or a file gave it, the text says what would be right. Nothing of the input is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum NotAPhone {
    /// Nothing there.
    #[error("no number; write it with its country code, like +14155550123")]
    Empty,
    /// An emergency number in some country.
    #[error("an emergency number, which belongs to nobody; a person's number has its country code, like +14155550123")]
    Emergency,
    /// Three to six digits: an operator's service, or a sender of messages.
    #[error("a short code, which is never looked up; a person's number has its country code, like +14155550123")]
    ShortCode,
    /// `*100#`, `*67…`, `#31#…`: a command to the network.
    #[error("a code for the network (with * or #), not a number; leave it out and write only the number")]
    ServiceCode,
    /// The name of a sender, such as `ACME`.
    #[error("a sender's name, not a number; a person's number has its country code, like +14155550123")]
    AlphanumericSender,
    /// A user of an app or a telephone system: `client:ann`, `sip:ann@example.com`.
    #[error("a user's name at an app or telephone system, not a number; sip: and tel: addresses need a number")]
    NamedUser,
    /// `rcs:`, `messenger:` and whatever else stands before a colon.
    #[error("an address of another kind of service; tel:, sip:, sms: and whatsapp: are read, or the number alone")]
    OtherService,
    /// `;phone-context=` with a domain: a number of somebody's own plan.
    #[error("a number of a private plan (phone-context is no country code); write it with its country code")]
    PrivatePlan,
    /// A parameter after the number that makes no sense.
    #[error("cannot read what follows the number; phone-context is + and a country code, ext is up to 20 digits")]
    Parameters,
    /// Several people share the main number, so it alone is not the person's.
    #[error("a number with an extension is a whole office's number; give the number alone, or a direct one")]
    Extension,
    /// More than one number in one field.
    #[error("more than one number; write one in each field")]
    Several,
    /// No country code, and no region to take it from.
    #[error("no country code, and no default region is set; begin with + and the country code, like +14155550123")]
    NeedsRegion,
    /// `+` and a code that no country has.
    #[error("no country has this code; after + comes the country code, without 0 or 00 before it")]
    UnknownCountryCode,
    /// Fewer digits than any number of that country.
    #[error("too short for a number of its country; give all digits, with the area code")]
    TooShort,
    /// More digits than any number of that country.
    #[error("too long for a number of its country; give one number without anything after it")]
    TooLong,
    /// The length is right, but that country gives out no such number.
    #[error("no such number is given out in its country; check the country code, the area code and each digit")]
    NotValid,
    /// Nothing like a number.
    #[error("not a phone number; write it with its country code, like +14155550123")]
    Unreadable,
}
