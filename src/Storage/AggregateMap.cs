using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Forge.Domain;
using Forge.Domain.Audit;
using Forge.Domain.Contracts;
using Forge.Domain.Organizations;
using Forge.Domain.Sla;
using Forge.Storage.Audit;
using Forge.Storage.Contracts;
using Forge.Storage.Organizations;
using Forge.Storage.Sla;
using Microsoft.EntityFrameworkCore;

namespace Forge.Storage;

/// <summary>Which aggregates the Ledger keeps: Domain record, its JSON, its table. A new aggregate adds a line here and a row class.</summary>
internal static class AggregateMaps
{
    public static AggregateMap<Organization> Organization { get; } = new AggregateMap<Organization, OrganizationRow>(ForgeJson.Default.Organization, OrganizationRow.From);

    public static AggregateMap<Contract> Contract { get; } = new AggregateMap<Contract, ContractRow>(ForgeJson.Default.Contract, ContractRow.From, encryptedAs: "contract");

    public static AggregateMap<SlaViolation> SlaViolation { get; } = new AggregateMap<SlaViolation, SlaViolationRow>(ForgeJson.Default.SlaViolation, SlaViolationRow.From);

    public static AggregateMap<SlaAlert> SlaAlert { get; } = new AggregateMap<SlaAlert, SlaAlertRow>(ForgeJson.Default.SlaAlert, SlaAlertRow.From);

    public static AggregateMap<BurnPlan> BurnPlan { get; } = new AggregateMap<BurnPlan, SlaBurnRulesRow>(ForgeJson.Default.BurnPlan, SlaBurnRulesRow.From);

    public static AggregateMap<Principal> Principal { get; } = new AggregateMap<Principal, PrincipalRow>(ForgeJson.Default.Principal, PrincipalRow.From);

    public static AggregateMap<SlaMapping> SlaMapping { get; } = new AggregateMap<SlaMapping, SlaMappingRow>(ForgeJson.Default.SlaMapping, SlaMappingRow.From);

    private static readonly Dictionary<Type, object> ByState = new()
    {
        [typeof(Organization)] = Organization,
        [typeof(Contract)] = Contract,
        [typeof(SlaViolation)] = SlaViolation,
        [typeof(SlaAlert)] = SlaAlert,
        [typeof(BurnPlan)] = BurnPlan,
        [typeof(Principal)] = Principal,
        [typeof(SlaMapping)] = SlaMapping,
    };

    public static AggregateMap<TState> Of<TState>()
        where TState : class =>
        ByState.TryGetValue(typeof(TState), out var map) ? (AggregateMap<TState>)map : throw new ArgumentException($"{typeof(TState).Name} is not an aggregate of the Ledger.");
}

/// <summary>A row's state as it is stored.</summary>
internal sealed record StoredRow(string Id, string StateJson, int StateFormat, long Version);

/// <summary>How one kind of aggregate is stored. With <paramref name="encryptedAs"/>, the table's name, the state is an envelope under the organization's data key.</summary>
internal abstract class AggregateMap<TState>(JsonTypeInfo<TState> json, string? encryptedAs)
    where TState : class
{
    /// <summary>Shape of the JSON that is written; older ones are read as long as Domain can.</summary>
    public const int Format = 1;

    public abstract Task<Stored<TState>?> LoadAsync(ForgeDbContext context, string id, DataKeys keys, CancellationToken ct);

    /// <summary>Puts the row into the context so that saving inserts it, or updates it only while its version is the expected one.</summary>
    public abstract void Stage(ForgeDbContext context, string id, TState state, long expectedVersion, SecretKey key);

    /// <summary>True when states are encrypted at rest: then so are the remembered answers.</summary>
    public bool Encrypted => encryptedAs is not null;

    /// <summary>Reads rows whose state is encrypted, with the keys that they name.</summary>
    /// <exception cref="InvalidOperationException">A key is not here or was destroyed, or the text belongs to another row.</exception>
    public async Task<ImmutableArray<Stored<TState>>> ReadAsync(IReadOnlyCollection<StoredRow> rows, DataKeys keys, CancellationToken ct)
    {
        if (!Encrypted) return [.. rows.Select(r => Read(r.StateJson, r.StateFormat, r.Version))];
        var found = await keys.FindAsync(rows.Select(r => Envelope.KeyIdOf(r.StateJson)), ct);
        return [.. rows.Select(r => Read(Open(r, found), r.StateFormat, r.Version))];
    }

    public Stored<TState> Read(string stateJson, int format, long version)
    {
        if (format > Format) throw new InvalidOperationException($"A stored {typeof(TState).Name} has format {format}; this version of the program reads up to {Format}.");
        return new Stored<TState>(JsonSerializer.Deserialize(stateJson, json) ?? throw new InvalidOperationException($"A stored {typeof(TState).Name} is empty."), version);
    }

    protected string Write(string id, TState state, SecretKey key)
    {
        var text = JsonSerializer.Serialize(state, json);
        return encryptedAs is null ? text : Envelope.Seal(key, RandomNumberGenerator.GetBytes(Envelope.NonceBytes), Place(id), text);
    }

    // Rows of before the encryption are plain; each becomes an envelope with its next change.
    private string Open(StoredRow row, IReadOnlyDictionary<string, DataKeyState> keys) =>
        Envelope.KeyIdOf(row.StateJson) is not { } keyId ? row.StateJson
        : keys.TryGetValue(keyId, out var state) && state.Key is { } key && Envelope.Open(key, Place(row.Id), row.StateJson) is { } text ? text
        : throw new InvalidOperationException($"The {typeof(TState).Name} {row.Id} cannot be decrypted: its data key {keyId} is {(state.Destroyed ? "destroyed" : "not here, or the row was changed")}.");

    private string Place(string id) => $"{encryptedAs}|state_json|{id}";
}

/// <inheritdoc/>
internal sealed class AggregateMap<TState, TRow>(JsonTypeInfo<TState> json, Func<TState, TRow> toRow, string? encryptedAs = null) : AggregateMap<TState>(json, encryptedAs)
    where TState : class
    where TRow : AggregateRow
{
    public override async Task<Stored<TState>?> LoadAsync(ForgeDbContext context, string id, DataKeys keys, CancellationToken ct)
    {
        var found = await context.Set<TRow>().Where(r => r.Id == id).Select(r => new StoredRow(r.Id, r.StateJson, r.StateFormat, r.Version)).FirstOrDefaultAsync(ct);
        return found is null ? null : (await ReadAsync([found], keys, ct))[0];
    }

    public override void Stage(ForgeDbContext context, string id, TState state, long expectedVersion, SecretKey key)
    {
        var row = toRow(state);
        if (row.Id != id) throw new ArgumentException($"The state belongs to {row.Id}, not to {id}.", nameof(id));
        row.StateJson = Write(id, state, key);
        row.StateFormat = Format;
        row.Version = expectedVersion + 1;
        if (expectedVersion == 0)
        {
            context.Add(row);
            return;
        }
        context.Update(row).Property(r => r.Version).OriginalValue = expectedVersion;
    }
}
