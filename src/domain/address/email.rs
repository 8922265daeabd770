//! E-mail addresses: lower case, IDNA domain (rule Q1).

use super::Address;
use std::borrow::Cow;
use unicode_normalization::UnicodeNormalization;

/// Bytes of a field: an address, and a display name or `mailto:` parameters around it.
const LONGEST_FIELD: usize = 1_000;
/// RFC 5321, 4.5.3.1: the local part, and the path without its angle brackets (erratum 1690 of RFC 3696).
const LONGEST_LOCAL: usize = 64;
const LONGEST: usize = 254;

/// Why a text is not an e-mail address that Redial can hold; each says what would be right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum NotAnEmail {
    /// Nothing there.
    #[error("no e-mail address; it looks like name@example.com")]
    Empty,
    /// No `@`, or what stands around the address is not a name.
    #[error("not an e-mail address; it looks like name@example.com or Name <name@example.com>")]
    Unreadable,
    /// More than one address in one field.
    #[error("more than one e-mail address; write one in each field, and a name that holds a comma in \"quotes\"")]
    Several,
    /// `"ann smith"@example.com`: hardly any system takes these, and their quoting has many spellings.
    #[error(
        "an address with quotes before the @ cannot be used; ask for one without spaces and quotes, like name@example.com"
    )]
    Quoted,
    /// What stands before the `@` holds spaces, brackets, or dots in a wrong place.
    #[error(
        "the part before the @ may hold letters, digits and !#$%&'*+-/=?^_`{{|}}~ with single dots between, like ann.smith@example.com"
    )]
    LocalPart,
    /// `ann@[192.0.2.1]` or `ann@192.0.2.1`.
    #[error("an IP address instead of a domain cannot be used; write the domain's name, like name@example.com")]
    IpAddress,
    /// One label only.
    #[error("the domain after the @ has no dot; write it in full, like name@example.com")]
    NoDot,
    /// Not a domain name, in any script.
    #[error("what stands after the @ is not a domain name; it looks like example.com")]
    Domain,
    /// Longer than any mail server takes (RFC 5321).
    #[error("too long: at most 64 bytes may stand before the @, and 254 in all")]
    TooLong,
}

/// Reads one address: bare, as `mailto:` with or without parameters, or with the name of its holder
/// (`Ann <ann@example.com>`).
///
/// Both parts are lower case and the domain is in its ASCII form. A local part may hold letters of any script
/// (RFC 6531), in NFC. A dot at the end of the domain is dropped. Quoted local parts and IP addresses are refused.
pub fn parse(text: &str) -> Result<Address, NotAnEmail> {
    let text = text.trim();
    if text.is_empty() {
        return Err(NotAnEmail::Empty);
    }
    if text.len() > LONGEST_FIELD {
        return Err(NotAnEmail::TooLong);
    }
    let bare = match strip_mailto(text) {
        Some(rest) => recipient(rest)?,
        None => Cow::Borrowed(inside_brackets(text)?),
    };
    let (local, domain) = split(&bare)?;
    let local = local_part(local)?;
    let domain = domain_part(domain)?;
    if local.len() > LONGEST_LOCAL || local.len() + 1 + domain.len() > LONGEST {
        return Err(NotAnEmail::TooLong);
    }
    Ok(Address::own_key(format!("{local}@{domain}").into()))
}

fn strip_mailto(text: &str) -> Option<&str> {
    let (scheme, rest) = text.split_at_checked("mailto:".len())?;
    scheme.eq_ignore_ascii_case("mailto:").then_some(rest)
}

/// RFC 6068: the address stands before `?`, with what is special in URIs percent-encoded.
fn recipient(rest: &str) -> Result<Cow<'_, str>, NotAnEmail> {
    let address = rest.split_once('?').map_or(rest, |(address, _)| address).trim();
    if address.is_empty() {
        return Err(NotAnEmail::Empty);
    }
    percent_encoding::percent_decode_str(address).decode_utf8().map_err(|_| NotAnEmail::Unreadable)
}

