-- Nothing for PUBLIC, reading for pg_monitor, acting for baton_operator.
CREATE ROLE regress_baton_plain;
CREATE ROLE regress_baton_reader IN ROLE pg_monitor;
CREATE ROLE regress_baton_actor IN ROLE baton_operator;
SELECT count(*) AS granted_to_public
  FROM pg_proc p, aclexplode(COALESCE(p.proacl, acldefault('f', p.proowner))) a
  WHERE p.pronamespace = 'baton'::regnamespace AND a.grantee = 0;
SELECT count(*) AS granted_to_public
  FROM pg_class c, aclexplode(COALESCE(c.relacl, acldefault('r', c.relowner))) a
  WHERE c.relnamespace = 'baton'::regnamespace AND c.relkind IN ('r', 'v') AND a.grantee = 0;

SET ROLE regress_baton_plain;
SELECT * FROM baton.node_status;
SELECT * FROM baton.health;
SELECT baton.version();
SELECT * FROM baton.cluster;
SELECT * FROM baton.slots;
SELECT * FROM baton.events;
SELECT * FROM baton.settings_check;
SELECT baton.metrics();
SELECT * FROM baton.self_report(true);
SELECT * FROM baton.promote();
SELECT * FROM baton.demotion_check;
SELECT * FROM baton.switchover_check('x');
SELECT * FROM baton.follow_check('x');
SELECT * FROM baton.follow('x');
SELECT * FROM baton.archive_check();
RESET ROLE;

SET ROLE regress_baton_reader;
SELECT role FROM baton.node_status;
SELECT count(*) > 0 AS sees_health FROM baton.health;
SELECT count(*) FROM baton.standbys;
SELECT count(*) > 0 AS sees_cluster FROM baton.cluster;
SELECT count(*) FROM baton.slots;
SELECT method, state FROM baton.archive_status;
SELECT count(*) > 0 AS sees_events FROM baton.events;
SELECT count(*) > 0 AS sees_settings FROM baton.settings_check;
SELECT length(baton.metrics()) > 1000 AS sees_metrics;
SELECT settings LIKE '%shared_preload_libraries=%' AS sees_report FROM baton.self_report(true);
SELECT count(*) FROM baton.promotion_check;
SELECT count(*) > 1 AS sees_demotion_check FROM baton.demotion_check;
SELECT count(*) > 1 AS sees_switchover_check FROM baton.switchover_check('x');
SELECT count(*) AS sees_follow_check FROM baton.follow_check('x');
SELECT count(*) > 0 AS sees_requests FROM baton.requests;
SELECT count(*) FROM baton.node;
SELECT * FROM baton.promote();
SELECT * FROM baton.follow('x');
SELECT baton.register_node('x', 'host=10.0.0.9');
SELECT * FROM baton.verify_replication();
SELECT * FROM baton.archive_round_trip();
INSERT INTO baton.node (name, conninfo) VALUES ('x', 'host=10.0.0.9');
SELECT * FROM baton.archive_check();
SELECT * FROM baton.archive_check(directory => '/');
RESET ROLE;

SET ROLE regress_baton_actor;
SELECT role FROM baton.node_status;
SELECT outcome FROM baton.promote();
SELECT outcome, reason FROM baton.follow('x');
SELECT count(*) > 1 AS sees_demotion_check FROM baton.demotion_check;
SELECT count(*) > 1 AS sees_switchover_check FROM baton.switchover_check('x');
SELECT baton.register_node('x', 'host=10.0.0.9');
SELECT baton.unregister_node('x');
INSERT INTO baton.node (name, conninfo) VALUES ('x', 'host=10.0.0.9');
RESET ROLE;

DROP ROLE regress_baton_plain, regress_baton_reader, regress_baton_actor;
