\set phone random(0, :phones - 1)
SELECT * FROM account WHERE member_id = demo_id('11', 62 + :phone) AND kind = 'points';
