//! What holds of adjustments and donations.

use super::Invariant;

pub(super) const ALL: &[Invariant] = &[
    Invariant {
        name: "adjustment_points",
        rule: "an approved adjustment moved its points, for its own member",
        sql: "SELECT a.id AS subject FROM adjustment a \
              LEFT JOIN (SELECT e.transfer_id, b.member_id, sum(e.amount) AS amount FROM entry e \
              JOIN account b ON b.id = e.account_id WHERE b.cached GROUP BY e.transfer_id, b.member_id) AS e \
              ON e.transfer_id = a.transfer_id AND e.member_id = a.member_id \
              WHERE a.transfer_id IS NOT NULL AND COALESCE(e.amount, 0) <> a.amount",
    },
    Invariant {
        name: "adjustment_exists",
        rule: "points are put right only by an adjustment",
        sql: "SELECT t.id AS subject FROM transfer t LEFT JOIN adjustment a ON a.transfer_id = t.id \
              WHERE t.kind = 'adjust' AND a.id IS NULL",
    },
    Invariant {
        name: "adjustment_hold",
        rule: "an adjustment's hold reserves what is to go, and ended as the adjustment did",
        sql: "SELECT a.id AS subject FROM adjustment a LEFT JOIN hold h ON h.id = a.hold_id \
              WHERE a.hold_id IS NOT NULL AND (h.id IS NULL OR h.amount <> -a.amount OR NOT ( \
              (a.state IN ('proposed', 'lapsed') AND h.state IN ('pending', 'expired')) \
              OR (a.state = 'refused' AND h.state = 'voided') \
              OR (a.state = 'approved' AND h.state = 'posted' AND h.transfer_id = a.transfer_id)))",
    },
    Invariant {
        name: "adjustment_overdue",
        rule: "no adjustment still waits five minutes after its time",
        sql: "SELECT a.id AS subject FROM adjustment a WHERE a.state = 'proposed' AND a.lapses_at < $1",
    },
    Invariant {
        name: "donation_points",
        rule: "a donation took its points from its own member",
        sql: "SELECT d.id AS subject FROM donation d \
              LEFT JOIN account a ON a.member_id = d.member_id AND a.kind = 'points' \
              LEFT JOIN entry e ON e.transfer_id = d.transfer_id AND e.account_id = a.id \
              WHERE COALESCE(e.amount, 0) <> -d.points",
    },
    Invariant {
        name: "donation_exists",
        rule: "whoever gave points away has a donation, and a community has them",
        sql: "SELECT t.id AS subject FROM transfer t LEFT JOIN donation d ON d.transfer_id = t.id \
              WHERE t.kind = 'donate' AND d.id IS NULL",
    },
];
