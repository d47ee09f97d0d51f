using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Forge.WebApi.Identity.Migrations.Postgres
{
    /// <inheritdoc />
    public partial class Displays : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<string>(
                name: "Addresses",
                schema: "identity",
                table: "ingest_key",
                type: "text",
                nullable: false,
                defaultValue: "");

            migrationBuilder.AddColumn<byte[]>(
                name: "OldSecretHash",
                schema: "identity",
                table: "ingest_key",
                type: "bytea",
                nullable: true);

            migrationBuilder.AddColumn<DateTimeOffset>(
                name: "OldSecretUntil",
                schema: "identity",
                table: "ingest_key",
                type: "timestamp with time zone",
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "UseCount",
                schema: "identity",
                table: "ingest_key",
                type: "bigint",
                nullable: false,
                defaultValue: 0L);

            migrationBuilder.CreateTable(
                name: "display",
                schema: "identity",
                columns: table => new
                {
                    Id = table.Column<string>(type: "text", nullable: false),
                    Name = table.Column<string>(type: "character varying(80)", maxLength: 80, nullable: false),
                    TokenHash = table.Column<byte[]>(type: "bytea", nullable: false),
                    Organizations = table.Column<string>(type: "text", nullable: false),
                    ShowCredits = table.Column<bool>(type: "boolean", nullable: false),
                    PairedBy = table.Column<string>(type: "text", nullable: false),
                    PairedAt = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    LastSeenAt = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    Sequence = table.Column<long>(type: "bigint", nullable: true),
                    DataAgeMs = table.Column<long>(type: "bigint", nullable: true),
                    RevokedAt = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_display", x => x.Id);
                });

            migrationBuilder.CreateTable(
                name: "display_pairing",
                schema: "identity",
                columns: table => new
                {
                    Id = table.Column<string>(type: "text", nullable: false),
                    CodeHash = table.Column<byte[]>(type: "bytea", nullable: false),
                    SecretHash = table.Column<byte[]>(type: "bytea", nullable: false),
                    ExpiresAt = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    DisplayId = table.Column<string>(type: "text", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_display_pairing", x => x.Id);
                });

            migrationBuilder.CreateIndex(
                name: "IX_display_RevokedAt",
                schema: "identity",
                table: "display",
                column: "RevokedAt");

            migrationBuilder.CreateIndex(
                name: "IX_display_TokenHash",
                schema: "identity",
                table: "display",
                column: "TokenHash",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_display_pairing_CodeHash",
                schema: "identity",
                table: "display_pairing",
                column: "CodeHash");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "display",
                schema: "identity");

            migrationBuilder.DropTable(
                name: "display_pairing",
                schema: "identity");

            migrationBuilder.DropColumn(
                name: "Addresses",
                schema: "identity",
                table: "ingest_key");

            migrationBuilder.DropColumn(
                name: "OldSecretHash",
                schema: "identity",
                table: "ingest_key");

            migrationBuilder.DropColumn(
                name: "OldSecretUntil",
                schema: "identity",
                table: "ingest_key");

            migrationBuilder.DropColumn(
                name: "UseCount",
                schema: "identity",
                table: "ingest_key");
        }
    }
}
