-- The district as the bench needs it: points and stock that last, and seats to arrive in. Members redeem hundreds of
-- times, so prices and limits are lowered to what they have; what a redemption does stays the same.
\set ON_ERROR_STOP on

BEGIN;

UPDATE offer SET price = 1, limit_per_member = NULL,
    stock_total = stock_total + 10000000, stock_left = stock_left + 10000000;

ALTER TABLE rulebook DISABLE TRIGGER rulebook_kept;
UPDATE rulebook SET body = (body::jsonb ||
    '{"redemption": {"per_item_per_quarter": 0, "per_month": 0, "value_cap_year_fen": 0}}')::text;
ALTER TABLE rulebook ENABLE TRIGGER rulebook_kept;

-- More sessions of the activity that runs now.
INSERT INTO activity_session (id, activity_id, starts_at, ends_at, enrolment_closes_at, capacity, enrolled)
SELECT ('01940000-00be-7000-8000-' || lpad(to_hex(number), 12, '0'))::uuid,
    activity_id, starts_at, ends_at, enrolment_closes_at, :phones, :phones
FROM activity_session, generate_series(1, :sessions) AS number
WHERE id = '01940000-0022-7000-8000-000000000001';

-- The first of the crowd come after the cast of 62.
INSERT INTO enrolment (id, session_id, activity_id, member_id, state, enrolled_at)
SELECT ('01940000-00be-7000-9000-' || lpad(to_hex((number - 1) * :phones + phone), 12, '0'))::uuid,
    ('01940000-00be-7000-8000-' || lpad(to_hex(number), 12, '0'))::uuid,
    '01940000-0021-7000-8000-000000000001',
    ('01940000-0011-7000-8000-' || lpad(to_hex(62 + phone), 12, '0'))::uuid,
    'enrolled', now()
FROM generate_series(1, :sessions) AS number, generate_series(0, :phones - 1) AS phone;

COMMIT;

VACUUM ANALYZE;
CHECKPOINT;
