using System.Text;
using Forge.Storage.Audit;
using Forge.Storage.Contracts;
using Forge.Storage.Organizations;
using Forge.Storage.Sla;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace Forge.Storage;

/// <summary>Names of the unique constraints a command can run into; the same on both databases.</summary>
public static class Constraints
{
    /// <summary>Two organizations with one slug.</summary>
    public const string OrganizationSlug = "ux_organization_slug";

    /// <summary>Two organizations with one external id.</summary>
    public const string OrganizationExternalId = "ux_organization_external_id";

    /// <summary>Two contracts with one number.</summary>
    public const string ContractNumber = "ux_contract_number";

    /// <summary>Two open violations of one promise.</summary>
    public const string OpenViolation = "ux_sla_violation_open";

    /// <summary>Two unresolved alerts of one rule and promise.</summary>
    public const string UnresolvedAlert = "ux_sla_alert_unresolved";
}

/// <summary>The one model of both databases; texts compare byte by byte on either, times have microseconds.</summary>
internal abstract class ForgeDbContext(DbContextOptions options) : DbContext(options)
{
    public DbSet<OrganizationRow> Organizations => Set<OrganizationRow>();

    public DbSet<ContractRow> Contracts => Set<ContractRow>();

    public DbSet<SlaViolationRow> Violations => Set<SlaViolationRow>();

    public DbSet<SlaCheckpointRow> SlaCheckpoints => Set<SlaCheckpointRow>();

    public DbSet<SlaHourRow> SlaHours => Set<SlaHourRow>();

    public DbSet<SlaDayRow> SlaDays => Set<SlaDayRow>();

    public DbSet<SlaMetricRow> SlaMetrics => Set<SlaMetricRow>();

    public DbSet<SlaPeriodCursorRow> SlaPeriodCursors => Set<SlaPeriodCursorRow>();

    public DbSet<SlaAlertRow> Alerts => Set<SlaAlertRow>();

    public DbSet<SlaMappingRow> Mappings => Set<SlaMappingRow>();

    public DbSet<PrincipalRow> Principals => Set<PrincipalRow>();

    public DbSet<JournalRow> Journal => Set<JournalRow>();

    public DbSet<JournalHeadRow> JournalHeads => Set<JournalHeadRow>();

    public DbSet<JournalSealRow> JournalSeals => Set<JournalSealRow>();

    public DbSet<DataKeyRow> DataKeys => Set<DataKeyRow>();

    public DbSet<InstallationRow> Installations => Set<InstallationRow>();

    public DbSet<OutboxRow> Outbox => Set<OutboxRow>();

    public DbSet<ReceiptRow> Receipts => Set<ReceiptRow>();

    public DbSet<DeadlineRow> Deadlines => Set<DeadlineRow>();

