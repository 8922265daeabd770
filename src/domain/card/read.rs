//! What is derived from a card's bytes: who it is and how to reach them.

use super::document::{Document, Line};
use crate::domain::{
    address::{Address, Kind, NotAnAddress, email, phone, phone::Region},
    name::{self, NameKey},
    owner::Profile,
};

/// Longest UID that is kept as it is.
const LONGEST_UID: usize = 200;

/// Longest name that is shown, in letters.
const LONGEST_NAME: usize = 200;

/// Most addresses that are read from one card.
const MOST_ADDRESSES: usize = 100;

/// The components of `N`; several values of one are joined by a space.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parts {
    /// Family name.
    pub family: String,
    /// Given name.
    pub given: String,
    /// Middle names.
    pub additional: String,
    /// Dr, Mr …
    pub prefix: String,
    /// Jr, III …
    pub suffix: String,
}

/// A TEL or EMAIL as it is written.
#[derive(Clone, PartialEq, Eq)]
pub struct Reach {
    /// The property's place, for [`Document::replace_text`].
    pub place: usize,
    /// TEL or EMAIL.
    pub kind: Kind,
    /// The value as text; a `tel:` or `mailto:` URI stays one.
    pub text: String,
    /// The card's own word: `X-ABLabel` of the same group, else the first TYPE that tells something.
    pub label: String,
}

impl std::fmt::Debug for Reach {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reach").field("place", &self.place).field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// A TEL or EMAIL that is no address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// The line in the card, from 1.
    pub line: usize,
    /// Why.
    pub reason: NotAnAddress,
}

impl Document {
    /// The UID, without `urn:uuid:`, so that one person's 3.0 and 4.0 cards have one. `None` where there is none, or
    /// one that is too long or has line ends in it.
    pub fn uid(&self) -> Option<String> {
        let text = self.named("UID").map(|(_, line)| self.text(line)).find(|text| !text.is_empty())?;
        let bare = match text.get(..9) {
            Some(start) if start.eq_ignore_ascii_case("urn:uuid:") => &text[9..],
            _ => &text,
        };
        (!bare.is_empty() && bare.len() <= LONGEST_UID && !bare.contains(char::is_control)).then(|| bare.to_owned())
    }

