SELECT floor_earn();
