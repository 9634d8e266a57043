//! By which the database knows its keys again; the keys themselves are never here.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{binary, string};

use crate::definition::table;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        table("key_fingerprint", [string("name").primary_key().take(), binary("fingerprint")]).create(manager).await
    }
}
