\set phone random(0, :phones - 1)
SELECT entry.transfer_id, entry.account_id, entry.sequence, entry.amount, entry.balance_after, transfer.kind, transfer.reason, transfer.business_at FROM entry INNER JOIN transfer ON transfer.id = entry.transfer_id WHERE entry.account_id = (SELECT points FROM floor_phone WHERE number = :phone) ORDER BY entry.sequence DESC LIMIT 21;
