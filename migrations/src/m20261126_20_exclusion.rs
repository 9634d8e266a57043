//! Whom their home unit has stopped from earning or spending. No column says why, and none ever shall: nobody can be asked
//! for what was never kept.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{string, timestamp_with_time_zone, timestamp_with_time_zone_null, uuid, uuid_null};

use crate::definition::table;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // The nodes are the organisations in whose name it was set and lifted.
        table(
            "exclusion",
            [
                uuid("id").primary_key().take(),
                uuid("member_id"),
                string("kind"),
                uuid("node_id"),
                uuid("set_by"),
                uuid_null("set_by_member"),
                timestamp_with_time_zone("set_at"),
                uuid_null("lifted_node_id"),
                uuid_null("lifted_by"),
                uuid_null("lifted_by_member"),
                timestamp_with_time_zone_null("lifted_at"),
            ],
        )
        .one_of("kind", &["earning", "spending"])
        .check("lifted", "(lifted_at IS NULL) = (lifted_by IS NULL) AND (lifted_at IS NULL) = (lifted_node_id IS NULL)")
        .check("order", "lifted_at IS NULL OR lifted_at >= set_at")
        .check(
            "same_person",
            "(set_by_member IS NULL OR set_by_member <> member_id) \
             AND (lifted_by_member IS NULL OR lifted_by_member <> member_id)",
        )
        .references("member_id", "member")
        .references("node_id", "organisation")
        .references("set_by", "admin")
        .references("lifted_node_id", "organisation")
        .references("lifted_by", "admin")
        .unique_where(["member_id", "kind"], "lifted_at IS NULL")
        .index(["member_id", "kind", "set_at"])
        .create(manager)
        .await
    }
}
