\set offer random(0, 255)
SELECT * FROM offer WHERE id = demo_id('44', :offer);
