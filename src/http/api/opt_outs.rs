//! `/v1/opt-outs/{address}` (rule Q9).

use super::{call::Call, record_view::OptOutView, reply::Reply, view::Page};
use crate::{
    domain::{address::Address, id::OwnerId},
    http::problem::Problem,
    store::OptOut,
    usecase::{
        opt_outs,
        write::{Fault, Refused},
    },
};

/// What is said of an address.
#[utoipa::path(get, path = "/v1/opt-outs/{address}", responses((status = 200, body = Page<OptOutView>)))]
pub(super) async fn read(call: &Call) -> Result<Reply, Problem> {
    let said = opt_outs::read(&call.api.env, &address(call)?).await?;
    Ok(Reply::json(200, &Page::whole(said.iter().map(OptOutView::from).collect())))
}

/// Ends messages to an address: from everybody, or from `?owner=` alone.
#[utoipa::path(put, path = "/v1/opt-outs/{address}", params(("owner" = Option<String>, Query)),
    responses((status = 200, body = OptOutView)))]
pub(super) async fn add(call: &Call) -> Result<Reply, Problem> {
    let (address, owner, actor) = (&address(call)?, owner(call)?, &call.actor());
    let view = |said: &OptOut| (200, OptOutView::from(said));
    call.wrote(view, || opt_outs::add(&call.api.env, actor, address, owner)).await
}

/// Lets an address have messages again: from everybody, or from `?owner=` alone.
#[utoipa::path(delete, path = "/v1/opt-outs/{address}", params(("owner" = Option<String>, Query)),
    responses((status = 204)))]
pub(super) async fn remove(call: &Call) -> Result<Reply, Problem> {
    let (address, owner) = (&address(call)?, owner(call)?);
    call.wrote(|()| (204, ()), || opt_outs::remove(&call.api.env, address, owner)).await
}

fn address(call: &Call) -> Result<Address, Problem> {
    let read = Address::parse(call.segment("address"), call.api.env.rules().region);
    read.map_err(|why| Refused::Invalid(vec![Fault::address("/address", &why)]).into())
}

fn owner(call: &Call) -> Result<Option<OwnerId>, Problem> {
    call.parsed("owner", "an owner's id, own_…")
}
