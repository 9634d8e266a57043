//! Replays of the past under a draft of the rules (规则模拟): what was asked for, and what was found.

mod claim;
mod past;

use domain::id::{AdminId, RulebookId, SimulationId};
use domain::organisation::NodePath;
use domain::points::Rulebook;
use domain::points::replay::{Outcome, Period, SimulationState};
use domain::time::Instant;
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QuerySelect, Select};
use uuid::Uuid;

pub use self::claim::{Claimed, claim_next, renew};
pub use self::past::{Cursor, Place, page};
use crate::database::{ReadTx, WriteTx};
use crate::error::{Result, StorageError};
use crate::join;
use crate::mapping::code;
use crate::organisations::{self, row as organisation};
use crate::rulebooks::{read_rules, row as rulebook, write_rules};

/// What is asked for.
#[derive(Clone, Debug)]
pub struct NewSimulation {
    /// The replay.
    pub id: SimulationId,
    /// The draft.
    pub rulebook: RulebookId,
    /// Who asks.
    pub requested_by: AdminId,
    /// What the draft says now; it may be changed before the replay is done.
    pub rules: Rulebook,
    /// What a point stands for under the rules that hold, in fen.
    pub reference_fen: i64,
    /// What is decided again.
    pub period: Period,
}

/// A replay on an admin's screen.
#[derive(Clone, Debug)]
pub struct Simulation {
    /// The replay.
    pub id: SimulationId,
    /// The draft.
    pub rulebook: RulebookId,
    /// What the draft said.
    pub rules: Rulebook,
    /// Whether it says the same still.
    pub current: bool,
    /// What a point stood for under the rules that held, in fen.
    pub reference_fen: i64,
    /// What is decided again.
    pub period: Period,
    /// How far it has come.
    pub state: SimulationState,
    /// Events that were read.
    pub events_read: u64,
    /// What was found, once it is done.
    pub outcome: Option<Outcome>,
    /// When it was asked for.
    pub submitted_at: Instant,
    /// When it ended.
    pub finished_at: Option<Instant>,
}

/// Keeps what is asked for until the job takes it up.
pub async fn insert(tx: &mut WriteTx, new: NewSimulation, now: Instant) -> Result<()> {
    row::Entity::insert(row::ActiveModel {
        id: Set(new.id.uuid()),
        rulebook_id: Set(new.rulebook.uuid()),
        requested_by: Set(new.requested_by.uuid()),
        body: Set(write_rules(new.rulebook.uuid(), &new.rules)?),
        reference_fen: Set(new.reference_fen),
        period_from: Set(new.period.from),
        period_to: Set(new.period.to),
        state: Set(code::write(SimulationState::Queued)),
        events_read: Set(0),
        outcome: Set(None),
        submitted_at: Set(now),
        finished_at: Set(None),
    })
    .exec_without_returning(&tx.on())
    .await?;
    Ok(())
}

/// Keeps how many events were read.
pub async fn set_progress(tx: &mut WriteTx, id: SimulationId, events_read: u64) -> Result<()> {
    row::Entity::update_many()
        .col_expr(row::Column::EventsRead, Expr::value(i64::try_from(events_read).unwrap_or(i64::MAX)))
        .filter(row::Column::Id.eq(id.uuid()))
        .filter(row::Column::State.eq(code::write(SimulationState::Running)))
        .exec(&tx.on())
        .await?;
    Ok(())
}

/// Ends a replay, with what was found if it was done, and gives the claim back.
pub async fn finish(
    tx: &mut WriteTx,
    id: SimulationId,
    holder: Uuid,
    outcome: Option<&Outcome>,
    now: Instant,
) -> Result<()> {
    let state = if outcome.is_some() { SimulationState::Done } else { SimulationState::Failed };
    let text = outcome.map(serde_json::to_string).transpose();
    let text = text.map_err(|_| StorageError::corrupt("rulebook_simulation", "outcome", id))?;
    row::Entity::update_many()
        .col_expr(row::Column::State, code::write(state).into())
        .col_expr(row::Column::Outcome, text.into())
        .col_expr(row::Column::FinishedAt, Expr::value(now))
        .filter(row::Column::Id.eq(id.uuid()))
        .filter(row::Column::State.eq(code::write(SimulationState::Running)))
        .exec(&tx.on())
        .await?;
    claim::release(tx, id, holder).await
}

/// Finds a replay under a draft whose scope lies within these subtrees.
pub async fn find_within(tx: &ReadTx, paths: &[NodePath], id: SimulationId) -> Result<Option<Simulation>> {
    let query = with_draft().filter(row::Column::Id.eq(id.uuid())).filter(organisations::inside_as("scope", paths));
    query.into_model::<row::Shown>().one(&tx.on()).await?.map(Simulation::try_from).transpose()
}

fn with_draft() -> Select<row::Entity> {
    let query = join::by_id(row::Entity::find(), rulebook::Entity, "draft", row::Column::RulebookId.into_expr());
    join::by_id(query, organisation::Entity, "scope", join::of("draft", "scope_id"))
        .expr_as(join::of("draft", "body"), "draft_body")
}

impl TryFrom<row::Shown> for Simulation {
    type Error = StorageError;

    fn try_from(shown: row::Shown) -> Result<Self> {
        let row = shown.simulation;
        let outcome = row.outcome.map(|text| serde_json::from_str(&text)).transpose();
        Ok(Self {
            id: row.id.into(),
            rulebook: row.rulebook_id.into(),
            current: row.body == shown.draft_body,
            rules: read_rules(row.rulebook_id, &row.body)?,
            reference_fen: row.reference_fen,
            period: Period { from: row.period_from, to: row.period_to },
            state: code::read("rulebook_simulation", "state", row.id, &row.state)?,
            events_read: row.events_read.unsigned_abs(),
            outcome: outcome.map_err(|_| StorageError::corrupt("rulebook_simulation", "outcome", row.id))?,
            submitted_at: row.submitted_at,
            finished_at: row.finished_at,
        })
    }
}

pub(crate) mod row {
    use sea_orm::FromQueryResult;
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "rulebook_simulation")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub rulebook_id: Uuid,
        pub requested_by: Uuid,
        #[sea_orm(column_type = "Text")]
        pub body: String,
        pub reference_fen: i64,
        pub period_from: DateTimeUtc,
        pub period_to: DateTimeUtc,
        pub state: String,
        pub events_read: i64,
        #[sea_orm(column_type = "Text", nullable)]
        pub outcome: Option<String>,
        pub submitted_at: DateTimeUtc,
        pub finished_at: Option<DateTimeUtc>,
    }

    impl ActiveModelBehavior for ActiveModel {}

    /// A replay with what its draft says now.
    #[derive(FromQueryResult)]
    pub struct Shown {
        #[sea_orm(nested)]
        pub simulation: Model,
        pub draft_body: String,
    }
}
