\set round :round + 1
\set turn (:round * :clients + :client_id) % :batches
SELECT floor_earn(:turn);
