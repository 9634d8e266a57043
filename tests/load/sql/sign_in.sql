\set phone random(0, :phones - 1)
SELECT identity, member, app_id, open_id, new_id() AS session FROM floor_phone WHERE number = :phone \gset
BEGIN;
INSERT INTO wechat_identity (id, app_id, open_id, created_at) VALUES (new_id(), :app_id, :open_id, now()) ON CONFLICT (app_id, open_id) DO NOTHING;
SELECT * FROM wechat_identity WHERE app_id = :app_id AND open_id = :open_id;
SELECT * FROM wechat_identity WHERE id = :identity FOR UPDATE;
UPDATE session SET revoked_at = now(), revoked_because = 'signed_in_again' WHERE identity_id = :identity AND audience = 'member' AND revoked_at IS NULL;
INSERT INTO session (id, audience, identity_id, version, refresh_counter, refresh_hash, rotated_at, created_at, expires_at) VALUES (:session, 'member', :identity, 0, 0, sha256(:session::text::bytea), now(), now(), now() + interval '30 days');
INSERT INTO audit (id, at, business_at, actor_kind, action, object_kind, object_id, result, ip, request_id) VALUES (new_id(), now(), now(), 'anonymous', 'log_in_wechat', 'session', :session, 'done', '127.0.0.1', :session);
COMMIT;
SELECT * FROM wechat_identity WHERE id = :identity;
SELECT * FROM member WHERE id = :member;
