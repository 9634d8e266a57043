//! Activities that are the own duty of those who come, and what declared the emergency that others answer.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{boolean, string_null};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in [boolean("own_duty").default(false).take(), string_null("emergency_declaration").text().take()] {
            manager.alter_table(Table::alter().table("activity").add_column(column).to_owned()).await?;
        }
        Ok(())
    }
}
