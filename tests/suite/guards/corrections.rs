//! The guards of what puts points right, gives them away, tells of them or proves them, and of the rules.

/// What the demo lacks, so that every guard has a row to refuse.
pub(super) const ROWS: [&str; 5] = [
    "INSERT INTO ledger_finding (id, invariant, member_id, state, found_at, seen_at, explanation, explained_by, \
     explained_by_person, explained_at) SELECT id, 'balance', member_id, 'explained', proposed_at, proposed_at, 'why', \
     proposed_by, proposed_by, proposed_at FROM misconduct_case WHERE state = 'proposed'",
    "INSERT INTO ledger_finding (id, invariant, state, found_at, seen_at) SELECT proposed_by, 'stock', 'open', proposed_at, \
     proposed_at FROM misconduct_case WHERE state = 'proposed'",
    "INSERT INTO notice (id, member_id, gone_at, days_before, points, created_at) \
     SELECT id, member_id, proposed_at, 7, 5, proposed_at FROM misconduct_case WHERE state = 'proposed'",
    "INSERT INTO budget (id, year, funding_source, fen, fen_per_point, changed_by, changed_at) \
     SELECT id, 2026, 'fiscal', 100, 10, proposed_by, proposed_at FROM misconduct_case WHERE state = 'proposed'",
    "INSERT INTO budget_warning (budget_id, version, level, issued_points, created_at) \
     SELECT id, version, 'near', 8, changed_at FROM budget",
];

