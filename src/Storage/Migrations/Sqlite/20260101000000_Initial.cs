using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Forge.Storage.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class Initial : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "command_receipt",
                columns: table => new
                {
                    key = table.Column<string>(type: "TEXT", nullable: false),
                    body_hash = table.Column<string>(type: "TEXT", nullable: false),
                    answer = table.Column<string>(type: "TEXT", nullable: false),
                    created_at = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_command_receipt", x => x.key);
                });

            migrationBuilder.CreateTable(
                name: "contract",
                columns: table => new
                {
                    id = table.Column<string>(type: "TEXT", nullable: false),
                    organization_id = table.Column<string>(type: "TEXT", nullable: false),
                    number = table.Column<string>(type: "TEXT", nullable: true),
                    signed = table.Column<bool>(type: "INTEGER", nullable: false),
                    start_date = table.Column<DateOnly>(type: "TEXT", nullable: false),
                    term_end = table.Column<DateOnly>(type: "TEXT", nullable: false),
                    version = table.Column<long>(type: "INTEGER", nullable: false),
                    state_json = table.Column<string>(type: "TEXT", nullable: false),
                    state_format = table.Column<int>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_contract", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "counter",
                columns: table => new
                {
                    name = table.Column<string>(type: "TEXT", nullable: false),
                    year = table.Column<int>(type: "INTEGER", nullable: false),
                    value = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_counter", x => new { x.name, x.year });
                });

            migrationBuilder.CreateTable(
                name: "deadline",
                columns: table => new
                {
                    kind = table.Column<string>(type: "TEXT", nullable: false),
                    key = table.Column<string>(type: "TEXT", nullable: false),
                    name = table.Column<string>(type: "TEXT", nullable: false),
                    due_at = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_deadline", x => new { x.kind, x.key, x.name });
                });

            migrationBuilder.CreateTable(
                name: "journal_entry",
                columns: table => new
                {
                    chain = table.Column<string>(type: "TEXT", nullable: false),
                    seq = table.Column<long>(type: "INTEGER", nullable: false),
                    at = table.Column<long>(type: "INTEGER", nullable: false),
                    actor = table.Column<string>(type: "TEXT", nullable: false),
                    action = table.Column<string>(type: "TEXT", nullable: false),
                    subject = table.Column<string>(type: "TEXT", nullable: false),
                    body = table.Column<string>(type: "TEXT", nullable: false),
                    salt = table.Column<byte[]>(type: "BLOB", nullable: false),
                    body_commit = table.Column<byte[]>(type: "BLOB", nullable: false),
                    prev_hash = table.Column<byte[]>(type: "BLOB", nullable: false),
                    hash = table.Column<byte[]>(type: "BLOB", nullable: false),
                    correlation_id = table.Column<string>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_journal_entry", x => new { x.chain, x.seq });
                });

            migrationBuilder.CreateTable(
                name: "journal_head",
                columns: table => new
                {
                    chain = table.Column<string>(type: "TEXT", nullable: false),
                    seq = table.Column<long>(type: "INTEGER", nullable: false),
                    hash = table.Column<byte[]>(type: "BLOB", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_journal_head", x => x.chain);
                });

            migrationBuilder.CreateTable(
                name: "organization",
                columns: table => new
                {
                    id = table.Column<string>(type: "TEXT", nullable: false),
                    name = table.Column<string>(type: "TEXT", nullable: false),
                    slug = table.Column<string>(type: "TEXT", nullable: false),
                    external_id = table.Column<string>(type: "TEXT", nullable: true),
                    region = table.Column<string>(type: "TEXT", nullable: false),
                    plan = table.Column<string>(type: "TEXT", nullable: false),
                    is_enterprise_customer = table.Column<bool>(type: "INTEGER", nullable: false),
                    status = table.Column<string>(type: "TEXT", nullable: false),
                    user_count = table.Column<int>(type: "INTEGER", nullable: false),
                    created_at = table.Column<long>(type: "INTEGER", nullable: false),
                    name_key = table.Column<string>(type: "TEXT", nullable: false),
                    search_text = table.Column<string>(type: "TEXT", nullable: false),
                    version = table.Column<long>(type: "INTEGER", nullable: false),
                    state_json = table.Column<string>(type: "TEXT", nullable: false),
                    state_format = table.Column<int>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_organization", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "outbox_message",
                columns: table => new
                {
                    position = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    id = table.Column<string>(type: "TEXT", nullable: false),
                    kind = table.Column<string>(type: "TEXT", nullable: false),
                    target_id = table.Column<string>(type: "TEXT", nullable: false),
                    ordering_key = table.Column<string>(type: "TEXT", nullable: false),
                    type = table.Column<string>(type: "TEXT", nullable: false),
                    body = table.Column<string>(type: "TEXT", nullable: false),
                    created_at = table.Column<long>(type: "INTEGER", nullable: false),
                    not_before = table.Column<long>(type: "INTEGER", nullable: false),
                    state = table.Column<string>(type: "TEXT", nullable: false),
                    attempts = table.Column<int>(type: "INTEGER", nullable: false),
                    last_error = table.Column<string>(type: "TEXT", nullable: true),
                    locked_until = table.Column<long>(type: "INTEGER", nullable: true),
                    lease = table.Column<string>(type: "TEXT", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_outbox_message", x => x.position);
                });

            migrationBuilder.CreateTable(
                name: "principal",
                columns: table => new
                {
                    id = table.Column<string>(type: "TEXT", nullable: false),
                    enabled = table.Column<bool>(type: "INTEGER", nullable: false),
                    is_platform_admin = table.Column<bool>(type: "INTEGER", nullable: false),
                    epoch = table.Column<long>(type: "INTEGER", nullable: false),
                    version = table.Column<long>(type: "INTEGER", nullable: false),
                    state_json = table.Column<string>(type: "TEXT", nullable: false),
                    state_format = table.Column<int>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_principal", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "sla_violation",
                columns: table => new
                {
                    id = table.Column<string>(type: "TEXT", nullable: false),
                    organization_id = table.Column<string>(type: "TEXT", nullable: false),
                    metric_type = table.Column<string>(type: "TEXT", nullable: false),
                    target = table.Column<long>(type: "INTEGER", nullable: false),
                    actual = table.Column<long>(type: "INTEGER", nullable: true),
                    worst = table.Column<long>(type: "INTEGER", nullable: true),
                    duration_minutes = table.Column<int>(type: "INTEGER", nullable: false),
                    bad_seconds = table.Column<int>(type: "INTEGER", nullable: false),
                    impact = table.Column<string>(type: "TEXT", nullable: false),
                    impact_reason = table.Column<string>(type: "TEXT", nullable: false),
                    state = table.Column<string>(type: "TEXT", nullable: false),
                    late = table.Column<bool>(type: "INTEGER", nullable: false),
                    start_time = table.Column<long>(type: "INTEGER", nullable: false),
                    end_time = table.Column<long>(type: "INTEGER", nullable: true),
                    credit_amount = table.Column<long>(type: "INTEGER", nullable: false),
                    credit_issued = table.Column<bool>(type: "INTEGER", nullable: false),
                    incident_id = table.Column<string>(type: "TEXT", nullable: true),
                    post_mortem_url = table.Column<string>(type: "TEXT", nullable: true),
                    created_at = table.Column<long>(type: "INTEGER", nullable: false),
                    version = table.Column<long>(type: "INTEGER", nullable: false),
                    state_json = table.Column<string>(type: "TEXT", nullable: false),
                    state_format = table.Column<int>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_sla_violation", x => x.id);
                });

            migrationBuilder.CreateIndex(
                name: "ix_command_receipt_created",
                table: "command_receipt",
                column: "created_at");

            migrationBuilder.CreateIndex(
                name: "ix_contract_organization",
                table: "contract",
                column: "organization_id");

            migrationBuilder.CreateIndex(
                name: "ux_contract_number",
                table: "contract",
                column: "number",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_deadline_due",
                table: "deadline",
                column: "due_at");

            migrationBuilder.CreateIndex(
                name: "ux_journal_entry_prev_hash",
                table: "journal_entry",
                columns: new[] { "chain", "prev_hash" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_organization_name",
                table: "organization",
                columns: new[] { "name_key", "id" });

            migrationBuilder.CreateIndex(
                name: "ux_organization_external_id",
                table: "organization",
                column: "external_id",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ux_organization_slug",
                table: "organization",
                column: "slug",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_outbox_message_order",
                table: "outbox_message",
                columns: new[] { "target_id", "ordering_key", "position" },
                filter: "state IN ('PENDING', 'SENDING')");

            migrationBuilder.CreateIndex(
                name: "ix_outbox_message_waiting",
                table: "outbox_message",
                column: "position",
                filter: "state IN ('PENDING', 'SENDING')");

            migrationBuilder.CreateIndex(
                name: "ux_outbox_message_id",
                table: "outbox_message",
                columns: new[] { "id", "kind", "target_id" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_sla_violation_organization",
                table: "sla_violation",
                columns: new[] { "organization_id", "start_time" });

            migrationBuilder.CreateIndex(
                name: "ix_sla_violation_start",
                table: "sla_violation",
                column: "start_time");

            migrationBuilder.CreateIndex(
                name: "ux_sla_violation_open",
                table: "sla_violation",
                columns: new[] { "organization_id", "metric_type" },
                unique: true,
                filter: "state = 'OPEN'");

            // Append-only (security.md 11). The order trigger also stops INSERT OR REPLACE, which deletes without firing delete triggers: neither an existing
            // (chain, seq), nor (chain, prev_hash), nor rowid can be named.
            migrationBuilder.Sql("""
                CREATE TRIGGER journal_entry_no_update BEFORE UPDATE ON journal_entry
                BEGIN SELECT RAISE(ABORT, 'journal is append-only'); END;
                """);
            migrationBuilder.Sql("""
                CREATE TRIGGER journal_entry_no_delete BEFORE DELETE ON journal_entry
                BEGIN SELECT RAISE(ABORT, 'journal is append-only'); END;
                """);
            migrationBuilder.Sql("""
                CREATE TRIGGER journal_entry_order BEFORE INSERT ON journal_entry
                BEGIN
                  SELECT RAISE(ABORT, 'journal is append-only: seq must be the last one plus 1')
                   WHERE NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM journal_entry WHERE chain = NEW.chain);
                  SELECT RAISE(ABORT, 'journal is append-only: prev_hash must be the hash of the last entry')
                   WHERE NEW.seq > 1 AND NEW.prev_hash IS NOT (SELECT hash FROM journal_entry WHERE chain = NEW.chain AND seq = NEW.seq - 1);
                  SELECT RAISE(ABORT, 'journal is append-only: prev_hash is used already')
                   WHERE EXISTS (SELECT 1 FROM journal_entry WHERE chain = NEW.chain AND prev_hash = NEW.prev_hash);
                  SELECT RAISE(ABORT, 'journal is append-only: rowid is used already')
                   WHERE EXISTS (SELECT 1 FROM journal_entry WHERE rowid = NEW.rowid);
                END;
                """);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "command_receipt");

            migrationBuilder.DropTable(
                name: "contract");

            migrationBuilder.DropTable(
                name: "counter");

            migrationBuilder.DropTable(
                name: "deadline");

            migrationBuilder.DropTable(
                name: "journal_entry");

            migrationBuilder.DropTable(
                name: "journal_head");

            migrationBuilder.DropTable(
                name: "organization");

            migrationBuilder.DropTable(
                name: "outbox_message");

            migrationBuilder.DropTable(
                name: "principal");

            migrationBuilder.DropTable(
                name: "sla_violation");
        }
    }
}
