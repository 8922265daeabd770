//! E-mail addresses: lower case, IDNA domain (rule Q1).

use super::Address;

/// Why a text is not an e-mail address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAnEmail {
    /// No local part, no domain, or characters that neither may have.
    #[error("not an e-mail address; it looks like name@example.com")]
    Unreadable,
}

/// Reads one address, with or without `mailto:`.
pub fn parse(text: &str) -> Result<Address, NotAnEmail> {
    let text = text.trim();
    let text = text.strip_prefix("mailto:").unwrap_or(text);
    let (local, domain) = text.rsplit_once('@').ok_or(NotAnEmail::Unreadable)?;
    if local.is_empty() || local.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(NotAnEmail::Unreadable);
    }
    let domain = idna::domain_to_ascii_strict(domain).map_err(|_| NotAnEmail::Unreadable)?;
    let key = format!("{}@{domain}", local.to_lowercase());
    Ok(Address::stored(key.as_str(), key.as_str()))
}
