/* control/pg_baton--1.0.sql */

\echo Use "CREATE EXTENSION pg_baton" to load this file. \quit

CREATE SCHEMA baton;
COMMENT ON SCHEMA baton IS 'pg_baton: hot standby in one view';

-- Roles belong to the whole server, so this one may be there already and stays when the extension
-- is dropped.
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles
                 WHERE rolname OPERATOR(pg_catalog.=) 'baton_operator') THEN
    CREATE ROLE baton_operator NOLOGIN;
  END IF;
END
$$;

CREATE TABLE baton.node (
  name text PRIMARY KEY CHECK (name OPERATOR(pg_catalog.~) '^[a-z0-9_]{1,63}$'),
  conninfo text NOT NULL,
  priority integer NOT NULL DEFAULT 100 CHECK (priority OPERATOR(pg_catalog.>=) 0),
  tags jsonb NOT NULL DEFAULT '{}',
  registered_at timestamptz NOT NULL DEFAULT pg_catalog.now()
);
COMMENT ON TABLE baton.node IS 'the nodes of the cluster, as this server knows them';
COMMENT ON COLUMN baton.node.conninfo IS 'how the other nodes reach it; never with a password';
COMMENT ON COLUMN baton.node.priority IS 'which standby is preferred, higher first; 0 never';
SELECT pg_catalog.pg_extension_config_dump('baton.node', '');

CREATE TABLE baton.reign (
  id text PRIMARY KEY,
  node text NOT NULL,
  timeline integer NOT NULL,
  began_lsn pg_lsn,
  began_at timestamptz NOT NULL,
  former_primary text,
  forced boolean NOT NULL DEFAULT false,
  missing_bytes bigint,
  reasons text
);
COMMENT ON TABLE baton.reign IS
  'one row a promotion: who became the primary, where its WAL leaves its predecessor''s, and what was known to be missing';
COMMENT ON COLUMN baton.reign.began_lsn IS
  'what the former primary wrote beyond is given up; NULL for the first reign';
COMMENT ON COLUMN baton.reign.missing_bytes IS 'NULL: not known';
COMMENT ON COLUMN baton.reign.reasons IS 'what spoke against it, where it was forced';

CREATE TABLE baton.canary (
  writer text PRIMARY KEY,
  token bigint NOT NULL,
  written_at timestamptz NOT NULL
);
COMMENT ON TABLE baton.canary IS 'the row that baton.verify_replication() writes and looks for';

-- What is.

CREATE FUNCTION baton.version() RETURNS text
  LANGUAGE c STABLE STRICT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'pg_baton_version';
COMMENT ON FUNCTION baton.version() IS 'version of the pg_baton library in this server';

CREATE FUNCTION baton.node_status(
    OUT name text, OUT role text, OUT state text, OUT timeline integer,
    OUT current_lsn pg_lsn, OUT received_lsn pg_lsn, OUT replayed_lsn pg_lsn,
    OUT upstream text, OUT replay_lag interval, OUT replay_lag_bytes bigint,
    OUT gate text, OUT gate_reasons text[], OUT server_version text,
    OUT started_at timestamptz)
  LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED
  AS 'MODULE_PATHNAME', 'pg_baton_node_status';
CREATE VIEW baton.node_status AS SELECT * FROM baton.node_status();
COMMENT ON VIEW baton.node_status IS 'this node: role, position, upstream, lag';
COMMENT ON COLUMN baton.node_status.gate IS
  'what a commit would find: open, waiting or closed; on a standby, as if it were promoted now';
COMMENT ON COLUMN baton.node_status.gate_reasons IS 'why it is not open; empty if it is';
COMMENT ON COLUMN baton.node_status.replay_lag IS
  'age of the oldest commit of the upstream that is not replayed here; NULL on a primary, and where the upstream was never heard';

