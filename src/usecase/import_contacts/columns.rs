//! Columns of CSV exports: Google Contacts, Outlook, and plain ones.

use crate::{
    domain::{
        address::Kind,
        card::{Card, CardPoint},
        id::PointId,
        owner::Profile,
    },
    usecase::import::field,
};

/// Longest text of a field that is taken over, in bytes; a longer one is a slip of the file's columns.
const LONGEST: usize = 10_000;

/// What a column holds.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Column {
    Name,
    Given,
    Additional,
    Family,
    Prefix,
    Suffix,
    Nickname,
    Organisation,
    Title,
    Birthday,
    Note,
    Url,
    Uid,
    /// A number or address with its label, and the place of a column that has the label.
    Reach(Kind, &'static str, Option<usize>),
}

/// The columns that are used, with their places.
#[derive(Clone, Debug)]
pub(super) struct Columns(Vec<(usize, Column)>);

impl Columns {
    /// What a header must have.
    pub(super) const NEEDED: &'static str = "a header is needed with a column for the name (name, or first name and \
        last name) and one for numbers or addresses (phone, mobile, home phone, work phone, email); the exports of \
        Google Contacts and Outlook have them";

    /// Finds the columns by their titles.
    pub(super) fn find(header: &csv::ByteRecord) -> Result<Self, String> {
        let titles: Vec<String> =
            (0..header.len()).map(|place| plain(field(header, place).unwrap_or_default())).collect();
        let columns: Vec<_> =
            titles.iter().enumerate().filter_map(|(place, title)| Some((place, column(title, &titles)?))).collect();
        let named = |column: &Column| {
            matches!(column, Column::Name | Column::Given | Column::Family | Column::Organisation | Column::Nickname)
        };
        let has_name = columns.iter().any(|(_, column)| named(column));
        let has_reach = columns.iter().any(|(_, column)| matches!(column, Column::Reach(..)));
        if has_name && has_reach {
            return Ok(Self(columns));
        }
        let found: String = titles.join(",").chars().take(100).collect();
        Err(format!("found {found}; {}", Self::NEEDED))
    }

    /// The row as a card.
    pub(super) fn card(&self, record: &csv::ByteRecord) -> Result<Card, String> {
        let (mut fields, mut points) = (Profile::default(), Vec::new());
        for (place, column) in &self.0 {
            let text = field(record, *place)?;
            if text.len() > LONGEST {
                return Err(format!("column {} has more than {LONGEST} bytes", place + 1));
            }
            if !text.is_empty() {
                put(column, text, record, &mut fields, &mut points)?;
            }
        }
        if fields == Profile::default() && points.is_empty() {
            return Err("neither a name nor a number or address is in it".to_owned());
        }
        if fields.name.is_empty() {
            let parts = [&fields.prefix, &fields.given, &fields.additional, &fields.family, &fields.suffix];
            let parts: Vec<&str> = parts.into_iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
            fields.name = parts.join(" ");
        }
        Ok(Card::stray(fields, points))
    }

    /// The row's own UID.
    pub(super) fn uid(&self, record: &csv::ByteRecord) -> Option<String> {
        let (place, _) = self.0.iter().find(|(_, column)| *column == Column::Uid)?;
        let text = field(record, *place).ok()?;
        (!text.is_empty() && text.len() <= 200 && !text.chars().any(char::is_control)).then(|| text.to_owned())
    }
}

