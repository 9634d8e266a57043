//! The organisation tree (组织树), and the home units (原单位) paired with communities (结队).

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    integer, string, string_null, timestamp_with_time_zone, timestamp_with_time_zone_null, uuid, uuid_null,
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
        // `path` is the chain of sequence numbers from the root, each closed by a slash, so "1/1/" is no prefix of "1/10/".
        table(
            "organisation",
            [
                uuid("id").primary_key().take(),
                uuid_null("parent_id"),
                string("kind"),
                string("name"),
                string_null("party_organisation"),
                string("path"),
                integer("depth"),
                integer("children").default(0).take(),
                timestamp_with_time_zone("created_at"),
            ],
        )
        .one_of("kind", &["district", "subdistrict", "community", "estate", "building_group", "hub_household", "unit"])
        .check("root", "(kind = 'district') = (parent_id IS NULL)")
        .references("parent_id", "organisation")
        .unique(["path"])
        .unique(["parent_id", "name"])
        .index(["kind", "name"])
        .create(manager)
        .await?;

        table(
            "unit_pairing",
            [
                uuid("id").primary_key().take(),
                uuid("unit_id"),
                uuid("community_id"),
                timestamp_with_time_zone("paired_at"),
                timestamp_with_time_zone_null("ended_at"),
            ],
        )
        .references("unit_id", "organisation")
        .references("community_id", "organisation")
        .unique_where(["unit_id", "community_id"], "ended_at IS NULL")
        .create(manager)
        .await
    }
}
