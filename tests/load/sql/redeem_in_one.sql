\set phone random(0, :phones - 1)
\set number random(0, :offers - 1)
SELECT floor_redeem(:phone, :number);
