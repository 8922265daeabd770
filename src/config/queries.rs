//! `[queries]`: what the rules of queries leave to the operator.

use super::{
    Span,
    bounds::{SECOND, lasting},
};
use serde::Deserialize;
use toml::Spanned;

/// Rules of queries.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Queries {
    /// Country of numbers without a country code.
    pub region: Spanned<String>,
    /// Window without a name (rule Q3).
    pub without_name: Span,
    /// Window with the former holder's name (rule Q3).
    pub with_name: Span,
    /// When answers of `/v1/resolve` leave (rule Q4).
    #[serde(deserialize_with = "lasting::<_, 1, SECOND>")]
    pub slot: Span,
    /// How many moved numbers that it has not used before a key or account may get at in a day (rule Q13).
    pub new_numbers_a_day: u32,
    /// On every account: whose messages and calls are not redirected (rule Q8).
    pub bound_senders: Vec<Spanned<String>>,
    /// On every account and on `/v1`: with which keys nothing is redirected (rule Q8).
    pub bound_keys: Vec<Spanned<String>>,
    /// On every account: texts that are not redirected, as regular expressions (rule Q8).
    pub bound_patterns: Vec<Spanned<String>>,
}

impl Default for Queries {
    fn default() -> Self {
        Self {
            region: Spanned::new(0..0, "US".to_owned()),
            without_name: Span::days(45),
            with_name: Span::days(365),
            slot: Span::millis(5),
            new_numbers_a_day: 1_000,
            bound_senders: Vec::new(),
            bound_keys: Vec::new(),
            bound_patterns: Vec::new(),
        }
    }
}

impl Queries {
    /// The byte at which something is wrong, and why.
    pub(super) fn check(&self) -> Result<(), (usize, String)> {
        let region = &self.region;
        let known = region.get_ref().len() == 2 && region.get_ref().bytes().all(|b| b.is_ascii_uppercase());
        if !known {
            return Err((
                region.span().start,
                format!("region is {:?}; a country's two capitals are needed, like \"US\"", region.get_ref()),
            ));
        }
        Ok(())
    }
}
