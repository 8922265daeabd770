//! Requests out, replies in: HTTP, SMTP, folder. No meaning.
pub mod http;
