using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Forge.Storage.Migrations.Postgres
{
    /// <inheritdoc />
    public partial class SlaEngine : Migration
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

            migrationBuilder.CreateTable(
                name: "sla_checkpoint",
                columns: table => new
                {
                    organization_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    version = table.Column<long>(type: "bigint", nullable: false),
                    epoch = table.Column<long>(type: "bigint", nullable: false),
                    taken_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    engine = table.Column<byte[]>(type: "bytea", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_sla_checkpoint", x => x.organization_id);
                });

            migrationBuilder.CreateTable(
                name: "sla_day",
                columns: table => new
                {
                    organization_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    date = table.Column<int>(type: "integer", nullable: false),
                    zone = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    good = table.Column<int>(type: "integer", nullable: false),
                    bad = table.Column<int>(type: "integer", nullable: false),
                    unknown = table.Column<int>(type: "integer", nullable: false),
                    excluded = table.Column<int>(type: "integer", nullable: false),
                    total60 = table.Column<long>(type: "bigint", nullable: false),
                    bad60 = table.Column<long>(type: "bigint", nullable: false),
                    latency60 = table.Column<long>(type: "bigint", nullable: false),
                    slow50 = table.Column<long>(type: "bigint", nullable: false),
                    slow95 = table.Column<long>(type: "bigint", nullable: false),
                    slow99 = table.Column<long>(type: "bigint", nullable: false),
                    extra = table.Column<byte[]>(type: "bytea", nullable: false),
                    sketch = table.Column<byte[]>(type: "bytea", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_sla_day", x => new { x.organization_id, x.date });
                });

            migrationBuilder.CreateTable(
                name: "sla_hour",
                columns: table => new
                {
                    organization_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    hour = table.Column<long>(type: "bigint", nullable: false),
                    monitored = table.Column<bool>(type: "boolean", nullable: false),
                    revision = table.Column<int>(type: "integer", nullable: false),
                    pending = table.Column<bool>(type: "boolean", nullable: false),
                    good = table.Column<int>(type: "integer", nullable: false),
                    bad = table.Column<int>(type: "integer", nullable: false),
                    unknown = table.Column<int>(type: "integer", nullable: false),
                    excluded = table.Column<int>(type: "integer", nullable: false),
                    total60 = table.Column<long>(type: "bigint", nullable: false),
                    bad60 = table.Column<long>(type: "bigint", nullable: false),
                    latency60 = table.Column<long>(type: "bigint", nullable: false),
                    slow50 = table.Column<long>(type: "bigint", nullable: false),
                    slow95 = table.Column<long>(type: "bigint", nullable: false),
                    slow99 = table.Column<long>(type: "bigint", nullable: false),
                    extra = table.Column<byte[]>(type: "bytea", nullable: false),
                    detail = table.Column<byte[]>(type: "bytea", nullable: true),
                    sketch = table.Column<byte[]>(type: "bytea", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_sla_hour", x => new { x.organization_id, x.hour });
                });

            migrationBuilder.CreateTable(
                name: "sla_mapping",
                columns: table => new
                {
                    id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    version = table.Column<long>(type: "bigint", nullable: false),
                    state_json = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    state_format = table.Column<int>(type: "integer", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_sla_mapping", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "sla_metric",
                columns: table => new
                {
                    id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    organization_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    metric_type = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    period = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    timestamp = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    target = table.Column<decimal>(type: "numeric(12,6)", precision: 12, scale: 6, nullable: false),
                    actual = table.Column<decimal>(type: "numeric(12,6)", precision: 12, scale: 6, nullable: true),
                    metadata = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    revision = table.Column<int>(type: "integer", nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_sla_metric", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "sla_period_cursor",
                columns: table => new
                {
                    organization_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    through_hour = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_sla_period_cursor", x => x.organization_id);
                });

            migrationBuilder.CreateIndex(
                name: "ix_journal_entry_subject",
                table: "journal_entry",
                columns: new[] { "chain", "subject", "seq" });

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

            migrationBuilder.CreateIndex(
                name: "ix_sla_hour_detail",
                table: "sla_hour",
                column: "hour",
                filter: "detail IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_sla_hour_pending",
                table: "sla_hour",
                column: "organization_id",
                filter: "pending");

            migrationBuilder.CreateIndex(
                name: "ix_sla_metric_age",
                table: "sla_metric",
                columns: new[] { "period", "timestamp" });

            migrationBuilder.CreateIndex(
                name: "ux_sla_metric_period",
                table: "sla_metric",
                columns: new[] { "organization_id", "metric_type", "period", "timestamp" },
                unique: true);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "sla_alert");

            migrationBuilder.DropTable(
                name: "sla_burn_rules");

            migrationBuilder.DropTable(
                name: "sla_checkpoint");

            migrationBuilder.DropTable(
                name: "sla_day");

            migrationBuilder.DropTable(
                name: "sla_hour");

            migrationBuilder.DropTable(
                name: "sla_mapping");

            migrationBuilder.DropTable(
                name: "sla_metric");

            migrationBuilder.DropTable(
                name: "sla_period_cursor");

            migrationBuilder.DropIndex(
                name: "ix_journal_entry_subject",
                table: "journal_entry");
        }
    }
}
