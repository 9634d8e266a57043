//! What proving the ledger looks up: lots by the transfer that granted them, and transfers by when they were posted.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let lots = Index::create().name("lot_by_transfer_id").table("lot").col("transfer_id").to_owned();
        manager.create_index(lots).await?;
        let posted = Index::create().name("transfer_by_posted_at").table("transfer").col("posted_at").to_owned();
        manager.create_index(posted).await
    }
}
