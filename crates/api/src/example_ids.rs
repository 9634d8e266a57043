//! Ids in the contracts' examples: those of the demo, so that what is printed there works on a fresh demo.

use serde_json::{Value, json};
use utoipa::openapi::OpenApi;
use uuid::Uuid;

use crate::demo::ids;

/// Gives every id without an example the demo's id of that kind of thing.
pub(crate) fn fill_in(document: OpenApi) -> OpenApi {
    let Ok(mut text) = serde_json::to_value(&document) else { return document };
    for (path, operations) in text["paths"].as_object_mut().into_iter().flatten() {
        let noun = path.split("/{").next().and_then(|path| path.rsplit('/').next()).unwrap_or("").to_owned();
        for operation in operations.as_object_mut().into_iter().flat_map(|operations| operations.values_mut()) {
            for parameter in operation["parameters"].as_array_mut().into_iter().flatten() {
                let name = parameter["name"].as_str().unwrap_or("").to_owned();
                if parameter["schema"]["format"] == "uuid" && parameter["example"].is_null() {
                    parameter["example"] = json!(demo_id(if name == "id" { &noun } else { &name }));
                }
            }
        }
    }
    for schema in text["components"]["schemas"].as_object_mut().into_iter().flat_map(|schemas| schemas.values_mut()) {
        for (name, property) in schema["properties"].as_object_mut().into_iter().flatten() {
            fill_property(name, property);
        }
    }
    serde_json::from_value(text).unwrap_or(document)
}

fn fill_property(name: &str, property: &mut Value) {
    if property["format"] == "uuid" && property["example"].is_null() && property["examples"].is_null() {
        property["example"] = json!(demo_id(name));
    }
}

fn demo_id(noun: &str) -> Uuid {
    match noun.trim_end_matches("_id") {
        "members" | "member" => ids::MEMBER.uuid(),
        "lead_member" => ids::LEAD.uuid(),
        "estates" | "estate" => ids::ESTATE.uuid(),
        "unit" | "units" => ids::UNIT.uuid(),
        "activities" | "activity" => ids::ACTIVITY.uuid(),
        "led-activities" => ids::RUNNING_ACTIVITY.uuid(),
        "session" => ids::ACTIVITY_SESSION.uuid(),
        "merchants" | "merchant" => ids::MERCHANT.uuid(),
        "store" => ids::STORE.uuid(),
        "offers" | "offer" => ids::OFFER.uuid(),
        "redemptions" | "redemption" | "vouchers" => ids::REDEMPTION.uuid(),
        "organisation" | "node" | "community" => ids::COMMUNITY.uuid(),
        _ => ids::DISTRICT.uuid(),
    }
}
