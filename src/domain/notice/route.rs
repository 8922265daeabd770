//! By which channel, at which address, over which account (rule N3).

use super::{Attempt, AttemptOutcome};
use crate::domain::{
    address::{Address, Kind},
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
/// speaks the channel. What an earlier attempt ended as *never* is left out (rule N3).
pub fn routes(
    channels: &[Channel],
    addresses: &[Address],
    accounts: &[(Box<str>, Channel)],
    attempts: &[Attempt],
) -> Vec<Reach> {
    let mut routes: Vec<Reach> = Vec::new();
    for &channel in channels {
        for address in addresses.iter().filter(|address| suits(channel, address.kind())) {
            for (account, _) in accounts.iter().filter(|(_, speaks)| *speaks == channel) {
                let reach = Reach { channel, address: address.clone(), account: account.clone() };
                let hopeless = attempts.iter().any(|attempt| {
                    attempt.outcome == Some(AttemptOutcome::Never)
                        && attempt.channel == channel
                        && attempt.account == *account
                        && attempt.address.key() == address.key()
                });
                if !hopeless && !routes.contains(&reach) {
                    routes.push(reach);
                }
            }
        }
    }
    routes
}

fn suits(channel: Channel, kind: Kind) -> bool {
    match channel {
        Channel::Sms => kind == Kind::Phone,
        Channel::Email => kind == Kind::Email,
        // Push tokens are no addresses of a card.
        Channel::Push => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        clock::Time,
        domain::id::{NoticeId, OwnerId},
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
            routes(&USUAL_ORDER, &[mail.clone(), phone.clone(), phone.clone()], &accounts, attempts)
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
}
