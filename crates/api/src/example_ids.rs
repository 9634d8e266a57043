//! Ids in the contracts' examples: those of the demo, so that what is printed there works on a fresh demo.

use domain::code::Code;
use domain::id::TransferId;
use domain::points::SourceKind;
use domain::role::Role;
use serde_json::json;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::schema::{KnownFormat, Object, Schema, SchemaFormat};
use utoipa::openapi::{OpenApi, RefOr};
use uuid::Uuid;

use crate::demo::ids;

/// Gives every id without an example the demo's id of that kind of thing.
pub(crate) fn fill_in(document: &mut OpenApi) {
    for (path, PathItem { get, post, put, delete, .. }) in &mut document.paths.paths {
        let noun = path.split("/{").next().and_then(|path| path.rsplit('/').next()).unwrap_or("");
        [get, post, put, delete].into_iter().flatten().for_each(|operation| fill_parameters(noun, operation));
    }
    let schemas = document.components.iter_mut().flat_map(|components| &mut components.schemas);
    for (kind, schema) in schemas {
        let RefOr::T(Schema::Object(object)) = schema else { continue };
        if kind == "GrantRoleRequest" {
            // A reference to a closed set carries no example of its own, and not every role is held everywhere.
            let estate = json!({ "admin_id": ids::ADMIN, "role": Role::Estate.code(), "node_id": ids::ESTATE });
            object.example = Some(estate);
        }
        for (name, property) in &mut object.properties {
            if let RefOr::T(Schema::Object(property)) = property
                && is_id(property)
                && property.example.is_none()
            {
                let name = match (kind.as_str(), name.as_str()) {
                    ("ReviewedAttendance", _) => "reviewed",
                    ("ConfirmedAttendance", _) => "confirmed",
                    ("MisconductRequest", _) => "credited",
                    ("MakeUpRequest", _) => "absent",
                    (_, name) => name,
                };
                property.example = Some(json!(demo_id(name)));
            }
        }
    }
}

fn fill_parameters(noun: &str, operation: &mut Operation) {
    // What stands where this can be done to it.
    let noun = match operation.operation_id.as_deref().unwrap_or_default() {
        "publish_activity" | "refuse_activity" => "proposed-activity",
        "confirm_attendance" | "make_up_attendance" => "finished-activity",
        "update_offer" | "submit_offer" => "draft-offer",
        "approve_offer" | "refuse_offer" => "submitted-offer",
        "publish_offer" => "approved-offer",
        "request_reversal" => "verified-voucher",
        "accept_residency" => "confirmed-residency",
        "leave_residency" => "active-residency",
        "change_rulebook" | "check_rulebook" => "draft-rulebook",
        "appeal_misconduct_case" => "confirmed-case",
        "rule_misconduct_appeal" => "appealed-case",
        _ => noun,
    };
    for parameter in operation.parameters.iter_mut().flatten() {
        let RefOr::T(parameter) = parameter else { continue };
        let name = if parameter.name == "id" { noun } else { &parameter.name };
        if let Some(RefOr::T(Schema::Object(schema))) = &mut parameter.schema
            && is_id(schema)
            && schema.example.is_none()
        {
            schema.example = Some(json!(demo_id(name)));
        }
    }
}

fn is_id(schema: &Object) -> bool {
    matches!(schema.format, Some(SchemaFormat::KnownFormat(KnownFormat::Uuid)))
}

fn demo_id(noun: &str) -> Uuid {
    match noun.trim_end_matches("_id") {
        "members" | "member" => ids::MEMBER.uuid(),
        "lead_member" => ids::LEAD.uuid(),
        "estates" | "estate" => ids::ESTATE.uuid(),
        "unit" | "units" | "regulator_unit" => ids::UNIT.uuid(),
        "activities" | "activity" => ids::ACTIVITY.uuid(),
        "led-activities" => ids::RUNNING_ACTIVITY.uuid(),
        "proposed-activity" => ids::PROPOSED_ACTIVITY.uuid(),
        "finished-activity" => ids::FINISHED_ACTIVITY.uuid(),
        "enrolment" => ids::RUNNING_ENROLMENT.uuid(),
        "confirmed" => ids::FINISHED_ENROLMENT.uuid(),
        "absent" => ids::ABSENT_ENROLMENT.uuid(),
        "reviewed" => ids::CONFIRMED_ENROLMENT.uuid(),
        "credited" => ids::CREDITED_ENROLMENT.uuid(),
        "transfer" => TransferId::of_earning(SourceKind::FirstResidency, ids::MEMBER.uuid(), ids::MEMBER).uuid(),
        "session" => ids::ACTIVITY_SESSION.uuid(),
        "merchants" | "merchant" => ids::MERCHANT.uuid(),
        "store" => ids::STORE.uuid(),
        "offers" | "offer" => ids::OFFER.uuid(),
        "draft-offer" => ids::DRAFT_OFFER.uuid(),
        "submitted-offer" => ids::SUBMITTED_OFFER.uuid(),
        "approved-offer" => ids::APPROVED_OFFER.uuid(),
        "residencies" => ids::RESIDENCY.uuid(),
        "confirmed-residency" => ids::CONFIRMED_RESIDENCY.uuid(),
        "active-residency" => ids::ACTIVE_RESIDENCY.uuid(),
        "staff" => ids::STAFF.uuid(),
        "admins" | "admin" => ids::ADMIN.uuid(),
        "role-grants" => ids::ROLE_GRANT.uuid(),
        "redemptions" | "redemption" | "vouchers" => ids::REDEMPTION.uuid(),
        "membership-applications" => ids::APPLICATION.uuid(),
        "complaints" => ids::COMPLAINT.uuid(),
        "verified-voucher" => ids::VERIFIED_REDEMPTION.uuid(),
        "reversals" => ids::REVERSAL.uuid(),
        "rewards" => ids::REWARD.uuid(),
        "exclusions" => ids::EXCLUSION.uuid(),
        "adjustments" => ids::ADJUSTMENT.uuid(),
        "publicity" => ids::PUBLIC_ENROLMENT.uuid(),
        "objections" => ids::OBJECTION.uuid(),
        "misconduct-cases" => ids::MISCONDUCT_CASE.uuid(),
        "confirmed-case" => ids::CONFIRMED_CASE.uuid(),
        "appealed-case" => ids::APPEALED_CASE.uuid(),
        "roster-imports" => ids::ROSTER_IMPORT.uuid(),
        "rulebooks" | "rulebook" | "base" => ids::RULEBOOK.uuid(),
        "draft-rulebook" => ids::DRAFT_RULEBOOK.uuid(),
        "rulebook-simulations" => ids::SIMULATION.uuid(),
        "parent" | "organisation" | "node" | "community" | "scope" => ids::COMMUNITY.uuid(),
        _ => ids::DISTRICT.uuid(),
    }
}
