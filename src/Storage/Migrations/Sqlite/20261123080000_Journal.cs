using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Forge.Storage.Migrations.Sqlite
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
                    id = table.Column<string>(type: "TEXT", nullable: false),
                    owner = table.Column<string>(type: "TEXT", nullable: false),
                    kek_id = table.Column<string>(type: "TEXT", nullable: false),
                    wrapped = table.Column<string>(type: "TEXT", nullable: true),
                    created_at = table.Column<long>(type: "INTEGER", nullable: false),
                    destroyed_at = table.Column<long>(type: "INTEGER", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_data_key", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "installation",
                columns: table => new
                {
                    slot = table.Column<int>(type: "INTEGER", nullable: false),
                    id = table.Column<string>(type: "TEXT", nullable: false),
                    created_at = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_installation", x => x.slot);
                });

            migrationBuilder.CreateTable(
                name: "journal_seal",
                columns: table => new
                {
                    seq = table.Column<long>(type: "INTEGER", nullable: false),
                    installation = table.Column<string>(type: "TEXT", nullable: false),
                    hash = table.Column<byte[]>(type: "BLOB", nullable: false),
                    at = table.Column<long>(type: "INTEGER", nullable: false),
                    key_id = table.Column<string>(type: "TEXT", nullable: false),
                    signature = table.Column<byte[]>(type: "BLOB", nullable: false)
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

            // Append-only like the entries (security.md 11). The order trigger also stops INSERT OR REPLACE, which deletes without firing delete triggers.
            migrationBuilder.Sql("""
                CREATE TRIGGER journal_seal_no_update BEFORE UPDATE ON journal_seal
                BEGIN SELECT RAISE(ABORT, 'journal is append-only'); END;
                """);
            migrationBuilder.Sql("""
                CREATE TRIGGER journal_seal_no_delete BEFORE DELETE ON journal_seal
                BEGIN SELECT RAISE(ABORT, 'journal is append-only'); END;
                """);
            migrationBuilder.Sql("""
                CREATE TRIGGER journal_seal_order BEFORE INSERT ON journal_seal
                BEGIN
                  SELECT RAISE(ABORT, 'journal is append-only: a seal must name a later entry than the last one')
                   WHERE NEW.seq <= (SELECT coalesce(max(seq), 0) FROM journal_seal);
                END;
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
        }
    }
}
