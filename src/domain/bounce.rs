//! Mail that comes back: delivery status notifications (RFC 3464) with enhanced codes (RFC 3463), and complaints (RFC
//! 5965). Read from outside data: bounded, never panics; what is no report is `None`.

mod mime;

pub use mime::header;

/// What a mail system did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// It could not deliver.
    Failed,
    /// It has not yet, and still tries.
    Delayed,
    /// It did.
    Delivered,
    /// It handed the mail to one that gives no reports, or to a list.
    Relayed,
}

/// An enhanced code `class.subject.detail` (RFC 3463).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code(pub u8, pub u16, pub u16);

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}

impl Code {
    /// Reads a code at the beginning of a text such as `5.1.1 (no such user)`.
    pub fn read(text: &str) -> Option<Self> {
        let text = text.trim_start();
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let mut parts = text[..end].trim_end_matches('.').split('.');
        let (class, subject, detail) = (parts.next()?, parts.next()?, parts.next()?);
        let short = |part: &str| (1..=3).contains(&part.len());
        if parts.next().is_some() || !matches!(class, "2" | "4" | "5") || !short(subject) || !short(detail) {
            return None;
        }
        Some(Self(class.parse().ok()?, subject.parse().ok()?, detail.parse().ok()?))
    }
}

/// What one recipient's part of a report says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fate {
    /// The address, as the mail system writes it.
    pub recipient: Box<str>,
    /// What was done.
    pub action: Action,
    /// The code, where there is a readable one.
    pub code: Option<Code>,
}

/// A mail that came back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Returned {
    /// To which address of ours it came: the return path of the mail that it is about.
    pub to: Vec<Box<str>>,
    /// The Message-ID of that mail, without its brackets, where a part of it came back.
    pub message_id: Option<Box<str>>,
    /// Each recipient's fate; none in a complaint.
    pub fates: Vec<Fate>,
    /// Somebody called it spam, and who, where the report says so.
    pub complaint: Option<Box<str>>,
}

/// What follows from a fate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It arrived.
    Delivered,
    /// It is on its way.
    OnItsWay,
    /// There is no such address: nothing more goes there.
    Dead,
    /// Not this time: the mailbox is full, the system was away. Nothing is said of the address.
    Soft,
    /// Not this mail, and another try in the same way makes no sense.
    Never,
    /// They refuse *us*: reputation, signature, policy. The address is good.
    Ours,
}

/// What follows from what a mail system did. Codes that are not known, or none, say little: the address stays.
pub fn verdict(action: Action, code: Option<Code>) -> Verdict {
    match (action, code) {
        (Action::Delivered, _) => Verdict::Delivered,
        (Action::Delayed | Action::Relayed, _) => Verdict::OnItsWay,
        (Action::Failed, None) => Verdict::Soft,
        (Action::Failed, Some(Code(class, subject, detail))) => match (class, subject, detail) {
            // X.1.7 and X.1.8 are about the sender's address, which is ours.
            (5, 1, 7 | 8) | (5, 7, _) => Verdict::Ours,
            (5, 1, _) => Verdict::Dead,
            (4, ..) | (5, 2, 2) => Verdict::Soft,
            (5, ..) => Verdict::Never,
            _ => Verdict::Soft,
        },
    }
}

/// Larger mails are not looked at; a report has a few kilobytes and perhaps the returned mail.
pub const LARGEST: usize = 1 << 20;
/// More recipients of one report are not looked at: our mails have one.
const MOST_FATES: usize = 100;

/// Reads a mail; `None` where it is no report.
pub fn read(mail: &[u8]) -> Option<Returned> {
    if mail.len() > LARGEST {
        return None;
    }
    let text = String::from_utf8_lossy(mail).replace("\r\n", "\n");
    let (head, body) = mime::split(&text);
    let kind = header(head, "content-type")?;
    if !mime::is(&kind, "multipart/report") {
        return None;
    }
    let mut found = Returned::default();
    for name in ["delivered-to", "x-original-to", "to"] {
        found.to.extend(mime::headers(head, name).iter().flat_map(|value| mime::addresses(value)));
    }
    let mut is_report = false;
    for part in mime::parts(body, &mime::parameter(&kind, "boundary")?) {
        let (head, body) = mime::split(part);
        let kind = header(head, "content-type").unwrap_or_default();
        if mime::is(&kind, "message/delivery-status") || mime::is(&kind, "message/global-delivery-status") {
            is_report = true;
            // The first group is about the message, each other about one recipient.
            let groups = body.split("\n\n").skip(1).filter_map(fate);
            found.fates.extend(groups.take(MOST_FATES));
        } else if mime::is(&kind, "message/feedback-report") {
            is_report = true;
            let abuse = header(body, "feedback-type").is_some_and(|kind| kind.eq_ignore_ascii_case("abuse"));
            let who = header(body, "original-rcpt-to").and_then(|value| mime::addresses(&value).into_iter().next());
            found.complaint = abuse.then(|| who.unwrap_or_default());
        } else if mime::is(&kind, "message/rfc822") || mime::is(&kind, "text/rfc822-headers") {
            let id = header(mime::split(body.trim_start_matches('\n')).0, "message-id");
            found.message_id = id.map(|id| id.trim().trim_matches(['<', '>']).into()).or(found.message_id);
        }
    }
    is_report.then_some(found)
}

fn fate(group: &str) -> Option<Fate> {
    let field = |name| header(group, name);
    let action = match &*field("action")?.to_ascii_lowercase() {
        action if action.starts_with("failed") => Action::Failed,
        action if action.starts_with("delayed") => Action::Delayed,
        action if action.starts_with("delivered") => Action::Delivered,
        action if action.starts_with("relayed") || action.starts_with("expanded") => Action::Relayed,
        _ => return None,
    };
    let address = field("original-recipient").or_else(|| field("final-recipient"))?;
    let recipient = address.rsplit_once(';').map_or(&*address, |(_, address)| address).trim();
    // Some systems name the class only and the rest in the words of the far end: `smtp; 550 5.1.1 <x>: no such user`.
    let said = field("diagnostic-code").and_then(|said| said.split_whitespace().find_map(Code::read));
    let code = field("status").as_deref().and_then(Code::read);
    let code = match code {
        Some(Code(class, 0, 0)) => said.filter(|said| said.0 == class).or(code),
        code => code.or(said),
    };
    Some(Fate { recipient: recipient.trim_matches(['<', '>']).into(), action, code })
}

#[cfg(test)]
mod tests;
