//! What keeps the service honest and running: idempotency, audit, outbox, leases, complaints, the development clock.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, binary, integer, string, string_null, timestamp_with_time_zone, timestamp_with_time_zone_null, uuid,
    uuid_null,
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
        // The row commits together with the effect; its key is (person, operation, key the client chose).
        table(
            "idempotency",
            [
                uuid("person_id"),
                string("operation"),
                string("key"),
                binary("request_hash"),
                integer("status"),
                string("body").text().take(),
                timestamp_with_time_zone("created_at"),
            ],
        )
        .key(["person_id", "operation", "key"])
        .index(["created_at"])
        .create(manager)
        .await?;

        table(
            "audit",
            [
                uuid("id").primary_key().take(),
                timestamp_with_time_zone("at"),
                timestamp_with_time_zone("business_at"),
                string("actor_kind"),
                uuid_null("actor_id"),
                string("action"),
                string("object_kind"),
                uuid_null("object_id"),
                string("result"),
                string_null("reason"),
                string_null("ip"),
                string("request_id"),
            ],
        )
        .one_of("result", &["done", "refused"])
        .index(["object_kind", "object_id"])
        .index(["actor_id", "id"])
        .create(manager)
        .await?;
        append_only(manager, "audit").await?;

        table(
            "outbox",
            [
                uuid("id").primary_key().take(),
                string("kind"),
                string("payload").text().take(),
                integer("attempts").default(0).take(),
                timestamp_with_time_zone("created_at"),
                timestamp_with_time_zone("next_attempt_at"),
                timestamp_with_time_zone_null("delivered_at"),
            ],
        )
        .index(["delivered_at", "next_attempt_at"])
        .create(manager)
        .await?;

        table("lease", [string("name").primary_key().take(), uuid("holder"), timestamp_with_time_zone("until")])
            .create(manager)
            .await?;

        table(
            "complaint",
            [
                uuid("id").primary_key().take(),
                string("number"),
                string("audience"),
                uuid("person_id"),
                uuid("node_id"),
                string("category"),
                string("content").text().take(),
                string("state"),
                string_null("answer").text().take(),
                uuid_null("answered_by"),
                timestamp_with_time_zone_null("answered_at"),
                timestamp_with_time_zone("created_at"),
            ],
        )
        .one_of("category", &["points", "activity", "mall", "privacy", "suggestion", "other"])
        .one_of("state", &["open", "answered"])
        .references("node_id", "organisation")
        .unique(["number"])
        .index(["node_id", "id"])
        .index(["person_id", "id"])
        .index(["state", "id"])
        .create(manager)
        .await?;

        // How far the development profile has moved business time; production never reads it.
        table("development_clock", [integer("id").primary_key().take(), big_integer("ahead_seconds")])
            .check("single", "id = 1")
            .create(manager)
            .await
    }
}
