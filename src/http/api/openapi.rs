//! `/openapi.json`: what handlers are annotated with, and what [`super::TABLE`] says of every route.
//!
//! Path parameters, paging, `If-Match`, `Idempotency-Key`, scopes and problem documents come from the table, so that
//! a handler's annotation says only what is its own.

use super::{
    access, batch, blocks, books, contacts, devices, exchange, explain, groups, members, opt_outs, owners, passkeys,
    points, preview, records, requests, resolve,
    route::{Route, TABLE},
    view,
};
use crate::{
    domain::owner::Profile,
    http::problem::Kind,
    usecase::{keys::Scope, wanted},
};
use http::Method;
use serde_json::{Map, Value, json};
use utoipa::OpenApi;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Redial",
        description = "Keeps people reachable when their phone number changes: queries, and the owner's side.",
        license(name = "MIT OR Apache-2.0"),
        version = "1"
    ),
    paths(
        resolve::resolve,
        batch::resolve_batch,
        owners::list,
        owners::register,
        owners::read,
        owners::erase,
        owners::change,
        points::list,
        points::add,
        points::read,
        points::change,
        points::remove,
        requests::list,
        requests::make,
        preview::change,
        requests::read,
        requests::accept,
        requests::cancel,
        requests::code,
        requests::proof,
        access::sign_in,
        access::finish,
        access::keep,
        access::sessions,
        access::end_session,
        access::code,
        access::proof,
        access::app_passwords,
        access::create_app_password,
        access::revoke_app_password,
        access::panic,
        passkeys::ask,
        passkeys::finish,
        passkeys::list,
        passkeys::options,
        passkeys::create,
        passkeys::remove,
        passkeys::prove,
        records::changes,
        records::change,
        records::notices,
        records::notice,
        records::queries,
        records::audit,
        books::list,
        books::create,
        books::read,
        books::change,
        books::remove,
        groups::list,
        groups::create,
        groups::read,
        groups::change,
        groups::remove,
        members::list,
        members::add,
        members::remove,
        contacts::list,
        contacts::create,
        contacts::read,
        contacts::replace,
        contacts::remove,
        contacts::confirm,
        contacts::asleep,
        blocks::list,
        blocks::add,
        blocks::remove,
        exchange::held,
        preview::introductions,
        exchange::confirm,
        exchange::drop,
        exchange::list,
        exchange::accept,
        exchange::refuse,
        exchange::updated,
        exchange::undo,
        devices::accounts,
        devices::list,
        devices::register,
        devices::read,
        devices::remove,
        opt_outs::read,
        opt_outs::add,
        opt_outs::remove,
        explain::explain,
    ),
    components(schemas(Profile, wanted::Wanted, view::HeldView))
)]
struct Annotated;

/// The document, `OpenAPI` 3.1.
pub fn document() -> Value {
    let mut document = serde_json::to_value(Annotated::openapi()).unwrap_or_default();
    document["openapi"] = json!("3.1.0");
    document["components"]["schemas"]["Problem"] = problem();
    document["components"]["securitySchemes"] = json!({"key": {
        "type": "http", "scheme": "bearer", "bearerFormat": "rdl_…",
        "description": format!("An API key, made by `redial keys create`. Scopes: {}.", Scope::ALL.map(Scope::as_str).join(", ")),
    }});
    for route in TABLE {
        let method = route.method.as_str().to_ascii_lowercase();
        if let Some(operation) = document["paths"][route.path][&method].as_object_mut() {
            complete(operation, route);
        }
    }
    document
}

fn problem() -> Value {
    let types: Vec<String> = Kind::ALL.into_iter().map(Kind::uri).collect();
    json!({
        "type": "object",
        "description": "What went wrong (RFC 9457).",
        "required": ["type", "title", "status"],
        "properties": {
            "type": {"type": "string", "enum": types, "description": "Stable."},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
            "errors": {"type": "array", "items": {
                "type": "object",
                "required": ["pointer", "detail"],
                "properties": {
                    "pointer": {"type": "string", "description": "JSON Pointer (RFC 6901) to the value."},
                    "detail": {"type": "string", "description": "What was found and what would be right."},
                },
            }},
        },
    })
}

