//! What puts points right or gives them away: adjustments by two persons, and donations to a community's pool.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, string, string_null, timestamp_with_time_zone, timestamp_with_time_zone_null, uuid, uuid_null,
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

        let overdue = "CREATE INDEX hold_by_expires_at ON hold (expires_at) WHERE state = 'pending'";
        manager.get_connection().execute_unprepared(overdue).await?;
        Ok(())
    }
}
