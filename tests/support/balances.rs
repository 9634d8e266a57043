//! What the books must say; the suite and the bench ask the same.

/// What must be nought whatever happened, each a count of things that do not add up.
pub const BALANCES: [(&str, &str); 8] = [
    (
        "transfers sum to zero",
        "SELECT count(*) FROM (SELECT transfer_id FROM entry GROUP BY transfer_id HAVING sum(amount) <> 0) AS t",
    ),
    (
        "balances are the sums of entries",
        "SELECT count(*) FROM account a WHERE a.cached AND a.balance <> \
         (SELECT COALESCE(sum(e.amount), 0) FROM entry e WHERE e.account_id = a.id)",
    ),
    (
        "balances are what is left in lots",
        "SELECT count(*) FROM account a WHERE a.kind = 'points' AND a.balance <> \
         (SELECT COALESCE(sum(l.remaining), 0) FROM lot l WHERE l.account_id = a.id)",
    ),
    (
        "lots are what was granted less what was used",
        "SELECT count(*) FROM lot l WHERE l.remaining <> l.granted - \
         (SELECT COALESCE(sum(u.amount), 0) FROM lot_use u WHERE u.lot_id = l.id)",
    ),
    (
        "minutes are the sums of service",
        "SELECT count(*) FROM account a WHERE a.kind = 'points' AND a.verified_minutes <> \
         (SELECT COALESCE(sum(r.timed_minutes + r.made_up_minutes), 0) FROM service_record r WHERE r.member_id = a.member_id)",
    ),
    (
        "stock is what was there less what was redeemed",
        "SELECT count(*) FROM offer o WHERE o.stock_total - o.stock_left <> \
         (SELECT count(*) FROM redemption r WHERE r.offer_id = o.id AND r.state IN ('issued', 'verified', 'settled'))",
    ),
    (
        "seats are counted",
        "SELECT count(*) FROM activity_session s WHERE s.enrolled <> (SELECT count(*) FROM enrolment e \
         WHERE e.session_id = s.id AND e.state NOT IN ('waitlisted', 'cancelled'))",
    ),
    (
        "a redemption took its points once",
        "SELECT count(*) FROM redemption r WHERE r.points <> (SELECT COALESCE(-sum(e.amount), 0) FROM entry e \
         JOIN account a ON a.id = e.account_id WHERE e.transfer_id = r.transfer_id AND a.kind = 'points')",
    ),
];
