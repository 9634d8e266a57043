//! What the books must say; the suite and the bench ask the same.

/// What must be nought whatever happened, each a count of things that do not add up.
pub const BALANCES: [(&str, &str); 9] = [
    (
        "transfers sum to zero",
        "SELECT count(*) FROM (SELECT transfer_id FROM entry GROUP BY transfer_id HAVING sum(amount) <> 0) AS t",
    ),
    (
        "balances are the sums of entries",
        "SELECT count(*) FROM account a LEFT JOIN (SELECT account_id, sum(amount) AS amount FROM entry GROUP BY account_id) AS e \
         ON e.account_id = a.id WHERE a.cached AND a.balance <> COALESCE(e.amount, 0)",
    ),
    (
        "balances are what is left in lots",
        "SELECT count(*) FROM account a LEFT JOIN (SELECT account_id, sum(remaining) AS remaining FROM lot GROUP BY account_id) \
         AS l ON l.account_id = a.id WHERE a.kind = 'points' AND a.balance <> COALESCE(l.remaining, 0)",
    ),
    (
        "lots are what was granted less what was used",
        "SELECT count(*) FROM lot l LEFT JOIN (SELECT lot_id, sum(amount) AS amount FROM lot_use GROUP BY lot_id) AS u \
         ON u.lot_id = l.id WHERE l.remaining <> l.granted - COALESCE(u.amount, 0)",
    ),
    (
        "minutes are the sums of service",
        "SELECT count(*) FROM account a LEFT JOIN (SELECT x.member_id, sum(x.minutes) AS minutes FROM \
         (SELECT member_id, timed_minutes + made_up_minutes AS minutes FROM service_record UNION ALL \
         SELECT s.member_id, v.timed_minutes + v.made_up_minutes FROM service_reversal v \
         JOIN service_record s ON s.id = v.record_id) AS x GROUP BY x.member_id) AS r ON r.member_id = a.member_id \
         WHERE a.kind = 'points' AND a.verified_minutes <> COALESCE(r.minutes, 0)",
    ),
    (
        "stock is what was there less what was redeemed",
        "SELECT count(*) FROM offer o LEFT JOIN (SELECT offer_id, count(*) AS pieces FROM redemption \
         WHERE state IN ('issued', 'verified', 'settled') GROUP BY offer_id) AS r ON r.offer_id = o.id \
         WHERE o.stock_total - o.stock_left <> COALESCE(r.pieces, 0)",
    ),
    (
        "seats are counted",
        "SELECT count(*) FROM activity_session s LEFT JOIN (SELECT session_id, count(*) AS seats FROM enrolment \
         WHERE state NOT IN ('waitlisted', 'cancelled') GROUP BY session_id) AS e ON e.session_id = s.id \
         WHERE s.enrolled <> COALESCE(e.seats, 0)",
    ),
    (
        "a redemption took its points once",
        "SELECT count(*) FROM redemption r LEFT JOIN (SELECT e.transfer_id, -sum(e.amount) AS points FROM entry e \
         JOIN account a ON a.id = e.account_id WHERE a.kind = 'points' GROUP BY e.transfer_id) AS t \
         ON t.transfer_id = r.transfer_id WHERE r.points <> COALESCE(t.points, 0)",
    ),
    (
        "a donation gave its points once",
        "SELECT count(*) FROM (SELECT e.transfer_id, sum(e.amount) AS points FROM entry e JOIN account a \
         ON a.id = e.account_id WHERE a.kind = 'donation' GROUP BY e.transfer_id) AS t FULL JOIN donation d \
         ON d.transfer_id = t.transfer_id WHERE COALESCE(d.points, 0) <> COALESCE(t.points, 0)",
    ),
];
