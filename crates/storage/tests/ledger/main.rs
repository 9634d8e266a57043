//! The ledger against a true database: SQLite, or PostgreSQL where `ZHIXIANG_TEST_DATABASE_URL` names a server.
//! Every test ends with the books' invariants.

mod append_only;
mod books;
mod invariants;
mod journey;
mod races;
mod reads;
mod rulebooks;
mod statement;
