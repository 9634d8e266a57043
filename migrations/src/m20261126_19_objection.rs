//! Objections to service in its publicity.

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
        // The member is who objects; whose service it is, who confirmed and who approved it stands in the enrolment.
        table(
            "objection",
            [
                uuid("id").primary_key().take(),
                uuid("enrolment_id"),
                uuid("member_id"),
                string("reason").text().take(),
                string("state"),
                timestamp_with_time_zone("created_at"),
                uuid_null("decided_node_id"),
                uuid_null("decided_by"),
                uuid_null("decided_by_member"),
                timestamp_with_time_zone_null("decided_at"),
                string_null("answer").text().take(),
            ],
        )
        .one_of("state", &["open", "upheld", "dismissed"])
        .check("decided", "(state = 'open') = (decided_by IS NULL)")
        .check(
            "whole",
            "(decided_by IS NULL) = (decided_node_id IS NULL) AND (decided_by IS NULL) = (decided_at IS NULL) \
             AND (decided_by IS NULL) = (answer IS NULL) AND (decided_by IS NOT NULL OR decided_by_member IS NULL)",
        )
        .check("two_persons", "decided_by_member IS NULL OR decided_by_member <> member_id")
        .references("enrolment_id", "enrolment")
        .references("member_id", "member")
        .references("decided_node_id", "organisation")
        .references("decided_by", "admin")
        .unique_where(["enrolment_id"], "state = 'open'")
        .index(["member_id", "id"])
        .create(manager)
        .await
    }
}
