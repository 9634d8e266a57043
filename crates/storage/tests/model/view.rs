//! What stands, as the model says it and as the database says it.

use std::collections::BTreeMap;

use chrono::NaiveDateTime;
use domain::id::{AccountId, MemberId};
use domain::time::Instant;
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{ConnectionTrait, DatabaseConnection, FromQueryResult, Statement};
use storage::accounts;
use uuid::Uuid;

use crate::ledger::{Ledger, beijing};
use crate::model::{Model, State};

/// Everything that can be compared.
#[derive(Debug, PartialEq, Eq)]
pub struct View {
    people: Vec<Purse>,
    /// What is left of each offer, and what there ever was.
    shelves: Vec<(i64, i64)>,
    vouchers: Vec<State>,
}

#[derive(Debug, PartialEq, Eq)]
struct Purse {
    available: i64,
    balance: i64,
    held: i64,
    debt: i64,
    frozen: bool,
    earned: i64,
    minutes: i64,
    /// The end of each lot, what came in and what is left, as they are spent.
    lots: Vec<(NaiveDateTime, i64, i64)>,
}

impl Model {
    pub fn view(&self) -> View {
        let people = self.people.iter().enumerate().map(|(number, person)| Purse {
            available: self.available(number),
            balance: person.lots.iter().map(|lot| lot.left).sum(),
            held: self.held(number),
            debt: person.debt,
            frozen: person.frozen,
            earned: person.earned,
            minutes: person.minutes,
            lots: person.in_order().into_iter().map(|number| person.lots[number].line()).collect(),
        });
        View {
            people: people.collect(),
            shelves: self.shelves.iter().map(|shelf| (shelf.left, shelf.total)).collect(),
            vouchers: self.vouchers.iter().map(|voucher| voucher.state).collect(),
        }
    }
}

impl Ledger {
    pub async fn view(&self) -> View {
        let mut lots: BTreeMap<Uuid, Vec<_>> = BTreeMap::new();
        let sql = "SELECT account_id, expires_at, granted, remaining FROM lot ORDER BY expires_at, id";
        for row in all::<LotRow>(&self.raw, sql).await {
            let line = (beijing(row.expires_at), row.granted, row.remaining);
            lots.entry(row.account_id).or_default().push(line);
        }
        let balances = all::<BalanceRow>(&self.raw, "SELECT id, balance FROM account WHERE kind = 'points'").await;
        let balances: BTreeMap<Uuid, i64> = balances.into_iter().map(|row| (row.id, row.balance)).collect();
        let mut people = Vec::new();
        for member in &self.cast.members {
            let shown = accounts::balance(&self.database.read(), *member, self.now()).await.expect("a balance");
            let account = AccountId::points_of(*member).uuid();
            people.push(Purse {
                available: shown.available,
                balance: balances[&account],
                held: shown.held,
                debt: shown.debt,
                frozen: shown.frozen,
                earned: shown.lifetime_earned,
                minutes: shown.verified_minutes,
                lots: lots.remove(&account).unwrap_or_default(),
            });
        }
        let stock = all::<StockRow>(&self.raw, "SELECT id, stock_left, stock_total FROM offer").await;
        let stock: BTreeMap<Uuid, _> =
            stock.into_iter().map(|row| (row.id, (row.stock_left, row.stock_total))).collect();
        let mut states = BTreeMap::new();
        for row in all::<StateRow>(&self.raw, "SELECT id, state FROM redemption").await {
            states.insert(row.id, state(&row.state));
        }
        let vouchers = self.vouchers.iter().map(|receipt| states.remove(&receipt.id.uuid()).expect("the voucher"));
        let vouchers = vouchers.collect();
        assert!(states.is_empty() && lots.is_empty(), "nobody's vouchers or lots: {states:?}, {lots:?}");
        View { people, shelves: self.cast.offers.iter().map(|offer| stock[&offer.uuid()]).collect(), vouchers }
    }

    /// Stops a member's spending since an instant, or allows it.
    pub async fn freeze(&self, member: MemberId, since: Option<Instant>) {
        let account = AccountId::points_of(member).uuid();
        let update = Query::update()
            .table("account")
            .value("frozen_at", since)
            .and_where(Expr::col("id").eq(account))
            .to_owned();
        self.raw.execute(&update).await.expect("an account");
    }
}

fn state(code: &str) -> State {
    match code {
        "issued" => State::Issued,
        "verified" => State::Verified,
        "cancelled" => State::Cancelled,
        "expired" => State::Expired,
        "reversed" => State::Reversed,
        other => panic!("no story makes a voucher {other}"),
    }
}

async fn all<T: FromQueryResult>(raw: &DatabaseConnection, sql: &str) -> Vec<T> {
    let statement = Statement::from_string(raw.get_database_backend(), sql);
    T::find_by_statement(statement).all(raw).await.expect(sql)
}

#[derive(FromQueryResult)]
struct LotRow {
    account_id: Uuid,
    expires_at: Instant,
    granted: i64,
    remaining: i64,
}

#[derive(FromQueryResult)]
struct BalanceRow {
    id: Uuid,
    balance: i64,
}

#[derive(FromQueryResult)]
struct StockRow {
    id: Uuid,
    stock_left: i64,
    stock_total: i64,
}

#[derive(FromQueryResult)]
struct StateRow {
    id: Uuid,
    state: String,
}
