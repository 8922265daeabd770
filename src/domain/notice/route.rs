//! By which channel, at which address, over which account (rule N3).

use super::{Attempt, AttemptOutcome};
use crate::domain::{
    address::{Address, Kind},
    device::Device,
    owner::Channel,
};

/// The order in which channels are tried unless a group says otherwise (rule N3).
pub const USUAL_ORDER: [Channel; 3] = [Channel::Push, Channel::Sms, Channel::Email];

/// The channels of one recipient in the order in which they are tried: those of their groups one after the other, each
/// once; the usual order where no group says anything.
pub fn channels<'a>(groups: impl IntoIterator<Item = &'a [Channel]>) -> Vec<Channel> {
    let mut order: Vec<Channel> = Vec::new();
    for channel in groups.into_iter().flatten() {
        if !order.contains(channel) {
            order.push(*channel);
        }
    }
    if order.is_empty() { USUAL_ORDER.to_vec() } else { order }
}

/// The same order with what the recipient chose in front of it (rule N3): a group's order is how the owner would tell them,
/// a recipient says how they want to be told.
pub fn preferring(order: Vec<Channel>, first: Option<Channel>) -> Vec<Channel> {
    let rest = order.into_iter().filter(|channel| Some(*channel) != first);
    first.into_iter().chain(rest).collect()
}

/// One way of reaching a recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reach {
    /// How.
    pub channel: Channel,
    /// Where to.
    pub address: Address,
    /// Over which account.
    pub account: Box<str>,
}

/// The ways that are left, best first: channel by channel, in it address by address, for each every account that
/// speaks the channel; for push device by device, for each its own account. What an earlier attempt ended as *never* is
/// left out (rule N3).
pub fn routes(
    channels: &[Channel],
    addresses: &[Address],
    devices: &[Device],
    accounts: &[(Box<str>, Channel)],
    attempts: &[Attempt],
) -> Vec<Reach> {
    let mut routes: Vec<Reach> = Vec::new();
    for &channel in channels {
        let speak = accounts.iter().filter(|(_, speaks)| *speaks == channel).map(|(account, _)| account);
        let ways: Vec<Reach> = if channel == Channel::Push {
            let has = |account: &str| speak.clone().any(|known| **known == *account);
            let ways = devices.iter().filter(|device| has(&device.account));
            ways.map(|device| Reach {
                channel,
                address: Address::of_device(device.id),
                account: device.account.clone(),
            })
            .collect()
        } else {
            let suited = addresses.iter().filter(|address| suits(channel, address.kind()));
            let way =
                |address: &Address, account: &str| Reach { channel, address: address.clone(), account: account.into() };
            suited.flat_map(|address| speak.clone().map(move |account| way(address, account))).collect()
        };
        for reach in ways {
            let hopeless = attempts.iter().any(|attempt| {
                attempt.outcome == Some(AttemptOutcome::Never)
                    && attempt.channel == channel
                    && attempt.account == reach.account
                    && attempt.address.key() == reach.address.key()
            });
            if !hopeless && !routes.contains(&reach) {
                routes.push(reach);
            }
        }
    }
    routes
}

