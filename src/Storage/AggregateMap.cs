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

    public static AggregateMap<Contract> Contract { get; } = new AggregateMap<Contract, ContractRow>(ForgeJson.Default.Contract, ContractRow.From);

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

/// <summary>How one kind of aggregate is stored.</summary>
internal abstract class AggregateMap<TState>(JsonTypeInfo<TState> json)
    where TState : class
{
    /// <summary>Shape of the JSON that is written; older ones are read as long as Domain can.</summary>
    public const int Format = 1;

    public abstract Task<Stored<TState>?> LoadAsync(ForgeDbContext context, string id, CancellationToken ct);

    /// <summary>Puts the row into the context so that saving inserts it, or updates it only while its version is the expected one.</summary>
    public abstract void Stage(ForgeDbContext context, string id, TState state, long expectedVersion);

    public Stored<TState> Read(string stateJson, int format, long version)
    {
        if (format > Format) throw new InvalidOperationException($"A stored {typeof(TState).Name} has format {format}; this version of the program reads up to {Format}.");
        return new Stored<TState>(JsonSerializer.Deserialize(stateJson, json) ?? throw new InvalidOperationException($"A stored {typeof(TState).Name} is empty."), version);
    }

    protected string Write(TState state) => JsonSerializer.Serialize(state, json);
}

/// <inheritdoc/>
internal sealed class AggregateMap<TState, TRow>(JsonTypeInfo<TState> json, Func<TState, TRow> toRow) : AggregateMap<TState>(json)
    where TState : class
    where TRow : AggregateRow
{
    public override async Task<Stored<TState>?> LoadAsync(ForgeDbContext context, string id, CancellationToken ct)
    {
        var found = await context.Set<TRow>().Where(r => r.Id == id).Select(r => new { r.StateJson, r.StateFormat, r.Version }).FirstOrDefaultAsync(ct);
        return found is null ? null : Read(found.StateJson, found.StateFormat, found.Version);
    }

    public override void Stage(ForgeDbContext context, string id, TState state, long expectedVersion)
    {
        var row = toRow(state);
        if (row.Id != id) throw new ArgumentException($"The state belongs to {row.Id}, not to {id}.", nameof(id));
        row.StateJson = Write(state);
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