CREATE FUNCTION baton.health(
    OUT check_name text, OUT status text, OUT value text, OUT threshold text,
    OUT message text, OUT hint text, OUT checked_at timestamptz,
    OUT value_number double precision, OUT unit text,
    OUT warning_at double precision, OUT critical_at double precision, OUT since timestamptz)
  RETURNS SETOF record
  LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED
  AS 'MODULE_PATHNAME', 'pg_baton_health';
CREATE VIEW baton.health AS SELECT * FROM baton.health();
COMMENT ON VIEW baton.health IS 'one row a check of this node: ok, warning, critical or unknown';
COMMENT ON COLUMN baton.health.since IS
  'since when the status is what it is; NULL if this is not known';

CREATE FUNCTION baton.standbys(
    OUT name text, OUT registered boolean, OUT connected boolean, OUT state text,
    OUT sync_state text, OUT sent_lsn pg_lsn, OUT flushed_lsn pg_lsn, OUT replayed_lsn pg_lsn,
    OUT replay_lag interval, OUT replay_lag_bytes bigint, OUT slot_name text,
    OUT last_message_at timestamptz, OUT reason text)
  RETURNS SETOF record
  LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED
  AS 'MODULE_PATHNAME', 'pg_baton_standbys';
CREATE VIEW baton.standbys AS SELECT * FROM baton.standbys();
COMMENT ON VIEW baton.standbys IS 'one row a standby that is connected here or registered';

CREATE FUNCTION baton.cluster(
    OUT name text, OUT reachable boolean, OUT role text, OUT state text, OUT timeline integer,
    OUT lsn pg_lsn, OUT replayed_lsn pg_lsn, OUT replay_lag interval, OUT replay_lag_bytes bigint,
    OUT upstream text, OUT server_version text, OUT clock_difference interval, OUT sees text[],
    OUT seen_at timestamptz, OUT error text, OUT gate text, OUT primary_name text)
  RETURNS SETOF record
  LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED
  AS 'MODULE_PATHNAME', 'pg_baton_cluster';
CREATE VIEW baton.cluster AS SELECT * FROM baton.cluster();
COMMENT ON VIEW baton.cluster IS
  'one row a registered node, as this node''s observer saw it last, this node included';
COMMENT ON COLUMN baton.cluster.lsn IS
  'end of that node''s WAL: written on a primary, received on a standby';
COMMENT ON COLUMN baton.cluster.sees IS 'the nodes that answer that node';
COMMENT ON COLUMN baton.cluster.seen_at IS
  'when it answered last; the other columns are of that moment';

CREATE FUNCTION baton.slots(
    OUT slot_name text, OUT slot_type text, OUT active boolean, OUT wal_status text,
    OUT restart_lsn pg_lsn, OUT retained_bytes bigint, OUT safe_bytes bigint,
    OUT inactive_since timestamptz, OUT xmin_age bigint, OUT reason text)
  RETURNS SETOF record
  LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED
  AS 'MODULE_PATHNAME', 'pg_baton_slots';
CREATE VIEW baton.slots AS SELECT * FROM baton.slots();
COMMENT ON VIEW baton.slots IS 'one row a replication slot that is not temporary';
COMMENT ON COLUMN baton.slots.safe_bytes IS
  'WAL that may still be written before the slot is lost; NULL if there is no limit';

CREATE FUNCTION baton.archive_status(
    OUT method text, OUT target text, OUT state text, OUT reason text,
    OUT archiver_running boolean, OUT archived_count bigint, OUT last_archived_wal text,
    OUT last_archived_at timestamptz, OUT failed_count bigint, OUT last_failed_wal text,
    OUT last_failed_at timestamptz, OUT uncounted_failures boolean, OUT backlog_files bigint,
    OUT backlog_bytes bigint, OUT oldest_waiting text, OUT oldest_waiting_age interval,
    OUT archive_rate double precision, OUT wal_rate double precision, OUT trend text,
    OUT free_bytes bigint, OUT missing_bytes bigint, OUT missing_seconds double precision,
    OUT missing_reason text, OUT advice text, OUT checked_at timestamptz)
  LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED
  AS 'MODULE_PATHNAME', 'pg_baton_archive_status';
