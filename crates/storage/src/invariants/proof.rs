//! What holds of the proof itself: chains, checkpoints, findings.

use super::Invariant;

pub(super) const ALL: &[Invariant] = &[
    Invariant {
        name: "unchained",
        rule: "members' entries have a chain, and those of the books' own accounts have none",
        sql: "SELECT e.transfer_id AS subject FROM entry e JOIN {whole}.account a ON a.id = e.account_id \
              WHERE a.cached <> (e.sequence IS NOT NULL) OR (e.previous_hash IS NOT NULL AND e.hash IS NULL)",
    },
    Invariant {
        name: "unchained_books",
        rule: "the books' own accounts name no last hash",
        sql: "SELECT a.id AS subject FROM account a WHERE NOT a.cached AND a.last_hash IS NOT NULL",
    },
    Invariant {
        name: "checkpoint",
        rule: "what was reconciled once still stands as it stood",
        sql: "SELECT c.account_id AS subject FROM account_checkpoint c \
              LEFT JOIN entry e ON e.account_id = c.account_id AND e.sequence = c.sequence \
              WHERE e.hash IS DISTINCT FROM c.hash",
    },
    Invariant {
        name: "finding_frozen",
        rule: "an account with a finding is frozen until the finding is closed",
        sql: "SELECT f.id AS subject FROM ledger_finding f JOIN account a ON a.member_id = f.member_id AND a.kind = 'points' \
              WHERE f.state <> 'closed' AND a.frozen_at IS NULL",
    },
];
