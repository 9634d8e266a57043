//! What holds of members' accounts, which cache what their entries say.

use super::Invariant;

pub(super) const ALL: &[Invariant] = &[
    Invariant {
        name: "balance",
        rule: "an account's balance and sequence are the sum and the number of its entries",
        sql: "SELECT a.id AS subject FROM account a \
              LEFT JOIN (SELECT account_id, sum(amount) AS amount, count(*) AS entries FROM entry GROUP BY account_id) AS e \
              ON e.account_id = a.id WHERE a.cached \
              AND (a.balance <> COALESCE(e.amount, 0) OR a.sequence <> COALESCE(e.entries, 0))",
    },
    Invariant {
        name: "running_balance",
        rule: "entries are numbered without a gap, each with the balance after it; points are never below zero, debts never above",
        sql: "SELECT DISTINCT x.account_id AS subject FROM (SELECT e.account_id, a.kind, e.sequence, e.balance_after, \
              sum(e.amount) OVER (PARTITION BY e.account_id ORDER BY e.sequence) AS running, \
              row_number() OVER (PARTITION BY e.account_id ORDER BY e.sequence) AS place \
              FROM entry e JOIN account a ON a.id = e.account_id WHERE a.cached) AS x \
              WHERE x.sequence IS NULL OR x.sequence <> x.place OR x.balance_after <> x.running \
              OR (x.kind = 'points' AND x.balance_after < 0) OR (x.kind = 'debt' AND x.balance_after > 0)",
    },
    Invariant {
        name: "chain_link",
        rule: "an entry names the hash of the one before, and an account that of its last",
        sql: "SELECT x.account_id AS subject FROM (SELECT e.account_id, e.previous_hash, \
              lag(e.hash) OVER (PARTITION BY e.account_id ORDER BY e.sequence) AS before \
              FROM entry e JOIN account a ON a.id = e.account_id WHERE a.cached) AS x \
              WHERE x.previous_hash IS DISTINCT FROM x.before \
              UNION SELECT a.id FROM account a LEFT JOIN entry e ON e.account_id = a.id AND e.sequence = a.sequence \
              WHERE a.cached AND a.last_hash IS DISTINCT FROM e.hash \
              AND (e.hash IS NOT NULL OR a.sequence = 0)",
    },
    Invariant {
        name: "held",
        rule: "what is held of an account is the sum of its pending holds",
        sql: "SELECT a.id AS subject FROM account a \
              LEFT JOIN (SELECT account_id, sum(amount) AS amount FROM hold WHERE state = 'pending' GROUP BY account_id) AS h \
              ON h.account_id = a.id WHERE a.cached AND a.held <> COALESCE(h.amount, 0)",
    },
    Invariant {
        name: "hold_overdue",
        rule: "no hold is still pending five minutes after its time",
        sql: "SELECT h.id AS subject FROM hold h WHERE h.state = 'pending' AND h.expires_at < $1",
    },
    Invariant {
        name: "lifetime_earned",
        rule: "the points earned in a lifetime are those of all credits less those clawed back for good",
        sql: "SELECT a.id AS subject FROM account a \
              LEFT JOIN (SELECT b.member_id, sum(e.amount) AS amount FROM entry e JOIN account b ON b.id = e.account_id \
              JOIN transfer t ON t.id = e.transfer_id LEFT JOIN transfer o ON o.id = t.reverses \
              WHERE b.cached AND (t.kind IN ('earn', 'clawback') OR o.kind = 'clawback') GROUP BY b.member_id) AS e \
              ON e.member_id = a.member_id WHERE a.kind = 'points' AND a.lifetime_earned <> COALESCE(e.amount, 0)",
    },
    Invariant {
        name: "verified_minutes",
        rule: "the minutes of a lifetime are those of all verified service less those voided",
        sql: "SELECT a.id AS subject FROM account a \
              LEFT JOIN (SELECT x.member_id, sum(x.minutes) AS minutes FROM \
              (SELECT member_id, timed_minutes + made_up_minutes AS minutes FROM service_record \
              UNION ALL SELECT s.member_id, v.timed_minutes + v.made_up_minutes FROM service_reversal v \
              JOIN service_record s ON s.id = v.record_id) AS x GROUP BY x.member_id) \
              AS r ON r.member_id = a.member_id WHERE a.kind = 'points' AND a.verified_minutes <> COALESCE(r.minutes, 0)",
    },
];
