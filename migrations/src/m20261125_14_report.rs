//! What is told and reported of points: notices before they expire, issuance budgets, and what was issued of them.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, date, integer, string, timestamp_with_time_zone, timestamp_with_time_zone_null, uuid, uuid_null,
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
        // One notice per member, end and notice day for ever, whoever writes it and however often.
        table(
            "notice",
            [
                uuid("id").primary_key().take(),
                uuid("member_id"),
                timestamp_with_time_zone("gone_at"),
                integer("days_before"),
                big_integer("points"),
                timestamp_with_time_zone("created_at"),
            ],
        )
        .check("points", "points > 0 AND days_before >= 0")
        .references("member_id", "member")
        .unique(["member_id", "gone_at", "days_before"])
        .index(["member_id", "id"])
        .create(manager)
        .await?;

        // How far each day's pass over all lots has come, so that the rest of the day costs one look.
        table(
            "notice_pass",
            [
                date("day").primary_key().take(),
                uuid_null("after_account"),
                timestamp_with_time_zone_null("finished_at"),
            ],
        )
        .create(manager)
        .await?;

        table(
            "budget",
            [
                uuid("id").primary_key().take(),
                integer("year"),
                string("funding_source"),
                big_integer("fen"),
                big_integer("fen_per_point"),
                integer("version").default(1).take(),
                uuid("changed_by"),
                timestamp_with_time_zone("changed_at"),
            ],
        )
        .one_of("funding_source", &["fiscal", "unit_pool"])
        .check("fen", "fen > 0 AND fen_per_point > 0")
        .references("changed_by", "admin")
        .unique(["year", "funding_source"])
        .create(manager)
        .await?;

        // Each version of a budget warns once at each level.
        table(
            "budget_warning",
            [
                uuid("budget_id"),
                integer("version"),
                string("level"),
                big_integer("issued_points"),
                timestamp_with_time_zone("created_at"),
            ],
        )
        .key(["budget_id", "version", "level"])
        .one_of("level", &["near", "over"])
        .references("budget_id", "budget")
        .create(manager)
        .await?;

        // Counted from the seals, one after the other: nobody who credits waits for these rows.
        table("issuance", [integer("year"), string("funding_source"), big_integer("points")])
            .key(["year", "funding_source"])
            .one_of("funding_source", &["fiscal", "unit_pool"])
            .create(manager)
            .await?;
        table("issuance_count", [integer("id").primary_key().take(), big_integer("seal_number")])
            .check("single", "id = 1")
            .create(manager)
            .await?;
        let connection = manager.get_connection();
        connection.execute_unprepared("INSERT INTO issuance_count (id, seal_number) VALUES (1, 0)").await?;

        // Service that awaits its credit: few rows of few members, found without looking at all of theirs.
        connection
            .execute_unprepared(
                "CREATE INDEX enrolment_by_member_id_awaiting ON enrolment (member_id) \
                 WHERE state IN ('lead_confirmed', 'in_publicity')",
            )
            .await?;
        Ok(())
    }
}
