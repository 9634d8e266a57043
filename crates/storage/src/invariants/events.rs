//! What holds of the events that earn points.

use super::Invariant;

pub(super) const ALL: &[Invariant] = &[
    Invariant {
        name: "earned_by_event",
        rule: "every credit has its event, which cannot happen twice",
        sql: "SELECT t.id AS subject FROM transfer t LEFT JOIN earn_event v ON v.transfer_id = t.id \
              WHERE t.kind = 'earn' AND v.transfer_id IS NULL",
    },
    Invariant {
        name: "event_points",
        rule: "an event's points are those of its credit, and its part for the debt went into the debt",
        sql: "SELECT v.transfer_id AS subject FROM earn_event v \
              LEFT JOIN (SELECT e.transfer_id, a.member_id, sum(e.amount) AS points, \
              sum(CASE WHEN a.kind = 'debt' THEN e.amount ELSE 0 END) AS debt \
              FROM entry e JOIN account a ON a.id = e.account_id WHERE a.cached GROUP BY e.transfer_id, a.member_id) AS e \
              ON e.transfer_id = v.transfer_id AND e.member_id = v.member_id \
              WHERE v.transfer_id IS NOT NULL AND (v.points <> COALESCE(e.points, 0) OR v.debt_paid <> COALESCE(e.debt, 0))",
    },
    Invariant {
        name: "event_minutes",
        rule: "an event of service counts the minutes of the service record",
        sql: "SELECT r.id AS subject FROM service_record r JOIN earn_event v \
              ON v.member_id = r.member_id AND v.source_kind = r.source_kind AND v.source_id = r.source_id \
              WHERE v.timed_minutes <> r.timed_minutes OR v.made_up_minutes <> r.made_up_minutes",
    },
    Invariant {
        name: "event_unpaid",
        rule: "own duty, and service while earning was stopped, earned nothing",
        sql: "SELECT v.transfer_id AS subject FROM earn_event v \
              WHERE (v.rule LIKE '%.duty' OR v.rule LIKE '%.excluded') AND v.points <> 0",
    },
    Invariant {
        name: "issuance",
        rule: "the points counted as issued are those that the issuance account gave in the seals counted so far",
        sql: "SELECT NULL AS subject FROM (SELECT COALESCE(sum(points), 0) AS points FROM issuance) AS i, \
              (SELECT COALESCE(sum(e.amount), 0) AS amount FROM entry e JOIN account a ON a.id = e.account_id \
              JOIN sealed_transfer s ON s.transfer_id = e.transfer_id WHERE a.kind = 'issuance' \
              AND s.seal_number <= (SELECT max(seal_number) FROM issuance_count)) AS e WHERE i.points + e.amount <> 0",
    },
    Invariant {
        name: "seats",
        rule: "the seats taken in a session are its enrolments",
        sql: "SELECT s.id AS subject FROM activity_session s \
              LEFT JOIN (SELECT session_id, count(*) AS seats FROM enrolment \
              WHERE state NOT IN ('waitlisted', 'cancelled') GROUP BY session_id) AS e ON e.session_id = s.id \
              WHERE s.enrolled <> COALESCE(e.seats, 0)",
    },
];