CREATE VIEW baton.archive_status AS SELECT * FROM baton.archive_status();
COMMENT ON VIEW baton.archive_status IS
  'whether this server''s WAL gets into its archive, and what the archive would lack if the server vanished now';
COMMENT ON COLUMN baton.archive_status.target IS
  'the directory of archive_library pg_baton, or the name of another library, or the command';
COMMENT ON COLUMN baton.archive_status.state IS
  'off, not configured, working, unsafe, behind, stalled, failing or unknown; reason says why';
COMMENT ON COLUMN baton.archive_status.uncounted_failures IS
  'the archiver has ended while files wait and neither counter has moved since, as when a command is not found or killed';
COMMENT ON COLUMN baton.archive_status.archive_rate IS 'bytes a second, of the last minute';
COMMENT ON COLUMN baton.archive_status.wal_rate IS 'bytes a second, of the last minute';
COMMENT ON COLUMN baton.archive_status.trend IS
  'of the waiting files within the last minute: growing, steady or shrinking';
COMMENT ON COLUMN baton.archive_status.free_bytes IS
  'where archive_library pg_baton archives; NULL for anything else';
COMMENT ON COLUMN baton.archive_status.missing_bytes IS
  'what the archive would lack if this server vanished now; NULL: not known, see missing_reason';
COMMENT ON COLUMN baton.archive_status.missing_seconds IS 'how old the oldest of that is';
COMMENT ON COLUMN baton.archive_status.advice IS
  'what is wrong with archive_command by its text; NULL if nothing is known';

CREATE FUNCTION baton.events(
    OUT event_id bigint, OUT happened_at timestamptz, OUT kind text, OUT message text,
    OUT detail text)
  RETURNS SETOF record
  LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED
  AS 'MODULE_PATHNAME', 'pg_baton_events';
CREATE VIEW baton.events AS SELECT * FROM baton.events();
COMMENT ON VIEW baton.events IS
  'what happened on this node, newest first, kept across restarts; the last 256';

CREATE FUNCTION baton.settings_check(
    OUT name text, OUT current text, OUT wanted text, OUT fine boolean, OUT why text,
    OUT change_by text, OUT takes_effect text, OUT on_primary text)
  RETURNS SETOF record
  LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED
  AS 'MODULE_PATHNAME', 'pg_baton_settings_check';
CREATE VIEW baton.settings_check AS SELECT * FROM baton.settings_check();
COMMENT ON VIEW baton.settings_check IS
  'one row a setting that replication, rewind or promotion needs';

CREATE FUNCTION baton.metrics() RETURNS text
  LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED
  AS 'MODULE_PATHNAME', 'pg_baton_metrics';
COMMENT ON FUNCTION baton.metrics() IS
  'health, standbys, slots and nodes in the text format of Prometheus';

CREATE FUNCTION baton.self_report(
    with_settings boolean,
    OUT name text, OUT role text, OUT state text, OUT timeline integer, OUT lsn pg_lsn,
    OUT replayed_lsn pg_lsn, OUT replay_lag_us bigint, OUT replay_lag_bytes bigint,
    OUT upstream text, OUT server_version text, OUT architecture text,
    OUT collation_version text, OUT system_identifier text, OUT sees text, OUT clock bigint,
    OUT settings text, OUT promoting boolean, OUT gate text, OUT reign text,
    OUT reign_began pg_lsn, OUT primary_name text, OUT primary_timeline integer,
    OUT primary_alive boolean)
  LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED
  AS 'MODULE_PATHNAME', 'pg_baton_self_report';
COMMENT ON FUNCTION baton.self_report(boolean) IS
  'what the observers of the other nodes ask for; its columns may change';

