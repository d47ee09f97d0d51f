using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Forge.Storage.Migrations.Sqlite
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
                    id = table.Column<string>(type: "TEXT", nullable: false),
                    organization_id = table.Column<string>(type: "TEXT", nullable: false),
                    rule = table.Column<string>(type: "TEXT", nullable: false),
                    metric_type = table.Column<string>(type: "TEXT", nullable: false),
                    level = table.Column<string>(type: "TEXT", nullable: false),
                    state = table.Column<string>(type: "TEXT", nullable: false),
                    text = table.Column<string>(type: "TEXT", nullable: false),
                    fired_at = table.Column<long>(type: "INTEGER", nullable: false),
                    resolved_at = table.Column<long>(type: "INTEGER", nullable: true),
                    acknowledged_by = table.Column<string>(type: "TEXT", nullable: true),
                    acknowledged_at = table.Column<long>(type: "INTEGER", nullable: true),
                    reopened = table.Column<int>(type: "INTEGER", nullable: false),
                    version = table.Column<long>(type: "INTEGER", nullable: false),
                    state_json = table.Column<string>(type: "TEXT", nullable: false),
                    state_format = table.Column<int>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_sla_alert", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "sla_burn_rules",
                columns: table => new
                {
                    id = table.Column<string>(type: "TEXT", nullable: false),
                    version = table.Column<long>(type: "INTEGER", nullable: false),
                    state_json = table.Column<string>(type: "TEXT", nullable: false),
                    state_format = table.Column<int>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_sla_burn_rules", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "sla_checkpoint",
                columns: table => new
                {
                    organization_id = table.Column<string>(type: "TEXT", nullable: false),
                    version = table.Column<long>(type: "INTEGER", nullable: false),
                    epoch = table.Column<long>(type: "INTEGER", nullable: false),
                    taken_at = table.Column<long>(type: "INTEGER", nullable: false),
                    engine = table.Column<byte[]>(type: "BLOB", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_sla_checkpoint", x => x.organization_id);
                });

            migrationBuilder.CreateTable(
                name: "sla_day",
                columns: table => new
                {
                    organization_id = table.Column<string>(type: "TEXT", nullable: false),
                    date = table.Column<int>(type: "INTEGER", nullable: false),
                    zone = table.Column<string>(type: "TEXT", nullable: false),
                    good = table.Column<int>(type: "INTEGER", nullable: false),
                    bad = table.Column<int>(type: "INTEGER", nullable: false),
                    unknown = table.Column<int>(type: "INTEGER", nullable: false),
                    excluded = table.Column<int>(type: "INTEGER", nullable: false),
                    total60 = table.Column<long>(type: "INTEGER", nullable: false),
                    bad60 = table.Column<long>(type: "INTEGER", nullable: false),
                    latency60 = table.Column<long>(type: "INTEGER", nullable: false),
                    slow50 = table.Column<long>(type: "INTEGER", nullable: false),
                    slow95 = table.Column<long>(type: "INTEGER", nullable: false),
                    slow99 = table.Column<long>(type: "INTEGER", nullable: false),
                    extra = table.Column<byte[]>(type: "BLOB", nullable: false),
                    sketch = table.Column<byte[]>(type: "BLOB", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_sla_day", x => new { x.organization_id, x.date });
                });

            migrationBuilder.CreateTable(
                name: "sla_hour",
                columns: table => new
                {
                    organization_id = table.Column<string>(type: "TEXT", nullable: false),
                    hour = table.Column<long>(type: "INTEGER", nullable: false),
                    monitored = table.Column<bool>(type: "INTEGER", nullable: false),
                    revision = table.Column<int>(type: "INTEGER", nullable: false),
                    pending = table.Column<bool>(type: "INTEGER", nullable: false),
                    good = table.Column<int>(type: "INTEGER", nullable: false),
                    bad = table.Column<int>(type: "INTEGER", nullable: false),
                    unknown = table.Column<int>(type: "INTEGER", nullable: false),
                    excluded = table.Column<int>(type: "INTEGER", nullable: false),
                    total60 = table.Column<long>(type: "INTEGER", nullable: false),
                    bad60 = table.Column<long>(type: "INTEGER", nullable: false),
                    latency60 = table.Column<long>(type: "INTEGER", nullable: false),
                    slow50 = table.Column<long>(type: "INTEGER", nullable: false),
                    slow95 = table.Column<long>(type: "INTEGER", nullable: false),
                    slow99 = table.Column<long>(type: "INTEGER", nullable: false),
                    extra = table.Column<byte[]>(type: "BLOB", nullable: false),
                    detail = table.Column<byte[]>(type: "BLOB", nullable: true),
                    sketch = table.Column<byte[]>(type: "BLOB", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_sla_hour", x => new { x.organization_id, x.hour });
                });

            migrationBuilder.CreateTable(
                name: "sla_mapping",
                columns: table => new
                {
                    id = table.Column<string>(type: "TEXT", nullable: false),
                    version = table.Column<long>(type: "INTEGER", nullable: false),
                    state_json = table.Column<string>(type: "TEXT", nullable: false),
                    state_format = table.Column<int>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_sla_mapping", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "sla_metric",
                columns: table => new
                {
                    id = table.Column<string>(type: "TEXT", nullable: false),
                    organization_id = table.Column<string>(type: "TEXT", nullable: false),
                    metric_type = table.Column<string>(type: "TEXT", nullable: false),
                    period = table.Column<string>(type: "TEXT", nullable: false),
                    timestamp = table.Column<long>(type: "INTEGER", nullable: false),
                    target = table.Column<decimal>(type: "TEXT", precision: 12, scale: 6, nullable: false),
                    actual = table.Column<decimal>(type: "TEXT", precision: 12, scale: 6, nullable: true),
                    metadata = table.Column<string>(type: "TEXT", nullable: false),
                    revision = table.Column<int>(type: "INTEGER", nullable: false),
                    created_at = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_sla_metric", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "sla_period_cursor",
                columns: table => new
                {
                    organization_id = table.Column<string>(type: "TEXT", nullable: false),
                    through_hour = table.Column<long>(type: "INTEGER", nullable: false)
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
