//! The people: members on the roster, those who applied, WeChat identities, admins with their roles, and consent.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, binary, binary_null, boolean, integer, string, string_null,
    timestamp_with_time_zone, timestamp_with_time_zone_null, uuid, uuid_null,
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
            "member",
            [
                uuid("id").primary_key().take(),
                string("number"),
                string("name"),
                binary("phone_cipher"),
                binary("phone_index"),
                string("phone_tail"),
                binary("party_record_cipher"),
                uuid("unit_id"),
                string("category"),
                string("state"),
                timestamp_with_time_zone("created_at"),
                timestamp_with_time_zone("updated_at"),
            ],
        )
        .one_of("category", &["in_service", "retired", "floating", "direct"])
        .one_of("state", &["active", "left"])
        .references("unit_id", "organisation")
        .unique(["number"])
        .unique(["phone_index"])
        .index(["unit_id", "name"])
        .index(["name"])
        .create(manager)
        .await?;

        table(
            "wechat_identity",
            [
                uuid("id").primary_key().take(),
                string("app_id"),
                string("open_id"),
                string_null("union_id"),
                uuid_null("member_id"),
                timestamp_with_time_zone("created_at"),
            ],
        )
        .references("member_id", "member")
        .unique(["app_id", "open_id"])
        .unique(["member_id"])
        .create(manager)
        .await?;

        table(
            "consent",
            [
                uuid("id").primary_key().take(),
                uuid("identity_id"),
                string("purpose"),
                string("policy_version"),
                timestamp_with_time_zone("given_at"),
                timestamp_with_time_zone_null("withdrawn_at"),
            ],
        )
        .references("identity_id", "wechat_identity")
        .unique_where(["identity_id", "purpose"], "withdrawn_at IS NULL")
        .create(manager)
        .await?;

        table(
            "membership_application",
            [
                uuid("id").primary_key().take(),
                uuid("identity_id"),
                string("name"),
                binary("phone_cipher"),
                binary("phone_index"),
                string("phone_tail"),
                binary("party_record_cipher"),
                uuid("unit_id"),
                string("state"),
                string_null("refusal_reason"),
                uuid_null("decided_by"),
                timestamp_with_time_zone_null("decided_at"),
                timestamp_with_time_zone("submitted_at"),
                uuid_null("member_id"),
            ],
        )
        .one_of("state", &["submitted", "confirmed", "refused"])
        .check("decision", "(state = 'submitted') = (decided_at IS NULL)")
        .check("member", "(state = 'confirmed') = (member_id IS NOT NULL)")
        .references("identity_id", "wechat_identity")
        .references("unit_id", "organisation")
        .references("member_id", "member")
        .unique_where(["identity_id"], "state = 'submitted'")
        .index(["unit_id", "state"])
        .create(manager)
        .await?;

        table(
            "admin",
            [
                uuid("id").primary_key().take(),
                string("account"),
                string("name"),
                string("password_hash"),
                binary("totp_cipher"),
                big_integer("totp_last_step").default(0).take(),
                boolean("totp_confirmed"),
                boolean("must_change_password"),
                timestamp_with_time_zone_null("password_expires_at"),
                uuid_null("member_id"),
                integer("failures").default(0).take(),
                timestamp_with_time_zone_null("locked_until"),
                string("state"),
                boolean("demo"),
                timestamp_with_time_zone("created_at"),
            ],
        )
        .one_of("state", &["active", "disabled"])
        .references("member_id", "member")
        .unique(["account"])
        .unique(["member_id"])
        .create(manager)
        .await?;

        table(
            "role_grant",
            [
                uuid("id").primary_key().take(),
                uuid("admin_id"),
                string("role"),
                uuid("node_id"),
                uuid_null("granted_by"),
                timestamp_with_time_zone("granted_at"),
                timestamp_with_time_zone_null("revoked_at"),
            ],
        )
        .one_of(
            "role",
            &[
                "system_admin",
                "security_admin",
                "auditor",
                "district",
                "subdistrict",
                "community",
                "estate",
                "unit",
                "merchant_relations",
            ],
        )
        .references("admin_id", "admin")
        .references("node_id", "organisation")
        .unique_where(["admin_id", "role", "node_id"], "revoked_at IS NULL")
        .create(manager)
        .await?;

        // The uploaded file stays with its job, so that any replica may run it and a restart loses nothing.
        table(
            "roster_import",
            [
                uuid("id").primary_key().take(),
                uuid("unit_id"),
                uuid_null("uploaded_by"),
                string("file_name"),
                binary_null("file"),
                string("state"),
                big_integer("rows_read").default(0).take(),
                big_integer_null("rows_total"),
                big_integer("created").default(0).take(),
                big_integer("updated").default(0).take(),
                big_integer("unchanged").default(0).take(),
                string("problems").text().take(),
                timestamp_with_time_zone("submitted_at"),
                timestamp_with_time_zone_null("finished_at"),
            ],
        )
        .one_of("state", &["queued", "running", "done", "failed"])
        .references("unit_id", "organisation")
        .index(["unit_id", "id"])
        .index(["state"])
        .create(manager)
        .await?;

        // What a file does to the roster, decided row by row and then done at once, so that nobody waits for a large file.
        // `seen_at` and `seen_bound` say how the member was when the row was decided.
        table(
            "roster_import_row",
            [
                uuid("import_id"),
                integer("line"),
                uuid("member_id"),
                string("number"),
                string("name"),
                binary("phone_cipher"),
                binary("phone_index"),
                string("phone_tail"),
                binary("party_record_cipher"),
                uuid("unit_id"),
                string("category"),
                timestamp_with_time_zone_null("seen_at"),
                boolean("seen_bound"),
            ],
        )
        .key(["import_id", "line"])
        .references("import_id", "roster_import")
        .create(manager)
        .await
    }
}
