//! What must hold of the books at any time, each as a query that finds nothing; and the hash chain, worked out anew.

use std::collections::HashMap;

use domain::code::Code;
use domain::id::{AccountId, AdminId, LotId, MemberId, StaffId, TransferId};
use domain::points::chain::{self, Content, Hash};
use domain::points::{Actor, LotUse, NewLot, Occasion, Source, SourceKind, Transfer, TransferKind};
use domain::time::Instant;
use sea_orm::{ConnectionTrait, DatabaseConnection, FromQueryResult, Statement};
use uuid::Uuid;

const INVARIANTS: [(&str, &str); 13] = [
    (
        "I01 a transfer does not sum to zero, or has fewer than two legs",
        "SELECT t.id FROM transfer t LEFT JOIN entry e ON e.transfer_id = t.id GROUP BY t.id \
         HAVING COALESCE(SUM(e.amount), 1) <> 0 OR COUNT(e.leg) < 2",
    ),
    ("I02 the whole ledger does not sum to zero", "SELECT SUM(amount) FROM entry HAVING SUM(amount) <> 0"),
    (
        "I03 a cached balance or sequence differs from the entries",
        "SELECT a.id FROM account a LEFT JOIN entry e ON e.account_id = a.id WHERE a.cached \
         GROUP BY a.id, a.balance, a.sequence \
         HAVING a.balance <> COALESCE(SUM(e.amount), 0) OR a.sequence <> COUNT(e.leg)",
    ),
    (
        "I04 a running balance or a sequence is broken, or on the wrong side of zero",
        "SELECT x.account_id FROM (SELECT e.account_id, a.kind, e.sequence, e.balance_after, \
           SUM(e.amount) OVER (PARTITION BY e.account_id ORDER BY e.sequence) AS run, \
           ROW_NUMBER() OVER (PARTITION BY e.account_id ORDER BY e.sequence) AS number \
           FROM entry e JOIN account a ON a.id = e.account_id WHERE a.cached) x \
         WHERE x.sequence IS NULL OR x.sequence <> x.number OR x.balance_after <> x.run \
           OR (x.kind = 'points' AND x.balance_after < 0) OR (x.kind = 'debt' AND x.balance_after > 0)",
    ),
    (
        "I05 a hash link is broken",
        "SELECT x.account_id FROM (SELECT e.account_id, e.previous_hash, \
           LAG(e.hash) OVER (PARTITION BY e.account_id ORDER BY e.sequence) AS before \
           FROM entry e JOIN account a ON a.id = e.account_id WHERE a.cached) x \
         WHERE x.previous_hash IS DISTINCT FROM x.before",
    ),
    (
        "I05b an account's last hash is not its last entry's",
        "SELECT a.id FROM account a LEFT JOIN entry e ON e.account_id = a.id AND e.sequence = a.sequence \
         WHERE a.cached AND a.last_hash IS DISTINCT FROM e.hash",
    ),
    (
        "I06 the lots differ from the balance",
        "SELECT a.id FROM account a LEFT JOIN lot l ON l.account_id = a.id WHERE a.kind = 'points' \
         GROUP BY a.id, a.balance HAVING a.balance <> COALESCE(SUM(l.remaining), 0)",
    ),
    (
        "I07 what remains of a lot differs from its uses",
        "SELECT l.id FROM lot l LEFT JOIN lot_use u ON u.lot_id = l.id GROUP BY l.id, l.granted, l.remaining \
         HAVING l.remaining <> l.granted - COALESCE(SUM(u.amount), 0)",
    ),
    (
        "I08 a points entry differs from the lots granted less the lots used",
        "SELECT e.transfer_id FROM entry e JOIN account a ON a.id = e.account_id AND a.kind = 'points' \
         LEFT JOIN (SELECT transfer_id, account_id, SUM(granted) AS sum FROM lot GROUP BY transfer_id, account_id) g \
           ON g.transfer_id = e.transfer_id AND g.account_id = e.account_id \
         LEFT JOIN (SELECT u.transfer_id, l.account_id, SUM(u.amount) AS sum FROM lot_use u \
           JOIN lot l ON l.id = u.lot_id GROUP BY u.transfer_id, l.account_id) s \
           ON s.transfer_id = e.transfer_id AND s.account_id = e.account_id \
         WHERE e.amount <> COALESCE(g.sum, 0) - COALESCE(s.sum, 0)",
    ),
    (
        "I09 what is held differs from the pending holds",
        "SELECT a.id FROM account a LEFT JOIN hold h ON h.account_id = a.id AND h.state = 'pending' WHERE a.cached \
         GROUP BY a.id, a.held HAVING a.held <> COALESCE(SUM(h.amount), 0)",
    ),
    (
        "I13 a credit without its event, or with more or fewer points than the event says",
        "SELECT t.id FROM transfer t LEFT JOIN earn_event v ON v.transfer_id = t.id \
         LEFT JOIN entry e ON e.transfer_id = t.id AND e.sequence IS NULL \
         WHERE t.kind = 'earn' AND (v.transfer_id IS NULL OR -e.amount <> v.points)",
    ),
    (
        "I14 a reversal is larger than its original, or of the same sign",
        "SELECT r.id FROM transfer r JOIN entry er ON er.transfer_id = r.id \
         JOIN account a ON a.id = er.account_id AND a.kind = 'points' \
         LEFT JOIN entry eo ON eo.transfer_id = r.reverses AND eo.account_id = er.account_id \
         WHERE r.reverses IS NOT NULL \
           AND (eo.amount IS NULL OR er.amount * eo.amount >= 0 OR ABS(er.amount) > ABS(eo.amount))",
    ),
    (
        "I17 the totals of a lifetime differ from what was earned and served",
        "SELECT a.id FROM account a WHERE a.kind = 'points' AND (a.lifetime_earned <> COALESCE(( \
           SELECT SUM(e.amount) FROM entry e JOIN transfer t ON t.id = e.transfer_id \
           JOIN account o ON o.id = e.account_id \
           WHERE o.member_id = a.member_id AND t.kind IN ('earn', 'clawback')), 0) \
         OR a.verified_minutes <> COALESCE((SELECT SUM(s.timed_minutes + s.made_up_minutes) FROM service_record s \
           WHERE s.member_id = a.member_id), 0))",
    ),
];