CREATE FUNCTION baton.check_now(timeout interval DEFAULT '2 s') RETURNS boolean
  LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
  AS 'MODULE_PATHNAME', 'pg_baton_check_now';
COMMENT ON FUNCTION baton.check_now(interval) IS
  'lets the monitor look at once, so that the views show what is now; false if it did not within the timeout';

-- Promotion.

CREATE FUNCTION baton.promotion_check(
    OUT check_name text, OUT status text, OUT value text, OUT threshold text,
    OUT message text, OUT hint text, OUT checked_at timestamptz,
    OUT value_number double precision, OUT unit text,
    OUT warning_at double precision, OUT critical_at double precision, OUT since timestamptz)
  RETURNS SETOF record
  LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
  AS 'MODULE_PATHNAME', 'pg_baton_promotion_check';
CREATE VIEW baton.promotion_check AS SELECT * FROM baton.promotion_check();
COMMENT ON VIEW baton.promotion_check IS
  'what promoting this server would mean now; asks the other nodes, so it may take pg_baton.peer_timeout';

CREATE FUNCTION baton.promote(
    force boolean DEFAULT false, wait boolean DEFAULT true, timeout interval DEFAULT '60 s',
    OUT request_id bigint, OUT outcome text, OUT reason text, OUT timeline integer, OUT lsn pg_lsn)
  LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
  AS 'MODULE_PATHNAME', 'pg_baton_promote';
COMMENT ON FUNCTION baton.promote(boolean, boolean, interval) IS
  'promotes this standby; refused with reasons while a row of baton.promotion_check is critical, unless forced';

CREATE FUNCTION baton.demotion_check(
    OUT check_name text, OUT status text, OUT value text, OUT threshold text,
    OUT message text, OUT hint text, OUT checked_at timestamptz,
    OUT value_number double precision, OUT unit text,
    OUT warning_at double precision, OUT critical_at double precision, OUT since timestamptz)
  RETURNS SETOF record
  LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
  AS 'MODULE_PATHNAME', 'pg_baton_demotion_check';
CREATE VIEW baton.demotion_check AS SELECT * FROM baton.demotion_check();
COMMENT ON VIEW baton.demotion_check IS
  'what would keep this primary from being demoted in place now';

CREATE FUNCTION baton.switchover_check(
    target text,
    OUT check_name text, OUT status text, OUT value text, OUT threshold text,
    OUT message text, OUT hint text, OUT checked_at timestamptz,
    OUT value_number double precision, OUT unit text,
    OUT warning_at double precision, OUT critical_at double precision, OUT since timestamptz)
  RETURNS SETOF record
  LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
  AS 'MODULE_PATHNAME', 'pg_baton_switchover_check';
COMMENT ON FUNCTION baton.switchover_check(text) IS
  'what would keep this primary from handing over to that node now: the rows of baton.demotion_check, and those of the target, which is asked';

CREATE FUNCTION baton.requests(
    OUT request_id bigint, OUT kind text, OUT outcome text, OUT force boolean, OUT reason text,
    OUT timeline integer, OUT lsn pg_lsn, OUT requested_by text, OUT requested_at timestamptz,
    OUT finished_at timestamptz, OUT hand_over text, OUT steps text,
    OUT node text)
  RETURNS SETOF record
  LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED
  AS 'MODULE_PATHNAME', 'pg_baton_requests';
CREATE VIEW baton.requests AS SELECT * FROM baton.requests();
COMMENT ON VIEW baton.requests IS 'the last requests to this server since its start, newest first';

COMMENT ON COLUMN baton.requests.hand_over IS
  'of a switchover or a demotion, the same on both nodes; NULL for anything else';
COMMENT ON COLUMN baton.requests.steps IS 'what this node did for it, and how long each step took';

COMMENT ON COLUMN baton.requests.node IS 'whom this standby was to follow; NULL for anything else';

-- Following another node.

