//! `[resources]` and `[[routes]]`, as serde reads them.

use super::{WhenFile, Written};
use crate::provider::{Action, Channel};
use serde::Deserialize;
use toml::Spanned;

/// What one message or call looks like in replies: JSON pointers.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct ResourceFile {
    pub(in crate::provider) id: Option<Written>,
    #[serde(default)]
    pub(in crate::provider) drop: Vec<Written>,
    #[serde(default)]
    pub(in crate::provider) keep: Vec<Written>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct RouteFile {
    pub(in crate::provider) action: Action,
    pub(in crate::provider) channel: Channel,
    /// Instead of the head's.
    pub(in crate::provider) upstream: Option<Written>,
    pub(in crate::provider) methods: Vec<Written>,
    pub(in crate::provider) paths: Vec<Written>,
    #[serde(default)]
    pub(in crate::provider) when: WhenFile,
    #[serde(default)]
    pub(in crate::provider) destinations: Vec<DestinationFile>,
    pub(in crate::provider) sender: Option<Written>,
    pub(in crate::provider) text: Option<Written>,
    #[serde(default)]
    pub(in crate::provider) unreadable: Vec<Written>,
    #[serde(default)]
    pub(in crate::provider) identity_bound: Vec<WhenFile>,
    #[serde(default)]
    pub(in crate::provider) callbacks: Vec<CallbackFile>,
    pub(in crate::provider) resource: Spanned<String>,
    pub(in crate::provider) items: Option<Written>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct CallbackFile {
    pub(in crate::provider) place: Written,
    #[serde(default)]
    pub(in crate::provider) answers: bool,
    /// The query of Redial's own URL; `query` in it is that of the sender's.
    pub(in crate::provider) query: Option<Written>,
}

/// A place, or `{ place, separator }` where several recipients stand in one value.
pub(in crate::provider) struct DestinationFile {
    pub(in crate::provider) place: Written,
    pub(in crate::provider) separator: Option<String>,
}

impl<'de> Deserialize<'de> for DestinationFile {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Inner(String, Option<String>);
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Table {
            place: String,
            separator: String,
        }
        impl<'de> Deserialize<'de> for Inner {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Visitor;
                impl<'de> serde::de::Visitor<'de> for Visitor {
                    type Value = Inner;
                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str("a place, or `{ place, separator }`")
                    }
                    fn visit_str<E>(self, text: &str) -> Result<Inner, E> {
                        Ok(Inner(text.to_owned(), None))
                    }
                    fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<Inner, A::Error> {
                        let table = Table::deserialize(serde::de::value::MapAccessDeserializer::new(map))?;
                        Ok(Inner(table.place, Some(table.separator)))
                    }
                }
                deserializer.deserialize_any(Visitor)
            }
        }
        let one = Spanned::<Inner>::deserialize(deserializer)?;
        let span = one.span();
        let Inner(place, separator) = one.into_inner();
        Ok(Self { place: Spanned::new(span, place), separator })
    }
}
