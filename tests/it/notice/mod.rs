//! Notices from the change to the message.

mod answers;
mod card_by_sms;
pub(crate) mod cards;
mod crash;
mod deliver;
mod govern;
mod jasmin;
mod kill;
mod link;
mod live;
mod opt_out;
mod proof;
mod push;
mod receipts;
mod returns;
pub(crate) mod smtp;
mod sns;
mod tidy;
mod told;
pub(crate) mod world;
