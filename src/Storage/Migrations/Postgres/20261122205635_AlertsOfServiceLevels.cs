using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Forge.Storage.Migrations.Postgres
{
    /// <inheritdoc />
    public partial class AlertsOfServiceLevels : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "sla_alert",
                columns: table => new
                {
                    id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    organization_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    rule = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    metric_type = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    level = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    state = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    text = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    fired_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    resolved_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    acknowledged_by = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    acknowledged_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    reopened = table.Column<int>(type: "integer", nullable: false),
                    version = table.Column<long>(type: "bigint", nullable: false),
                    state_json = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    state_format = table.Column<int>(type: "integer", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_sla_alert", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "sla_burn_rules",
                columns: table => new
                {
                    id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    version = table.Column<long>(type: "bigint", nullable: false),
                    state_json = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    state_format = table.Column<int>(type: "integer", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_sla_burn_rules", x => x.id);
                });

            migrationBuilder.CreateIndex(
                name: "ix_sla_alert_fired",
                table: "sla_alert",
                column: "fired_at");

            migrationBuilder.CreateIndex(
                name: "ix_sla_alert_organization",
                table: "sla_alert",
                columns: new[] { "organization_id", "fired_at" });

            migrationBuilder.CreateIndex(
                name: "ux_sla_alert_unresolved",
                table: "sla_alert",
                columns: new[] { "organization_id", "rule", "metric_type" },
                unique: true,
                filter: "state <> 'RESOLVED'");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "sla_alert");

            migrationBuilder.DropTable(
                name: "sla_burn_rules");
        }
    }
}
