//! The first step of a change: what is to be different. Several things at once are one request.

use super::{Answered, Desk, Signed, change, facts, redirect, sentence};
use crate::{
    domain::{
        address::Address,
        change::LONGEST_LABEL,
        id::PointId,
        owner::{Point, Proof},
    },
    usecase::{
        course, requests,
        wanted::{NewLabel, NewPoint, NewValue, Wanted, WantedPoint},
        write::{Refused, carry_out},
    },
};
use http::StatusCode;
use serde_json::{Value, json};
use warp::reply::Response;

/// So many points can be added at once.
const NEW_MOST: usize = 3;
/// Labels that pages have words for; a phone is any of them, an address is not the first.
const USUAL: [&str; 3] = ["mobile", "home", "work"];

/// One point on the form: one that is there, or a new one.
struct Row<'a> {
    point: Option<&'a Point>,
    label: String,
    value: String,
    removed: bool,
    wrong: Option<&'static str>,
}

impl Row<'_> {
    fn kept(point: &Point) -> Row<'_> {
        Row { point: Some(point), label: point.label.to_string(), value: String::new(), removed: false, wrong: None }
    }

    fn is_blank(&self) -> bool {
        self.point.is_none() && self.label.is_empty() && self.value.is_empty()
    }
}

/// The form.
struct Form<'a> {
    rows: Vec<Row<'a>>,
    /// The point that its owner came for; none for a new one.
    about: Option<PointId>,
}

impl<'a> Form<'a> {
    fn blank(desk: &Desk<'_>, me: &'a Signed) -> Self {
        let about = desk.asked.query("point").and_then(|id| id.parse().ok());
        let mut rows: Vec<Row<'a>> = present(me).map(Row::kept).collect();
        if desk.asked.query("prove").is_some() {
            for row in rows.iter_mut().filter(|row| row.point.map(|point| point.id) == about) {
                let held = row.point.and_then(Point::current);
                row.value = held.map(|held| held.address.wire().to_owned()).unwrap_or_default();
            }
        }
        Self { rows, about }
    }

    fn read(desk: &Desk<'_>, me: &'a Signed) -> Self {
        let mut rows: Vec<Row<'a>> = Vec::new();
        for point in present(me) {
            let field = |name: &str| format!("{name}-{}", point.id);
            rows.push(Row {
                label: label(desk, &field("label")).unwrap_or_else(|| point.label.to_string()),
                value: desk.asked.text(&field("value")),
                removed: desk.asked.text(&field("remove")) == "yes",
                ..Row::kept(point)
            });
        }
        for at in 0..NEW_MOST {
            let label = label(desk, &format!("new-label-{at}")).unwrap_or_default();
            let value = desk.asked.text(&format!("new-value-{at}"));
            rows.push(Row { point: None, label, value, removed: false, wrong: None });
        }
        rows.retain(|row| !row.is_blank());
        for at in 0..rows.len() {
            if rows[at].point.is_none() && rows[at].label.is_empty() {
                rows[at].label = free_label(&rows, &rows[at].value);
            }
        }
        Self { rows, about: desk.asked.text("about").parse().ok() }
    }

    /// What it wants; each row that cannot be says why.
    fn wanted(&mut self, desk: &Desk<'_>) -> Option<Wanted> {
        let region = desk.env.rules().region;
        let mut points = Vec::new();
        for at in 0..self.rows.len() {
            let (before, rest) = self.rows.split_at_mut(at);
            let Some((row, after)) = rest.split_first_mut() else { break };
            let others: Vec<&Row<'_>> = before.iter().chain(after.iter()).filter(|other| !other.removed).collect();
            let address = (!row.value.is_empty()).then(|| Address::parse(&row.value, region));
            row.wrong = match &address {
                _ if row.removed => None,
                _ if row.label.is_empty() || row.label.chars().count() > LONGEST_LABEL => Some("err_label"),
                // Groups name a new point by its label.
                _ if row.point.is_none() && others.iter().any(|other| other.label == row.label) => {
                    Some("err_label_taken")
                }
                None if row.point.is_some() => None,
                None | Some(Err(_)) => Some("err_address"),
                Some(Ok(new)) if row.point.is_some_and(|point| point.kind != new.kind()) => Some("err_kind"),
                Some(Ok(new)) if others.iter().any(|other| other.has(new)) => Some("err_twice"),
                Some(Ok(_)) => None,
            };
            if row.wrong.is_none() {
                points.extend(row.steps(address.and_then(Result::ok)));
            }
        }
        self.rows.iter().all(|row| row.wrong.is_none()).then(|| Wanted { points, ..Wanted::default() })
    }