CREATE FUNCTION baton.follow_check(
    node text,
    OUT check_name text, OUT status text, OUT value text, OUT threshold text,
    OUT message text, OUT hint text, OUT checked_at timestamptz,
    OUT value_number double precision, OUT unit text,
    OUT warning_at double precision, OUT critical_at double precision, OUT since timestamptz)
  RETURNS SETOF record
  LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
  AS 'MODULE_PATHNAME', 'pg_baton_follow_check';
COMMENT ON FUNCTION baton.follow_check(text) IS
  'what would keep this standby from following that node now, which is asked, as all others are';

CREATE FUNCTION baton.follow(
    node text, wait boolean DEFAULT true, timeout interval DEFAULT '60 s',
    OUT request_id bigint, OUT outcome text, OUT reason text)
  LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
  AS 'MODULE_PATHNAME', 'pg_baton_follow';
COMMENT ON FUNCTION baton.follow(text, boolean, interval) IS
  'lets this standby stream from that node, the primary or another standby, without a restart; refused with reasons while a row of baton.follow_check is critical';

-- Handing over.

CREATE FUNCTION baton.switchover(
    target text, wait boolean DEFAULT true, timeout interval DEFAULT '60 s',
    OUT request_id bigint, OUT outcome text, OUT reason text, OUT timeline integer,
    OUT lsn pg_lsn, OUT hand_over text)
  LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
  AS 'MODULE_PATHNAME', 'pg_baton_switchover';
COMMENT ON FUNCTION baton.switchover(text, boolean, interval) IS
  'makes the target the primary and the present primary its standby, without a restart; ends the sessions of the present primary''s clients';

CREATE FUNCTION baton.demote(
    wait boolean DEFAULT true, timeout interval DEFAULT '60 s',
    OUT request_id bigint, OUT outcome text, OUT reason text, OUT timeline integer,
    OUT lsn pg_lsn, OUT hand_over text)
  LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
  AS 'MODULE_PATHNAME', 'pg_baton_demote';
COMMENT ON FUNCTION baton.demote(boolean, interval) IS
  'makes this primary a standby without a restart; it follows the next primary that goes on from its WAL';

CREATE FUNCTION baton.hand_over(
    id text, message text, giver text, end_lsn pg_lsn, sync_names text, life integer,
    OUT state text, OUT reason text, OUT timeline integer, OUT lsn pg_lsn)
  LANGUAGE c VOLATILE PARALLEL UNSAFE
  AS 'MODULE_PATHNAME', 'pg_baton_hand_over';
COMMENT ON FUNCTION baton.hand_over(text, text, text, pg_lsn, text, integer) IS
  'what the primary says to the target of a switchover; its arguments may change';

-- The write gate.

CREATE FUNCTION baton.fence(
    reason text DEFAULT '', OUT gate text, OUT gate_reasons text[], OUT committing integer)
  LANGUAGE c VOLATILE PARALLEL UNSAFE
  AS 'MODULE_PATHNAME', 'pg_baton_fence';
COMMENT ON FUNCTION baton.fence(text) IS
  'closes the write gate of this server by hand, durably; committing: how many commits had passed it and have not ended yet';

CREATE FUNCTION baton.unfence(
    force boolean DEFAULT false, OUT gate text, OUT gate_reasons text[])
  LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
  AS 'MODULE_PATHNAME', 'pg_baton_unfence';
COMMENT ON FUNCTION baton.unfence(boolean) IS
  'takes the hand fence away; with force also "another primary" and quarantine, after which two servers may write';

CREATE FUNCTION baton.yield(
    successor text, timeline integer, OUT yielded boolean, OUT committing integer)
  LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
  AS 'MODULE_PATHNAME', 'pg_baton_yield';
COMMENT ON FUNCTION baton.yield(text, integer) IS
  'closes the gate of this primary for another one; called by a standby whose promotion is forced, before it is promoted';

-- Registry and proof.