    /// The name to show, on one line and cut where it is endless: FN, else what there is of N, organisation, nickname,
    /// e-mail and number; never empty unless the card holds none of them.
    pub fn name(&self) -> String {
        let parts = self.parts();
        let spaced = [&parts.prefix, &parts.given, &parts.additional, &parts.family, &parts.suffix];
        let spaced = || spaced.iter().filter(|part| !part.is_empty()).map(|part| part.as_str()).collect::<Vec<_>>();
        let first = |name| self.named(name).map(|(_, line)| self.text(line)).find(|text| !text.is_empty());
        let name = first("FN")
            .or_else(|| Some(spaced().join(" ")).filter(|name| !name.is_empty()))
            .or_else(|| Some(self.organisation()).filter(|name| !name.is_empty()))
            .or_else(|| self.nicknames().into_iter().next())
            .or_else(|| first("EMAIL"))
            .or_else(|| first("TEL"))
            .unwrap_or_default();
        name.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST_NAME).collect()
    }

    /// The components of N; all empty where there is none.
    pub fn parts(&self) -> Parts {
        let Some((_, line)) = self.named("N").next() else { return Parts::default() };
        let mut components = self.components(line).into_iter().map(|values| values.join(" ").trim().to_owned());
        let mut next = || components.next().unwrap_or_default();
        Parts { family: next(), given: next(), additional: next(), prefix: next(), suffix: next() }
    }

    /// The nicknames.
    pub fn nicknames(&self) -> Vec<String> {
        let lists = ["NICKNAME", "X-NICKNAME"]
            .into_iter()
            .flat_map(|name| self.named(name).flat_map(|(_, line)| self.list(line)).collect::<Vec<_>>());
        lists.filter(|name| !name.is_empty()).collect()
    }

    /// The company, without its units.
    pub fn organisation(&self) -> String {
        let Some((_, line)) = self.named("ORG").next() else { return String::new() };
        self.components(line).into_iter().next().unwrap_or_default().join(", ")
    }

    /// The keys of the names in the card, as an owner with these names would have them (rule Q2).
    pub fn name_keys(&self) -> Vec<NameKey> {
        let parts = self.parts();
        name::keys(&Profile {
            name: self.name(),
            given: parts.given,
            family: parts.family,
            additional: parts.additional,
            nicknames: self.nicknames(),
            organisation: self.organisation(),
            ..Profile::default()
        })
    }

    /// The language in which this person is written to, where the card says one: the LANG with the least PREF, or the
    /// LANGUAGE of its name.
    pub fn language(&self) -> Option<String> {
        let rank = |line: &Line| line.param("pref").and_then(|pref| pref.parse().ok()).unwrap_or(100_u8);
        let tag = |text: &str| {
            let good = (2..=35).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
            good.then(|| text.to_owned())
        };
        let stated = self.named("LANG").min_by_key(|(_, line)| rank(line)).and_then(|(_, line)| tag(&self.text(line)));
        let of_name = |name| self.named(name).find_map(|(_, line)| line.param("language").and_then(tag));
        stated.or_else(|| of_name("FN")).or_else(|| of_name("N"))
    }

    /// Every TEL and EMAIL in the card's order, as written.
    pub fn reaches(&self) -> Vec<Reach> {
        let reach = |(place, line): (usize, &Line)| {
            let kind = match &*line.name {
                name if name.eq_ignore_ascii_case("TEL") => Kind::Phone,
                name if name.eq_ignore_ascii_case("EMAIL") => Kind::Email,
                _ => return None,
            };
            let text = self.text(line);
            (!text.is_empty()).then(|| Reach { place, kind, text, label: self.label(line) })
        };
        self.properties().filter_map(reach).take(MOST_ADDRESSES).collect()
    }

    /// Every TEL and EMAIL that is an address, once each and in the card's order, and those that are none. `region` is
    /// the country of numbers without a country code.
    pub fn addresses(&self, region: Option<Region>) -> (Vec<Address>, Vec<Unreadable>) {
        let (mut addresses, mut unreadable) = (Vec::<Address>::new(), Vec::new());
        for reach in self.reaches() {
            let read = match reach.kind {
                Kind::Phone => phone::parse(&reach.text, region).map_err(NotAnAddress::from),
                Kind::Email | Kind::Device => email::parse(&reach.text).map_err(NotAnAddress::from),
            };
            match read {
                Ok(address) if addresses.iter().all(|known| known.key() != address.key()) => addresses.push(address),
                Ok(_) => {}
                Err(reason) => unreadable.push(Unreadable { line: self.lines[reach.place].at, reason }),
            }
        }
        (addresses, unreadable)
    }

    fn label(&self, line: &Line) -> String {
        let of_group = line.group.as_ref().and_then(|group| {
            let mut labels = self.named("X-ABLabel");
            labels.find(|(_, other)| other.group.as_ref().is_some_and(|other| other.eq_ignore_ascii_case(group)))
        });
        if let Some((_, label)) = of_group {
            let text = self.text(label);
            // Apple's own words stand in brackets of this kind.
            return text.trim_start_matches("_$!<").trim_end_matches(">!$_").to_lowercase();
        }
        let silent = ["pref", "voice", "internet", "msg", "text", "quoted-printable", "base64", "8bit", "x400"];
        let word = line.types().into_iter().find(|word| !silent.contains(&word.as_str()) && !word.contains('='));
        match word.as_deref() {
            Some("cell") => "mobile".to_owned(),
            Some(word) => word.trim_start_matches("x-").to_owned(),
            None => String::new(),
        }
    }
}
