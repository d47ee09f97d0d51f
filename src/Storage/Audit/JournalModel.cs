using Microsoft.EntityFrameworkCore;

namespace Forge.Storage.Audit;

/// <summary>Tables of the journal and its keys. The triggers that keep it append-only are in the migrations.</summary>
internal static class JournalModel
{
    public static void Map(ModelBuilder model)
    {
        model.Entity<JournalRow>(row =>
        {
            row.ToTable("journal_entry");
            row.HasKey(r => new { r.Chain, r.Seq });
            row.Ignore(r => r.DataKeyId);
            row.HasIndex(r => new { r.Chain, r.PrevHash }).IsUnique().HasDatabaseName("ux_journal_entry_prev_hash");
            row.HasIndex(r => new { r.Chain, r.Subject, r.Seq }).HasDatabaseName("ix_journal_entry_subject");
            row.HasIndex(r => new { r.At, r.Chain, r.Seq }).HasDatabaseName("ix_journal_entry_at");
            row.HasIndex(r => new { r.Actor, r.At }).HasDatabaseName("ix_journal_entry_actor");
        });
        model.Entity<JournalHeadRow>().ToTable("journal_head").HasKey(r => r.Chain);
        model.Entity<JournalSealRow>(row =>
        {
            row.ToTable("journal_seal");
            row.HasKey(r => r.Seq);
            row.HasIndex(r => r.At).HasDatabaseName("ix_journal_seal_at");
            row.Property(r => r.Seq).ValueGeneratedNever();
        });
        model.Entity<DataKeyRow>(row =>
        {
            row.ToTable("data_key");
            row.HasKey(r => r.Id);
            row.HasIndex(r => new { r.Owner, r.CreatedAt }).HasDatabaseName("ix_data_key_owner");
        });
        model.Entity<InstallationRow>(row =>
        {
            row.ToTable("installation");
            row.HasKey(r => r.Slot);
            row.Property(r => r.Slot).ValueGeneratedNever();
            row.Property(r => r.Id).IsRequired();
        });
    }
}
