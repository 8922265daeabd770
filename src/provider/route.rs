//! Drop-in endpoints: what a sender's request wants, the same request with another destination, and the way back, on
//! which the sender sees the number that it used (rule Q5).

use super::{Account, Incoming, Request, SenderKey};
use bytes::Bytes;

/// What a request at the drop-in endpoint is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Sends a message.
    Send,
    /// Creates a call.
    CreateCall,
    /// Reads or changes one message or call.
    Read,
    /// Lists messages or calls.
    List,
}

/// A request that the file describes; what it does not describe passes byte for byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    pub(super) index: usize,
    /// What it is for.
    pub action: Action,
    /// What it is about.
    pub channel: Channel,
}

/// What a communication is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// A phone call.
    Call,
    /// A message.
    Message,
}

/// What a sender wants.
#[derive(Clone, PartialEq, Eq)]
pub struct Communication {
    /// Where it is to go; for [`Action::List`] the filters by recipient.
    pub destinations: Vec<Destination>,
    /// From whom.
    pub sender: Option<Box<str>>,
    /// The text, where the request holds it; `None`: it cannot be read (rule Q8).
    pub text: Option<Box<str>>,
    /// The request itself says that it is a one-time code or the like (rule Q8).
    pub identity_bound: bool,
    /// The sender's own URLs in it.
    pub callbacks: Vec<Callback>,
    /// Redial has substituted in it already (rule Q12).
    pub marked: bool,
}

/// One recipient in a request.
#[derive(Clone, PartialEq, Eq)]
pub struct Destination {
    /// Its position in [`Communication::destinations`].
    pub index: usize,
    /// As the sender wrote it: `+1…`, `whatsapp:+1…`, ….
    pub text: Box<str>,
}

/// A URL of the sender in a request.
#[derive(Clone, PartialEq, Eq)]
pub struct Callback {
    /// Its position in [`Communication::callbacks`].
    pub index: usize,
    /// The URL.
    pub url: Box<str>,
    /// Whether the provider waits there for a document (a call's instructions) and not only reports.
    pub answers: bool,
}

/// What to change in a request.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// Index of a destination, and its new number in E.164. A prefix such as `whatsapp:` stays.
    pub destinations: Vec<(usize, Box<str>)>,
    /// Index of a callback, and the URL to stand there.
    pub callbacks: Vec<(usize, Box<str>)>,
}

/// A number that was connected, and what the sender is to see instead.
#[derive(Clone, PartialEq, Eq)]
pub struct Swap {
    /// The provider's id of the message or call; `None`: wherever the number stands.
    pub id: Option<Box<str>>,
    /// What the provider has, E.164.
    pub connected: Box<str>,
    /// What the sender used, exactly as written.
    pub used: Box<str>,
    /// URLs that were put in, and the sender's own.
    pub urls: Vec<(Box<str>, Box<str>)>,
}

/// A webhook made ready for the sender's own URL.
#[derive(Clone)]
pub struct Restored {
    /// The request to make.
    pub request: Request,
    /// Whether it bears a signature that the sender's SDK accepts.
    pub signed: bool,
}

impl Account {
    /// The route of a request; `None`: passes byte for byte. A request for another account id has none.
    pub fn route(&self, incoming: &Incoming<'_>) -> Option<Route> {
        let _ = incoming;
        todo!("the engine follows")
    }

    /// What the sender wants.
    pub fn read_request(&self, route: &Route, incoming: &Incoming<'_>) -> Communication {
        let _ = (route, incoming);
        todo!("the engine follows")
    }

    /// The request to make upstream: everything byte for byte but the changes, hop-by-hop headers and, in the
    /// operator's custody, the credentials.
    pub fn forward(&self, incoming: &Incoming<'_>, changes: Option<(&Route, &Changes)>) -> Request {
        let _ = (incoming, changes);
        todo!("the engine follows")
    }

    /// The ids of messages and calls in a reply, to look for their substitutions.
    pub fn reply_ids(&self, route: &Route, body: &[u8]) -> Vec<Box<str>> {
        let _ = (route, body);
        todo!("the engine follows")
    }

    /// The reply as the sender is to see it: used numbers, own URLs, no prices or networks of the new number. Replies
    /// without a swapped item, malformed ones included, come back as they are.
    pub fn restore_reply(&self, route: &Route, body: &Bytes, swaps: &[Swap]) -> Bytes {
        let _ = (route, body, swaps);
        todo!("the engine follows")
    }

    /// A webhook about a substituted message or call, for the sender's own `url`: the used numbers again, wherever a
    /// connected one stands (also as the `From` of a reply), signed so that the provider's SDK accepts it. Without
    /// swaps it is only signed for the other URL. `sender`: who made the request, in the operator's custody.
    pub fn restore_callback(
        &self,
        incoming: &Incoming<'_>,
        url: &str,
        swaps: &[Swap],
        sender: Option<&SenderKey>,
    ) -> Restored {
        let _ = (incoming, url, swaps, sender);
        todo!("the engine follows")
    }
}
