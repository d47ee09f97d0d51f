using Forge.Domain.Contracts;

namespace Forge.Storage.Contracts;

internal sealed class ContractRow : AggregateRow
{
    public required string OrganizationId { get; set; }

    public string? Number { get; set; }

    public bool Signed { get; set; }

    public DateOnly StartDate { get; set; }

    /// <summary>First day after the term.</summary>
    public DateOnly TermEnd { get; set; }

    public static ContractRow From(Contract state) => new()
    {
        Id = state.Id,
        OrganizationId = state.OrganizationId,
        Number = state.Number,
        Signed = state.SignedOn is not null,
        StartDate = state.StartDate,
        TermEnd = state.TermEnd,
    };
}
