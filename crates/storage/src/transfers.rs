//! Transfers (记账): the one way in which points move. Everything a posting says is written by one statement on
//! PostgreSQL, or not at all.

use std::collections::BTreeMap;

use domain::code::Code;
use domain::id::{AccountId, LotId, TransferId};
use domain::points::{AccountChange, Actor, Entry, Occasion, Posting, Source, Transfer};
use sea_orm::sea_query::{
    CommonTableExpression, Expr, ExprTrait, InsertStatement, Query, SubQueryStatement, UpdateStatement, Value,
    ValueTuple, WithClause,
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, DbBackend, EntityTrait, QueryFilter, QueryTrait,
};
use uuid::Uuid;

use crate::accounts::row as account;
use crate::database::{ReadTx, WriteTx};
use crate::entries::row as entry;
use crate::error::{Result, StorageError};
use crate::given;
use crate::lots::{row as lot, used};
use crate::mapping::code;

/// A posting has some 50 parameters, and PostgreSQL takes 65,535 in a statement.
const POSTINGS_AT_ONCE: usize = 400;

const BOOKS: &str = "account_books";

/// Writes a posting down. Conflicts if the event or key behind it was posted before ([`posted_before`]).
pub async fn post(tx: &mut WriteTx, posting: &Posting) -> Result<()> {
    post_all(tx, std::slice::from_ref(posting)).await
}

/// Writes down postings that were decided one after the other on purses locked in this transaction.
pub async fn post_all(tx: &mut WriteTx, postings: &[Posting]) -> Result<()> {
    for some in postings.chunks(POSTINGS_AT_ONCE) {
        let writes = Writes::of(some);
        let changed = match tx.backend() {
            DbBackend::Postgres => writes.at_once(tx).await?,
            _ => writes.one_by_one(tx).await?,
        };
        if changed != writes.rows_to_change {
            // Nothing of this may stand. Either the books of an account are wrong, and what is added to them could never be
            // put right; or the purse was not locked, or lots that it showed are gone.
            let ids: Vec<Uuid> = some.iter().flat_map(Posting::changes).map(|change| change.after.id.uuid()).collect();
            let wrong = account::Entity::find().filter(account::Column::Id.is_in(ids)).filter(stands_as_told().not());
            let guard = if wrong.one(&tx.on()).await?.is_some() { BOOKS } else { "account_sequence" };
            return Err(StorageError::conflict(guard));
        }
    }
    Ok(())
}

/// Whether this says that an account does not stand as its last entry says, so nothing may be added to it.
pub fn books_are_wrong(error: &StorageError) -> bool {
    error.breaks(BOOKS)
}

/// Whether this says that the transfer stands already: its event happened, its key was used, or its original was taken
/// back, before. Any key that holds the transfer's id or its original's may say so: each database looks in an order of
/// its own.
pub fn posted_before(error: &StorageError) -> bool {
    const KEYS: [&str; 6] =
        ["transfer_pkey", "entry_pkey", "lot_use_pkey", "transfer.id", "transfer_unique_reverses", "transfer.reverses"];
    KEYS.iter().any(|key| error.breaks(key))
}

/// What took a transfer back, if anything did.
pub(crate) async fn find_reversal(tx: &ReadTx, id: TransferId) -> Result<Option<TransferId>> {
    let found = row::Entity::find().filter(row::Column::Reverses.eq(id.uuid())).one(&tx.on()).await?;
    Ok(found.map(|row| row.id.into()))
}

/// The heads of these transfers, by id. One that cannot be read any more is not among them.
pub(crate) async fn find_readable(tx: &ReadTx, ids: &[Uuid]) -> Result<BTreeMap<Uuid, Transfer>> {
    let rows = row::Entity::find().filter(row::Column::Id.is_in(ids.iter().copied())).all(&tx.on()).await?;
    Ok(rows.into_iter().filter_map(|row| Some((row.id, row.try_into().ok()?))).collect())
}

/// The statements of some postings. Accounts and lots that several postings touch are changed once, to how they end.
struct Writes {
    inserts: Vec<InsertStatement>,
    updates: Vec<UpdateStatement>,
    rows_to_change: i64,
}

