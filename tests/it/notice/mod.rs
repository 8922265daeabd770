//! Notices from the change to the message.

mod crash;
mod deliver;
mod kill;
mod link;
mod smtp;
mod world;
