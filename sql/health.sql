-- One row a check; what was measured has a number, a unit and the thresholds it was held against.
-- The monitor looks at least once a second; wait for its first look at this database.
DO $$
BEGIN
  FOR i IN 1..300 LOOP
    EXIT WHEN EXISTS (SELECT FROM baton.health WHERE check_name = 'standbys' AND status <> 'unknown');
    PERFORM pg_sleep(0.1);
  END LOOP;
END
$$;
SELECT check_name, status, value_number, unit, threshold, warning_at, critical_at, message, hint
  FROM baton.health WHERE check_name <> 'monitor' ORDER BY check_name COLLATE "C";
SELECT check_name, status, unit, message, now() - checked_at < interval '5 s' AS is_fresh
  FROM baton.health WHERE check_name = 'monitor';
-- The node itself.
SELECT name, role, state, timeline, current_lsn IS NOT NULL AS has_lsn, received_lsn, replayed_lsn,
       upstream, replay_lag, replay_lag_bytes, gate, gate_reasons,
       server_version = current_setting('server_version') AS version_is_right,
       started_at = pg_postmaster_start_time() AS start_is_right
  FROM baton.node_status;
SELECT * FROM baton.standbys;
-- A setting that has to change shows without a restart of anything.
ALTER SYSTEM SET full_page_writes = off;
SELECT pg_reload_conf();
DO $$
BEGIN
  FOR i IN 1..100 LOOP
    EXIT WHEN EXISTS (SELECT FROM baton.health WHERE check_name = 'rewind_readiness' AND status <> 'ok');
    PERFORM pg_sleep(0.1);
  END LOOP;
END
$$;
SELECT check_name, status, message FROM baton.health
  WHERE status <> 'ok' ORDER BY check_name COLLATE "C";
ALTER SYSTEM RESET full_page_writes;
SELECT pg_reload_conf();
