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
        name: "freed_points",
        rule: "a hold that ended without taking its points paid its member's debt with them at most once, and no more than it held",
        sql: "SELECT t.id AS subject FROM transfer t WHERE t.source_kind = 'hold' AND (NOT EXISTS ( \
              SELECT 1 FROM hold h JOIN entry e ON e.account_id = h.account_id AND e.transfer_id = t.id \
              JOIN account p ON p.id = h.account_id JOIN account d ON d.member_id = p.member_id AND d.kind = 'debt' \
              JOIN entry g ON g.account_id = d.id AND g.transfer_id = t.id AND g.amount = -e.amount \
              WHERE h.id = t.source_id AND h.state IN ('voided', 'expired') AND g.amount BETWEEN 1 AND h.amount) \
              OR EXISTS (SELECT 1 FROM transfer o WHERE o.source_kind = 'hold' AND o.source_id = t.source_id AND o.id <> t.id))",
    },
    Invariant {
        name: "refunded_points",
        rule: "what a refund gave back paid its member's debt at most once, and no more than came back",
        sql: "SELECT t.id AS subject FROM transfer t WHERE t.source_kind = 'refund' AND (NOT EXISTS ( \
              SELECT 1 FROM transfer r JOIN entry b ON b.transfer_id = r.id \
              JOIN account p ON p.id = b.account_id AND p.kind = 'points' \
              JOIN entry e ON e.account_id = p.id AND e.transfer_id = t.id \
              JOIN account d ON d.member_id = p.member_id AND d.kind = 'debt' \
              JOIN entry g ON g.account_id = d.id AND g.transfer_id = t.id AND g.amount = -e.amount \
              WHERE r.id = t.source_id AND r.kind = 'refund' AND g.amount BETWEEN 1 AND b.amount) \
              OR EXISTS (SELECT 1 FROM transfer o WHERE o.source_kind = 'refund' AND o.source_id = t.source_id AND o.id <> t.id))",
    },
    Invariant {
        name: "adjustment_overdue",
        rule: "no adjustment still waits five minutes after its time",
        sql: "SELECT a.id AS subject FROM adjustment a WHERE a.state = 'proposed' AND a.lapses_at < $1",
    },
    Invariant {
        name: "misconduct_service",
        rule: "service counts for nothing while its misconduct stands, and again as before once that was revoked",
        sql: "SELECT c.id AS subject FROM misconduct_case c JOIN enrolment e ON e.id = c.enrolment_id \
              WHERE (c.state IN ('confirmed', 'appealed', 'upheld') AND e.state NOT IN ('voided', 'refused')) \
              OR (c.state IN ('proposed', 'revoked') AND e.state = 'voided')",
    },
    Invariant {
        name: "misconduct_points",
        rule: "misconduct took the credit and its deduction, whole and nothing else, and a revoked case gave them back",
        sql: "SELECT c.id AS subject FROM (SELECT c.*, \
              (SELECT COALESCE(sum(e.amount), 0) FROM entry e JOIN account b ON b.id = e.account_id \
              WHERE e.transfer_id = c.clawback_id AND b.member_id = c.member_id) AS clawed, \
              (SELECT COALESCE(sum(e.amount), 0) FROM entry e JOIN account b ON b.id = e.account_id \
              WHERE e.transfer_id = c.deduction_id AND b.member_id = c.member_id) AS deducted, \
              (SELECT sum(e.amount) FROM transfer t JOIN entry e ON e.transfer_id = t.id JOIN account b ON b.id = e.account_id \
              WHERE t.reverses = c.clawback_id AND b.member_id = c.member_id) AS clawback_back, \
              (SELECT sum(e.amount) FROM transfer t JOIN entry e ON e.transfer_id = t.id JOIN account b ON b.id = e.account_id \
              WHERE t.reverses = c.deduction_id AND b.member_id = c.member_id) AS deduction_back \
              FROM misconduct_case c) AS c \
              LEFT JOIN earn_event v ON v.member_id = c.member_id AND v.source_kind = 'enrolment' AND v.source_id = c.enrolment_id \
              LEFT JOIN transfer k ON k.id = c.clawback_id LEFT JOIN transfer d ON d.id = c.deduction_id \
              WHERE CASE WHEN c.state IN ('proposed', 'dismissed') THEN c.clawback_id IS NOT NULL OR c.deduction <> 0 \
              ELSE k.reverses IS DISTINCT FROM v.transfer_id OR (k.id IS NOT NULL AND k.source_id <> c.id) \
              OR (d.id IS NOT NULL AND d.source_id <> c.id) \
              OR c.clawed <> -COALESCE(v.points, 0) OR c.deducted <> -c.deduction END \
              OR CASE WHEN c.state = 'revoked' \
              THEN COALESCE(c.clawback_back, 0) <> -c.clawed OR COALESCE(c.deduction_back, 0) <> -c.deducted \
              ELSE c.clawback_back IS NOT NULL OR c.deduction_back IS NOT NULL END \
              OR EXISTS (SELECT 1 FROM transfer t WHERE t.source_kind = 'misconduct' AND t.source_id = c.id \
              AND t.id IS DISTINCT FROM c.clawback_id AND t.id IS DISTINCT FROM c.deduction_id AND (t.reverses IS NULL \
              OR (t.reverses IS DISTINCT FROM c.clawback_id AND t.reverses IS DISTINCT FROM c.deduction_id)))",
    },
    Invariant {
        name: "misconduct_exists",
        rule: "what moved for misconduct has its case, about the same member",
        sql: "SELECT t.id AS subject FROM transfer t WHERE t.source_kind = 'misconduct' AND NOT EXISTS ( \
              SELECT 1 FROM misconduct_case c JOIN account a ON a.member_id = c.member_id \
              JOIN entry e ON e.account_id = a.id WHERE c.id = t.source_id AND e.transfer_id = t.id)",
    },
    Invariant {
        name: "misconduct_minutes",
        rule: "misconduct voided the minutes of its service, and a revoked case reinstated them",
        sql: "SELECT c.id AS subject FROM misconduct_case c LEFT JOIN service_record s \
              ON s.member_id = c.member_id AND s.source_kind = 'enrolment' AND s.source_id = c.enrolment_id \
              WHERE (s.id IS NOT NULL AND c.state IN ('confirmed', 'appealed', 'upheld', 'revoked')) <> EXISTS ( \
              SELECT 1 FROM service_reversal v WHERE v.record_id = s.id AND v.case_id = c.id AND v.kind = 'void') \
              OR (s.id IS NOT NULL AND c.state = 'revoked') <> EXISTS ( \
              SELECT 1 FROM service_reversal v WHERE v.record_id = s.id AND v.case_id = c.id AND v.kind = 'reinstate')",
    },
    Invariant {
        name: "service_reversal",
        rule: "a reversal of service takes back or gives back all its minutes, for a case about that service",
        sql: "SELECT v.id AS subject FROM service_reversal v JOIN service_record s ON s.id = v.record_id \
              LEFT JOIN misconduct_case c ON c.id = v.case_id AND c.member_id = s.member_id AND c.enrolment_id = s.source_id \
              WHERE c.id IS NULL OR abs(v.timed_minutes) <> s.timed_minutes OR abs(v.made_up_minutes) <> s.made_up_minutes",
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