/// A title in lower case, letters and digits only: `E-mail 1 - Value` is `email1value`.
fn plain(title: &str) -> String {
    title.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn column(title: &str, titles: &[String]) -> Option<Column> {
    let column = match title {
        "name" | "fullname" | "displayname" | "fn" | "contact" | "contactname" => Column::Name,
        "firstname" | "givenname" | "given" | "forename" | "first" => Column::Given,
        "middlename" | "additionalname" | "middle" => Column::Additional,
        "lastname" | "familyname" | "family" | "surname" | "last" => Column::Family,
        "nameprefix" | "prefix" => Column::Prefix,
        "namesuffix" | "suffix" => Column::Suffix,
        "nickname" | "nicknames" => Column::Nickname,
        "company" | "organization" | "organisation" | "org" | "organizationname" | "organization1name" => {
            Column::Organisation
        }
        "jobtitle" | "organizationtitle" | "organization1title" => Column::Title,
        "birthday" => Column::Birthday,
        "note" | "notes" => Column::Note,
        "website" | "webpage" | "url" | "website1value" => Column::Url,
        "uid" => Column::Uid,
        _ => return reach(title, titles),
    };
    Some(column)
}

fn reach(title: &str, titles: &[String]) -> Option<Column> {
    // Outlook numbers them: Home Phone 2, E-mail 3 Address. Google has a column for each label.
    let word: String = title.chars().filter(|c| !c.is_ascii_digit()).collect();
    let (kind, label) = match word.as_str() {
        "phone" | "phonenumber" | "telephone" | "tel" | "number" | "primaryphone" | "otherphone" | "phonevalue" => {
            (Kind::Phone, "")
        }
        "mobile" | "mobilephone" | "mobilenumber" | "cell" | "cellphone" => (Kind::Phone, "mobile"),
        "homephone" => (Kind::Phone, "home"),
        "businessphone" | "workphone" | "companymainphone" => (Kind::Phone, "work"),
        "businessfax" | "workfax" => (Kind::Phone, "work fax"),
        "homefax" => (Kind::Phone, "home fax"),
        "pager" => (Kind::Phone, "pager"),
        "email" | "emailaddress" | "mail" | "emailvalue" => (Kind::Email, ""),
        "homeemail" | "personalemail" => (Kind::Email, "home"),
        "workemail" | "businessemail" => (Kind::Email, "work"),
        _ => return None,
    };
    let beside = title.strip_suffix("value").and_then(|start| {
        let is_label = |title: &String| [format!("{start}label"), format!("{start}type")].contains(title);
        titles.iter().position(is_label)
    });
    Some(Column::Reach(kind, label, beside))
}

fn put(
    column: &Column,
    text: &str,
    record: &csv::ByteRecord,
    fields: &mut Profile,
    points: &mut Vec<CardPoint>,
) -> Result<(), String> {
    let into = match column {
        Column::Name => &mut fields.name,
        Column::Given => &mut fields.given,
        Column::Additional => &mut fields.additional,
        Column::Family => &mut fields.family,
        Column::Prefix => &mut fields.prefix,
        Column::Suffix => &mut fields.suffix,
        Column::Organisation => &mut fields.organisation,
        Column::Title => &mut fields.title,
        Column::Birthday => &mut fields.birthday,
        Column::Note => &mut fields.note,
        Column::Nickname => {
            fields.nicknames.extend(several(text).map(str::to_owned));
            return Ok(());
        }
        Column::Url => {
            fields.urls.extend(several(text).map(str::to_owned));
            return Ok(());
        }
        Column::Uid => return Ok(()),
        Column::Reach(kind, label, beside) => {
            let beside = beside.map(|place| field(record, place)).transpose()?.unwrap_or_default();
            // Google marks the preferred one.
            let beside = beside.trim_start_matches("* ");
            let label = if beside.is_empty() { label } else { beside };
            points.extend(several(text).map(|value| CardPoint {
                id: PointId(0),
                kind: *kind,
                label: label.to_owned(),
                value: value.to_owned(),
                key: String::new(),
            }));
            return Ok(());
        }
    };
    if into.is_empty() {
        text.clone_into(into);
    }
    Ok(())
}

/// Google puts several values into one field.
fn several(text: &str) -> impl Iterator<Item = &str> {
    text.split(":::").map(str::trim).filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(header: &str, row: &str) -> Result<String, String> {
        let record = |line: &str| csv::ByteRecord::from(line.split('|').collect::<Vec<_>>());
        let card = Columns::find(&record(header))?.card(&record(row))?.to_bare_vcard(None);
        let lines =
            card.split("\r\n").filter(|line| !line.is_empty() && !line.contains("VCARD") && !line.starts_with("VER"));
        Ok(lines.collect::<Vec<_>>().join("|"))
    }

    #[test]
    fn exports_of_address_books_become_cards() {
        for (what, header, values, expected) in [
            (
                "plain",
                "Name|Phone|E-Mail",
                "Bob Lee|+14155552671|b@example.com",
                "FN:Bob Lee|N:;Bob Lee;;;|TEL:+14155552671|EMAIL;TYPE=INTERNET:b@example.com",
            ),
            ("parts", "\u{feff}first_name|last_name|mobile", "Bob|Lee|1", "FN:Bob Lee|N:Lee;Bob;;;|TEL;TYPE=CELL:1"),
            (
                "Google",
                "Name Prefix|First Name|Last Name|Organization Name|E-mail 1 - Label|E-mail 1 - Value|Phone 1 - Label|Phone 1 - Value",
                "Dr.|Bob|Lee|Acme, Inc.|* Work|b@example.com|Mobile|1 ::: 2",
                "FN:Dr. Bob Lee|N:Lee;Bob;;Dr.;|EMAIL;TYPE=INTERNET;TYPE=WORK:b@example.com|TEL;TYPE=CELL:1|TEL;TYPE=CELL:2|ORG:Acme\\, Inc.",
            ),
            (
                "Outlook",
                "First Name|Last Name|Company|Business Phone 2|Home Fax|E-mail 2 Address|Notes",
                "Bob||Acme|1|2|b@example.com|hi",
                "FN:Bob|N:;Bob;;;|TEL;TYPE=WORK:1|TEL;TYPE=HOME;TYPE=FAX:2|EMAIL;TYPE=INTERNET:b@example.com|ORG:Acme|NOTE:hi",
            ),
            ("only a company", "name|company|phone", "|Acme|1", "FN:Acme|N:;Acme;;;|TEL:1|ORG:Acme"),
            ("a short row", "name|phone|email", "Bob", "FN:Bob|N:;Bob;;;"),
        ] {
            assert_eq!(row(header, values).as_deref(), Ok(expected), "{what}");
        }
    }

    #[test]
    fn a_header_without_name_or_number_is_refused_with_what_is_needed() {
        for header in ["a|b|c", "name|address", "phone|email", ""] {
            let error = row(header, "x|y|z").expect_err("no such header");
            assert!(error.contains("; a header is needed with a column for the name"), "{error}");
        }
    }

    #[test]
    fn a_row_with_nothing_in_it_is_bad() {
        assert!(row("name|phone", " | ").is_err());
        assert!(row("name|phone", &format!("{}|1", "x".repeat(LONGEST + 1))).is_err());
    }
}