impl Writes {
    fn of(postings: &[Posting]) -> Self {
        let mut taken: BTreeMap<LotId, i64> = BTreeMap::new();
        for used in postings.iter().flat_map(Posting::uses) {
            *taken.entry(used.lot).or_default() += used.amount;
        }
        let mut granted = Vec::new();
        for posting in postings {
            for new in posting.granted() {
                let used = taken.remove(&new.id).unwrap_or_default();
                granted.push(lot::ActiveModel {
                    id: Set(new.id.uuid()),
                    account_id: Set(new.account.uuid()),
                    transfer_id: Set(posting.id().uuid()),
                    granted: Set(new.granted),
                    remaining: Set(new.granted - used),
                    expires_at: Set(new.expires_at),
                });
            }
        }
        taken.retain(|_, amount| *amount != 0);
        let transfers = postings.iter().map(|posting| head(posting.transfer()));
        let entries =
            postings.iter().flat_map(|posting| posting.entries().iter().map(move |entry| leg(posting.id(), entry)));
        let uses: Vec<_> = postings
            .iter()
            .flat_map(|posting| posting.uses().iter().map(move |used| (posting.id(), used)))
            .map(|(transfer, used)| used::ActiveModel {
                lot_id: Set(used.lot.uuid()),
                transfer_id: Set(transfer.uuid()),
                amount: Set(used.amount),
            })
            .collect();
        let accounts = fold(postings.iter().flat_map(Posting::changes));

        let mut inserts = vec![row::Entity::insert_many(transfers).into_query()];
        if !granted.is_empty() {
            inserts.push(lot::Entity::insert_many(granted).into_query());
        }
        inserts.push(entry::Entity::insert_many(entries).into_query());
        if !uses.is_empty() {
            inserts.push(used::Entity::insert_many(uses).into_query());
        }
        let rows_to_change = i64::try_from(accounts.len() + taken.len()).unwrap_or(i64::MAX);
        let mut updates = vec![change_accounts(&accounts)];
        if !taken.is_empty() {
            updates.push(take_from_lots(&taken));
        }
        Self { inserts, updates, rows_to_change }
    }

    /// Sends everything as one statement; constraints are checked at its end. Answers how many rows were changed.
    async fn at_once(&self, tx: &mut WriteTx) -> Result<i64> {
        let mut with = WithClause::new();
        let mut add = |name: String, query: SubQueryStatement| {
            with.cte(CommonTableExpression::new().table_name(name).query(query).to_owned());
        };
        for (number, insert) in self.inserts.iter().enumerate() {
            add(format!("inserted_{number}"), insert.clone().into());
        }
        let mut counts = Vec::new();
        for (number, update) in self.updates.iter().enumerate() {
            let returning = update.clone().returning(Query::returning().expr(Expr::cust("1"))).to_owned();
            add(format!("updated_{number}"), returning.into());
            counts.push(format!("(SELECT COUNT(*) FROM updated_{number})"));
        }
        let count = Query::select().expr_as(Expr::cust(counts.join(" + ")), "changed").to_owned();
        let answer = tx.on().query_one(&with.query(count)).await?;
        let answer = answer.ok_or_else(|| StorageError::corrupt("transfer", "id", "count"))?;
        Ok(answer.try_get("", "changed")?)
    }

    async fn one_by_one(&self, tx: &mut WriteTx) -> Result<i64> {
        for insert in &self.inserts {
            tx.on().execute(insert).await?;
        }
        let mut changed = 0;
        for update in &self.updates {
            changed += tx.on().execute(update).await?.rows_affected();
        }
        Ok(i64::try_from(changed).unwrap_or(i64::MAX))
    }
}

/// Puts changes of the same account together: found as the first one saw it, left as the last one leaves it.
fn fold<'a>(changes: impl Iterator<Item = &'a AccountChange>) -> BTreeMap<AccountId, AccountChange> {
    let mut folded: BTreeMap<AccountId, AccountChange> = BTreeMap::new();
    for change in changes {
        match folded.get_mut(&change.after.id) {
            Some(earlier) => {
                earlier.after = change.after.clone();
                earlier.lifetime_earned += change.lifetime_earned;
            }
            None => {
                folded.insert(change.after.id, change.clone());
            }
        }
    }
    folded
}

