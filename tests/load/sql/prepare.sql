-- The district as the bench needs it: points and stock that last, and seats to arrive in. Members redeem hundreds of
-- times, so prices and limits are lowered to what they have; what a redemption does stays the same.
\set ON_ERROR_STOP on

BEGIN;

UPDATE offer SET price = 1, limit_per_member = NULL,
    stock_total = stock_total + 10000000, stock_left = stock_left + 10000000;

ALTER TABLE rulebook DISABLE TRIGGER rulebook_kept;
UPDATE rulebook SET body = (body::jsonb ||
    '{"earning": {"sign_pairs_per_activity_day": 1000}, "redemption": {"per_item_per_quarter": 0, "per_month": 0, "value_cap_year_fen": 0}}')::text;
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

-- Service to be credited, once the bench says that its publicity is over: each of the others served an hour, in one of a
-- thousand sessions on five days of the last week.
INSERT INTO activity SELECT (jsonb_populate_record(activity, jsonb_build_object(
    'id', '01940000-0021-7000-9000-000000000001', 'ends_at', now() + interval '1 year'))).*
FROM activity WHERE id = '01940000-0021-7000-8000-000000000001';

CREATE TEMPORARY TABLE service AS
SELECT ('01940000-00ea-7000-8000-' || lpad(to_hex(place % 1000), 12, '0'))::uuid AS session,
    ('01940000-00ea-7000-9000-' || lpad(to_hex(place % 1000 * 1000 + place / 1000), 12, '0'))::uuid AS enrolment,
    member.id AS member, date_trunc('hour', now()) - interval '6 days' - place % 5 * interval '1 day' AS starts_at
FROM (SELECT id, row_number() OVER (ORDER BY id) - 1 AS place FROM member
    WHERE id >= ('01940000-0011-7000-8000-' || lpad(to_hex(62 + :phones), 12, '0'))::uuid) AS member;

INSERT INTO activity_session (id, activity_id, starts_at, ends_at, enrolment_closes_at, capacity, enrolled)
SELECT session, '01940000-0021-7000-9000-000000000001', starts_at, starts_at + interval '1 hour', starts_at,
    count(*), count(*)
FROM service GROUP BY session, starts_at;

INSERT INTO enrolment (id, session_id, activity_id, member_id, state, enrolled_at, checked_in_at, checked_out_at,
    timed_minutes, confirmed_by, confirmed_at, evaluation)
SELECT enrolment, session, activity.id, member, 'lead_confirmed', service.starts_at, service.starts_at,
    service.starts_at + interval '1 hour', 60, lead_member_id, now(), 'b'
FROM service, activity WHERE activity.id = '01940000-0021-7000-9000-000000000001';

COMMIT;

VACUUM ANALYZE;
CHECKPOINT;
