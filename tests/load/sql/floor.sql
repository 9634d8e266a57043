-- A copy of the district for the floor, which may write what it likes: its books are nobody's.
\set ON_ERROR_STOP on

-- The demo's ids by kind and number.
CREATE FUNCTION demo_id(kind text, number integer) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT ('01940000-00' || kind || '-7000-8000-' || lpad(to_hex(number), 12, '0'))::uuid
$$;

-- As ids are made for everything new: ascending.
CREATE FUNCTION new_id() RETURNS uuid LANGUAGE sql VOLATILE AS $$
    SELECT overlay(gen_random_uuid()::text PLACING
        overlay(lpad(to_hex((extract(epoch FROM clock_timestamp()) * 1000)::bigint), 12, '0') PLACING '-' FROM 9 FOR 0)
        FROM 1 FOR 13)::uuid
$$;

-- Who may take part, and in what.
CREATE TABLE floor_phone AS
SELECT phone AS number, member.id AS member, points.id AS points, debt.id AS debt, identity.id AS identity,
    identity.app_id, identity.open_id
FROM generate_series(0, :phones - 1) AS phone
JOIN member ON member.id = demo_id('11', 62 + phone)
JOIN account points ON points.member_id = member.id AND points.kind = 'points'
JOIN account debt ON debt.member_id = member.id AND debt.kind = 'debt'
JOIN wechat_identity identity ON identity.member_id = member.id;
ALTER TABLE floor_phone ADD PRIMARY KEY (number);

-- The first is the one that everybody wants.
CREATE TABLE floor_offer AS
SELECT row_number() OVER (ORDER BY offer.id <> demo_id('44', 1), offer.id) - 1 AS number, offer.id
FROM offer JOIN merchant ON merchant.id = offer.merchant_id
WHERE offer.state = 'listed' AND merchant.regulator_unit_id IS NULL
LIMIT 256;
ALTER TABLE floor_offer ADD PRIMARY KEY (number);

-- Service to credit, a hundred at a time: what one statement after the other is asked about.
CREATE TABLE floor_batch AS
SELECT place / 100 AS number, array_agg(enrolment) AS enrolments, array_agg(session) AS sessions,
    array_agg(member) AS members, array_agg(points) AS points, array_agg(points) || array_agg(debt) AS accounts
FROM (SELECT row_number() OVER (ORDER BY enrolment.id) - 1 AS place, enrolment.id AS enrolment,
        enrolment.session_id AS session, enrolment.member_id AS member, points.id AS points, debt.id AS debt
    FROM enrolment
    JOIN account points ON points.member_id = enrolment.member_id AND points.kind = 'points'
    JOIN account debt ON debt.member_id = enrolment.member_id AND debt.kind = 'debt'
    WHERE enrolment.activity_id = '01940000-0021-7000-9000-000000000001') AS service
GROUP BY place / 100 HAVING count(*) = 100;
ALTER TABLE floor_batch ADD PRIMARY KEY (number);

