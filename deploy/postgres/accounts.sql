-- Database accounts: who may do what (append-only journal by privilege, beside the triggers).
-- Run as a superuser in the product's database, once it was migrated and again after each migration. Idempotent.
-- Passwords are not set here: ALTER ROLE forge_app PASSWORD … (SCRAM), from a file of your own.
--
--   forge_owner      owns everything, cannot log in
--   forge_migrator   runs --migrate, as forge_owner
--   forge_app        what silos run as: rows, but no change or removal of journal entries and seals, no TRUNCATE, no DDL
--   forge_web        what web nodes run as: identities, and reading who is in the cluster; nothing of the business
\set ON_ERROR_STOP on

DO $$
DECLARE
  thing record;
BEGIN
  IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'forge_owner') THEN CREATE ROLE forge_owner NOLOGIN; END IF;
  IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'forge_migrator') THEN CREATE ROLE forge_migrator LOGIN; END IF;
  IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'forge_app') THEN CREATE ROLE forge_app LOGIN; END IF;
  IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'forge_web') THEN CREATE ROLE forge_web LOGIN; END IF;
  GRANT forge_owner TO forge_migrator;
  ALTER ROLE forge_migrator SET role = 'forge_owner';   -- what it makes belongs to the owner

  EXECUTE format('GRANT CREATE ON DATABASE %I TO forge_owner', current_database());   -- the first migration of identities makes their schema
  EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
  CREATE SCHEMA IF NOT EXISTS identity;
  ALTER SCHEMA identity OWNER TO forge_owner;

  FOR thing IN SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname IN ('public', 'identity') LOOP
    EXECUTE 'ALTER TABLE ' || thing.name || ' OWNER TO forge_owner';
  END LOOP;
  FOR thing IN SELECT oid::regprocedure::text AS name FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prokind = 'f' LOOP
    EXECUTE 'ALTER FUNCTION ' || thing.name || ' OWNER TO forge_owner';
  END LOOP;
END $$;

REVOKE CREATE ON SCHEMA public FROM PUBLIC, forge_app, forge_web;
GRANT USAGE, CREATE ON SCHEMA public TO forge_owner;
GRANT USAGE ON SCHEMA public TO forge_app, forge_web;

REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC, forge_app, forge_web;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO forge_app;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO forge_app;
REVOKE UPDATE, DELETE ON journal_entry, journal_seal FROM forge_app;
REVOKE INSERT, UPDATE, DELETE ON "__EFMigrationsHistory" FROM forge_app;

-- Web nodes. Membership and Orleans' statements are read by every client; all else of the schema public is not theirs.
GRANT USAGE ON SCHEMA identity TO forge_web;
REVOKE ALL ON ALL TABLES IN SCHEMA identity FROM PUBLIC, forge_app, forge_web;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA identity TO forge_web;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA identity TO forge_web;
DO $$
DECLARE
  thing text;
BEGIN
  IF to_regclass('identity.migration_history') IS NOT NULL THEN REVOKE INSERT, UPDATE, DELETE ON identity.migration_history FROM forge_web; END IF;
  FOR thing IN SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname = 'public' AND lower(tablename) IN ('orleansquery', 'orleansmembershiptable', 'orleansmembershipversiontable') LOOP
    EXECUTE 'GRANT SELECT ON ' || thing || ' TO forge_web';
  END LOOP;
END $$;
