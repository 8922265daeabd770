//! What sort of number it is, and where: for rule Q12.

use super::{Region, plan, reading::stored_number};
use crate::domain::address::{Address, Kind};
use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumber, PhoneNumberType};

/// What a number is used for, as its country's plan has it. Porting is not seen: a number says where it was given out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NumberKind {
    /// A mobile phone.
    Mobile,
    /// A landline.
    Fixed,
    /// The plan does not tell the two apart (North America).
    FixedOrMobile,
    /// Free for the caller.
    TollFree,
    /// The caller pays more, the one called gets a share.
    Premium,
    /// Caller and called share the cost, which is often more than a plain call's.
    SharedCost,
    /// Satellite and other networks that belong to no country: +870, +881, +882, +883.
    Satellite,
    /// A number given to a person, to be led anywhere.
    Personal,
    /// One number of a company for all its places.
    Uan,
    /// An internet telephone, where the plan sets these apart.
    Voip,
    /// A pager.
    Pager,
    /// Reaches a mailbox, not a phone.
    Voicemail,
    /// Not known: e-mail addresses too.
    Unknown,
}

impl NumberKind {
    /// Whether being connected to it costs more than a call or message to a person does (rule Q12).
    pub fn is_costly(self) -> bool {
        matches!(self, Self::Premium | Self::SharedCost | Self::Satellite)
    }
}

/// What sort of number an address is. About 2 µs: for targets, not for every query.
pub fn kind(address: &Address) -> NumberKind {
    let Some(number) = number(address) else { return NumberKind::Unknown };
    match number.country_code {
        // International networks (ITU-T E.164.1): Inmarsat, mobile satellite systems, and shared codes under which
        // satellite and other costly networks live; the plan's own sorts (mobile, voip) do not show that.
        870 | 881 | 882 | 883 => return NumberKind::Satellite,
        // Universal personal telecommunications.
        878 => return NumberKind::Personal,
        _ => {}
    }
    match PHONE_NUMBER_UTIL.get_number_type(&number) {
        PhoneNumberType::FixedLine => NumberKind::Fixed,
        PhoneNumberType::Mobile => NumberKind::Mobile,
        PhoneNumberType::FixedLineOrMobile => NumberKind::FixedOrMobile,
        PhoneNumberType::TollFree => NumberKind::TollFree,
        PhoneNumberType::PremiumRate => NumberKind::Premium,
        PhoneNumberType::SharedCost => NumberKind::SharedCost,
        PhoneNumberType::VoIP => NumberKind::Voip,
        PhoneNumberType::PersonalNumber => NumberKind::Personal,
        PhoneNumberType::Pager => NumberKind::Pager,
        PhoneNumberType::UAN => NumberKind::Uan,
        PhoneNumberType::VoiceMail => NumberKind::Voicemail,
        PhoneNumberType::Unknown => NumberKind::Unknown,
    }
}

/// Whether Redial must never connect anybody to it of its own accord: premium, shared cost, satellite (rule Q12).
/// Short codes are no addresses at all, so they cannot get here.
pub fn is_costly(address: &Address) -> bool {
    kind(address).is_costly()
}

/// The region that gives such numbers out; `None` for e-mail, and for codes that belong to no country (+800, +870 …).
pub fn region_of(address: &Address) -> Option<Region> {
    PHONE_NUMBER_UTIL.get_region_for_number(&number(address)?).and_then(Region::known)
}

/// The country calling code; `None` for e-mail. 1 for the United States, Canada and the Caribbean alike.
pub fn country_code(address: &Address) -> Option<u16> {
    u16::try_from(number(address)?.country_code).ok()
}

fn number(address: &Address) -> Option<PhoneNumber> {
    stored_number(in_the_plan(address)?)
}

/// The number in the form that its country's plan has: of the listed aliases some are of an older plan, and their key
/// is the present one's. `None` for e-mail.
pub(super) fn in_the_plan(address: &Address) -> Option<&str> {
    if address.kind() != Kind::Phone {
        return None;
    }
    let valid = plan::accepts(&address.wire().as_bytes()[1..])
        || stored_number(address.wire()).is_some_and(|number| PHONE_NUMBER_UTIL.is_valid_number(&number));
    Some(if valid { address.wire() } else { address.key() })
}
