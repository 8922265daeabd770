//! Drop-in endpoints: what a sender's request wants, the same request with another destination, and the way back, on
//! which the sender sees the number that it used (rule Q5).

use super::{
    Account, Custody, Incoming, Request,
    auth::CredentialPart,
    compiled::{CallbackRule, Destinations, PathPattern, RouteRule, Segment},
    form,
    incoming::{Asked, Body},
    json::Pointer,
    place::{Kind, Place},
    spot::{Edit, Side, Spot, edits, in_json, in_xml, rewrap, spots},
    text::Values,
};
use std::ops::Range;

/// The header by which a request says that Redial has substituted in it (rule Q12).
pub const MARKER: http::HeaderName = http::HeaderName::from_static("redial-substituted");

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
    /// The variables of its path.
    pub(super) variables: Vec<(Box<str>, Box<str>)>,
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
    /// As the sender wrote it: `+1…`, `whatsapp:+1…`, …; with the `+` that some providers leave out.
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

impl Route {
    /// What stands at the variables of its path.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        self.variables.iter().map(|(_, value)| &**value)
    }
}

masked! {
    Communication: identity_bound, marked;
    Destination: index;
    Callback: index, answers;
    Changes: ;
    Swap: id;
    Restored: signed;
}

impl PathPattern {
    fn read(&self, path: &str, account: &Account) -> Option<Vec<(Box<str>, Box<str>)>> {
        let mut variables = Vec::new();
        let mut segments = path.split('/');
        for wanted in &self.0 {
            let given = segments.next()?;
            match wanted {
                Segment::Plain(plain) if **plain == *given => {}
                Segment::Plain(_) => return None,
                Segment::Variable { before, name, after, parameter } => {
                    let value = given.strip_prefix(&**before)?.strip_suffix(&**after)?;
                    let fits =
                        parameter.is_none_or(|index| account.parameters().all(index).iter().any(|v| **v == *value));
                    // `{sid}` is no place for `X.json`, which another route describes.
                    if value.is_empty() || value.contains('.') || !fits {
                        return None;
                    }
                    variables.push((name.clone(), value.into()));
                }
            }
        }
        segments.next().is_none().then_some(variables)
    }
}

impl Account {
    /// The route of a request; `None`: passes byte for byte. A request for another account id has none.
    pub fn route(&self, incoming: &Incoming<'_>) -> Option<Route> {
        self.provider().routes.iter().enumerate().find_map(|(index, rule)| {
            if !rule.methods.contains(incoming.method) {
                return None;
            }
            let variables = rule.paths.iter().find_map(|pattern| pattern.read(incoming.path(), self))?;
            let holds = rule.when.holds(&Asked { incoming, names: &[], variables: &variables });
            holds.then_some(Route { index, variables, action: rule.action, channel: rule.channel })
        })
    }

    pub(super) fn rule(&self, route: &Route) -> Option<&RouteRule> {
        self.provider().routes.get(route.index)
    }

    /// What the sender wants.
    pub fn read_request(&self, route: &Route, incoming: &Incoming<'_>) -> Communication {
        let asked = Asked { incoming, names: &[], variables: &route.variables };
        let marked = incoming.headers.contains_key(&MARKER);
        let Some(rule) = self.rule(route) else {
            let (destinations, callbacks) = (Vec::new(), Vec::new());
            return Communication { destinations, sender: None, text: None, identity_bound: false, callbacks, marked };
        };
        let value = |place: &Place| incoming.value(place).filter(|value| !value.is_empty()).map(Box::from);
        let readable = !rule.unreadable.iter().any(|place| value(place).is_some());
        let destinations = rule.destination_spots(incoming).into_iter().enumerate();
        let callbacks = rule.callback_spots(incoming).into_iter().enumerate();
        let read = |text: &str| self.provider().numbers.read(text.into()).into();
        Communication {
            destinations: destinations.map(|(index, spot)| Destination { index, text: read(&spot.text) }).collect(),
            sender: rule.sender.as_ref().and_then(value).map(|sender| read(&sender)),
            text: rule.text.as_ref().filter(|_| readable).and_then(value),
            identity_bound: rule.identity_bound.iter().any(|when| when.holds(&asked)),
            callbacks: callbacks
                .map(|(index, (spot, rule))| {
                    // A query that the provider fills in comes back filled, and so is no part of the sender's URL.
                    let filled = rule.query.as_ref().is_some_and(|text| text.uses("query"));
                    let url = if filled { without_query(&spot.text).0.into() } else { spot.text };
                    Callback { index, url, answers: rule.answers }
                })
                .collect(),
            marked,
        }
    }

