//! What holds of transfers and their legs.

use super::Invariant;

pub(super) const ALL: &[Invariant] = &[
    Invariant {
        name: "transfer_sum",
        rule: "the legs of a transfer are two at least and sum to zero",
        sql: "SELECT t.id AS subject FROM transfer t LEFT JOIN entry e ON e.transfer_id = t.id \
              GROUP BY t.id HAVING COALESCE(sum(e.amount), 1) <> 0 OR count(e.leg) < 2",
    },
    Invariant {
        name: "ledger_sum",
        rule: "all entries together sum to zero",
        sql: "SELECT NULL AS subject FROM (SELECT sum(amount) AS amount FROM entry) AS e WHERE e.amount <> 0",
    },
    Invariant {
        name: "sealed",
        rule: "once there are seals, every transfer is sealed within five minutes",
        sql: "SELECT t.id AS subject FROM transfer t LEFT JOIN sealed_transfer s ON s.transfer_id = t.id \
              WHERE s.transfer_id IS NULL AND t.posted_at < $1 AND EXISTS (SELECT 1 FROM seal)",
    },
    Invariant {
        name: "one_member",
        rule: "a transfer touches one member: points never pass between members",
        sql: "SELECT e.transfer_id AS subject FROM entry e JOIN {whole}.account a ON a.id = e.account_id WHERE a.cached \
              GROUP BY e.transfer_id HAVING count(DISTINCT a.member_id) > 1",
    },
    Invariant {
        name: "some_member",
        rule: "a transfer touches a member: whoever looks at every member sees every transfer",
        sql: "SELECT t.id AS subject FROM transfer t WHERE NOT EXISTS (SELECT 1 FROM entry e \
              JOIN account a ON a.id = e.account_id WHERE e.transfer_id = t.id AND a.cached)",
    },
    Invariant {
        name: "reversal",
        rule: "a reversal takes back no more than its original did, and in the other direction",
        sql: "SELECT r.id AS subject FROM transfer r \
              LEFT JOIN (SELECT e.transfer_id, sum(e.amount) AS amount FROM entry e JOIN account a ON a.id = e.account_id \
              WHERE a.cached GROUP BY e.transfer_id) AS back ON back.transfer_id = r.id \
              LEFT JOIN (SELECT e.transfer_id, sum(e.amount) AS amount FROM entry e JOIN account a ON a.id = e.account_id \
              WHERE a.cached GROUP BY e.transfer_id) AS original ON original.transfer_id = r.reverses \
              WHERE r.reverses IS NOT NULL AND (original.amount IS NULL OR back.amount IS NULL \
              OR back.amount * original.amount >= 0 OR abs(back.amount) > abs(original.amount))",
    },
];
