//! What holds of offers and redemptions.

use super::Invariant;

pub(super) const ALL: &[Invariant] = &[
    Invariant {
        name: "stock",
        rule: "the pieces gone from an offer's stock are its redemptions that were not taken back",
        sql: "SELECT o.id AS subject FROM offer o LEFT JOIN (SELECT offer_id, count(*) AS pieces FROM redemption \
              WHERE state IN ('issued', 'verified', 'settled') GROUP BY offer_id) AS r ON r.offer_id = o.id \
              WHERE o.stock_total - o.stock_left <> COALESCE(r.pieces, 0)",
    },
    Invariant {
        name: "redemption_price",
        rule: "a redemption took its points from its own member",
        sql: "SELECT r.id AS subject FROM redemption r \
              LEFT JOIN account a ON a.member_id = r.member_id AND a.kind = 'points' \
              LEFT JOIN entry e ON e.transfer_id = r.transfer_id AND e.account_id = a.id \
              WHERE COALESCE(e.amount, 0) <> -r.points",
    },
    Invariant {
        name: "redemption_exists",
        rule: "whoever spent has a redemption",
        sql: "SELECT t.id AS subject FROM transfer t LEFT JOIN redemption r ON r.transfer_id = t.id \
              WHERE t.kind = 'redeem' AND r.id IS NULL",
    },
    Invariant {
        name: "refund",
        rule: "a redemption that was taken back gave back all its points, and one that stands none",
        sql: "SELECT r.id AS subject FROM redemption r LEFT JOIN transfer t ON t.reverses = r.transfer_id \
              LEFT JOIN account a ON a.member_id = r.member_id AND a.kind = 'points' \
              LEFT JOIN entry e ON e.transfer_id = t.id AND e.account_id = a.id \
              WHERE (r.state IN ('cancelled', 'expired', 'reversed') AND COALESCE(e.amount, 0) <> r.points) \
              OR (r.state IN ('issued', 'verified', 'settled') AND t.id IS NOT NULL)",
    },
];
