//! Several recipients in one request: which id of the reply is whose.

use super::{Account, Route, json, json::Shape, restore::items};

impl Account {
    /// The provider's id for each recipient of one request: by its number as it was sent, in E.164, and by its position
    /// among all `of` recipients. One message for everybody has one id; of several, a recipient's is that of the item in
    /// which its number stands, else, where there are as many as recipients, the one at its position; `None`: it cannot
    /// be told.
    pub fn recipient_ids(
        &self,
        route: &Route,
        body: &[u8],
        recipients: &[(usize, &str)],
        of: usize,
    ) -> Vec<Option<Box<str>>> {
        let Some(rule) = self.rule(route) else { return vec![None; recipients.len()] };
        let items = items(rule, body);
        if let [(_, one)] = &items[..] {
            return vec![Some(one.clone()); recipients.len()];
        }
        let wanted: Vec<String> = recipients.iter().map(|(_, number)| digits(number)).collect();
        let mut holding: Vec<Vec<usize>> = vec![Vec::new(); recipients.len()];
        let mut visit = |path: &[json::Part<'_>], span: std::ops::Range<usize>, shape| {
            let Some(item) = items.iter().position(|(own, _)| path.starts_with(own)) else { return };
            let value = match shape {
                Shape::Text => json::unescape(&body[span]).map(|text| digits(&text)),
                Shape::Plain => std::str::from_utf8(&body[span]).ok().map(digits),
                Shape::Nested => None,
            };
            let Some(value) = value.filter(|value| !value.is_empty()) else { return };
            for (recipient, _) in wanted.iter().enumerate().filter(|(_, wanted)| **wanted == value) {
                if !holding[recipient].contains(&item) {
                    holding[recipient].push(item);
                }
            }
        };
        if json::walk(body, &mut visit).is_err() {
            return vec![None; recipients.len()];
        }
        let id = |item: usize| items.get(item).map(|(_, id)| id.clone());
        let each = recipients.iter().zip(&holding).map(|((position, _), holding)| match holding[..] {
            [item] => id(item),
            _ if items.len() == of => id(*position),
            _ => None,
        });
        each.collect()
    }
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}
