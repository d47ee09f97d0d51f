using Forge.Domain.Sla;

namespace Forge.Storage.Sla;

internal sealed class SlaMappingRow : AggregateRow
{
    public static SlaMappingRow From(SlaMapping state) => new() { Id = state.Id };
}