fn change_accounts(changes: &BTreeMap<AccountId, AccountChange>) -> UpdateStatement {
    use account::Column as C;
    let rows = changes.iter().map(|(id, change)| {
        let after = &change.after;
        let last_hash = after.last_hash.map(Vec::from);
        let values: [Value; 6] = [
            id.uuid().into(),
            change.sequence_before.into(),
            after.balance.into(),
            after.sequence.into(),
            last_hash.into(),
            change.lifetime_earned.into(),
        ];
        ValueTuple::Many(values.into())
    });
    account::Entity::update_many()
        .col_expr(C::Balance, given::column(3))
        .col_expr(C::Sequence, given::column(4))
        .col_expr(C::LastHash, given::column(5))
        .col_expr(C::LifetimeEarned, C::LifetimeEarned.into_expr().add(given::column(6)))
        .filter(C::Id.into_expr().eq(given::column(1)))
        .filter(C::Sequence.into_expr().eq(given::column(2)))
        .filter(stands_as_told())
        .into_query()
        .from(given::rows(rows))
        .to_owned()
}

/// Whether an account has the balance and the hash of its last entry, or nothing if it has none.
fn stands_as_told() -> Condition {
    use account::Column as C;
    let of_account = |column: C| Expr::col((account::Entity, column));
    let its = |column: entry::Column| Expr::col((entry::Entity, column));
    let last = Query::select()
        .expr(Expr::val(1))
        .from(entry::Entity)
        .and_where(its(entry::Column::AccountId).eq(of_account(C::Id)))
        .and_where(its(entry::Column::Sequence).eq(of_account(C::Sequence)))
        .and_where(its(entry::Column::BalanceAfter).eq(of_account(C::Balance)))
        .and_where(its(entry::Column::Hash).eq(of_account(C::LastHash)))
        .to_owned();
    let none = Condition::all().add(of_account(C::Sequence).eq(0)).add(of_account(C::Balance).eq(0));
    Condition::any().add(none).add(Expr::exists(last))
}

fn take_from_lots(taken: &BTreeMap<LotId, i64>) -> UpdateStatement {
    use lot::Column as C;
    let rows = taken.iter().map(|(id, amount)| ValueTuple::Two(id.uuid().into(), (*amount).into()));
    lot::Entity::update_many()
        .col_expr(C::Remaining, C::Remaining.into_expr().sub(given::column(2)))
        .filter(C::Id.into_expr().eq(given::column(1)))
        .into_query()
        .from(given::rows(rows))
        .to_owned()
}

fn head(transfer: &Transfer) -> row::ActiveModel {
    let occasion = &transfer.occasion;
    row::ActiveModel {
        id: Set(transfer.id.uuid()),
        kind: Set(transfer.kind.code().into()),
        reverses: Set(transfer.reverses.map(TransferId::uuid)),
        reason: Set(occasion.reason.clone()),
        source_kind: Set(occasion.source.kind.code().into()),
        source_id: Set(occasion.source.id),
        actor_kind: Set(occasion.actor.kind().into()),
        actor_id: Set(occasion.actor.id()),
        business_at: Set(occasion.business_at),
        posted_at: Set(occasion.posted_at),
    }
}

fn leg(transfer: TransferId, entry: &Entry) -> entry::ActiveModel {
    let link = entry.link.as_ref();
    entry::ActiveModel {
        transfer_id: Set(transfer.uuid()),
        leg: Set(entry.leg),
        account_id: Set(entry.account.uuid()),
        amount: Set(entry.amount),
        sequence: Set(link.map(|link| link.sequence)),
        balance_after: Set(link.map(|link| link.balance_after)),
        previous_hash: Set(link.and_then(|link| link.previous_hash).map(Vec::from)),
        hash: Set(link.map(|link| link.hash.to_vec())),
    }
}

impl TryFrom<row::Model> for Transfer {
    type Error = StorageError;

    fn try_from(row: row::Model) -> Result<Self> {
        let source = code::read("transfer", "source_kind", row.id, &row.source_kind)?;
        let actor = Actor::read(&row.actor_kind, row.actor_id);
        Ok(Self {
            id: row.id.into(),
            kind: code::read("transfer", "kind", row.id, &row.kind)?,
            reverses: row.reverses.map(TransferId::new),
            occasion: Occasion {
                reason: row.reason,
                source: Source { kind: source, id: row.source_id },
                actor: actor.ok_or_else(|| StorageError::corrupt("transfer", "actor_kind", row.id))?,
                business_at: row.business_at,
                posted_at: row.posted_at,
            },
        })
    }
}

pub(crate) mod row {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "transfer")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub kind: String,
        pub reverses: Option<Uuid>,
        pub reason: String,
        pub source_kind: String,
        pub source_id: Uuid,
        pub actor_kind: String,
        pub actor_id: Option<Uuid>,
        pub business_at: DateTimeUtc,
        pub posted_at: DateTimeUtc,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
