//! What was, on SQLite or PostgreSQL, and what may be forgotten, in Redis or memory.
//!
//! One file per collection: the row, its mapping to the domain, its queries. `&ReadTx` reads, `&mut WriteTx` writes.

pub mod accounts;
pub mod activities;
pub mod activity_sessions;
pub mod adjustments;
pub mod admins;
mod application_role;
pub mod audit;
pub mod chains;
pub mod complaints;
pub mod consents;
pub mod database;
pub mod desk;
pub mod development_clock;
pub mod donations;
pub mod earn_events;
pub mod enrolments;
pub mod entries;
pub mod error;
pub mod estates;
pub mod holds;
pub mod idempotency;
pub mod identities;
pub mod invariants;
mod join;
pub mod key_fingerprints;
pub mod key_value;
pub mod leases;
pub mod lots;
mod mapping;
pub mod members;
pub mod membership_applications;
pub mod merchants;
pub mod offers;
pub mod organisations;
pub mod purses;
pub mod redemptions;
pub mod residencies;
pub mod role_grants;
pub mod roster_imports;
pub mod rulebooks;
pub mod seals;
mod search;
pub mod service_records;
pub mod sessions;
pub mod staff;
pub mod staff_invitations;
pub mod stores;
pub mod transfers;
pub mod unit_pairings;
pub mod vault;

pub use database::{Database, ReadTx, WriteTx};
pub use error::{Result, StorageError};
pub use key_value::KeyValue;
pub use vault::Vault;
