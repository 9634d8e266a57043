//! Sessions: one row per refresh-token family, in the database so that a lost Redis signs nobody out.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, binary, string, string_null, timestamp_with_time_zone, timestamp_with_time_zone_null, uuid, uuid_null,
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
            "session",
            [
                uuid("id").primary_key().take(),
                string("audience"),
                uuid_null("identity_id"),
                uuid_null("admin_id"),
                big_integer("version").default(1).take(),
                big_integer("refresh_counter").default(0).take(),
                binary("refresh_hash"),
                timestamp_with_time_zone("rotated_at"),
                timestamp_with_time_zone("created_at"),
                timestamp_with_time_zone("expires_at"),
                timestamp_with_time_zone_null("stepped_up_until"),
                timestamp_with_time_zone_null("revoked_at"),
                string_null("revoked_because"),
            ],
        )
        .one_of("audience", &["member", "merchant", "admin"])
        .check(
            "person",
            "(audience = 'admin') = (admin_id IS NOT NULL) AND (audience = 'admin') = (identity_id IS NULL)",
        )
        .references("identity_id", "wechat_identity")
        .references("admin_id", "admin")
        .unique(["refresh_hash"])
        .unique_where(["identity_id", "audience"], "revoked_at IS NULL")
        .index(["admin_id"])
        .index(["expires_at"])
        .create(manager)
        .await
    }
}
