//! Requests out, replies in: HTTP, SMTP, folder. No meaning.
pub mod delivery;
pub mod folder;
pub mod http;
pub mod mail;
pub mod smtp;
