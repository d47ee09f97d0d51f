using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Forge.WebApi.Identity.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class Displays : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<string>(
                name: "Addresses",
                table: "ingest_key",
                type: "TEXT",
                nullable: false,
                defaultValue: "");

            migrationBuilder.AddColumn<byte[]>(
                name: "OldSecretHash",
                table: "ingest_key",
                type: "BLOB",
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "OldSecretUntil",
                table: "ingest_key",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "UseCount",
                table: "ingest_key",
                type: "INTEGER",
                nullable: false,
                defaultValue: 0L);

            migrationBuilder.CreateTable(
                name: "display",
                columns: table => new
                {
                    Id = table.Column<string>(type: "TEXT", nullable: false),
                    Name = table.Column<string>(type: "TEXT", maxLength: 80, nullable: false),
                    TokenHash = table.Column<byte[]>(type: "BLOB", nullable: false),
                    Organizations = table.Column<string>(type: "TEXT", nullable: false),
                    ShowCredits = table.Column<bool>(type: "INTEGER", nullable: false),
                    PairedBy = table.Column<string>(type: "TEXT", nullable: false),
                    PairedAt = table.Column<long>(type: "INTEGER", nullable: false),
                    LastSeenAt = table.Column<long>(type: "INTEGER", nullable: false),
                    Sequence = table.Column<long>(type: "INTEGER", nullable: true),
                    DataAgeMs = table.Column<long>(type: "INTEGER", nullable: true),
                    RevokedAt = table.Column<long>(type: "INTEGER", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_display", x => x.Id);
                });

            migrationBuilder.CreateTable(
                name: "display_pairing",
                columns: table => new
                {
                    Id = table.Column<string>(type: "TEXT", nullable: false),
                    CodeHash = table.Column<byte[]>(type: "BLOB", nullable: false),
                    SecretHash = table.Column<byte[]>(type: "BLOB", nullable: false),
                    ExpiresAt = table.Column<long>(type: "INTEGER", nullable: false),
                    DisplayId = table.Column<string>(type: "TEXT", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_display_pairing", x => x.Id);
                });

            migrationBuilder.CreateIndex(
                name: "IX_display_RevokedAt",
                table: "display",
                column: "RevokedAt");

            migrationBuilder.CreateIndex(
                name: "IX_display_TokenHash",
                table: "display",
                column: "TokenHash",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_display_pairing_CodeHash",
                table: "display_pairing",
                column: "CodeHash");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "display");

            migrationBuilder.DropTable(
                name: "display_pairing");

            migrationBuilder.DropColumn(
                name: "Addresses",
                table: "ingest_key");

            migrationBuilder.DropColumn(
                name: "OldSecretHash",
                table: "ingest_key");

            migrationBuilder.DropColumn(
                name: "OldSecretUntil",
                table: "ingest_key");

            migrationBuilder.DropColumn(
                name: "UseCount",
                table: "ingest_key");
        }
    }
}
