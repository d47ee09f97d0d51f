using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Forge.Storage.Migrations.Postgres
{
    /// <inheritdoc />
    public partial class Journal : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "data_key",
                columns: table => new
                {
                    id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    owner = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    kek_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    wrapped = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    destroyed_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_data_key", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "installation",
                columns: table => new
                {
                    slot = table.Column<int>(type: "integer", nullable: false),
                    id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_installation", x => x.slot);
                });

            migrationBuilder.CreateTable(
                name: "journal_seal",
                columns: table => new
                {
                    seq = table.Column<long>(type: "bigint", nullable: false),
                    installation = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    hash = table.Column<byte[]>(type: "bytea", nullable: false),
                    at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    key_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    signature = table.Column<byte[]>(type: "bytea", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_journal_seal", x => x.seq);
                });

            migrationBuilder.CreateIndex(
                name: "ix_journal_entry_actor",
                table: "journal_entry",
                columns: new[] { "actor", "at" });

            migrationBuilder.CreateIndex(
                name: "ix_journal_entry_at",
                table: "journal_entry",
                columns: new[] { "at", "chain", "seq" });

            migrationBuilder.CreateIndex(
                name: "ix_data_key_owner",
                table: "data_key",
                columns: new[] { "owner", "created_at" });

            migrationBuilder.CreateIndex(
                name: "ix_journal_seal_at",
                table: "journal_seal",
                column: "at");

            // Append-only like the entries (security.md 11). Statement triggers: they also refuse statements that would touch no row, and ON CONFLICT DO UPDATE.
            migrationBuilder.Sql("""
                CREATE TRIGGER journal_seal_no_update BEFORE UPDATE OR DELETE OR TRUNCATE ON journal_seal
                  FOR EACH STATEMENT EXECUTE FUNCTION journal_refuse();
                CREATE FUNCTION journal_seal_order() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN
                  IF NEW.seq <= (SELECT coalesce(max(seq), 0) FROM journal_seal) THEN
                    RAISE EXCEPTION 'journal is append-only: a seal must name a later entry than the last one' USING ERRCODE = 'restrict_violation';
                  END IF;
                  RETURN NEW;
                END $$;
                CREATE TRIGGER journal_seal_order BEFORE INSERT ON journal_seal
                  FOR EACH ROW EXECUTE FUNCTION journal_seal_order();
                """);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "data_key");

            migrationBuilder.DropTable(
                name: "installation");

            migrationBuilder.DropTable(
                name: "journal_seal");

            migrationBuilder.DropIndex(
                name: "ix_journal_entry_actor",
                table: "journal_entry");

            migrationBuilder.DropIndex(
                name: "ix_journal_entry_at",
                table: "journal_entry");

            migrationBuilder.Sql("DROP FUNCTION journal_seal_order();");
        }
    }
}
