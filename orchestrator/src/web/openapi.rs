//! The API as an OpenAPI 3.1 document, made of the table of routes and the schemas of the types that
//! travel.

use std::sync::LazyLock;

use axum::Json;
use schemars::generate::SchemaSettings;
use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value, json};
use vetting_protocol::Refusal;

use super::route::{Caller, Content, Route, SchemaOf};
use super::routes::routes;
use crate::service::ServiceError;
use crate::store::operators::Role;

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| document(&routes()));

/// The document; it says nothing that is secret.
pub(super) async fn openapi() -> Result<Json<&'static Value>, ServiceError> {
    Ok(Json(&DOCUMENT))
}

/// What each status means with which a call refuses.
const STATUSES: [(u16, &str); 9] = [
    (
        401,
        "No token, or one that is not good here; after an expired session the run is claimed anew",
    ),
    (
        403,
        "The host is not the run's, or the operator's role does not allow it",
    ),
    (404, "There is no such thing"),
    (408, "The body stood still, or took too long"),
    (
        409,
        "A newer claim has the run, or this is not for the state that it is in",
    ),
    (410, "The run is over"),
    (
        413,
        "The body is too long, or there is no room for what it brings",
    ),
    (
        422,
        "The body or the query is not what the call takes: the message names the field",
    ),
    (500, "The orchestrator's own fault, which its log tells"),
];

/// Describes the routes.
fn document(routes: &[Route]) -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    });
    let mut generator = settings.into_generator();
    let mut paths: Map<String, Value> = Map::new();
    for route in routes {
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        path[route.method.as_str().to_lowercase()] = operation(route, &mut generator);
    }
    let refusal = generator.subschema_for::<Refusal>();
    let responses: Map<String, Value> = STATUSES
        .iter()
        .map(|(status, meaning)| {
            let content = json!({ "application/json": { "schema": refusal } });
            let response = json!({ "description": meaning, "content": content });
            (status.to_string(), response)
        })
        .collect();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "vetting-orchestrator",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "What agents of live images and operators call. JSON over TLS 1.3; \
                fields that are not known are ignored, and every refusal is a `Refusal`.",
            "license": { "name": "Apache-2.0 OR MIT" },
        },
        "paths": paths,
        "components": {
            "schemas": generator.take_definitions(true),
            "responses": responses,
            "securitySchemes": {
                "boot": bearer("The token that a run's host is booted with"),
                "session": bearer("The token of the session that a claim opens"),
                "operator": bearer("An operator's token; the operator needs one of the roles \
                    that are named"),
            },
        },
    })
}

fn bearer(description: &str) -> Value {
    json!({ "type": "http", "scheme": "bearer", "description": description })
}

fn operation(route: &Route, generator: &mut SchemaGenerator) -> Value {
    let said = &route.operation;
    let security = match said.caller {
        None => json!([]),
        Some(Caller::Boot) => json!([{ "boot": [] }]),
        Some(Caller::Session) => json!([{ "session": [] }]),
        Some(Caller::Operator(roles)) => {
            let any = roles.iter().chain(&[Role::Admin]);
            any.map(|role| json!({ "operator": [role] })).collect()
        }
    };
    let mut responses = Map::new();
    if let Some((content, status)) = &said.answers {
        let content = self::content(content, generator);
        let response = json!({ "description": "Done", "content": content });
        responses.insert(status.to_string(), response);
    }
    for status in said.refuses.iter().chain([&500]) {
        let shared = json!({ "$ref": format!("#/components/responses/{status}") });
        responses.insert(status.to_string(), shared);
    }
    let room = said.id.split('.').next();
    let mut operation = json!({
        "operationId": said.id,
        "tags": [room],
        "summary": said.summary,
        "security": security,
        "parameters": parameters(route.path, said.query, generator),
        "responses": responses,
    });
    if let Some((content, most)) = &said.takes {
        operation["requestBody"] = json!({
            "description": format!("At most {most} bytes"),
            "required": true,
            "content": self::content(content, generator),
        });
    }
    operation
}

fn content(content: &Content, generator: &mut SchemaGenerator) -> Value {
    match content {
        Content::Json(schema) => json!({ "application/json": { "schema": schema(generator) } }),
        Content::Other(media_type) => json!({ *media_type: {} }),
    }
}

/// What a path names, and what is asked behind its `?`.
fn parameters(path: &str, query: Option<SchemaOf>, generator: &mut SchemaGenerator) -> Vec<Value> {
    let named = path.split('/').filter_map(|part| {
        let name = part.strip_prefix('{')?.strip_suffix('}')?;
        let schema = json!({ "type": "string" });
        Some(json!({ "name": name, "in": "path", "required": true, "schema": schema }))
    });
    let mut parameters: Vec<Value> = named.collect();
    let asked = query.map(|schema| schema(generator));
    let properties = asked
        .as_ref()
        .and_then(|asked: &Schema| asked.get("properties"));
    for (name, schema) in properties.and_then(Value::as_object).into_iter().flatten() {
        parameters.push(json!({ "name": name, "in": "query", "schema": schema }));
    }
    parameters
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_document_is_what_it_was() {
        insta::assert_json_snapshot!(*DOCUMENT);
    }

    #[test]
    fn every_call_says_what_it_is_for_and_each_has_a_name_of_its_own() {
        let mut ids = BTreeSet::new();
        for Route {
            path, operation, ..
        } in routes()
        {
            assert!(!operation.summary.is_empty(), "{path} says nothing");
            assert!(ids.insert(operation.id.clone()), "{} twice", operation.id);
            for status in operation.refuses {
                let known = STATUSES.iter().any(|(known, _)| *known == status);
                assert!(known, "{path}: {status} is not explained");
            }
        }
    }
}
