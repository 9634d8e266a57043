//! What puts points right or gives them away: adjustments by two persons, cases of misconduct with the minutes that they take
//! back, and donations to a community's pool.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, boolean, string, string_null, timestamp_with_time_zone, timestamp_with_time_zone_null, uuid, uuid_null,
};

use crate::definition::{append_only, table};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // The node is the organisation that proposed; whoever holds authority over it may decide.
        table(
            "adjustment",
            [
                uuid("id").primary_key().take(),
                uuid("member_id"),
                big_integer("amount"),
                string("reason").text().take(),
                string("state"),
                uuid("node_id"),
                uuid("proposed_by"),
                uuid_null("proposed_by_member"),
                timestamp_with_time_zone("proposed_at"),
                timestamp_with_time_zone("lapses_at"),
                uuid_null("decided_node_id"),
                uuid_null("decided_by"),
                uuid_null("decided_by_member"),
                timestamp_with_time_zone_null("decided_at"),
                string_null("refusal").text().take(),
                uuid_null("hold_id"),
                uuid_null("transfer_id"),
            ],
        )
        .one_of("state", &["proposed", "approved", "refused", "lapsed"])
        .check("amount", "amount <> 0")
        .check("two_persons", "decided_by IS NULL OR decided_by <> proposed_by")
        .check("decided", "(state IN ('approved', 'refused')) = (decided_by IS NOT NULL)")
        .check("hold", "(amount < 0) = (hold_id IS NOT NULL)")
        .check("posted", "(state = 'approved') = (transfer_id IS NOT NULL)")
        .references("member_id", "member")
        .references("node_id", "organisation")
        .references("proposed_by", "admin")
        .references("decided_node_id", "organisation")
        .references("decided_by", "admin")
        .references("hold_id", "hold")
        .references("transfer_id", "transfer")
        .unique(["hold_id"])
        .unique(["transfer_id"])
        .index(["member_id", "id"])
        .index(["node_id", "id"])
        .index(["state", "lapses_at"])
        .create(manager)
        .await?;

        table(
            "donation",
            [
                uuid("id").primary_key().take(),
                uuid("member_id"),
                uuid("node_id"),
                big_integer("points"),
                uuid("transfer_id"),
                timestamp_with_time_zone("donated_at"),
            ],
        )
        .check("points", "points > 0")
        .references("member_id", "member")
        .references("node_id", "organisation")
        .references("transfer_id", "transfer")
        .unique(["transfer_id"])
        .index(["member_id", "id"])
        .index(["node_id", "id"])
        .create(manager)
        .await?;
        append_only(manager, "donation").await?;

        table(
            "misconduct_case",
            [
                uuid("id").primary_key().take(),
                uuid("enrolment_id"),
                uuid("member_id"),
                string("reason").text().take(),
                string("evidence").text().take(),
                boolean("fraud"),
                string("state"),
                uuid("node_id"),
                uuid("proposed_by"),
                uuid_null("proposed_by_member"),
                timestamp_with_time_zone("proposed_at"),
                uuid_null("decided_node_id"),
                uuid_null("decided_by"),
                uuid_null("decided_by_member"),
                timestamp_with_time_zone_null("decided_at"),
                string_null("dismissal").text().take(),
                big_integer("deduction"),
                uuid_null("clawback_id"),
                uuid_null("deduction_id"),
                timestamp_with_time_zone_null("appeal_until"),
                string_null("appeal").text().take(),
                timestamp_with_time_zone_null("appealed_at"),
                uuid_null("ruled_node_id"),
                uuid_null("ruled_by"),
                uuid_null("ruled_by_member"),
                timestamp_with_time_zone_null("ruled_at"),
                string_null("ruling").text().take(),
            ],
        )
        .one_of("state", &["proposed", "dismissed", "confirmed", "appealed", "upheld", "revoked"])
        .check("two_persons", "decided_by IS NULL OR decided_by <> proposed_by")
        .check("third_person", "ruled_by IS NULL OR (ruled_by <> proposed_by AND ruled_by <> decided_by)")
        .check("decided", "(state = 'proposed') = (decided_by IS NULL)")
        .check("ruled", "(state IN ('upheld', 'revoked')) = (ruled_by IS NOT NULL)")
        .check("deduction", "deduction >= 0 AND (deduction > 0) = (deduction_id IS NOT NULL)")
        .references("enrolment_id", "enrolment")
        .references("member_id", "member")
        .references("node_id", "organisation")
        .references("proposed_by", "admin")
        .references("decided_node_id", "organisation")
        .references("decided_by", "admin")
        .references("ruled_node_id", "organisation")
        .references("ruled_by", "admin")
        .references("clawback_id", "transfer")
        .references("deduction_id", "transfer")
        .unique_where(["enrolment_id"], "state <> 'dismissed'")
        .unique(["clawback_id"])
        .unique(["deduction_id"])
        .index(["member_id", "id"])
        .index(["node_id", "id"])
        .create(manager)
        .await?;

        // A service record stands for ever: what is taken back of it, or given back again, is a row of its own.
        table(
            "service_reversal",
            [
                uuid("id").primary_key().take(),
                uuid("record_id"),
                uuid("case_id"),
                string("kind"),
                big_integer("timed_minutes"),
                big_integer("made_up_minutes"),
                timestamp_with_time_zone("at"),
            ],
        )
        .one_of("kind", &["void", "reinstate"])
        .check("minutes", "kind = 'reinstate' OR (timed_minutes <= 0 AND made_up_minutes <= 0)")
        .check("back", "kind = 'void' OR (timed_minutes >= 0 AND made_up_minutes >= 0)")
        .references("record_id", "service_record")
        .references("case_id", "misconduct_case")
        .unique(["record_id", "kind"])
        .create(manager)
        .await?;
        append_only(manager, "service_reversal").await?;

        // Until when spending is stopped; none for as long as somebody lifts it.
        let frozen_until =
            Table::alter().table("account").add_column(timestamp_with_time_zone_null("frozen_until")).to_owned();
        manager.alter_table(frozen_until).await?;
        let thawing = "CREATE INDEX account_by_frozen_until ON account (frozen_until) WHERE frozen_until IS NOT NULL";
        manager.get_connection().execute_unprepared(thawing).await?;

        let overdue = "CREATE INDEX hold_by_expires_at ON hold (expires_at) WHERE state = 'pending'";
        manager.get_connection().execute_unprepared(overdue).await?;
        Ok(())
    }
}
