//! `[[routes]]` and `[resources]`: the drop-in endpoints.

use super::Loader;
use crate::provider::{
    FileError,
    compiled::{CallbackRule, Destinations, PathPattern, RouteRule, Segment},
    file::{CallbackFile, DestinationFile, ResourceFile, RouteFile, Written},
    json::Pointer,
    place::{Kind, Place},
    rule::{Subjects, When},
    text::Escape,
};
use std::collections::BTreeMap;
use toml::Spanned;

/// What the rules of a route look at.
const ROUTE: Subjects = Subjects { names: &[], places: true, variables: true, status: false };

impl Loader<'_> {
    pub(in crate::provider) fn routes(
        &self,
        files: &[Spanned<RouteFile>],
        resources: &BTreeMap<String, ResourceFile>,
    ) -> Result<Vec<RouteRule>, FileError> {
        files.iter().map(|file| self.route_rule(file, resources)).collect()
    }

    fn route_rule(
        &self,
        file: &Spanned<RouteFile>,
        resources: &BTreeMap<String, ResourceFile>,
    ) -> Result<RouteRule, FileError> {
        let (span, line) = (file.span(), self.wrong(file.span(), "").line);
        let file = file.get_ref();
        let resource = resources.get(file.resource.get_ref()).ok_or_else(|| {
            let known: Vec<&str> = resources.keys().map(String::as_str).collect();
            self.wrong(file.resource.span(), format!("the name of a [resources.…] is needed: {}", known.join(", ")))
        })?;
        let method = |written: &Written| {
            written.get_ref().parse().map_err(|_| self.wrong(written.span(), "a method is needed: GET, POST, …"))
        };
        let callback = |file: &CallbackFile| {
            let query = file.query.as_ref().map(|query| self.text(query, &["query"], Escape::Plain)).transpose()?;
            Ok(CallbackRule { place: self.replaceable(&file.place)?, answers: file.answers, query })
        };
        let pointers = |all: &[Written]| all.iter().map(|one| self.pointer(one)).collect::<Result<_, _>>();
        let rule = RouteRule {
            line,
            action: file.action,
            channel: file.channel,
            upstream: file.upstream.as_ref().map(|upstream| self.upstream(upstream)).transpose()?,
            methods: file.methods.iter().map(method).collect::<Result<_, _>>()?,
            paths: file.paths.iter().map(|path| self.path(path)).collect::<Result<_, _>>()?,
            when: self.when(&file.when, ROUTE)?,
            destinations: file.destinations.iter().map(|one| self.destinations(one)).collect::<Result<_, _>>()?,
            sender: self.optional_place(file.sender.as_ref())?,
            text: self.optional_place(file.text.as_ref())?,
            unreadable: self.places(&file.unreadable)?,
            identity_bound: file.identity_bound.iter().map(|when| self.when(when, ROUTE)).collect::<Result<_, _>>()?,
            callbacks: file.callbacks.iter().map(callback).collect::<Result<_, _>>()?,
            items: file.items.as_ref().map_or(Ok(Pointer::root()), |items| self.pointer(items))?,
            id: resource.id.as_ref().map(|id| self.pointer(id)).transpose()?,
            drop: pointers(&resource.drop)?,
            keep: pointers(&resource.keep)?,
        };
        let places = rule.sender.iter().chain(&rule.text).chain(&rule.unreadable).chain(rule.when.places());
        let places = places.chain(rule.identity_bound.iter().flat_map(When::places));
        let unknown = places.filter_map(|place| place.variable()).find(|name| !rule.has_variable(name));
        match unknown {
            Some(name) => {
                Err(self.wrong(span, format!("`path:{name}` needs `{{{name}}}` in every path of this route")))
            }
            None => Ok(rule),
        }
    }

    fn destinations(&self, file: &DestinationFile) -> Result<Destinations, FileError> {
        let place = self.replaceable(&file.place)?;
        if file.separator.as_deref() == Some("") {
            return Err(self.wrong(file.place.span(), "a separator is at least one letter"));
        }
        Ok(Destinations { place, separator: file.separator.as_deref().map(Into::into) })
    }

    fn replaceable(&self, written: &Written) -> Result<Place, FileError> {
        let place = self.place(written)?;
        match place.kind {
            Kind::Path(_) | Kind::Text => Err(self.wrong(
                written.span(),
                "what is replaced stands in the body, the query or a header: `field:`, `form:`, `query:`, `json:`, `xml:`, \
                 `header:`",
            )),
            _ if !place.is_plain() => {
                Err(self.wrong(written.span(), "what is replaced is the whole value: no `|` and no `~`"))
            }
            _ => Ok(place),
        }
    }

    pub(super) fn pointer(&self, written: &Written) -> Result<Pointer, FileError> {
        let wanted = "a JSON pointer begins with a slash, like `/data/id`; `*` is each element";
        Pointer::parse(written.get_ref()).ok_or_else(|| self.wrong(written.span(), wanted))
    }

    fn path(&self, written: &Written) -> Result<PathPattern, FileError> {
        let wrong = |wanted: &str| self.wrong(written.span(), wanted);
        if !written.get_ref().starts_with('/') {
            return Err(wrong("a path begins with `/`"));
        }
        let segment = |segment: &str| {
            let Some((before, rest)) = segment.split_once('{') else {
                return if segment.contains('}') {
                    Err(wrong("`}` without `{`"))
                } else {
                    Ok(Segment::Plain(segment.into()))
                };
            };
            let (name, after) = rest.split_once('}').ok_or_else(|| wrong("`{` needs its `}`"))?;
            if name.is_empty() || after.contains(['{', '}']) {
                return Err(wrong("a segment of a path has one variable with a name, like `{sid}.json`"));
            }
            let parameter = self.parameters.iter().position(|declared| **declared == *name);
            Ok(Segment::Variable { before: before.into(), name: name.into(), after: after.into(), parameter })
        };
        Ok(PathPattern(written.get_ref().split('/').map(segment).collect::<Result<_, _>>()?))
    }
}

impl RouteRule {
    fn has_variable(&self, wanted: &str) -> bool {
        let has = |segment: &Segment| matches!(segment, Segment::Variable { name, .. } if **name == *wanted);
        self.paths.iter().all(|pattern| pattern.0.iter().any(has))
    }
}
