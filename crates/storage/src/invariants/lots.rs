//! What holds of lots and their uses.

use super::Invariant;

pub(super) const ALL: &[Invariant] = &[
    Invariant {
        name: "lots",
        rule: "a points account holds what is left in its lots",
        sql: "SELECT a.id AS subject FROM account a \
              LEFT JOIN (SELECT account_id, sum(remaining) AS remaining FROM lot GROUP BY account_id) AS l \
              ON l.account_id = a.id WHERE a.kind = 'points' AND (SELECT COALESCE(sum(e.amount), 0) FROM entry e \
              WHERE e.account_id = a.id) <> COALESCE(l.remaining, 0)",
    },
    Invariant {
        name: "lot_remaining",
        rule: "what is left in a lot is what was granted less what was used",
        sql: "SELECT l.id AS subject FROM lot l \
              LEFT JOIN (SELECT lot_id, sum(amount) AS amount FROM lot_use GROUP BY lot_id) AS u \
              ON u.lot_id = l.id WHERE l.remaining <> l.granted - COALESCE(u.amount, 0)",
    },
    Invariant {
        name: "debit_covered",
        rule: "points taken out of an account are taken out of its lots",
        sql: "SELECT e.transfer_id AS subject FROM entry e JOIN account a ON a.id = e.account_id \
              LEFT JOIN (SELECT u.transfer_id, l.account_id, sum(u.amount) AS amount FROM lot_use u JOIN lot l ON l.id = u.lot_id \
              GROUP BY u.transfer_id, l.account_id) AS u ON u.transfer_id = e.transfer_id AND u.account_id = e.account_id \
              WHERE a.kind = 'points' AND e.amount < 0 AND COALESCE(u.amount, 0) <> -e.amount",
    },
    Invariant {
        name: "expired_lot",
        rule: "a lot that was posted as expired stays empty",
        sql: "SELECT l.id AS subject FROM lot l JOIN lot_use u ON u.lot_id = l.id JOIN transfer t ON t.id = u.transfer_id \
              WHERE t.kind = 'expire' AND l.remaining <> 0",
    },
];
