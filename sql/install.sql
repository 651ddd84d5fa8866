-- The extension installs, names its parts, and can be dropped and installed again.
CREATE EXTENSION pg_baton;
SELECT baton.version();
SELECT c.relkind, c.relname
  FROM pg_class c WHERE c.relnamespace = 'baton'::regnamespace AND c.relkind IN ('r', 'v')
  ORDER BY c.relkind, c.relname COLLATE "C";
SELECT p.proname, pg_get_function_identity_arguments(p.oid) AS arguments
  FROM pg_proc p WHERE p.pronamespace = 'baton'::regnamespace ORDER BY p.proname COLLATE "C", arguments;
DROP EXTENSION pg_baton;
SELECT to_regnamespace('baton') IS NULL AS schema_is_gone,
       EXISTS (SELECT FROM pg_roles WHERE rolname = 'baton_operator') AS role_stays;
CREATE EXTENSION pg_baton;
-- Columns that others build on.
SELECT table_name, string_agg(column_name, ' ' ORDER BY ordinal_position) AS columns
  FROM information_schema.columns WHERE table_schema = 'baton'
  GROUP BY table_name ORDER BY table_name COLLATE "C";
