//! Roster imports (名册导入): uploaded files that wait for the job, and what became of them.

mod claim;
mod problems;
mod staging;

use domain::id::{AdminId, ImportId, NodeId};
use domain::organisation::NodePath;
use domain::page::{Page, PageRequest};
use domain::roster::{Counts, ImportState};
use domain::time::Instant;
use sea_orm::sea_query::{Expr, JoinType};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect, RelationDef,
    Select,
};
use uuid::Uuid;

use crate::database::{ReadTx, WriteTx};
use crate::error::{Result, StorageError};
use crate::mapping::code;
use crate::organisations;
use crate::vault::{Field, Vault};

pub use self::claim::{Claimed, claim_next, insert_claimed, renew};
pub use self::problems::{PROBLEMS_KEPT, Problem, Problems};
pub use self::staging::{Seen, StagedRow, apply, discard, stage};

const FILE: Field = Field { table: "roster_import", column: "file" };

/// A file that was handed in.
#[derive(Debug)]
pub struct NewImport {
    /// The import.
    pub id: ImportId,
    /// The unit or district whose roster it is.
    pub unit: NodeId,
    /// Who handed it in; nobody on the command line.
    pub uploaded_by: Option<AdminId>,
    /// What the file was called.
    pub file_name: String,
}

/// An import on an admin's screen.
#[derive(Clone, Debug)]
pub struct RosterImport {
    /// The import.
    pub id: ImportId,
    /// The unit or district whose roster it is.
    pub unit: NodeId,
    /// The unit's name.
    pub unit_name: String,
    /// What the file was called.
    pub file_name: String,
    /// How far it has come.
    pub state: ImportState,
    /// Rows that were checked.
    pub rows_read: u64,
    /// Rows in the file, once it was read to its end.
    pub rows_total: Option<u64>,
    /// What was done.
    pub counts: Counts,
    /// Why nothing was done.
    pub problems: Problems,
    /// When the file was handed in.
    pub submitted_at: Instant,
    /// When it was done or refused.
    pub finished_at: Option<Instant>,
}

/// Keeps a file, sealed, until the job takes it up.
pub async fn insert(tx: &mut WriteTx, vault: &Vault, import: NewImport, file: &[u8], now: Instant) -> Result<()> {
    let sealed = vault.seal_bytes(FILE, import.id.uuid(), file);
    insert_row(tx, import, Some(sealed), ImportState::Queued, now).await
}

async fn insert_row(
    tx: &mut WriteTx,
    import: NewImport,
    file: Option<Vec<u8>>,
    state: ImportState,
    now: Instant,
) -> Result<()> {
    row::Entity::insert(row::ActiveModel {
        id: Set(import.id.uuid()),
        unit_id: Set(import.unit.uuid()),
        uploaded_by: Set(import.uploaded_by.map(AdminId::uuid)),
        file_name: Set(import.file_name),
        file: Set(file),
        state: Set(code::write(state)),
        rows_read: Set(0),
        rows_total: Set(None),
        created: Set(0),
        updated: Set(0),
        unchanged: Set(0),
        problems: Set(write_problems(&Problems::default())),
        submitted_at: Set(now),
        finished_at: Set(None),
    })
    .exec_without_returning(&tx.on())
    .await?;
    Ok(())
}

/// Keeps how many rows were checked.
pub async fn set_progress(tx: &mut WriteTx, id: ImportId, rows_read: u64, rows_total: Option<u64>) -> Result<()> {
    row::Entity::update_many()
        .col_expr(row::Column::RowsRead, Expr::value(signed(rows_read)))
        .col_expr(row::Column::RowsTotal, Expr::value(rows_total.map(signed)))
        .filter(row::Column::Id.eq(id.uuid()))
        .filter(row::Column::State.eq(code::write(ImportState::Running)))
        .exec(&tx.on())
        .await?;
    Ok(())
}

/// Locks an import that is under way; `false` if another job finished it meanwhile.
pub async fn lock_running(tx: &mut WriteTx, id: ImportId) -> Result<bool> {
    let found: Option<Uuid> = row::Entity::find_by_id(id.uuid())
        .select_only()
        .column(row::Column::Id)
        .filter(row::Column::State.eq(code::write(ImportState::Running)))
        .lock_exclusive()
        .into_tuple()
        .one(&tx.on())
        .await?;
    Ok(found.is_some())
}