/// A guard, and a statement that breaks it and no other.
pub(super) const GUARDS: &[(&str, &str)] = &[
    ("adjustment_pkey", "UPDATE adjustment SET id = (SELECT id FROM adjustment ORDER BY id LIMIT 1)"),
    ("adjustment_state", "UPDATE adjustment SET state = 'lost' WHERE state = 'proposed'"),
    ("adjustment_amount", "UPDATE adjustment SET amount = 0 WHERE state = 'proposed'"),
    ("adjustment_two_persons", "UPDATE adjustment SET decided_by = proposed_by WHERE state = 'approved'"),
    ("adjustment_decided", "UPDATE adjustment SET state = 'refused' WHERE state = 'proposed'"),
    ("adjustment_hold", "UPDATE adjustment SET amount = -5 WHERE state = 'proposed'"),
    ("adjustment_posted", "UPDATE adjustment SET transfer_id = NULL WHERE state = 'approved'"),
    (
        "adjustment_unique_hold_id",
        "UPDATE adjustment SET amount = -5, hold_id = (SELECT hold_id FROM adjustment WHERE state = 'approved') \
         WHERE state = 'proposed'",
    ),
    (
        "adjustment_unique_transfer_id",
        "UPDATE adjustment SET state = 'approved', decided_by = {other}, \
         transfer_id = (SELECT transfer_id FROM adjustment WHERE state = 'approved') WHERE state = 'proposed'",
    ),
    (
        "donation_pkey",
        "INSERT INTO donation SELECT id, member_id, node_id, points, {spending}, donated_at FROM donation",
    ),
    (
        "donation_points",
        "INSERT INTO donation SELECT {new}, member_id, node_id, 0, {spending}, donated_at FROM donation",
    ),
    (
        "donation_unique_transfer_id",
        "INSERT INTO donation SELECT {new}, member_id, node_id, points, transfer_id, donated_at FROM donation",
    ),
    ("misconduct_case_pkey", "INSERT INTO {case} SELECT c.id, {charge} 0, NULL, NULL {others} LIMIT 1"),
    (
        "misconduct_case_state",
        "UPDATE misconduct_case SET state = 'lost', decided_by = {other} WHERE state = 'proposed'",
    ),
    (
        "misconduct_case_two_persons",
        "UPDATE misconduct_case SET state = 'confirmed', decided_by = proposed_by WHERE state = 'proposed'",
    ),
    (
        "misconduct_case_third_person",
        "UPDATE misconduct_case SET state = 'upheld', decided_by = {other}, ruled_by = proposed_by WHERE state = 'proposed'",
    ),
    ("misconduct_case_decided", "UPDATE misconduct_case SET decided_by = {other} WHERE state = 'proposed'"),
    (
        "misconduct_case_ruled",
        "UPDATE misconduct_case SET state = 'upheld', decided_by = {other} WHERE state = 'proposed'",
    ),
    ("misconduct_case_deduction", "UPDATE misconduct_case SET deduction = 1 WHERE state = 'proposed'"),
    ("misconduct_case_lead_at_fault", "UPDATE misconduct_case SET lead_at_fault = member_id WHERE state = 'proposed'"),
    (
        "misconduct_case_lead_barred",
        "UPDATE misconduct_case SET lead_barred_until = proposed_at WHERE state = 'proposed'",
    ),
    ("misconduct_case_appealed", "UPDATE misconduct_case SET appealed_by = member_id WHERE state = 'proposed'"),
    (
        "misconduct_case_open_enrolment_id",
        "INSERT INTO misconduct_case (id, enrolment_id, member_id, reason, evidence, fraud, state, node_id, proposed_by, \
         proposed_at, deduction) SELECT {new}, enrolment_id, member_id, reason, evidence, fraud, state, node_id, \
         proposed_by, proposed_at, 0 FROM misconduct_case WHERE state = 'proposed'",
    ),
    ("misconduct_case_unique_clawback_id", "INSERT INTO {case} SELECT {new}, {charge} 0, {spending}, NULL {others}"),
    ("misconduct_case_unique_deduction_id", "INSERT INTO {case} SELECT {new}, {charge} 5, NULL, {spending} {others}"),
    (
        "objection_pkey",
        "INSERT INTO objection (id, enrolment_id, member_id, reason, state, created_at) SELECT o.id, e.id, o.member_id, \
         o.reason, o.state, o.created_at FROM objection o, enrolment e WHERE e.id <> o.enrolment_id LIMIT 1",
    ),
    ("objection_state", "UPDATE objection SET state = 'lost', {decision} WHERE state = 'open'"),
    ("objection_decided", "UPDATE objection SET state = 'upheld'"),
    ("objection_whole", "UPDATE objection SET answer = 'a'"),
    ("objection_two_persons", "UPDATE objection SET state = 'upheld', decided_by_member = member_id, {decision}"),
    (
        "objection_open_enrolment_id",
        "INSERT INTO objection (id, enrolment_id, member_id, reason, state, created_at) SELECT {new}, enrolment_id, \
         member_id, reason, state, created_at FROM objection",
    ),
    (
        "service_reversal_pkey",
        "INSERT INTO service_reversal SELECT id, record_id, case_id, 'reinstate', 0, 0, at FROM service_reversal",
    ),
    (
        "service_reversal_kind",
        "INSERT INTO service_reversal SELECT {new}, record_id, case_id, 'lost', 0, 0, at FROM service_reversal",
    ),
    (
        "service_reversal_minutes",
        "INSERT INTO service_reversal SELECT {new}, s.id, v.case_id, 'void', 1, 0, v.at FROM service_reversal v, \
         service_record s WHERE s.id NOT IN (SELECT record_id FROM service_reversal) LIMIT 1",
    ),
    (
        "service_reversal_back",
        "INSERT INTO service_reversal SELECT {new}, record_id, case_id, 'reinstate', -1, 0, at FROM service_reversal",
    ),
    (
        "service_reversal_unique_record_id_kind",
        "INSERT INTO service_reversal SELECT {new}, record_id, case_id, kind, 0, 0, at FROM service_reversal",
    ),
    (
        "account_checkpoint_pkey",
        "UPDATE account_checkpoint SET account_id = (SELECT account_id FROM account_checkpoint ORDER BY account_id LIMIT 1)",
    ),
    ("account_checkpoint_sequence", "UPDATE account_checkpoint SET sequence = 0"),
    ("ledger_finding_pkey", "UPDATE ledger_finding SET id = (SELECT id FROM ledger_finding ORDER BY id LIMIT 1)"),
    ("ledger_finding_state", "UPDATE ledger_finding SET state = 'lost' WHERE state = 'explained'"),
    ("ledger_finding_explained", "UPDATE ledger_finding SET state = 'explained' WHERE state = 'open'"),
    ("ledger_finding_closed", "UPDATE ledger_finding SET state = 'closed' WHERE state = 'explained'"),
    (
        "ledger_finding_two_persons",
        "UPDATE ledger_finding SET state = 'closed', closed_at = found_at, confirmed_by = explained_by \
         WHERE state = 'explained'",
    ),
    (
        "ledger_finding_open_member_id_invariant",
        "INSERT INTO ledger_finding (id, invariant, member_id, state, found_at, seen_at) SELECT {new}, invariant, member_id, \
         'open', found_at, seen_at FROM ledger_finding WHERE member_id IS NOT NULL",
    ),
    (
        "ledger_finding_open_invariant",
        "INSERT INTO ledger_finding (id, invariant, state, found_at, seen_at) SELECT {new}, invariant, 'open', found_at, \
         seen_at FROM ledger_finding WHERE member_id IS NULL",
    ),
    (
        "notice_pkey",
        "INSERT INTO notice SELECT id, member_id, gone_at, days_before + 1, points, created_at FROM notice",
    ),
    ("notice_points", "UPDATE notice SET points = 0"),
    (
        "notice_unique_member_id_gone_at_days_before",
        "INSERT INTO notice SELECT {new}, member_id, gone_at, days_before, points, created_at FROM notice",
    ),
    (
        "budget_pkey",
        "INSERT INTO budget SELECT id, year + 1, funding_source, fen, fen_per_point, version, changed_by, changed_at \
         FROM budget",
    ),
    ("budget_funding_source", "UPDATE budget SET funding_source = 'nobody'"),
    ("budget_fen", "UPDATE budget SET fen = 0"),
    (
        "budget_unique_year_funding_source",
        "INSERT INTO budget SELECT {new}, year, funding_source, fen, fen_per_point, version, changed_by, changed_at \
         FROM budget",
    ),
    ("budget_warning_pkey", "INSERT INTO budget_warning SELECT * FROM budget_warning"),
    ("budget_warning_level", "UPDATE budget_warning SET level = 'lost'"),
    ("seal_key_pkey", "INSERT INTO seal_key SELECT * FROM seal_key"),
    ("issuance_pkey", "INSERT INTO issuance SELECT * FROM issuance"),
    ("issuance_funding_source", "UPDATE issuance SET funding_source = 'nobody'"),
    ("issuance_count_pkey", "INSERT INTO issuance_count SELECT * FROM issuance_count"),
    ("issuance_count_single", "UPDATE issuance_count SET id = 2"),
    ("reward_pkey", "INSERT INTO reward SELECT id, {happening} 'another', {recorded}"),
    ("reward_state", "UPDATE reward SET state = 'lost', decided_by = {other}"),
    ("reward_two_persons", "UPDATE reward SET state = 'approved', decided_by = proposed_by"),
    ("reward_decided", "UPDATE reward SET state = 'approved'"),
    ("reward_refusal", "UPDATE reward SET refusal = 'r'"),
    (
        "reward_open_member_id_event_reference",
        "INSERT INTO reward SELECT {new}, member_id, 'bravery', happened_at, reference, {recorded}, \
         (SELECT 1 AS n UNION ALL SELECT 2) AS twice",
    ),
    (
        "reward_open_event_reference",
        "INSERT INTO reward SELECT {new}, (SELECT m.id FROM member m WHERE m.id <> member_id ORDER BY m.id LIMIT 1), event, \
         happened_at, reference, {recorded}",
    ),
    (
        "reversal_pkey",
        "INSERT INTO reversal SELECT v.id, r.id, {asked} FROM reversal v, redemption r WHERE r.id <> v.redemption_id LIMIT 1",
    ),
    (
        "reversal_state",
        "UPDATE reversal SET state = 'lost', decided_at = requested_at, decided_by = (SELECT id FROM admin ORDER BY id LIMIT 1)",
    ),
    ("reversal_decided", "UPDATE reversal SET state = 'approved'"),
    ("reversal_refusal", "UPDATE reversal SET refusal = 'r'"),
    ("reversal_open_redemption_id", "INSERT INTO reversal SELECT {new}, v.redemption_id, {asked} FROM reversal v"),
    ("exclusion_pkey", "INSERT INTO exclusion SELECT id, member_id, 'earning', {stop}"),
    ("exclusion_kind", "UPDATE exclusion SET kind = 'lost'"),
    ("exclusion_lifted", "UPDATE exclusion SET lifted_at = set_at"),
    (
        "exclusion_order",
        "UPDATE exclusion SET set_at = {end}, lifted_at = set_at, lifted_by = set_by, lifted_node_id = node_id",
    ),
    ("exclusion_same_person", "UPDATE exclusion SET set_by_member = member_id"),
    ("exclusion_open_member_id_kind", "INSERT INTO exclusion SELECT {new}, member_id, kind, {stop}"),
    ("rulebook_pkey", "INSERT INTO {rules} SELECT id, scope_id, 99, 'draft', {holding}"),
    ("rulebook_state", "UPDATE rulebook SET state = 'lost' WHERE state = 'draft'"),
    ("rulebook_unique_scope_id_version", "INSERT INTO {rules} SELECT {new}, scope_id, version, 'draft', {holding}"),
    ("rulebook_open_scope_id", "INSERT INTO {rules} SELECT {new}, scope_id, 99, 'effective', {holding}"),
    ("rulebook_simulation_pkey", "INSERT INTO rulebook_simulation SELECT * FROM rulebook_simulation"),
    ("rulebook_simulation_state", "UPDATE rulebook_simulation SET state = 'lost', finished_at = NULL, outcome = NULL"),
    ("rulebook_simulation_period", "UPDATE rulebook_simulation SET period_to = period_from"),
    (
        "rulebook_simulation_finished",
        "UPDATE rulebook_simulation SET state = 'failed', finished_at = NULL, outcome = NULL",
    ),
    ("rulebook_simulation_outcome", "UPDATE rulebook_simulation SET outcome = NULL"),
];

