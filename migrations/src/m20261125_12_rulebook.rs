//! Rulebooks on their way from a draft to what holds (积分规则), and replays of the past under a draft (规则模拟).

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, string, string_null, timestamp_with_time_zone, timestamp_with_time_zone_null, uuid,
};
use sea_orm_migration::sea_orm::DbBackend;

use crate::definition::table;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// Another approved version of the scope holds for one of the new version's days. The same number is the same version,
/// which the unique index speaks about.
const OVERLAPS: &str = "EXISTS (SELECT 1 FROM rulebook AS other WHERE other.scope_id = NEW.scope_id \
    AND other.version <> NEW.version \
    AND other.state IN ('effective', 'superseded') \
    AND (other.effective_to IS NULL OR other.effective_to > NEW.effective_from) \
    AND (NEW.effective_to IS NULL OR other.effective_from < NEW.effective_to))";

/// Credits name the version that decided them, so what was approved only ever gets its end.
const CHANGES: &str = "NEW.id <> OLD.id OR NEW.scope_id <> OLD.scope_id OR NEW.version <> OLD.version \
    OR NEW.body <> OLD.body OR NEW.effective_from <> OLD.effective_from \
    OR NEW.state NOT IN ('effective', 'superseded') OR NEW.drafted_by IS DISTINCT FROM OLD.drafted_by \
    OR NEW.approved_by IS DISTINCT FROM OLD.approved_by \
    OR (OLD.effective_to IS NOT NULL AND NEW.effective_to IS DISTINCT FROM OLD.effective_to)";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in [
            string_null("note").text().take(),
            timestamp_with_time_zone_null("approved_at"),
            timestamp_with_time_zone_null("discarded_at"),
        ] {
            manager.alter_table(Table::alter().table("rulebook").add_column(column).to_owned()).await?;
        }
        let connection = manager.get_connection();
        connection
            .execute_unprepared(
                "CREATE UNIQUE INDEX rulebook_open_scope_id ON rulebook (scope_id) \
                 WHERE state = 'effective' AND effective_to IS NULL",
            )
            .await?;
        let guards =
            if manager.get_database_backend() == DbBackend::Sqlite { sqlite_guards() } else { postgres_guards() };
        for guard in guards {
            connection.execute_unprepared(&guard).await?;
        }

        table(
            "rulebook_simulation",
            [
                uuid("id").primary_key().take(),
                uuid("rulebook_id"),
                uuid("requested_by"),
                string("body").text().take(),
                big_integer("reference_fen"),
                timestamp_with_time_zone("period_from"),
                timestamp_with_time_zone("period_to"),
                string("state"),
                big_integer("events_read"),
                string_null("outcome").text().take(),
                timestamp_with_time_zone("submitted_at"),
                timestamp_with_time_zone_null("finished_at"),
            ],
        )
        .one_of("state", &["queued", "running", "done", "failed"])
        .check("period", "period_from < period_to")
        .check("finished", "(state IN ('done', 'failed')) = (finished_at IS NOT NULL)")
        .check("outcome", "(state = 'done') = (outcome IS NOT NULL)")
        .references("rulebook_id", "rulebook")
        .index(["rulebook_id"])
        .index_where(["id"], "finished_at IS NULL")
        .create(manager)
        .await
    }
}

fn sqlite_guards() -> Vec<String> {
    let overlap = |action: &str| {
        format!(
            "CREATE TRIGGER rulebook_overlap_{action} BEFORE {action} ON rulebook \
             WHEN NEW.state IN ('effective', 'superseded') AND {OVERLAPS} \
             BEGIN SELECT RAISE(ABORT, 'rulebook_overlap'); END"
        )
    };
    let kept = |action: &str, when: &str| {
        format!(
            "CREATE TRIGGER rulebook_kept_{action} BEFORE {action} ON rulebook \
             WHEN OLD.state IN ('effective', 'superseded') AND ({when}) \
             BEGIN SELECT RAISE(ABORT, 'rulebook_kept'); END"
        )
    };
    vec![overlap("INSERT"), overlap("UPDATE"), kept("UPDATE", CHANGES), kept("DELETE", "TRUE")]
}

fn postgres_guards() -> Vec<String> {
    let function = |name: &str, refused: &str, otherwise: &str| {
        format!(
            "CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS \
             $$ BEGIN IF {refused} THEN RAISE EXCEPTION '{name}'; END IF; {otherwise} END $$"
        )
    };
    let approved = |row: &str| format!("{row}.state IN ('effective', 'superseded')");
    vec![
        function("rulebook_overlap", OVERLAPS, "RETURN NEW;"),
        format!(
            "CREATE TRIGGER rulebook_overlap BEFORE INSERT OR UPDATE ON rulebook FOR EACH ROW \
             WHEN ({}) EXECUTE FUNCTION rulebook_overlap()",
            approved("NEW")
        ),
        function("rulebook_kept", &format!("TG_OP = 'DELETE' OR {CHANGES}"), "RETURN NEW;"),
        format!(
            "CREATE TRIGGER rulebook_kept BEFORE UPDATE OR DELETE ON rulebook FOR EACH ROW \
             WHEN ({}) EXECUTE FUNCTION rulebook_kept()",
            approved("OLD")
        ),
    ]
}
