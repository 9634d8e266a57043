//! Service activities (志愿服务活动), their sessions (场次) and enrolments (报名).

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, boolean, integer, string, string_null, timestamp_with_time_zone,
    timestamp_with_time_zone_null, uuid, uuid_null,
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
            "activity",
            [
                uuid("id").primary_key().take(),
                uuid("node_id"),
                string("title"),
                string("kind"),
                string("nature"),
                string("description").text().take(),
                string("place"),
                string("risk_level"),
                string_null("risk_notice").text().take(),
                string_null("insurance"),
                string_null("required_qualification"),
                uuid("lead_member_id"),
                string("state"),
                uuid("proposed_by"),
                timestamp_with_time_zone("proposed_at"),
                uuid_null("reviewed_by"),
                timestamp_with_time_zone_null("reviewed_at"),
                string_null("review_comment"),
                uuid_null("cancelled_by"),
                timestamp_with_time_zone_null("cancelled_at"),
                string_null("cancellation_reason"),
                timestamp_with_time_zone("starts_at"),
                timestamp_with_time_zone("ends_at"),
            ],
        )
        .one_of("kind", &["general", "training", "professional", "emergency"])
        .one_of("nature", &["voluntary", "party_duty"])
        .one_of("risk_level", &["low", "medium", "high"])
        // Ongoing and finished follow from the clock and are never stored.
        .one_of("state", &["draft", "review", "refused", "published", "settled", "cancelled"])
        .check("two_persons", "reviewed_by IS NULL OR reviewed_by <> proposed_by")
        .check("cancelled", "(state = 'cancelled') = (cancelled_at IS NOT NULL)")
        .references("node_id", "organisation")
        .references("lead_member_id", "member")
        .index(["state", "starts_at"])
        .index(["lead_member_id"])
        .index(["node_id", "state"])
        .create(manager)
        .await?;

        table(
            "activity_session",
            [
                uuid("id").primary_key().take(),
                uuid("activity_id"),
                timestamp_with_time_zone("starts_at"),
                timestamp_with_time_zone("ends_at"),
                timestamp_with_time_zone("enrolment_closes_at"),
                integer("capacity"),
                integer("enrolled").default(0).take(),
            ],
        )
        .check("seats", "enrolled >= 0 AND enrolled <= capacity")
        .references("activity_id", "activity")
        .index(["activity_id"])
        .index(["ends_at"])
        .create(manager)
        .await?;

        table(
            "enrolment",
            [
                uuid("id").primary_key().take(),
                uuid("session_id"),
                uuid("activity_id"),
                uuid("member_id"),
                string("state"),
                timestamp_with_time_zone("enrolled_at"),
                timestamp_with_time_zone_null("cancelled_at"),
                boolean("cancelled_late").default(false).take(),
                timestamp_with_time_zone_null("checked_in_at"),
                timestamp_with_time_zone_null("checked_out_at"),
                boolean("closed_automatically").default(false).take(),
                string_null("location").text().take(),
                big_integer_null("timed_minutes"),
                uuid_null("confirmed_by"),
                timestamp_with_time_zone_null("confirmed_at"),
                string_null("evaluation"),
                uuid_null("reviewed_by"),
                timestamp_with_time_zone_null("reviewed_at"),
                string_null("refusal_reason"),
                timestamp_with_time_zone_null("publicity_ends_at"),
                timestamp_with_time_zone_null("settled_at"),
                big_integer("version").default(0).take(),
            ],
        )
        .one_of(
            "state",
            &[
                "waitlisted",
                "enrolled",
                "cancelled",
                "checked_in",
                "checked_out",
                "lead_confirmed",
                "in_publicity",
                "credited",
                "refused",
                "no_show",
                "disputed",
                "voided",
            ],
        )
        .check("checked_out", "checked_out_at IS NULL OR checked_in_at IS NOT NULL")
        .references("session_id", "activity_session")
        .references("activity_id", "activity")
        .references("member_id", "member")
        .unique(["session_id", "member_id"])
        .index(["member_id", "id"])
        .index(["activity_id", "state"])
        .index(["state", "publicity_ends_at"])
        .create(manager)
        .await
    }
}
