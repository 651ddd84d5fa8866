-- Each setting has a unit, a range and a context.
SELECT name, unit, context, vartype, min_val, max_val, boot_val
  FROM pg_settings WHERE name LIKE 'pg\_baton.%' ORDER BY name COLLATE "C";
-- Out of range, wrong and unknown ones are refused.
-- 17 shows the unit in the range that the message names.
\set VERBOSITY sqlstate
ALTER SYSTEM SET pg_baton.check_interval = '10ms';
ALTER SYSTEM SET pg_baton.peer_timeout = '2h';
\set VERBOSITY default
ALTER SYSTEM SET pg_baton.node_name = 'Not A Name';
SET pg_baton.no_such_setting = 1;
SET pg_baton.check_interval = '2s';
