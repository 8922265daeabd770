//! Pages that people see, made on the server. They work without a script, load nothing from elsewhere, stand in no other
//! page and in no index, and leave no trace of their address with whom they link to.

pub(in crate::http) mod answer;
mod recipient;

use super::Surface;
use crate::template;
use answer::{asset, not_found};
use warp::{Filter, filters::BoxedFilter, reply::Response};

/// What pages load, and the recipient's pages.
pub(super) fn routes(surface: &Surface) -> BoxedFilter<(Response,)> {
    let assets = warp::path!("assets" / String)
        .and(warp::get().or(warp::head()).unify())
        .map(|name: String| template::asset(&name).map_or_else(not_found, asset));
    assets.or(recipient::routes(surface)).unify().boxed()
}
