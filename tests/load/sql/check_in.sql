\set phone random(0, :phones - 1)
\set session random(1, :sessions)
BEGIN;
SELECT * FROM enrolment WHERE member_id = demo_id('11', 62 + :phone) AND session_id = demo_id('be', :session) LIMIT 1 FOR UPDATE;
SELECT * FROM activity_session WHERE id = demo_id('be', :session);
SELECT * FROM activity WHERE id = demo_id('21', 1);
UPDATE enrolment SET state = 'checked_in', checked_in_at = now(), version = version + 1 WHERE member_id = demo_id('11', 62 + :phone) AND session_id = demo_id('be', :session);
INSERT INTO audit (id, at, business_at, actor_kind, actor_id, action, object_kind, object_id, result, ip, request_id) VALUES (new_id(), now(), now(), 'member', demo_id('11', 62 + :phone), 'check_in', 'enrolment', demo_id('be', :session), 'done', '127.0.0.1', gen_random_uuid()::text);
COMMIT;
