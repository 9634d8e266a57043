//! The residency (报到): a member's tie to the estate where they live.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    string, string_null, timestamp_with_time_zone, timestamp_with_time_zone_null, uuid, uuid_null,
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
            "residency",
            [
                uuid("id").primary_key().take(),
                uuid("member_id"),
                uuid("estate_id"),
                string("building"),
                string("skills").text().take(),
                string("wishes").text().take(),
                string("state"),
                timestamp_with_time_zone("submitted_at"),
                timestamp_with_time_zone_null("unit_confirmed_at"),
                uuid_null("unit_confirmed_by"),
                timestamp_with_time_zone_null("accepted_at"),
                uuid_null("accepted_by"),
                timestamp_with_time_zone_null("closed_at"),
                uuid_null("closed_by"),
                string_null("closing_reason"),
            ],
        )
        .one_of("state", &["submitted", "unit_confirmed", "active", "refused", "withdrawn", "left"])
        .check("closed", "(state IN ('refused', 'withdrawn', 'left')) = (closed_at IS NOT NULL)")
        .check("accepted", "state <> 'active' OR accepted_at IS NOT NULL")
        .references("member_id", "member")
        .references("estate_id", "organisation")
        .unique_where(["member_id"], "state IN ('submitted', 'unit_confirmed', 'active')")
        .index(["estate_id", "state"])
        .index(["member_id", "id"])
        .create(manager)
        .await
    }
}
