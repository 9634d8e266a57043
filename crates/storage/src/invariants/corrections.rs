//! What holds of adjustments, cases of misconduct, rewards, undone confirmations and donations.

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
        name: "misconduct_service",
        rule: "service is void while its misconduct stands, and counts again once that was revoked",
        sql: "SELECT c.id AS subject FROM misconduct_case c JOIN enrolment e ON e.id = c.enrolment_id \
              WHERE (c.state IN ('confirmed', 'appealed', 'upheld') AND e.state <> 'voided') \
              OR (c.state IN ('proposed', 'revoked') AND e.state = 'voided')",
    },
    Invariant {
        name: "misconduct_points",
        rule: "misconduct took its deduction, and a revoked case gave it back",
        sql: "SELECT c.id AS subject FROM misconduct_case c LEFT JOIN (SELECT e.transfer_id, b.member_id, sum(e.amount) AS amount \
              FROM entry e JOIN account b ON b.id = e.account_id WHERE b.cached GROUP BY e.transfer_id, b.member_id) AS d \
              ON d.transfer_id = c.deduction_id AND d.member_id = c.member_id \
              LEFT JOIN transfer t ON t.reverses = c.deduction_id WHERE c.deduction_id IS NOT NULL \
              AND (COALESCE(d.amount, 0) <> -c.deduction OR (c.state = 'revoked') <> (t.id IS NOT NULL))",
    },
    Invariant {
        name: "service_reversal",
        rule: "a reversal of service takes back or gives back all its minutes",
        sql: "SELECT v.id AS subject FROM service_reversal v JOIN service_record s ON s.id = v.record_id \
              WHERE abs(v.timed_minutes) <> s.timed_minutes OR abs(v.made_up_minutes) <> s.made_up_minutes",
    },
    Invariant {
        name: "reward_credit",
        rule: "an approved reward was decided once by the rules, and nothing else was in its name",
        sql: "SELECT w.id AS subject FROM reward w LEFT JOIN earn_event e ON e.source_kind = 'reward' \
              AND e.source_id = w.id AND e.member_id = w.member_id \
              WHERE (w.state = 'approved') <> (e.source_id IS NOT NULL) \
              UNION ALL SELECT e.source_id FROM earn_event e LEFT JOIN reward w ON w.id = e.source_id \
              WHERE e.source_kind = 'reward' AND w.id IS NULL",
    },
    Invariant {
        name: "reversal_redemption",
        rule: "a confirmation is undone where that was approved, and nowhere else",
        sql: "SELECT r.id AS subject FROM redemption r \
              LEFT JOIN reversal v ON v.redemption_id = r.id AND v.state = 'approved' \
              WHERE (r.state = 'reversed') <> (v.id IS NOT NULL)",
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
