//! The points mall (积分商城): merchants, stores, staff, offers, and redemptions with their vouchers.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, binary, integer, integer_null, string, string_null, timestamp_with_time_zone,
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
            "merchant",
            [
                uuid("id").primary_key().take(),
                uuid("node_id"),
                string("name"),
                string("category"),
                string("introduction").text().take(),
                string("state"),
                uuid_null("regulator_unit_id"),
                timestamp_with_time_zone("created_at"),
            ],
        )
        .one_of(
            "category",
            &["food", "retail", "health", "culture", "sport", "housekeeping", "beauty", "education", "other"],
        )
        .one_of("state", &["active", "suspended", "left"])
        .references("node_id", "organisation")
        .references("regulator_unit_id", "organisation")
        .unique(["name"])
        .create(manager)
        .await?;

        table(
            "store",
            [
                uuid("id").primary_key().take(),
                uuid("merchant_id"),
                string("name"),
                string("address"),
                string("phone"),
                string("opening_hours"),
                string("state"),
                timestamp_with_time_zone("created_at"),
            ],
        )
        .one_of("state", &["open", "closed"])
        .references("merchant_id", "merchant")
        .unique(["merchant_id", "name"])
        .create(manager)
        .await?;

        table(
            "staff",
            [
                uuid("id").primary_key().take(),
                uuid("merchant_id"),
                uuid("store_id"),
                uuid("identity_id"),
                string("name"),
                string("state"),
                timestamp_with_time_zone("joined_at"),
                timestamp_with_time_zone_null("left_at"),
            ],
        )
        .one_of("state", &["active", "left"])
        .references("merchant_id", "merchant")
        .references("store_id", "store")
        .references("identity_id", "wechat_identity")
        .unique_where(["identity_id"], "state = 'active'")
        .index(["merchant_id"])
        .create(manager)
        .await?;

        table(
            "staff_invitation",
            [
                uuid("id").primary_key().take(),
                uuid("merchant_id"),
                uuid("store_id"),
                string("name"),
                binary("code_hash"),
                uuid("invited_by"),
                timestamp_with_time_zone("created_at"),
                timestamp_with_time_zone("expires_at"),
                timestamp_with_time_zone_null("accepted_at"),
                uuid_null("staff_id"),
            ],
        )
        .check("accepted", "(accepted_at IS NULL) = (staff_id IS NULL)")
        .references("merchant_id", "merchant")
        .references("store_id", "store")
        .references("staff_id", "staff")
        .unique(["code_hash"])
        .index(["merchant_id"])
        .create(manager)
        .await?;

        table(
            "offer",
            [
                uuid("id").primary_key().take(),
                uuid("merchant_id"),
                string("title"),
                string("category"),
                string("description").text().take(),
                string("terms").text().take(),
                big_integer("price"),
                big_integer("face_value_fen"),
                string("funding_source"),
                big_integer("stock_total"),
                big_integer("stock_left"),
                integer_null("limit_per_member"),
                integer("voucher_days"),
                string("state"),
                timestamp_with_time_zone_null("ends_at"),
                uuid("drafted_by"),
                uuid_null("approved_by"),
                string_null("review_comment"),
                timestamp_with_time_zone("created_at"),
                timestamp_with_time_zone("updated_at"),
            ],
        )
        .one_of(
            "category",
            &["food", "retail", "health", "culture", "sport", "housekeeping", "beauty", "education", "other"],
        )
        .one_of("funding_source", &["merchant_borne", "unit_pool", "charity_fund", "fiscal", "recirculated", "mixed"])
        .one_of("state", &["draft", "submitted", "approved", "listed", "paused", "ended"])
        .check("price", "price > 0 AND face_value_fen >= 0")
        .check("stock", "stock_left >= 0 AND stock_left <= stock_total")
        .check("limit", "limit_per_member IS NULL OR limit_per_member > 0")
        .check("voucher_days", "voucher_days BETWEEN 1 AND 365")
        .check("two_persons", "approved_by IS NULL OR approved_by <> drafted_by")
        .references("merchant_id", "merchant")
        .index(["state", "category", "id"])
        .index(["state", "id"])
        .index(["merchant_id"])
        .create(manager)
        .await?;

        // The terms stand here as they were when the member redeemed; the code itself is never stored, only its lookup hash.
        table(
            "redemption",
            [
                uuid("id").primary_key().take(),
                uuid("offer_id"),
                uuid("merchant_id"),
                uuid("member_id"),
                string("title"),
                string("terms").text().take(),
                big_integer("points"),
                big_integer("face_value_fen"),
                string("funding_source"),
                string("state"),
                binary("code_hash"),
                uuid("transfer_id"),
                timestamp_with_time_zone("issued_at"),
                timestamp_with_time_zone("expires_at"),
                timestamp_with_time_zone_null("closed_at"),
                timestamp_with_time_zone_null("verified_at"),
                uuid_null("verified_by"),
                uuid_null("verified_store_id"),
                timestamp_with_time_zone_null("settled_at"),
            ],
        )
        .one_of("state", &["issued", "verified", "settled", "cancelled", "expired", "reversed"])
        .check("points", "points > 0")
        .check(
            "verified",
            "(state IN ('verified', 'settled', 'reversed')) = (verified_at IS NOT NULL) \
            AND (verified_at IS NULL) = (verified_by IS NULL) AND (verified_at IS NULL) = (verified_store_id IS NULL)",
        )
        .check("closed", "(state IN ('cancelled', 'expired', 'reversed')) = (closed_at IS NOT NULL)")
        .references("offer_id", "offer")
        .references("merchant_id", "merchant")
        .references("member_id", "member")
        .references("transfer_id", "transfer")
        .references("verified_by", "staff")
        .references("verified_store_id", "store")
        .unique(["code_hash"])
        .unique(["transfer_id"])
        .index(["member_id", "id"])
        .index(["member_id", "offer_id"])
        .index(["merchant_id", "verified_at"])
        .index(["state", "expires_at"])
        .create(manager)
        .await
    }
}
