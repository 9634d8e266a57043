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
