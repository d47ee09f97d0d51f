using Forge.Domain;
using Forge.Domain.Contracts;
using Forge.Storage.Audit;
using Forge.Storage.Contracts;
using Xunit;

namespace Forge.Storage.Tests;

public sealed class EncryptedStateSqliteTests(SqliteStore store) : EncryptedStateTests(store), IClassFixture<SqliteStore>;

public sealed class EncryptedStatePostgresTests(PostgresStore store) : EncryptedStateTests(store), IClassFixture<PostgresStore>;

/// <summary>Contracts, with their prices and terms, are envelopes in the database. Source: security.md 10.</summary>
public abstract class EncryptedStateTests(Store store)
{
    private const string Receipt = "key-of-the-command-";

    [Fact]
    public async Task Contract_InTheDatabase_IsAnEnvelopeAndReadsBack()
    {
        var contract = await SaveAsync();

        var row = await RowAsync(contract.Id);
        Assert.StartsWith("v1.", row, StringComparison.Ordinal);
        var answer = (string)(await store.SqlAsync($"SELECT answer FROM command_receipt WHERE key = '{Receipt + contract.Id}'"))!;
        Assert.StartsWith("v1.", answer, StringComparison.Ordinal);
        Assert.Equal(contract with { Versions = [] }, (await store.Ledger.LoadAsync<Contract>(contract.Id, default))!.State with { Versions = [] });
        Assert.Equal(15_000_000, Assert.Single(await store.Get<ContractReader>().ListAsync(contract.OrganizationId, default)).State.DraftAnnualValueCents);
        Assert.Equal("{\"annualValueCents\":15000000}", (await store.Ledger.FindReceiptAsync(Receipt + contract.Id, default))!.Answer);
    }

    [Fact]
    public async Task Contract_MovedToAnotherRow_IsRefused()
    {
        var (mine, other) = (await SaveAsync(), await SaveAsync());
        await store.SqlAsync($"UPDATE contract SET state_json = '{await RowAsync(other.Id)}' WHERE id = '{mine.Id}'");

        var failure = await Assert.ThrowsAsync<InvalidOperationException>(() => store.Ledger.LoadAsync<Contract>(mine.Id, default));
        Assert.Contains(mine.Id, failure.Message, StringComparison.Ordinal);
        Assert.NotNull(await store.Ledger.LoadAsync<Contract>(other.Id, default));
    }

    [Fact]
    public async Task Contract_OfBeforeTheEncryption_IsReadAndEncryptedWithItsNextChange()
    {
        var contract = await SaveAsync();
        var plain = System.Text.Json.JsonSerializer.Serialize(contract, ForgeJson.Default.Contract).Replace("'", "''", StringComparison.Ordinal);
        await store.SqlAsync($"UPDATE contract SET state_json = '{plain}' WHERE id = '{contract.Id}'");
        Assert.Equal(15_000_000, (await store.Ledger.LoadAsync<Contract>(contract.Id, default))!.State.DraftAnnualValueCents);

        Assert.IsType<CommitResult.Committed>(await store.Ledger.CommitAsync(Sample.Save(contract with { DraftAnnualValueCents = 16_000_000 }, 1), default));
        Assert.StartsWith("v1.", await RowAsync(contract.Id), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Contract_OfADestroyedKey_CannotBeRead()
    {
        var contract = await SaveAsync();
        await store.Get<DataKeys>().DestroyAsync(contract.OrganizationId, default);
        await Assert.ThrowsAsync<InvalidOperationException>(() => store.Ledger.LoadAsync<Contract>(contract.Id, default));
    }

    private async Task<Contract> SaveAsync()
    {
        var contract = Sample.Contract(Sample.OrganizationId()) with { Currency = "EUR", DraftAnnualValueCents = 15_000_000 };
        var commit = Sample.Save(contract) with { Receipt = new CommandReceipt(Receipt + contract.Id, "hash", "{\"annualValueCents\":15000000}") };
        Assert.IsType<CommitResult.Committed>(await store.Ledger.CommitAsync(commit, default));
        return contract;
    }

    private async Task<string> RowAsync(string id) => (string)(await store.SqlAsync($"SELECT state_json FROM contract WHERE id = '{id}'"))!;
}
