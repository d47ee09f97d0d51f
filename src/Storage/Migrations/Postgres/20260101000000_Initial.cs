using System;
using Microsoft.EntityFrameworkCore.Migrations;
using Npgsql.EntityFrameworkCore.PostgreSQL.Metadata;

#nullable disable

namespace Forge.Storage.Migrations.Postgres
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
                    key = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    body_hash = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    answer = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_command_receipt", x => x.key);
                });

            migrationBuilder.CreateTable(
                name: "contract",
                columns: table => new
                {
                    id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    organization_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    number = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    signed = table.Column<bool>(type: "boolean", nullable: false),
                    start_date = table.Column<DateOnly>(type: "date", nullable: false),
                    term_end = table.Column<DateOnly>(type: "date", nullable: false),
                    version = table.Column<long>(type: "bigint", nullable: false),
                    state_json = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    state_format = table.Column<int>(type: "integer", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_contract", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "counter",
                columns: table => new
                {
                    name = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    year = table.Column<int>(type: "integer", nullable: false),
                    value = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_counter", x => new { x.name, x.year });
                });

            migrationBuilder.CreateTable(
                name: "deadline",
                columns: table => new
                {
                    kind = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    key = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    name = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    due_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_deadline", x => new { x.kind, x.key, x.name });
                });

            migrationBuilder.CreateTable(
                name: "journal_entry",
                columns: table => new
                {
                    chain = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    seq = table.Column<long>(type: "bigint", nullable: false),
                    at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    actor = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    action = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    subject = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    body = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    salt = table.Column<byte[]>(type: "bytea", nullable: false),
                    body_commit = table.Column<byte[]>(type: "bytea", nullable: false),
                    prev_hash = table.Column<byte[]>(type: "bytea", nullable: false),
                    hash = table.Column<byte[]>(type: "bytea", nullable: false),
                    correlation_id = table.Column<string>(type: "text", nullable: false, collation: "C")
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_journal_entry", x => new { x.chain, x.seq });
                });

            migrationBuilder.CreateTable(
                name: "journal_head",
                columns: table => new
                {
                    chain = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    seq = table.Column<long>(type: "bigint", nullable: false),
                    hash = table.Column<byte[]>(type: "bytea", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_journal_head", x => x.chain);
                });

            migrationBuilder.CreateTable(
                name: "organization",
                columns: table => new
                {
                    id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    name = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    slug = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    external_id = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    region = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    plan = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    is_enterprise_customer = table.Column<bool>(type: "boolean", nullable: false),
                    status = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    user_count = table.Column<int>(type: "integer", nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    name_key = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    search_text = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    version = table.Column<long>(type: "bigint", nullable: false),
                    state_json = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    state_format = table.Column<int>(type: "integer", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_organization", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "outbox_message",
                columns: table => new
                {
                    position = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityByDefaultColumn),
                    id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    kind = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    target_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    ordering_key = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    type = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    body = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    not_before = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    state = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    attempts = table.Column<int>(type: "integer", nullable: false),
                    last_error = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    locked_until = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    lease = table.Column<string>(type: "text", nullable: true, collation: "C")
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_outbox_message", x => x.position);
                });

            migrationBuilder.CreateTable(
                name: "principal",
                columns: table => new
                {
                    id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    enabled = table.Column<bool>(type: "boolean", nullable: false),
                    is_platform_admin = table.Column<bool>(type: "boolean", nullable: false),
                    epoch = table.Column<long>(type: "bigint", nullable: false),
                    version = table.Column<long>(type: "bigint", nullable: false),
                    state_json = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    state_format = table.Column<int>(type: "integer", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_principal", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "sla_violation",
                columns: table => new
                {
                    id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    organization_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    metric_type = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    target = table.Column<long>(type: "bigint", nullable: false),
                    actual = table.Column<long>(type: "bigint", nullable: true),
                    worst = table.Column<long>(type: "bigint", nullable: true),
                    duration_minutes = table.Column<int>(type: "integer", nullable: false),
                    bad_seconds = table.Column<int>(type: "integer", nullable: false),
                    impact = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    impact_reason = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    state = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    late = table.Column<bool>(type: "boolean", nullable: false),
                    start_time = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    end_time = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    credit_amount = table.Column<long>(type: "bigint", nullable: false),
                    credit_issued = table.Column<bool>(type: "boolean", nullable: false),
                    incident_id = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    post_mortem_url = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    version = table.Column<long>(type: "bigint", nullable: false),
                    state_json = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    state_format = table.Column<int>(type: "integer", nullable: false)
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

            // Append-only (security.md 11). Statement triggers: they also refuse statements that would touch no row, and ON CONFLICT DO UPDATE.
            migrationBuilder.Sql("""
                CREATE FUNCTION journal_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN
                  RAISE EXCEPTION 'journal is append-only' USING ERRCODE = 'restrict_violation';
                END $$;
                CREATE TRIGGER journal_entry_no_update BEFORE UPDATE OR DELETE OR TRUNCATE ON journal_entry
                  FOR EACH STATEMENT EXECUTE FUNCTION journal_refuse();
                CREATE FUNCTION journal_order() RETURNS trigger LANGUAGE plpgsql AS $$
                DECLARE
                  last_seq bigint;
                  last_hash bytea;
                BEGIN
                  SELECT seq, hash INTO last_seq, last_hash FROM journal_entry WHERE chain = NEW.chain ORDER BY seq DESC LIMIT 1;
                  IF NEW.seq <> coalesce(last_seq, 0) + 1 THEN
                    RAISE EXCEPTION 'journal is append-only: seq must be the last one plus 1' USING ERRCODE = 'restrict_violation';
                  END IF;
                  IF last_seq IS NOT NULL AND NEW.prev_hash <> last_hash THEN
                    RAISE EXCEPTION 'journal is append-only: prev_hash must be the hash of the last entry' USING ERRCODE = 'restrict_violation';
                  END IF;
                  RETURN NEW;
                END $$;
                CREATE TRIGGER journal_entry_order BEFORE INSERT ON journal_entry
                  FOR EACH ROW EXECUTE FUNCTION journal_order();
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

            migrationBuilder.Sql("DROP FUNCTION journal_order(); DROP FUNCTION journal_refuse();");
        }
    }
}