CREATE FUNCTION baton.register_node(
    name text, conninfo text, priority integer DEFAULT 100, tags jsonb DEFAULT '{}')
  RETURNS void
  LANGUAGE c VOLATILE PARALLEL UNSAFE
  SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS 'MODULE_PATHNAME', 'pg_baton_register_node';
COMMENT ON FUNCTION baton.register_node(text, text, integer, jsonb) IS
  'enters a node into the registry, or changes its entry; on the primary';

CREATE FUNCTION baton.unregister_node(name text) RETURNS void
  LANGUAGE c VOLATILE PARALLEL UNSAFE
  SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS 'MODULE_PATHNAME', 'pg_baton_unregister_node';
COMMENT ON FUNCTION baton.unregister_node(text) IS 'takes a node out of the registry; on the primary';

CREATE FUNCTION baton.verify_replication(
    timeout interval DEFAULT '10 s',
    OUT name text, OUT verified boolean, OUT written_lsn pg_lsn, OUT readable_at timestamptz,
    OUT elapsed_ms double precision, OUT reason text)
  RETURNS SETOF record
  LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
  AS 'MODULE_PATHNAME', 'pg_baton_verify_replication';
COMMENT ON FUNCTION baton.verify_replication(interval) IS
  'writes a row here and says, for each registered standby, when it was readable there, or why not';

-- The archive.

CREATE FUNCTION baton.archive_check(
    quick boolean DEFAULT false, directory text DEFAULT NULL,
    OUT severity text, OUT kind text, OUT file text, OUT message text, OUT meaning text)
  RETURNS SETOF record
  LANGUAGE c VOLATILE PARALLEL UNSAFE
  AS 'MODULE_PATHNAME', 'pg_baton_archive_check';
COMMENT ON FUNCTION baton.archive_check(boolean, text) IS
  'audits the WAL archive in pg_baton.archive_directory, or in another directory for those who may read the server''s files: one row a finding, and what it means for a restore; reads every segment, unless quick';
CREATE FUNCTION baton.archive_round_trip(
    timeout interval DEFAULT '60 s',
    OUT step text, OUT status text, OUT message text, OUT detail text, OUT hint text,
    OUT elapsed_ms double precision)
  RETURNS SETOF record
  LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
  AS 'MODULE_PATHNAME', 'pg_baton_archive_round_trip';
COMMENT ON FUNCTION baton.archive_round_trip(interval) IS
  'archives a segment of this primary, gets it back by restore_command and compares it; one row a step';

-- Grants: nothing for PUBLIC; pg_monitor reads, baton_operator acts and reads.

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA baton FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA baton FROM PUBLIC;

GRANT USAGE ON SCHEMA baton TO pg_monitor, baton_operator;
GRANT SELECT ON ALL TABLES IN SCHEMA baton TO pg_monitor, baton_operator;
GRANT EXECUTE ON FUNCTION
  baton.version(), baton.node_status(), baton.health(), baton.standbys(),
  baton.check_now(interval), baton.promotion_check(), baton.requests(),
  baton.demotion_check(), baton.switchover_check(text), baton.follow_check(text),
  baton.cluster(), baton.slots(), baton.archive_status(), baton.events(),
  baton.settings_check(), baton.metrics(), baton.archive_check(boolean, text)
  TO pg_monitor, baton_operator;
-- It shows settings that only pg_monitor may see.
GRANT EXECUTE ON FUNCTION baton.self_report(boolean) TO pg_monitor;
GRANT EXECUTE ON FUNCTION
  baton.promote(boolean, boolean, interval),
  baton.follow(text, boolean, interval),
  baton.switchover(text, boolean, interval),
  baton.demote(boolean, interval),
  baton.hand_over(text, text, text, pg_lsn, text, integer),
  baton.fence(text),
  baton.unfence(boolean),
  baton.yield(text, integer),
  baton.register_node(text, text, integer, jsonb),
  baton.unregister_node(text),
  baton.verify_replication(interval),
  baton.archive_round_trip(interval)
  TO baton_operator;
