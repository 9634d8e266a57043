//! Lots are looked up by the transfer that granted them when the hash chains are recomputed.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let index = Index::create().name("lot_by_transfer_id").table("lot").col("transfer_id").to_owned();
        manager.create_index(index).await
    }
}