/// What these statements have in common.
pub(super) const PHRASES: [(&str, &str); 11] = [
    (
        "{decision}",
        "decided_by = (SELECT id FROM admin ORDER BY id LIMIT 1), decided_at = created_at, answer = 'a', \
         decided_node_id = (SELECT id FROM organisation ORDER BY id LIMIT 1)",
    ),
    (
        "{stop}",
        "node_id, set_by, set_by_member, set_at, lifted_node_id, lifted_by, lifted_by_member, lifted_at FROM exclusion",
    ),
    ("{other}", "(SELECT a.id FROM admin a WHERE a.id <> proposed_by ORDER BY a.id LIMIT 1)"),
    (
        "{case}",
        "misconduct_case (id, enrolment_id, member_id, reason, evidence, fraud, state, node_id, proposed_by, proposed_at, \
         deduction, clawback_id, deduction_id)",
    ),
    ("{charge}", "e.id, c.member_id, 'r', 'e', c.fraud, c.state, c.node_id, c.proposed_by, c.proposed_at,"),
    (
        "{others}",
        "FROM (SELECT * FROM misconduct_case WHERE state = 'proposed') AS c, (SELECT id FROM enrolment WHERE id NOT IN (SELECT enrolment_id FROM misconduct_case) \
         ORDER BY id LIMIT 2) AS e",
    ),
    ("{happening}", "member_id, event, happened_at,"),
    ("{rules}", "rulebook (id, scope_id, version, state, body, effective_from, created_at)"),
    (
        "{holding}",
        "body, effective_from, created_at FROM rulebook WHERE state = 'effective' AND effective_to IS NULL LIMIT 1",
    ),
    (
        "{recorded}",
        "evidence, state, node_id, proposed_by, proposed_by_member, proposed_at, decided_node_id, decided_by, \
         decided_by_member, decided_at, refusal FROM reward",
    ),
    (
        "{asked}",
        "v.state, v.reason, v.requested_by, v.requested_at, v.lapses_at, v.decided_by, v.decided_at, v.refusal",
    ),
];
