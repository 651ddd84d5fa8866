-- Each setting has a unit, a range and a context.
SELECT name, unit, context, vartype, min_val, max_val, boot_val
  FROM pg_settings WHERE name LIKE 'pg\_baton.%' ORDER BY name COLLATE "C";
-- Out of range, wrong and unknown ones are refused.
ALTER SYSTEM SET pg_baton.check_interval = '10ms';
ALTER SYSTEM SET pg_baton.peer_timeout = '2h';
ALTER SYSTEM SET pg_baton.node_name = 'Not A Name';
SET pg_baton.no_such_setting = 1;
SET pg_baton.check_interval = '2s';