/// The address of RFC 5322's name-addr, or the text itself.
fn inside_brackets(text: &str) -> Result<&str, NotAnEmail> {
    let Some(rest) = text.strip_suffix('>') else { return Ok(text) };
    let (name, inside) = rest.rsplit_once('<').ok_or(NotAnEmail::Unreadable)?;
    let unquoted = without_quoted(name);
    if unquoted.contains([',', ';']) {
        return Err(NotAnEmail::Several);
    }
    if unquoted.contains(['<', '>', '"']) { Err(NotAnEmail::Unreadable) } else { Ok(inside.trim()) }
}

/// What is left of a display name outside its quotes; a quote that is never closed stays.
fn without_quoted(name: &str) -> String {
    let (mut outside, mut quoted, mut escaped) = (String::new(), false, false);
    for letter in name.chars() {
        match letter {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            letter if !quoted => outside.push(letter),
            _ => {}
        }
    }
    if quoted {
        outside.push('"');
    }
    outside
}

fn split(text: &str) -> Result<(&str, &str), NotAnEmail> {
    let at = ['@', '\u{FF20}'];
    let (local, domain) = text.rsplit_once(at).ok_or(NotAnEmail::Unreadable)?;
    if local.starts_with('"') {
        return Err(if local.ends_with('"') { NotAnEmail::Quoted } else { NotAnEmail::Unreadable });
    }
    if local.contains(at) {
        return Err(if text.contains([',', ';', ' ']) { NotAnEmail::Several } else { NotAnEmail::Unreadable });
    }
    Ok((local, domain))
}

/// RFC 5321's dot-string, with RFC 6531's letters.
fn local_part(local: &str) -> Result<String, NotAnEmail> {
    let local: String = local.nfc().collect::<String>().to_lowercase().nfc().collect();
    let allowed = |letter: char| {
        letter.is_ascii_alphanumeric()
            || "!#$%&'*+-/=?^_`{|}~".contains(letter)
            || (!letter.is_ascii() && !letter.is_control() && !letter.is_whitespace() && !unseen(letter))
    };
    let right = local.split('.').all(|atom| !atom.is_empty() && atom.chars().all(allowed));
    if right { Ok(local) } else { Err(NotAnEmail::LocalPart) }
}

/// Marks with which two addresses that look alike would differ.
fn unseen(letter: char) -> bool {
    matches!(letter, '\u{00AD}' | '\u{061C}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFF}' | '\u{E000}'..='\u{F8FF}')
}

