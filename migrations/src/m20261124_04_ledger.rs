//! The ledger in its final shape: accounts, transfers, hash-chained entries, lots, holds, seals, and the rulebook.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, binary, binary_null, boolean, integer, integer_null, string, string_null,
    timestamp_with_time_zone, timestamp_with_time_zone_null, uuid, uuid_null,
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
        // Member accounts cache balance and sequence; a system account caches nothing, so nobody queues on its row.
        // A debt account runs from zero downwards: what the member owes after a clawback beyond the balance.
        // The points account also keeps two totals of a lifetime, so that showing a balance and asking who may spend
        // cost the same after ten entries and after ten thousand.
        table(
            "account",
            [
                uuid("id").primary_key().take(),
                string("kind"),
                uuid_null("member_id"),
                boolean("cached"),
                big_integer("balance").default(0).take(),
                big_integer("held").default(0).take(),
                big_integer("sequence").default(0).take(),
                binary_null("last_hash"),
                timestamp_with_time_zone_null("frozen_at"),
                string_null("frozen_because"),
                big_integer("lifetime_earned").default(0).take(),
                big_integer("verified_minutes").default(0).take(),
            ],
        )
        .one_of("kind", &["points", "debt", "issuance", "redemption", "expiry", "adjustment", "donation"])
        .check("owner", "(kind IN ('points', 'debt')) = (member_id IS NOT NULL)")
        .check(
            "cache",
            "(cached = (member_id IS NOT NULL)) AND (cached OR (balance = 0 AND held = 0 AND sequence = 0))",
        )
        .check("held", "held >= 0 AND (kind = 'points' OR held = 0)")
        .check("balance", "(kind <> 'points' OR balance - held >= 0) AND (kind <> 'debt' OR balance <= 0)")
        .check(
            "totals",
            "(kind = 'points' OR (lifetime_earned = 0 AND verified_minutes = 0)) AND verified_minutes >= 0",
        )
        .references("member_id", "member")
        .unique(["member_id", "kind"])
        .unique_where(["kind"], "member_id IS NULL")
        .create(manager)
        .await?;

        table(
            "transfer",
            [
                uuid("id").primary_key().take(),
                string("kind"),
                uuid_null("reverses"),
                string("reason"),
                string("source_kind"),
                uuid("source_id"),
                string("actor_kind"),
                uuid_null("actor_id"),
                timestamp_with_time_zone("business_at"),
                timestamp_with_time_zone("posted_at"),
            ],
        )
        .one_of("kind", &["earn", "redeem", "refund", "expire", "adjust", "clawback", "donate"])
        .references("reverses", "transfer")
        .unique(["reverses"])
        .index(["source_kind", "source_id"])
        .create(manager)
        .await?;

        table(
            "entry",
            [
                uuid("transfer_id"),
                integer("leg"),
                uuid("account_id"),
                big_integer("amount"),
                big_integer_null("sequence"),
                big_integer_null("balance_after"),
                binary_null("previous_hash"),
                binary_null("hash"),
            ],
        )
        .key(["transfer_id", "leg"])
        .check("amount", "amount <> 0")
        .check("chain", "(sequence IS NULL) = (balance_after IS NULL) AND (sequence IS NULL) = (hash IS NULL)")
        .references("transfer_id", "transfer")
        .references("account_id", "account")
        .unique(["account_id", "sequence"])
        .create(manager)
        .await?;

        table(
            "lot",
            [
                uuid("id").primary_key().take(),
                uuid("account_id"),
                uuid("transfer_id"),
                big_integer("granted"),
                big_integer("remaining"),
                timestamp_with_time_zone_null("expires_at"),
            ],
        )
        .check("remaining", "granted > 0 AND remaining >= 0 AND remaining <= granted")
        .references("account_id", "account")
        .references("transfer_id", "transfer")
        .index_where(["account_id", "expires_at", "id"], "remaining > 0")
        .index_where(["expires_at"], "remaining > 0")
        .create(manager)
        .await?;

        // A negative use is points given back to the lot by a reversal.
        table("lot_use", [uuid("lot_id"), uuid("transfer_id"), big_integer("amount")])
            .key(["lot_id", "transfer_id"])
            .check("amount", "amount <> 0")
            .references("lot_id", "lot")
            .references("transfer_id", "transfer")
            .index(["transfer_id"])
            .create(manager)
            .await?;

        table(
            "hold",
            [
                uuid("id").primary_key().take(),
                uuid("account_id"),
                big_integer("amount"),
                string("purpose"),
                string("state"),
                timestamp_with_time_zone("created_at"),
                timestamp_with_time_zone("expires_at"),
                uuid_null("transfer_id"),
            ],
        )
        .one_of("state", &["pending", "posted", "voided", "expired"])
        .check("amount", "amount > 0")
        .check("posted", "(state = 'posted') = (transfer_id IS NOT NULL)")
        .references("account_id", "account")
        .references("transfer_id", "transfer")
        .unique(["transfer_id"])
        .index(["account_id", "state"])
        .create(manager)
        .await?;

        table(
            "rulebook",
            [
                uuid("id").primary_key().take(),
                uuid("scope_id"),
                integer("version"),
                string("state"),
                string("body").text().take(),
                timestamp_with_time_zone("effective_from"),
                timestamp_with_time_zone_null("effective_to"),
                uuid_null("drafted_by"),
                uuid_null("approved_by"),
                timestamp_with_time_zone("created_at"),
            ],
        )
        .one_of("state", &["draft", "checked", "effective", "superseded"])
        .references("scope_id", "organisation")
        .unique(["scope_id", "version"])
        .index(["state", "effective_from"])
        .create(manager)
        .await?;

        // One credit per event, for ever; the row also answers "why this many points", and "why none".
        table(
            "earn_event",
            [
                uuid("member_id"),
                string("source_kind"),
                uuid("source_id"),
                uuid_null("transfer_id"),
                uuid("rulebook_id"),
                string("rule"),
                big_integer("timed_minutes"),
                big_integer("made_up_minutes"),
                big_integer("counted_minutes"),
                big_integer("base_points"),
                integer("coefficient_bp"),
                string_null("cap"),
                big_integer("uncapped_points"),
                big_integer("points"),
                big_integer("debt_paid"),
                timestamp_with_time_zone("business_at"),
            ],
        )
        .key(["member_id", "source_kind", "source_id"])
        .check("points", "points >= 0 AND points <= uncapped_points AND debt_paid >= 0 AND debt_paid <= points")
        .check("transfer", "(points = 0) = (transfer_id IS NULL)")
        .references("member_id", "member")
        .references("transfer_id", "transfer")
        .references("rulebook_id", "rulebook")
        .unique(["transfer_id"])
        .index(["member_id", "business_at"])
        .create(manager)
        .await?;

        // Verified service minutes (服务时长): they never expire and shopping never touches them.
        table(
            "service_record",
            [
                uuid("id").primary_key().take(),
                uuid("member_id"),
                string("source_kind"),
                uuid("source_id"),
                big_integer("timed_minutes"),
                big_integer("made_up_minutes"),
                string("nature"),
                timestamp_with_time_zone("served_at"),
                timestamp_with_time_zone("verified_at"),
            ],
        )
        .one_of("nature", &["voluntary", "party_duty"])
        .check("minutes", "timed_minutes >= 0 AND made_up_minutes >= 0")
        .references("member_id", "member")
        .unique(["member_id", "source_kind", "source_id"])
        .create(manager)
        .await?;

        table(
            "seal",
            [
                big_integer("number").primary_key().take(),
                binary_null("previous_root"),
                binary("root"),
                big_integer("transfers"),
                string("key_id"),
                binary("signature"),
                timestamp_with_time_zone("signed_at"),
            ],
        )
        .create(manager)
        .await?;

        table(
            "sealed_transfer",
            [uuid("transfer_id").primary_key().take(), big_integer("seal_number"), integer_null("position")],
        )
        .references("transfer_id", "transfer")
        .unique(["seal_number", "position"])
        .create(manager)
        .await?;

        for kept in ["transfer", "entry", "lot_use", "earn_event", "service_record", "seal", "sealed_transfer"] {
            append_only(manager, kept).await?;
        }
        Ok(())
    }
}
