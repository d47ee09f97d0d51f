using Microsoft.EntityFrameworkCore;

namespace Forge.Storage.Sla;

/// <summary>Tables of checkpoints, hours, days and period metrics. Columns that queries read come first: SQLite reads a row from its front.</summary>
internal static class SlaHistoryModel
{
    public static void Map(ModelBuilder model)
    {
        model.Entity<SlaCheckpointRow>().ToTable("sla_checkpoint").HasKey(r => r.OrganizationId);
        model.Entity<SlaHourRow>(row =>
        {
            row.ToTable("sla_hour");
            row.HasKey(r => new { r.OrganizationId, r.Hour });
            row.HasIndex(r => r.OrganizationId).HasFilter("pending").HasDatabaseName("ix_sla_hour_pending");
            row.HasIndex(r => r.Hour).HasFilter("detail IS NOT NULL").HasDatabaseName("ix_sla_hour_detail");
        });
        model.Entity<SlaDayRow>(row =>
        {
            row.ToTable("sla_day");
            row.HasKey(r => new { r.OrganizationId, r.Date });
        });
        model.Entity<SlaMetricRow>(row =>
        {
            row.ToTable("sla_metric");
            row.HasIndex(r => new { r.OrganizationId, r.MetricType, r.Period, r.Timestamp }).IsUnique().HasDatabaseName("ux_sla_metric_period");
            row.HasIndex(r => new { r.Period, r.Timestamp }).HasDatabaseName("ix_sla_metric_age");
            row.Property(r => r.Actual).HasPrecision(12, 6);
            row.Property(r => r.Target).HasPrecision(12, 6);
        });
        model.Entity<SlaPeriodCursorRow>().ToTable("sla_period_cursor").HasKey(r => r.OrganizationId);
        foreach (var entity in (Type[])[typeof(SlaHourRow), typeof(SlaDayRow)])
            foreach (var property in model.Entity(entity).Metadata.GetProperties())
                property.SetColumnOrder(property.Name is nameof(SlaHourRow.Detail) or nameof(SlaHourRow.Sketch) ? 2 : 1);
    }
}