    /// Whether a URL of the sender's stands where it cannot be replaced, and where the provider may look for one all the same: what
    /// is told there could not be mapped back (rule Q5).
    pub fn hides_callback(&self, route: &Route, incoming: &Incoming<'_>) -> bool {
        self.rule(route).is_some_and(|rule| rule.hides_callback(incoming))
    }

    /// The request to make upstream: everything byte for byte but the changes, hop-by-hop headers and, in the
    /// operator's custody, the credentials. Compressed replies are not asked for, since they have to be read.
    pub fn forward(&self, incoming: &Incoming<'_>, changes: Option<(&Route, &Changes)>) -> Request {
        let mut headers = passed_on(incoming.headers);
        headers.insert(http::header::ACCEPT_ENCODING, http::HeaderValue::from_static("identity"));
        if self.settings().custody == Custody::Operator {
            // What the sender showed was for Redial alone.
            self.exchange_headers(&mut headers);
        }
        let (mut query, mut body) = (Vec::new(), Vec::new());
        if let Some((route, changes)) = changes.filter(|(_, changes)| **changes != Changes::default())
            && let Some(rule) = self.rule(route)
        {
            if !changes.destinations.is_empty() {
                headers.insert(MARKER, http::HeaderValue::from_static("1"));
            }
            let destinations = rule.destination_spots(incoming);
            let callbacks = rule.callback_spots(incoming);
            let to = changes.destinations.iter().filter_map(|(index, new)| Some((destinations.get(*index)?, new)));
            let numbers = self.provider().numbers;
            let to = to.map(|(spot, new)| (spot, rewrap(&spot.text, new, numbers)));
            let urls = changes.callbacks.iter().filter_map(|(index, new)| Some((callbacks.get(*index)?, new)));
            let urls = urls.map(|((spot, rule), new)| (spot, self.with_query(rule, &spot.text, new)));
            let all = to.chain(urls).collect();
            for Edit { side, span, text } in edits(all) {
                match side {
                    Side::Query => query.push((span, text)),
                    Side::Form | Side::Json | Side::Xml => body.push((span, text)),
                    Side::Header(name) => set(&mut headers, &name, &text),
                }
            }
        }
        if self.settings().custody == Custody::Operator {
            self.exchange_values(incoming, &mut query, &mut body);
        }
        // Also what passes unchanged goes where its route says.
        let several = self.provider().routes.iter().any(|rule| rule.upstream.is_some());
        let found = if several { self.route(incoming) } else { None };
        let own = found.as_ref().and_then(|route| self.rule(route)).and_then(|rule| rule.upstream.as_ref());
        let mut url = format!("{}{}", self.base(own).unwrap_or_default(), incoming.path());
        if incoming.target.contains('?') {
            url.push('?');
            url.push_str(&String::from_utf8_lossy(&form::replace(incoming.raw_query().as_bytes(), query)));
        }
        Request { method: incoming.method.clone(), url, headers, body: form::replace(incoming.body, body).into() }
    }
}

type Edits = Vec<(Range<usize>, String)>;

/// Replaces a header that is there; what cannot stand in one is left out, and then nobody gets the message.
fn set(headers: &mut http::HeaderMap, name: &str, text: &str) {
    match (http::HeaderName::from_bytes(name.as_bytes()), http::HeaderValue::try_from(text)) {
        (Ok(name), Ok(value)) => drop(headers.insert(name, value)),
        _ => drop(headers.remove(name)),
    }
}

/// A URL and its query.
fn without_query(url: &str) -> (&str, &str) {
    url.split_once('?').unwrap_or((url, ""))
}

impl Account {
    /// Redial's URL, with what the rule says that its query holds.
    fn with_query(&self, rule: &CallbackRule, theirs: &str, ours: &str) -> String {
        let section = [("query", without_query(theirs).1)];
        let values = Values { section: &section, parameters: self.parameters() };
        // A query that cannot be written leaves the URL alone: its reference is what matters.
        match rule.query.as_ref().and_then(|query| query.render(&values).ok()).filter(|query| !query.is_empty()) {
            Some(query) => format!("{ours}?{query}"),
            None => ours.to_owned(),
        }
    }

