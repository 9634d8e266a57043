//! The desk (待办): how much waits in a subtree for a decision that this official may take.

use domain::activity::ActivityState;
use domain::adjustment::AdjustmentState;
use domain::application::ApplicationState;
use domain::complaint::ComplaintState;
use domain::desk::{MOST_COUNTED, Waiting};
use domain::enrolment::EnrolmentState;
use domain::ledger_finding::FindingState;
use domain::misconduct::MisconductState;
use domain::objection::ObjectionState;
use domain::offer::OfferState;
use domain::official::Official;
use domain::organisation::NodePath;
use domain::points::rulebook::RulebookState;
use domain::residency::ResidencyState;
use domain::reward::RewardState;
use domain::time::Instant;
use sea_orm::sea_query::{Expr, ExprTrait, Query, SelectStatement};
use sea_orm::{Condition, ConnectionTrait};

use crate::database::ReadTx;
use crate::error::Result;
use crate::mapping::code;
use crate::organisations::inside;
use crate::{activities, admins, ledger_findings, misconduct_cases, organisations, reversals};

/// Counts what waits within these subtrees, as far as [`MOST_COUNTED`]; what another person must decide is left out.
pub async fn count(tx: &ReadTx, waiting: Waiting, paths: &[NodePath], official: Official, now: Instant) -> Result<u64> {
    let mut query = match waiting {
        Waiting::ResidencyToConfirm => {
            let state = code::write(ResidencyState::Submitted);
            let query = through("residency", "member_id", "member", "unit_id", state, paths);
            not_of("residency", "member_id", query, official)
        }
        Waiting::ResidencyToAccept => {
            let state = code::write(ResidencyState::UnitConfirmed);
            let query = hanging("residency", "estate_id", state, inside(paths));
            not_of("residency", "member_id", query, official)
        }
        Waiting::Application => {
            hanging("membership_application", "unit_id", code::write(ApplicationState::Submitted), inside(paths))
        }
        Waiting::Activity => {
            // Only a level above publishes.
            let below = activities::below("organisation", paths);
            let query = hanging("activity", "node_id", code::write(ActivityState::Review), below);
            not_by("activity", "proposed_by", query, official)
        }
        Waiting::BarredLead => {
            let below = activities::below("organisation", paths);
            hanging("activity", "node_id", code::write(ActivityState::Published), below)
                .and_where(Expr::col(("activity", "lead_member_id")).in_subquery(misconduct_cases::barred_leads(now)))
                .take()
        }
        Waiting::Attendance => {
            let state = code::write(EnrolmentState::LeadConfirmed);
            let query = through("enrolment", "activity_id", "activity", "node_id", state, paths);
            not_of("enrolment", "member_id", not_of("enrolment", "confirmed_by", query, official), official)
        }
        Waiting::Objection => objections(paths, official),
        Waiting::Offer => {
            let state = code::write(OfferState::Submitted);
            let query = through("offer", "merchant_id", "merchant", "node_id", state, paths);
            not_by("offer", "drafted_by", query, official)
        }
        Waiting::Reversal => return reversals::count_waiting(tx, paths, official, now, MOST_COUNTED).await,
        Waiting::Complaint => hanging("complaint", "node_id", code::write(ComplaintState::Open), inside(paths)),
        Waiting::Rulebook => {
            let query = hanging("rulebook", "scope_id", code::write(RulebookState::Checked), inside(paths))
                .and_where(Expr::col(("rulebook", "discarded_at")).is_null())
                .and_where(Expr::col(("rulebook", "effective_from")).gt(now))
                .take();
            not_by("rulebook", "drafted_by", query, official)
        }
        Waiting::Adjustment => {
            let query = hanging("adjustment", "node_id", code::write(AdjustmentState::Proposed), inside(paths))
                .and_where(Expr::col(("adjustment", "lapses_at")).gt(now))
                .take();
            not_by("adjustment", "proposed_by", not_of("adjustment", "member_id", query, official), official)
        }
        Waiting::Reward => {
            let query = hanging("reward", "node_id", code::write(RewardState::Proposed), inside(paths));
            not_by("reward", "proposed_by", not_of("reward", "member_id", query, official), official)
        }
        Waiting::Misconduct => {
            let state = code::write(MisconductState::Proposed);
            let query = hanging("misconduct_case", "node_id", state, inside(paths));
            not_by("misconduct_case", "proposed_by", not_accused(query, official), official)
        }
        Waiting::Appeal => {
            // The level above rules; above the district there is none.
            let (above, top) = (activities::below("organisation", paths), paths.contains(&NodePath::root()));
            let district = top.then(|| Expr::col(("organisation", "parent_id")).is_null());
            let such = Condition::any().add(above).add_option(district);
            let query = hanging("misconduct_case", "decided_node_id", code::write(MisconductState::Appealed), such);
            let query = not_by("misconduct_case", "decided_by", query, official);
            not_by("misconduct_case", "proposed_by", not_accused(query, official), official)
        }
        Waiting::OpenFinding => {
            return ledger_findings::count_waiting(tx, paths, FindingState::Open, MOST_COUNTED).await;
        }
        Waiting::ExplainedFinding => {
            return ledger_findings::count_waiting(tx, paths, FindingState::Explained, MOST_COUNTED).await;
        }
    };
    Ok(tx.on().query_all(query.limit(MOST_COUNTED)).await?.len() as u64)
}