/// Finishes an import that was locked: done if nothing was wrong. The file is forgotten, the claim given back.
pub async fn finish(
    tx: &mut WriteTx,
    id: ImportId,
    holder: Uuid,
    counts: Counts,
    problems: &Problems,
    now: Instant,
) -> Result<()> {
    let state = if problems.is_empty() { ImportState::Done } else { ImportState::Failed };
    row::Entity::update_many()
        .col_expr(row::Column::State, Expr::value(code::write(state)))
        .col_expr(row::Column::File, Expr::value(None::<Vec<u8>>))
        .col_expr(row::Column::Created, Expr::value(signed(counts.created)))
        .col_expr(row::Column::Updated, Expr::value(signed(counts.updated)))
        .col_expr(row::Column::Unchanged, Expr::value(signed(counts.unchanged)))
        .col_expr(row::Column::Problems, Expr::value(write_problems(problems)))
        .col_expr(row::Column::FinishedAt, Expr::value(now))
        .filter(row::Column::Id.eq(id.uuid()))
        .exec(&tx.on())
        .await?;
    claim::release(tx, id, holder).await
}

/// Finds an import into these subtrees.
pub async fn find_within(tx: &ReadTx, paths: &[NodePath], id: ImportId) -> Result<Option<RosterImport>> {
    let found = shown(paths).filter(row::Column::Id.eq(id.uuid())).into_model::<Shown>().one(&tx.on()).await?;
    found.map(RosterImport::try_from).transpose()
}

/// Lists the imports into these subtrees, or those in this state, the latest first.
pub async fn list_within(
    tx: &ReadTx,
    paths: &[NodePath],
    state: Option<ImportState>,
    page: &PageRequest<ImportId>,
) -> Result<Page<RosterImport, ImportId>> {
    let mut query = shown(paths).order_by_desc(row::Column::Id).limit(page.limit + 1);
    if let Some(after) = page.after {
        query = query.filter(row::Column::Id.lt(after.uuid()));
    }
    if let Some(state) = state {
        query = query.filter(row::Column::State.eq(code::write(state)));
    }
    let rows = query.into_model::<Shown>().all(&tx.on()).await?;
    let imports = rows.into_iter().map(RosterImport::try_from).collect::<Result<Vec<_>>>()?;
    Ok(Page::from_one_more(imports, page.limit, |import| import.id))
}

/// Everything but the file, which a screen never needs.
fn shown(paths: &[NodePath]) -> Select<row::Entity> {
    use row::Column as C;
    row::Entity::find()
        .select_only()
        .columns([C::Id, C::UnitId, C::FileName, C::State, C::RowsRead, C::RowsTotal])
        .columns([C::Created, C::Updated, C::Unchanged, C::Problems, C::SubmittedAt, C::FinishedAt])
        .join(JoinType::InnerJoin, to_unit())
        .column_as(organisations::row::Column::Name, "unit_name")
        .filter(organisations::inside(paths))
}

fn to_unit() -> RelationDef {
    row::Entity::belongs_to(organisations::row::Entity)
        .from(row::Column::UnitId)
        .to(organisations::row::Column::Id)
        .into()
}

fn write_problems(problems: &Problems) -> String {
    serde_json::to_string(problems).unwrap_or_default()
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[derive(FromQueryResult)]
struct Shown {
    id: Uuid,
    unit_id: Uuid,
    unit_name: String,
    file_name: String,
    state: String,
    rows_read: i64,
    rows_total: Option<i64>,
    created: i64,
    updated: i64,
    unchanged: i64,
    problems: String,
    submitted_at: Instant,
    finished_at: Option<Instant>,
}

impl TryFrom<Shown> for RosterImport {
    type Error = StorageError;

    fn try_from(row: Shown) -> Result<Self> {
        let problems = serde_json::from_str(&row.problems);
        Ok(Self {
            id: row.id.into(),
            unit: NodeId::new(row.unit_id),
            unit_name: row.unit_name,
            file_name: row.file_name,
            state: code::read("roster_import", "state", row.id, &row.state)?,
            rows_read: row.rows_read.unsigned_abs(),
            rows_total: row.rows_total.map(i64::unsigned_abs),
            counts: Counts {
                created: row.created.unsigned_abs(),
                updated: row.updated.unsigned_abs(),
                unchanged: row.unchanged.unsigned_abs(),
            },
            problems: problems.map_err(|_| StorageError::corrupt("roster_import", "problems", row.id))?,
            submitted_at: row.submitted_at,
            finished_at: row.finished_at,
        })
    }
}

pub(crate) mod row {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "roster_import")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub unit_id: Uuid,
        pub uploaded_by: Option<Uuid>,
        pub file_name: String,
        pub file: Option<Vec<u8>>,
        pub state: String,
        pub rows_read: i64,
        pub rows_total: Option<i64>,
        pub created: i64,
        pub updated: i64,
        pub unchanged: i64,
        pub problems: String,
        pub submitted_at: DateTimeUtc,
        pub finished_at: Option<DateTimeUtc>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