    /// Puts the account's own credentials where the sender's stand in the query and the body.
    fn exchange_values(&self, incoming: &Incoming<'_>, query: &mut Edits, body: &mut Edits) {
        for (name, value) in self.exchange_pairs(CredentialPart::Query) {
            let named = incoming.query().iter().filter(|pair| pair.name == name);
            query.extend(named.map(|pair| (pair.value_span.clone(), form::encode(value))));
        }
        let part =
            if matches!(incoming.read_body(), Body::Xml(_)) { CredentialPart::Xml } else { CredentialPart::Body };
        for (name, value) in self.exchange_pairs(part) {
            let put = |spots: Vec<Spot>| {
                spots.iter().map(|spot| spot.edit(value)).map(|edit| (edit.span, edit.text)).collect()
            };
            let found: Edits = match incoming.read_body() {
                Body::Form(pairs) => {
                    let named = pairs.iter().filter(|pair| pair.name == name);
                    named.map(|pair| (pair.value_span.clone(), form::encode(value))).collect()
                }
                Body::Json(_) => put(in_json(incoming.body, &Pointer::member(name))),
                Body::Xml(_) => put(in_xml(incoming, name).map(|(spot, _)| spot).collect()),
                Body::Empty | Body::Other => Vec::new(),
            };
            body.extend(found);
        }
    }
}

impl RouteRule {
    fn destination_spots(&self, incoming: &Incoming<'_>) -> Vec<Spot> {
        let of = |one: &Destinations| -> Vec<Spot> {
            let all = spots(incoming, &one.place).into_iter();
            all.flat_map(|spot| spot.split(one.separator.as_deref())).collect()
        };
        self.destinations.iter().flat_map(of).collect()
    }

    fn callback_spots(&self, incoming: &Incoming<'_>) -> Vec<(Spot, &CallbackRule)> {
        let mut found = Vec::new();
        for rule in &self.callbacks {
            found.extend(spots(incoming, &rule.place).into_iter().map(|spot| (spot, rule)));
        }
        found
    }
}

impl RouteRule {
    /// Whether a value of a callback's name stands beside those that are found: in the query of a request that has them in its
    /// body, or the reverse; in other letters; in a header that comes twice; in XML that not all readers read alike.
    fn hides_callback(&self, incoming: &Incoming<'_>) -> bool {
        let name = |place: &'_ Place| match &place.kind {
            Kind::Field(name) | Kind::Form(name) | Kind::Query(name) => Some(name.to_string()),
            Kind::Json(pointer) => pointer.first().map(str::to_owned),
            _ => None,
        };
        let names: Vec<String> = self.callbacks.iter().filter_map(|rule| name(&rule.place)).collect();
        let is_one = |given: &str| names.iter().any(|name| name.eq_ignore_ascii_case(given));
        let form = if let Body::Form(pairs) = incoming.read_body() { &pairs[..] } else { &[] };
        let pairs = incoming.query().iter().chain(form).filter(|pair| is_one(&pair.name) && !pair.value.is_empty());
        let found = self.callback_spots(incoming).into_iter().filter(|(spot, _)| spot.is_pair());
        if pairs.count() > found.count() {
            return true;
        }
        if let Body::Json(serde_json::Value::Object(members)) = incoming.read_body()
            && members.keys().any(|given| is_one(given) && !names.contains(given))
        {
            return true;
        }
        self.callbacks.iter().any(|rule| match &rule.place.kind {
            Kind::Header(name) => incoming.headers.get_all(name).iter().count() > 1,
            Kind::Xml(path) => incoming.leaves(path).any(|leaf| !leaf.plain && !leaf.text.is_empty()),
            _ => false,
        })
    }
}

/// Headers without those of one connection (RFC 9110, 7.6.1), of the proxy in front, and those that the next request
/// gets anew.
pub(super) fn passed_on(headers: &http::HeaderMap) -> http::HeaderMap {
    const NOT: [&str; 14] = [
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "host",
        "content-length",
        "expect",
        "accept-encoding",
        "forwarded",
    ];
    let listed: Vec<&str> = headers
        .get_all(http::header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .collect();
    let passes = |name: &http::HeaderName| {
        let name = name.as_str();
        !NOT.contains(&name)
            && !name.starts_with("x-forwarded-")
            && !listed.iter().any(|l| l.eq_ignore_ascii_case(name))
    };
    let mut out = http::HeaderMap::with_capacity(headers.len());
    for (name, value) in headers.iter().filter(|(name, _)| passes(name)) {
        out.append(name, value.clone());
    }
    out
}