    fn page(&self, desk: &Desk<'_>, me: &Signed, wrong: Option<&str>) -> Response {
        let row = |row: &Row<'_>| {
            let mut shown = row.point.map_or_else(|| json!({}), facts::point);
            shown["about"] = (self.about.is_some() && row.point.map(|point| point.id) == self.about).into();
            shown["new_label"] = row.label.as_str().into();
            shown["new_value"] = row.value.as_str().into();
            shown["remove"] = row.removed.into();
            shown["wrong"] = row.wrong.into();
            shown["touched"] = (row.removed || !row.value.is_empty() || row.wrong.is_some()).into();
            shown
        };
        let points: Vec<Value> = self.rows.iter().filter(|row| row.point.is_some()).map(row).collect();
        let mut new: Vec<Value> = self.rows.iter().filter(|row| row.point.is_none()).map(row).collect();
        let blank = Row { point: None, label: String::new(), value: String::new(), removed: false, wrong: None };
        new.resize_with(NEW_MOST, || row(&blank));
        let about = points.iter().find(|point| point["about"] == true).cloned();
        let bad = wrong.is_some() || self.rows.iter().any(|row| row.wrong.is_some());
        let status = if bad { StatusCode::BAD_REQUEST } else { StatusCode::OK };
        let facts = json!({ "points": points, "new": new, "about": about, "wrong": wrong });
        desk.page(Some(me), status, "home_change", facts)
    }
}

impl Row<'_> {
    fn has(&self, address: &Address) -> bool {
        let held = self.point.and_then(Point::current);
        held.is_some_and(|held| held.address.key() == address.key())
    }

    /// A value that is there already is wanted again only where it is to be proved.
    fn steps(&self, address: Option<Address>) -> Vec<WantedPoint> {
        let Some(point) = self.point else {
            return vec![WantedPoint::Add(NewPoint { label: self.label.clone(), value: self.value.clone() })];
        };
        let id = point.id.to_string();
        if self.removed {
            return vec![WantedPoint::Remove(id)];
        }
        let proved = point.current().is_some_and(|held| held.proof != Proof::None);
        let new = address.filter(|address| !(proved && self.has(address)));
        let value = new.map(|_| WantedPoint::Replace(NewValue { point: id.clone(), value: self.value.clone() }));
        let renamed = *self.label != *point.label;
        let label = renamed.then(|| WantedPoint::Relabel(NewLabel { point: id, label: self.label.clone() }));
        value.into_iter().chain(label).collect()
    }
}

/// What a point is called: one of the usual words, or its owner's own.
fn label(desk: &Desk<'_>, name: &str) -> Option<String> {
    let own = || desk.asked.field(name).map(|label| label.trim().to_owned());
    let usual = desk.asked.field(&format!("usual-{name}")).filter(|usual| USUAL.contains(&usual.as_str()));
    usual.or_else(own)
}

/// For somebody who gives none: the first of the usual words that is not taken, else one with a number.
fn free_label(rows: &[Row<'_>], value: &str) -> String {
    let free = |label: &str| !rows.iter().any(|row| !row.removed && row.label == label);
    let (usual, else_called) = if value.contains('@') { (&USUAL[1..], "e-mail") } else { (&USUAL[..], "phone") };
    let usual = usual.iter().copied().find(|label| free(label)).map(str::to_owned);
    usual.unwrap_or_else(|| {
        (2..=rows.len() + 2).map(|n| format!("{else_called} {n}")).find(|label| free(label)).unwrap_or_default()
    })
}

fn present(me: &Signed) -> impl Iterator<Item = &Point> {
    me.owner.points.iter().filter(|point| point.removed.is_none())
}

/// The form as it begins.
pub(super) fn page(desk: &Desk<'_>, me: &Signed) -> Response {
    Form::blank(desk, me).page(desk, me, None)
}

/// What it says is wanted: new values are proved and then shown to whom their owner chooses, the rest takes its course.
pub(super) async fn begin(desk: &Desk<'_>, me: &Signed) -> Answered {
    let mut form = Form::read(desk, me);
    let Some(wanted) = form.wanted(desk) else { return Ok(form.page(desk, me, None)) };
    if wanted.points.is_empty() {
        return Ok(form.page(desk, me, Some("err_nothing")));
    }
    let actor = me.actor();
    let made = if facts::brings(&wanted) {
        carry_out(desk.env, || course::draft(desk.env, &actor, me.owner.id, &wanted)).await
    } else {
        carry_out(desk.env, || requests::make(desk.env, &actor, me.owner.id, None, &wanted)).await
    };
    match made {
        // The code for a new value leaves at once: it was typed to be proved.
        Ok(made) if made.request.state.is_open() => Ok(redirect(&change::onward(desk, me, made.request.id).await?)),
        Ok(_) => Ok(redirect("/?done=done_saved")),
        Err(Refused::Store(error)) => Err(Refused::Store(error)),
        Err(why) => Ok(form.page(desk, me, Some(sentence(&why).1))),
    }
}