fn complete(operation: &mut Map<String, Value>, route: &Route) {
    operation.insert("security".into(), json!([{"key": [route.scope.as_str()]}]));
    operation.insert("operationId".into(), json!(operation_id(route)));
    operation.insert("tags".into(), json!([tag(route)]));
    let mut parameters: Vec<Value> = operation.get("parameters").and_then(Value::as_array).cloned().unwrap_or_default();
    let mut add = |name: &str, place: &str, schema: Value, description: &str| {
        let required = place == "path";
        if !parameters.iter().any(|known| known["name"] == name) {
            parameters.push(
                json!({"name": name, "in": place, "required": required, "schema": schema, "description": description}),
            );
        }
    };
    for name in route.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')) {
        let (schema, description) = segment(name);
        add(name, "path", schema, description);
    }
    let pages = operation["responses"]["200"]["content"]["application/json"]["schema"]["$ref"]
        .as_str()
        .is_some_and(|name| name.contains("/Page_"));
    if pages && route.method == Method::GET {
        add("after", "query", json!({"type": "string"}), "The last entry of the page before; `next` holds it.");
        let limit = json!({"type": "integer", "minimum": 1, "maximum": 200, "default": 50});
        add("limit", "query", limit, "Most entries of a page.");
    }
    if route.scope == Scope::OwnersWrite && route.path.contains("{owner}") {
        add(
            "If-Match",
            "header",
            json!({"type": "string"}),
            "The version that is changed, as `ETag` gave it; 412 where it is not the present one.",
        );
    }
    if route.is_repeatable() {
        let schema = json!({"type": "string", "maxLength": 255});
        add("Idempotency-Key", "header", schema, "A repeat with the same key and body gets the first answer again.");
    }
    operation.insert("parameters".into(), Value::Array(parameters));
    operation["responses"]["default"] = json!({
        "description": "Anything else is a problem document.",
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    });
}

fn segment(name: &str) -> (Value, &'static str) {
    let id = |prefix: &str| json!({"type": "string", "pattern": format!("^{prefix}_[0-9a-z]{{26}}$")});
    match name {
        "owner" => (json!({"type": "string"}), "`own_…`, or `me` for the owner that the key is bound to."),
        "point" => (id("pt"), "A point's id."),
        "request" => (id("req"), "A request's id."),
        "revision" => (json!({"type": "integer", "minimum": 1}), "A revision."),
        "book" => (id("bk"), "A book's id."),
        "group" => (id("grp"), "A group's id."),
        "contact" => (id("con"), "A contact's id."),
        "notice" => (id("ntc"), "A notice's id."),
        "session" => (id("ses"), "A session's id."),
        "password" => (id("app"), "An app password's id."),
        "passkey" => (json!({"type": "string"}), "A credential's id, as base64url."),
        "member" => (json!({"type": "string"}), "`con_…`, `app_…` or `everyone`."),
        "identity" => (json!({"type": "string"}), "A phone number, an e-mail address, `own_…` or `app_…`."),
        "address" => (json!({"type": "string"}), "A phone number with its country code, or an e-mail address."),
        _ => (json!({"type": "string"}), "`qry_…`, `sub_…` or `ntc_…`."),
    }
}

/// The second part of the path that is a word: what the route is about.
fn tag(route: &Route) -> &'static str {
    let mut words = route.path.trim_start_matches("/v1/").split('/').filter(|part| !part.starts_with('{'));
    let first = words.next().unwrap_or_default();
    words.next().filter(|_| first == "owners").unwrap_or(first)
}

/// Method and words of the path: `get_owners_points`, with `_one` where the path ends with a name.
fn operation_id(route: &Route) -> String {
    let mut id = route.method.as_str().to_ascii_lowercase();
    for part in route.path.trim_start_matches("/v1/").split('/').filter(|part| !part.starts_with('{')) {
        id.push('_');
        id.push_str(&part.replace('-', "_"));
    }
    if route.path.ends_with('}') { id + "_one" } else { id }
}
