//! What a fraud means for others than the member: the lead who had part in it, and the home unit that is told. And who
//! appealed, as either may.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let (id, time) = match manager.get_database_backend() {
            DbBackend::Sqlite => ("uuid_text", "timestamp_with_timezone_text"),
            _ => ("uuid", "timestamp with time zone"),
        };
        // Constraints of a column that is added stand beside it: SQLite cannot add any later.
        let columns = [
            format!(
                "lead_at_fault {id} CONSTRAINT \"misconduct_case_lead_at_fault_exists\" REFERENCES member (id) \
                 CONSTRAINT \"misconduct_case_lead_at_fault\" CHECK (lead_at_fault IS NULL OR fraud)"
            ),
            format!(
                "lead_barred_until {time} CONSTRAINT \"misconduct_case_lead_barred\" \
                 CHECK (lead_barred_until IS NULL OR lead_at_fault IS NOT NULL)"
            ),
            format!("unit_id {id} CONSTRAINT \"misconduct_case_unit_id_exists\" REFERENCES organisation (id)"),
            format!(
                "appealed_by {id} CONSTRAINT \"misconduct_case_appealed_by_exists\" REFERENCES member (id) \
                 CONSTRAINT \"misconduct_case_appealed\" CHECK (appealed_by IS NULL OR appeal IS NOT NULL)"
            ),
        ];
        let connection = manager.get_connection();
        for column in columns {
            connection.execute_unprepared(&format!("ALTER TABLE misconduct_case ADD COLUMN {column}")).await?;
        }
        let barred = "CREATE INDEX misconduct_case_by_lead_at_fault ON misconduct_case (lead_at_fault) \
                      WHERE lead_at_fault IS NOT NULL";
        connection.execute_unprepared(barred).await?;
        Ok(())
    }
}