fn domain_part(domain: &str) -> Result<String, NotAnEmail> {
    if domain.starts_with('[') {
        return Err(NotAnEmail::IpAddress);
    }
    let domain = domain.strip_suffix('.').unwrap_or(domain);
    let domain = idna::domain_to_ascii_strict(domain).map_err(|_| NotAnEmail::Domain)?;
    let domain = domain.strip_suffix('.').unwrap_or(&domain);
    if domain.is_empty() {
        return Err(NotAnEmail::Domain);
    }
    match domain.rsplit_once('.') {
        // The machine itself: what operators try first.
        None if domain == "localhost" => {}
        None => return Err(NotAnEmail::NoDot),
        Some((_, last)) if last.bytes().all(|byte| byte.is_ascii_digit()) => return Err(NotAnEmail::IpAddress),
        Some(_) => {}
    }
    Ok(domain.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn wire(text: &str) -> String {
        parse(text).map_or_else(|error| format!("{error:?}"), |address| address.wire().to_owned())
    }

    #[test]
    fn an_address_is_lower_case_with_its_domain_in_ascii() {
        let table = [
            ("ann@example.com", "ann@example.com"),
            (" Ann.Smith@EXAMPLE.com ", "ann.smith@example.com"),
            ("ann+news@example.com", "ann+news@example.com"),
            ("o'hara@example.ie", "o'hara@example.ie"),
            ("ann@b\u{fc}cher.example", "ann@xn--bcher-kva.example"),
            ("ann@XN--BCHER-KVA.example", "ann@xn--bcher-kva.example"),
            ("ann@例え。テスト", "ann@xn--r8jz45g.xn--zckzah"),
            ("ann\u{FF20}example.com", "ann@example.com"),
            ("ＡＮＮ@example.com", "ａｎｎ@example.com"),
            ("J\u{fc}rgen@example.de", "j\u{fc}rgen@example.de"),
            ("Ju\u{308}rgen@example.de", "j\u{fc}rgen@example.de"),
            ("ann@example.com.", "ann@example.com"),
            ("ann@localhost", "ann@localhost"),
            ("mailto:ann@example.com", "ann@example.com"),
            ("MAILTO:Ann%2Bnews@example.com?subject=Hi&cc=bob@example.com", "ann+news@example.com"),
            ("Ann <ann@example.com>", "ann@example.com"),
            ("<ann@example.com>", "ann@example.com"),
            ("\"Smith, Ann <x>\" <ann@example.com>", "ann@example.com"),
        ];
        for (text, expected) in table {
            assert_eq!(wire(text), expected, "{text:?}");
        }
    }

    #[test]
    fn what_is_no_address_says_what_is_wrong() {
        use NotAnEmail::*;
        let long = "a".repeat(65);
        let table: &[(&str, NotAnEmail)] = &[
            ("", Empty),
            ("mailto:", Empty),
            ("mailto:?subject=x", Empty),
            ("ann", Unreadable),
            ("ann@", Domain),
            ("@example.com", LocalPart),
            ("ann smith@example.com", LocalPart),
            (".ann@example.com", LocalPart),
            ("ann..smith@example.com", LocalPart),
            ("ann.@example.com", LocalPart),
            ("ann(work)@example.com", LocalPart),
            ("an\u{200B}n@example.com", LocalPart),
            ("ann\u{0}@example.com", LocalPart),
            ("\"ann smith\"@example.com", Quoted),
            ("ann@bob@example.com", Unreadable),
            ("ann@example.com, bob@example.com", Several),
            ("ann@example.com;bob@example.com", Several),
            ("mailto:ann@example.com,bob@example.com", Several),
            ("Ann <ann@example.com>, Bob <bob@example.com>", Several),
            ("Ann ann@example.com>", Unreadable),
            ("ann@[192.0.2.1]", IpAddress),
            ("ann@192.0.2.1", IpAddress),
            ("ann@example", NoDot),
            ("ann@exa mple.com", Domain),
            ("ann@-example.com", Domain),
            ("ann@exam_ple.com", Domain),
            ("ann@example..com", Domain),
            ("mailto:%ff@example.com", Unreadable),
        ];
        for (text, expected) in table {
            assert_eq!(parse(text), Err(*expected), "{text:?}");
        }
        assert_eq!(parse(&format!("{long}@example.com")), Err(TooLong));
        let domain = [["a".repeat(60).as_str(); 4].join("."), "example".into()].join(".");
        assert_eq!(parse(&format!("ann@{domain}")), Err(TooLong));
        assert_eq!(parse(&format!("a@aaaaa.{domain}")), Err(Domain), "a domain has 253 bytes at most");
        assert!(parse(&format!("{}@{}", &long[1..], &domain[62..])).is_ok());
        assert_eq!(parse(&format!("Ann {} <ann@example.com>", "x".repeat(1_000))), Err(TooLong));
    }

    proptest! {
        #[test]
        fn reading_never_panics_and_what_was_read_reads_as_itself(text in "\\PC*|[a-zA-ZäÖİΣß.@<>\" ,:%+-]{0,40}|[a-zA-Z.+ßİ]{1,9}@[a-zA-Zäß。.-]{1,12}\\.[a-z]{2,3}") {
            if let Ok(address) = parse(&text) {
                prop_assert_eq!(parse(address.wire()), Ok(address.clone()));
                prop_assert_eq!(address.wire(), address.wire().to_lowercase());
                prop_assert!(address.wire().len() <= LONGEST);
                prop_assert_eq!(address.kind(), super::super::Kind::Email);
                prop_assert_eq!(Address::parse(address.wire(), None).unwrap(), address);
            }
        }

        #[test]
        fn case_and_surroundings_make_no_other_address(local in "[a-z0-9]{1,10}(\\.[a-z0-9]{1,10}){0,2}", domain in "[a-z][a-z0-9]{0,10}\\.(com|org|example)") {
            let plain = format!("{local}@{domain}");
            let address = parse(&plain).unwrap();
            prop_assert_eq!(address.wire(), plain.as_str());
            for text in [plain.to_uppercase(), format!("mailto:{plain}?x=y"), format!("A B <{plain}>"), format!("{plain}.")] {
                prop_assert_eq!(parse(&text), Ok(address.clone()));
            }
        }
    }
}
