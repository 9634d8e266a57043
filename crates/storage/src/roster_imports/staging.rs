//! What a file does to the roster, decided row by row and kept aside, then done at once. A large file is read for a while;
//! only the last step, a few statements whatever its size, holds the roster.

use domain::id::ImportId;
use domain::roster::Counts;
use domain::time::Instant;
use sea_orm::sea_query::Query;
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, QueryFilter, Statement};

use crate::database::{CHUNK, WriteTx};
use crate::error::Result;
use crate::members::{self, Entry};
use crate::vault::Vault;

/// Rows that are forgotten at once, so that nobody waits for it.
const FORGOTTEN_AT_ONCE: u64 = 5_000;

/// A row that creates or changes a member.
#[derive(Clone, Debug)]
pub struct StagedRow {
    /// The line in the file.
    pub line: u32,
    /// The member as the row wants them.
    pub entry: Entry,
    /// How the member was when the row was decided; none if there was no such member.
    pub seen: Option<Seen>,
}

/// How a member was when a row was decided.
#[derive(Clone, Copy, Debug)]
pub struct Seen {
    /// When the roster had last changed what it says of them.
    pub updated_at: Instant,
    /// Whether they signed in with WeChat.
    pub bound: bool,
}

/// Keeps decided rows aside.
pub async fn stage(tx: &mut WriteTx, vault: &Vault, id: ImportId, rows: &[StagedRow], now: Instant) -> Result<()> {
    for rows in rows.chunks(CHUNK) {
        let staged = rows.iter().map(|StagedRow { line, entry, seen }| {
            let member = members::active(vault, &entry.member, &entry.phone, &entry.record, now);
            row::ActiveModel {
                import_id: Set(id.uuid()),
                line: Set(i32::try_from(*line).unwrap_or(i32::MAX)),
                member_id: member.id,
                number: member.number,
                name: member.name,
                phone_cipher: member.phone_cipher,
                phone_index: member.phone_index,
                phone_tail: member.phone_tail,
                party_record_cipher: member.party_record_cipher,
                unit_id: member.unit_id,
                category: member.category,
                seen_at: Set(seen.map(|seen| seen.updated_at)),
                seen_bound: Set(seen.is_some_and(|seen| seen.bound)),
            }
        });
        row::Entity::insert_many(staged).exec_without_returning(&tx.on()).await?;
    }
    Ok(())
}

/// Does what the staged rows say. `false` if one of the members they change is no longer as they were, a conflict if a phone
/// number or member number has come onto the roster meanwhile; either way everything must be undone.
pub async fn apply(tx: &mut WriteTx, id: ImportId, counts: Counts, now: Instant) -> Result<bool> {
    if counts.updated > 0 {
        if tx.backend() == DbBackend::Postgres {
            // A statement sees what was committed before it began: who waited for a member's row looks again.
            let lock = "SELECT count(*) FROM (SELECT m.id FROM member m JOIN roster_import_row s ON s.member_id = m.id \
                        WHERE s.import_id = $1 AND s.seen_at IS NOT NULL ORDER BY m.id FOR UPDATE OF m) AS locked";
            execute(tx, lock, [id.uuid().into()]).await?;
        }
        let update = "UPDATE member SET name = s.name, party_record_cipher = s.party_record_cipher, \
                      unit_id = s.unit_id, category = s.category, state = 'active', updated_at = $2 \
                      FROM roster_import_row AS s \
                      WHERE s.import_id = $1 AND s.seen_at IS NOT NULL AND member.id = s.member_id \
                      AND member.updated_at = s.seen_at AND s.seen_bound = \
                      EXISTS (SELECT 1 FROM wechat_identity w WHERE w.member_id = member.id)";
        if execute(tx, update, [id.uuid().into(), now.into()]).await? != counts.updated {
            return Ok(false);
        }
    }
    let insert = "INSERT INTO member (id, number, name, phone_cipher, phone_index, phone_tail, party_record_cipher, \
                  unit_id, category, state, created_at, updated_at) \
                  SELECT member_id, number, name, phone_cipher, phone_index, phone_tail, party_record_cipher, \
                  unit_id, category, 'active', $2, $2 FROM roster_import_row \
                  WHERE import_id = $1 AND seen_at IS NULL ORDER BY line";
    Ok(execute(tx, insert, [id.uuid().into(), now.into()]).await? == counts.created)
}

async fn execute<const N: usize>(tx: &mut WriteTx, sql: &str, values: [sea_orm::Value; N]) -> Result<u64> {
    let statement = Statement::from_sql_and_values(tx.backend(), sql, values);
    Ok(tx.on().execute_raw(statement).await?.rows_affected())
}

/// Forgets some of the staged rows of an import; `false` once there are none.
pub async fn discard(tx: &mut WriteTx, id: ImportId) -> Result<bool> {
    let mut some = Query::select();
    some.column(row::Column::Line).from(row::Entity).and_where(row::Column::ImportId.eq(id.uuid()));
    some.order_by(row::Column::Line, sea_orm::Order::Asc).limit(FORGOTTEN_AT_ONCE);
    let forgotten = row::Entity::delete_many()
        .filter(row::Column::ImportId.eq(id.uuid()))
        .filter(row::Column::Line.in_subquery(some))
        .exec(&tx.on())
        .await?;
    Ok(forgotten.rows_affected > 0)
}

mod row {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "roster_import_row")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub import_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub line: i32,
        pub member_id: Uuid,
        pub number: String,
        pub name: String,
        pub phone_cipher: Vec<u8>,
        pub phone_index: Vec<u8>,
        pub phone_tail: String,
        pub party_record_cipher: Vec<u8>,
        pub unit_id: Uuid,
        pub category: String,
        pub seen_at: Option<DateTimeUtc>,
        pub seen_bound: bool,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
