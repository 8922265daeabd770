//! Credentials that a webhook shows: basic authentication, a token in a header, a secret in the query.
//!
//! A header's credentials come over one connection with the parameters, so who shows them vouches for all of the
//! request. A secret in the URL does not: URLs are written to logs.

use super::{Covers, Incoming, Keys, Parameters, Refused, same};
use crate::provider::auth::{Pairs, after_scheme, basic};

/// `[signature.basic]`, `bearer`, `header`, `query`.
#[derive(Debug)]
pub(in crate::provider) enum Shown {
    Basic { user: usize, password: usize },
    Header { name: http::HeaderName, prefix: Box<str>, value: usize },
    Query(Pairs),
}

impl Shown {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Shown::Basic { .. } => "basic",
            Shown::Header { name, .. } if *name == http::header::AUTHORIZATION => "bearer",
            Shown::Header { .. } => "header",
            Shown::Query(_) => "query",
        }
    }

    pub(super) fn prepare(&self, parameters: &Parameters) -> Option<Keys> {
        let all = match self {
            Shown::Basic { user, password } => vec![*user, *password],
            Shown::Header { value, .. } => vec![*value],
            Shown::Query(pairs) => pairs.all.iter().map(|(_, parameter)| *parameter).collect(),
        };
        all.iter().all(|index| !parameters.first(*index).is_empty()).then_some(Keys::None)
    }

    pub(super) fn verify(&self, parameters: &Parameters, incoming: &Incoming<'_>) -> Result<Covers, Refused> {
        // Each of several values is compared, so that the time does not tell which one came near.
        let is = |index: usize, given: &[u8]| {
            parameters.all(index).iter().fold(false, |found, own| found | same(own.as_bytes(), given))
        };
        let (fits, covers) = match self {
            Shown::Basic { user, password } => {
                let (given_user, given) = basic(incoming.headers).ok_or(Refused::Unsigned)?;
                (is(*user, &given_user) & is(*password, &given), Covers::ALL)
            }
            Shown::Header { name, prefix, value } => {
                let given = incoming.headers.get(name).ok_or(Refused::Unsigned)?;
                let given = after_scheme(given.as_bytes(), prefix.as_bytes()).ok_or(Refused::Wrong)?;
                (is(*value, given.trim_ascii()), Covers::ALL)
            }
            Shown::Query(pairs) => {
                let mut fits = true;
                for (name, parameter) in &pairs.all {
                    let given = incoming.query().iter().find(|pair| *pair.name == **name).ok_or(Refused::Unsigned)?;
                    fits &= is(*parameter, given.value.as_bytes());
                }
                (fits, Covers::NOTHING)
            }
        };
        if fits { Ok(covers) } else { Err(Refused::Wrong) }
    }

    /// The names of the secrets in the query.
    pub(super) fn in_query(&self) -> impl Iterator<Item = &str> {
        let all = if let Shown::Query(pairs) = self { &*pairs.all } else { &[] };
        all.iter().map(|(name, _)| &**name)
    }

    pub(super) fn headers(&self) -> Vec<&http::HeaderName> {
        match self {
            Shown::Header { name, .. } => vec![name],
            Shown::Basic { .. } | Shown::Query(_) => Vec::new(), // `Authorization` never goes on
        }
    }
}