/// Rows of a table that hang on such a node themselves.
fn hanging(table: &'static str, node: &'static str, state: String, such: Condition) -> SelectStatement {
    let mut nodes = Query::select();
    nodes.column(organisations::row::Column::Id).from(organisations::row::Entity).cond_where(such);
    let mut query = Query::select();
    query
        .column((table, "id"))
        .from(table)
        .and_where(Expr::col((table, "state")).eq(state))
        .and_where(Expr::col((table, node)).in_subquery(nodes));
    query
}

/// Rows of a table that belong to something that hangs on a node.
fn through(
    table: &'static str,
    key: &'static str,
    owner: &'static str,
    node: &'static str,
    state: String,
    paths: &[NodePath],
) -> SelectStatement {
    let mut query = Query::select();
    query
        .column((table, "id"))
        .from(table)
        .inner_join(owner, Expr::col((owner, "id")).equals((table, key)))
        .and_where(Expr::col((table, "state")).eq(state))
        .and_where(Expr::col((owner, node)).in_subquery(organisations::ids_inside(paths)));
    query
}

/// Objections to service in the subtrees' activities; whoever objected, served, confirmed or approved decides nothing.
fn objections(paths: &[NodePath], official: Official) -> SelectStatement {
    let mut query = Query::select();
    query
        .column(("objection", "id"))
        .from("objection")
        .inner_join("enrolment", Expr::col(("enrolment", "id")).equals(("objection", "enrolment_id")))
        .inner_join("activity", Expr::col(("activity", "id")).equals(("enrolment", "activity_id")))
        .and_where(Expr::col(("objection", "state")).eq(code::write(ObjectionState::Open)))
        .and_where(Expr::col(("activity", "node_id")).in_subquery(organisations::ids_inside(paths)));
    let query = not_of("enrolment", "member_id", not_of("objection", "member_id", query, official), official);
    not_by("enrolment", "reviewed_by", not_of("enrolment", "confirmed_by", query, official), official)
}

/// Leaves out what accuses the official, as the member or as the lead at fault.
fn not_accused(query: SelectStatement, official: Official) -> SelectStatement {
    let mut query = not_of("misconduct_case", "member_id", query, official);
    if let Some(own) = official.member {
        let lead = Expr::col(("misconduct_case", "lead_at_fault"));
        query.and_where(lead.clone().is_null().or(lead.ne(own.uuid())));
    }
    query
}

/// Leaves out where this column names an account of the same person.
fn not_by(table: &'static str, admin: &'static str, query: SelectStatement, official: Official) -> SelectStatement {
    let mut query = query;
    query.and_where(Expr::col((table, admin)).not_in_subquery(admins::ids_of_person(official)));
    query
}

/// Leaves out where this column names the member who is the official.
fn not_of(table: &'static str, member: &'static str, query: SelectStatement, official: Official) -> SelectStatement {
    let mut query = query;
    if let Some(own) = official.member {
        query.and_where(Expr::col((table, member)).ne(own.uuid()));
    }
    query
}
