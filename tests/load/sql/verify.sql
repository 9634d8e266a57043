\set draw random(0, 2147483647)
SELECT redemption.id AS voucher, redemption.merchant_id AS merchant, staff.id AS staff, staff.store_id AS store, new_id() AS key FROM redemption INNER JOIN staff ON staff.merchant_id = redemption.merchant_id WHERE redemption.code_hash >= decode(lpad(to_hex(:draw::bigint), 8, '0'), 'hex') ORDER BY redemption.code_hash LIMIT 1 \gset
BEGIN;
INSERT INTO idempotency (person_id, operation, key, request_hash, status, body, created_at) VALUES (:staff, 'verify_voucher', :key, sha256(:key::text::bytea), 0, '', now()) ON CONFLICT (person_id, operation, key) DO NOTHING;
SELECT redemption.*, merchant.name, member.name, staff.name, store.name FROM redemption INNER JOIN merchant ON redemption.merchant_id = merchant.id INNER JOIN member ON redemption.member_id = member.id LEFT JOIN staff ON redemption.verified_by = staff.id LEFT JOIN store ON redemption.verified_store_id = store.id WHERE redemption.id = :voucher AND redemption.merchant_id = :merchant;
UPDATE redemption SET state = 'verified', verified_at = now(), verified_by = :staff, verified_store_id = :store WHERE id = :voucher AND state IN ('issued', 'verified') AND expires_at > now();
SELECT redemption.*, merchant.name, member.name, staff.name, store.name FROM redemption INNER JOIN merchant ON redemption.merchant_id = merchant.id INNER JOIN member ON redemption.member_id = member.id LEFT JOIN staff ON redemption.verified_by = staff.id LEFT JOIN store ON redemption.verified_store_id = store.id WHERE redemption.id = :voucher AND redemption.merchant_id = :merchant;
UPDATE idempotency SET status = 201, body = repeat('x', 500) WHERE person_id = :staff AND operation = 'verify_voucher' AND key = :key;
INSERT INTO audit (id, at, business_at, actor_kind, actor_id, action, object_kind, object_id, result, ip, request_id) VALUES (new_id(), now(), now(), 'merchant', :staff, 'verify_voucher', 'redemption', :voucher, 'done', '127.0.0.1', gen_random_uuid()::text);
COMMIT;