fn suits(channel: Channel, kind: Kind) -> bool {
    match channel {
        Channel::Sms => kind == Kind::Phone,
        Channel::Email => kind == Kind::Email,
        Channel::Push => kind == Kind::Device,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        clock::Time,
        domain::{
            device::Place,
            id::{DeviceId, NoticeId, OwnerId},
        },
    };

    #[test]
    fn n3_channels_in_the_usual_order_unless_a_group_says_otherwise() {
        use Channel::{Email, Push, Sms};
        for (rule, groups, expected) in [
            ("no group says anything", vec![vec![], vec![]], vec![Push, Sms, Email]),
            ("one does", vec![vec![], vec![Email, Sms]], vec![Email, Sms]),
            ("only e-mail means only e-mail", vec![vec![Email]], vec![Email]),
            ("the first group's order, then what others add", vec![vec![Email], vec![Sms, Email]], vec![Email, Sms]),
        ] {
            assert_eq!(channels(groups.iter().map(Vec::as_slice)), expected, "{rule}");
        }
    }

    #[test]
    fn n3_what_a_recipient_chose_comes_first() {
        use Channel::{Email, Push, Sms};
        for (rule, order, first, expected) in [
            ("nothing was chosen", vec![Push, Sms, Email], None, vec![Push, Sms, Email]),
            ("what comes last otherwise", vec![Push, Sms, Email], Some(Email), vec![Email, Push, Sms]),
            ("what no group speaks of", vec![Email], Some(Sms), vec![Sms, Email]),
        ] {
            assert_eq!(preferring(order, first), expected, "{rule}");
        }
    }

    #[test]
    fn n3_next_address_account_and_channel_after_never() {
        let phone = Address::stored("+14155550123", "+14155550123");
        let mail = Address::stored("bo@example.com", "bo@example.com");
        let accounts: Vec<(Box<str>, Channel)> =
            vec![("one".into(), Channel::Sms), ("two".into(), Channel::Sms), ("mail".into(), Channel::Email)];
        let attempt = |account: &str, outcome| Attempt {
            notice: NoticeId(1),
            owner: OwnerId(1),
            number: 1,
            account: account.into(),
            channel: Channel::Sms,
            address: phone.clone(),
            at: Time(0),
            outcome: Some(outcome),
            foreign_id: None,
            detail: "".into(),
            reported: None,
        };
        let left = |attempts: &[Attempt]| -> Vec<String> {
            routes(&USUAL_ORDER, &[mail.clone(), phone.clone(), phone.clone()], &[], &accounts, attempts)
                .iter()
                .map(|reach| format!("{:?} {}", reach.channel, reach.account))
                .collect()
        };
        assert_eq!(left(&[]), ["Sms one", "Sms two", "Email mail"]);
        assert_eq!(left(&[attempt("one", AttemptOutcome::Never)]), ["Sms two", "Email mail"]);
        assert_eq!(left(&[attempt("one", AttemptOutcome::TryAgain)]), ["Sms one", "Sms two", "Email mail"]);
        assert_eq!(
            left(&[attempt("one", AttemptOutcome::Never), attempt("two", AttemptOutcome::Never)]),
            ["Email mail"]
        );
    }

    #[test]
    fn n3_push_comes_first_to_each_device_by_its_own_account() {
        let phone = Address::stored("+14155550123", "+14155550123");
        let accounts: Vec<(Box<str>, Channel)> =
            vec![("sms".into(), Channel::Sms), ("ios".into(), Channel::Push), ("web".into(), Channel::Push)];
        let device = |number, account: &str| Device {
            id: DeviceId(number),
            owner: OwnerId(1),
            account: account.into(),
            place: Place::token("t").unwrap(),
            label: "".into(),
            created: Time(0),
            seen: Time(0),
            ended: None,
        };
        let devices = [device(2, "web"), device(1, "ios"), device(3, "gone")];
        let dead = Attempt {
            notice: NoticeId(1),
            owner: OwnerId(1),
            number: 1,
            account: "web".into(),
            channel: Channel::Push,
            address: Address::of_device(DeviceId(2)),
            at: Time(0),
            outcome: Some(AttemptOutcome::Never),
            foreign_id: None,
            detail: "".into(),
            reported: None,
        };
        let left = |channels: &[Channel], attempts: &[Attempt]| -> Vec<(Box<str>, String)> {
            let ways = routes(channels, std::slice::from_ref(&phone), &devices, &accounts, attempts);
            ways.into_iter().map(|way| (way.account, way.address.wire().to_owned())).collect()
        };
        let [web, ios] = [("web", DeviceId(2)), ("ios", DeviceId(1))].map(|(name, id)| (name.into(), id.to_string()));
        let sms = (Box::from("sms"), "+14155550123".to_owned());
        assert_eq!(left(&USUAL_ORDER, &[]), [web.clone(), ios.clone(), sms.clone()]);
        assert_eq!(left(&USUAL_ORDER, &[dead]), [ios.clone(), sms.clone()]);
        assert_eq!(left(&[Channel::Sms], &[]), [sms], "a group that says text messages means them");
        assert_eq!(left(&[Channel::Email, Channel::Push], &[]), [web, ios]);
    }
}
