//! Whom the ledger is proven to, and by what: published keys, checkpoints of reconciliation, and what it found wrong.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, binary, string, string_null, timestamp_with_time_zone, timestamp_with_time_zone_null, uuid, uuid_null,
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
        // Every public key that ever signed a seal, so that old seals can be checked after the key was changed.
        table(
            "seal_key",
            [string("id").primary_key().take(), binary("public_key"), timestamp_with_time_zone("first_used_at")],
        )
        .create(manager)
        .await?;
        append_only(manager, "seal_key").await?;

        // Up to where an account was found right, and the hash that stood there.
        table(
            "account_checkpoint",
            [
                uuid("account_id").primary_key().take(),
                big_integer("sequence"),
                binary("hash"),
                timestamp_with_time_zone("checked_at"),
            ],
        )
        .check("sequence", "sequence > 0")
        .references("account_id", "account")
        .create(manager)
        .await?;

        // One row for each kind of round: how far the running one has come, and when the last whole one began and ended.
        table(
            "reconciliation",
            [
                string("kind").primary_key().take(),
                string("stage"),
                timestamp_with_time_zone("began_at"),
                uuid_null("after_member_id"),
                big_integer("after_seal"),
                big_integer("members"),
                timestamp_with_time_zone_null("last_began_at"),
                timestamp_with_time_zone_null("last_ended_at"),
                big_integer("last_members"),
            ],
        )
        .one_of("kind", &["touched", "full"])
        .one_of("stage", &["members", "whole", "seals", "idle"])
        .create(manager)
        .await?;

        // A finding about no member is about the ledger as a whole.
        table(
            "ledger_finding",
            [
                uuid("id").primary_key().take(),
                string("invariant"),
                uuid_null("member_id"),
                string("state"),
                timestamp_with_time_zone("found_at"),
                timestamp_with_time_zone("seen_at"),
                string_null("explanation").text().take(),
                uuid_null("explained_by"),
                uuid_null("explained_by_person"),
                timestamp_with_time_zone_null("explained_at"),
                uuid_null("confirmed_by"),
                timestamp_with_time_zone_null("closed_at"),
            ],
        )
        .one_of("state", &["open", "explained", "closed"])
        .check(
            "explained",
            "(state = 'open' OR explanation IS NOT NULL) AND (explanation IS NULL) = (explained_by IS NULL) \
             AND (explanation IS NULL) = (explained_at IS NULL) AND (explanation IS NULL) = (explained_by_person IS NULL)",
        )
        .check("closed", "(state = 'closed') = (closed_at IS NOT NULL) AND (state = 'closed') = (confirmed_by IS NOT NULL)")
        .check("two_persons", "confirmed_by IS NULL OR confirmed_by <> explained_by")
        .references("member_id", "member")
        .unique_where(["member_id", "invariant"], "state <> 'closed'")
        .unique_where(["invariant"], "state <> 'closed' AND member_id IS NULL")
        .index(["state", "id"])
        .create(manager)
        .await
    }
}
