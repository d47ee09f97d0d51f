-- Database accounts: who may do what (append-only journal by privilege, beside the triggers).
-- Run as a superuser in the product's database, once it was migrated and again after each migration. Idempotent.
-- Passwords are not set here: ALTER ROLE forge_app PASSWORD … (SCRAM), from a file of your own.
--
--   forge_owner      owns everything, cannot log in
--   forge_migrator   runs --migrate, as forge_owner
--   forge_app        what silos run as: rows, but no change or removal of journal entries and seals, no TRUNCATE, no DDL
\set ON_ERROR_STOP on

DO $$
DECLARE
  thing record;
BEGIN
  IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'forge_owner') THEN CREATE ROLE forge_owner NOLOGIN; END IF;
  IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'forge_migrator') THEN CREATE ROLE forge_migrator LOGIN; END IF;
  IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'forge_app') THEN CREATE ROLE forge_app LOGIN; END IF;
  GRANT forge_owner TO forge_migrator;
  ALTER ROLE forge_migrator SET role = 'forge_owner';   -- what it makes belongs to the owner

  FOR thing IN SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname = 'public' LOOP
    EXECUTE 'ALTER TABLE ' || thing.name || ' OWNER TO forge_owner';
  END LOOP;
  FOR thing IN SELECT oid::regprocedure::text AS name FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prokind = 'f' LOOP
    EXECUTE 'ALTER FUNCTION ' || thing.name || ' OWNER TO forge_owner';
  END LOOP;
END $$;

REVOKE CREATE ON SCHEMA public FROM PUBLIC, forge_app;
GRANT USAGE, CREATE ON SCHEMA public TO forge_owner;
GRANT USAGE ON SCHEMA public TO forge_app;

REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC, forge_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO forge_app;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO forge_app;
REVOKE UPDATE, DELETE ON journal_entry, journal_seal FROM forge_app;
REVOKE INSERT, UPDATE, DELETE ON "__EFMigrationsHistory" FROM forge_app;