-- A hundred credits in one call: the least that PostgreSQL has to do for them.
CREATE FUNCTION floor_earn(turn bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    batch floor_batch%ROWTYPE;
    transfers uuid[] := ARRAY(SELECT gen_random_uuid() FROM generate_series(1, 100));
BEGIN
    SELECT * INTO batch FROM floor_batch WHERE number = turn;
    PERFORM FROM enrolment WHERE id = ANY (batch.enrolments) ORDER BY id FOR UPDATE;
    PERFORM FROM account WHERE id = ANY (batch.accounts) ORDER BY id FOR UPDATE;
    INSERT INTO transfer (id, kind, reason, source_kind, source_id, actor_kind, business_at, posted_at)
    SELECT id, 'earn', '参加活动：周末清理楼道', 'enrolment', id, 'job', now(), now() FROM unnest(transfers) AS id;
    INSERT INTO entry (transfer_id, leg, account_id, amount, sequence, balance_after, previous_hash, hash)
    SELECT transfer, 0, account.id, 10, sequence + 1, balance + 10, last_hash, sha256(transfer::text::bytea)
    FROM unnest(transfers, batch.points) AS new (transfer, points) JOIN account ON account.id = points;
    INSERT INTO entry (transfer_id, leg, account_id, amount)
    SELECT transfer, 1, account.id, -10 FROM unnest(transfers) AS transfer, account
    WHERE kind = 'issuance' AND member_id IS NULL;
    INSERT INTO lot (id, account_id, transfer_id, granted, remaining, expires_at)
    SELECT new_id(), points, transfer, 10, 10, now() + interval '1 year'
    FROM unnest(transfers, batch.points) AS new (transfer, points);
    INSERT INTO earn_event (member_id, source_kind, source_id, transfer_id, rulebook_id, rule, timed_minutes,
        made_up_minutes, counted_minutes, base_points, coefficient_bp, uncapped_points, points, debt_paid, business_at)
    SELECT member, 'enrolment', transfer, transfer, rulebook.id, 'service.general.b', 60, 0, 60, 10, 10000, 10, 10, 0,
        now()
    FROM unnest(transfers, batch.members) AS new (transfer, member),
        (SELECT id FROM rulebook ORDER BY effective_from LIMIT 1) AS rulebook;
    INSERT INTO service_record (id, member_id, source_kind, source_id, timed_minutes, made_up_minutes, nature,
        served_at, verified_at)
    SELECT new_id(), member, 'enrolment', transfer, 60, 0, 'voluntary', now(), now()
    FROM unnest(transfers, batch.members) AS new (transfer, member);
    UPDATE account SET balance = balance + 10, sequence = sequence + 1, last_hash = sha256(transfer::text::bytea),
        lifetime_earned = lifetime_earned + 10, verified_minutes = verified_minutes + 60
    FROM unnest(transfers, batch.points) AS new (transfer, points) WHERE account.id = points;
    UPDATE enrolment SET state = 'credited', settled_at = now(), version = version + 1
    WHERE id = ANY (batch.enrolments);
    INSERT INTO audit (id, at, business_at, actor_kind, action, object_kind, result, request_id)
    VALUES (new_id(), now(), now(), 'job', 'credit_service', 'none', 'done', transfers[1]::text);
END
$$;

-- Points without end.
UPDATE lot SET granted = granted + 1000000, remaining = remaining + 1000000
WHERE account_id IN (SELECT points FROM floor_phone) AND remaining > 0;
UPDATE account SET balance = (SELECT sum(remaining) FROM lot WHERE account_id = account.id)
WHERE id IN (SELECT points FROM floor_phone);

-- A whole redemption in one call: the least that PostgreSQL has to do for it.
CREATE FUNCTION floor_redeem(phone integer, offer_number integer) RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE
    who floor_phone%ROWTYPE;
    what offer%ROWTYPE;
    purse account%ROWTYPE;
    lot_id uuid;
    redemption_id uuid := new_id();
    transfer_id uuid := gen_random_uuid();
    random_hash bytea := sha256(redemption_id::text::bytea);
BEGIN
    SELECT * INTO who FROM floor_phone WHERE number = phone;
    SELECT offer.* INTO what FROM offer JOIN floor_offer USING (id) WHERE floor_offer.number = offer_number;
    INSERT INTO idempotency (person_id, operation, key, request_hash, status, body, created_at)
    VALUES (who.member, 'redeem_offer', redemption_id::text, random_hash, 201, repeat('x', 600), now());
    SELECT * INTO purse FROM account WHERE id = who.points FOR UPDATE;
    SELECT id INTO lot_id FROM lot WHERE account_id = who.points AND remaining > 0 ORDER BY expires_at, id LIMIT 1;
    INSERT INTO transfer (id, kind, reason, source_kind, source_id, actor_kind, actor_id, business_at, posted_at)
    VALUES (transfer_id, 'redeem', '兑换：' || what.title, 'redemption', redemption_id, 'member', who.member, now(), now());
    INSERT INTO entry (transfer_id, leg, account_id, amount, sequence, balance_after, previous_hash, hash)
    VALUES (transfer_id, 0, who.points, -1, purse.sequence + 1, purse.balance - 1, purse.last_hash, random_hash),
        (transfer_id, 1, (SELECT id FROM account WHERE kind = 'redemption' AND member_id IS NULL), 1, NULL, NULL, NULL, NULL);
    INSERT INTO lot_use (lot_id, transfer_id, amount) VALUES (lot_id, transfer_id, 1);
    UPDATE account SET balance = balance - 1, sequence = sequence + 1, last_hash = random_hash WHERE id = who.points;
    UPDATE lot SET remaining = remaining - 1 WHERE id = lot_id;
    INSERT INTO redemption (id, offer_id, merchant_id, member_id, title, terms, points, face_value_fen, funding_source,
        state, code_hash, transfer_id, issued_at, expires_at)
    VALUES (redemption_id, what.id, what.merchant_id, who.member, what.title, what.terms, 1, what.face_value_fen,
        what.funding_source, 'issued', random_hash, transfer_id, now(), now() + interval '30 days');
    INSERT INTO audit (id, at, business_at, actor_kind, actor_id, action, object_kind, object_id, result, ip, request_id)
    VALUES (new_id(), now(), now(), 'member', who.member, 'redeem_offer', 'redemption', redemption_id, 'done',
        '127.0.0.1', redemption_id::text);
    UPDATE offer SET stock_left = stock_left - 1 WHERE id = what.id AND state = 'listed' AND stock_left >= 1;
    RETURN redemption_id;
END
$$;

VACUUM ANALYZE;
CHECKPOINT;