pub async fn assert_sound(raw: &DatabaseConnection) {
    let broken = broken(raw).await;
    assert!(broken.is_empty(), "{broken:#?}");
}

/// The invariants that do not hold.
pub async fn broken(raw: &DatabaseConnection) -> Vec<&'static str> {
    let mut broken = Vec::new();
    for (name, query) in INVARIANTS {
        let found = raw.query_all_raw(Statement::from_string(raw.get_database_backend(), query)).await.expect(name);
        if !found.is_empty() {
            broken.push(name);
        }
    }
    if !chain_holds(raw).await {
        broken.push("I05c a hash does not follow from what its entry says");
    }
    broken
}

/// Works out every hash anew from the rows.
async fn chain_holds(raw: &DatabaseConnection) -> bool {
    let entries: Vec<EntryRow> = all(
        raw,
        "SELECT e.leg, e.account_id, e.amount, e.sequence, e.balance_after, e.previous_hash, e.hash, t.id, t.kind, \
         t.reverses, t.reason, t.source_kind, t.source_id, t.actor_kind, t.actor_id, t.business_at, t.posted_at \
         FROM entry e JOIN transfer t ON t.id = e.transfer_id WHERE e.sequence IS NOT NULL",
    )
    .await;
    let mut granted: HashMap<(Uuid, Uuid), Vec<NewLot>> = HashMap::new();
    let lots: Vec<LotRow> = all(raw, "SELECT id, account_id, transfer_id, granted, expires_at FROM lot").await;
    for lot in lots {
        granted.entry((lot.transfer_id, lot.account_id)).or_default().push(NewLot {
            id: LotId::new(lot.id),
            account: AccountId::new(lot.account_id),
            granted: lot.granted,
            expires_at: lot.expires_at,
        });
    }
    let mut uses: HashMap<(Uuid, Uuid), Vec<LotUse>> = HashMap::new();
    let rows: Vec<UseRow> =
        all(raw, "SELECT u.lot_id, u.transfer_id, u.amount, l.account_id FROM lot_use u JOIN lot l ON l.id = u.lot_id")
            .await;
    for row in rows {
        let taken = LotUse { lot: LotId::new(row.lot_id), amount: row.amount };
        uses.entry((row.transfer_id, row.account_id)).or_default().push(taken);
    }
    entries.into_iter().all(|entry| {
        let lots = (entry.id, entry.account_id);
        let granted = granted.get(&lots).map_or(&[][..], Vec::as_slice);
        let uses = uses.get(&lots).map_or(&[][..], Vec::as_slice);
        entry.rehash(granted, uses).is_some_and(|hash| hash[..] == entry.hash[..])
    })
}

async fn all<T: FromQueryResult>(raw: &DatabaseConnection, sql: &str) -> Vec<T> {
    let statement = Statement::from_string(raw.get_database_backend(), sql);
    T::find_by_statement(statement).all(raw).await.expect(sql)
}

#[derive(FromQueryResult)]
struct LotRow {
    id: Uuid,
    account_id: Uuid,
    transfer_id: Uuid,
    granted: i64,
    expires_at: Option<Instant>,
}

#[derive(FromQueryResult)]
struct UseRow {
    lot_id: Uuid,
    transfer_id: Uuid,
    account_id: Uuid,
    amount: i64,
}

#[derive(FromQueryResult)]
struct EntryRow {
    leg: i32,
    account_id: Uuid,
    amount: i64,
    sequence: i64,
    balance_after: i64,
    previous_hash: Option<Vec<u8>>,
    hash: Vec<u8>,
    id: Uuid,
    kind: String,
    reverses: Option<Uuid>,
    reason: String,
    source_kind: String,
    source_id: Uuid,
    actor_kind: String,
    actor_id: Option<Uuid>,
    business_at: Instant,
    posted_at: Instant,
}

impl EntryRow {
    fn rehash(&self, granted: &[NewLot], uses: &[LotUse]) -> Option<Hash> {
        let actor = match (self.actor_kind.as_str(), self.actor_id) {
            ("member", Some(id)) => Actor::Member(MemberId::new(id)),
            ("admin", Some(id)) => Actor::Admin(AdminId::new(id)),
            ("merchant", Some(id)) => Actor::Staff(StaffId::new(id)),
            ("job", None) => Actor::Job,
            _ => return None,
        };
        let transfer = Transfer {
            id: TransferId::new(self.id),
            kind: TransferKind::from_code(&self.kind)?,
            reverses: self.reverses.map(TransferId::new),
            occasion: Occasion {
                reason: self.reason.clone(),
                source: Source { kind: SourceKind::from_code(&self.source_kind)?, id: self.source_id },
                actor,
                business_at: self.business_at,
                posted_at: self.posted_at,
            },
        };
        let content = Content {
            previous: self.previous_hash.as_deref().map(TryInto::try_into).transpose().ok()?,
            leg: self.leg,
            account: AccountId::new(self.account_id),
            amount: self.amount,
            sequence: self.sequence,
            balance_after: self.balance_after,
            granted,
            uses,
        };
        Some(chain::hash(&transfer, &content))
    }
}
