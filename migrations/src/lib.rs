//! The history of the schema: one change per file, the same for SQLite and PostgreSQL.

mod definition;

mod m20261124_01_organisation;
mod m20261124_02_people;
mod m20261124_03_session;
mod m20261124_04_ledger;
mod m20261124_05_residency;
mod m20261124_06_activity;
mod m20261124_07_mall;
mod m20261124_08_operation;
mod m20261124_09_key_fingerprint;
mod m20261124_11_proof;
mod m20261125_12_rulebook;
mod m20261125_13_correction;
mod m20261125_14_report;
mod m20261125_15_reconciliation;
mod m20261125_17_rules;
mod m20261126_18_own_duty;
mod m20261126_19_objection;
mod m20261126_20_exclusion;
mod m20261126_21_fraud;

pub use sea_orm_migration::MigratorTrait;
use sea_orm_migration::{MigrationTrait, async_trait};

/// Every migration, oldest first.
#[derive(Debug)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261124_01_organisation::Migration),
            Box::new(m20261124_02_people::Migration),
            Box::new(m20261124_03_session::Migration),
            Box::new(m20261124_04_ledger::Migration),
            Box::new(m20261124_05_residency::Migration),
            Box::new(m20261124_06_activity::Migration),
            Box::new(m20261124_07_mall::Migration),
            Box::new(m20261124_08_operation::Migration),
            Box::new(m20261124_09_key_fingerprint::Migration),
            Box::new(m20261124_11_proof::Migration),
            Box::new(m20261125_12_rulebook::Migration),
            Box::new(m20261125_13_correction::Migration),
            Box::new(m20261125_14_report::Migration),
            Box::new(m20261125_15_reconciliation::Migration),
            Box::new(m20261125_17_rules::Migration),
            Box::new(m20261126_18_own_duty::Migration),
            Box::new(m20261126_19_objection::Migration),
            Box::new(m20261126_20_exclusion::Migration),
            Box::new(m20261126_21_fraud::Migration),
        ]
    }
}