    public DbSet<CounterRow> Counters => Set<CounterRow>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<OrganizationRow>(row =>
        {
            row.ToTable("organization");
            row.HasIndex(r => r.Slug).IsUnique().HasDatabaseName(Constraints.OrganizationSlug);
            row.HasIndex(r => r.ExternalId).IsUnique().HasDatabaseName(Constraints.OrganizationExternalId);
            row.HasIndex(r => new { r.NameKey, r.Id }).HasDatabaseName("ix_organization_name");
        });
        modelBuilder.Entity<ContractRow>(row =>
        {
            row.ToTable("contract");
            row.HasIndex(r => r.Number).IsUnique().HasDatabaseName(Constraints.ContractNumber);
            row.HasIndex(r => r.OrganizationId).HasDatabaseName("ix_contract_organization");
        });
        modelBuilder.Entity<SlaViolationRow>(row =>
        {
            row.ToTable("sla_violation");
            row.HasIndex(r => new { r.OrganizationId, r.MetricType }).IsUnique().HasFilter("state = 'OPEN'").HasDatabaseName(Constraints.OpenViolation);
            row.HasIndex(r => new { r.OrganizationId, r.StartTime }).HasDatabaseName("ix_sla_violation_organization");
            row.HasIndex(r => r.StartTime).HasDatabaseName("ix_sla_violation_start");
        });
        SlaHistoryModel.Map(modelBuilder);
        modelBuilder.Entity<SlaAlertRow>(row =>
        {
            row.ToTable("sla_alert");
            row.HasIndex(r => new { r.OrganizationId, r.Rule, r.MetricType }).IsUnique().HasFilter("state <> 'RESOLVED'").HasDatabaseName(Constraints.UnresolvedAlert);
            row.HasIndex(r => new { r.OrganizationId, r.FiredAt }).HasDatabaseName("ix_sla_alert_organization");
            row.HasIndex(r => r.FiredAt).HasDatabaseName("ix_sla_alert_fired");
        });
        modelBuilder.Entity<SlaBurnRulesRow>().ToTable("sla_burn_rules");
        modelBuilder.Entity<SlaMappingRow>().ToTable("sla_mapping");
        modelBuilder.Entity<PrincipalRow>().ToTable("principal");
        JournalModel.Map(modelBuilder);
        modelBuilder.Entity<OutboxRow>(row =>
        {
            row.ToTable("outbox_message");
            row.HasKey(r => r.Position);
            row.Property(r => r.Id).IsRequired();
            row.HasIndex(r => new { r.Id, r.Kind, r.TargetId }).IsUnique().HasDatabaseName("ux_outbox_message_id");
            row.HasIndex(r => new { r.TargetId, r.OrderingKey, r.Position }).HasFilter("state IN ('PENDING', 'SENDING')").HasDatabaseName("ix_outbox_message_order");
            row.HasIndex(r => r.Position).HasFilter("state IN ('PENDING', 'SENDING')").HasDatabaseName("ix_outbox_message_waiting");
        });
        modelBuilder.Entity<ReceiptRow>(row =>
        {
            row.ToTable("command_receipt");
            row.HasKey(r => r.Key);
            row.HasIndex(r => r.CreatedAt).HasDatabaseName("ix_command_receipt_created");
        });
        modelBuilder.Entity<DeadlineRow>(row =>
        {
            row.ToTable("deadline");
            row.HasKey(r => new { r.Kind, r.Key, r.Name });
            row.HasIndex(r => r.DueAt).HasDatabaseName("ix_deadline_due");
        });
        modelBuilder.Entity<CounterRow>().ToTable("counter").HasKey(r => new { r.Name, r.Year });

        foreach (var entity in modelBuilder.Model.GetEntityTypes())
        {
            if (typeof(AggregateRow).IsAssignableFrom(entity.ClrType)) entity.FindProperty(nameof(AggregateRow.Version))!.IsConcurrencyToken = true;
            foreach (var property in entity.GetProperties()) property.SetColumnName(SnakeCase(property.Name));
            entity.FindPrimaryKey()!.SetName("pk_" + entity.GetTableName());
        }
    }

    private static string SnakeCase(string name)
    {
        var text = new StringBuilder(name.Length + 8);
        foreach (var c in name)
        {
            if (char.IsAsciiLetterUpper(c) && text.Length > 0) text.Append('_');
            text.Append(char.ToLowerInvariant(c));
        }
        return text.ToString();
    }
}

/// <summary>The model on SQLite: times are Unix microseconds in an integer.</summary>
internal sealed class SqliteForgeDbContext(DbContextOptions<SqliteForgeDbContext> options) : ForgeDbContext(options)
{
    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder) =>
        configurationBuilder.Properties<DateTimeOffset>().HaveConversion<UnixMicroseconds>();

    private sealed class UnixMicroseconds() : ValueConverter<DateTimeOffset, long>(
        at => (at.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks) / TimeSpan.TicksPerMicrosecond,
        stored => DateTimeOffset.UnixEpoch.AddTicks(stored * TimeSpan.TicksPerMicrosecond));
}

/// <summary>The model on PostgreSQL: times are <c>timestamptz</c>, given in UTC as Npgsql demands.</summary>
internal sealed class PostgresForgeDbContext(DbContextOptions<PostgresForgeDbContext> options) : ForgeDbContext(options)
{
    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder)
    {
        configurationBuilder.Properties<DateTimeOffset>().HaveConversion<Utc>();
        configurationBuilder.Properties<string>().UseCollation("C");
    }

    private sealed class Utc() : ValueConverter<DateTimeOffset, DateTimeOffset>(at => at.ToUniversalTime(), stored => stored.ToUniversalTime());
}
