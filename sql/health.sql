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
-- What setup-primary makes is not there; a role without the four grants cannot be rewound from.
CREATE ROLE baton_node;
SELECT check_name, status, value_number, unit, threshold, warning_at, critical_at, message, hint
  FROM baton.health
  WHERE check_name NOT IN ('monitor', 'observer', 'storage', 'disk_space', 'wal_space', 'rewind_readiness',
                           'checksum_failures')
  ORDER BY check_name COLLATE "C";
-- These depend on the machine.
SELECT check_name, value_number >= 0 AS is_measured, unit, threshold, warning_at, critical_at
  FROM baton.health WHERE check_name IN ('storage', 'disk_space', 'wal_space')
  ORDER BY check_name COLLATE "C";
SELECT check_name, status, unit, message, now() - checked_at < interval '5 s' AS is_fresh
  FROM baton.health WHERE check_name IN ('monitor', 'observer') ORDER BY check_name COLLATE "C";
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
    EXIT WHEN EXISTS (SELECT FROM baton.health
                      WHERE check_name = 'rewind_readiness' AND message = 'full_page_writes is off')
      AND EXISTS (SELECT FROM baton.health
                  WHERE check_name = 'replication_settings' AND status = 'warning');
    PERFORM pg_sleep(0.1);
  END LOOP;
END
$$;
SELECT check_name, status, message FROM baton.health
  WHERE status <> 'ok' ORDER BY check_name COLLATE "C";
ALTER SYSTEM RESET full_page_writes;
SELECT pg_reload_conf();
DO $$
BEGIN
  FOR i IN 1..300 LOOP
    EXIT WHEN EXISTS (SELECT FROM baton.health
                      WHERE check_name = 'rewind_readiness' AND message LIKE 'role baton_node may not%');
    PERFORM pg_sleep(0.1);
  END LOOP;
END
$$;
SELECT message, hint FROM baton.health WHERE check_name = 'rewind_readiness';
DROP ROLE baton_node;
-- Every setting that matters, fine or not.
SELECT name, wanted, fine, change_by, takes_effect, on_primary FROM baton.settings_check
  ORDER BY name COLLATE "C";
-- This node alone, not registered yet.
SELECT name, reachable, role, state, timeline, upstream, replay_lag, error FROM baton.cluster;
SELECT pg_create_physical_replication_slot('regress_baton_slot', true) IS NOT NULL AS made;
SELECT baton.check_now('10 s');
SELECT slot_name, slot_type, active, wal_status, retained_bytes IS NOT NULL AS retains, safe_bytes,
       inactive_since IS NOT NULL AS knows_since, xmin_age, reason FROM baton.slots;
SELECT pg_drop_replication_slot('regress_baton_slot');
-- What happened, newest first.
SELECT kind, message FROM baton.events WHERE kind = 'started';
SELECT count(*) > 0 AS in_order FROM (
  SELECT event_id, lead(event_id) OVER () AS older FROM baton.events) AS e WHERE older = event_id - 1;
-- The same rows for Prometheus.
SELECT line FROM regexp_split_to_table(baton.metrics(), '\n') AS line
  WHERE line LIKE 'pg_baton_check_status{check="sl%' OR line LIKE 'pg_baton_is_primary%'
  ORDER BY line COLLATE "C";
