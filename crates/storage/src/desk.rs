//! The desk (待办): how much waits for a decision in a subtree.

use domain::activity::ActivityState;
use domain::application::ApplicationState;
use domain::complaint::ComplaintState;
use domain::desk::{MOST_COUNTED, Waiting};
use domain::enrolment::EnrolmentState;
use domain::offer::OfferState;
use domain::organisation::NodePath;
use domain::residency::ResidencyState;
use sea_orm::sea_query::{Expr, ExprTrait, Query, SelectStatement};
use sea_orm::{Condition, ConnectionTrait};

use crate::database::ReadTx;
use crate::error::Result;
use crate::mapping::code;
use crate::organisations::inside;
use crate::{activities, organisations};

/// Counts what waits within these subtrees, as far as [`MOST_COUNTED`].
pub async fn count(tx: &ReadTx, waiting: Waiting, paths: &[NodePath]) -> Result<u64> {
    let mut query = match waiting {
        Waiting::ResidencyToConfirm => {
            let state = code::write(ResidencyState::Submitted);
            through("residency", "member_id", "member", "unit_id", state, paths)
        }
        Waiting::ResidencyToAccept => {
            hanging("residency", "estate_id", code::write(ResidencyState::UnitConfirmed), inside(paths))
        }
        Waiting::Application => {
            hanging("membership_application", "unit_id", code::write(ApplicationState::Submitted), inside(paths))
        }
        Waiting::Activity => {
            // Only a level above publishes.
            let below = activities::below("organisation", paths);
            hanging("activity", "node_id", code::write(ActivityState::Review), below)
        }
        Waiting::Attendance => {
            let state = code::write(EnrolmentState::LeadConfirmed);
            through("enrolment", "activity_id", "activity", "node_id", state, paths)
        }
        Waiting::Offer => {
            let state = code::write(OfferState::Submitted);
            through("offer", "merchant_id", "merchant", "node_id", state, paths)
        }
        Waiting::Complaint => hanging("complaint", "node_id", code::write(ComplaintState::Open), inside(paths)),
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
