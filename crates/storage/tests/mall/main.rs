//! The mall against a true database: SQLite, or PostgreSQL where `ZHIXIANG_TEST_DATABASE_URL` names a server.

#![expect(clippy::unwrap_used, reason = "what cannot go on says where")]

mod catalogue;
mod people;
mod redemptions;
mod world;
