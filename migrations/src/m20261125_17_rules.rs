//! What the rules name and nothing did yet: confirmations that are undone, service that is made up, and single events.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer_null, string, string_null, timestamp_with_time_zone, timestamp_with_time_zone_null, uuid, uuid_null,
};

use crate::definition::table;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        table(
            "reversal",
            [
                uuid("id").primary_key().take(),
                uuid("redemption_id"),
                string("state"),
                string("reason").text().take(),
                uuid("requested_by"),
                timestamp_with_time_zone("requested_at"),
                timestamp_with_time_zone("lapses_at"),
                uuid_null("decided_by"),
                timestamp_with_time_zone_null("decided_at"),
                string_null("refusal").text().take(),
            ],
        )
        // That nobody answered in time follows from the clock and is never stored.
        .one_of("state", &["requested", "approved", "refused"])
        .check(
            "decided",
            "(state = 'requested') = (decided_by IS NULL) AND (decided_by IS NULL) = (decided_at IS NULL)",
        )
        .check("refusal", "(state = 'refused') = (refusal IS NOT NULL)")
        .references("redemption_id", "redemption")
        .references("requested_by", "staff")
        .references("decided_by", "admin")
        .unique_where(["redemption_id"], "state <> 'refused'")
        .index(["state", "id"])
        .create(manager)
        .await?;

        // The node is the organisation that put the event on record; whoever holds authority over it may decide.
        table(
            "reward",
            [
                uuid("id").primary_key().take(),
                uuid("member_id"),
                string("event"),
                timestamp_with_time_zone("happened_at"),
                string("reference"),
                string("evidence").text().take(),
                string("state"),
                uuid("node_id"),
                uuid("proposed_by"),
                uuid_null("proposed_by_member"),
                timestamp_with_time_zone("proposed_at"),
                uuid_null("decided_node_id"),
                uuid_null("decided_by"),
                uuid_null("decided_by_member"),
                timestamp_with_time_zone_null("decided_at"),
                string_null("refusal").text().take(),
            ],
        )
        .one_of("state", &["proposed", "approved", "refused"])
        .check("two_persons", "decided_by IS NULL OR decided_by <> proposed_by")
        .check("decided", "(state = 'proposed') = (decided_by IS NULL)")
        .check("refusal", "(state = 'refused') = (refusal IS NOT NULL)")
        .references("member_id", "member")
        .references("node_id", "organisation")
        .references("proposed_by", "admin")
        .references("decided_node_id", "organisation")
        .references("decided_by", "admin")
        .unique_where(["member_id", "event", "reference"], "state <> 'refused'")
        // Of these each is rewarded once, to whoever was first; to the others several may have contributed.
        .unique_where(
            ["event", "reference"],
            "state <> 'refused' AND event IN ('wish_done', 'issue_valid', 'issue_closed')",
        )
        .index(["member_id", "event", "happened_at"])
        .index(["node_id", "id"])
        .create(manager)
        .await?;

        let mut enrolment = Table::alter().table("enrolment").to_owned();
        let minutes = enrolment.clone().add_column(big_integer_null("made_up_minutes")).to_owned();
        manager.alter_table(minutes).await?;
        let evidence = enrolment.add_column(string_null("made_up_evidence").text().take()).to_owned();
        manager.alter_table(evidence).await?;
        Ok(())
    }
}
