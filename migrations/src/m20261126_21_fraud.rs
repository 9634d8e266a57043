//! A lead who had part in a fraud, and until when their word does not count.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{timestamp_with_time_zone_null, uuid_null};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in [uuid_null("lead_at_fault").take(), timestamp_with_time_zone_null("lead_barred_until").take()] {
            manager.alter_table(Table::alter().table("misconduct_case").add_column(column).to_owned()).await?;
        }
        let barred = "CREATE INDEX misconduct_case_by_lead_at_fault ON misconduct_case (lead_at_fault) \
                      WHERE lead_at_fault IS NOT NULL";
        manager.get_connection().execute_unprepared(barred).await?;
        Ok(())
    }
}
